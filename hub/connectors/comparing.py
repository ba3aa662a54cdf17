"""What raw answers show about a mapping, counted path by path and never by value. Pure.

Match, Find and Fetch stop at the first thing they cannot read. Whoever writes a mapping wants to hear of all of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from typing import Any

from hub.connectors.base import UpstreamFault
from hub.connectors.checking import Finding, form_of, mend, note, well
from hub.connectors.rest_mapping import LabelReading, Reading, Steps
from hub.connectors.rest_values import NEVER_CONNECTED, at, labels_of, value_at


class State(StrEnum):
    """What is at a path."""

    PRESENT = "present"
    ABSENT = "absent"
    OTHER = "of another type"
    HELD_BACK = "held back"


@dataclass(slots=True)
class Tally:
    """How often each path was present, absent, or of another type; and the forms of codes that have no word."""

    paths: dict[str, Counter[State]] = field(default_factory=lambda: defaultdict(Counter))
    codes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    required: set[str] = field(default_factory=set)

    def see(self, key: str, state: State, *, required: bool = False) -> None:
        """Count one look at the path of mapping key ``key``."""
        self.paths[key][state] += 1
        if required:
            self.required.add(key)


def see_value(tally: Tally, key: str, row: object, reading: Reading, zone: tzinfo, kind: str) -> None:
    """Count the value that ``reading`` reads, and the forms of its codes that have no word."""
    value = look(row, reading.steps)
    try:
        value_at(row, reading, zone, kind)
    except UpstreamFault:
        tally.see(key, State.OTHER)
        return
    see(tally, key, value, fits=True)
    if reading.words is not None:
        _without_words(tally, key, value, reading.words)


def _without_words(tally: Tally, key: str, value: object, words: Mapping[str, str]) -> None:
    for code in value if isinstance(value, list) else [value]:
        if isinstance(code, str) and code.strip() and code.strip() not in {*words, *words.values()}:
            tally.codes[key][form_of(code.strip())] += 1


def see_labels(tally: Tally, kind: str, row: object, readings: Iterable[tuple[str, LabelReading]]) -> None:
    """Count each of a record's markings, by the key that its reading has in the mapping."""
    for key, reading in readings:
        value = look(row, reading.steps)
        try:
            labels, undetermined = labels_of(row, kind, [reading])
        except UpstreamFault:
            tally.see(key, State.OTHER)
            continue
        if undetermined:
            tally.see(key, State.ABSENT, required=True)
        elif value is not None:
            tally.see(key, State.PRESENT)
        for label in labels:
            if label == NEVER_CONNECTED:
                tally.codes[f"{key}: above OFFICIAL-SENSITIVE"][""] += 1
            elif label.startswith("unmapped:"):
                tally.codes[key][form_of(label.partition(":")[2])] += 1


def labels_by_key(readings: Sequence[LabelReading]) -> list[tuple[str, LabelReading]]:
    """Each reading with what the mapping's faults call it."""
    return [(f"labels[{number}] ({'.'.join(reading.steps)})", reading) for number, reading in enumerate(readings, 1)]


def see_list(tally: Tally, key: str, body: object, steps: Steps) -> list[Any]:
    """The list at ``steps``, which there must be; an empty one in its place."""
    value = look(body, steps)
    tally.required.add(key)
    tally.see(key, State.PRESENT if isinstance(value, list) else State.ABSENT if value is None else State.OTHER)
    return value if isinstance(value, list) else []


def see_text(tally: Tally, key: str, body: object, steps: Steps, *, required: bool = False) -> None:
    """Count a text; a whole number serves as one."""
    value = look(body, steps)
    see(tally, key, value, isinstance(value, str | int) and not isinstance(value, bool), required=required)


def see_date(tally: Tally, key: str, body: object, steps: Steps) -> None:
    """Count a text that should be a date."""
    value = look(body, steps)
    see(tally, key, value, isinstance(value, str))


def see(tally: Tally, key: str, value: object, fits: bool, *, required: bool = False) -> None:
    """Count a value, which ``fits`` or is of another type."""
    state = State.ABSENT if value in (None, "", []) else State.PRESENT if fits else State.OTHER
    tally.see(key, state, required=required)


def look(body: object, steps: Steps) -> Any:
    """What is at ``steps``; something that is no object on the way counts as of another type."""
    try:
        return at(body, steps)
    except UpstreamFault:
        return _NO_OBJECT


_NO_OBJECT = object()


def findings(tally: Tally) -> Iterator[Finding]:
    """What was counted, in words."""
    whole = [key for key, seen in tally.paths.items() if not seen[State.OTHER] and seen[State.PRESENT]]
    if whole:
        yield well(f"{len(whole)} of {len(tally.paths)} mapped paths were there, and of the type the mapping says")
    for key, seen in sorted(tally.paths.items()):
        of = f"of {seen.total()}"
        if seen[State.OTHER]:
            yield mend(
                f"{key} is of another type in {seen[State.OTHER]} {of}: the whole answer cannot be read",
                "correct its path, its format or its words in the mapping file, or the catalogue's field it fills",
            )
        if seen[State.ABSENT] and key in tally.required:
            yield mend(
                f"{key} is absent in {seen[State.ABSENT]} {of}",
                "correct its path in the mapping file; where the system does not state it, it needs a facade that does",
            )
        elif seen[State.ABSENT] and seen[State.ABSENT] == seen.total():
            yield note(
                f"{key} is absent in all {seen.total()}",
                'see whether its path is right: a path that leads nowhere reads as "nothing held"',
            )
        if seen[State.HELD_BACK]:
            yield note(f"{key} was held back in {seen[State.HELD_BACK]} {of}: there it could not be compared")
    for key, forms in sorted(tally.codes.items()):
        listed = ", ".join(f"{form} ({count})" for form, count in sorted(forms.items()))
        advice = "add them to the mapping file; here 9 stands for a digit and A for a letter"
        if key.endswith("above OFFICIAL-SENSITIVE"):
            yield mend(
                f"{key} in {forms.total()}: each is a fault of the feed, and a gap to whoever asks",
                "have the holder take such records out of what it lets the hub ask; the hub never connects them",
            )
        elif key.startswith("labels"):
            yield mend(f"{key}: markings without a word, of the form {listed}: each makes its record a gap", advice)
        elif key.startswith("record.type"):
            yield mend(f"{key}: types without a kind, of the form {listed}", advice)
        else:
            yield note(f"{key}: codes without a word, of the form {listed}: shown as 'code not known'", advice)

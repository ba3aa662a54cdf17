"""A REST system's raw answers compared with its mapping file: every path at once, and never a value. Pure.

Match, Find and Fetch stop at the first thing they cannot read. Whoever writes a mapping wants to hear of all of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from enum import StrEnum
from typing import Any

from hub.connectors.base import UpstreamFault
from hub.connectors.checking import Finding, form_of, mend, note, well
from hub.connectors.rest_mapping import LabelReading, Reading, RestMapping, Steps
from hub.connectors.rest_values import NEVER_CONNECTED, at, labels_of, value_at


class Step(StrEnum):
    """The question an answer is to."""

    MATCH = "match"
    FIND = "find"
    FETCH = "fetch"


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer as it came."""

    step: Step
    body: Any = field(repr=False)


class State(StrEnum):
    """What is at a path."""

    PRESENT = "present"
    ABSENT = "absent"
    OTHER = "of another type"


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


def compared(mapping: RestMapping, heard: Sequence[Heard]) -> tuple[Finding, ...]:
    """What ``heard`` shows about ``mapping``, key by key."""
    tally = Tally()
    for answer in heard:
        if answer.step is Step.MATCH:
            _match(tally, mapping, answer.body)
        else:
            _records(tally, mapping, answer)
    return tuple(_findings(tally))


def _match(tally: Tally, mapping: RestMapping, body: object) -> None:
    for row in _list(tally, "match.candidates", body, mapping.candidates):
        candidate = mapping.candidate
        _text(tally, "match.candidate.id", row, candidate.id, required=True)
        _date_text(tally, "match.candidate.birth_date", row, candidate.birth_date)
        for key, every in (("given_names", candidate.given_names), ("family_names", candidate.family_names)):
            for steps in every:
                value = _look(row, steps)
                _see(tally, f"match.candidate.{key} ({'.'.join(steps)})", value, isinstance(value, str | list))
        if candidate.sex is not None:
            _value(tally, "match.candidate.sex", row, candidate.sex, mapping, "candidate")
        if candidate.postcode is not None:
            _text(tally, "match.candidate.postcode", row, candidate.postcode)


def _records(tally: Tally, mapping: RestMapping, answer: Heard) -> None:
    reading = mapping.index if answer.step is Step.FIND else mapping.content
    for key, steps in (("person", reading.person), ("as_of", reading.as_of)):
        _text(tally, f"{answer.step}.{key}", answer.body, steps, required=True)
    for row in _list(tally, f"{answer.step}.records", answer.body, reading.records):
        for key, steps in (("id", mapping.record_id), ("person", mapping.record_person), ("type", mapping.record_type)):
            _text(tally, f"record.{key} (in {answer.step})", row, steps, required=True)
        type_ = _look(row, mapping.record_type)
        kind = mapping.kinds.get(type_) if isinstance(type_, str) else None
        if kind is None:
            tally.codes[f"record.type (in {answer.step})"][form_of(str(type_))] += 1
            continue
        if answer.step is Step.FIND or mapping.fetch.repeats_labels:
            _labels(tally, kind, row, mapping.labels)
        if answer.step is Step.FETCH:
            for each in mapping.readings[kind]:
                _value(tally, f"kinds.{kind}.fields.{each.name}", row, each, mapping, kind)


def _value(tally: Tally, key: str, row: object, reading: Reading, mapping: RestMapping, kind: str) -> None:
    value = _look(row, reading.steps)
    try:
        value_at(row, reading, mapping.timezone if kind != "candidate" else UTC, kind)
    except UpstreamFault:
        tally.see(key, State.OTHER)
        return
    _see(tally, key, value, fits=True)
    if reading.words is not None:
        _without_words(tally, key, value, reading.words)


def _without_words(tally: Tally, key: str, value: object, words: Mapping[str, str]) -> None:
    for code in value if isinstance(value, list) else [value]:
        if isinstance(code, str) and code.strip() and code.strip() not in {*words, *words.values()}:
            tally.codes[key][form_of(code.strip())] += 1


def _labels(tally: Tally, kind: str, row: object, readings: Sequence[LabelReading]) -> None:
    for number, reading in enumerate(readings, 1):
        key = f"labels[{number}] ({'.'.join(reading.steps)})"
        value = _look(row, reading.steps)
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


def _list(tally: Tally, key: str, body: object, steps: Steps) -> list[Any]:
    value = _look(body, steps)
    tally.required.add(key)
    tally.see(key, State.PRESENT if isinstance(value, list) else State.ABSENT if value is None else State.OTHER)
    return value if isinstance(value, list) else []


def _text(tally: Tally, key: str, body: object, steps: Steps, *, required: bool = False) -> None:
    value = _look(body, steps)
    _see(tally, key, value, isinstance(value, str | int) and not isinstance(value, bool), required=required)


def _date_text(tally: Tally, key: str, body: object, steps: Steps) -> None:
    value = _look(body, steps)
    _see(tally, key, value, isinstance(value, str))


def _see(tally: Tally, key: str, value: object, fits: bool, *, required: bool = False) -> None:
    state = State.ABSENT if value in (None, "", []) else State.PRESENT if fits else State.OTHER
    tally.see(key, state, required=required)


def _look(body: object, steps: Steps) -> Any:
    """What is at ``steps``; something that is no object on the way counts as of another type."""
    try:
        return at(body, steps)
    except UpstreamFault:
        return _NO_OBJECT


_NO_OBJECT = object()


def _findings(tally: Tally) -> Iterator[Finding]:
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
        elif seen[State.ABSENT] == seen.total():
            yield note(
                f"{key} is absent in all {seen.total()}",
                'see whether its path is right: a path that leads nowhere reads as "nothing held"',
            )
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

"""A GraphQL system's answers compared with its mapping file: every path at once, and never a value. Pure.

That an answer has the shape of the question is checked before; what is left are the values: their types, codes and
markings without a word, and paths that never hold anything. What the system holds back cannot be compared, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from hub.connectors.base import UpstreamFault
from hub.connectors.checking import Finding, form_of
from hub.connectors.comparing import (
    State,
    Tally,
    findings,
    labels_by_key,
    see,
    see_date,
    see_labels,
    see_text,
    see_value,
)
from hub.connectors.comparing import look as look_plain
from hub.connectors.graphql.mapping import Answers, GraphqlMapping, Operation, Search
from hub.connectors.graphql.reading import Hidden, look, without_hidden
from hub.connectors.rest_mapping import Steps


@dataclass(frozen=True, slots=True)
class Heard:
    """What one operation was answered: its data, or the entity that was asked about."""

    operation: Operation
    root: Any = field(repr=False)


def compared(mapping: GraphqlMapping, heard: Sequence[Heard]) -> tuple[Finding, ...]:
    """What ``heard`` shows about ``mapping``, key by key."""
    tally = Tally()
    is_first_page = True
    for answer in heard:
        if answer.root is None:  # it does not know whom it was asked about
            continue
        for place, way in enumerate(mapping.searches):
            if way.operation is answer.operation:
                _match(tally, mapping, way, f"match[{place}]", answer.root)
        if mapping.fetch.operation is answer.operation:
            _records(tally, mapping, mapping.fetch, "fetch", answer.root)
        elif mapping.find.operation is answer.operation:
            _records(tally, mapping, mapping.find, "find", answer.root, is_first_page=is_first_page)
            is_first_page = False
    return tuple(findings(tally))


def _match(tally: Tally, mapping: GraphqlMapping, way: Search, name: str, root: object) -> None:
    rows = [root] if way.candidates is None else _rows(tally, f"{name}.candidates", root, way.candidates)
    reading = mapping.candidate
    for row in rows:
        if isinstance(row, Hidden):
            tally.see("candidate", State.HELD_BACK)
            continue
        plain = without_hidden(row)
        if _is_shown(tally, "candidate.id", row, reading.id):
            see_text(tally, "candidate.id", plain, reading.id, required=True)
        if _is_shown(tally, "candidate.birth_date", row, reading.birth_date):
            see_date(tally, "candidate.birth_date", plain, reading.birth_date)
        for key, every in (("given_names", reading.given_names), ("family_names", reading.family_names)):
            for steps in every:
                named = f"candidate.{key} ({'.'.join(steps)})"
                if _is_shown(tally, named, row, steps):
                    value = look_plain(plain, steps)
                    see(tally, named, value, isinstance(value, str | list))
        if reading.sex is not None and _is_shown(tally, "candidate.sex", row, reading.sex.steps):
            see_value(tally, "candidate.sex", plain, reading.sex, UTC, "candidate")
        for key, other in (("postcode", reading.postcode), ("nhs_number", mapping.candidate_number)):
            if other is not None and _is_shown(tally, f"candidate.{key}", row, other):
                see_text(tally, f"candidate.{key}", plain, other)


def _records(
    tally: Tally, mapping: GraphqlMapping, answers: Answers, step: str, root: object, *, is_first_page: bool = True
) -> None:
    for key, steps in (("about.id", answers.about.id), ("as_of", answers.as_of)):
        if steps is not None and _is_shown(tally, f"{step}.{key}", root, steps):
            see_text(tally, f"{step}.{key}", without_hidden(root), steps, required=True)
    for place in answers.lists:
        if not is_first_page and mapping.pages is not None and place.steps != mapping.pages.of:
            continue  # the other lists are on every page alike
        for row in _rows(tally, f"{step}.records ({'.'.join(place.steps)})", root, place.steps):
            if isinstance(row, Hidden):
                tally.see(f"record (in {step})", State.HELD_BACK)
            else:
                _record(tally, mapping, step, row)


def _record(tally: Tally, mapping: GraphqlMapping, step: str, row: object) -> None:
    plain = without_hidden(row)
    for key, steps in (("id", mapping.record_id), ("person", mapping.record_person), ("type", mapping.record_type)):
        if _is_shown(tally, f"record.{key} (in {step})", row, steps):
            see_text(tally, f"record.{key} (in {step})", plain, steps, required=True)
    type_ = look_plain(plain, mapping.record_type)
    kind = mapping.kinds.get(type_) if isinstance(type_, str) else None
    if kind is None:
        tally.codes[f"record.type (in {step})"][form_of(str(type_))] += 1
        return
    if step == "find":  # where Fetch repeats them they are the same, or no answer
        shown = [each for each in labels_by_key(mapping.labels) if _is_shown(tally, each[0], row, each[1].steps)]
        see_labels(tally, kind, plain, shown)
    if step == "fetch":
        for each in mapping.readings[kind]:
            if _is_shown(tally, f"kinds.{kind}.fields.{each.name}", row, each.steps):
                see_value(tally, f"kinds.{kind}.fields.{each.name}", plain, each, mapping.timezone, kind)


def _rows(tally: Tally, key: str, root: object, steps: Steps) -> list[Any]:
    """The list at ``steps``, with what is held back in it."""
    if not _is_shown(tally, key, root, steps, whole=True):
        return []
    try:
        value = look(root, steps)
    except UpstreamFault:
        tally.see(key, State.OTHER)
        return []
    tally.required.add(key)
    tally.see(key, State.PRESENT if isinstance(value, list) else State.ABSENT if value is None else State.OTHER)
    return value if isinstance(value, list) else []


def _is_shown(tally: Tally, key: str, body: object, steps: Steps, *, whole: bool = False) -> bool:
    """Whether nothing at ``steps`` is held back; where something is, that is counted. ``whole``: not in its items."""
    try:
        value = look(body, steps)
    except UpstreamFault:  # no object on the way: of another type, which whoever looks next will say
        return True
    items = value if isinstance(value, list) and not whole else []
    if isinstance(value, Hidden) or any(isinstance(each, Hidden) for each in items):
        tally.see(key, State.HELD_BACK)
        return False
    return True

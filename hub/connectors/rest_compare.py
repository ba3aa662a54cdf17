"""A REST system's raw answers compared with its mapping file: every path at once, and never a value. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC
from enum import StrEnum
from typing import Any

from hub.connectors.checking import Finding, form_of
from hub.connectors.comparing import (
    Tally,
    findings,
    labels_by_key,
    look,
    see,
    see_date,
    see_labels,
    see_list,
    see_text,
    see_value,
)
from hub.connectors.rest_mapping import RestMapping


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


def compared(mapping: RestMapping, heard: Sequence[Heard]) -> tuple[Finding, ...]:
    """What ``heard`` shows about ``mapping``, key by key."""
    tally = Tally()
    for answer in heard:
        if answer.step is Step.MATCH:
            _match(tally, mapping, answer.body)
        else:
            _records(tally, mapping, answer)
    return tuple(findings(tally))


def _match(tally: Tally, mapping: RestMapping, body: object) -> None:
    for row in see_list(tally, "match.candidates", body, mapping.candidates):
        candidate = mapping.candidate
        see_text(tally, "match.candidate.id", row, candidate.id, required=True)
        see_date(tally, "match.candidate.birth_date", row, candidate.birth_date)
        for key, every in (("given_names", candidate.given_names), ("family_names", candidate.family_names)):
            for steps in every:
                value = look(row, steps)
                see(tally, f"match.candidate.{key} ({'.'.join(steps)})", value, isinstance(value, str | list))
        if candidate.sex is not None:
            see_value(tally, "match.candidate.sex", row, candidate.sex, UTC, "candidate")
        if candidate.postcode is not None:
            see_text(tally, "match.candidate.postcode", row, candidate.postcode)


def _records(tally: Tally, mapping: RestMapping, answer: Heard) -> None:
    reading = mapping.index if answer.step is Step.FIND else mapping.content
    for key, steps in (("person", reading.person), ("as_of", reading.as_of)):
        see_text(tally, f"{answer.step}.{key}", answer.body, steps, required=True)
    for row in see_list(tally, f"{answer.step}.records", answer.body, reading.records):
        for key, steps in (("id", mapping.record_id), ("person", mapping.record_person), ("type", mapping.record_type)):
            see_text(tally, f"record.{key} (in {answer.step})", row, steps, required=True)
        type_ = look(row, mapping.record_type)
        kind = mapping.kinds.get(type_) if isinstance(type_, str) else None
        if kind is None:
            tally.codes[f"record.type (in {answer.step})"][form_of(str(type_))] += 1
            continue
        if answer.step is Step.FIND or mapping.fetch.repeats_labels:
            see_labels(tally, kind, row, labels_by_key(mapping.labels))
        if answer.step is Step.FETCH:
            for each in mapping.readings[kind]:
                see_value(tally, f"kinds.{kind}.fields.{each.name}", row, each, mapping.timezone, kind)

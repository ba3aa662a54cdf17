"""What each party may see of a request. The searcher sees what her line told her, and of an answer no more than that.

A request on a veiled line looks the same whatever lies behind it: its words, its clock, and the words of a refusal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hub.domain.identifiers import NHSNumber
from hub.errors import BadRequest
from hub.policy.bundle import Bundle, Rule
from hub.service.releasing import Releasing
from hub.service.releasing_words import AskedWords, How, RefusedWords, ReleasedWords
from hub.store.release_requests import Answered, Request, Told


class State(StrEnum):
    """How a request stands."""

    WAITING = "waiting"
    OVERDUE = "overdue"
    RELEASED = "released"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Row:
    """A request in a list. ``kind`` is None where naming it would tell more than its reader was told."""

    reference: str
    custodian: str
    organisation: str
    kind: str | None
    outcome: str
    state: State
    asked_at: datetime
    due: datetime
    escalated_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal. ``rule`` is None where it is veiled: then there is no ``note`` either, only what to do next."""

    at: datetime
    entry: int
    rule: Rule | None
    next_step: str
    note: str = field(default="", repr=False)
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Released:
    """A release. ``text``: the sanitised wording, or the conditions; None when it was erased."""

    at: datetime
    entry: int
    how: How
    text: str | None = field(repr=False)
    until: datetime | None
    in_effect: bool
    over: bool
    decided_by: str = field(default="", repr=False)
    post: str = ""
    reasons: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A request for whoever asked. ``reason`` is None when it was erased."""

    row: Row
    entry: int
    answer: int
    line: int
    told: Told
    reason: str | None = field(repr=False)
    released: Released | None = None
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class Whom:
    """What a holder is told of the child and of whoever asked, as far as it is kept. Personal data."""

    child: str = field(repr=False)
    local_id: str | None = field(repr=False)
    record_id: str | None = field(repr=False)
    worker: str | None = field(repr=False)
    case: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ForHolder:
    """A request for those who answer it: what lies behind the line, and about whom it is."""

    shown: Shown
    fields: tuple[str, ...]
    grounds: tuple[Rule, ...]
    veiled: bool
    purpose: str
    role: str
    whom: Whom


def row(request: Request, now: datetime, *, holder: bool) -> Row:
    """A request in a list, for its ``holder`` or for whoever asked."""
    answered = request.answered
    if answered is not None:
        state = State.RELEASED if answered.act == "released" else State.REFUSED
    else:
        state = State.OVERDUE if request.is_overdue(now) else State.WAITING
    about = request.about
    return Row(
        request.reference,
        request.custodian,
        request.organisation,
        about.kind if holder else about.told.kind,
        about.told.outcome,
        state,
        request.asked_at,
        request.due,
        request.escalated_at,
        None if answered is None else answered.at,
    )


async def for_asker(releasing: Releasing, request: Request) -> Shown:
    """A request for whoever asked."""
    return await _shown(releasing, request, holder=False)


async def for_holder(releasing: Releasing, request: Request) -> ForHolder:
    """A request for those at the holder who answer it."""
    about = request.about
    kept = await releasing.stands_for(about.subject, about.case, request.worker)
    asked = await releasing.words(request.entry, AskedWords)
    whom = Whom(
        _child(kept.get(about.subject)),
        asked.local_id if asked else None,
        asked.record_id if asked else None,
        _after(kept.get(request.worker), request.organisation),
        _after(kept.get(about.case), request.organisation),
    )
    rules = tuple(ground.rule for ground in releasing.grounds(request))
    shown = await _shown(releasing, request, holder=True)
    return ForHolder(shown, about.fields, rules, about.veiled, about.purpose, about.role, whom)


async def _shown(releasing: Releasing, request: Request, *, holder: bool) -> Shown:
    now, about, end = releasing.clock(), request.about, request.answered
    asked = await releasing.words(request.entry, AskedWords)
    released = refused = None
    if end is not None and end.act == "released":
        released = _released(request, end, await releasing.words(end.entry, ReleasedWords), now, holder=holder)
    elif end is not None:
        said = await releasing.words(end.entry, RefusedWords)
        refused = _refused(end, said, releasing.bundle(), holder=holder)
    return Shown(
        row(request, now, holder=holder), request.entry, about.answer, about.line, about.told,
        asked.reason if asked else None, released, refused,
    )  # fmt: skip


def _released(request: Request, end: Answered, said: ReleasedWords | None, now: datetime, *, holder: bool) -> Released:
    until = end.how.until
    told = Released(
        end.at, end.entry, How(end.how.ground), said.text if said else None, until, request.effected,
        until is not None and now >= until,
    )  # fmt: skip
    if not holder or said is None:
        return told
    return Released(
        told.at, told.entry, told.how, told.text, until, told.in_effect, told.over,
        said.decided_by, said.post, said.reasons,
    )  # fmt: skip


def _refused(end: Answered, said: RefusedWords | None, bundle: Bundle, *, holder: bool) -> Refused:
    rule = next((each for each in bundle.rules if each.id == end.how.ground), None)
    veiled_step = bundle.vocabulary.telling.veiled_next_step
    if end.how.veiled and not holder:
        return Refused(end.at, end.entry, None, veiled_step)
    return Refused(
        end.at, end.entry, rule, rule.next_step if rule and rule.next_step else veiled_step,
        said.note if said else "", tuple(_meanings(said.facts if said else (), bundle)),
    )  # fmt: skip


def _meanings(words: Iterable[str], bundle: Bundle) -> Iterable[str]:
    known = {**bundle.vocabulary.labels, **bundle.vocabulary.subject_facts}
    return (known[each].meaning if each in known else each for each in words)


def _child(key: str | None) -> str:
    """The child as she was asked about: by number, by names and date of birth, or before birth by the mother."""
    if key is None:
        return "erased from the log"
    kind, _, rest = key.partition(":")
    try:
        if kind == "nhs":
            return f"NHS number {NHSNumber.parse(rest).grouped()}"
        if kind == "unborn":
            mother, _, due = rest.partition("/")
            return f"unborn child, expected {due}, of the mother with NHS number {NHSNumber.parse(mother).grouped()}"
        given, family, born = json.loads(rest)
        return f"{' '.join([*given, *family]).title()}, born {born or 'on a date nobody stated'}"
    except (BadRequest, ValueError, TypeError):
        return "by the agency's own number"


def _after(value: str | None, organisation: str) -> str | None:
    return None if value is None else value.removeprefix(f"{organisation}/")

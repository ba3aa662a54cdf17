"""Whom a reference stands for, and the words of a question: shown for a stated reason, once that is in the log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hub.audit.acts import Reveal
from hub.audit.entries import Question
from hub.audit.words import format_moment
from hub.domain.identifiers import NHSNumber
from hub.errors import BadRequest, Forbidden
from hub.service.reviewing import Reviewer, Reviewing
from hub.store import review_reading
from hub.store.log_search import Row
from hub.store.review_words import Written, pack_written
from hub.store.sides import AskedInWords, SideAltered, asked_in, read_side


class What(StrEnum):
    """What may be revealed of an entry."""

    SUBJECT = "subject"
    WORKER = "worker"
    CASE = "case"
    WORDS = "words"


REASONS: Mapping[str, str] = {
    "review": "I am reviewing this use of the hub",
    "complaint": "Somebody complained",
    "subject-access": "The person asked who has seen their record",
    "incident": "It is part of an incident or breach",
    "staff-conduct": "It is part of a conduct or disciplinary matter",
    "court-or-regulator": "A court, regulator or review asked",
}
"""Why somebody may be shown a name: the code in the log, and its words."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """What was revealed, as lines to show. ``gone``: it was erased, or the entry never had it."""

    what: What
    entry: int
    reveal: int
    lines: tuple[tuple[str, str], ...] = field(repr=False)
    gone: bool = False


def may(reviewer: Reviewer, row: Row, what: What) -> bool:
    """Whether she may be shown this of an entry; a worker's name only of her own agency's workers."""
    if reviewer.did(row) or _reference(row, what) is None:
        return False
    if what is What.WORKER:
        return reviewer.scope in (None, row.organisation)
    return row.kind == "question"


def _reference(row: Row, what: What) -> str | None:
    """Of whom the log says that they were revealed: the words of a question are about its child."""
    return {What.WORKER: row.worker, What.CASE: row.case}.get(what, row.subject)


async def reveal(reviewing: Reviewing, reviewer: Reviewer, index: int, what: What, reason: str, text: str) -> Revealed:
    """Log that she is shown ``what`` of entry ``index`` and why, and then find it.

    Raises:
        NotFound: there is no such entry for her.
        Forbidden: it is her own question, or a worker of another agency.
        AuditUnavailable: it could not be logged, so nothing may be shown.
    """
    row = await reviewing.row(reviewer, index)
    if not may(reviewer, row, what):
        raise Forbidden("That is not for you to be shown.")
    if reason not in REASONS or not text.strip():
        raise BadRequest("Say why, in a word and in your own words.", code="REASON_MISSING")
    reference = _reference(row, what)
    assert reference is not None  # else she may not
    log = reviewing.log
    (at, nonce), side = log.stamp(), log.sealed(pack_written(Written(text)))
    code = f"{what.value}:{reason}"
    act = Reveal(
        at=at, nonce=nonce, officer=reviewer.officer, reference=reference, entry=row.index, reason=code,
        side=side.commitment,
    )  # fmt: skip
    written = (await log.append(act, side=side)).index
    lines = await _words(reviewing, row.index) if what is What.WORDS else await _whom(reviewing, reference)
    return Revealed(what, row.index, written, lines, gone=not lines)


async def _whom(reviewing: Reviewing, reference: str) -> tuple[tuple[str, str], ...]:
    found = await reviewing.log.beside(lambda engine: review_reading.stands_for(engine, reference))
    return () if found is None else in_lines(*found)


def in_lines(kind: str, value: str) -> tuple[tuple[str, str], ...]:
    """What the mapping table knows a person or a case by, for people."""
    if kind != "subject":
        agency, _, known_as = value.partition("/")
        return (("Agency", agency), ("Worker" if kind == "worker" else "Case reference", known_as))
    how, _, rest = value.partition(":")
    if how == "nhs":
        return (("NHS number", NHSNumber(rest).grouped()),)
    if how == "unborn":
        mother, _, due = rest.partition("/")
        return (("Mother's NHS number", NHSNumber(mother).grouped()), ("Expected date of birth", due))
    if how == "stated":
        given, family, born = json.loads(rest)
        return (("Given names", " ".join(given)), ("Family names", " ".join(family)), ("Date of birth", born or "-"))
    agency, _, local_id = rest.partition("/")
    return (("Agency", agency), ("Its own number for the child", local_id))


async def _words(reviewing: Reviewing, index: int) -> tuple[tuple[str, str], ...]:
    stored = await reviewing.log.entry(index)
    if stored is None or not isinstance(stored.entry, Question):
        return ()
    try:
        found = await reviewing.log.beside(_kept(index))
    except SideAltered:
        return (("Altered", "What is kept is not what was written then. Run: hub audit verify"),)
    if found is None:
        return ()
    lines = [("Query", found.document), ("Variables", json.dumps(found.variables, indent=2, ensure_ascii=False))]
    if found.reason is not None:
        lines.append(("Why older records were asked for", found.reason))
    decision = stored.entry.decision
    return (*lines, ("Decision taken", format_moment(decision.at))) if decision is not None else tuple(lines)


def _kept(index: int) -> Any:
    def read(engine: Any) -> AskedInWords | None:
        found = read_side(engine, index)
        return None if found is None or found.body is None else asked_in(found.body)

    return read

"""Steps 5 and 6: ask every custodian at once, and decide who each one's record is about.

Each custodian has its own line of three calls (Match, Find, Fetch) under its own deadline; lines do not wait for one
another, so a hung custodian costs the others nothing. The exception is a custodian without NHS numbers when the
searcher gave nothing else: its line starts when the others have said who the child is (see :func:`_learn`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hub.connectors.base import Connector, Deadline, Found, Matched
from hub.domain.organisations import Sector
from hub.domain.people import Candidate, ChildSearch, Identity
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import NoAnswer, NotAskedReason, SourceState
from hub.matching.resolution import NotHeld, Resolution, Review, Same
from hub.matching.resolve import cross_check, resolve

ALIASES_MAX = 2
"""Further identities learnt from custodians that a custodian without NHS numbers is asked with."""


@dataclass(frozen=True, slots=True)
class Line:
    """One custodian: which kinds of record to ask it for, and by when (seconds after it is first asked).

    With ``not_asked`` it is not asked at all. With no kinds it is only asked who the child is.
    """

    connector: Connector
    kinds: frozenset[str]
    deadline_seconds: float
    not_asked: NotAskedReason | None = None


@dataclass(slots=True)
class Asked:
    """What became of one custodian: exactly one of a resolution, a failure or a reason for not asking."""

    connector: Connector
    resolution: Resolution | None = None
    no_answer: NoAnswer | None = None
    not_asked: NotAskedReason | None = None
    found: Found | None = None
    held: Mapping[RecordPointer, HeldRecord] = field(default_factory=dict)
    milliseconds: int | None = None

    @property
    def state(self) -> SourceState:
        """The state shown for this source. A failure anywhere on the line outranks what came before it."""
        if self.not_asked is not None:
            return SourceState.NOT_ASKED
        match self.resolution:
            case _ if self.no_answer is not None:
                return SourceState.NO_ANSWER
            case Same():
                return SourceState.ANSWERED
            case Review():
                return SourceState.POSSIBLE_MATCH
            case NotHeld():
                return SourceState.NOT_HELD
            case _:
                raise AssertionError("a custodian that was asked has a resolution or a failure")

    @property
    def same(self) -> Same | None:
        """The resolution, when the custodian answered about somebody who is surely the child."""
        return self.resolution if isinstance(self.resolution, Same) and self.no_answer is None else None


async def ask_all(
    search: ChildSearch,
    lines: Sequence[Line],
    wanted: Callable[[RecordPointer], bool],
    grace_seconds: float,
) -> list[Asked]:
    """Ask every custodian, in no order but the one the words force, and resolve who each answered about.

    Args:
        search: what the searcher stated.
        lines: whom to ask.
        wanted: whether a record may be fetched at all; what cannot be shared never leaves its custodian.
        grace_seconds: how long a custodian without NHS numbers waits, after one custodian knows the child, for the
            others to say under which names they know the same child.
    """
    identified = {line.connector.custodian.id: asyncio.get_running_loop().create_future() for line in lines}
    direct = {
        line.connector.custodian.id for line in lines if line.not_asked is None and _can_ask(line.connector, search)
    }

    async def ask_line(line: Line) -> Asked:
        name = line.connector.custodian.id
        known = search
        if line.not_asked is not None:
            return Asked(line.connector, not_asked=line.not_asked)
        if name not in direct:
            known = await _learn(search, [identified[other] for other in direct], grace_seconds)
            if not known.has_demographics:
                return Asked(line.connector, not_asked=NotAskedReason.NEEDS_DEMOGRAPHICS)
        return await _ask(line, known, wanted, identified[name])

    asked = await asyncio.gather(*map(ask_line, lines))
    _keep_apart(asked)
    return asked


def restricted(asked: Sequence[Asked]) -> bool | None:
    """Whether the child's whereabouts are restricted (PDS label R or V); None when no source could say.

    The label belongs to the child, not to the NHS's copy: it governs every agency's address, school and GP.
    """
    health = [one for one in asked if one.connector.custodian.sector is Sector.HEALTH]
    labels = [one.same.candidate.identity.restricted for one in health if one.same is not None]
    if any(labels):
        return True
    told = [label is False for label in labels] + [one.state is SourceState.NOT_HELD for one in health if not one.same]
    return False if told and all(told) else None


def _can_ask(connector: Connector, search: ChildSearch) -> bool:
    return search.has_demographics or (connector.matches_nhs_number and search.stated.nhs_number is not None)


async def _learn(search: ChildSearch, others: Sequence[asyncio.Future[Identity | None]], grace: float) -> ChildSearch:
    """The search, with identities from custodians that know the child for certain.

    Waits for all of them, but once one has said who the child is, no longer than ``grace`` for the rest: a hung
    custodian must not silence another.
    """
    waiting = set(others)
    learnt: list[Identity] = []
    while waiting:
        done, waiting = await asyncio.wait(
            waiting, timeout=grace if learnt else None, return_when=asyncio.FIRST_COMPLETED
        )
        if not done:
            break
        learnt += [identity for future in others if future in done and (identity := future.result()) is not None]
    distinct = list(dict.fromkeys(learnt))[:ALIASES_MAX]
    return replace(search, aliases=(*search.aliases, *distinct))


async def _ask(
    line: Line,
    search: ChildSearch,
    wanted: Callable[[RecordPointer], bool],
    identified: asyncio.Future[Identity | None],
) -> Asked:
    """One custodian's line: Match, then Find and Fetch if the child is surely the one found."""
    clock = asyncio.get_running_loop().time
    started = clock()
    deadline = Deadline.after(line.deadline_seconds)
    asked = Asked(line.connector)
    try:
        await _follow(line, search, wanted, deadline, asked, identified)
    finally:
        asked.milliseconds = round((clock() - started) * 1000)
        if not identified.done():
            identified.set_result(None)
    return asked


async def _follow(
    line: Line,
    search: ChildSearch,
    wanted: Callable[[RecordPointer], bool],
    deadline: Deadline,
    asked: Asked,
    identified: asyncio.Future[Identity | None],
) -> None:
    matched = await line.connector.match(search, deadline)
    if not isinstance(matched, Matched):
        asked.no_answer = matched
        return
    asked.resolution = resolve(search, matched.candidates)
    if not isinstance(asked.resolution, Same):
        return
    who: Candidate = asked.resolution.candidate
    identified.set_result(who.identity)
    if not line.kinds:
        return
    found = await line.connector.find(who, line.kinds, deadline)
    if not isinstance(found, Found):
        asked.no_answer = found
        return
    asked.found = found
    pointers = [pointer for pointer in found.pointers if wanted(pointer)]
    if not pointers:
        return
    fetched = await line.connector.fetch(who, pointers, deadline)
    if isinstance(fetched, NoAnswer):
        asked.no_answer = fetched
        return
    asked.held = {record.pointer: record for record in fetched.records}


def _keep_apart(asked: Sequence[Asked]) -> None:
    """Undo matches that contradict one another: two children are never joined because each matched well alone.

    Whatever was fetched for them is dropped, unread.
    """
    sames = {one.connector.custodian.id: one.same for one in asked if one.same is not None}
    for conflicting in cross_check(sames):
        one = next(one for one in asked if one.connector.custodian.id == conflicting)
        one.resolution = sames[conflicting].doubted()
        one.found, one.held = None, {}

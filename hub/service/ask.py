"""Steps 5 and 6: ask every custodian at once, and decide who each one's record is about.

Each custodian has its own line of three calls (Match, Find, Fetch) under its own deadline; lines do not wait for one
another, so a hung custodian costs the others nothing. The exception is what an NHS number alone cannot settle: see
:class:`_Round`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hub.connectors.base import Connector, Deadline, Found, Matched, offered
from hub.domain.organisations import Sector
from hub.domain.people import Candidate, ChildSearch, Identity
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason, NotAskedReason, SourceState
from hub.matching.resolution import NotHeld, Resolution, Review, Same, ScoredCandidate
from hub.matching.resolve import cross_check, resolve
from hub.service.linking import is_linked, is_other_woman, with_link
from hub.telemetry import steps as telemetry

Resolve = Callable[[ChildSearch, Sequence[Candidate]], Resolution]
"""Decides what one custodian's candidates mean for the child of a search."""

ALIASES_MAX = 3
"""Identities learnt from other custodians that a custodian is asked with."""


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
    def state_so_far(self) -> SourceState | None:
        """The state, or None while the custodian is still being asked."""
        is_open = self.not_asked is None and self.no_answer is None and self.resolution is None
        return None if is_open else self.state

    @property
    def same(self) -> Same | None:
        """The resolution, when the custodian answered about somebody who is surely the child."""
        return self.resolution if isinstance(self.resolution, Same) and self.no_answer is None else None

    @property
    def unsure(self) -> tuple[ScoredCandidate, ...]:
        """Those who may be the child: what is shown as possible matches."""
        return self.resolution.candidates if isinstance(self.resolution, Review) and self.no_answer is None else ()


async def ask_all(
    search: ChildSearch,
    lines: Sequence[Line],
    wanted: Callable[[Candidate, RecordPointer], bool],
    grace_seconds: float,
    resolve: Resolve = resolve,
) -> list[Asked]:
    """Ask every custodian and resolve who each one answered about.

    Args:
        search: what the searcher stated.
        lines: whom to ask.
        wanted: whether a record of somebody may be fetched at all; what cannot be shared never leaves its custodian.
        grace_seconds: how long a custodian that needs to know more of the child waits, after one has said who the
            child is, for the others to say it too.
        resolve: with what people have confirmed, and an installation's weights.
    """
    asked = await _Round(search, lines, wanted, grace_seconds, resolve).run()
    _keep_apart(asked)
    _unlink(asked)
    return asked


def restricted(asked: Sequence[Asked]) -> bool | None:
    """Whether the child's whereabouts are restricted (PDS label R or V); None when no source could say.

    The label belongs to the child, not to the NHS's copy: it governs every agency's address, school and GP. Whoever
    says so is believed. That it is not so takes every source that can tell (a connector's ``states_restriction``):
    a system of records alone, which carries no such label, makes nothing unknown by its silence. Of an unborn child it
    is the mother's label, and as much her own affair as her records: unknown, unless a council recorded whose mother
    she is.
    """
    if any(one.same.candidate.is_mother for one in asked if one.same) and not is_mother_linked(asked):
        return None
    health = [one for one in asked if one.connector.custodian.sector is Sector.HEALTH]
    if any(one.same.candidate.identity.restricted for one in health if one.same is not None):
        return True
    told = [_says_unrestricted(one) for one in health if getattr(one.connector, "states_restriction", False)]
    return False if told and all(told) else None


def is_mother_linked(asked: Sequence[Asked]) -> bool | None:
    """Whether a council recorded that she whom a question names is the unborn child's mother; None when unknown."""
    linked = is_linked(one.state for one in asked if one.connector.custodian.sector is Sector.COUNCIL)
    return None if linked and is_mother_another(asked) else linked


def is_mother_another(asked: Iterable[Asked]) -> bool:
    """Whether she whom a council recorded and she who has that number elsewhere are two women."""
    who = [one.same.candidate for one in asked if one.same is not None]
    return is_other_woman(
        (each.identity for each in who if not each.is_mother), (each.identity for each in who if each.is_mother)
    )


def _says_unrestricted(one: Asked) -> bool:
    """Whether a source that can tell did: it holds the child without the label, or searched and holds nobody."""
    if one.same is not None:
        return one.same.candidate.identity.restricted is False
    return one.state is SourceState.NOT_HELD


def _can_ask(connector: Connector, search: ChildSearch) -> bool:
    if search.unborn is not None:
        return offered(connector, search) is not None
    if _goes_by_number_alone(connector):
        return any(identity.nhs_number is not None for identity in search.identities)
    return search.has_demographics or (connector.matches_nhs_number and search.stated.nhs_number is not None)


def _goes_by_number_alone(connector: Connector) -> bool:
    return bool(getattr(connector, "goes_by_number_alone", False))


Told = asyncio.Future[Identity | None]
"""Who one custodian says the child is; None when it cannot say."""


class _Round:
    """One question on its way round the custodians.

    What an NHS number alone cannot settle is settled by what the others know: the police hold no numbers, so they are
    asked under the names that custodians sure of the child gave; a number that a council never verified is checked
    against the birth date that the NHS gives for it. ``first`` is what each custodian says by itself, ``final`` what
    it says after that check; each waits only for the others' earlier word, so none can wait for one another.
    """

    def __init__(
        self,
        search: ChildSearch,
        lines: Sequence[Line],
        wanted: Callable[[Candidate, RecordPointer], bool],
        grace_seconds: float,
        resolve: Resolve,
    ) -> None:
        self._search = search
        self._lines = lines
        self._wanted = wanted
        self._grace_seconds = grace_seconds
        self._resolve = resolve
        loop = asyncio.get_running_loop()
        direct = [one for one in lines if one.not_asked is None and _can_ask(one.connector, search)]
        self._first: dict[str, Told] = {one.connector.custodian.id: loop.create_future() for one in direct}
        self._final: dict[str, Told] = {name: loop.create_future() for name in self._first}
        self._asked = {line.connector.custodian.id: Asked(line.connector, not_asked=line.not_asked) for line in lines}

    async def run(self) -> list[Asked]:
        """Ask all of them at once. If one line fails in a way nobody foresaw, nobody is asked any further."""
        tasks = [asyncio.ensure_future(self._line(line)) for line in self._lines]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _line(self, line: Line) -> Asked:
        if line.not_asked is not None:
            return self._asked[line.connector.custodian.id]
        search = self._search
        if line.connector.custodian.id not in self._first:
            search = await self._learn(self._final.values())
            if not _can_ask(line.connector, search):
                by_number = _goes_by_number_alone(line.connector)
                reason = NotAskedReason.NEEDS_NHS_NUMBER if by_number else NotAskedReason.NEEDS_DEMOGRAPHICS
                return Asked(line.connector, not_asked=reason)
        return await self._ask(line, search)

    async def _ask(self, line: Line, search: ChildSearch) -> Asked:
        clock = asyncio.get_running_loop().time
        started = clock()
        asked = self._asked[line.connector.custodian.id]
        try:
            await self._follow(line, search, asked, Deadline.after(line.deadline_seconds))
        finally:
            seconds = clock() - started
            asked.milliseconds = round(seconds * 1000)
            reason = None if asked.no_answer is None else asked.no_answer.reason.value
            telemetry.asked(line.connector.custodian.id, reason, seconds)
            self._tell(self._first, line, None)
            self._tell(self._final, line, None)
        return asked

    async def _follow(self, line: Line, search: ChildSearch, asked: Asked, deadline: Deadline) -> None:
        """Match, then Find and Fetch if the child is surely the one found."""
        resolution = await self._match(line, search, deadline)
        if isinstance(resolution, NoAnswer):
            asked.no_answer = resolution
            return
        asked.resolution = resolution
        if not isinstance(resolution, Same):
            return
        who = resolution.candidate
        self._tell(self._final, line, who.identity)
        if not line.kinds or (who.is_mother and not await self._is_linked(who)):
            return
        found = await line.connector.find(who, line.kinds, deadline)
        if not isinstance(found, Found):
            asked.no_answer = found
            return
        asked.found = found = with_link(found) if who.is_mother else found
        pointers = [pointer for pointer in found.pointers if self._wanted(who, pointer)]
        if not pointers:
            return
        fetched = await line.connector.fetch(who, pointers, deadline)
        if isinstance(fetched, NoAnswer):
            asked.no_answer = fetched
            return
        asked.held = {record.pointer: record for record in fetched.records}
        if asked.held.keys() != set(pointers):  # a record that is silently missing would read as not held
            asked.no_answer = NoAnswer(NoAnswerReason.MALFORMED, "it gave other records than those it was asked for")

    async def _is_linked(self, mother: Candidate) -> bool | None:
        """Whether a council recorded that ``mother`` is the unborn child's; else nothing is asked of her.

        A council that has not said within the grace leaves it unknown.
        """
        councils = [name for name, one in self._asked.items() if one.connector.custodian.sector is Sector.COUNCIL]
        if told := [self._final[name] for name in councils if name in self._final]:
            await asyncio.wait(told, timeout=self._grace_seconds)
        held = [one.same.candidate.identity for name in councils if (one := self._asked[name]).same is not None]
        linked = is_linked(self._asked[name].state_so_far for name in councils)
        return None if linked and is_other_woman(held, [mother.identity]) else linked

    async def _match(self, line: Line, search: ChildSearch, deadline: Deadline) -> Resolution | NoAnswer:
        """Who the custodian holds, with the others' word where the searcher's alone is too little to be sure.

        A custodian that has nobody under the number is asked once more, by the name the others know: a record without
        its NHS number must not read as no record.
        """
        matched = await line.connector.match(search, deadline)
        if not isinstance(matched, Matched):
            return matched
        with telemetry.timed(telemetry.Step.MATCH):
            resolution = self._resolve(search, matched.candidates)
        if isinstance(resolution, Same):
            self._tell(self._first, line, resolution.candidate.identity)
            return resolution
        self._tell(self._first, line, None)
        if search.has_demographics or search.unborn is not None:
            return resolution
        learnt = await self._learn(told for name, told in self._first.items() if name != line.connector.custodian.id)
        if not learnt.has_demographics:
            return resolution
        if not matched.candidates:
            matched = await line.connector.match(learnt, deadline)
            if not isinstance(matched, Matched):
                return matched
        with telemetry.timed(telemetry.Step.MATCH):
            return self._resolve(learnt, matched.candidates)

    async def _learn(self, others: Iterable[Told]) -> ChildSearch:
        """The search, with who the child is by the word of custodians that are sure.

        Waits for all of them, but once one has spoken no longer than the grace: a hung custodian must not silence
        another. Each of them speaks at its own deadline at the latest.
        """
        told = list(others)
        waiting = set(told)
        learnt: list[Identity] = []
        while waiting:
            timeout = self._grace_seconds if learnt else None
            done, waiting = await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                break
            learnt += [identity for one in told if one in done and (identity := one.result()) is not None]
        return replace(self._search, aliases=tuple(dict.fromkeys(learnt))[:ALIASES_MAX])

    @staticmethod
    def _tell(board: dict[str, Told], line: Line, identity: Identity | None) -> None:
        told = board.get(line.connector.custodian.id)
        if told is not None and not told.done():
            told.set_result(identity)


def _keep_apart(asked: Sequence[Asked]) -> None:
    """Undo matches that contradict one another: two children are never joined because each matched well alone.

    Whatever was fetched for them is dropped, unread.
    """
    surely = [one for one in asked if one.same is not None and not one.same.candidate.is_mother]
    sames = {one.connector.custodian.id: one.same for one in surely if one.same is not None}
    for conflicting in cross_check(sames):
        one = next(one for one in asked if one.connector.custodian.id == conflicting)
        one.resolution = sames[conflicting].doubted()
        one.found, one.held = None, {}


def _unlink(asked: Sequence[Asked]) -> None:
    """Take back that a council recorded whose mother she is, where its own match did not stand in the end.

    What was found and fetched of hers meanwhile is dropped, unread, as if nobody had asked.
    """
    if is_mother_linked(asked):
        return
    for one in asked:
        if one.same is not None and one.same.candidate.is_mother:
            one.found, one.held = None, {}

"""What every kind of record system offers the hub: Match, Find, Fetch, each within a deadline.

Match asks who the custodian may hold (match fields only). Find asks what kinds of record exist for somebody it holds
(pointers and labels, no content). Fetch reads the content of chosen records, sealed. They are separate because
identity, existence and content are decided separately: what may not be shared is never fetched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from hub.domain.enquiry import Enquiry
from hub.domain.organisations import Custodian
from hub.domain.people import Candidate, ChildSearch
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason
from hub.telemetry.lines import LogLine, say

CANDIDATES_MAX = 50
"""A custodian returns at most so many candidates; more is an error of theirs or a question too loose to use."""

RECORDS_MAX = 5_000
"""At most so many records of one child from one custodian in one question."""

ENQUIRY: ContextVar[Enquiry | None] = ContextVar("hub_enquiry", default=None)
"""The purpose and case of the question being answered, set once by the use case: another hub is asked under them."""

RELAYED: ContextVar[bool] = ContextVar("hub_relayed", default=False)
"""Whether the question came from another hub, set once at the edge: it is then passed on to no further hub."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the event loop's clock by which a custodian must have answered everything."""

    at: float
    seconds: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """A deadline ``seconds`` from now."""
        return cls(asyncio.get_running_loop().time() + seconds, seconds)

    @property
    def left_seconds(self) -> float:
        """Seconds left, never less than zero."""
        return max(0.0, self.at - asyncio.get_running_loop().time())


@dataclass(frozen=True, slots=True)
class Matched:
    """Who the custodian may hold: nobody, when ``candidates`` is empty."""

    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What exists for one person at the custodian, and when its copy was current (aware, UTC)."""

    pointers: tuple[RecordPointer, ...]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Fetched:
    """The records asked for, sealed, in the order of the pointers."""

    records: tuple[HeldRecord, ...]


class Connector(Protocol):
    """One custodian's record system.

    ``kinds`` are the catalogue kinds it can supply. No method raises for anything the custodian does: a failure is
    a :class:`~hub.domain.sources.NoAnswer`. Each checks that what came back is about the person asked for.

    Four things a connector may declare beside: ``goes_by_number_alone`` (names find nobody there),
    ``states_restriction`` (it is told for every child whether their whereabouts are restricted, as PDS is),
    ``never_restricts`` (no answer of its can say that they are, so that nothing is lost by not asking it), and
    ``unborn_kinds`` (it can look for a child not yet born, and then supplies these kinds and no others; without it such
    a question is never put to it).
    """

    custodian: Custodian
    kinds: frozenset[str]
    matches_nhs_number: bool
    """Whether Match works with an NHS number alone. Police systems hold none."""

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched | NoAnswer:
        """Who here may be the child. An empty list says the custodian searched and holds nobody like that."""
        ...

    async def find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found | NoAnswer:
        """Which records of ``kinds`` exist for ``who``, with their labels."""
        ...

    async def fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched | NoAnswer:
        """The content of the records pointed at, all of them or a failure."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


def offered(connector: Connector, search: ChildSearch) -> frozenset[str] | None:
    """The kinds ``connector`` can supply of whom ``search`` is about; None when it cannot look for them at all."""
    if search.unborn is None:
        return connector.kinds
    kinds: frozenset[str] | None = getattr(connector, "unborn_kinds", None)
    return kinds


class UpstreamFault(Exception):
    """Raised inside a connector for anything the custodian did wrong; :func:`as_value` turns it into a value."""

    def __init__(self, reason: NoAnswerReason, detail: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(detail)
        self.no_answer = NoAnswer(reason, detail, retry_after_seconds)


async def as_value(call: Awaitable[Answer], deadline: Deadline) -> Answer | NoAnswer:
    """Await ``call`` within ``deadline``; every failure comes back as a value.

    A fault nobody foresaw is logged by type alone (its text could hold what the custodian sent) and answered as
    malformed: one custodian's surprise must not cost the searcher the other custodians' answers.
    """
    try:
        async with asyncio.timeout_at(deadline.at):
            return await call
    except TimeoutError:
        return NoAnswer(NoAnswerReason.SLOW, f"no reply within {deadline.seconds:g} s")
    except UpstreamFault as fault:
        return fault.no_answer
    except Exception as fault:  # the boundary: past here a failure is a value
        say(LogLine.CONNECTOR_FAULT, fault=type(fault))
        return NoAnswer(NoAnswerReason.MALFORMED, "the answer could not be read")


async def together(calls: Iterable[Awaitable[Answer]]) -> list[Answer]:
    """All of ``calls`` at once; the first fault ends the others."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()

"""A connector that cannot hold up the hub: so many calls at once, so many waiting, and none while it keeps failing.

One wrapper for every kind of record system. Deadlines are each question's; what is shared between questions is here.

What suspends a custodian, and what does not:

* *down* and *slow* count, for Match, Find and Fetch each by itself. A Find that hangs does not stop Match, whose word
  on who the child is (and on whether the address is restricted) other custodians' answers depend on.
* *malformed* counts for Match only, where it is typically a proxy's page or another version. In Find and Fetch it is
  typically one child's odd record, and one child's record must not close the system to every other child's question.
* *refused*, *wrong person* and *too large* never count. The system answered, at once; they are about the hub's
  credentials, one child or one question. "Refused" tells whoever runs the hub what to put right, "suspended" would not;
  and answers about somebody else are thrown away one by one whether it is suspended or not.
* a caller that goes away does not count, nor does *slow* where the call had less than half of the deadline: the rest
  was spent waiting, for this hub's queue or for another agency's word on the child's name.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hub.connectors.base import Connector, Deadline, Fetched, Found, Matched, as_value
from hub.connectors.breaker import Breaker, Leave
from hub.domain.people import Candidate, ChildSearch
from hub.domain.records import RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason
from hub.telemetry.lines import Id, LogLine, say
from hub.telemetry.steps import Call, calling

BUSY_RETRY_SECONDS = 5
"""What a searcher is told to wait when the hub asks a custodian as much as it may."""

Answer = TypeVar("Answer", Matched, Found, Fetched)

_NO_REPLY = frozenset({NoAnswerReason.DOWN, NoAnswerReason.SLOW})
_COUNTED = {"match": _NO_REPLY | {NoAnswerReason.MALFORMED}, "find": _NO_REPLY, "fetch": _NO_REPLY}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one custodian's failing the hub bears.

    Attributes:
        calls_max: calls (a Match, a Find or a Fetch) in hand at once, 1 or more.
        waiting_max: calls waiting for their turn, 0 or more. Waiting counts against the deadline.
        failures_max: failures in a row of one kind of call that suspend it.
        pause_seconds: how long it is then not asked.
    """

    calls_max: int = 16
    waiting_max: int = 100
    failures_max: int = 5
    pause_seconds: float = 15.0


class Guarded:
    """``inner`` within ``limits``; a :class:`~hub.connectors.base.Connector` itself.

    ``clock`` gives seconds that only go forward. A connector that raises or overruns its deadline is a value here too.
    """

    def __init__(
        self, inner: Connector, limits: Limits | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        limits = limits or Limits()
        self._inner = inner
        self._limits = limits
        self._turns = asyncio.Semaphore(limits.calls_max)
        self._in_hand = 0
        self._waiting = 0
        self._breakers = {call: Breaker(limits.failures_max, limits.pause_seconds, clock) for call in _COUNTED}
        self.custodian = inner.custodian
        self.kinds = inner.kinds
        self.matches_nhs_number = inner.matches_nhs_number
        self.goes_by_number_alone = bool(getattr(inner, "goes_by_number_alone", False))
        self.states_restriction = bool(getattr(inner, "states_restriction", False))
        self.never_restricts = bool(getattr(inner, "never_restricts", False))
        self.unborn_kinds: frozenset[str] | None = getattr(inner, "unborn_kinds", None)

    def shown(self) -> dict[str, str | int]:
        """The state as ``/health/ready`` shows it: of each kind of call, and how many are in hand and waiting."""
        states: dict[str, str | int] = {call: breaker.state.value for call, breaker in self._breakers.items()}
        return states | {"in_hand": self._in_hand, "waiting": self._waiting}

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched | NoAnswer:
        """As :meth:`hub.connectors.base.Connector.match`; ``busy`` or ``suspended`` when it is not asked."""
        return await self._call("match", lambda: self._inner.match(search, deadline), deadline)

    async def find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found | NoAnswer:
        """As :meth:`hub.connectors.base.Connector.find`; ``busy`` or ``suspended`` when it is not asked."""
        return await self._call("find", lambda: self._inner.find(who, kinds, deadline), deadline)

    async def fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched | NoAnswer:
        """As :meth:`hub.connectors.base.Connector.fetch`; ``busy`` or ``suspended`` when it is not asked."""
        return await self._call("fetch", lambda: self._inner.fetch(who, pointers, deadline), deadline)

    async def close(self) -> None:
        """Give back ``inner``'s connections."""
        await self._inner.close()

    async def _call(
        self, call: str, ask: Callable[[], Awaitable[Answer | NoAnswer]], deadline: Deadline
    ) -> Answer | NoAnswer:
        if self._breakers[call].is_shut:  # before the queue: nobody waits for what will not be asked
            return self._suspended(call)
        if not await self._turn(deadline):
            return _BUSY
        self._in_hand += 1
        try:
            leave = self._breakers[call].admit()  # it may have been suspended while this call waited
            if leave is None:
                return self._suspended(call)
            with calling(Call(call), self.custodian.id):
                return await self._ask(call, leave, ask, deadline)
        finally:
            self._in_hand -= 1
            self._turns.release()

    async def _turn(self, deadline: Deadline) -> bool:
        """Wait for a turn, first come first served; False when the queue is full or the deadline came first."""
        if not self._turns.locked():
            return await self._turns.acquire()
        if self._waiting >= self._limits.waiting_max:
            return False
        self._waiting += 1
        try:
            async with asyncio.timeout_at(deadline.at):
                return await self._turns.acquire()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1

    async def _ask(
        self, call: str, leave: Leave, ask: Callable[[], Awaitable[Answer | NoAnswer]], deadline: Deadline
    ) -> Answer | NoAnswer:
        breaker, given_seconds = self._breakers[call], deadline.left_seconds
        try:
            answer = await as_value(ask(), deadline)
        except BaseException:  # the caller went away
            breaker.forgotten(leave)
            raise
        if not isinstance(answer, NoAnswer) or answer.reason not in _COUNTED[call]:
            if breaker.succeeded(leave):
                say(LogLine.CUSTODIAN_RESUMED, custodian=Id(self.custodian.id), call=Call(call))
        elif answer.reason is NoAnswerReason.SLOW and given_seconds < deadline.seconds / 2:
            breaker.forgotten(leave)
        elif breaker.failed(leave):
            say(
                LogLine.CUSTODIAN_SUSPENDED,
                custodian=Id(self.custodian.id),
                call=Call(call),
                times=self._limits.failures_max,
                reason=answer.reason,
                seconds=self._limits.pause_seconds,
            )
        return answer

    def _suspended(self, call: str) -> NoAnswer:
        seconds = max(1, math.ceil(self._breakers[call].seconds_left))
        detail = "it failed several times in a row and is left alone for a moment: it was not asked this"
        return NoAnswer(NoAnswerReason.SUSPENDED, detail, seconds)


_BUSY = NoAnswer(
    NoAnswerReason.BUSY,
    "the hub asks it as much as it may just now: it was not asked this, so ask again in a moment",
    BUSY_RETRY_SECONDS,
)

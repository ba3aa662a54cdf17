"""When a custodian that keeps failing is left alone for a while, and how it is tried again. Pure: the clock is given.

Asking a system that is down costs every searcher its whole deadline, and costs the system its recovery. After so many
failures in a row it is *suspended*: not asked at all for a stated time. Then exactly one call goes through to try it;
if that one is answered, everybody is asked again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class BreakerState(StrEnum):
    """The states, as ``/health/ready`` shows them."""

    ASKED = "asked"
    SUSPENDED = "suspended"
    TRYING = "trying"  # its time is over: the next call tries it, or is trying it now


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave to make one call, good until the breaker next changes: a late answer to an old call changes nothing."""

    period: int


class Breaker:
    """Counts the failures in a row of one kind of call to one custodian.

    Every :class:`Leave` must be given back, once, by ``succeeded``, ``failed`` or ``forgotten``.

    Args:
        failures_max: failures in a row that suspend it (1 or more).
        pause_seconds: how long it then is not asked (above 0).
        clock: seconds that only go forward, such as :func:`time.monotonic`.
    """

    def __init__(self, failures_max: int, pause_seconds: float, clock: Callable[[], float]) -> None:
        self._failures_max = failures_max
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._failures = 0
        self._until: float | None = None
        self._trying: Leave | None = None
        self._period = 0

    @property
    def state(self) -> BreakerState:
        """The state now."""
        if self._until is None:
            return BreakerState.ASKED
        return BreakerState.SUSPENDED if self.seconds_left > 0 else BreakerState.TRYING

    @property
    def seconds_left(self) -> float:
        """Seconds until it may be tried; 0 when it may be, is being, or is not suspended at all."""
        if self._until is None:
            return 0.0
        return min(max(0.0, self._until - self._clock()), self._pause_seconds)  # the sum may have been rounded up

    @property
    def is_shut(self) -> bool:
        """Whether :meth:`admit` would refuse now."""
        return self._until is not None and (self._trying is not None or self.seconds_left > 0)

    def admit(self) -> Leave | None:
        """Leave to make one call, or None while suspended or while another call is trying."""
        if self.is_shut:
            return None
        if self._until is None:
            return Leave(self._period)
        self._period += 1
        self._trying = Leave(self._period)
        return self._trying

    def succeeded(self, leave: Leave) -> bool:
        """The call was answered. Returns whether this ends a suspension."""
        if leave.period != self._period:
            return False
        self._failures = 0
        ended = self._trying is not None
        self._trying = self._until = None
        return ended

    def failed(self, leave: Leave) -> bool:
        """The call failed. Returns whether this begins a suspension; a try that fails prolongs one."""
        if leave.period != self._period:
            return False
        self._failures += 1
        if self._trying is None and self._failures < self._failures_max:
            return False
        begins = self._trying is None
        self._trying = None
        self._period += 1
        self._until = self._clock() + self._pause_seconds
        return begins

    def forgotten(self, leave: Leave) -> None:
        """The call says nothing of the custodian: its caller went away, or gave it too little time."""
        if leave is self._trying:
            self._trying = None

"""Times the nine steps of a question and each call of a custodian, for metrics and traces; where both are off, nothing.

While nothing is installed, a ``with timed(...)`` is one comparison and one shared object.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from enum import StrEnum
from types import TracebackType
from typing import Any, Protocol


class Step(StrEnum):
    """The nine steps of ``docs/request-cycle.md``."""

    AUTHENTICATE = "authenticate"
    STATE_PURPOSE = "state_purpose"
    LOG_QUESTION = "log_question"
    PLAN = "plan"
    ASK = "ask"
    MATCH = "match"
    DECIDE = "decide"
    LOG_ANSWER = "log_answer"
    ANSWER = "answer"


class Call(StrEnum):
    """What a custodian is asked."""

    MATCH = "match"
    FIND = "find"
    FETCH = "fetch"


class Outcome(StrEnum):
    """What became of asking a custodian: never whether it holds anything."""

    ANSWERED = "answered"
    DOWN = "down"
    SLOW = "slow"
    MALFORMED = "malformed"
    REFUSED = "refused"
    BUSY = "busy"
    SUSPENDED = "suspended"
    OTHER = "other"

    @classmethod
    def of(cls, reason: str | None) -> Outcome:
        """That of a failure by its reason; ``answered`` where there is none. What is unknown here is ``other``."""
        if reason is None:
            return cls.ANSWERED
        return cls(reason) if reason in _OUTCOMES else cls.OTHER


_OUTCOMES = frozenset(Outcome)

CUSTODIAN_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
"""What a custodian's id looks like in the settings; nothing else is taken for one."""


class Metrics(Protocol):
    """Where durations (seconds) and outcomes are counted."""

    def step(self, step: Step, seconds: float) -> None:
        """One step was done."""

    def custodian(self, custodian: str, outcome: Outcome, seconds: float) -> None:
        """One custodian was asked, all its calls together."""


class Tracing(Protocol):
    """Where spans go."""

    def span(self, name: str, **attributes: str) -> AbstractContextManager[Any]:
        """A span for as long as the block lasts, below the one that is open."""

    def question(self, headers: Mapping[str, str]) -> AbstractContextManager[Any]:
        """The span of a whole question, of a request with these headers."""

    def headers(self) -> dict[str, str]:
        """The ``traceparent`` header of the span that is open; empty where none is."""


class _Nothing:
    """Times nothing."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


class _Installed:
    """What is on in this process."""

    __slots__ = ("metrics", "tracing")

    def __init__(self) -> None:
        self.metrics: Metrics | None = None
        self.tracing: Tracing | None = None


_NOTHING = _Nothing()
_installed = _Installed()


class _Timed:
    """Times one step."""

    __slots__ = ("_began", "_span", "_step")

    def __init__(self, step: Step) -> None:
        self._step = step
        tracing = _installed.tracing
        self._span = None if tracing is None else tracing.span(f"hub.{step.value}")

    def __enter__(self) -> None:
        if self._span is not None:
            self._span.__enter__()
        self._began = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        seconds = time.perf_counter() - self._began
        if self._span is not None:
            self._span.__exit__(None, None, None)  # never the fault: its message may repeat what an agency sent
        if _installed.metrics is not None:
            _installed.metrics.step(self._step, seconds)


def install(metrics: Metrics | None = None, tracing: Tracing | None = None) -> None:
    """Record from now on, in this process; with neither, nothing is recorded any more."""
    _installed.metrics = metrics
    _installed.tracing = tracing


def question(headers: Mapping[str, str]) -> AbstractContextManager[Any]:
    """The span of a whole question; ``headers`` are the request's."""
    return _NOTHING if _installed.tracing is None else _installed.tracing.question(headers)


def timed(step: Step) -> AbstractContextManager[None]:
    """Times ``step`` for as long as the block lasts."""
    if _installed.metrics is None and _installed.tracing is None:
        return _NOTHING
    return _Timed(step)


def calling(call: Call, custodian: str) -> AbstractContextManager[Any]:
    """A span for one call of a custodian."""
    tracing = _installed.tracing
    if tracing is None or not CUSTODIAN_ID.fullmatch(custodian):
        return _NOTHING
    return tracing.span(f"hub.custodian.{call.value}", custodian=custodian)


def asked(custodian: str, reason: str | None, seconds: float) -> None:
    """Count that a custodian was asked: how long it took, and the reason (a code) if it gave no answer."""
    if _installed.metrics is not None and CUSTODIAN_ID.fullmatch(custodian):
        _installed.metrics.custodian(custodian, Outcome.of(reason), seconds)


def headers() -> dict[str, str]:
    """What a call to a custodian carries of the trace it belongs to."""
    return {} if _installed.tracing is None else _installed.tracing.headers()

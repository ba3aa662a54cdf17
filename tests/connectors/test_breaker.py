"""The breaker against a plain model of it, over any order of calls, answers, cancelled callers and passing time."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from hub.connectors.breaker import Breaker, BreakerState, Leave

FAILURES_MAX, PAUSE_SECONDS = 3, 10.0


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(eq=False)
class Call:
    leave: Leave
    since: int
    """How often the breaker had changed when it was let through."""
    is_try: bool


@dataclass
class Model:
    """What should be so, written down as it happens: the answers since the last change, and when that was."""

    answers: list[bool] = field(default_factory=list)
    changes: int = 0
    suspended_at: float | None = None
    trying: Call | None = None


class BreakerMachine(RuleBasedStateMachine):
    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(FAILURES_MAX, PAUSE_SECONDS, self.clock)
        self.model = Model()

    @property
    def must_wait(self) -> bool:
        began = self.model.suspended_at
        return began is not None and self.clock.now < began + PAUSE_SECONDS

    @rule(target=calls)
    def ask(self) -> object:
        model = self.model
        leave = self.breaker.admit()
        if self.must_wait or model.trying is not None:
            assert leave is None
            return None
        assert leave is not None
        call = Call(leave, model.changes, is_try=model.suspended_at is not None)
        if call.is_try:
            model.changes += 1
            call.since = model.changes
            model.trying = call
        return call

    @rule(call=consumes(calls))
    def answered(self, call: Call | None) -> None:
        if call is None:
            return
        ended = self.breaker.succeeded(call.leave)
        assert ended is call.is_try
        if call.since == self.model.changes:
            self.model.answers.append(True)
        if call.is_try:
            self.model.suspended_at, self.model.trying = None, None

    @rule(call=consumes(calls))
    def failed(self, call: Call | None) -> None:
        if call is None:
            return
        model = self.model
        begins = self.breaker.failed(call.leave)
        if call.since != model.changes:
            assert not begins
            return
        model.answers.append(False)
        row = model.answers[-FAILURES_MAX:]
        assert begins is (not call.is_try and len(row) == FAILURES_MAX and not any(row))
        if begins or call.is_try:
            model.suspended_at, model.trying, model.answers = self.clock.now, None, []
            model.changes += 1

    @rule(call=consumes(calls))
    def went_away(self, call: Call | None) -> None:
        if call is None:
            return
        before = self.breaker.state
        self.breaker.forgotten(call.leave)
        assert self.breaker.state is before, "a caller that goes away decides nothing"
        if call.is_try:
            self.model.trying = None

    @rule(seconds=st.sampled_from([0.1, 1.0, PAUSE_SECONDS - 0.1, PAUSE_SECONDS, 100.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def says_what_it_does(self) -> None:
        if self.model.suspended_at is None:
            expected = BreakerState.ASKED
        else:
            expected = BreakerState.SUSPENDED if self.must_wait else BreakerState.TRYING
        assert self.breaker.state is expected
        assert self.breaker.is_shut is (self.must_wait or self.model.trying is not None)
        assert 0 <= self.breaker.seconds_left <= PAUSE_SECONDS
        assert (self.breaker.seconds_left > 0) is self.must_wait


TestBreaker = BreakerMachine.TestCase
TestBreaker.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


def breaker() -> tuple[Breaker, Clock]:
    clock = Clock()
    return Breaker(FAILURES_MAX, PAUSE_SECONDS, clock), clock


def leave(of: Breaker) -> Leave:
    given = of.admit()
    assert given is not None
    return given


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        pytest.param("ff", BreakerState.ASKED, id="one too few"),
        pytest.param("fff", BreakerState.SUSPENDED, id="as many as it takes"),
        pytest.param("ffsff", BreakerState.ASKED, id="an answer between them: not in a row"),
        pytest.param("ffsfff", BreakerState.SUSPENDED, id="counted anew after an answer"),
        pytest.param("ffaf", BreakerState.SUSPENDED, id="a cancelled caller neither counts nor breaks the row"),
        pytest.param("ffaa", BreakerState.ASKED, id="cancelled callers alone suspend nothing"),
    ],
)
def test_what_suspends(answers: str, state: BreakerState) -> None:
    subject, _ = breaker()
    for answer in answers:
        settle = {"f": subject.failed, "s": subject.succeeded, "a": subject.forgotten}[answer]
        settle(leave(subject))
    assert subject.state is state


def test_one_call_tries_and_the_others_wait_for_its_answer() -> None:
    subject, clock = breaker()
    for given in [leave(subject) for _ in range(FAILURES_MAX)]:
        subject.failed(given)
    assert subject.admit() is None
    clock.now += PAUSE_SECONDS
    trying = leave(subject)
    assert [subject.admit() for _ in range(3)] == [None] * 3
    assert subject.failed(trying) is False, "said once, not at every try"
    assert (subject.state, subject.admit()) == (BreakerState.SUSPENDED, None)
    clock.now += PAUSE_SECONDS
    assert subject.succeeded(leave(subject)) is True
    assert subject.state is BreakerState.ASKED


def test_a_try_whose_caller_went_away_is_another_callers_try() -> None:
    subject, clock = breaker()
    for given in [leave(subject) for _ in range(FAILURES_MAX)]:
        subject.failed(given)
    clock.now += PAUSE_SECONDS
    subject.forgotten(leave(subject))
    assert subject.succeeded(leave(subject)) is True


def test_late_answers_to_calls_from_before_change_nothing() -> None:
    subject, clock = breaker()
    early, late = leave(subject), leave(subject)
    for given in [leave(subject) for _ in range(FAILURES_MAX)]:
        subject.failed(given)
    assert subject.succeeded(early) is False
    assert subject.state is BreakerState.SUSPENDED
    clock.now += PAUSE_SECONDS
    subject.succeeded(leave(subject))
    for _ in range(FAILURES_MAX):
        subject.failed(late)
    assert subject.state is BreakerState.ASKED

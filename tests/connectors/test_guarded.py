"""Limits that questions share: calls at once, the queue, and a custodian that keeps failing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.connectors.base import Deadline, Fetched, Found, Matched
from hub.connectors.guarded import BUSY_RETRY_SECONDS, Guarded, Limits
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.people import Candidate, ChildSearch, Identity
from hub.domain.records import RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason

R = NoAnswerReason
SECRET = "Thornbury"
SEARCH = ChildSearch(Identity(given_names=("Maya",), family_names=(SECRET,)))
WHO = Candidate("police", SECRET, SEARCH.stated)
POINTERS = (RecordPointer("police", "incident", SECRET),)
ANSWERS: dict[str, Any] = {"match": Matched(()), "find": object(), "fetch": Fetched(())}

POLICE = Custodian("police", "Police", Sector.POLICE, Contact("desk", "01632 960130"))

Answer = Callable[[str], Awaitable[Any]]


@dataclass
class Steered:
    """A custodian that answers with ``how``, and counts who is asking it at once."""

    how: Answer
    custodian: Custodian = POLICE
    kinds: frozenset[str] = frozenset({"incident"})
    matches_nhs_number: bool = False
    asked: list[str] = field(default_factory=list)
    now: int = 0
    most: int = 0
    closed: bool = False

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched | NoAnswer:
        return await self._answer("match")

    async def find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found | NoAnswer:
        return await self._answer("find")

    async def fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched | NoAnswer:
        return await self._answer("fetch")

    async def close(self) -> None:
        self.closed = True

    async def _answer(self, call: str) -> Any:
        self.asked.append(call)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await self.how(call)
        finally:
            self.now -= 1


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def ask(guarded: Guarded, call: str, seconds: float = 5.0) -> Awaitable[Any]:
    deadline = Deadline.after(seconds)
    if call == "match":
        return guarded.match(SEARCH, deadline)
    if call == "find":
        return guarded.find(WHO, frozenset({"incident"}), deadline)
    return guarded.fetch(WHO, POINTERS, deadline)


def always(answer: object) -> Answer:
    async def how(_call: str) -> Any:
        return answer

    return how


async def hang(_call: str) -> Any:
    await asyncio.sleep(3_600)


async def well(call: str) -> Any:
    return ANSWERS[call]


async def crash(_call: str) -> Any:
    raise RuntimeError(SECRET)


# ---- what suspends a custodian, and what does not -------------------------------------------------------------------

COUNTS = {
    (R.DOWN, "match"): True, (R.DOWN, "find"): True, (R.DOWN, "fetch"): True,
    (R.SLOW, "match"): True, (R.SLOW, "find"): True, (R.SLOW, "fetch"): True,
    (R.MALFORMED, "match"): True, (R.MALFORMED, "find"): False, (R.MALFORMED, "fetch"): False,
    (R.REFUSED, "match"): False, (R.REFUSED, "find"): False, (R.REFUSED, "fetch"): False,
    (R.WRONG_PERSON, "match"): False, (R.WRONG_PERSON, "find"): False, (R.WRONG_PERSON, "fetch"): False,
    (R.TOO_LARGE, "match"): False, (R.TOO_LARGE, "find"): False, (R.TOO_LARGE, "fetch"): False,
}  # fmt: skip


def test_every_way_of_failing_is_in_that_table() -> None:
    assert {reason for reason, _ in COUNTS} == set(R) - {R.BUSY, R.SUSPENDED}, "those two are the guard's own"


@pytest.mark.parametrize(
    ("how", "counts"), COUNTS.items(), ids=lambda each: "-".join(each) if isinstance(each, tuple) else str(each)
)
async def test_failures_in_a_row(how: tuple[R, str], counts: bool) -> None:
    reason, call = how
    inner = Steered(always(NoAnswer(reason, "words")))
    guarded = Guarded(inner, Limits(failures_max=3, pause_seconds=10))
    answers = [await ask(guarded, call) for _ in range(6)]
    expected = [reason] * 3 + [R.SUSPENDED if counts else reason] * 3
    assert [answer.reason for answer in answers] == expected
    assert len(inner.asked) == (3 if counts else 6)


async def test_a_suspended_custodian_is_tried_after_its_pause_and_then_asked_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    inner, clock = Steered(always(NoAnswer(R.DOWN, SECRET))), Clock()
    guarded = Guarded(inner, Limits(failures_max=2, pause_seconds=10), clock=clock)
    for _ in range(2):
        await ask(guarded, "match")
    refused = await ask(guarded, "match")
    assert (refused.reason, refused.retry_after_seconds) == (R.SUSPENDED, 10)
    clock.now += 8.5
    assert (await ask(guarded, "match")).retry_after_seconds == 2, "rounded up"
    assert guarded.shown()["match"] == "suspended"
    clock.now += 1.5
    assert guarded.shown()["match"] == "trying"
    inner.how = well
    assert await ask(guarded, "match") == Matched(())
    assert await ask(guarded, "match") == Matched(())
    assert guarded.shown() == {"match": "asked", "find": "asked", "fetch": "asked", "in_hand": 0, "waiting": 0}
    assert [record.getMessage() for record in caplog.records] == [
        "CUSTODIAN_SUSPENDED police: match failed 2 times in a row, last as down; not asked for 10 s",
        "CUSTODIAN_RESUMED police: match is answered again",
    ]
    assert SECRET not in caplog.text


async def test_a_try_that_fails_prolongs_the_pause_and_says_nothing_new(caplog: pytest.LogCaptureFixture) -> None:
    inner, clock = Steered(always(NoAnswer(R.DOWN, "words"))), Clock()
    guarded = Guarded(inner, Limits(failures_max=1, pause_seconds=10), clock=clock)
    for _ in range(3):
        assert (await ask(guarded, "match")).reason is R.DOWN
        assert (await ask(guarded, "match")).reason is R.SUSPENDED
        clock.now += 10
    assert len(caplog.records) == 1


async def test_while_one_call_tries_the_others_are_not_asked() -> None:
    inner, clock = Steered(always(NoAnswer(R.DOWN, "words"))), Clock()
    guarded = Guarded(inner, Limits(failures_max=1, pause_seconds=10), clock=clock)
    await ask(guarded, "match")
    clock.now += 10
    release = asyncio.Event()

    async def when_released(call: str) -> Any:
        await release.wait()
        return ANSWERS[call]

    inner.how = when_released
    trying = asyncio.ensure_future(ask(guarded, "match"))
    await asyncio.sleep(0)
    other = await ask(guarded, "match")
    assert (other.reason, other.retry_after_seconds) == (R.SUSPENDED, 1)
    release.set()
    assert await trying == Matched(())
    assert inner.asked == ["match", "match"]


async def test_a_refusal_ends_a_suspension_because_the_custodian_answered() -> None:
    inner, clock = Steered(always(NoAnswer(R.DOWN, "words"))), Clock()
    guarded = Guarded(inner, Limits(failures_max=1, pause_seconds=10), clock=clock)
    await ask(guarded, "match")
    clock.now += 10
    inner.how = always(NoAnswer(R.REFUSED, "words"))
    assert [(await ask(guarded, "match")).reason for _ in range(3)] == [R.REFUSED] * 3


async def test_a_find_that_hangs_does_not_stop_match() -> None:
    inner = Steered(always(NoAnswer(R.SLOW, "words")))
    guarded = Guarded(inner, Limits(failures_max=1))
    await ask(guarded, "find")
    inner.how = well
    assert (await ask(guarded, "find")).reason is R.SUSPENDED
    assert await ask(guarded, "match") == Matched(())
    assert {name: guarded.shown()[name] for name in ("match", "find", "fetch")} == {
        "match": "asked", "find": "suspended", "fetch": "asked",
    }  # fmt: skip


@pytest.mark.parametrize("call", ["match", "find", "fetch"])
async def test_a_caller_that_goes_away_does_not_count(call: str) -> None:
    inner = Steered(hang)
    guarded = Guarded(inner, Limits(failures_max=1, calls_max=1))
    for _ in range(3):
        task = asyncio.ensure_future(ask(guarded, call))
        await asyncio.sleep(0)
        assert guarded.shown()["in_hand"] == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert guarded.shown() == {"match": "asked", "find": "asked", "fetch": "asked", "in_hand": 0, "waiting": 0}


async def test_a_try_whose_caller_goes_away_is_the_next_callers() -> None:
    inner, clock = Steered(always(NoAnswer(R.DOWN, "words"))), Clock()
    guarded = Guarded(inner, Limits(failures_max=1, pause_seconds=10), clock=clock)
    await ask(guarded, "match")
    clock.now += 10
    inner.how = hang
    task = asyncio.ensure_future(ask(guarded, "match"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    inner.how = well
    assert await ask(guarded, "match") == Matched(())


@pytest.mark.parametrize(
    ("left", "counts"),
    [pytest.param(0.02, False, id="given too little of it"), pytest.param(0.08, True, id="given most of it")],
)
async def test_slow_counts_only_where_the_custodian_had_the_time(left: float, counts: bool) -> None:
    guarded = Guarded(Steered(hang), Limits(failures_max=1))
    deadline = Deadline(asyncio.get_running_loop().time() + left, 0.1)
    answer = await guarded.match(SEARCH, deadline)
    assert isinstance(answer, NoAnswer)
    assert (answer.reason, answer.detail) == (R.SLOW, "no reply within 0.1 s")
    assert guarded.shown()["match"] == ("suspended" if counts else "asked")


async def test_a_connector_that_crashes_or_overruns_is_a_value(caplog: pytest.LogCaptureFixture) -> None:
    crashed = await ask(Guarded(Steered(crash)), "find")
    assert (crashed.reason, crashed.detail) == (R.MALFORMED, "the answer could not be read")
    hung = await ask(Guarded(Steered(hang)), "find", 0.02)
    assert hung.reason is R.SLOW
    assert SECRET not in caplog.text


# ---- calls at once, and the queue -----------------------------------------------------------------------------------


async def test_only_so_many_at_once_and_the_first_to_come_is_the_first_asked() -> None:
    order = []

    async def slowly(call: str) -> Any:
        order.append(call)
        await asyncio.sleep(0.005)
        return ANSWERS[call]

    inner = Steered(slowly)
    guarded = Guarded(inner, Limits(calls_max=2))
    calls = ["match", "find", "fetch", "fetch", "match", "find"]
    answers = await asyncio.gather(*(ask(guarded, call) for call in calls))
    assert answers == [ANSWERS[call] for call in calls]
    assert (inner.most, order) == (2, calls)


async def test_a_full_queue_is_busy_at_once_and_the_custodian_is_not_asked() -> None:
    inner = Steered(hang)
    guarded = Guarded(inner, Limits(calls_max=1, waiting_max=2))
    tasks = [asyncio.ensure_future(ask(guarded, "match")) for _ in range(3)]
    await asyncio.sleep(0)
    assert (guarded.shown()["in_hand"], guarded.shown()["waiting"]) == (1, 2)
    busy = await ask(guarded, "match")
    assert (busy.reason, busy.retry_after_seconds) == (R.BUSY, BUSY_RETRY_SECONDS)
    assert inner.asked == ["match"]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_waiting_counts_against_the_deadline_and_is_busy_and_not_slow() -> None:
    inner = Steered(hang)
    guarded = Guarded(inner, Limits(calls_max=1, failures_max=1))
    first = asyncio.ensure_future(ask(guarded, "match"))
    await asyncio.sleep(0)
    answer = await ask(guarded, "match", 0.02)
    assert answer.reason is R.BUSY
    assert inner.asked == ["match"]
    assert guarded.shown()["match"] == "asked", "what was never asked has not failed"
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


async def test_nobody_waits_for_what_will_not_be_asked() -> None:
    inner = Steered(always(NoAnswer(R.DOWN, "words")))
    guarded = Guarded(inner, Limits(calls_max=1, failures_max=1))
    await ask(guarded, "match")
    inner.how = hang
    hanging = asyncio.ensure_future(ask(guarded, "find"))
    await asyncio.sleep(0)
    assert (await ask(guarded, "match", 0.05)).reason is R.SUSPENDED, "it is not busy: it would not be asked anyway"
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)


async def test_who_waits_when_it_is_suspended_is_not_asked_any_more() -> None:
    release = asyncio.Event()

    async def then_down(_call: str) -> Any:
        await release.wait()
        return NoAnswer(R.DOWN, "words")

    inner = Steered(then_down)
    guarded = Guarded(inner, Limits(calls_max=1, failures_max=1))
    tasks = [asyncio.ensure_future(ask(guarded, "match")) for _ in range(3)]
    await asyncio.sleep(0)
    release.set()
    assert [answer.reason for answer in await asyncio.gather(*tasks)] == [R.DOWN, R.SUSPENDED, R.SUSPENDED]
    assert inner.asked == ["match"]


@st.composite
def crowds(draw: st.DrawFn) -> list[tuple[str, int, int | None]]:
    """Callers: which call, how many turns of the loop its answer takes, and after how many its caller goes away."""
    caller = st.tuples(st.sampled_from(sorted(ANSWERS)), st.integers(0, 6), st.none() | st.integers(0, 12))
    return draw(st.lists(caller, min_size=1, max_size=20))


@settings(max_examples=150, deadline=None)
@given(crowds(), st.integers(1, 3), st.integers(0, 5))
def test_whoever_comes_and_goes_no_turn_is_lost_and_no_limit_passed(
    crowd: list[tuple[str, int, int | None]], calls_max: int, waiting_max: int
) -> None:
    async def run() -> None:
        turns: list[int] = []

        async def how(call: str) -> Any:
            for _ in range(turns.pop()):
                await asyncio.sleep(0)
            return ANSWERS[call]

        inner = Steered(how)
        guarded = Guarded(inner, Limits(calls_max=calls_max, waiting_max=waiting_max))

        async def caller(call: str, needs: int, leaves_after: int | None) -> Any:
            turns.append(needs)
            task = asyncio.ensure_future(ask(guarded, call))
            for _ in range(leaves_after or 0):
                await asyncio.sleep(0)
                assert guarded.shown()["waiting"] <= waiting_max  # type: ignore[operator]
            if leaves_after is not None:
                task.cancel()
            return await task

        answers = await asyncio.gather(*(caller(*one) for one in crowd), return_exceptions=True)
        for (call, _, leaves_after), answer in zip(crowd, answers, strict=True):
            left = isinstance(answer, asyncio.CancelledError) and leaves_after is not None
            assert left or answer is ANSWERS[call] or (isinstance(answer, NoAnswer) and answer.reason is R.BUSY)
        assert inner.most <= calls_max
        turns.extend([3] * calls_max)
        again = await asyncio.gather(*(ask(guarded, "match", 1.0) for _ in range(calls_max)))
        assert again == [Matched(())] * calls_max, "every turn came back"
        assert guarded.shown() == {"match": "asked", "find": "asked", "fetch": "asked", "in_hand": 0, "waiting": 0}

    asyncio.run(run())


async def test_it_is_a_connector_like_the_one_inside() -> None:
    inner = Steered(well)
    guarded = Guarded(inner)
    assert (guarded.custodian, guarded.kinds, guarded.matches_nhs_number) == (inner.custodian, inner.kinds, False)
    await guarded.close()
    assert inner.closed


async def test_nothing_of_a_child_is_in_what_is_shown_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    guarded = Guarded(Steered(always(NoAnswer(R.DOWN, SECRET))), Limits(failures_max=1))
    for call in ("match", "find", "fetch"):
        await ask(guarded, call)
        await ask(guarded, call)
    assert SECRET not in caplog.text + repr(guarded.shown()) + repr(guarded)
    assert len(caplog.records) == 3

"""Promise 1 at each moment the log can fail: nothing is fetched before the question is durable, nothing released
before the answer is."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from hub.connectors.base import Deadline, Fetched
from hub.domain.people import Candidate
from hub.errors import AuditUnavailable, Forbidden
from tests.service.conftest import Bench
from tests.service.custodians import Bendable, council, health, police


def break_log(bench: Bench) -> None:
    """What an operator's worst day does: the table is gone under a running hub."""
    with sqlite3.connect(bench.path) as database:
        database.execute("ALTER TABLE log_entry RENAME TO log_entry_gone")


def mend_log(bench: Bench) -> None:
    with sqlite3.connect(bench.path) as database:
        database.execute("ALTER TABLE log_entry_gone RENAME TO log_entry")


async def test_down_before_the_question_nobody_is_asked(bench: Bench) -> None:
    asked = [council(), police(), health()]
    break_log(bench)
    with pytest.raises(AuditUnavailable) as refusal:
        await bench.ask(*asked)
    assert [one.calls for one in asked] == [[], [], []]
    assert "telephone" in refusal.value.message
    assert not refusal.value.asked
    assert "no agency was asked and nothing is released" in refusal.value.message


async def test_down_before_the_answer_nothing_is_released(bench: Bench) -> None:
    class BreaksTheLog(Bendable):
        async def fetch(self, who: Candidate, pointers: Any, deadline: Deadline) -> Any:
            answer = await super().fetch(who, pointers, deadline)
            break_log(bench)
            assert isinstance(answer, Fetched)
            return answer

    healthy = council()
    last = BreaksTheLog(healthy.custodian, healthy.held, latency_seconds=0.05)
    with pytest.raises(AuditUnavailable) as refusal:
        await bench.ask(last, health())
    assert last.fetched, "the custodian was asked, and its answer went nowhere"
    assert refusal.value.asked
    assert "agencies were asked, but nothing of what they said is released" in refusal.value.message
    mend_log(bench)
    assert await bench.kinds() == ["Question"]
    assert await bench.log.abandon_stale(0) == 1
    assert await bench.kinds() == ["Question", "Abandoned"]


async def test_a_refusal_that_cannot_be_logged_is_audit_unavailable(bench: Bench) -> None:
    break_log(bench)
    with pytest.raises(AuditUnavailable):
        await bench.ask(council(), purposes=frozenset())


async def test_it_works_again_when_the_log_does(bench: Bench) -> None:
    break_log(bench)
    with pytest.raises(AuditUnavailable):
        await bench.ask(council())
    mend_log(bench)
    answer = await bench.ask(council())
    assert answer.log_entry == 1
    with pytest.raises(Forbidden):
        await bench.ask(council(), purposes=frozenset())
    assert await bench.kinds() == ["Question", "Answer", "Refused"]

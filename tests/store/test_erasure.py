"""Erasing a person: nothing leads to her any more, nobody else is touched, and the log is what it was."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from hub.audit.acts import LIST_MAX, Erasure, Hold
from hub.audit.verify import Report
from hub.errors import AuditUnavailable, BadRequest
from hub.store.appender import Log
from hub.store.engine import make_engine
from hub.store.erasure import Plan, erase, plan
from hub.store.holds import LIFTED, SET, OnHold, hold, make_hold
from hub.store.scrub import scrub
from hub.store.sides import AskedInWords, SideState, read_side
from hub.store.subjects import Whom, stated_of
from tests.matching.people import A, B, asked
from tests.store.lives import AMIRA, OFFICER, STATED, TRACES, Lives, by_number, everything, making_now
from tests.store.tampering import edit, read_all

HER = Whom(numbers=frozenset({A}), stated=frozenset({stated_of(STATED)}))


@pytest.fixture
async def lives(log: Log, log_url: str) -> Lives:
    return Lives(log, log_url)


@pytest.fixture
async def engine(log: Log, log_url: str) -> AsyncIterator[Engine]:
    made = make_engine(log_url, 10)
    yield made
    made.dispose()


def traces(url: str) -> list[str]:
    seen = everything(url)
    plain = re.sub(r"\\+u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), seen)
    return [each for each in (*TRACES, A.value, A.grouped()) if each in plain]


def entries(url: str) -> list[tuple[object, ...]]:
    return [
        (row[0], *(bytes(each) for each in row[1:]))  # type: ignore[call-overload]
        for row in read_all(url, 'SELECT "index", leaf_hash, body FROM log_entry ORDER BY "index"')
    ]


async def test_nothing_leads_to_her_and_the_log_is_what_it_was(
    lives: Lives, engine: Engine, log: Log, log_url: str, verified: Callable[..., Report], tmp_path: Path
) -> None:
    before_her = await lives.about_another()
    hers = await lives.about_amira()
    assert len(traces(log_url)) > 3, "she can be found before"
    logged, checkpoint, proof = entries(log_url), await log.checkpoint(), await log.proof(hers[0])
    planned = plan(engine, HER, making_now())
    assert planned.sides == tuple(hers)
    assert planned.rows.judgements == {"a" * 32, "b" * 32}
    assert planned.rows.confirmations == {"d" * 32}
    (at,) = await erase(log, engine, planned, OFFICER, "retention_over")
    assert traces(log_url) == []
    assert entries(log_url)[:-1] == logged
    report = verified(known=[checkpoint.encode()])
    assert report.ok, report.fault
    assert await log.proof(hers[0]) != proof, "under the new head, and it is made all the same"
    stored = await log.entry(at)
    assert stored is not None
    assert isinstance(stored.entry, Erasure)
    assert (stored.entry.sides, stored.entry.references) == (tuple(hers), tuple(sorted(planned.whom.references)))
    for index in hers:
        found = read_side(engine, index)
        assert found is not None
        assert found.state is SideState.GONE
    other = read_side(engine, before_her)
    assert other is not None
    assert other.state is SideState.KEPT
    assert [row[0] for row in read_all(log_url, "SELECT ref FROM judgement WHERE act = 'recorded'")] == ["c" * 32]
    assert len(read_all(log_url, "SELECT * FROM match_shown")) == 1
    assert plan(engine, HER, making_now()).is_empty
    await log.close()
    assert scrub(log_url)
    if log_url.startswith("sqlite"):
        raw = b"".join(each.read_bytes() for each in tmp_path.glob("log.sqlite*"))
        assert not [each for each in (*TRACES, A.value) if each.encode() in raw]


@pytest.mark.parametrize("by", ["number", "reference", "stated"])
async def test_however_she_is_named(lives: Lives, engine: Engine, log: Log, log_url: str, by: str) -> None:
    (number, *_) = await lives.about_amira()
    stored = await log.entry(number)
    assert stored is not None
    reference = frozenset({stored.entry.subject})  # type: ignore[union-attr]
    named = {"number": Whom(numbers=HER.numbers), "reference": Whom(references=reference), "stated": HER}[by]
    planned = plan(engine, named, making_now())
    assert planned.rows.judgements == {"a" * 32, "b" * 32}
    assert (len(planned.sides), len(planned.whom.references)) == ((3, 4) if by == "stated" else (2, 3))


async def test_somebody_the_hub_does_not_know(lives: Lives, engine: Engine) -> None:
    await lives.about_another()
    assert plan(engine, HER, making_now()).is_empty
    assert plan(engine, Whom(references=frozenset({"00" * 16})), making_now()).sides == ()


TABLES = ("log_reference", "log_side", "judgement", "confirmation", "match_shown")


@pytest.mark.parametrize("statement", [*(f"DELETE FROM {each}" for each in TABLES), "COMMIT"])
async def test_a_crash_at_any_write_leaves_everything(
    lives: Lives, engine: Engine, log: Log, log_url: str, statement: str, verified: Callable[..., Report]
) -> None:
    await lives.about_amira()
    planned, before = plan(engine, HER, making_now()), everything(log_url)
    failed: list[str] = []

    def fail(_connection: Any, _cursor: Any, said: str, *_: object) -> None:
        if said.startswith(statement):
            failed.append(said)
            raise RuntimeError("the power is gone")

    def fail_commit(_connection: Any) -> None:
        fail(None, None, "COMMIT")

    for name, hook in (("before_cursor_execute", fail), ("commit", fail_commit)):
        event.listen(log._engine, name, hook)
    with pytest.raises(AuditUnavailable):
        await erase(log, engine, planned, OFFICER, "retention_over")
    for name, hook in (("before_cursor_execute", fail), ("commit", fail_commit)):
        event.remove(log._engine, name, hook)
    assert failed
    assert everything(log_url) == before
    await erase(log, engine, planned, OFFICER, "retention_over")
    assert traces(log_url) == []
    assert verified().ok


async def test_what_was_asked_meanwhile_goes_too(lives: Lives, engine: Engine, log: Log, log_url: str) -> None:
    await lives.about_amira()
    planned = plan(engine, HER, making_now())
    late = await lives.ask(asked(AMIRA), AskedInWords("{ child }", {"n": by_number(asked(AMIRA))}), answered=False)
    (at,) = await erase(log, engine, planned, OFFICER, "retention_over")
    stored = await log.entry(at)
    assert stored is not None
    assert late in stored.entry.sides  # type: ignore[union-attr]
    assert traces(log_url) == []


async def test_more_than_one_entry_can_name(
    lives: Lives,
    engine: Engine,
    log: Log,
    log_url: str,
    monkeypatch: pytest.MonkeyPatch,
    verified: Callable[..., Report],
) -> None:
    """Stopped between two entries, the rest is found again, for the references go last."""
    monkeypatch.setattr("hub.store.erasure.LIST_MAX", 2)
    assert LIST_MAX == 1_000
    await lives.about_amira()
    planned = plan(engine, HER, making_now())

    def fail(_connection: Any, _cursor: Any, said: str, *_: object) -> None:
        if said.startswith("DELETE FROM log_reference"):
            raise RuntimeError

    event.listen(log._engine, "before_cursor_execute", fail)
    with pytest.raises(AuditUnavailable):
        await erase(log, engine, planned, OFFICER, "retention_over")
    event.remove(log._engine, "before_cursor_execute", fail)
    left = plan(engine, HER, making_now())
    assert 0 < len(left.sides) < len(planned.sides)
    assert left.whom.references == planned.whom.references
    await erase(log, engine, left, OFFICER, "retention_over")
    assert traces(log_url) == []
    assert verified().ok


class TestRefused:
    async def holds(self, log: Log, planned: Plan) -> int:
        (subject, *_) = sorted(planned.whom.references)
        return await hold(log, make_hold(log, SET, OFFICER, subject, "inquest"))

    async def test_on_hold(self, lives: Lives, engine: Engine, log: Log, log_url: str) -> None:
        await lives.about_amira()
        planned = plan(engine, HER, making_now())
        index = await self.holds(log, planned)
        before = everything(log_url)
        with pytest.raises(OnHold, match=f"reason inquest .entry {index}"):
            plan(engine, HER, making_now())
        with pytest.raises(OnHold):
            await erase(log, engine, planned, OFFICER, "retention_over")
        assert everything(log_url) == before
        await hold(log, make_hold(log, LIFTED, OFFICER, min(planned.whom.references), "inquest"))
        await erase(log, engine, planned, OFFICER, "retention_over")
        assert traces(log_url) == []

    async def test_on_hold_by_the_log_though_the_table_lost_it(
        self, lives: Lives, engine: Engine, log: Log, log_url: str
    ) -> None:
        await lives.about_amira()
        index = await self.holds(log, plan(engine, HER, making_now()))
        edit(log_url, "DELETE FROM log_hold")
        with pytest.raises(OnHold) as caught:
            plan(engine, HER, making_now())
        assert [each.entry for each in caught.value.held] == [index]

    async def test_anothers_hold_is_not_hers(self, lives: Lives, engine: Engine, log: Log) -> None:
        await lives.about_amira()
        other = await log.reference("subject", f"nhs:{B.value}")
        await hold(log, make_hold(log, SET, OFFICER, other, "inquest"))
        await erase(log, engine, plan(engine, HER, making_now()), OFFICER, "retention_over")

    async def test_a_decision_is_in_force(self, lives: Lives, engine: Engine, log: Log, log_url: str) -> None:
        await lives.about_amira()
        early = making_now().replace(year=2025)
        planned = plan(engine, HER, early)
        assert planned.rows.in_force
        before = everything(log_url)
        with pytest.raises(BadRequest) as caught:
            await erase(log, engine, planned, OFFICER, "retention_over")
        assert caught.value.code == "DECISIONS_IN_FORCE"
        assert everything(log_url) == before


async def test_a_plan_shows_nothing_of_her(lives: Lives, engine: Engine) -> None:
    await lives.about_amira()
    planned = plan(engine, HER, making_now())
    assert not [each for each in (*TRACES, A.value) if each in repr(planned) + repr(HER)]
    assert re.fullmatch(r"[0-9a-f]{8}", planned.phrase)


def test_hold_entries_are_what_they_say(log: Log) -> None:
    assert isinstance(make_hold(log, SET, OFFICER, "0b44" * 8, "a reason: inquest"), Hold)

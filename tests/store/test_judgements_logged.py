"""A decision's row and the log's entry of it: both, or neither; and what is erased is forgotten."""
# ruff: noqa: F811 - the fixtures

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Engine

from hub.audit.acts import JudgementAct
from hub.errors import AuditUnavailable
from hub.store.append_only import forget
from hub.store.appender import Log
from hub.store.judgements import JudgementStore
from hub.store.tables import judgement as judgement_table
from tests.policy.judged import AT, CHILD, POLICE
from tests.store.conftest import MakeLog
from tests.store.tampering import edit, read_all
from tests.store.test_judgements import SECRETS, TAKEN_BACK, held, make_store, numbered, store  # noqa: F401  fixtures


async def acts(log: Log) -> list[JudgementAct]:
    """What the log tells of decisions."""
    found = []
    while (stored := await log.entry(len(found))) is not None:
        assert isinstance(stored.entry, JudgementAct)
        found.append(stored.entry)
    return found


async def test_the_log_tells_of_each_act_in_references_alone(store: JudgementStore, log: Log, log_url: str) -> None:
    by_number, by_id = numbered(1, nhs_number=CHILD), numbered(2)
    await store.record(by_number, AT)
    await store.record(by_id, AT)
    await store.withdraw(by_number.id, TAKEN_BACK)
    told = await acts(log)
    subject = await log.reference("subject", f"nhs:{CHILD.value}")
    other = await log.reference("subject", f"local:{POLICE}/P-2")
    assert [(each.act, each.judgement, each.subject, each.until) for each in told] == [
        ("recorded", by_number.id, subject, by_number.expires_at),
        ("recorded", by_id.id, other, by_id.expires_at),
        ("withdrawn", by_number.id, subject, by_number.expires_at),
    ]
    names = (by_id.decided_by, TAKEN_BACK.by)
    decider, taker = await log.references(("worker", f"{POLICE}/{name}") for name in names)
    assert [each.officer.worker for each in told] == [decider, decider, taker]
    bodies = b"".join(bytes(row[0]) for row in read_all(log_url, "SELECT body FROM log_entry"))
    assert not [secret for secret in SECRETS if secret.encode() in bodies and secret != "999000"]
    assert CHILD.value.encode() not in bodies


async def test_nothing_is_recorded_while_the_log_is_down(store: JudgementStore, log: Log, log_url: str) -> None:
    await store.record(numbered(1), AT)
    edit(log_url, "UPDATE log_head SET size = size + 1")
    for attempt in (store.record(numbered(2), AT), store.withdraw(numbered(1).id, TAKEN_BACK)):
        with pytest.raises(AuditUnavailable, match="not certain"):
            await attempt
    assert [(each.judgement, each.withdrawal) for each in await store.every()] == [(numbered(1), None)]


async def test_of_several_who_take_back_at_once_one_does(
    store: JudgementStore, log: Log, log_url: str, make_log: MakeLog
) -> None:
    """Each in a process of its own: each looks first, and the log's head decides."""
    await store.record(numbered(1), AT)
    logs = [make_log() for _ in range(4)]
    for each in logs:
        await each.start()
    desks = [JudgementStore(log_url, each) for each in logs]
    taking = (each.withdraw(numbered(1).id, TAKEN_BACK) for each in desks)
    results = await asyncio.gather(*taking, return_exceptions=True)
    assert results.count(None) == 1
    assert [getattr(each, "code", "") for each in results].count("JUDGEMENT_WITHDRAWN") == 3
    assert [each.act for each in await acts(log)] == ["recorded", "withdrawn"]
    await asyncio.gather(*(each.close() for each in desks))


async def test_a_store_without_a_log_only_reads(log: Log, log_url: str) -> None:
    store = JudgementStore(log_url)
    with pytest.raises(RuntimeError):
        await store.record(numbered(1), AT)
    assert await store.every() == ()
    await store.close()


async def test_what_is_erased_is_forgotten_by_who_had_read_it(store: JudgementStore, log: Log, log_url: str) -> None:
    for number in (1, 2, 3):
        await store.record(numbered(number), AT)
    await store.book()
    for number, left in ((2, {1, 3}), (3, {1}), (7, {1})):
        await log.beside(lambda engine, n=number: erase(engine, n))  # type: ignore[misc]
        assert {each for each in (1, 2, 3) if held(await store.book(), each)} == left
    assert len(read_all(log_url, "SELECT * FROM judgement")) == 2, "what is left, and that something was erased"
    await store.record(numbered(4), AT)
    assert [each.judgement.id for each in await store.every()] == [numbered(1).id, numbered(4).id]


def erase(engine: Engine, number: int) -> None:
    with engine.begin() as connection:
        forget(connection, judgement_table, {numbered(number).id}, AT)

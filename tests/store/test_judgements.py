"""Decisions kept beside the log: seen by every process at once, never lost in silence, never quoted."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from hub.domain.identifiers import CaseReference
from hub.errors import AuditUnavailable, BadRequest
from hub.policy.judgements import Book, Judgement, State, Withdrawal
from hub.store.appender import Log
from hub.store.judgements import JudgementStore
from tests.policy.judged import ASKED, AT, CHILD, POLICE, REASONS, judgement
from tests.store.tampering import edit, read_all

MakeStore = Callable[..., JudgementStore]
ROOT = Path(__file__).parents[2]
TAKEN_BACK = Withdrawal("Rowan Achebe", AT + timedelta(hours=1), "The arrest was made this morning.")


def numbered(number: int, **changes: Any) -> Judgement:
    return judgement(id=f"{number:032x}", local_id=f"P-{number}", **changes)


def held(book: Book, number: int) -> bool:
    """Whether there is a hold on that child's reports."""
    judged = book.about(
        custodian=POLICE,
        local_id=f"P-{number}",
        nhs_numbers=(),
        kind="intelligence",
        record_id="r1",
        organisation="testshire-council",
        case_reference=CaseReference("A-1"),
        purpose="ca2004-s16la",
        at=AT,
    )
    return judged.words == {"investigation_hold"}


@pytest.fixture
async def make_store(log: Log, log_url: str) -> AsyncIterator[MakeStore]:
    """Makes stores in a log's database."""
    made: list[JudgementStore] = []

    def make(**more: Any) -> JudgementStore:
        made.append(JudgementStore(log_url, log, **more))
        return made[-1]

    yield make
    await asyncio.gather(*(each.close() for each in made))


@pytest.fixture
async def store(make_store: MakeStore) -> JudgementStore:
    return make_store()


async def test_nothing_is_decided_at_first(store: JudgementStore) -> None:
    assert await store.every() == ()
    assert not held(await store.book(), 1)


async def test_what_is_recorded_reads_as_it_was_made(store: JudgementStore, make_store: MakeStore) -> None:
    whole = judgement(
        nhs_number=CHILD,
        kinds=frozenset({"intelligence", "crime"}),
        record_id="Ω 1",
        fields=frozenset({"summary"}),
        request=ASKED,
        reasons=REASONS + '\n"Über"',
        review_at=AT + timedelta(microseconds=1),
    )
    await store.record(whole, AT)
    await store.withdraw(whole.id, TAKEN_BACK)
    for each in (store, make_store()):
        (kept,) = await each.every()
        assert (kept.judgement, kept.recorded_at, kept.withdrawal) == (whole, AT, TAKEN_BACK)


async def test_a_decision_holds_until_it_is_withdrawn(store: JudgementStore) -> None:
    await store.record(numbered(1), AT)
    await store.record(numbered(2), AT)
    assert held(await store.book(), 1)
    await store.withdraw(numbered(1).id, TAKEN_BACK)
    book = await store.book()
    assert (held(book, 1), held(book, 2)) == (False, True)
    first, second = await store.every()
    assert (first.state(AT), second.state(AT)) == (State.WITHDRAWN, State.IN_FORCE)
    assert second.state(AT + timedelta(days=3)) is State.EXPIRED


@pytest.mark.parametrize(
    ("before", "reference", "code"),
    [
        pytest.param(False, "f" * 32, "JUDGEMENT_NOT_FOUND", id="no such reference"),
        pytest.param(False, "'; DROP TABLE judgement; --", "JUDGEMENT_NOT_FOUND", id="no reference"),
        pytest.param(True, f"{1:032x}", "JUDGEMENT_WITHDRAWN", id="withdrawn before"),
    ],
)
async def test_what_cannot_be_withdrawn(store: JudgementStore, before: bool, reference: str, code: str) -> None:
    await store.record(numbered(1), AT)
    if before:
        await store.withdraw(numbered(1).id, TAKEN_BACK)
    count = len(await store.every())
    with pytest.raises(BadRequest) as caught:
        await store.withdraw(reference, TAKEN_BACK)
    assert caught.value.code == code
    assert reference not in caught.value.message
    assert len(await store.every()) == count


async def test_rows_are_only_added(store: JudgementStore, log_url: str) -> None:
    await store.record(numbered(1), AT)
    before = read_all(log_url, "SELECT * FROM judgement")
    await store.record(numbered(2), AT)
    await store.withdraw(numbered(1).id, TAKEN_BACK)
    after = read_all(log_url, "SELECT * FROM judgement ORDER BY number")
    assert after[: len(before)] == before
    assert [row[:3] for row in after] == [
        (1, numbered(1).id, "recorded"),
        (2, numbered(2).id, "recorded"),
        (3, numbered(1).id, "withdrawn"),
    ]


async def test_one_process_sees_what_another_records_and_withdraws(make_store: MakeStore) -> None:
    hub, desk = make_store(), make_store()
    assert not held(await hub.book(), 1)
    await desk.record(numbered(1), AT)
    assert held(await hub.book(), 1)
    await hub.record(numbered(2), AT)
    await desk.withdraw(numbered(1).id, TAKEN_BACK)
    book = await hub.book()
    assert (held(book, 1), held(book, 2)) == (False, True)


async def test_nothing_is_read_again_while_nothing_is_new(store: JudgementStore) -> None:
    await store.record(numbered(1), AT)
    first = await store.book()
    statements: list[str] = []
    event.listen(store._engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    assert await store.book() is first
    assert len([each for each in statements if each.startswith("SELECT")]) == 1
    await store.record(numbered(2), AT)
    statements.clear()
    assert await store.book() is not first
    (read,) = [each for each in statements if "body" in each]
    assert "number >= " in read


@pytest.mark.slow
async def test_processes_that_record_at_once_are_all_seen(store: JudgementStore, log_url: str, tmp_path: Path) -> None:
    """A reader that reads all the while misses none, in whatever order they commit."""
    count = 15
    command = [sys.executable, "-m", "tests.store.deciding", log_url, str(tmp_path / "key")]
    processes = [
        subprocess.Popen([*command, str(first), str(count)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for first in (100, 200, 300)
    ]

    async def acknowledged(process: subprocess.Popen[str]) -> int:
        assert process.stdout is not None
        seen = 0
        while line := await asyncio.to_thread(process.stdout.readline):
            if line != "ready\n":
                assert held(await store.book(), int(line, 16)), "acknowledged, so the next question is decided with it"
                seen += 1
        return seen

    assert await asyncio.gather(*(acknowledged(each) for each in processes)) == [count] * 3
    assert [each.wait() for each in processes] == [0, 0, 0]
    assert [row[0] for row in read_all(log_url, "SELECT number FROM judgement ORDER BY number")] == list(
        range(1, 3 * count + 1)
    )
    assert len(await store.every()) == 3 * count


@pytest.mark.postgres
async def test_a_writer_waits_for_the_one_before_it(
    new_schema: Callable[[], str], signer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Else the later number could be seen first, and the earlier one would be passed over for ever."""
    url = new_schema()
    log = Log(url, signer)
    await log.start()
    slow, quick = JudgementStore(url), JudgementStore(url, log)
    with slow._engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("SELECT 1 FROM log_head FOR UPDATE"))
        waiting = asyncio.create_task(quick.record(numbered(2), AT))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        assert not held(await quick.book(), 2)
        transaction.commit()
    await waiting
    assert held(await quick.book(), 2)
    await asyncio.gather(slow.close(), quick.close(), log.close())


@pytest.mark.parametrize(
    ("statement", "holds"),
    [
        pytest.param("DELETE FROM judgement WHERE number = 2", {1}, id="the last is gone"),
        pytest.param("DELETE FROM judgement", set(), id="all are gone"),
        pytest.param("UPDATE judgement SET number = 9 WHERE number = 2", {1, 2}, id="another row is the newest"),
        pytest.param("UPDATE judgement SET number = 3 - number * 3", {1, 2}, id="all have other numbers"),
    ],
)
async def test_a_database_put_back_is_read_anew(
    store: JudgementStore, log_url: str, statement: str, holds: set[int]
) -> None:
    await store.record(numbered(1), AT)
    await store.record(numbered(2), AT)
    await store.book()
    edit(log_url, statement)
    book = await store.book()
    assert {number for number in (1, 2) if held(book, number)} == holds


async def test_a_number_given_out_again_after_a_restore_is_another_row(
    store: JudgementStore, make_store: MakeStore, log_url: str
) -> None:
    for number in (1, 2):
        await store.record(numbered(number), AT)
    await store.book()
    edit(log_url, "DELETE FROM judgement WHERE number = 2")
    for number in (3, 4):
        await make_store().record(numbered(number), AT)
    book = await store.book()
    assert {number for number in (1, 2, 3, 4) if held(book, number)} == {1, 3, 4}


SECRETS = ("P-1", "999000", "Imogen", "father", "Rowan")


@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param("DROP TABLE judgement", id="no table"),
        pytest.param("UPDATE judgement SET body = '{\"version\"\\:1}' WHERE number = 2", id="a row that says nothing"),
        pytest.param("UPDATE judgement SET body = '{' || body WHERE number = 2", id="a row that is not JSON"),
        pytest.param("UPDATE judgement SET body = replace(body, '\"version\"\\:1', '\"version\"\\:2') WHERE number = 2", id="a later hub's row"),
        pytest.param("UPDATE judgement SET body = replace(body, '\"P-2\"', '2') WHERE number = 2", id="a row of another shape"),
        pytest.param("UPDATE judgement SET act = 'paused' WHERE number = 2", id="an act of no meaning"),
        pytest.param("UPDATE judgement SET act = 'withdrawn' WHERE number = 2", id="a withdrawal that is none"),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_never_read_as_nothing(
    store: JudgementStore, make_store: MakeStore, log_url: str, break_it: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "hub")
    await store.record(numbered(1, nhs_number=CHILD), AT)
    await store.book()
    await store.record(numbered(2, nhs_number=CHILD), AT)
    edit(log_url, break_it)
    for each in (store, make_store()):
        for _ in range(2):
            with pytest.raises(AuditUnavailable) as caught:
                await each.book()
            assert caught.value.code == "AUDIT_UNAVAILABLE"
            said = str(caught.value) + repr(caught.value.__cause__) + caplog.text
            assert not [secret for secret in SECRETS if secret in said]


class Breaking:
    """Makes a store's next statements of one sort fail."""

    def __init__(self, store: JudgementStore | Log, begins: str, times: int) -> None:
        self.left, self.begins = times, begins
        engine = store._engine
        self.fault = engine.dialect.dbapi.OperationalError  # type: ignore[union-attr]
        event.listen(engine, "before_cursor_execute", self._execute)

    def _execute(self, _c: Any, _cursor: Any, statement: str, *_: object) -> None:
        if statement.startswith(self.begins) and self.left:
            self.left -= 1
            raise self.fault(f"broken while {SECRETS}")


@pytest.mark.parametrize(("times", "survives"), [(1, True), (2, False)])
async def test_a_read_is_tried_twice(store: JudgementStore, times: int, survives: bool) -> None:
    await store.record(numbered(1), AT)
    Breaking(store, "SELECT", times)
    if survives:
        assert held(await store.book(), 1)
    else:
        with pytest.raises(AuditUnavailable, match="nothing is released"):
            await store.book()
        assert held(await store.book(), 1), "and works again when the database does"


@pytest.mark.parametrize("act", ["record", "withdraw"])
async def test_a_write_that_fails_says_that_it_is_not_certain(
    store: JudgementStore, log: Log, act: str, caplog: pytest.LogCaptureFixture
) -> None:
    await store.record(numbered(1), AT)
    Breaking(log, "INSERT INTO judgement", 9)
    with pytest.raises(AuditUnavailable, match="not certain") as caught:
        await (store.record(numbered(2), AT) if act == "record" else store.withdraw(numbered(1).id, TAKEN_BACK))
    assert not [secret for secret in SECRETS if secret in str(caught.value) + caplog.text]
    assert [each.state(AT) for each in await store.every()] == [State.IN_FORCE]


async def test_one_reference_is_recorded_once(store: JudgementStore) -> None:
    await store.record(numbered(1), AT)
    with pytest.raises(AuditUnavailable):
        await store.record(replace(numbered(1), reasons="Something else altogether, for sure."), AT)
    assert [each.judgement for each in await store.every()] == [numbered(1)]


async def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    store = JudgementStore(f"postgresql://u:secret@/db?host={tmp_path}", wait_seconds=2)
    with pytest.raises(AuditUnavailable) as caught:
        await store.book()
    assert "secret" not in str(caught.value)
    await store.close()

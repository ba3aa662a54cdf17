"""What goes into the log together with an entry: its side row, its parts, and what others do in its transaction."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from hub.audit.encoding import decode, encode_all
from hub.audit.entries import Abandoned, Answer, FieldGroup, Question, RecordLine, Records
from hub.audit.side import Side
from hub.audit.verify import Report
from hub.domain.disclosure import Outcome
from hub.errors import AuditUnavailable, BadRequest
from hub.store.appender import Log, QuestionClosed
from hub.store.pending import Along
from hub.store.tables import log_reference
from tests.store.breaking import COMMIT, install
from tests.store.conftest import MakeLog
from tests.store.making import abandoned, answer, ask_and_answer, question, refused
from tests.store.tampering import read_all
from tests.store.test_limits import held

Verify = Callable[..., Report]
SECRET = b"what she wrote about the child"
RECORDS = tuple(
    RecordLine("testshire-council", "assessment", number, (FieldGroup(Outcome.SHARED, ("one", "two", "three")),))
    for number in range(1, 2_501)
)
"""More than fit in one entry."""


class Oops(Exception):
    """What somebody's own part of a transaction may do."""


def with_side(log: Log) -> tuple[Question, Side]:
    side = log.sealed(SECRET)
    return question(log, side=side.commitment), side


def noted(connection: Connection, index: int) -> None:
    connection.execute(insert(log_reference).values(kind="along", value=str(index), ref=secrets.token_hex(16)))


def nothing_but(url: str, entries: int) -> None:
    """The database holds so many entries, and nothing beside them."""
    assert len(read_all(url, "SELECT * FROM log_entry")) == entries
    for table in ("log_side", "log_reference", "log_open"):
        assert read_all(url, f"SELECT * FROM {table}") == [], table


async def test_a_side_row_is_kept_with_its_entry(log: Log, log_url: str, verified: Verify) -> None:
    await log.append(refused(log))
    entry, side = with_side(log)
    asked = await log.append(entry, side=side)
    stored = await log.entry(asked.index)
    assert stored is not None
    assert stored.body.find(SECRET) == -1
    ((index, salt, body),) = read_all(log_url, 'SELECT "index", salt, body FROM log_side')
    assert (index, bytes(body)) == (asked.index, SECRET)  # type: ignore[call-overload]
    assert Side(bytes(salt), bytes(body)).matches(getattr(stored.entry, "side", None))  # type: ignore[call-overload]
    assert verified().ok


MISMATCHES: list[Any] = [
    pytest.param(lambda log: (with_side(log)[0], None), id="a commitment and no row"),
    pytest.param(lambda log: (question(log), log.sealed(SECRET)), id="a row and no commitment"),
    pytest.param(lambda log: (with_side(log)[0], log.sealed(SECRET)), id="the same text under another salt"),
    pytest.param(lambda log: (refused(log), log.sealed(SECRET)), id="a row beside an entry that has none"),
]


@pytest.mark.parametrize("make", MISMATCHES)
async def test_a_side_row_that_is_not_the_entrys_is_refused(
    log: Log, log_url: str, make: Callable[[Log], tuple[Any, Side | None]], caplog: pytest.LogCaptureFixture
) -> None:
    entry, side = make(log)
    with pytest.raises(AuditUnavailable):
        await log.append(entry, side=side)
    nothing_but(log_url, 0)
    assert "what she wrote" not in caplog.text


async def test_what_goes_along_is_told_the_index_of_its_entry(log: Log, log_url: str, verified: Verify) -> None:
    first, second = await asyncio.gather(log.append(refused(log), along=noted), log.append(refused(log), along=noted))
    asked = await log.append(question(log))
    told = await log.append(answer(log, asked.index, records=RECORDS), along=noted)
    found = {int(value) for (value,) in read_all(log_url, "SELECT value FROM log_reference")}  # type: ignore[call-overload]
    assert found == {first.index, second.index, told.index}
    assert verified().ok


async def test_an_along_that_fails_leaves_no_entry_and_its_companions_neither(
    log: Log, log_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(connection: Connection, index: int) -> None:
        noted(connection, index)
        raise Oops("what she wrote")

    entry, side = with_side(log)
    with pytest.raises(AuditUnavailable):
        await log.append(entry, side=side, along=fails)
    nothing_but(log_url, 0)
    assert "what she wrote" not in caplog.text, "a fault's own words could quote what was being written"
    assert (await log.append(refused(log), along=noted)).index == 0


def taken_back(connection: Connection, index: int) -> None:
    noted(connection, index)
    raise BadRequest("withdrawn before", code="WITHDRAWN")


def taken_already(connection: Connection, index: int) -> None:
    noted(connection, index)
    noted(connection, index)


@pytest.mark.parametrize("stands_in_the_way", [taken_back, taken_already])
async def test_nobody_elses_entry_fails_with_what_goes_along_with_one(
    log: Log, log_url: str, verified: Verify, stands_in_the_way: Along
) -> None:
    """Searchers and officers share transactions; a decision that somebody else took first stops no searcher."""
    async with held(log):
        bad = [asyncio.create_task(log.append(refused(log), along=stands_in_the_way)) for _ in range(3)]
        good = [asyncio.create_task(log.append(refused(log), along=noted)) for _ in range(20)]
    results = await asyncio.gather(*bad, return_exceptions=True)
    assert all(isinstance(each, AuditUnavailable) for each in results)
    indices = {each.index for each in await asyncio.gather(*good)}
    assert indices == set(range(1, 21))
    assert {int(value) for (value,) in read_all(log_url, "SELECT value FROM log_reference")} == indices  # type: ignore[call-overload]
    assert verified().checked == 21


async def test_a_failed_commit_leaves_nothing_of_an_entry(
    make_log: MakeLog, log_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = install(monkeypatch)
    log = make_log()
    await log.start()
    driver.arm(COMMIT, times=10**6)
    entry, side = with_side(log)
    with pytest.raises(AuditUnavailable):
        await log.append(entry, side=side, along=noted)
    driver.disarm()
    nothing_but(log_url, 0)


async def test_a_long_answer_is_one_transaction_and_its_result_is_the_answers(
    log: Log, log_url: str, verified: Verify
) -> None:
    asked = await log.append(question(log))
    entry = answer(log, asked.index, records=RECORDS)
    bodies = encode_all(entry)
    assert len(bodies) > 2
    told = await log.append(entry)
    assert told.index == asked.index + len(bodies)
    assert told.size == told.index + 1
    rows = read_all(log_url, 'SELECT body, note FROM log_entry ORDER BY "index"')[1:]
    assert [bytes(body) for body, _ in rows] == bodies  # type: ignore[call-overload]
    assert [note is not None for _, note in rows] == [False] * (len(bodies) - 1) + [True], "signed once, at its end"
    assert verified().ok


async def test_nobody_comes_between_the_parts_of_an_answer(make_log: MakeLog, log_url: str, verified: Verify) -> None:
    """Two hubs at once, long answers and short ones."""
    logs = [make_log(), make_log()]
    await asyncio.gather(*(log.start() for log in logs))

    async def ask(number: int) -> None:
        log = logs[number % 2]
        asked = await log.append(question(log))
        await log.append(answer(log, asked.index, records=RECORDS if number % 3 else RECORDS[:1]))

    await asyncio.gather(*(ask(number) for number in range(24)))
    rows = read_all(log_url, 'SELECT body FROM log_entry ORDER BY "index"')
    entries = [decode(bytes(body)) for (body,) in rows]  # type: ignore[call-overload]
    assert sum(isinstance(entry, Records) for entry in entries) > 16
    for one, after in pairwise(entries):
        if isinstance(one, Records):
            assert isinstance(after, Records | Answer)
            assert after.question == one.question
    report = verified()
    assert (report.ok, report.open) == (True, ())


@pytest.mark.parametrize("make_end", [answer, abandoned], ids=["after its answer", "after it was abandoned"])
async def test_a_late_answer_leaves_neither_parts_nor_anything_beside(
    log: Log, log_url: str, verified: Verify, make_end: Callable[[Log, int], Answer | Abandoned]
) -> None:
    asked = await log.append(question(log))
    await log.append(make_end(log, asked.index))
    with pytest.raises(QuestionClosed):
        await log.append(answer(log, asked.index, records=RECORDS), along=noted)
    nothing_but(log_url, 2)
    assert verified().checked == 2


async def test_of_a_long_answer_and_the_reaper_at_one_time_one_is_written_whole(
    log: Log, log_url: str, verified: Verify
) -> None:
    asked = [await log.append(question(log)) for _ in range(10)]
    ends = [
        log.append(end, along=noted)
        for each in asked
        for end in (abandoned(log, each.index), answer(log, each.index, records=RECORDS))
    ]
    results = await asyncio.gather(*ends, return_exceptions=True)
    assert [isinstance(each, QuestionClosed) for each in results].count(True) == 10
    found = {int(value) for (value,) in read_all(log_url, "SELECT value FROM log_reference")}  # type: ignore[call-overload]
    assert found == {each.index for each in results if not isinstance(each, BaseException)}
    report = verified()
    assert (report.ok, report.open) == (True, ())


async def test_an_answer_that_cannot_be_told_in_parts_is_unavailable(log: Log, log_url: str) -> None:
    asked, _ = await ask_and_answer(log)
    waiting = await log.append(question(log))
    fields = tuple(f"field_{number}" for number in range(8_000))
    huge = RecordLine("testshire-council", "assessment", 1, (FieldGroup(Outcome.SHARED, fields),))
    with pytest.raises(AuditUnavailable):
        await log.append(answer(log, waiting.index, records=(huge,)))
    assert read_all(log_url, "SELECT question FROM log_open") == [(waiting.index,)]
    assert asked.index == 0

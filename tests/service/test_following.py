"""The list of the log is kept up while the hub runs, and costs nobody an answer when it cannot be."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from hub.errors import AuditUnavailable
from hub.service.following import Following
from hub.store.appender import Log
from hub.store.keys import load_or_create
from hub.store.log_search import Filter, search
from hub.store.read_model import Caught, place
from tests.store.making import ask_and_answer, question

WAIT_SECONDS = 10.0


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    made = Log(f"sqlite:///{tmp_path / 'log.db'}", load_or_create(tmp_path / "key", "testshire.example/log"))
    await made.start()
    yield made
    await made.close()


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not happened():
            await asyncio.sleep(0.01)


async def test_it_reads_on_by_itself(log: Log) -> None:
    following = asyncio.create_task(Following(log, 0.01, 0.0).run())
    try:
        for _ in range(3):
            await ask_and_answer(log)
            async with asyncio.timeout(WAIT_SECONDS):
                while not (await log.beside(place)).up:
                    await asyncio.sleep(0.01)
        assert await log.beside(place) == Caught(6, 6)
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def test_it_reads_on_before_somebody_reads(log: Log) -> None:
    following = Following(log)
    for expected in (1, 2):
        await log.append(question(log))
        assert await following.caught_up() == Caught(expected, expected)
        page = await log.beside(lambda engine: search(engine, Filter()))
        assert (len(page.rows), page.caught.up) == (expected, True)


async def test_who_cannot_wait_gets_what_there_is_and_is_told_how_far_it_is(log: Log) -> None:
    await ask_and_answer(log)
    caught = await Following(log).caught_up(within_seconds=0.0)
    assert (caught.up, caught.size) == (False, 2)


async def test_a_database_that_fails_is_one_line_and_it_goes_on(
    log: Log, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await ask_and_answer(log)
    (tmp_path / "log.db").rename(tmp_path / "away.db")
    following = asyncio.create_task(Following(log, 0.0, 0.0).run())

    def lines(word: str) -> int:
        return sum(word in record.getMessage() for record in caplog.records)

    await until(lambda: lines("could not be read") >= 3)
    assert lines("LOG_LIST_BEHIND") == 1
    with pytest.raises(AuditUnavailable):
        await Following(log).caught_up()
    (tmp_path / "away.db").rename(tmp_path / "log.db")
    await until(lambda: lines("kept up again") == 1)
    assert await Following(log).caught_up() == Caught(2, 2)
    following.cancel()

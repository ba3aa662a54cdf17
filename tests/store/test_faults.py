"""The database goes away, hangs or breaks for everybody: it is said to be unavailable in time, and works again after.

What becomes of each write of an append is in ``test_fault_table.py``.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, text

from hub.audit.verify import Report
from hub.errors import AuditUnavailable
from hub.store.appender import Log
from hub.store.keys import load_or_create
from tests.store.breaking import Breaking, install
from tests.store.conftest import ORIGIN, MakeLog
from tests.store.making import ask_and_answer, question, refused

Verify = Callable[..., Report]


@pytest.fixture(autouse=True)
def driver(monkeypatch: pytest.MonkeyPatch) -> Breaking:
    """Under every connection of the test."""
    return install(monkeypatch)


async def test_a_commit_that_was_done_and_cannot_be_confirmed_is_not_acknowledged(
    log: Log, verified: Verify, driver: Breaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one case in which the log may say more than was told: never less."""
    really = log._engine.dialect.do_commit

    def then_everything_breaks(connection: Any) -> None:
        really(connection)
        driver.arm("SELECT log_head.", times=10**6)
        raise sqlite3.OperationalError if log._engine.dialect.name == "sqlite" else psycopg.OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(log._engine.dialect, "do_commit", then_everything_breaks)
        with pytest.raises(AuditUnavailable):
            await log.append(question(log))
    driver.disarm()
    assert verified().open == (0,)
    asked, answered = await ask_and_answer(log)
    assert (asked.index, answered.index) == (1, 2)
    await asyncio.sleep(0.01)
    assert await log.abandon_stale(0) == 1
    report = verified()
    assert (report.ok, report.checked, report.open) == (True, 4, ())


async def test_reads_fail_as_unavailable_and_recover(log: Log, driver: Breaking) -> None:
    await log.append(refused(log))
    driver.arm("SELECT", times=10**6)
    for call in (log.entry(0), log.proof(0), log.checkpoint(), log.reference("k", "v"), log.abandon_stale(0)):
        with pytest.raises(AuditUnavailable):
            await call
    assert not (await log.check()).ok
    driver.disarm()
    assert await log.proof(0)
    assert (await log.check()).ok


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Somebody else holds the head and does not let go."""
    engine = create_engine(url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT * FROM log_head FOR UPDATE"))
        yield
        connection.rollback()
    engine.dispose()


async def test_a_held_lock_is_given_up_on_in_time_and_recovered_from(
    make_log: MakeLog, log_url: str, verified: Verify
) -> None:
    log = make_log(wait_seconds=0.5)
    await log.start()
    with locked(log_url):
        for _ in range(2):
            begun = time.monotonic()
            with pytest.raises(AuditUnavailable):
                await log.append(refused(log))
            assert time.monotonic() - begun < 1.5
        assert not (await log.check()).ok
    for _ in range(100):  # what was given up may still be under way for a moment
        try:
            await log.append(refused(log))
            break
        except AuditUnavailable:
            await asyncio.sleep(0.1)
    assert verified().ok
    assert (await log.check()).ok


@pytest.mark.postgres
async def test_a_database_that_goes_away_and_comes_back(
    postgres_url: str, new_database: Callable[[], str], tmp_path: Path
) -> None:
    url = new_database()
    log = Log(url, load_or_create(tmp_path / "key", ORIGIN), wait_seconds=2)
    await log.start()
    await ask_and_answer(log)
    name = url.rpartition("?")[0].rpartition("/")[2]
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        kill = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        connection.execute(kill, {"name": name})
        begun = time.monotonic()
        with pytest.raises(AuditUnavailable):
            await log.append(refused(log))
        with pytest.raises(AuditUnavailable):
            await log.checkpoint()
        assert time.monotonic() - begun < 2
        assert not (await log.check()).ok
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
        asked, answered = await ask_and_answer(log)
        assert (asked.index, answered.index) == (2, 3)
        for _ in range(5):  # every connection dies, again and again, and no searcher notices
            connection.execute(kill, {"name": name})
            await ask_and_answer(log)
    admin.dispose()
    assert (await log.check()).size == 14
    await log.close()


@pytest.mark.postgres
async def test_a_connection_cut_in_the_middle_of_a_commit(
    postgres_url: str, new_schema: Callable[[], str], tmp_path: Path
) -> None:
    """The server kills the session as it is asked to commit: not committed, seen so, and tried again."""
    log = Log(new_schema(), load_or_create(tmp_path / "key", ORIGIN))
    await log.start()
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    really = log._engine.dialect.do_commit
    cut: list[int] = []

    def cut_then_commit(connection: Any) -> None:
        if not cut:
            cut.append(connection.driver_connection.info.backend_pid)
            with admin.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": cut[0]})
        really(connection)

    log._engine.dialect.do_commit = cut_then_commit  # type: ignore[method-assign]
    asked, answered = await ask_and_answer(log)
    assert cut
    assert (asked.index, answered.index) == (0, 1)
    await log.close()
    admin.dispose()


async def test_a_database_that_is_not_there_at_the_start(tmp_path: Path) -> None:
    signer = load_or_create(tmp_path / "key", ORIGIN)
    for url in (f"sqlite:///{tmp_path}/no/such/log", f"postgresql://u:secret@/db?host={tmp_path}"):
        log = Log(url, signer, wait_seconds=2)
        with pytest.raises(AuditUnavailable) as caught:
            await log.start()
        assert "secret" not in str(caught.value) + repr(caught.value.__cause__)
        await log.close()

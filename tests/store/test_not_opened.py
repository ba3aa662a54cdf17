"""A log that cannot be opened at a start: whoever starts it reads why, soon, and nothing of the settings' secrets."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from hub.errors import AuditUnavailable
from hub.store import not_opened
from hub.store.appender import Log
from hub.store.not_opened import LOCKED, NOT_ALLOWED, NOT_THERE, NotOpened, why
from hub.store.signers.file import FileSigner
from tests.store.conftest import MakeLog


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Somebody holds the log's database, and does not let go."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN EXCLUSIVE")
            else:
                connection.execute(text("LOCK TABLE schema_version, log_head IN ACCESS EXCLUSIVE MODE"))
            yield
            connection.rollback()
    finally:
        engine.dispose()


async def test_locked_by_somebody_else_it_says_so_and_starts_once_that_has_ended(
    make_log: MakeLog, log_url: str
) -> None:
    await make_log().start()
    late = make_log(wait_seconds=0.3)
    with locked(log_url), pytest.raises(NotOpened) as refused:
        await late.start()
    assert LOCKED in refused.value.message
    assert refused.value.code == AuditUnavailable.default_code
    await make_log(wait_seconds=0.3).start()


async def test_not_there(signer: FileSigner) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as gone:
        port = gone.getsockname()[1]
    log = Log(f"postgresql+psycopg://hub:s3cret@127.0.0.1:{port}/log", signer, wait_seconds=1.0)
    with pytest.raises(NotOpened) as refused:
        await log.start()
    await log.close()
    assert NOT_THERE in refused.value.message
    assert "s3cret" not in refused.value.message
    assert str(port) not in refused.value.message


async def test_a_directory_that_is_not_there(tmp_path: Path, signer: FileSigner) -> None:
    log = Log(f"sqlite:///{tmp_path / 'nowhere' / 'log.db'}", signer, wait_seconds=0.3)
    with pytest.raises(NotOpened) as refused:
        await log.start()
    await log.close()
    assert NOT_ALLOWED in refused.value.message


async def test_too_slow(make_log: MakeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    log = make_log(wait_seconds=0.01)
    monkeypatch.setattr("hub.store.appender.START_SECONDS", 0.02)
    done = threading.Event()
    monkeypatch.setattr(log, "_prepare", lambda: done.wait(5))
    with pytest.raises(NotOpened, match=r"was not ready within 0\.02 s"):
        await log.start()
    done.set()


class _State(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("a row of somebody's")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param("55P03", LOCKED, id="lock_not_available"),
        pytest.param("57014", LOCKED, id="query_canceled, by the statement's timeout"),
        pytest.param("53100", not_opened.NO_ROOM, id="disk_full"),
        pytest.param("42501", NOT_ALLOWED, id="insufficient_privilege"),
        pytest.param("25006", NOT_ALLOWED, id="read_only_sql_transaction"),
        pytest.param("28P01", NOT_ALLOWED, id="invalid_password"),
        pytest.param("XX000", "it failed (SQLSTATE XX000)", id="another"),
    ],
)
def test_why(state: str, expected: str) -> None:
    assert why(_State(state)) == expected


def test_extended_codes_of_sqlite_count_as_their_kind(tmp_path: Path) -> None:
    path = tmp_path / "read-only.db"
    sqlite3.connect(path).close()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database, pytest.raises(sqlite3.Error) as fault:
        database.execute("CREATE TABLE a (b)")
    assert why(fault.value) == NOT_ALLOWED

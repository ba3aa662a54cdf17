"""Engines for the log: durable, and impatient.

A commit must be on disk before it is acknowledged (promise 1), and a database that does not answer must not hold a
worker at the screen for longer than the setting says.
"""

from __future__ import annotations

import math
import sqlite3
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, NoSuchModuleError, OperationalError

from hub.errors import ConfigurationError

POOL_SIZE = 4
"""Connections for reading; the writer holds one more."""


def parse_url(url: str) -> URL:
    """The database's URL with its driver.

    Raises:
        ConfigurationError: not SQLite (as a file) or PostgreSQL. The message never quotes it: it may hold a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            "The log's database URL cannot be read; write sqlite:///file or postgresql://..."
        ) from None
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "postgresql+psycopg":
        return parsed
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if parsed.database in (None, "", ":memory:") or str(parsed.database).startswith("file:"):
            raise ConfigurationError("The log needs a database that survives: give SQLite a file, not memory.")
        return parsed
    raise ConfigurationError("The log's database must be SQLite (sqlite:///file) or PostgreSQL (postgresql://...).")


def make_engine(url: str, wait_seconds: float) -> Engine:
    """An engine whose transactions lock at once (see :func:`reading` for the exception) and wait ``wait_seconds``."""
    parsed = parse_url(url)
    try:
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed, wait_seconds)
        return _postgresql(parsed, wait_seconds)
    except (NoSuchModuleError, ModuleNotFoundError):
        raise ConfigurationError("The driver of the log's database is not installed: pip install psycopg.") from None


def reading(connection: Connection) -> Connection:
    """Mark ``connection``, before its first statement, as one that only reads one state of the database."""
    if connection.dialect.name == "postgresql":
        return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return connection.execution_options(log_reading=True)


def single(connection: Connection) -> Connection:
    """Mark ``connection``, before its only statement, as one that reads no more than that one.

    One statement sees one state of the database by itself; on PostgreSQL a transaction around it would be two more
    trips to the server, in every question.
    """
    if connection.dialect.name == "postgresql":
        return connection.execution_options(isolation_level="AUTOCOMMIT")
    return reading(connection)


def exists(url: str) -> bool:
    """Whether there may be a database: a missing SQLite file would be made by looking into it."""
    parsed = parse_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(str(parsed.database)).is_file()


def _sqlite(url: URL, wait_seconds: float) -> Engine:
    path = Path(str(url.database)).absolute()
    was_there = False

    def connect() -> sqlite3.Connection:
        # Only the first connection may make the file. A later one that made it anew would log into a file that is not
        # the log, and would leave beside the true one, once it is put back, a write-ahead log that is not its own.
        nonlocal was_there
        address = f"file:{quote(str(path))}?mode={'rw' if was_there else 'rwc'}"
        connection = sqlite3.connect(address, uri=True, timeout=wait_seconds, check_same_thread=False)
        was_there = True
        return connection

    engine = create_engine(
        url,
        creator=connect,
        pool_size=POOL_SIZE + 1,
        max_overflow=0,
        pool_timeout=wait_seconds,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _set_up(dbapi_connection: Any, record: Any) -> None:
        record.info["file"] = _identity(path)
        dbapi_connection.isolation_level = None  # else the driver starts transactions of its own, and too late
        _use_wal(dbapi_connection, wait_seconds)
        dbapi_connection.execute("PRAGMA synchronous = FULL").close()

    @event.listens_for(engine, "checkout")
    def _checkout(_dbapi_connection: Any, record: Any, _proxy: Any) -> None:
        if _identity(path) != record.info["file"]:
            raise DisconnectionError  # the pool tries a new connection

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        _require_same_file(connection, path)
        only_reads = connection.get_execution_options().get("log_reading", False)
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute("BEGIN" if only_reads else "BEGIN IMMEDIATE").close()
        except sqlite3.Error as fault:
            raise OperationalError("BEGIN", None, fault) from None

    @event.listens_for(engine, "commit")
    def _before_commit(connection: Connection) -> None:
        _require_same_file(connection, path)

    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file is at ``path`` now: device and inode, or None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _require_same_file(connection: Connection, path: Path) -> None:
    """Raise, and give the connection up, when the log's file was moved away, removed or replaced under it.

    The system lets a process write on into a file that has no name any more: a commit there is durable for nobody.
    """
    if _identity(path) != connection.info.get("file"):
        connection.invalidate()
        raise OperationalError("BEGIN", None, sqlite3.OperationalError("the log's file is not where it was"))


def _use_wal(dbapi_connection: Any, wait_seconds: float) -> None:
    """Write-ahead logging, so that readers and the writer do not wait for each other.

    SQLite does not wait for the lock this change needs, so two hubs that start at once on a new file try again.
    """
    until = time.monotonic() + wait_seconds
    while dbapi_connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            dbapi_connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def _postgresql(url: URL, wait_seconds: float) -> Engine:
    milliseconds = math.ceil(wait_seconds * 1000)
    engine = create_engine(
        url,
        pool_size=POOL_SIZE + 1,
        max_overflow=0,
        pool_timeout=wait_seconds,
        connect_args={
            "connect_timeout": max(2, math.ceil(wait_seconds)),  # libpq reads 1 as 2
            "tcp_user_timeout": milliseconds,
            "keepalives_idle": 10,
            "application_name": "safeguarding-hub-log",
        },
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _set_up(dbapi_connection: Any, _record: object) -> None:
        # synchronous_commit: a role or database default of "off" would acknowledge what a power cut then loses.
        # idle_in_transaction_session_timeout: a frozen hub must not keep the others from the head row.
        with dbapi_connection.cursor() as cursor:
            cursor.execute(
                f"SET synchronous_commit = on; SET lock_timeout = {milliseconds}; "
                f"SET statement_timeout = {2 * milliseconds}; "
                f"SET idle_in_transaction_session_timeout = {2 * milliseconds}"
            )
        dbapi_connection.commit()

    return engine

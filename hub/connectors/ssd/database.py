"""The database at the other end: a few connections, a few threads, a time limit, and names for what goes wrong.

Drivers block, so each call runs in a thread of its own small pool. A call that is given up on (deadline passed) must
not keep its thread: its socket is shut, which wakes the driver with an error that nobody waits for.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from hub.connectors.base import Deadline, UpstreamFault
from hub.connectors.ssd.faults import fault_of
from hub.connectors.ssd.sql import DIALECTS
from hub.domain.sources import NoAnswerReason
from hub.errors import ConfigurationError

CONNECT_SECONDS_MAX = 5
STATEMENT_MILLISECONDS_MIN = 500
_STEP = "hub_statement_timeout_ms"
_SESSION = (
    "-c default_transaction_read_only=on -c datestyle=ISO "
    # one statement, the same text every time, over some thirty tables: planning it costs more than running it
    "-c plan_cache_mode=force_generic_plan -c jit=off"
)

Result = TypeVar("Result")


class _Job:
    """One call in its thread, so that it can be told to stop."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._driver: Any = None
        self.given_up = False

    def uses(self, driver: Any | None) -> None:
        with self._lock:
            self._driver = driver
            if self.given_up and driver is not None:
                _interrupt(driver)

    def give_up(self) -> None:
        with self._lock:
            self.given_up = True
            if self._driver is not None:
                _interrupt(self._driver)


def _interrupt(driver: Any) -> None:
    with suppress(Exception):
        if hasattr(driver, "interrupt"):  # sqlite3
            driver.interrupt()
        elif hasattr(driver, "fileno"):  # psycopg
            with socket.socket(fileno=os.dup(driver.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)


class Database:
    """Read-only use of the database at ``url``.

    Args:
        url: an SQLAlchemy URL; ``postgresql://`` means the psycopg driver, a SQLite file must exist.
        pool_size: at most so many connections and threads.

    Raises:
        ConfigurationError: the URL cannot be read, or names a database or driver that is not there to be used.
    """

    def __init__(self, url: str, pool_size: int) -> None:
        self.engine = _engine(url, pool_size)
        self._threads = ThreadPoolExecutor(max_workers=pool_size, thread_name_prefix="ssd")

    async def run(self, work: Callable[[Connection], Result], deadline: Deadline) -> Result:
        """What ``work`` returns, done on a connection in a thread.

        Raises:
            UpstreamFault: the database is down, slow, refuses, or does not have what ``work`` asks for.
        """
        job = _Job()
        seconds = deadline.left_seconds
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._attempt, job, work, seconds)
        except asyncio.CancelledError:
            job.give_up()
            raise

    async def close(self) -> None:
        """Give back connections and threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.engine.dispose()

    def _attempt(self, job: _Job, work: Callable[[Connection], Result], seconds: float) -> Result:
        for again in (True, False):
            try:
                with self.engine.connect() as connection:
                    try:
                        job.uses(connection.connection.dbapi_connection)
                        _limit_time(connection, seconds)
                        return work(connection)
                    finally:
                        job.uses(None)
            except DBAPIError as error:
                # A pooled connection may have died while idle: reads may be asked twice, so try a fresh one, once.
                if again and error.connection_invalidated and not job.given_up:
                    continue
                raise fault_of(error) from None
            except PoolTimeout:
                raise UpstreamFault(NoAnswerReason.SLOW, "all connections to it are busy") from None
            except SQLAlchemyError as error:
                raise UpstreamFault(NoAnswerReason.MALFORMED, f"the answer could not be read ({error.code})") from None
        raise AssertionError("unreachable: the second attempt returns or raises")


def _limit_time(connection: Connection, seconds: float) -> None:
    """Let the database itself stop a statement nobody waits for any more.

    In steps of doubling, so that a pooled connection is rarely told twice: the caller is let go at the deadline
    whatever the database does.
    """
    limit = STATEMENT_MILLISECONDS_MIN
    while limit < seconds * 1000:
        limit *= 2
    if connection.info.get(_STEP) == limit:
        return
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET statement_timeout = {limit}")
    elif connection.dialect.name == "mssql":
        driver: Any = connection.connection.dbapi_connection
        driver.timeout = -(-limit // 1000)
    connection.info[_STEP] = limit


def _engine(text: str, pool_size: int) -> Engine:
    try:
        url = make_url(text)
        if url.get_backend_name() not in DIALECTS:
            raise ConfigurationError(f"A council database may be one of {', '.join(DIALECTS)}.")
        made = create_engine(
            _url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=CONNECT_SECONDS_MAX,
            pool_reset_on_return=None,
            hide_parameters=True,
            isolation_level="AUTOCOMMIT",
            connect_args=_connect_args(url),
        )
    except (ArgumentError, NoSuchModuleError):
        raise ConfigurationError("The council's database URL cannot be read; it is an SQLAlchemy URL.") from None
    except ModuleNotFoundError as missing:
        raise ConfigurationError(f"The driver for the council's database is not installed: {missing.name}.") from None
    if made.dialect.name == "sqlite":
        event.listen(made, "connect", _sqlite_reads_only)
    return made


def _url(url: URL) -> URL:
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith("file:"):
        # read-only by URI: the plain form would create an empty database where the file is missing
        file = Path(url.database).absolute().as_uri()
        return url.set(database=file, query={**url.query, "mode": "ro", "uri": "true"})
    return url


def _connect_args(url: URL) -> dict[str, object]:
    if url.get_backend_name() == "postgresql":
        return {
            "connect_timeout": CONNECT_SECONDS_MAX,
            "application_name": "safeguarding-hub",
            "options": _SESSION,
            "prepare_threshold": 0,
        }
    if url.get_backend_name() == "mssql":
        return {"timeout": CONNECT_SECONDS_MAX}
    return {"check_same_thread": False}


def _sqlite_reads_only(driver: Any, _record: object) -> None:
    driver.execute("PRAGMA query_only=ON")

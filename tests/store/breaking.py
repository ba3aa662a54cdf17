"""A database whose driver breaks on request: each statement, and the commit, fails, or is done and then said to fail.

The faults are put in at the driver's edge, below everything that is the hub's (after Go's TestSequenceErrors for its
transparency log). The database behind it is real.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

COMMIT = "COMMIT"

FAILED, DONE, CUT = "failed", "failed but done", "cut off after it was sent"


class Breaking:
    """What breaks: statements that begin with ``where``, ``times`` in a row. ``hits`` counts those that did."""

    def __init__(self) -> None:
        self.where: str | None = None
        self.how = FAILED
        self.left = 0
        self.hits = 0
        self.commits = 0

    def arm(self, where: str, how: str = FAILED, times: int = 1) -> None:
        self.where, self.how, self.left, self.hits = where, how, times, 0

    def disarm(self) -> None:
        self.where = None

    def run(self, statement: str, fault: type[Exception], do: Callable[[], Any], cut: Callable[[], None]) -> Any:
        """Do it, or break. ``cut`` sends it and hangs up."""
        if statement == COMMIT:
            self.commits += 1
        if self.where is None or not self.left or not statement.lstrip().startswith(self.where):
            return do()
        self.left -= 1
        self.hits += 1
        if self.how == DONE:
            do()
        elif self.how == CUT:
            cut()
        raise fault("broken on request")


def install(monkeypatch: pytest.MonkeyPatch) -> Breaking:
    """Put a :class:`Breaking` under every connection that is made from now on."""
    faults = Breaking()
    _under_sqlite(monkeypatch, faults)
    _under_psycopg(monkeypatch, faults)
    return faults


def _not_here() -> None:
    raise AssertionError("there is no connection to cut")


def _under_sqlite(monkeypatch: pytest.MonkeyPatch, faults: Breaking) -> None:
    really = sqlite3.connect

    class Cursor(sqlite3.Cursor):
        def execute(self, statement: str, *more: Any) -> Any:
            do = super().execute
            return faults.run(statement, sqlite3.OperationalError, lambda: do(statement, *more), _not_here)

        def executemany(self, statement: str, *more: Any) -> Any:
            do = super().executemany
            return faults.run(statement, sqlite3.OperationalError, lambda: do(statement, *more), _not_here)

    class Connection(sqlite3.Connection):
        def cursor(self, *_: Any) -> Any:
            return super().cursor(Cursor)

        def execute(self, *given: Any) -> Any:
            return self.cursor().execute(*given)

        def executemany(self, *given: Any) -> Any:
            return self.cursor().executemany(*given)

        def commit(self) -> None:
            faults.run(COMMIT, sqlite3.OperationalError, super().commit, _not_here)

    monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: really(*given, **more, factory=Connection))


def _under_psycopg(monkeypatch: pytest.MonkeyPatch, faults: Breaking) -> None:
    execute, commit = psycopg.Cursor.execute, psycopg.Connection.commit

    def run(self: Any, statement: Any, *given: Any, **more: Any) -> Any:
        text = statement if isinstance(statement, str) else ""
        return faults.run(
            text,
            psycopg.OperationalError,
            lambda: execute(self, statement, *given, **more),
            lambda: _cut(self.connection, text),
        )

    def run_commit(self: Any) -> None:
        faults.run(COMMIT, psycopg.OperationalError, lambda: commit(self), lambda: _cut(self, COMMIT))

    monkeypatch.setattr(psycopg.Cursor, "execute", run)
    monkeypatch.setattr(psycopg.Connection, "commit", run_commit)


def _cut(connection: Any, statement: str) -> None:
    """Send ``statement`` and hang up: what becomes of it the server alone knows."""
    connection.pgconn.send_query(statement.encode())
    while connection.pgconn.flush():
        pass
    connection.pgconn.finish()

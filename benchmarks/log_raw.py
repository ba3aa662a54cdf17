"""What the database itself can take, through its driver alone: the limits the log is measured against.

The connections are the hub's own, so with the same durability.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hub.store.engine import make_engine, parse_url

WAIT_SECONDS = 5.0
GROUP = 512
"""Rows in one transaction: what the log's own largest batch has."""


@contextmanager
def raw(url: str) -> Iterator[tuple[Any, bool]]:
    """A driver's connection to a database, and whether it is SQLite."""
    engine = make_engine(url, WAIT_SECONDS)
    held = engine.raw_connection()
    try:
        yield held.driver_connection, parse_url(url).get_backend_name() == "sqlite"
    finally:
        held.close()
        engine.dispose()


@contextmanager
def bare_commits(url: str) -> Iterator[Callable[[bytes], float]]:
    """Gives what times two transactions of one row (of the bytes given), one after the other: milliseconds."""
    with raw(url) as (connection, is_sqlite):
        connection.execute(f"CREATE TABLE bench_bare (body {'BLOB' if is_sqlite else 'BYTEA'})")
        connection.commit()
        insert = f"INSERT INTO bench_bare (body) VALUES ({'?' if is_sqlite else '%s'})"

        def run(body: bytes) -> float:
            began = time.perf_counter()
            for _ in range(2):
                if is_sqlite:  # psycopg begins by itself
                    connection.execute("BEGIN IMMEDIATE")
                connection.execute(insert, (body,))
                connection.commit()
            return (time.perf_counter() - began) * 1000

        yield run
        connection.execute("DROP TABLE bench_bare")
        connection.commit()


@contextmanager
def group_commit(url: str) -> Iterator[Callable[[Sequence[tuple[bytes, bytes]]], float]]:
    """Gives what writes rows of an entry's columns, ``GROUP`` to a transaction: rows per second.

    Nothing is hashed, signed, read or locked: ``executemany`` of the ready rows, and the commit.
    """
    with raw(url) as (connection, is_sqlite):
        bytes_, mark = ("BLOB", "?") if is_sqlite else ("BYTEA", "%s")
        connection.execute(
            f"CREATE TABLE bench_group (number BIGINT PRIMARY KEY, leaf_hash {bytes_}, body {bytes_}, note TEXT)"
        )
        connection.commit()
        insert = f"INSERT INTO bench_group VALUES ({mark}, {mark}, {mark}, {mark})"
        written = 0

        def run(rows: Sequence[tuple[bytes, bytes]]) -> float:
            nonlocal written
            numbered = [(written + at, *row, None) for at, row in enumerate(rows)]
            written += len(rows)
            began = time.perf_counter()
            for at in range(0, len(numbered), GROUP):
                if is_sqlite:
                    connection.execute("BEGIN IMMEDIATE")
                with_cursor(connection, insert, numbered[at : at + GROUP])
                connection.commit()
            return len(rows) / (time.perf_counter() - began)

        yield run
        connection.execute("DROP TABLE bench_group")
        connection.commit()


def with_cursor(connection: Any, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """``executemany``, which psycopg's connections do not have themselves."""
    cursor = connection.cursor()
    cursor.executemany(statement, rows)
    cursor.close()

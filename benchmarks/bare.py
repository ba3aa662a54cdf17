"""What two durable commits cost on the log's own database with nothing around them: the floor below every answer."""

from __future__ import annotations

import os
import time
from typing import Any

from hub.store.engine import make_engine, parse_url

ROW_BYTES = 600
"""About one entry of the log."""

WAIT_SECONDS = 5.0


def two_commits(url: str, count: int) -> list[float]:
    """Milliseconds of two one-row transactions, one after the other, ``count`` times.

    Through the hub's own engine, so with the hub's own durability settings, and from there on through the database's
    driver alone. The database must not be in use.
    """
    engine = make_engine(url, WAIT_SECONDS)
    is_sqlite = parse_url(url).get_backend_name() == "sqlite"
    insert = f"INSERT INTO bench_bare (body) VALUES ({'?' if is_sqlite else '%s'})"
    held = engine.raw_connection()
    connection: Any = held.driver_connection
    try:
        connection.execute(f"CREATE TABLE bench_bare (body {'BLOB' if is_sqlite else 'BYTEA'})")
        connection.commit()
        times = []
        for _ in range(count):
            began = time.perf_counter()
            for _ in range(2):
                if is_sqlite:  # psycopg begins by itself
                    connection.execute("BEGIN IMMEDIATE")
                connection.execute(insert, (os.urandom(ROW_BYTES),))
                connection.commit()
            times.append((time.perf_counter() - began) * 1000)
        connection.execute("DROP TABLE bench_bare")
        connection.commit()
        return times
    finally:
        held.close()
        engine.dispose()


def durability(url: str) -> dict[str, str]:
    """The settings that make a commit durable, as the database itself states them on a connection of the hub's."""
    engine = make_engine(url, WAIT_SECONDS)
    try:
        with engine.connect() as connection:
            if parse_url(url).get_backend_name() == "sqlite":
                levels = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}
                synchronous = int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())
                journal = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one())
                return {"synchronous": levels[synchronous], "journal_mode": journal}
            names = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")
            return {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar_one()) for name in names}
    finally:
        engine.dispose()

"""What an erasure leaves in the database's files: freed pages, the write-ahead log, dead rows."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

from hub.store.engine import make_engine, parse_url
from hub.store.release_tables import release_line
from hub.store.tables import confirmation, judgement, log_entry, log_reference, log_side, match_shown

WAIT_SECONDS = 30.0

TABLES = (log_entry, log_reference, log_side, judgement, confirmation, match_shown, release_line)
"""Those from which rows are erased or dropped."""


def scrub(url: str) -> bool:
    """Make the database give up what was deleted; whether it did.

    SQLite: the file is written anew without freed pages, and the write-ahead log is emptied. It fails while somebody
    else reads or writes all the while. PostgreSQL: dead rows are vacuumed; what its own write-ahead log, replicas and
    backups hold goes when those do (docs/retention.md).
    """
    parsed = parse_url(url)
    try:
        if parsed.get_backend_name() == "sqlite":
            return _scrub_file(Path(str(parsed.database)))
        engine = make_engine(url, WAIT_SECONDS)
        try:
            with engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.execute(sqlalchemy.text("SET statement_timeout = 0"))
                for table in TABLES:
                    connection.execute(sqlalchemy.text(f"VACUUM {table.name}"))
        finally:
            engine.dispose()
    except (sqlite3.Error, SQLAlchemyError):
        return False
    return True


def _scrub_file(path: Path) -> bool:
    connection = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA secure_delete = ON").close()
        connection.execute("VACUUM").close()
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    finally:
        connection.close()

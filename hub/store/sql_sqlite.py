"""The log's statements for SQLite: there is no round trip to save, so each is by itself and short."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from hub.store.sql_rows import HeadRow, Rows, Spans, Statements, driver_of, whole

_HEAD = "SELECT size, frontier, root, at, note FROM log_head"
_CLOSE = "DELETE FROM log_open WHERE question IN (SELECT value FROM json_each(?)) RETURNING question"
_ENTRY = 'INSERT INTO log_entry ("index", leaf_hash, body, note) VALUES (?, ?, ?, ?)'
_OPEN = "INSERT INTO log_open (question, at) VALUES (?, ?)"
_SIDE = 'INSERT INTO log_side ("index", salt, body) VALUES (?, ?, ?)'
_TILE = 'INSERT INTO log_tile (level, "index", hash) VALUES (?, ?, ?)'
_SET_HEAD = "UPDATE log_head SET size = ?, frontier = ?, root = ?, at = ?, note = ? WHERE id = 1"
_HASHES = """
SELECT min(place), max(place), count(*), coalesce(group_concat(hex(hash), ''), '')
FROM (SELECT "index" AS place, {hash} AS hash FROM {table} WHERE {where} "index" >= ? AND "index" < ? ORDER BY "index")
"""  # as text, since SQLite joins nothing else
_LEAVES = _HASHES.format(hash="leaf_hash", table="log_entry", where="")
_TILES = _HASHES.format(hash="hash", table="log_tile", where="level = ? AND")


class _Sqlite:
    """See :class:`~hub.store.sql_rows.Statements`. The lock is the transaction's own: it began with BEGIN IMMEDIATE."""

    def lock(self, connection: Connection, questions: Sequence[int]) -> tuple[HeadRow | None, set[int]]:
        found = driver_of(connection).execute(_HEAD).fetchone()
        return None if found is None else HeadRow(*found), self.close(connection, questions)

    def close(self, connection: Connection, questions: Sequence[int]) -> set[int]:
        if not questions:
            return set()
        return {row[0] for row in driver_of(connection).execute(_CLOSE, (json.dumps(questions),)).fetchall()}

    def write(self, connection: Connection, rows: Rows) -> None:
        driver: Any = driver_of(connection)
        notes = [None] * (len(rows.bodies) - 1) + [rows.head.note]
        places = range(rows.start, rows.start + len(notes))
        driver.executemany(_ENTRY, zip(places, rows.leaf_hashes, rows.bodies, notes, strict=True))
        for statement, beside in ((_OPEN, rows.opened), (_SIDE, rows.sides), (_TILE, rows.tiles)):
            if beside:
                driver.executemany(statement, beside)
        driver.execute(_SET_HEAD, rows.head)

    def path(self, connection: Connection, spans: Spans) -> tuple[HeadRow | None, dict[int, bytes]]:
        driver: Any = driver_of(connection)
        head = driver.execute(_HEAD).fetchone()
        found: dict[int, bytes] = {}
        for span in spans:
            rows = driver.execute(_TILES, span) if span.level else driver.execute(_LEAVES, span[1:])
            first, last, count, text = rows.fetchone()
            hashes = bytes.fromhex(text)
            if whole(span, first, last, count, hashes):
                found[span.level] = hashes
        return None if head is None else HeadRow(*head), found


STATEMENTS: Statements = _Sqlite()

"""The log's statements for PostgreSQL: two trips to the server before the commit, however long the batch is.

The two cannot be one: a statement sees the database as it was when it began, and what is to be read here is what the
last holder of the lock left behind.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import ClientCursor
from sqlalchemy import Connection

from hub.store.sql_rows import HeadRow, Rows, Spans, Statements, driver_of, whole

_LOCK = "SELECT size, frontier, root, at, note FROM log_head FOR UPDATE"
_CLOSE = "DELETE FROM log_open WHERE question = ANY (%s::bigint[]) RETURNING question"
_WRITE = """
WITH entry AS (
    INSERT INTO log_entry ("index", leaf_hash, body, note)
    SELECT %(start)s::bigint + place - 1, leaf_hash, body, CASE WHEN place = %(count)s::bigint THEN %(note)s::text END
    FROM unnest(%(leaf_hashes)b::bytea[], %(bodies)b::bytea[]) WITH ORDINALITY AS new (leaf_hash, body, place)
), open AS (
    INSERT INTO log_open (question, at)
    SELECT * FROM unnest(%(open_question)b::bigint[], %(open_at)b::bigint[])
), side AS (
    INSERT INTO log_side ("index", salt, body)
    SELECT * FROM unnest(%(side_index)b::bigint[], %(side_salt)b::bytea[], %(side_body)b::bytea[])
), tile AS (
    INSERT INTO log_tile (level, "index", hash)
    SELECT * FROM unnest(%(tile_level)b::smallint[], %(tile_index)b::bigint[], %(tile_hash)b::bytea[])
)
UPDATE log_head
SET size = %(size)s, frontier = %(frontier)b, root = %(root)b, at = %(at)s, note = %(note)s::text
WHERE id = 1
"""
_HASHES = """
SELECT {level} AS level, min("index") AS first, max("index") AS last, count(*) AS count,
       coalesce(string_agg({hash}, ''::bytea ORDER BY "index"), ''::bytea) AS hashes
FROM {table} WHERE {where} "index" >= %s AND "index" < %s
"""
_BLOCKS = " UNION ALL ".join((
    _HASHES.format(level=0, hash="leaf_hash", table="log_entry", where=""),
    *(_HASHES.format(level=level, hash="hash", table="log_tile", where=f"level = {level} AND") for level in (1, 2, 3)),
))  # fmt: skip
_PATH = f"SELECT size, frontier, root, at, note, block.* FROM ({_BLOCKS}) AS block LEFT JOIN log_head ON true"  # noqa: S608  all of it is above


class _Postgresql:
    """See :class:`~hub.store.sql_rows.Statements`."""

    def lock(self, connection: Connection, questions: Sequence[int]) -> tuple[HeadRow | None, set[int]]:
        if not questions:
            found = driver_of(connection).execute(_LOCK).fetchone()
            return None if found is None else HeadRow(*found), set()
        # A client's cursor puts the values into the text, so that both statements are one message. The second sees
        # what was committed while the first waited: each statement has its own view (READ COMMITTED).
        cursor = ClientCursor(driver_of(connection))
        cursor.execute(f"{_LOCK}; {_CLOSE}", (list(questions),))
        found = cursor.fetchone()
        cursor.nextset()
        return None if found is None else HeadRow(*found), {row[0] for row in cursor.fetchall()}

    def close(self, connection: Connection, questions: Sequence[int]) -> set[int]:
        if not questions:
            return set()
        return {row[0] for row in driver_of(connection).execute(_CLOSE, (list(questions),)).fetchall()}

    def write(self, connection: Connection, rows: Rows) -> None:
        values = {
            "start": rows.start,
            "count": len(rows.bodies),
            "leaf_hashes": rows.leaf_hashes,
            "bodies": rows.bodies,
            "open_question": [row.question for row in rows.opened],
            "open_at": [row.at for row in rows.opened],
            "side_index": [row.entry for row in rows.sides],
            "side_salt": [row.salt for row in rows.sides],
            "side_body": [row.body for row in rows.sides],
            "tile_level": [row.level for row in rows.tiles],
            "tile_index": [row.place for row in rows.tiles],
            "tile_hash": [row.hash for row in rows.tiles],
            **rows.head._asdict(),
        }
        driver_of(connection).execute(_WRITE, values)

    def path(self, connection: Connection, spans: Spans) -> tuple[HeadRow | None, dict[int, bytes]]:
        values = [value for span in spans for value in span[1:]]
        rows = driver_of(connection).execute(_PATH, values).fetchall()
        head = HeadRow(*rows[0][:5]) if rows[0][0] is not None else None
        found = {level: hashes for *_, level, first, last, count, hashes in rows
                 if whole(spans[level], first, last, count, hashes)}  # fmt: skip
        return head, found


STATEMENTS: Statements = _Postgresql()

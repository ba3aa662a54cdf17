"""What one transaction of the log reads and writes, in whatever words its database has for it.

This is the hot path, so it goes through the database's own driver: SQLAlchemy's statements cost several times as much.
The transaction itself is SQLAlchemy's, and with it the engine's rules (:mod:`hub.store.engine`), and so is the
connection that is given to :data:`~hub.store.pending.Along`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection

from hub.audit.merkle import HASH_BYTES


class HeadRow(NamedTuple):
    """The head row as it is stored, its columns in this order."""

    size: int
    frontier: bytes
    root: bytes
    at: int
    note: str


class OpenRow(NamedTuple):
    """A question without an end; ``at`` in milliseconds since 1970."""

    question: int
    at: int


class SideRow(NamedTuple):
    """The text beside an entry, with that entry's index."""

    entry: int
    salt: bytes
    body: bytes


class TileRow(NamedTuple):
    """The root of a full subtree: the ``place``-th of its level, from 0."""

    level: int
    place: int
    hash: bytes


class Span(NamedTuple):
    """Neighbouring subtrees of one stored level (0: the entries' own hashes), from ``start`` up to ``end``."""

    level: int
    start: int
    end: int


Spans = tuple[Span, Span, Span, Span]
"""The stored blocks on the way from a leaf to the root, by level from 0: enough for 2^32 entries."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Everything a transaction adds: entries from index ``start`` on, what is kept beside them, and the new head.

    The head's note is also kept on the last entry.
    """

    start: int
    leaf_hashes: Sequence[bytes]
    bodies: Sequence[bytes]
    opened: Sequence[OpenRow]
    sides: Sequence[SideRow]
    tiles: Sequence[TileRow]
    head: HeadRow


class Statements(Protocol):
    """One database's words. Each raises the driver's own errors, inside the caller's transaction."""

    def lock(self, connection: Connection, questions: Sequence[int]) -> tuple[HeadRow | None, set[int]]:
        """Lock the head until the transaction ends, and :meth:`close`; the head, if there is one, and the closed."""
        ...

    def close(self, connection: Connection, questions: Sequence[int]) -> set[int]:
        """Take those of ``questions`` that are open out of ``log_open``: each of these may now get its end."""
        ...

    def write(self, connection: Connection, rows: Rows) -> None:
        """Write them all."""
        ...

    def path(self, connection: Connection, spans: Spans) -> tuple[HeadRow | None, dict[int, bytes]]:
        """The head, and the hashes of each span, one after the other, as far as there are; by level.

        What is not all there up to its last hash, or not all hashes, is left out.
        """
        ...


def whole(span: Span, first: int | None, last: int | None, count: int, hashes: bytes) -> bool:
    """Whether ``hashes`` are those from the start of ``span`` on, with none missing between them."""
    return first == span.start and last == first + count - 1 and len(hashes) == count * HASH_BYTES


def driver_of(connection: Connection) -> Any:
    """The driver's own connection behind ``connection``."""
    return connection.connection.driver_connection


def statements_of(connection: Connection) -> Statements:
    """The words of the database behind ``connection``."""
    if connection.dialect.name == "sqlite":
        from hub.store import sql_sqlite

        return sql_sqlite.STATEMENTS
    from hub.store import sql_postgresql  # its driver need not be installed where the log is a file

    return sql_postgresql.STATEMENTS

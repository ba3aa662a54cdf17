"""An entry on its way into the log, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from hub.audit.side import Side
from hub.errors import AuditUnavailable


class QuestionClosed(AuditUnavailable):
    """The question already has its end (the reaper's, or another answer's), so this end may not be written."""


@dataclass(frozen=True, slots=True)
class Appended:
    """Where an entry stands: ``size`` is the log's size right after its transaction."""

    index: int
    leaf_hash: bytes
    size: int


Along = Callable[[Connection, int], None]
"""What else a transaction does, given the entry's index: it happens if and only if the entry is in the log."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An entry ready to be written; both or neither of its side row and itself are in the database.

    ``bodies`` and ``leaf_hashes`` are of its parts, if it has any, and of itself, the last. ``opened_at``
    (milliseconds) is set for a question, ``ends`` for an end.
    """

    bodies: tuple[bytes, ...]
    leaf_hashes: tuple[bytes, ...]
    opened_at: int | None = None
    ends: int | None = None
    side: Side | None = None
    along: Along | None = None

    @property
    def size(self) -> int:
        """Bytes it adds to a transaction."""
        return sum(map(len, self.bodies)) + (len(self.side.body) if self.side else 0)

"""Entries as a reader wants them: an answer whole, whatever parts it was written in, and each end with its question.

The log is read in pieces, so memory does not grow with it. What cannot be read is told of too: a reader who passed over
it would take silence for "nothing happened".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine, select

from hub.audit.encoding import decode
from hub.audit.entries import Abandoned, Answer, Entry, Question, Records
from hub.audit.words import EntryInvalid
from hub.store.engine import reading
from hub.store.tables import log_entry, log_head

CHUNK_ROWS = 500
"""So many entries are read at once."""

ASKED_MAX = 500
"""So many indexes are looked up by one statement."""


@dataclass(frozen=True, slots=True)
class Told:
    """One entry.

    ``entry`` is None when its bytes were dropped (``dropped``) or are no entry. Of an end, ``question`` is what it
    ends, or None when that was dropped. Parts of an answer stand where they were written, and in the answer again.
    """

    index: int
    entry: Entry | None
    question: Question | None = None
    dropped: bool = False


def size_of(connection: Connection) -> int:
    """How many entries the log has."""
    return connection.scalar(select(log_head.c.size)) or 0


def read_told(connection: Connection, start: int, stop: int) -> list[Told]:
    """The entries from ``start`` to ``stop`` (exclusive), or as far as the log goes: each of them, in order.

    One whose row is missing is told of as one that cannot be read.
    """
    wanted = range(start, min(stop, size_of(connection)))
    within = (log_entry.c.index >= wanted.start, log_entry.c.index < wanted.stop)
    rows = connection.execute(select(log_entry.c.index, log_entry.c.body).where(*within)).all() if wanted else []
    bodies = {index: _bytes(body) for index, body in rows}
    known = {index: _entry(body) for index, body in bodies.items()}
    known.update(_read(connection, _missing(known)))
    return [_told(index, bodies.get(index), known) for index in wanted]


def follow_told(engine: Engine, start: int = 0, stop: int | None = None) -> Iterator[Told]:
    """The entries from ``start`` to ``stop``, or to where the log ended when it was last looked at.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database failed.
    """
    while stop is None or start < stop:
        end = start + CHUNK_ROWS if stop is None else min(start + CHUNK_ROWS, stop)
        with engine.connect() as connection:
            found = read_told(reading(connection), start, end)
        yield from found
        if not found:
            return
        start = found[-1].index + 1


def _missing(known: Mapping[int, Entry | None]) -> list[int]:
    """What the entries at hand need to be told: questions, and parts of answers."""
    needed: set[int] = set()
    for index, entry in known.items():
        if isinstance(entry, Answer | Abandoned):
            needed.add(entry.question)
        if isinstance(entry, Answer):
            needed.update(range(max(0, index - entry.parts), index))
    return sorted(needed - known.keys())


def _read(connection: Connection, indexes: list[int]) -> Iterable[tuple[int, Entry | None]]:
    for at in range(0, len(indexes), ASKED_MAX):
        some = indexes[at : at + ASKED_MAX]
        query = select(log_entry.c.index, log_entry.c.body).where(log_entry.c.index.in_(some))
        yield from ((index, _entry(_bytes(body))) for index, body in connection.execute(query))


def _bytes(body: bytes | str) -> bytes:
    """A body as bytes; SQLite gives text where somebody wrote text over it."""
    return body.encode() if isinstance(body, str) else bytes(body)


def _entry(body: bytes) -> Entry | None:
    try:
        return decode(body) if body else None
    except EntryInvalid:
        return None


def _told(index: int, body: bytes | None, known: Mapping[int, Entry | None]) -> Told:
    entry = known.get(index)
    question = known.get(entry.question) if isinstance(entry, Answer | Abandoned) else None
    if isinstance(entry, Answer) and entry.parts:
        parts = [known.get(each) for each in range(index - entry.parts, index)]
        before = [record for part in parts if isinstance(part, Records) for record in part.records]
        entry = replace(entry, records=(*before, *entry.records))
    return Told(index, entry, question if isinstance(question, Question) else None, dropped=body == b"")

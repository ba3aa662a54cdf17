"""Checks a whole log where it lies, with the public key alone; no hub needs to run.

Several processes check parts of it at once. When anything is wrong the strict verifier reads it all again, in one
state of the database, and names the first fault; what it says holds.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime
from multiprocessing import get_all_start_methods, get_context
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from hub.audit.note import NoteInvalid, VerifierKey
from hub.audit.side import Side
from hub.audit.verify import verify_log
from hub.audit.verify_chunk import CHUNK_ROWS, Chunk, PlainRow, check_chunk
from hub.audit.verify_fast import FastWalk
from hub.audit.verify_found import Progress, Report, Row, Stop
from hub.audit.words import EntryInvalid
from hub.errors import AuditUnavailable, ConfigurationError
from hub.store.engine import exists, make_engine, reading
from hub.store.tables import log_entry, log_head, log_side

READ_ROWS = 200
"""So many rows are read at once; it bounds the verifier's memory."""

CHUNK_READ_ROWS = 1_024
"""The same for a process that checks a chunk, which keeps none of them."""

WAITING_MAX = 8
"""So many chunks at most are under way, or wait for their turn."""

ALONE_MAX = 8 * CHUNK_ROWS
"""A log up to this size is checked without other processes: starting them takes longer."""

WAIT_SECONDS = 30.0

_ROWS = select(log_entry.c.index, log_entry.c.leaf_hash, log_entry.c.body, log_entry.c.note).order_by(log_entry.c.index)
_PLAIN_ROWS = text(
    'SELECT "index", leaf_hash, body, note FROM log_entry WHERE "index" >= :start AND "index" < :stop ORDER BY "index"'
)
_SIDES = select(log_side.c.index, log_side.c.salt, log_side.c.body).order_by(log_side.c.index)


def verify_database(
    url: str,
    verifier: VerifierKey | str,
    *,
    known: Iterable[bytes] = (),
    progress: Progress | None = None,
    now: datetime | None = None,
    thorough: bool = False,
) -> Report:
    """Check every entry in the database at ``url``. See :func:`hub.audit.verify.verify_log`.

    Args:
        url: as for :class:`hub.store.appender.Log`; it is only read.
        verifier: the log's public key, or the text of several, a line each (the ``.pub`` file beside the signing key).
        known: signed checkpoints kept from earlier.
        progress: called with entries checked and entries there are.
        now: the moment against which unanswered questions are aged; the clock's when None.
        thorough: decode every entry and check every checkpoint that was kept; ten times as slow.

    Raises:
        ConfigurationError: there is no log at ``url``, or ``verifier`` is not a key.
        AuditUnavailable: the database failed before all was read: nothing can be said of the log.
    """
    try:
        lines = verifier.split() if isinstance(verifier, str) else ()
        keys = tuple(map(VerifierKey.parse, lines)) if isinstance(verifier, str) else (verifier,)
    except NoteInvalid:
        keys = ()
    if not keys:
        raise ConfigurationError("The public key cannot be read: it is one line, name+8 hex digits+base64.")
    if not exists(url):
        raise ConfigurationError("There is no log at the database URL: the file does not exist.")
    engine = make_engine(url, WAIT_SECONDS)
    checking = _Checking(url, engine, keys, tuple(known), now, progress)
    try:
        report = None if thorough else checking.fast()
        return report or checking.strict()
    except (SQLAlchemyError, BrokenProcessPool) as fault:
        raise AuditUnavailable(
            f"The log could not be read to its end ({type(fault).__name__}): it is not checked."
        ) from None
    finally:
        engine.dispose()


class _Checking:
    """One check of one database."""

    def __init__(
        self,
        url: str,
        engine: Engine,
        keys: tuple[VerifierKey, ...],
        known: tuple[bytes, ...],
        now: datetime | None,
        progress: Progress | None,
    ) -> None:
        self._url, self._engine, self._keys, self._known = url, engine, keys, known
        self._now = now or datetime.now(UTC)
        self._progress = progress

    def strict(self) -> Report:
        """All of it, in one state of the database."""
        with self._engine.connect() as connection:
            head = _head(reading(connection))
            return verify_log(
                _rows(connection),
                head,
                self._keys,
                now=self._now,
                known=self._known,
                sides=_sides(connection),
                progress=self._progress,
            )

    def fast(self) -> Report | None:
        """The same, by several processes; None when something is wrong, or changed meanwhile."""
        with self._engine.connect() as connection:
            head = _head(reading(connection))
            ends = connection.execute(select(func.min(log_entry.c.index), func.max(log_entry.c.index))).one()
            beside = connection.execute(select(func.min(log_side.c.index), func.max(log_side.c.index))).one()
        try:
            walk = FastWalk(self._keys, head, self._known)
            if tuple(ends) != ((0, walk.size - 1) if walk.size else (None, None)):
                return None
            if beside[0] is not None and not 0 <= beside[0] <= beside[1] < walk.size:
                return None
            for chunk in self._chunks(walk):
                walk.take(chunk)
                if self._progress is not None:
                    self._progress(chunk.first + len(chunk.facts), walk.size)
            return walk.finish(self._now, self._body_at, sides=True)
        except (Stop, EntryInvalid):
            return None

    def _chunks(self, walk: FastWalk) -> Iterator[Chunk]:
        """Each chunk checked, in order; a few are under way at one time."""
        sizes = [size for size in walk.trust.known if 0 < size <= walk.size]
        spans = [(first, min(first + CHUNK_ROWS, walk.size)) for first in range(0, walk.size, CHUNK_ROWS)]
        if walk.size <= ALONE_MAX:
            yield from (_checked(self._engine, *span, sizes) for span in spans)
            return
        self._engine.dispose()  # no connection of this process's may be in another's hands
        alone = threading.active_count() == 1 and "fork" in get_all_start_methods()
        with ProcessPoolExecutor(
            os.cpu_count(), get_context("fork" if alone else "spawn"), _start_worker, (self._url,)
        ) as pool:
            under_way: deque[Future[Chunk]] = deque()
            for span in spans:
                under_way.append(pool.submit(_check, *span, sizes))
                if len(under_way) > WAITING_MAX:
                    yield under_way.popleft().result()
            yield from (each.result() for each in under_way)

    def _body_at(self, index: int) -> bytes:
        with self._engine.connect() as connection:
            return bytes(reading(connection).scalar(select(log_entry.c.body).where(log_entry.c.index == index)) or b"")


_worker: Engine


def _start_worker(url: str) -> None:
    global _worker  # noqa: PLW0603  one per process, made once
    _worker = make_engine(url, WAIT_SECONDS)


def _check(first: int, last: int, sizes: list[int]) -> Chunk:
    return _checked(_worker, first, last, sizes)


def _checked(engine: Engine, first: int, last: int, sizes: list[int]) -> Chunk:
    with engine.connect() as connection:
        reading(connection)
        return check_chunk(first, _plain_rows(connection, first, last), dict(_sides(connection, first, last)), sizes)


def _head(connection: Connection) -> bytes:
    head = connection.scalar(select(log_head.c.note))
    if not isinstance(head, str):
        raise ConfigurationError("The database at the URL holds no log: the head row is missing.")
    return head.encode()


def _rows(connection: Connection) -> Iterator[Row]:
    """All stored entries, whatever their index, in order of the index."""
    return map(Row._make, _pieces(connection, _ROWS, log_entry.c.index))


def _plain_rows(connection: Connection, first: int, last: int) -> Iterator[PlainRow]:
    """The stored entries from ``first`` to ``last`` (exclusive), straight from the driver: twice as fast."""
    for start in range(first, last, CHUNK_READ_ROWS):
        cursor = connection.execute(_PLAIN_ROWS, {"start": start, "stop": min(start + CHUNK_READ_ROWS, last)}).cursor
        assert cursor is not None
        try:
            rows = cursor.fetchall()
        except connection.dialect.loaded_dbapi.Error:
            raise Stop("cannot be read", start) from None  # the strict verifier finds the same, and says so
        yield from rows


def _sides(connection: Connection, first: int | None = None, last: int | None = None) -> Iterator[tuple[int, str]]:
    """The side rows, likewise, each as its commitment."""
    column = log_side.c.index
    query = _SIDES if first is None or last is None else _SIDES.where(column >= first, column < last)
    for index, salt, body in _pieces(connection, query, column):
        try:
            yield index, Side(salt, body).commitment
        except (EntryInvalid, TypeError):  # SQLite keeps any type in any column
            yield index, ""


def _pieces(connection: Connection, query: Select[Any], column: ColumnElement[int]) -> Iterator[Any]:
    """The rows of ``query``, which is ordered by ``column``, some at a time."""
    query = query.limit(READ_ROWS)
    rows = connection.execute(query).all()
    while rows:
        yield from rows
        rows = connection.execute(query.where(column > rows[-1][0])).all() if len(rows) == READ_ROWS else []

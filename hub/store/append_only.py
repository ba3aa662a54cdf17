"""What people said and took back, kept in the log's database: rows are only ever added, and the signed log has each.

A row and the entry that tells of it are one transaction of the log: both are on disk, or neither. The log's head is
locked meanwhile, so numbers appear in order, and a reader that has seen one has seen all before it. The tables hold
personal data: nothing of a row may reach a log line or an error. Erasure alone takes rows away (:func:`forget`).
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from sqlalchemy import Connection, Table, delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from hub.audit.acts import Act, Officer
from hub.errors import AuditUnavailable, BadRequest
from hub.store.appender import WAIT_SECONDS, Log
from hub.store.engine import POOL_SIZE, make_engine, single
from hub.store.reader import moment
from hub.store.together import append_with
from hub.telemetry.lines import LogLine, say

ATTEMPTS = 2
"""A read is tried so often: the second try is for a connection that died while idle."""

RECORDED, WITHDRAWN, ERASED = "recorded", "withdrawn", "erased"
"""What a row tells. Of ``erased`` there is one at most: that rows before it are gone, for readers to forget them."""

COMMAND_LINE = "command-line"
"""What the log calls the program when people act by `hub ...`."""

_Place = tuple[int, str, str]
Answer = TypeVar("Answer")
KeptT = TypeVar("KeptT")
BookT = TypeVar("BookT")


@dataclass(frozen=True, slots=True)
class _Read(Generic[KeptT, BookT]):
    """What was read so far, up to and with the row at ``place``; ``kept`` by reference."""

    place: _Place | None
    kept: dict[str, KeptT]
    book: BookT


class Contents(StrEnum):
    """What is kept in such tables, for log lines."""

    CONFIRMATIONS = "confirmations of matches"
    DECISIONS = "recorded decisions"


@dataclass(frozen=True, slots=True)
class Phrases:
    """What a store says to people when it cannot: ``unread``, ``unsure``; ``what`` it keeps is said in a log line.

    ``absent`` and ``taken_back`` make its refusals: no such reference, and withdrawn before.
    """

    what: Contents
    unread: str
    unsure: str
    absent: Callable[[], BadRequest]
    taken_back: Callable[[], BadRequest]


class AppendOnly(ABC, Generic[KeptT, BookT]):
    """One such table. Several processes may share it; each sees what the others have committed.

    The tables are made with the log's (:meth:`hub.store.appender.Log.start`). Methods raise :attr:`unavailable` when
    the database fails or does not answer in time.

    Args:
        url: as for :class:`hub.store.appender.Log`.
        log: where what is recorded is told of, started; only readers may do without.
        wait_seconds: the longest wait of any one call.
        client: the program through which people record, for the log.
    """

    table: ClassVar[Table]
    phrases: ClassVar[Phrases]
    unavailable: ClassVar[type[AuditUnavailable]]

    def __init__(
        self, url: str, log: Log | None = None, *, wait_seconds: float = WAIT_SECONDS, client: str = COMMAND_LINE
    ) -> None:
        self._engine = make_engine(url, wait_seconds)
        self._log = log
        self._wait_seconds = wait_seconds
        self._client = client
        self._threads = ThreadPoolExecutor(POOL_SIZE, thread_name_prefix=self.table.name)
        self._reading = threading.Lock()
        self._read = self._nothing()

    async def close(self) -> None:
        """Give back the connections; the log is its owner's to close."""
        await asyncio.to_thread(self._close)

    async def book(self) -> BookT:
        """All that was recorded and not withdrawn when this was called.

        It costs one statement; rows are read, and the book made anew, only when there are new ones.
        """
        return (await self._on_thread(self._refreshed, self.phrases.unread)).book

    async def every(self) -> tuple[KeptT, ...]:
        """All that was ever recorded and not erased, in the order of recording."""
        return tuple((await self._on_thread(self._refreshed, self.phrases.unread)).kept.values())

    @abstractmethod
    def _with_row(self, before: KeptT | None, row: Any) -> KeptT | None:
        """What ``row`` makes of the one of its reference, or None when it tells nothing known: then nothing is read."""

    @abstractmethod
    def _book(self, every: Iterable[KeptT]) -> BookT:
        """The book of all that count."""

    async def _kept(self, reference: str) -> KeptT:
        """The one of that reference that was not taken back; BadRequest otherwise."""
        await self._on_thread(lambda: self._in(self._check_stands, reference), self.phrases.unread)
        kept = (await self._on_thread(self._refreshed, self.phrases.unread)).kept.get(reference)
        if kept is None:  # erased between the two
            raise self.phrases.absent()
        return kept

    def _in(self, work: Callable[..., Answer], *given: object) -> Answer:
        with self._engine.connect() as connection:
            return work(single(connection), *given)

    def _check_stands(self, connection: Connection, reference: str) -> None:
        acts = set(connection.scalars(select(self.table.c.act).where(self.table.c.ref == reference)))
        if RECORDED not in acts:
            raise self.phrases.absent()
        if WITHDRAWN in acts:
            raise self.phrases.taken_back()

    async def _append(
        self, make: Callable[[Log], Awaitable[Act]], reference: str, act: str, at: datetime, body: msgspec.Struct
    ) -> None:
        """Write a row and, in the same transaction, the entry that ``make`` gives once it has the references it needs.

        When this returns both are on disk, and every question asked from now on, of any process, goes by it.
        """
        if self._log is None:
            raise RuntimeError("a store without a log only reads")

        def work(connection: Connection, _index: int) -> None:
            if act == WITHDRAWN:
                self._check_stands(connection, reference)  # somebody may have been quicker
            add(connection, self.table, reference, act, at, msgspec.json.encode(body).decode())

        try:
            await append_with(self._log, await make(self._log), work, BadRequest)
        except AuditUnavailable:
            raise self.unavailable(self.phrases.unsure) from None

    async def _officer(self, log: Log, organisation: str, name: str, role: str) -> Officer:
        """Who acts, for the log; the name only behind a reference."""
        return Officer(self._client, organisation, await log.reference("worker", f"{organisation}/{name}"), role)

    def _nothing(self) -> _Read[KeptT, BookT]:
        return _Read(None, {}, self._book(()))

    def _refreshed(self) -> _Read[KeptT, BookT]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if self._in(self._newest) != self._read.place:
                    self._read_on()
                return self._read
            except SQLAlchemyError:
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def _newest(self, connection: Connection) -> _Place | None:
        columns = self.table.c
        query = select(columns.number, columns.ref, columns.act).order_by(columns.number.desc()).limit(1)
        row = connection.execute(query).one_or_none()
        return None if row is None else _place(row)

    def _read_on(self) -> None:
        """Read what is new; everything, when what was read is not in the table any more (erased, or a restored one)."""
        every = select(self.table).order_by(self.table.c.number)
        with self._reading, self._engine.connect() as connection:
            known = self._read
            statement = every if known.place is None else every.where(self.table.c.number >= known.place[0])
            rows = single(connection).execute(statement).all()
            if known.place is not None:
                if rows and _place(rows[0]) == known.place and all(row.act != ERASED for row in rows[1:]):
                    rows = rows[1:]
                else:
                    known = self._nothing()
                    rows = connection.execute(every).all()
            if rows or known is not self._read:
                self._read = self._with(known, rows)

    def _with(self, known: _Read[KeptT, BookT], rows: Iterable[Any]) -> _Read[KeptT, BookT]:
        """What was known and what ``rows`` add. A row that cannot be read raises: it could be a hold."""
        kept, place = dict(known.kept), known.place
        for row in rows:
            if row.act != ERASED:
                made = self._with_row(kept.get(row.ref), row)
                if made is None:
                    raise ValueError(f"a row of {self.table.name} is of no known act")
                kept[row.ref] = made
            place = _place(row)
        return _Read(place, kept, self._book(kept.values()))

    def _close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._engine.dispose()

    async def _on_thread(self, work: Callable[[], Answer], failed: str) -> Answer:
        try:
            async with asyncio.timeout(self._wait_seconds):
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except BadRequest:
            raise
        except Exception as fault:
            say(LogLine.STORE_FAILED, what=self.phrases.what, fault=type(fault))
            raise self.unavailable(failed) from None


def add(connection: Connection, table: Table, reference: str, act: str, at: datetime, body: str) -> None:
    """Add a row to ``table``, inside a transaction of the log (whose head is locked)."""
    newest = connection.scalar(select(func.max(table.c.number)))
    connection.execute(
        insert(table).values(
            number=1 if newest is None else newest + 1,
            ref=reference,
            act=act,
            at=int(at.timestamp() * 1000),
            body=body,
        )
    )


def forget(connection: Connection, table: Table, references: Collection[str], at: datetime) -> None:
    """Erase the rows of ``references``, inside a transaction of the log. Readers that hold them read anew."""
    if not references:
        return
    gone = [*connection.scalars(select(table.c.number).where(table.c.act == ERASED))]
    add(connection, table, secrets.token_hex(16), ERASED, at, "{}")
    connection.execute(delete(table).where(table.c.number.in_(gone)))
    connection.execute(delete(table).where(table.c.ref.in_(sorted(references))))


def every_row(connection: Connection, table: Table) -> Mapping[str, str]:
    """What was recorded in ``table``, by reference: the rows' JSON."""
    query = select(table.c.ref, table.c.body).where(table.c.act == RECORDED).order_by(table.c.number)
    return {row.ref: row.body for row in connection.execute(query)}


def _place(row: Any) -> _Place:
    return row.number, row.ref, row.act


def recorded_at(row: Any) -> datetime:
    """When the row was added."""
    return moment(row.at)

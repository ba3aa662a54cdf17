"""Decisions by people, kept in the log's database: rows are only ever added.

The table holds personal data: the child, who decided, the reasons. Nothing of a row may reach a log line or an error.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from hub.errors import AuditUnavailable, BadRequest
from hub.policy.judgements import Book, Judgement, State, Withdrawal
from hub.store.appender import WAIT_SECONDS
from hub.store.engine import POOL_SIZE, make_engine, single
from hub.store.reader import moment
from hub.store.tables import judgement

ATTEMPTS = 2
"""A read is tried so often: the second try is for a connection that died while idle."""

UNREAD = (
    "The decisions that people have recorded cannot be read, so nothing is released. "
    "If a child may be at immediate risk, telephone the agencies now (police: 999)."
)
UNSURE = (
    "It is not certain that this was recorded. Look with `hub decision list`, and record it again if it is not there; "
    "until then tell the agency by telephone what was decided."
)

_RECORDED, _WITHDRAWN = "recorded", "withdrawn"
_ADVISORY_LOCK = text("SELECT pg_advisory_xact_lock(7361167)")
_NEWEST = select(judgement.c.number, judgement.c.ref, judgement.c.act).order_by(judgement.c.number.desc()).limit(1)
_ROWS = select(judgement).order_by(judgement.c.number)

_Place = tuple[int, str, str]
Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)


class JudgementsUnavailable(AuditUnavailable):
    """The decisions cannot be read or written. A hold that cannot be read must not read as no hold."""


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a row says. ``version`` stops a hub from reading a later one's rows, and what they add, as less."""

    version: Literal[1]
    said: Judgement | None = None
    withdrawn: Withdrawal | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A judgement as it stands in the table."""

    judgement: Judgement
    recorded_at: datetime
    withdrawal: Withdrawal | None = None

    def state(self, at: datetime) -> State:
        """How it stands ``at`` a moment (aware)."""
        return State.WITHDRAWN if self.withdrawal is not None else self.judgement.state(at)


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read so far, up to and with the row at ``place``."""

    place: _Place | None
    kept: dict[str, Kept]
    book: Book


class JudgementStore:
    """The decisions in one database. Several processes may share it; each sees what the others have committed.

    The table is made with the log's (:meth:`hub.store.appender.Log.start`). Every method raises
    :class:`JudgementsUnavailable` when the database fails or does not answer in time.

    Args:
        url: as for :class:`hub.store.appender.Log`.
        wait_seconds: the longest wait of any one call.
    """

    def __init__(self, url: str, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self._engine = make_engine(url, wait_seconds)
        self._wait_seconds = wait_seconds
        self._threads = ThreadPoolExecutor(POOL_SIZE, thread_name_prefix="judgements")
        self._reading = threading.Lock()
        self._read = _Read(None, {}, Book())

    async def close(self) -> None:
        """Give back the connections."""
        await asyncio.to_thread(self._close)

    async def book(self) -> Book:
        """Every judgement that was recorded and not withdrawn when this was called.

        It costs one statement; rows are read, and the book made anew, only when there are new ones.
        """
        return (await self._on_thread(self._refreshed, UNREAD)).book

    async def every(self) -> tuple[Kept, ...]:
        """Every judgement ever recorded, in the order of recording."""
        return tuple((await self._on_thread(self._refreshed, UNREAD)).kept.values())

    async def record(self, made: Judgement, at: datetime) -> None:
        """Keep ``made``, recorded ``at`` a moment (aware). When this returns it is on disk, and every question asked
        from now on, of any process, is decided with it.
        """

        def add(connection: Connection) -> None:
            _add(connection, made.id, _RECORDED, at, _Body(1, said=made))

        await self._on_thread(lambda: self._write(add), UNSURE)

    async def withdraw(self, reference: str, withdrawal: Withdrawal) -> None:
        """Take a judgement back; from then on it says nothing.

        Raises:
            BadRequest: ``JUDGEMENT_NOT_FOUND``, or ``JUDGEMENT_WITHDRAWN`` when it was taken back before.
        """

        def add(connection: Connection) -> None:
            acts = set(connection.scalars(select(judgement.c.act).where(judgement.c.ref == reference)))
            if _RECORDED not in acts:
                raise BadRequest(
                    "No decision has that reference; `hub decision list` shows them.", code="JUDGEMENT_NOT_FOUND"
                )
            if _WITHDRAWN in acts:
                raise BadRequest("That decision was withdrawn before.", code="JUDGEMENT_WITHDRAWN")
            _add(connection, reference, _WITHDRAWN, withdrawal.at, _Body(1, withdrawn=withdrawal))

        await self._on_thread(lambda: self._write(add), UNSURE)

    def _refreshed(self) -> _Read:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._engine.connect() as connection:
                    newest = _newest(single(connection))
                if newest != self._read.place:
                    self._read_on()
                return self._read
            except SQLAlchemyError:
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def _read_on(self) -> None:
        """Read what is new; everything, when what was read is not in the table any more (a restored database)."""
        with self._reading, self._engine.connect() as connection:
            known = self._read
            statement = _ROWS if known.place is None else _ROWS.where(judgement.c.number >= known.place[0])
            rows = single(connection).execute(statement).all()
            if known.place is not None:
                if rows and _place(rows[0]) == known.place:
                    rows = rows[1:]
                else:
                    known = _Read(None, {}, Book())
                    rows = connection.execute(_ROWS).all()
            if rows or known is not self._read:
                self._read = _with(known, rows)

    def _write(self, add: Callable[[Connection], None]) -> None:
        with self._engine.begin() as connection:
            # One writer at a time, until the commit: numbers then appear in order, and a reader that has seen one has
            # seen all before it. SQLite's transactions lock from their beginning.
            if connection.dialect.name == "postgresql":
                connection.execute(_ADVISORY_LOCK)
            add(connection)

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
            _log.error("the recorded decisions could not be read or written: %s", type(fault).__name__)
            raise JudgementsUnavailable(failed) from None


def _newest(connection: Connection) -> _Place | None:
    row = connection.execute(_NEWEST).one_or_none()
    return None if row is None else _place(row)


def _place(row: Any) -> _Place:
    return row.number, row.ref, row.act


def _add(connection: Connection, reference: str, act: str, at: datetime, body: _Body) -> None:
    newest = connection.scalar(select(func.max(judgement.c.number)))
    connection.execute(
        insert(judgement).values(
            number=1 if newest is None else newest + 1,
            ref=reference,
            act=act,
            at=int(at.timestamp() * 1000),
            body=msgspec.json.encode(body).decode(),
        )
    )


def _with(known: _Read, rows: Iterable[Any]) -> _Read:
    """What was known and what ``rows`` add. A row that cannot be read raises: it could be a hold."""
    kept, place = dict(known.kept), known.place
    for row in rows:
        body = msgspec.json.decode(row.body, type=_Body)
        if row.act == _RECORDED and body.said is not None:
            kept[row.ref] = Kept(body.said, moment(row.at))
        elif row.act == _WITHDRAWN and body.withdrawn is not None:
            kept[row.ref] = replace(kept[row.ref], withdrawal=body.withdrawn)
        else:
            raise ValueError("a row of the decisions is of no known act")
        place = _place(row)
    return _Read(place, kept, Book(each.judgement for each in kept.values() if each.withdrawal is None))

"""Possible matches that answers showed, and what people said of them, kept in the log's database.

What was shown is kept for ``SHOWN_DAYS_MAX`` days, so that a person can confirm a candidate by the reference she saw;
what people said is only ever added. Both are personal data: nothing of a row may reach a log line or an error.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from hub.domain.people import ChildSearch
from hub.errors import AuditUnavailable, BadRequest
from hub.matching.confirmations import SALT_BYTES, Book, Confirmation, Seen, Withdrawn, see
from hub.matching.resolution import ScoredCandidate
from hub.store.appender import WAIT_SECONDS
from hub.store.engine import POOL_SIZE, make_engine, single
from hub.store.tables import confirmation, match_shown

SHOWN_DAYS_MAX = 30
"""After so many days a possible match that was shown is deleted; whoever wants to confirm it asks again."""

ATTEMPTS = 2
"""A read is tried so often: the second try is for a connection that died while idle."""

UNREAD = (
    "What people have said of possible matches cannot be read, so nothing is released. "
    "If a child may be at immediate risk, telephone the agencies now (police: 999)."
)
UNSURE = "It is not certain that this was recorded. Look with `hub match list`, and record it again if it is not there."

_RECORDED, _WITHDRAWN = "recorded", "withdrawn"
_ADVISORY_LOCK = text("SELECT pg_advisory_xact_lock(7361168)")
_NEWEST = (
    select(confirmation.c.number, confirmation.c.ref, confirmation.c.act)
    .order_by(confirmation.c.number.desc())
    .limit(1)
)
_ROWS = select(confirmation).order_by(confirmation.c.number)

_Place = tuple[int, str, str]
Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)


class ConfirmationsUnavailable(AuditUnavailable):
    """They cannot be read or written. "Not this child" that cannot be read must not read as never said."""


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a row says. ``version`` stops a hub from reading a later one's rows, and what they add, as less."""

    version: Literal[1]
    said: Confirmation | None = None
    withdrawn: Withdrawn | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A confirmation as it stands in the table."""

    confirmation: Confirmation
    withdrawn: Withdrawn | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read so far, up to and with the row at ``place``."""

    place: _Place | None
    kept: dict[str, Kept]
    book: Book


class ConfirmationStore:
    """The confirmations in one database. Several processes may share it; each sees what the others have committed.

    The tables are made with the log's (:meth:`hub.store.appender.Log.start`). Every method but :meth:`remember`
    raises :class:`ConfirmationsUnavailable` when the database fails or does not answer in time.

    Args:
        url: as for :class:`hub.store.appender.Log`.
        wait_seconds: the longest wait of any one call.
    """

    def __init__(self, url: str, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self._engine = make_engine(url, wait_seconds)
        self._wait_seconds = wait_seconds
        self._threads = ThreadPoolExecutor(POOL_SIZE, thread_name_prefix="confirmations")
        self._read = _Read(None, {}, Book())

    async def close(self) -> None:
        """Give back the connections."""
        await asyncio.to_thread(self._close)

    async def book(self) -> Book:
        """Every confirmation that was recorded and not withdrawn when this was called.

        It costs one statement; rows are read, and the book made anew, only when there are new ones.
        """
        return (await self._on_thread(self._refreshed, UNREAD)).book

    async def every(self) -> tuple[Kept, ...]:
        """Every confirmation ever recorded, in the order of recording."""
        return tuple((await self._on_thread(self._refreshed, UNREAD)).kept.values())

    async def record(self, made: Confirmation) -> None:
        """Keep ``made``. When this returns it is on disk, and every question asked from now on is resolved with it."""
        await self._on_thread(
            lambda: self._write(lambda to: _add(to, made.id, _RECORDED, made.at, _Body(1, said=made))), UNSURE
        )

    async def withdraw(self, reference: str, withdrawn: Withdrawn) -> None:
        """Take a confirmation back; from then on it says nothing.

        Raises:
            BadRequest: ``CONFIRMATION_NOT_FOUND``, or ``CONFIRMATION_WITHDRAWN`` when it was taken back before.
        """

        def add(connection: Connection) -> None:
            acts = set(connection.scalars(select(confirmation.c.act).where(confirmation.c.ref == reference)))
            if _RECORDED not in acts:
                raise BadRequest(
                    "No confirmation has that reference; `hub match list` shows them.", code="CONFIRMATION_NOT_FOUND"
                )
            if _WITHDRAWN in acts:
                raise BadRequest("That confirmation was withdrawn before.", code="CONFIRMATION_WITHDRAWN")
            _add(connection, reference, _WITHDRAWN, withdrawn.at, _Body(1, withdrawn=withdrawn))

        await self._on_thread(lambda: self._write(add), UNSURE)

    async def remember(self, answer: int, search: ChildSearch, shown: Sequence[ScoredCandidate], at: datetime) -> None:
        """Keep what answer number ``answer`` showed of possible matches, in its order, and delete what is old.

        It never raises: an answer must not wait for it, and what is not kept can be asked for again.
        """

        def add(connection: Connection) -> None:
            before = int((at - timedelta(days=SHOWN_DAYS_MAX)).timestamp() * 1000)
            connection.execute(delete(match_shown).where(match_shown.c.at < before))
            connection.execute(
                insert(match_shown), [_shown(answer, n, search, one, at) for n, one in enumerate(shown, 1)]
            )

        if not shown:
            return
        try:
            await self._on_thread(lambda: self._write(add), UNSURE)
        except AuditUnavailable:
            _log.warning("possible matches of an answer were not kept: they cannot be confirmed by its references")

    async def seen(self, answer: int, ordinal: int) -> Seen:
        """The ``ordinal``-th possible match (from 1) of answer number ``answer``.

        Raises:
            BadRequest: ``CANDIDATE_NOT_FOUND``.
        """
        where = (match_shown.c.answer == answer, match_shown.c.ordinal == ordinal)
        return await self._seen(select(match_shown.c.body).where(*where))

    async def last_seen(self, custodian: str, local_id: str) -> Seen:
        """Somebody by the custodian's own id, as the newest answer that showed them did; raises as :meth:`seen`."""
        where = (match_shown.c.custodian == custodian, match_shown.c.local_id == local_id)
        newest = select(match_shown.c.body).where(*where).order_by(match_shown.c.answer.desc()).limit(1)
        return await self._seen(newest)

    async def _seen(self, statement: Any) -> Seen:
        def read() -> str | None:
            with self._engine.connect() as connection:
                body: str | None = single(connection).scalar(statement)
                return body

        body = await self._on_thread(read, UNREAD)
        if body is None:
            raise BadRequest(
                f"No answer of the last {SHOWN_DAYS_MAX} days showed that as a possible match. Ask about the child, "
                "and use the reference beside the candidate.",
                code="CANDIDATE_NOT_FOUND",
            )
        return msgspec.json.decode(body, type=Seen)

    def _refreshed(self) -> _Read:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                known = self._read
                with self._engine.connect() as connection:
                    row = single(connection).execute(_NEWEST).one_or_none()
                    if (None if row is None else _place(row)) != known.place:
                        self._read = known = _all(connection.execute(_ROWS).all())
                return known
            except SQLAlchemyError:
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def _write(self, add: Callable[[Connection], None]) -> None:
        with self._engine.begin() as connection:
            # One writer at a time, until the commit: numbers then appear in order. SQLite's transactions lock anyway.
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
            _log.error("confirmations of matches could not be read or written: %s", type(fault).__name__)
            raise ConfirmationsUnavailable(failed) from None


def _place(row: Any) -> _Place:
    return row.number, row.ref, row.act


def _add(connection: Connection, reference: str, act: str, at: datetime, body: _Body) -> None:
    newest = connection.scalar(select(func.max(confirmation.c.number)))
    connection.execute(
        insert(confirmation).values(
            number=1 if newest is None else newest + 1, ref=reference, act=act, at=_milliseconds(at), body=_text(body)
        )
    )


def _shown(answer: int, ordinal: int, search: ChildSearch, one: ScoredCandidate, at: datetime) -> dict[str, object]:
    seen = see(search, one, secrets.token_bytes(SALT_BYTES))
    return {
        "answer": answer,
        "ordinal": ordinal,
        "custodian": seen.custodian,
        "local_id": seen.local_id,
        "at": _milliseconds(at),
        "body": _text(seen),
    }


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _all(rows: Iterable[Any]) -> _Read:
    """What the table says. A row that cannot be read raises: it could be "not this child"."""
    kept: dict[str, Kept] = {}
    place = None
    for row in rows:
        body = msgspec.json.decode(row.body, type=_Body)
        if row.act == _RECORDED and body.said is not None:
            kept[row.ref] = Kept(body.said)
        elif row.act == _WITHDRAWN and body.withdrawn is not None:
            kept[row.ref] = replace(kept[row.ref], withdrawn=body.withdrawn)
        else:
            raise ValueError("a row of the confirmations is of no known act")
        place = _place(row)
    return _Read(place, kept, Book(each.confirmation for each in kept.values() if each.withdrawn is None))

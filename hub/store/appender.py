"""The log as the rest of the hub sees it: append, and know that it is on disk."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from hub.audit.encoding import encode_all
from hub.audit.entries import Abandoned, Entry, Question, ends
from hub.audit.entries import side as commitment_of
from hub.audit.merkle import leaf_hash
from hub.audit.note import VerifierKey
from hub.audit.side import SALT_BYTES, Side
from hub.audit.words import NONCE_BYTES, EntryInvalid
from hub.errors import AuditUnavailable, ConfigurationError
from hub.store import reader
from hub.store.batch import Along, Appended, BatchWriter, HeadDamaged, Pending, QuestionClosed
from hub.store.engine import POOL_SIZE, make_engine
from hub.store.keys import Signer, SignsBackwards
from hub.store.not_opened import NotOpened, why
from hub.store.reader import Health, StoredEntry
from hub.store.tables import prepare
from hub.store.writer import Waiting, WriterThread
from hub.telemetry.lines import LogLine, say

__all__ = ["Appended", "Health", "Log", "QuestionClosed", "StoredEntry"]

WAIT_SECONDS = 5.0
"""How long an append may take before it counts as failed."""

START_SECONDS = 30.0
"""How long making the tables may take at a start, when nobody waits at a screen yet and a disk may be busy. Each
statement of it still waits for no lock longer than the log's own wait."""

READS_MAX = 256
"""The most reads waiting at one time; one more is refused at once."""

Answer = TypeVar("Answer")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Log:
    """The signed log in one database. Several, in several processes, may share it.

    Every method but :meth:`check` raises :class:`~hub.errors.AuditUnavailable` when the database fails or does not
    answer in time, and works again when the database does. An append that failed may still be found in the log later:
    it was not acknowledged, and a question that was written so is ended by :meth:`abandon_stale`.

    Args:
        url: ``sqlite:///file`` or ``postgresql://...``.
        signer: the log's key; its name is the log's origin.
        wait_seconds: the longest wait of any one call but :meth:`start`, which has :data:`START_SECONDS`.
        clock: the time (aware, UTC).
        nonce: 16 random bytes.

    Attributes:
        gate: called with each entry before it is queued; raises AuditUnavailable when it may not be written now.
    """

    def __init__(
        self,
        url: str,
        signer: Signer,
        *,
        wait_seconds: float = WAIT_SECONDS,
        clock: Callable[[], datetime] = _utc_now,
        nonce: Callable[[], bytes] = lambda: secrets.token_bytes(NONCE_BYTES),
    ) -> None:
        self._engine = make_engine(url, wait_seconds)
        self._signer = signer
        self._wait_seconds = wait_seconds
        self._clock = clock
        self._nonce = nonce
        self._batches = BatchWriter(signer)
        self._writer = WriterThread(self._engine, self._batches, self._now)
        self._readers = ThreadPoolExecutor(POOL_SIZE, thread_name_prefix="audit-log-reader")
        self._reading = 0
        self.gate: Callable[[Entry], None] = lambda _: None

    @property
    def verifier(self) -> VerifierKey:
        """The public key with which anybody can check the log."""
        return self._signer.verifier

    def stamp(self) -> tuple[datetime, bytes]:
        """The ``at`` and ``nonce`` of an entry made now."""
        return self._clock(), self._nonce()

    async def start(self) -> None:
        """Make the tables where there are none, and start writing.

        Raises:
            ConfigurationError: the database holds another log, or an older state of this one.
            AuditUnavailable: it cannot be opened, and why.
        """
        wait_seconds = max(self._wait_seconds, START_SECONDS)
        try:
            await self._read(self._prepare, wait_seconds)
        except NotOpened:
            raise
        except AuditUnavailable:
            raise NotOpened(
                f"it was not ready within {wait_seconds:g} s. See what keeps its disk or its server busy"
            ) from None
        self._writer.start()

    async def close(self) -> None:
        """Write what is queued and give back the connections."""
        await asyncio.to_thread(self._close)

    def sealed(self, body: bytes) -> Side:
        """A side row for an entry made now, with fresh salt: the entry holds its ``commitment``."""
        return Side(secrets.token_bytes(SALT_BYTES), body)

    async def append(self, entry: Entry, *, side: Side | None = None, along: Along | None = None) -> Appended:
        """Write ``entry``; when this returns it is on disk.

        Args:
            entry: what to write. An answer too long for one entry is written as several; the result is of the last.
            side: its side row, when the entry has a commitment to one.
            along: what else the same transaction does, given the entry's index; all of it happens, or nothing. It may
                run twice (the first transaction was then undone), on another thread, and must only use the connection.

        Raises:
            QuestionClosed: (an AuditUnavailable) it ends a question that is not open.
            AuditUnavailable: it could not be made durable in time; nothing that depends on it may happen.
        """
        self.gate(entry)
        loop = asyncio.get_running_loop()
        waiting = Waiting(self._pending(entry, side, along), loop, loop.create_future())
        self._writer.put(waiting)
        timer = loop.call_later(self._wait_seconds, waiting.expire)
        try:
            return await waiting.future
        finally:
            timer.cancel()
            waiting.given_up = True

    async def entry(self, index: int) -> StoredEntry | None:
        """Entry ``index``, or None when there is none."""
        return await self._read(lambda: reader.read_entry(self._engine, index))

    async def proof(self, index: int) -> str | None:
        """The proof that entry ``index`` is in the log (C2SP tlog-proof text), or None when there is none."""
        return await self._read(lambda: reader.read_proof(self._engine, index))

    async def checkpoint(self) -> str:
        """The newest signed checkpoint (C2SP tlog-checkpoint)."""
        return await self._read(lambda: reader.read_checkpoint(self._engine))

    async def reference(self, kind: str, value: str) -> str:
        """The reference that stands for ``value`` in entries: 32 hex digits, random, the same each time.

        ``kind`` is such as ``worker``, ``case``, ``subject``; ValueError when it is no code or the value too long.
        """
        return (await self.references(((kind, value),)))[0]

    async def references(self, wanted: Iterable[tuple[str, str]]) -> list[str]:
        """The references of several ``(kind, value)``, in order, for the price of one."""
        pairs = list(wanted)
        reader.check_references(pairs)
        return await self._read(lambda: reader.read_references(self._engine, pairs))

    async def beside(self, work: Callable[[Engine], Answer]) -> Answer:
        """What ``work`` does to a table that is kept beside the log, in its database, within the wait."""
        return await self._read(lambda: work(self._engine))

    async def abandon_stale(self, older_than_seconds: float) -> int:
        """End questions that got no answer in so long; the number ended. To be called now and then."""
        before = self._now() - round(older_than_seconds * 1000)
        stale = await self._read(lambda: reader.read_stale(self._engine, before))
        at, _ = self.stamp()
        results = await asyncio.gather(
            *(self.append(Abandoned(at, self._nonce(), question, "stale")) for question in stale),
            return_exceptions=True,
        )
        for fault in results:
            if isinstance(fault, BaseException) and not isinstance(
                fault, QuestionClosed
            ):  # closed: another was quicker
                raise fault
        return sum(isinstance(each, Appended) for each in results)

    async def check(self) -> Health:
        """Whether an entry could be written now; never raises."""
        if not self._writer.alive:
            return Health(False, detail="the log is not started")
        try:
            return await self._read(lambda: reader.read_health(self._engine))
        except AuditUnavailable:
            return Health(False, detail="the log's database does not answer or refuses to be written")

    def _now(self) -> int:
        return int(self._clock().timestamp() * 1000)

    def _pending(self, entry: Entry, side: Side | None, along: Along | None) -> Pending:
        try:
            if commitment_of(entry) != (None if side is None else side.commitment):
                raise EntryInvalid("side: not the row this entry is of")
            bodies = tuple(encode_all(entry))
        except EntryInvalid as fault:
            say(LogLine.ENTRY_INVALID, kind=type(entry), fault=fault)
            raise AuditUnavailable from None
        opened_at = int(entry.at.timestamp() * 1000) if isinstance(entry, Question) else None
        return Pending(bodies, tuple(map(leaf_hash, bodies)), opened_at, ends(entry), side, along)

    def _prepare(self) -> None:
        try:
            with self._engine.begin() as connection:
                prepare(connection)
                self._batches.make_head(connection, self._now())
        except (HeadDamaged, SignsBackwards) as fault:
            raise ConfigurationError(
                f"The log will not be written: {fault}. Run `hub audit verify`, and see docs/runbook.md."
            ) from None
        except (SQLAlchemyError, sqlite3.Error) as fault:
            say(LogLine.LOG_READ_FAILED, fault=type(fault))
            raise NotOpened(why(fault)) from None

    def _close(self) -> None:
        self._writer.close(self._wait_seconds)
        self._readers.shutdown(wait=True, cancel_futures=True)
        self._engine.dispose()

    async def _read(self, work: Callable[[], Answer], wait_seconds: float | None = None) -> Answer:
        """Run ``work`` on a reading thread, within the wait; a database's failure becomes AuditUnavailable."""
        if self._reading >= READS_MAX:
            raise AuditUnavailable
        self._reading += 1
        try:
            async with asyncio.timeout(wait_seconds or self._wait_seconds):
                return await asyncio.get_running_loop().run_in_executor(self._readers, work)
        except (ConfigurationError, NotOpened):
            raise
        except Exception as fault:
            say(LogLine.LOG_READ_FAILED, fault=type(fault))
            raise AuditUnavailable from None
        finally:
            self._reading -= 1

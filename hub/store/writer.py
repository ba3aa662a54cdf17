"""The one thread that writes the log: what queued while the last commit ran goes into the next transaction."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from hub.errors import AuditUnavailable, Complaint
from hub.store.batch import AlongFailed, Appended, BatchWriter, Pending, Result
from hub.store.keys import SignerAhead
from hub.telemetry.lines import LogLine, own_words, say

BATCH_MAX = 512
"""The most entries in one transaction."""

BATCH_BYTES_MAX = 16 * 1024 * 1024
"""A transaction takes no further entry once it has so many bytes."""

QUEUE_MAX = 10_000
"""The most entries waiting; one more is refused at once."""

ATTEMPTS = 2
"""A transaction is tried so often: the second is for a connection that died while idle, or a signer that is ahead."""


@dataclass(slots=True, eq=False)
class Waiting:
    """An entry on its way, and who waits for it. ``given_up`` is set when nobody does any more."""

    pending: Pending
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Appended] = field(repr=False)
    given_up: bool = False

    def expire(self) -> None:
        """Tell the one who waits that it took too long."""
        if not self.future.done():
            self.future.set_exception(AuditUnavailable())


class _Unsure(Complaint):
    """The commit failed, and whether it happened cannot be found out now."""


class WriterThread:
    """Takes entries from any event loop and answers each after the commit that made it durable."""

    def __init__(self, engine: Engine, batches: BatchWriter, now: Callable[[], int]) -> None:
        self._engine = engine
        self._batches = batches
        self._now = now
        driver: Any = engine.dialect.loaded_dbapi
        self._worth_another = (SQLAlchemyError, driver.Error, SignerAhead)
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self._taking = False
        self._last = False
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="audit-log-writer", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._taking = True
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether entries are being taken."""
        return self._taking

    def put(self, waiting: Waiting) -> None:
        """Queue an entry; AuditUnavailable when the queue is full or closed."""
        if not self._taking or self._queue.qsize() >= QUEUE_MAX:
            raise AuditUnavailable
        self._queue.put(waiting)

    def close(self, wait_seconds: float) -> None:
        """Write what is queued, then stop."""
        self._taking = False
        self._queue.put(None)
        if self._thread.ident is not None:  # it was started
            self._thread.join(wait_seconds)

    def _run(self) -> None:
        try:
            while batch := self._take():
                while batch:
                    batch = self._serve(batch)
        finally:
            self._taking = False
            self._disconnect()

    def _serve(self, batch: Sequence[Waiting]) -> list[Waiting]:
        """Write a batch and answer it; what is left to write when one of it stood in the way of the others."""
        try:
            self._answer(batch, self._write([each.pending for each in batch]))
            self._batches.remember()  # it is on disk, so nobody has to wait for this
        except AlongFailed as fault:
            say(LogLine.ENTRY_NOT_WRITTEN, fault=type(fault.__cause__))
            failed = [each for each in batch if each.pending is fault.pending]
            self._answer(failed, [AuditUnavailable() for _ in failed])
            return [each for each in batch if each.pending is not fault.pending]
        except Exception as fault:  # the boundary: whatever went wrong, nothing was promised and the thread lives on
            say(LogLine.LOG_NOT_WRITTEN, fault=own_words(fault))
            self._answer(batch, [AuditUnavailable() for _ in batch])
        return []

    def _take(self) -> list[Waiting]:
        """The next batch, waiting for one; empty when closing and nothing is left."""
        batch: list[Waiting] = []
        room = BATCH_BYTES_MAX
        with suppress(Empty):
            while len(batch) < BATCH_MAX and room > 0:
                waiting = self._queue.get(block=not batch and not self._last)
                if waiting is None:
                    self._last = True
                elif not waiting.given_up:
                    batch.append(waiting)
                    room -= waiting.pending.size
        return batch

    def _write(self, batch: Sequence[Pending]) -> Sequence[Result]:
        """Write a batch, trying again when it certainly was not written."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._transaction(batch)
            except self._worth_another:
                self._disconnect()
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def _transaction(self, batch: Sequence[Pending]) -> Sequence[Result]:
        if self._connection is None:
            self._connection = self._engine.connect()
        connection = self._connection
        transaction = connection.begin()
        try:
            results = self._batches.write(connection, batch, self._now())
        except BaseException:
            with suppress(SQLAlchemyError):
                transaction.rollback()
            raise
        try:
            transaction.commit()
        except Exception:
            self._disconnect()
            if not self._was_committed(results):
                raise
        return results

    def _was_committed(self, results: Sequence[Result]) -> bool:
        try:
            with self._engine.connect() as connection:
                return self._batches.committed(connection, results)
        except Exception as fault:
            raise _Unsure(f"a commit failed, and whether it happened is not known ({type(fault).__name__})") from None

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(Exception):
                self._connection.invalidate()
            with suppress(Exception):
                self._connection.close()
            self._connection = None

    def _answer(self, batch: Sequence[Waiting], results: Sequence[Result | AuditUnavailable]) -> None:
        """Hand each result to the loop that waits for it, with one wake-up per loop."""
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Waiting, Result | AuditUnavailable]]] = {}
        for waiting, result in zip(batch, results, strict=True):
            by_loop.setdefault(waiting.loop, []).append((waiting, result))
        for loop, answers in by_loop.items():
            with suppress(RuntimeError):  # that loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_resolve, answers)


def _resolve(answers: Sequence[tuple[Waiting, Result | AuditUnavailable]]) -> None:
    for waiting, result in answers:
        if waiting.future.done():
            continue
        if isinstance(result, Appended):
            waiting.future.set_result(result)
        else:
            waiting.future.set_exception(result)

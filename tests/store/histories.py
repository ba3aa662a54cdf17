"""Logs written straight into the tables, unsigned: for readers that only look at entries. Fast enough for thousands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from hub.audit.acts import Hold, Officer, Pruning
from hub.audit.encoding import encode, encode_all
from hub.audit.entries import Asker, Entry
from hub.audit.words import NONCE_BYTES
from hub.store.read_tables import TABLES
from hub.store.tables import log_entry, log_head, prepare
from tests.audit import samples

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OFFICER = Officer("hub-pages", "testshire-council", "0ff1" * 8, "log_officer")
HELD = "5ab0" * 8
"""The subject whose entries are kept when others are dropped."""


def subject(number: int) -> str:
    return HELD if number == 0 else f"{number:032x}"


def worker(number: int) -> str | None:
    return None if number == 0 else f"{number:016x}{'3e' * 8}"


class History:
    """A log that grows, with a clock that is told when to move.

    With ``at_once`` false nothing is in the database before :meth:`flush`: one transaction, and much faster.
    """

    def __init__(self, engine: Engine, *, at_once: bool = True) -> None:
        self.engine = engine
        self._at_once = at_once
        self._pending: list[dict[str, Any]] = []
        self.now = START
        self.size = 0
        self.open: list[tuple[int, str]] = []
        self._kept: set[int] = set()
        with engine.begin() as connection:
            prepare(connection)
            for table in (log_entry, log_head):
                connection.execute(delete(table))
            connection.execute(
                insert(log_head).values(id=1, size=0, frontier=b"", root=b"", at=0, note="an unsigned log")
            )

    def stamp(self) -> dict[str, Any]:
        return {"at": self.now, "nonce": self.size.to_bytes(NONCE_BYTES, "big")}

    def write(self, *bodies: bytes, along: Callable[[Connection], None] = lambda _: None) -> int:
        """Write bodies as they are; the index of the last."""
        self._pending += [
            {"index": index, "leaf_hash": b"", "body": body, "note": None}
            for index, body in enumerate(bodies, self.size)
        ]
        self.size += len(bodies)
        if self._at_once:
            self.flush(along)
        return self.size - 1

    def flush(self, along: Callable[[Connection], None] = lambda _: None) -> None:
        rows, self._pending = self._pending, []
        with self.engine.begin() as connection:
            along(connection)
            connection.execute(insert(log_entry), rows)
            connection.execute(update(log_head).values(size=self.size))

    def add(self, *entries: Entry) -> int:
        return self.write(*(body for entry in entries for body in encode_all(entry)))

    def ask(self, who: int = 1, whom: int = 1, minutes: int = 0, **changes: Any) -> int:
        self.now += timedelta(minutes=minutes)
        asker = Asker("testshire-mash", "testshire-council", worker(who), "mash_social_worker", "bearer")
        values: dict[str, Any] = {"asker": asker, "subject": subject(whom)} | changes
        index = self.add(samples.question(**self.stamp(), **values))
        self.open.append((index, values["subject"]))
        return index

    def answer(self, which: int = 0, **changes: Any) -> int:
        return self._end(which, lambda to: [samples.answer(to, **self.stamp(), **changes)])

    def abandon(self, which: int = 0) -> int:
        return self._end(which, lambda of: [samples.abandoned(of, **self.stamp())])

    def end_with(self, which: int, make: Callable[[int], Iterable[Entry]]) -> int:
        return self._end(which, make)

    def refuse(self, **changes: Any) -> int:
        return self.add(samples.refused(**self.stamp(), **changes))

    def prune(self, before: int) -> int:
        """Drop the bytes of entries before ``before`` as ``hub audit prune`` does, where no question there is open."""
        stop = min([before, *(index for index, _ in self.open)])
        act = Pruning(**self.stamp(), officer=OFFICER, before=stop, kept=0, archive="ab" * 32, reason="retention")

        def drop(connection: Connection) -> None:
            kept = self._kept | set(self._of_the_log_itself(connection))
            connection.execute(
                update(log_entry)
                .where(log_entry.c.index < stop, log_entry.c.index.not_in(sorted(kept)))
                .values(body=b"")
            )

        return self.write(encode(act), along=drop)

    def hold(self) -> int:
        return self.add(Hold(**self.stamp(), officer=OFFICER, act="set", subject=HELD, reason="inquest"))

    def _of_the_log_itself(self, connection: Connection) -> Iterable[int]:
        rows = connection.execute(select(log_entry.c.index, log_entry.c.body))
        return [
            index for index, body in rows if bytes(body).startswith((b'{"v":1,"kind":"prune"', b'{"v":1,"kind":"hold"'))
        ]

    def _end(self, which: int, make: Callable[[int], Iterable[Entry]]) -> int:
        index, whom = self.open.pop(which % len(self.open))
        before = self.size
        last = self.add(*make(index))
        if whom == HELD:
            self._kept |= {index, *range(before, last + 1)}
        return last


def dumped(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Every row of the list's tables, in an order that does not depend on how they were written."""
    with engine.connect() as connection:
        return {
            table.name: sorted(
                (dict(row._mapping) for row in connection.execute(select(table))),
                key=lambda row: repr(sorted(row.items(), key=str)),
            )
            for table in TABLES
        }

"""One transaction of the log: lock the head, give out indices, write, sign the new head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from hub.audit.checkpoint import Checkpoint, open_checkpoint
from hub.audit.merkle import Frontier, Node
from hub.audit.note import NoteInvalid
from hub.audit.words import EntryInvalid
from hub.errors import Complaint
from hub.store import recovery
from hub.store.keys import Growth, Signer
from hub.store.pending import Along, Appended, Pending, QuestionClosed
from hub.store.sql_rows import HeadRow, OpenRow, Rows, SideRow, TileRow, statements_of
from hub.store.tables import log_entry, log_head

__all__ = [
    "TILE_LEVELS",
    "Along",
    "AlongFailed",
    "Appended",
    "BatchWriter",
    "Head",
    "HeadDamaged",
    "Pending",
    "QuestionClosed",
    "Result",
    "head_of",
    "read_head",
]

TILE_LEVELS = 8
"""A stored subtree covers 2**8 of those a level below, as in C2SP tlog-tiles."""


class HeadDamaged(Complaint):
    """The head row is not what this log signed; nothing may be appended to it."""


class AlongFailed(Exception):
    """What somebody does along with ``pending`` failed, and not for want of a database: nobody else is to suffer."""

    def __init__(self, pending: Pending) -> None:
        super().__init__("what goes along with an entry failed")
        self.pending = pending


@dataclass(frozen=True, slots=True)
class Head:
    """The head row. ``root`` is the frontier's, worked out once."""

    frontier: Frontier
    root: bytes
    at: int
    note: str


Result = Appended | QuestionClosed

_HEAD = select(log_head.c.size, log_head.c.frontier, log_head.c.root, log_head.c.at, log_head.c.note)
_LOCKED_HEAD = _HEAD.with_for_update()
_LEAF_AT = select(log_entry.c.leaf_hash).where(log_entry.c.index == bindparam("at"))


def read_head(connection: Connection, *, lock: bool = False) -> Head:
    """The head row, locked until the transaction ends when ``lock``.

    Raises:
        HeadDamaged: there is none, or its parts contradict each other.
    """
    row = connection.execute(_LOCKED_HEAD if lock else _HEAD).one_or_none()
    return head_of(None if row is None else HeadRow(*row))


def head_of(row: HeadRow | None) -> Head:
    """The head as its row says; HeadDamaged as :func:`read_head` does."""
    if row is None:
        raise HeadDamaged("the head row is gone")
    try:
        frontier = Frontier.decode(row.size, row.frontier)
    except (ValueError, TypeError):
        raise HeadDamaged("the head's frontier does not fit its size") from None
    root = frontier.root
    if root != row.root:
        raise HeadDamaged("the head's root does not fit its frontier")
    return Head(frontier, root, row.at, row.note)


class BatchWriter:
    """Writes batches, each in the caller's transaction, and signs the head each leads to.

    After the commit the caller says so with :meth:`remember`; only then is the new head held against later ones.
    """

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._trusted: tuple[int, bytes] | None = None
        self._written: tuple[int, bytes] | None = None

    def make_head(self, connection: Connection, now: int) -> None:
        """Write the head of the empty log, unless there is a head; then check that it is this signer's."""
        if connection.execute(_HEAD).one_or_none() is None:
            empty = Frontier()
            root = empty.root
            self._signer.check(0, root)
            head = Head(empty, root, now, self._signed(0, root, Growth(empty)))
            connection.execute(insert(log_head).values(id=1, **_row(head)._asdict()))
        self._check(read_head(connection, lock=True))

    def write(self, connection: Connection, batch: Sequence[Pending], now: int) -> list[Result]:
        """Write ``batch``, in order, and the new head. Ends of questions that are not open are left out.

        Raises:
            HeadDamaged, SignsBackwards: the database is not the log this signer signed.
            AlongFailed: one of them cannot be written; the others could.
            Exception: the database failed, as the driver or SQLAlchemy says it.
        """
        self._written = None
        row, free = statements_of(connection).lock(connection, _ends(batch))
        head = head_of(row)
        left = self._check(head)
        added: Sequence[Pending] = ()
        if left and list(left) != _bodies(_taken(batch, _accepted(batch, set(free)))):
            head, added = self._write_left(connection, head, left, free, now)
            batch = [*added, *batch]
        accepted = _accepted(batch, free)
        entries = _taken(batch, accepted)
        indices: list[int] = []
        if entries:
            head, indices = self._grow(connection, head, entries, now)
        found = iter(zip(indices, entries, strict=True))
        size = head.frontier.size
        results: list[Result] = [_appended(*next(found), size) if taken else QuestionClosed() for taken in accepted]
        return results[len(added) :]

    def committed(self, connection: Connection, results: Sequence[Result]) -> bool:
        """Whether the batch with these ``results`` is in the log, when a commit's own answer was lost.

        It locks the head, so a commit still on its way in the database is over, one way or the other, before it looks.
        """
        read_head(connection, lock=True)
        first = next((each for each in results if isinstance(each, Appended)), None)
        return first is not None and connection.scalar(_LEAF_AT, {"at": first.index}) == first.leaf_hash

    def remember(self) -> None:
        """Take what :meth:`write` wrote last as committed, and hold its head against every later one."""
        if self._written is not None:
            self._trusted = self._written
            self._signer.remember(*self._written)

    def _check(self, head: Head) -> Sequence[bytes]:
        """Hold the head against what was signed; the signature only when this process did not just write it.

        What it returns was signed after this head, and never committed.
        """
        size, root = head.frontier.size, head.root
        left = self._signer.check(size, root)
        if self._trusted == (size, root):
            return left
        try:
            signed = open_checkpoint(head.note.encode(), self._signer.verifiers)
        except (NoteInvalid, UnicodeEncodeError):
            raise HeadDamaged("the head is not signed by this hub's key") from None
        if (signed.size, signed.root) != (size, root):
            raise HeadDamaged("the head is not what was signed")
        return left

    def _write_left(
        self, connection: Connection, head: Head, left: Sequence[bytes], free: set[int], now: int
    ) -> tuple[Head, Sequence[Pending]]:
        """Write what was signed and never committed (a hub died in between), as it was signed.

        Args:
            free: the questions that may get their end; those that get it here are taken out.

        Returns:
            The new head, and what the log must say about it next.
        """
        try:
            entries = recovery.restored(left)
        except EntryInvalid:
            raise HeadDamaged("the signer has signed what is no entry") from None
        free |= statements_of(connection).close(connection, sorted({*_ends(entries)} - free))
        if not all(_accepted(entries, free)):
            raise HeadDamaged("the signer has signed an end of a question that is not open")
        head, _ = self._grow(connection, head, entries, now)
        return head, recovery.explained(left, head.frontier.size - len(left), now)

    def _grow(self, connection: Connection, head: Head, entries: Sequence[Pending], now: int) -> tuple[Head, list[int]]:
        """Write ``entries`` after ``head``; the new head, and the index of each entry (of its last part).

        What others do in this transaction comes before the signature, for it may fail, and a signer may hold the log to
        what it has signed.
        """
        start = head.frontier.size
        indices = [at - 1 for at in accumulate((len(each.bodies) for each in entries), initial=start)][1:]
        placed = list(zip(indices, entries, strict=True))
        for index, each in placed:
            _go_along(connection, index, each)
        leaf_hashes = [leaf for each in entries for leaf in each.leaf_hashes]
        bodies = _bodies(entries)
        tiles: list[TileRow] = []

        def keep(node: Node, value: bytes) -> None:
            if node[0] % TILE_LEVELS == 0:
                tiles.append(TileRow(node[0] // TILE_LEVELS, node[1], value))

        frontier = head.frontier.extend(leaf_hashes, keep)
        root = frontier.root
        note = self._signed(frontier.size, root, Growth(head.frontier, bodies))
        grown = Head(frontier, root, max(now, head.at), note)
        rows = Rows(
            start=start,
            leaf_hashes=leaf_hashes,
            bodies=bodies,
            opened=[OpenRow(at, each.opened_at) for at, each in placed if each.opened_at is not None],
            sides=[SideRow(at, each.side.salt, each.side.body) for at, each in placed if each.side is not None],
            tiles=tiles,
            head=_row(grown),
        )
        statements_of(connection).write(connection, rows)
        self._written = frontier.size, root
        return grown, indices

    def _signed(self, size: int, root: bytes, growth: Growth) -> str:
        return self._signer.sign(Checkpoint(self._signer.verifier.name, size, root), growth)


def _go_along(connection: Connection, index: int, entry: Pending) -> None:
    if entry.along is None:
        return
    try:
        entry.along(connection, index)
    except (IntegrityError, DataError) as fault:  # the database is well: it will not have what was written
        raise AlongFailed(entry) from fault
    except SQLAlchemyError:
        raise
    except Exception as fault:
        raise AlongFailed(entry) from fault


def _ends(batch: Sequence[Pending]) -> list[int]:
    """The questions that ``batch`` would end, each once."""
    return sorted({each.ends for each in batch if each.ends is not None})


def _accepted(batch: Sequence[Pending], free: set[int]) -> list[bool]:
    """Which of ``batch`` may be written: an end takes its question out of ``free``, so a second one finds none."""
    accepted = []
    for each in batch:
        accepted.append(each.ends is None or each.ends in free)
        if each.ends is not None:
            free.discard(each.ends)
    return accepted


def _taken(batch: Sequence[Pending], accepted: Sequence[bool]) -> list[Pending]:
    return [each for each, taken in zip(batch, accepted, strict=True) if taken]


def _bodies(entries: Sequence[Pending]) -> list[bytes]:
    return [body for each in entries for body in each.bodies]


def _row(head: Head) -> HeadRow:
    return HeadRow(head.frontier.size, head.frontier.encode(), head.root, head.at, head.note)


def _appended(index: int, entry: Pending, size: int) -> Appended:
    return Appended(index, entry.leaf_hashes[-1], size)

"""Whether the log is what was signed, looked at bit by bit: the head each time, and some further entries' own bytes.

A whole check takes seconds for each million entries, and a page cannot wait for that. So entries are hashed anew from
their bytes a piece at a time, from the first to the newest and round again, and after each piece what was hashed so far
must be the beginning of the head (RFC 6962 section 2.1.2). It is no substitute for ``hub audit verify``, which also
checks forms, ends and keys, and is run by somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, select

from hub.audit.checkpoint import Checkpoint, open_checkpoint
from hub.audit.merkle import Frontier, ProofInvalid, leaf_hash, verify_consistency
from hub.audit.note import NoteInvalid, VerifierKey
from hub.store.batch import HeadDamaged, read_head
from hub.store.consistency import read_consistency
from hub.store.engine import reading
from hub.store.tables import log_entry

PIECE_ROWS = 2_000
"""So many entries are hashed anew at one look."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, in words without an entry's text; ``entry`` is the first that is not what was signed, if known."""

    says: str
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """How far entries were hashed anew in this round: the tree so far, and the newest head that was seen."""

    frontier: Frontier = field(default_factory=Frontier)
    seen: Checkpoint | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """One look: the head, how far the bytes were hashed anew, what is wrong; ``came_round``: to the newest entry."""

    head: Checkpoint | None
    note: str
    scan: Scan
    fault: Fault | None = None
    came_round: bool = False


def look(engine: Engine, keys: tuple[VerifierKey, ...], scan: Scan, piece: int | None = None) -> Looked:
    """Check the head, that it continues the one seen before, and a further piece of the entries.

    Args:
        engine: the log's.
        keys: the log's public keys.
        scan: of the look before.
        piece: how many entries are hashed; ``PIECE_ROWS``.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database failed: nothing is known.
    """
    with engine.connect() as connection:
        note = ""
        try:
            stored = read_head(reading(connection))
            note = stored.note
            head = open_checkpoint(note.encode(), keys)
            if (head.size, head.root) != (stored.frontier.size, stored.root):
                return Looked(None, note, scan, Fault("the head that is stored is not the one that was signed"))
        except (HeadDamaged, NoteInvalid, ValueError):
            return Looked(None, note, scan, Fault("the newest checkpoint is not signed by this log's key"))
        found, came_round = _further(connection, scan.frontier, head.size, piece or PIECE_ROWS)
    if isinstance(found, Fault):
        return Looked(head, note, scan, found)
    fault = _continues(engine, scan.seen, head)
    for each in found:
        fault = fault or _begins(engine, each, head)
    return Looked(head, note, Scan(found[-1], head), fault, came_round and fault is None)


def _further(connection: Connection, so_far: Frontier, size: int, piece: int) -> tuple[list[Frontier] | Fault, bool]:
    """What ``piece`` more entries come to, with a new round begun where there is room for one; whether one ended."""
    stop = min(so_far.size + piece, size)
    first = _piece(connection, so_far, stop)
    if isinstance(first, Fault) or stop < size:
        return first if isinstance(first, Fault) else [first], False
    again = _piece(connection, Frontier(), min(piece - (stop - so_far.size), so_far.size))
    return again if isinstance(again, Fault) else [first, again], True


def _piece(connection: Connection, so_far: Frontier, stop: int) -> Frontier | Fault:
    query = select(log_entry.c.index, log_entry.c.leaf_hash, log_entry.c.body).order_by(log_entry.c.index)
    rows = connection.execute(query.where(log_entry.c.index >= so_far.size, log_entry.c.index < stop)).all()
    leaves = []
    for expected, (index, leaf, body) in enumerate(rows, so_far.size):
        if index != expected:
            return Fault("an entry is missing", expected)
        if {type(leaf), type(body)} != {bytes} or (body and leaf_hash(body) != leaf):
            return Fault("an entry's bytes are not those that were signed", expected)
        leaves.append(leaf)
    if so_far.size + len(leaves) != stop:
        return Fault("an entry is missing", so_far.size + len(leaves))
    return so_far.extend(leaves)


def _continues(engine: Engine, seen: Checkpoint | None, head: Checkpoint) -> Fault | None:
    if seen is None or seen.size == 0:
        return None
    if seen.size > head.size:
        return Fault(f"the log had {seen.size} entries and now has {head.size}: it was rolled back")
    return _begin(engine, seen.size, seen.root, head)


def _begins(engine: Engine, so_far: Frontier, head: Checkpoint) -> Fault | None:
    return _begin(engine, so_far.size, so_far.root, head) if so_far.size else None


def _begin(engine: Engine, size: int, root: bytes, head: Checkpoint) -> Fault | None:
    fault = Fault(f"the first {size} entries are not those that were signed")
    try:
        hashes = read_consistency(engine, size, head.size)
        if hashes is None:
            return fault
        verify_consistency(size, root, head.size, head.root, hashes)
    except ProofInvalid:
        return fault
    return None

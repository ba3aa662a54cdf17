"""Proofs that an earlier state of the log is the beginning of a later one, from what is stored."""

from __future__ import annotations

from sqlalchemy import Connection, Engine

from hub.audit.merkle import ProofInvalid, assemble, consistency_parts, fold, perfect_parts, verify_consistency
from hub.store.batch import TILE_LEVELS, Head, read_head
from hub.store.engine import reading
from hub.store.reader import subtree_lookup
from hub.telemetry.lines import LogLine, say


def read_consistency(engine: Engine, old: int, new: int) -> tuple[bytes, ...] | None:
    """The proof (RFC 6962 section 2.1.2) that the first ``old`` entries begin the first ``new``.

    None when the log has fewer than ``new`` entries. It is checked against the head before it is given out. The stored
    subtrees are only a shorter way: when they are damaged, the proof is made from the entries' own hashes.

    Raises:
        ValueError: ``old`` is negative, or more than ``new``.
        ProofInvalid: the entries are not what was signed; ``hub audit verify`` says which.
    """
    if not 0 <= old <= new:
        raise ValueError("the older state cannot be the larger one")
    with engine.connect() as connection:
        head = read_head(reading(connection))
        if new > head.frontier.size:
            return None
        try:
            return _checked(connection, head, old, new, TILE_LEVELS)
        except ProofInvalid:
            say(LogLine.LOG_SUBTREES_DAMAGED)
            return _checked(connection, head, old, new, 0)


def _checked(connection: Connection, head: Head, old: int, new: int, levels: int) -> tuple[bytes, ...]:
    """The proof, once it and the root it leads to are held against the head's root.

    Each of its hashes is part of the newer root, so none of them can be wrong when that root begins the head.
    """
    look_up = subtree_lookup(connection, levels)

    def root(size: int) -> bytes:
        return fold([look_up(node) for node in perfect_parts(0, size)])

    hashes = assemble(consistency_parts(old, new), look_up)
    newer, size = root(new), head.frontier.size
    verify_consistency(old, root(old), new, newer, hashes)
    verify_consistency(new, newer, size, head.frontier.root, assemble(consistency_parts(new, size), look_up))
    return hashes

"""Reads of the log, and the references its entries use. Each function runs in its own transaction on a thread."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType

from sqlalchemy import Connection, Engine, bindparam, select, text, tuple_

from hub.audit.checkpoint import Checkpoint
from hub.audit.encoding import decode
from hub.audit.entries import Entry
from hub.audit.merkle import (
    HASH_BYTES,
    Lookup,
    Node,
    ProofInvalid,
    assemble,
    inclusion_parts,
    perfect_parts,
    perfect_root,
    verify_inclusion,
)
from hub.audit.note import parse_note
from hub.audit.proof import LogProof
from hub.audit.words import code
from hub.store.batch import TILE_LEVELS, Head, head_of, read_head
from hub.store.engine import reading, single
from hub.store.sql_rows import Span, statements_of
from hub.store.tables import log_entry, log_open, log_reference, log_tile
from hub.telemetry.lines import LogLine, say

REFERENCE_KIND_MAX = 24
"""The longest kind of reference, in characters: its column has room for "retired:" before it."""

REFERENCE_VALUE_MAX = 1_024
"""The longest value a reference can stand for, in bytes of UTF-8; PostgreSQL indexes no more than 2,704."""

REFERENCE_BYTES = 16

STALE_MAX = 1_000
"""So many questions at most are ended by one run of the reaper; the next run takes the rest."""

_INSERT_REFERENCE = text(
    "INSERT INTO log_reference (kind, value, ref) VALUES (:kind, :value, :ref) ON CONFLICT DO NOTHING"
)

_KNOWN_REFERENCES = select(log_reference).where(
    tuple_(log_reference.c.kind, log_reference.c.value).in_(bindparam("wanted", expanding=True))
)

BLOCK = 1 << TILE_LEVELS
"""So many neighbouring hashes are read at one time."""

SUBTREE_ROOTS_MAX = 1_024
"""So many roots over stored subtrees are remembered, each with its up to 4 KiB of hashes."""

_root_of_subtrees = lru_cache(SUBTREE_ROOTS_MAX)(perfect_root)
"""The upper parts of every proof are over the same few stored subtrees. By the hashes themselves: never out of date."""

_LEAVES = (
    select(log_entry.c.leaf_hash)
    .where(log_entry.c.index >= bindparam("start"), log_entry.c.index < bindparam("end"))
    .order_by(log_entry.c.index)
)
_TILES = (
    select(log_tile.c.hash)
    .where(log_tile.c.level == bindparam("level"))
    .where(log_tile.c.index >= bindparam("start"), log_tile.c.index < bindparam("end"))
    .order_by(log_tile.c.index)
)


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry as it is stored, and as it reads."""

    index: int
    leaf_hash: bytes
    body: bytes
    entry: Entry


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the log can be written now. ``at`` is when its newest entry was written."""

    ok: bool
    size: int | None = None
    at: datetime | None = None
    detail: str | None = None


def moment(milliseconds: int) -> datetime:
    """The moment so many milliseconds after 1970 began, UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def read_entry(engine: Engine, index: int) -> StoredEntry | None:
    """Entry ``index``, or None when the log is not so long."""
    with engine.connect() as connection:
        columns = (log_entry.c.leaf_hash, log_entry.c.body)
        row = reading(connection).execute(select(*columns).where(log_entry.c.index == index)).one_or_none()
    return None if row is None else StoredEntry(index, row.leaf_hash, row.body, decode(row.body))


def read_checkpoint(engine: Engine) -> str:
    """The newest signed checkpoint."""
    with engine.connect() as connection:
        return read_head(reading(connection)).note


def read_health(engine: Engine) -> Health:
    """Whether the head can be locked for writing now."""
    with engine.connect() as connection:
        head = read_head(connection, lock=True)
    return Health(True, head.frontier.size, moment(head.at))


def read_proof(engine: Engine, index: int, under: str | None = None) -> str | None:
    """The proof that entry ``index`` is in the log, or None when the log (as of ``under``) is not so long.

    It is checked before it is given out. The stored subtrees are only a shorter way: when they are damaged, the proof
    is made from the entries' own hashes.

    Args:
        engine: the log's.
        index: of the entry.
        under: the signed checkpoint to prove it under, of this log or of an earlier state; the head's when None.

    Raises:
        ProofInvalid, NoteInvalid: the entries are not what was signed; ``hub audit verify`` says which.
    """
    with engine.connect() as connection:
        # What was signed never changes, and entries are only added: no transaction is needed around the statements.
        head, blocks = _read_path(single(connection), index)
        note = head.note if under is None else under
        signed = Checkpoint.parse(parse_note(note.encode()).text)
        if not 0 <= index < signed.size:
            return None
        edge = dict(zip(perfect_parts(0, head.frontier.size), head.frontier.nodes, strict=True))
        look_up = subtree_lookup(connection, TILE_LEVELS, edge, blocks)
        leaf = look_up((0, index))
        try:
            hashes = _checked_proof(look_up, signed, index, leaf)
        except ProofInvalid:
            say(LogLine.LOG_SUBTREES_DAMAGED)
            hashes = _checked_proof(subtree_lookup(connection, 0), signed, index, leaf)
    return str(LogProof(index, leaf, hashes, note))


def read_stale(engine: Engine, before: int) -> list[int]:
    """Questions without an end that were written before ``before`` (milliseconds), the oldest first."""
    with engine.connect() as connection:
        query = select(log_open.c.question).where(log_open.c.at < before).order_by(log_open.c.question)
        return list(reading(connection).scalars(query.limit(STALE_MAX)))


def check_references(wanted: Iterable[tuple[str, str]]) -> None:
    """Raise ValueError when a kind is not a code, or a value is empty, not text or over ``REFERENCE_VALUE_MAX``."""
    for kind, value in wanted:
        size = len(value.encode(errors="replace"))
        broken = "\0" in value or any("\ud800" <= each <= "\udfff" for each in value)  # PostgreSQL stores neither
        if code(kind) != kind or len(kind) > REFERENCE_KIND_MAX or broken or not 0 < size <= REFERENCE_VALUE_MAX:
            raise ValueError("a reference has a short code as its kind and a value of moderate length")


def read_references(engine: Engine, wanted: Sequence[tuple[str, str]]) -> list[str]:
    """The reference of each ``(kind, value)``, made now for those that had none, in order."""
    with engine.connect() as connection:
        known = _known_references(single(connection), wanted)
    if missing := [each for each in dict.fromkeys(wanted) if each not in known]:
        rows = [{"kind": kind, "value": value, "ref": secrets.token_hex(REFERENCE_BYTES)} for kind, value in missing]
        with engine.begin() as connection:
            connection.execute(_INSERT_REFERENCE, rows)
            known |= _known_references(connection, missing)  # another process may have been quicker
    return [known[each] for each in wanted]


def _known_references(connection: Connection, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    rows = connection.execute(_KNOWN_REFERENCES, {"wanted": list(wanted)})
    return {(row.kind, row.value): row.ref for row in rows}


def _checked_proof(look_up: Lookup, signed: Checkpoint, index: int, leaf: bytes) -> tuple[bytes, ...]:
    hashes = assemble(inclusion_parts(index, signed.size), look_up)
    verify_inclusion(leaf, index, signed.size, hashes, signed.root)
    return hashes


def _read_path(connection: Connection, index: int) -> tuple[Head, dict[tuple[int, int], bytes]]:
    """The head, and the blocks on the way from a leaf to the root, by level and place."""
    places = [max(index, 0) >> (TILE_LEVELS * (level + 1)) for level in range(4)]
    one, two, three, four = (Span(level, place * BLOCK, (place + 1) * BLOCK) for level, place in enumerate(places))
    row, found = statements_of(connection).path(connection, (one, two, three, four))
    return head_of(row), {(level, places[level]): hashes for level, hashes in found.items()}


def subtree_lookup(
    connection: Connection,
    levels: int,
    known: Mapping[Node, bytes] = MappingProxyType({}),
    blocks: dict[tuple[int, int], bytes] | None = None,
) -> Lookup:
    """How to get a subtree's hash: from those stored every ``levels`` levels (0: from the entries alone).

    A proof's subtrees lie in few blocks of neighbours, so each block is read once and kept. ``known`` hashes and
    ``blocks`` that were read already are not read again.
    """
    blocks = {} if blocks is None else blocks

    def look_up(node: Node) -> bytes:
        if node in known:
            return known[node]
        level, index = node
        stored = level // levels if levels else 0
        width = 1 << (level - stored * TILE_LEVELS)
        place, start = divmod(index * width, BLOCK)
        if width > BLOCK:
            hashes = _hashes(connection, stored, index * width, width)
        else:
            if (stored, place) not in blocks:
                blocks[stored, place] = _hashes(connection, stored, place * BLOCK, BLOCK)
            hashes = blocks[stored, place][start * HASH_BYTES : (start + width) * HASH_BYTES]
        if len(hashes) != width * HASH_BYTES:
            raise ProofInvalid("hashes are missing")
        return _root_of_subtrees(hashes) if stored else perfect_root(hashes)

    return look_up


def _hashes(connection: Connection, stored: int, start: int, count: int) -> bytes:
    """Hashes of ``count`` neighbours from ``start`` on, as far as there are: of entries (0) or of stored subtrees."""
    values = {"start": start, "end": start + count}
    rows = connection.execute(_TILES, {"level": stored, **values}) if stored else connection.execute(_LEAVES, values)
    hashes = [bytes(each) for (each,) in rows]
    if any(len(each) != HASH_BYTES for each in hashes):
        raise ProofInvalid("hashes are damaged")
    return b"".join(hashes)

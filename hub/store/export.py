"""``hub audit export``: the log as files that anybody can check without us (``docs/log-format.md``, "Export").

The log is read in pieces, so memory does not grow with it. What is exported must come to the root that was signed, or
nothing is: a damaged log is not handed on as a good one.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from itertools import count
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, func, select

from hub.audit.checkpoint import Checkpoint
from hub.audit.encoding import decode
from hub.audit.forms import kind_of
from hub.audit.merkle import ProofInvalid, leaf_hash
from hub.audit.note import NoteInvalid, VerifierKey, parse_note
from hub.audit.tiles import TILE_WIDTH, Tile, TileInvalid, TileTree, bundle, last_tiles, split_tile
from hub.audit.verify import Row
from hub.audit.verify_story import OPEN_FOR_MAX
from hub.audit.words import EntryInvalid, format_moment
from hub.store.cosignatures import read_quorum
from hub.store.engine import reading
from hub.store.export_files import CHECKPOINT, KEYS, MANIFEST, SIDES, ExportFiles, ExportRefused, Manifest
from hub.store.reader import read_checkpoint, read_proof
from hub.store.tables import log_entry, log_side

CHUNK_ROWS = 4_096
"""So many entries are read at once, and of so many one kept checkpoint goes along."""

SIDES_ROWS = 200
"""So many rows of the text beside entries are read at once."""

_END = re.compile(rb'\{"v":1,"kind":"(?:answer|abandoned)","at":"[^"]*","nonce":"[^"]*","question":([0-9]{1,16}),')
"""How an end begins, with its question: most are of one asked since, and need not be read."""

Progress = Callable[[int, int], None]
"""Called with the entries read and the entries there are to read."""

_ROWS = select(log_entry.c.index, log_entry.c.leaf_hash, log_entry.c.body, log_entry.c.note).order_by(log_entry.c.index)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export besides the hashes of all entries.

    ``entries`` are those whose bytes go along, widened to whole bundles of 256; None: all. ``single``: those that get
    a proof of their own, with their bytes. ``sides``: the text kept beside entries, too; ``sides_of``: that beside
    these alone. Either needs a good reason. ``also``: further files, by name.
    """

    entries: range | None = None
    single: tuple[int, ...] = ()
    sides: bool = False
    sides_of: frozenset[int] = frozenset()
    also: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Staged:
    """An export that is complete and does not show yet; :meth:`ExportFiles.publish` makes it appear."""

    files: ExportFiles
    size: int
    entries: int
    manifest: str
    """The SHA-256 of the manifest, hex."""


def stage_export(
    engine: Engine,
    files_at: ExportFiles,
    keys: Sequence[VerifierKey],
    wanted: Wanted,
    *,
    now: datetime,
    progress: Progress = lambda _done, _size: None,
) -> Staged:
    """Read the log and write what is new, where it does not show yet.

    Args:
        engine: the log's; it is only read.
        files_at: the directory; an export of this log in it is added to.
        keys: the log's public keys, for ``log.pub``.
        wanted: what goes along.
        now: the moment, for the manifest.
        progress: called now and then.

    Raises:
        ExportRefused: the directory is not this log's, or the log is not what was signed.
    """
    old = files_at.begin(keys[0].name)
    note = _checkpoint(engine, wanted.single, now)
    try:
        signed = Checkpoint.parse(parse_note(note.encode()).text)
    except NoteInvalid as fault:
        raise _damaged(f"its head: {fault}") from None
    within = _whole_bundles(wanted.entries, signed.size)
    if old is not None and old.size > signed.size:
        raise ExportRefused(
            f"The export there has {old.size} entries and the log {signed.size}: the log was rolled back, or is a "
            "copy. Do not overwrite the export: it is the evidence."
        )
    if old is not None and old.entries[0] == within.start and old.entries[1] in (old.size, within.stop):
        tree, start = _resumed(files_at, old), old.size - old.size % TILE_WIDTH
    else:
        tree, start = TileTree(), 0
    with engine.connect() as connection:
        reading(connection)
        _write_tiles(connection, files_at, tree, range(start, signed.size), within, progress)
        if tree.root != signed.root:
            raise _damaged("its entries do not come to what was signed")
        _write_sides(connection, files_at, signed.size, wanted)
    _write_single(engine, files_at, note, signed.size, wanted.single)
    files_at.write(CHECKPOINT, note.encode())
    files_at.write(KEYS, "".join(f"{key}\n" for key in keys).encode())
    for name, data in wanted.also.items():
        files_at.write(name, data)
    for name in ("verify.py", "README.txt"):
        files_at.write(name, files("hub.audit").joinpath("offline", name).read_bytes())
    kept = files_at.kept(old) if old is not None else {}
    made = Manifest(
        keys[0].name,
        signed.size,
        format_moment(now),
        (within.start, within.stop),
        tuple(key.key_id.hex() for key in keys),
        kept | files_at.digests,
    )
    files_at.write(MANIFEST, str(made).encode())
    return Staged(files_at, signed.size, len(within) or len(wanted.single), files_at.digests[MANIFEST])


def _checkpoint(engine: Engine, single: Sequence[int], now: datetime) -> str:
    """The newest cosigned checkpoint, if there is one; the head where it is too old for ``single`` entries, or where
    something was erased or pruned since, or a question ended that would look forgotten without its end: what explains
    that something is missing must be among what is exported.
    """
    quorum = read_quorum(engine)
    if quorum is None or quorum.note is None or quorum.size is None:
        return read_checkpoint(engine)
    if quorum.size <= max(single, default=-1) < _size(engine):
        return read_checkpoint(engine)
    with engine.connect() as connection:
        reading(connection)
        since = range(quorum.size, (connection.scalar(select(func.max(log_entry.c.index))) or 0) + 1)
        bodies = (row.body for rows in _chunks(connection, since) for row in rows if type(row.body) is bytes)
        explains = any(
            kind_of(body) in (b"erasure", b"prune") or _ends_late(connection, body, quorum.size, now) for body in bodies
        )
    return read_checkpoint(engine) if explains else quorum.note


def _ends_late(connection: Connection, body: bytes, before: int, now: datetime) -> bool:
    """Whether an entry ends a question ``before`` it that was asked too long ago to be still open ``now``."""
    ended = _END.match(body)
    if ended is None or int(ended[1]) >= before:
        return False
    asked = connection.scalar(select(log_entry.c.body).where(log_entry.c.index == int(ended[1])))
    try:
        return now - decode(asked or b"").at > OPEN_FOR_MAX
    except EntryInvalid:  # pruned: nobody misses its end; damaged: nothing will be exported
        return False


def _size(engine: Engine) -> int:
    with engine.connect() as connection:
        return (reading(connection).scalar(select(func.max(log_entry.c.index))) or 0) + 1


def _damaged(what: str) -> ExportRefused:
    return ExportRefused(f"The log is not what was signed: {what}. Nothing was exported. Run: hub audit verify")


def _whole_bundles(entries: range | None, size: int) -> range:
    if entries is None:
        return range(size)
    start, stop = max(0, entries.start), min(entries.stop, size)
    if start >= stop:
        return range(0)
    return range(start - start % TILE_WIDTH, min(-(-stop // TILE_WIDTH) * TILE_WIDTH, size))


def _resumed(files_at: ExportFiles, old: Manifest) -> TileTree:
    """The tree of the full tiles that the export has."""
    pending = []
    for level, index, width in last_tiles(old.size):
        held = files_at.read(Tile(level, index, width).path) if width and level else b""
        try:
            pending.append(split_tile(held, width if level else 0))
        except TileInvalid:
            raise ExportRefused(f"{Tile(level, index, width).path}: damaged. Export into a new directory.") from None
    size = old.size - old.size % TILE_WIDTH
    return TileTree(size, pending[: len(list(last_tiles(size)))])


def _write_tiles(
    connection: Connection, files_at: ExportFiles, tree: TileTree, span: range, within: range, progress: Progress
) -> None:
    held: list[bytes] = []
    covering = False  # the next checkpoint is the first that covers a change of keys
    for rows in _chunks(connection, span):
        leaves = [_leaf(row, at) for at, row in zip(count(tree.size), rows, strict=False)]
        for tile, data in tree.extend(leaves):
            files_at.write(tile.path, data)
        for row in rows:
            held.append(row.body)
            covering = covering or kind_of(row.body) == b"key"
            if row.note is not None and (covering or row is _last_marked(rows)):
                files_at.write(f"checkpoints/{row.number + 1}", row.note.encode())
                covering = False
            if len(held) == TILE_WIDTH or row.number + 1 == span.stop:
                tile = Tile(0, row.number // TILE_WIDTH, len(held))
                if tile.number * TILE_WIDTH in within:
                    files_at.write(tile.bundle_path, bundle(held))
                held.clear()
        progress(tree.size, span.stop)
    if tree.size != span.stop:
        raise _damaged(f"entry {tree.size} is missing")
    for tile, data in tree.partial():
        files_at.write(tile.path, data)


def _last_marked(rows: Sequence[Row]) -> object:
    return next((row for row in reversed(rows) if row.note is not None), None)


def _leaf(row: Row, expected: int) -> bytes:
    """The hash of a stored entry, if it is the one expected and what was logged (or pruned since)."""
    if row.number != expected:
        raise _damaged(f"entry {expected} is missing")
    if {type(row.body), type(row.leaf_hash)} != {bytes}:  # SQLite keeps any type in any column
        raise _damaged(f"entry {expected} was changed")
    if row.body and leaf_hash(row.body) != row.leaf_hash:
        raise _damaged(f"entry {expected} was changed")
    return row.leaf_hash


def _chunks(connection: Connection, span: range) -> Iterator[Sequence[Row]]:
    """The rows of ``span``, cut at multiples of ``CHUNK_ROWS``."""
    start = span.start
    while start < span.stop:
        end = min(start - start % CHUNK_ROWS + CHUNK_ROWS, span.stop)
        found = connection.execute(_ROWS.where(log_entry.c.index >= start, log_entry.c.index < end))
        yield [Row(*each) for each in found]
        start = end


def _write_sides(connection: Connection, files_at: ExportFiles, size: int, wanted: Wanted) -> None:
    """The numbers of the entries with text beside them; the text itself only where it is asked for."""
    rows = _sides(connection, size, log_side.c.index)
    files_at.write_lines("sides.txt", (b"%d\n" % index for (index,) in rows))
    if wanted.sides or wanted.sides_of:
        rows = _sides(connection, size, log_side.c.index, log_side.c.salt, log_side.c.body, of=wanted.sides_of)
        files_at.write_lines(SIDES, (_side_line(*row) for row in rows))


def _sides(
    connection: Connection, size: int, *columns: ColumnElement[Any], of: frozenset[int] = frozenset()
) -> Iterator[tuple[Any, ...]]:
    within = log_side.c.index.in_(sorted(of)) if of else log_side.c.index < size
    query = select(*columns).where(within, log_side.c.index < size).order_by(log_side.c.index).limit(SIDES_ROWS)
    rows = connection.execute(query).all()
    while rows:
        yield from (tuple(row) for row in rows)
        rows = connection.execute(query.where(log_side.c.index > rows[-1][0])).all()


def _side_line(index: int, salt: bytes, body: bytes) -> bytes:
    line = {"index": index, "salt": salt.hex(), "body": base64.b64encode(body).decode()}
    return json.dumps(line).encode() + b"\n"


def _write_single(engine: Engine, files_at: ExportFiles, note: str, size: int, single: Sequence[int]) -> None:
    for index in single:
        if not 0 <= index < size:
            raise ExportRefused(f"There is no entry {index}: the log that can be exported has {size} entries.")
        try:
            proof = read_proof(engine, index, note)
        except (ProofInvalid, NoteInvalid) as fault:
            raise _damaged(f"no proof of entry {index} can be made ({fault})") from None
        assert proof is not None
        files_at.write(f"proofs/{index}.tlog-proof", proof.encode())
        with engine.connect() as connection:
            body = reading(connection).scalar(select(log_entry.c.body).where(log_entry.c.index == index))
        if body:
            files_at.write(f"proofs/{index}.entry", body)

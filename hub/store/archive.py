"""Whether an export on disk holds the entries that are about to be dropped here.

Nothing is taken on trust: the entries in its bundles must come, hash by hash, to the root that was signed for the
closed year.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from hub.audit.checkpoint import Checkpoint
from hub.audit.merkle import leaf_hash
from hub.audit.note import NoteInvalid, parse_note
from hub.audit.tiles import TILE_WIDTH, TileInvalid, TileTree, split_bundle, tiles_of
from hub.errors import BadRequest
from hub.store.engine import reading
from hub.store.export_files import CHECKPOINT, MANIFEST
from hub.store.tables import log_entry
from hub.store.years import Year

BUNDLE_BYTES_MAX = TILE_WIDTH * (65_535 + 2)
NOTE_BYTES_MAX = 65_536
MANIFEST_BYTES_MAX = 1024 * 1024 * 1024

Progress = Callable[[int, int], None]


class ArchiveInvalid(BadRequest):
    """The archive does not hold what is to be dropped: nothing is."""

    default_code = "ARCHIVE_INVALID"


def check_archive(engine: Engine, directory: Path, closed: Year, progress: Progress | None = None) -> str:
    """Read every entry of ``closed`` and before it from the export in ``directory``; the SHA-256 of its manifest, hex.

    Raises:
        ArchiveInvalid: one is not there, or is not the one that was logged. An entry that was dropped here before may
            be missing there.
    """
    manifest = sha256(_read(directory / MANIFEST, MANIFEST_BYTES_MAX)).hexdigest()
    try:
        held = Checkpoint.parse(parse_note(_read(directory / CHECKPOINT, NOTE_BYTES_MAX)).text).size
    except NoteInvalid:
        raise ArchiveInvalid(
            f"{directory}: its checkpoint cannot be read. Make the archive with `hub audit export`."
        ) from None
    if held < closed.size:
        raise ArchiveInvalid(
            f"{directory}: it has {held} entries, and the year ends at {closed.size}: run `hub audit export` into it."
        )
    tree = TileTree()
    with engine.connect() as connection:
        reading(connection)
        for tile in tiles_of(held, 0):
            start = tile.number * TILE_WIDTH
            if start >= closed.size:
                break
            try:
                bodies = split_bundle(_read(directory / tile.bundle_path, BUNDLE_BYTES_MAX), tile.width)
            except TileInvalid as fault:
                raise ArchiveInvalid(f"{directory / tile.bundle_path}: {fault}.") from None
            _add(connection, tree, start, bodies[: closed.size - start])
            if progress is not None:
                progress(tree.size, closed.size)
    if tree.root != closed.root:
        raise ArchiveInvalid(f"{directory}: its entries are not those of this log's year {closed.year}.")
    return manifest


def _add(connection: Connection, tree: TileTree, start: int, bodies: list[bytes]) -> None:
    """Add a bundle's entries to the tree; what was dropped here before, by the hash that was kept."""
    within = (log_entry.c.index >= start, log_entry.c.index < start + len(bodies))
    rows = connection.execute(
        select(log_entry.c.leaf_hash, log_entry.c.body).where(*within).order_by(log_entry.c.index)
    )
    leaves = []
    for at, (body, row) in enumerate(zip(bodies, rows.all(), strict=True), start):
        if not body and row.body:
            raise ArchiveInvalid(f"The archive does not have entry {at}, which has not been dropped here.")
        leaves.append(leaf_hash(body) if body else bytes(row.leaf_hash))
        if leaves[-1] != bytes(row.leaf_hash):
            raise ArchiveInvalid(f"Entry {at} in the archive is not the one in this log.")
    for _ in tree.extend(leaves):
        pass


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as opened:
            data = opened.read(most + 1)
    except OSError as fault:
        raise ArchiveInvalid(
            f"{path}: cannot be read ({fault.strerror}). Make the archive with `hub audit export`."
        ) from None
    if len(data) > most:
        raise ArchiveInvalid(f"{path}: longer than it can be.")
    return data

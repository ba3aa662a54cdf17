"""How fast a log is checked, and in how much memory: ``python -m benchmarks.verify [--entries 1000000]``.

The log is written straight into the files of an export and into a SQLite database, in the mix of a day: a question and
its answer mostly, refusals, abandoned questions, answers in parts, changes of keys none. Then ``verify.py`` (the file
that needs no hub) and ``hub audit verify`` check it, each as a process of its own; the memory is that of the largest
process. The tenth of the log is checked too: the memory must be the same.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from hub.audit.checkpoint import Checkpoint
from hub.audit.encoding import encode
from hub.audit.entries import Records
from hub.audit.merkle import leaf_hash
from hub.audit.note import SignerKey
from hub.audit.tiles import TILE_WIDTH, Tile, TileTree, bundle
from hub.audit.words import format_moment
from hub.store.export_files import ExportFiles, Manifest
from hub.store.tables import SCHEMA_VERSION, metadata
from tests.audit import samples

ENTRIES = 1_000_000
AIM_SECONDS = 5.0
SIGNER = SignerKey("benchmark.example/log", bytes(range(32)))
START = datetime(2026, 1, 1, tzinfo=UTC)
CHECKPOINT_EVERY = 4_096
_BATCH = 20_000


def bodies(many: int) -> Iterator[bytes]:
    """So many entries, each with its own moment and nonce, ending when every question has its end."""
    question = encode(samples.question())
    answer = encode(samples.answer(7_777_777))
    parts = encode(replace(samples.answer(7_777_777), records=(), parts=1))
    part = encode(Records(samples.AT, samples.NONCE, 7_777_777, samples.answer(0).records))
    refused, abandoned = encode(samples.refused()), encode(samples.abandoned(7_777_777))
    days = (question, answer), (question, answer), (question, answer), (question, answer), (question, answer)
    stories = (*days, *days, (refused,), (question, abandoned), (question, part, parts))
    index = 0
    while index < many:
        for story in stories:
            asked = index
            for body in story if index + len(story) <= many else (refused,) * (many - index):
                at = format_moment(START + timedelta(milliseconds=index)).encode()
                stamped = body.replace(b"2026-11-20T16:41:07.113Z", at, 1)
                nonce = sha256(index.to_bytes(8, "big")).hexdigest()[:32].encode()
                yield stamped.replace(samples.NONCE.hex().encode(), nonce, 1).replace(b"7777777", b"%d" % asked, 1)
                index += 1


def build(place: Path, many: int) -> None:
    """The log as an export in ``place/export``, as a database ``place/log.db``, and its key ``place/key.pub``."""
    tree, files, held = TileTree(), ExportFiles(place / "export"), []
    files.begin(SIGNER.name)
    database = sqlite3.connect(place / "log.db", isolation_level=None)
    _make_tables(database)
    rows: list[tuple[int, bytes, bytes, str | None]] = []
    for index, body in enumerate(bodies(many)):
        leaf, note = leaf_hash(body), None
        for tile, data in tree.extend((leaf,)):
            files.write(tile.path, data)
        held.append(body)
        if len(held) == TILE_WIDTH or index + 1 == many:
            files.write(Tile(0, index // TILE_WIDTH, len(held)).bundle_path, bundle(held))
            held = []
        if (index + 1) % CHECKPOINT_EVERY == 0:
            note = SIGNER.sign(str(Checkpoint(SIGNER.name, tree.size, tree.root)))
            files.write(f"checkpoints/{tree.size}", note.encode())
        rows.append((index, leaf, body, note))
        if len(rows) == _BATCH or index + 1 == many:
            database.execute("BEGIN")
            database.executemany("INSERT INTO log_entry VALUES (?, ?, ?, ?)", rows)
            database.execute("COMMIT")
            rows = []
    for tile, data in tree.partial():
        files.write(tile.path, data)
    note = SIGNER.sign(str(Checkpoint(SIGNER.name, tree.size, tree.root)))
    database.execute("INSERT INTO log_head VALUES (1, ?, ?, ?, 0, ?)", (tree.size, b"", tree.root, note))
    database.close()
    files.write("checkpoint", note.encode())
    files.write("sides.txt", b"")
    made = Manifest(SIGNER.name, many, format_moment(START), (0, many), (), dict(files.digests))
    files.write("manifest.json", str(made).encode())
    files.publish()
    (place / "key.pub").write_text(f"{SIGNER.verifier}\n", encoding="utf-8")


def _make_tables(database: sqlite3.Connection) -> None:
    from sqlalchemy.dialects import sqlite
    from sqlalchemy.schema import CreateTable

    for table in metadata.sorted_tables:
        database.execute(str(CreateTable(table).compile(dialect=sqlite.dialect())))
    database.execute("INSERT INTO schema_version VALUES (?)", (SCHEMA_VERSION,))
    database.execute("PRAGMA journal_mode = WAL").close()


def timed(*command: str) -> tuple[float, int]:
    """Seconds a command takes, and the memory of its largest process in MiB; SystemExit when it fails."""
    began = time.perf_counter()
    child = os.posix_spawn(sys.executable, [sys.executable, *command], os.environ)
    _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - began, used.ru_maxrss // 1024


def main() -> None:
    """Build, check, say."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verify", description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    most = parser.parse_args().entries
    program = str(Path(__file__).parent.parent / "hub" / "audit" / "offline" / "verify.py")
    for many in (most // 10, most):
        with tempfile.TemporaryDirectory() as directory:
            place = Path(directory)
            build(place, many)
            mean = (place / "log.db").stat().st_size / many
            key, url = str(place / "key.pub"), f"sqlite:///{place / 'log.db'}"
            for name, command in (
                ("verify.py on an export", (program, str(place / "export"), "--key", key)),
                ("hub audit verify, SQLite", ("-m", "hub", "audit", "verify", "--database", url, "--public-key", key)),
            ):
                seconds, memory = min(timed(*command) for _ in range(3))
                print(f"{name}: {many} entries ({mean:.0f} bytes each with hash and index) in {seconds:.1f} s, "
                      f"{many / seconds:,.0f} a second, {memory} MiB")  # fmt: skip


if __name__ == "__main__":
    main()

"""A log that can be spoilt in any way, and the three verifiers that must notice: the strict one, the one that reads a
database in parallel, and the file that agencies run on an export."""

from __future__ import annotations

import base64
import importlib.util
import json
import sqlite3
import sys
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from hub.audit.acts import Erasure, KeyChange, Officer, Pruning
from hub.audit.checkpoint import Checkpoint
from hub.audit.encoding import encode
from hub.audit.entries import Answer, Entry, Records
from hub.audit.merkle import Frontier, leaf_hash
from hub.audit.note import SignerKey, VerifierKey
from hub.audit.side import Side
from hub.audit.tiles import TILE_WIDTH, TileTree, bundle, tiles_of
from hub.audit.verify import Report, Row, verify_log
from hub.audit.words import format_moment
from hub.store.export_files import ExportFiles, Manifest
from hub.store.tables import metadata
from hub.store.verify import verify_database
from tests.audit import samples

ORIGIN = "testshire.example/log"
SIGNER = SignerKey(ORIGIN, bytes(range(32)))
SECOND = SignerKey(ORIGIN, bytes(range(1, 33)))
THIRD = SignerKey(ORIGIN, bytes(range(2, 34)))
ELSEWHERE = SignerKey("elsewhere.example/log", bytes(range(3, 35)))
NOW = samples.AT + timedelta(minutes=1)
OFFICER = Officer("hub-audit", "testshire-council", samples.REF, "ig_officer")
BATCHES = (2, 3, 6, 9, 11)


def side(number: int) -> Side:
    return Side(bytes([number]) * 32, b"what was asked %d" % number)


def erasure(*sides: int) -> Erasure:
    stamp = {"at": samples.AT, "nonce": samples.NONCE, "officer": OFFICER}
    return Erasure(**stamp, reason="request", references=(samples.REF,), sides=sides)  # type: ignore[arg-type]


def pruning(before: int) -> Pruning:
    stamp = {"at": samples.AT, "nonce": samples.NONCE, "officer": OFFICER}
    return Pruning(**stamp, before=before, kept=0, archive="ab" * 32, reason="year")  # type: ignore[arg-type]


def key_change(act: str, key: SignerKey) -> KeyChange:
    stamp = {"at": samples.AT, "nonce": samples.NONCE, "officer": OFFICER}
    return KeyChange(**stamp, act=act, key=key.verifier.public.hex())  # type: ignore[arg-type]


def records(of: int) -> Records:
    return Records(samples.AT, samples.NONCE, of, samples.answer(0).records)


def parted(of: int, parts: int = 1) -> Answer:
    return samples.answer(of, records=(), parts=parts)


STORY: tuple[Entry, ...] = (
    samples.question(side=side(0).commitment),  # 0
    samples.refused(),  # 1
    samples.answer(0),  # 2
    samples.question(side=side(3).commitment),  # 3: erased by 8
    samples.question(),  # 4
    samples.abandoned(4),  # 5
    records(3),  # 6
    parted(3),  # 7
    erasure(3),  # 8
    samples.question(side=side(9).commitment),  # 9
    samples.answer(9),  # 10
    samples.refused(),  # 11
)
SIDES = {0: side(0), 9: side(9)}


def encoded(story: Iterable[Entry]) -> list[bytes]:
    """Each entry with its own nonce."""
    return [encode(replace(entry, nonce=number.to_bytes(16))) for number, entry in enumerate(story)]


def note(leaves: Sequence[bytes], size: int | None = None, *signers: SignerKey) -> str:
    """The checkpoint of the first ``size`` leaves, by each of ``signers``."""
    size = len(leaves) if size is None else size
    by = signers or (SIGNER,)
    text = str(Checkpoint(by[0].name, size, Frontier().extend(leaves[:size]).root))
    first, *others = (each.sign(text) for each in by)
    return first + "".join(other.removeprefix(text + "\n") for other in others)


@dataclass
class World:
    """A log as it lies, in a database or an export; ``files`` are written over the export's, None removes one."""

    bodies: list[bytes]
    leaves: list[bytes]
    notes: dict[int, str]
    head: str
    sides: dict[int, Side] = field(default_factory=dict)
    known: list[str] = field(default_factory=list)
    keys: tuple[VerifierKey, ...] = (SIGNER.verifier,)
    files: dict[str, bytes | None] = field(default_factory=dict)
    now: datetime = NOW
    policy: str | None = None

    @classmethod
    def of(cls, story: Iterable[Entry] = STORY, sides: dict[int, Side] | None = None, **more: Any) -> World:
        """The log of ``story``, signed as it should be: what is wrong with it, the hub itself wrote."""
        bodies = encoded(story)
        leaves = [leaf_hash(body) for body in bodies]
        notes = {size: note(leaves, size) for size in (*(size for size in BATCHES if size < len(leaves)), len(leaves))}
        return cls(bodies, leaves, notes, note(leaves), dict(SIDES if sides is None else sides), **more)

    def copy(self) -> World:
        return deepcopy(self)

    @property
    def rows(self) -> list[Row]:
        return [
            Row(number, leaf, body, self.notes.get(number + 1))
            for number, (leaf, body) in enumerate(zip(self.leaves, self.bodies, strict=True))
        ]

    def forge(self, number: int, body: bytes) -> None:
        """Another entry in this one's place, with the hash that fits it."""
        self.bodies[number], self.leaves[number] = body, leaf_hash(body)


def strictly(world: World) -> Report:
    """What the strict verifier says."""
    beside = [(number, row.commitment) for number, row in sorted(world.sides.items())]
    known = [each.encode() for each in world.known]
    return verify_log(world.rows, world.head.encode(), world.keys, now=world.now, known=known, sides=beside)


def in_database(world: World, place: Path, *, thorough: bool = False) -> Report:
    """What ``hub audit verify`` says."""
    path = place / "log.sqlite"
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    for table in metadata.sorted_tables:
        database.execute(str(CreateTable(table).compile(dialect=sqlite.dialect())))  # type: ignore[no-untyped-call]
    database.executemany("INSERT INTO log_entry VALUES (?, ?, ?, ?)", world.rows)
    rows = [(number, each.salt, each.body) for number, each in world.sides.items()]
    database.executemany("INSERT INTO log_side VALUES (?, ?, ?)", rows)
    database.execute("INSERT INTO log_head VALUES (1, ?, x'', x'', 0, ?)", (len(world.bodies), world.head))
    database.commit()
    database.close()
    known = [each.encode() for each in world.known]
    keys = "".join(f"{key}\n" for key in world.keys)
    return verify_database(f"sqlite:///{path}", keys, now=world.now, known=known, thorough=thorough)


def write_export(world: World, place: Path) -> Path:
    """The world as an export, with a manifest that fits whatever was done to it."""
    files = ExportFiles(place / "export")
    files.begin(ORIGIN)
    tree = TileTree()
    for tile, data in (*tree.extend(world.leaves), *tree.partial()):
        files.write(tile.path, data)
    for tile in tiles_of(len(world.bodies), 0):
        start = tile.number * TILE_WIDTH
        files.write(tile.bundle_path, bundle(world.bodies[start : start + tile.width]))
    for size, kept in world.notes.items():
        files.write(f"checkpoints/{size}", kept.encode())
    rows = sorted(world.sides.items())
    files.write("sides.txt", "".join(f"{number}\n" for number, _ in rows).encode())
    lines = (
        {"index": number, "salt": each.salt.hex(), "body": base64.b64encode(each.body).decode()}
        for number, each in rows
    )
    files.write("sides.jsonl", "".join(json.dumps(line) + "\n" for line in lines).encode())
    files.write("checkpoint", world.head.encode())
    for name, data in world.files.items():
        if data is None:
            del files.digests[name]
            (place / "export" / ".new" / name).unlink()
        else:
            files.write(name, data)
    size = len(world.bodies)
    made = Manifest(ORIGIN, size, format_moment(world.now), (0, size), (), dict(files.digests))
    if "manifest.json" not in files.digests:
        files.write("manifest.json", str(made).encode())
    files.publish()
    return place / "export"


def _load() -> ModuleType:
    path = Path(__file__).parents[2] / "hub" / "audit" / "offline" / "verify.py"
    spec = importlib.util.spec_from_file_location("offline_verify", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["offline_verify"] = module  # the other processes look it up
    spec.loader.exec_module(module)
    return module


OFFLINE = _load()


def offline(world: World, place: Path, **more: Any) -> str:
    """What ``verify.py`` says of the world's export; "" when it checks out."""
    export = write_export(world, place)
    key = place / "key.pub"
    key.write_text("".join(f"{each}\n" for each in world.keys))
    options = {"key": [key], "policy": None, "age_max": 86_400, "partial": False, "jobs": 1, "known": []}
    for number, kept in enumerate(world.known):
        (place / f"known{number}").write_bytes(kept.encode())
        options["known"].append(place / f"known{number}")  # type: ignore[attr-defined]
    if world.policy is not None:
        (place / "policy.txt").write_text(world.policy)
        options["policy"] = place / "policy.txt"
    arguments = OFFLINE.argparse.Namespace(export=export, **(options | more))
    try:
        said: str = OFFLINE.verify(arguments, world.now.timestamp())
    except OFFLINE.Fault as fault:
        return str(fault)
    assert said.startswith("The export checks out")
    return ""


Change = Callable[[World], None]

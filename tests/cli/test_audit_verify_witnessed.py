"""``hub audit verify --policy`` on a database: the checkpoint that witnesses cosigned is in this log, and is recent."""

# ruff: noqa: F811  a test asks for a fixture by the name it was imported under

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.audit.cosignature import WitnessKey, cosign
from hub.audit.note import SignerKey, parse_note
from hub.store.cosignatures import Quorum, keep_quorum, last_quorum
from hub.store.engine import make_engine
from hub.store.reader import read_checkpoint
from tests.cli.test_audit_export import Run, grow, place, run  # noqa: F401  the fixtures

KEYS = {
    name: SignerKey(f"witness.{name}.example", name.encode().ljust(32, b".")) for name in ("nhs", "police", "court")
}
POLICY = (
    "".join(f"witness {name} {WitnessKey.of(key)} http://127.0.0.1:9/w\n" for name, key in KEYS.items())
    + "group agencies 2 nhs police court\nquorum agencies\n"
)


def keep(place: Path, note: str, size: int) -> None:
    engine = make_engine(f"sqlite:///{place / 'log.db'}", 5)
    last_quorum(engine, datetime.now(UTC))
    keep_quorum(engine, Quorum(datetime.now(UTC), size, note))
    engine.dispose()


def checkpoint(place: Path) -> str:
    engine = make_engine(f"sqlite:///{place / 'log.db'}", 5)
    try:
        return read_checkpoint(engine)
    finally:
        engine.dispose()


def cosigned(note: str, by: tuple[str, ...], age: int = 60) -> str:
    text = parse_note(note.encode()).text
    return note + "".join(cosign(KEYS[name], text, int(time.time()) - age) for name in by)


def size_of(note: str) -> int:
    return int(note.split("\n")[1])


Make = Callable[[str], str]
CASES = [
    pytest.param(lambda note: cosigned(note, ("nhs", "police")), (), 0, "cosigned the first 42", id="a quorum"),
    pytest.param(lambda note: cosigned(note, tuple(KEYS)), (), 0, "court, nhs, police", id="all of them"),
    pytest.param(lambda note: cosigned(note, ("nhs",)), (), 1, "not the policy's quorum", id="too few"),
    pytest.param(lambda note: cosigned(note, ("nhs", "police"), 90_000), (), 1, "not the policy's", id="too long ago"),
    pytest.param(
        lambda note: cosigned(note, ("nhs", "police"), 90_000), ("--age-max", "100000"), 0, "nhs, police", id="allowed"
    ),
    pytest.param(
        lambda note: cosigned(note, ("nhs", "police")).replace("\n42\n", "\n41\n"), (), 1, "DOES NOT", id="altered"
    ),
]


@pytest.mark.parametrize(("make", "options", "status", "says"), CASES)
def test_what_is_kept_is_checked(
    place: Path,
    run: Run,
    make: Make,
    options: tuple[str, ...],
    status: int,
    says: str,
) -> None:
    note = checkpoint(place)
    keep(place, make(note), size_of(note))
    (place / "witnesses").write_text(POLICY, "utf-8")
    ended, out, err = run("audit", "verify", "--policy", "witnesses", *options)
    assert (ended, says in out + err) == (status, True), out + err


def test_a_log_that_was_rolled_back_behind_its_witnesses(place: Path, run: Run) -> None:
    before = (place / "log.db").read_bytes()
    grow(place, 3)
    later = cosigned(checkpoint(place), ("nhs", "police"))
    for name in ("log.db-wal", "log.db-shm", "log.key.head"):
        (place / name).unlink(missing_ok=True)
    (place / "log.db").write_bytes(before)
    keep(place, later, size_of(later))
    (place / "witnesses").write_text(POLICY, "utf-8")
    ended, out, err = run("audit", "verify", "--policy", "witnesses")
    assert (ended, "rolled back" in out + err) == (1, True), out + err


def test_a_policy_that_is_none(place: Path, run: Run) -> None:
    (place / "witnesses").write_text("gossip\n", "utf-8")
    ended, _, err = run("audit", "verify", "--policy", "witnesses")
    assert (ended, "witnesses:" in err) == (2, True)


def test_a_log_that_was_never_witnessed(place: Path, run: Run) -> None:
    (place / "witnesses").write_text(POLICY, "utf-8")
    ended, _, err = run("audit", "verify", "--policy", "witnesses")
    assert (ended, "never had its witnesses' quorum" in err) == (1, True)
    with sqlite3.connect(place / "log.db") as database:
        assert database.execute("SELECT count(*) FROM log_quorum").fetchone() == (0,)

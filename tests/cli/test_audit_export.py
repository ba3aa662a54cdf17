"""``hub audit export``, and checking what it made with ``hub audit verify --export``, on a real log."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from hub.audit.acts import Export
from hub.audit.encoding import decode
from hub.audit.note import VerifierKey
from hub.audit.proof import verify_proof
from hub.cli.main import main
from hub.store.appender import Log
from hub.store.cosignatures import Quorum, keep_quorum
from hub.store.engine import make_engine
from hub.store.keys import load_or_create
from hub.store.reader import moment, read_checkpoint
from hub.store.tables import log_entry, log_side
from tests.audit.tampering import erasure
from tests.cli.test_commands import ORIGIN, SETTINGS
from tests.store.making import abandoned, ask_and_answer, question
from tests.store.tampering import edit, read_all

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub's directory, whose log holds 20 questions with their answers and one with text beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_SETTINGS", raising=False)
    grow(tmp_path, 20, side=b"what she asked about Zo\xc3\xab")
    settings = SETTINGS.format(place=tmp_path).replace("[log]", "[log]\nwrite_timeout_seconds = 0.5")
    (tmp_path / "settings.toml").write_text(settings)
    return tmp_path


def grow(place: Path, many: int, *, side: bytes | None = None) -> None:
    async def write() -> None:
        log = Log(f"sqlite:///{place / 'log.db'}", load_or_create(place / "log.key", ORIGIN))
        await log.start()
        await asyncio.gather(*(ask_and_answer(log) for _ in range(many)))
        if side is not None:
            row = log.sealed(side)
            asked = await log.append(question(log, side=row.commitment), side=row)
            await log.append(abandoned(log, asked.index))
        await log.close()

    asyncio.run(write())


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def run(*argv: str) -> tuple[int, str, str]:
        status = main(argv)
        said = capfd.readouterr()
        return status, said.out, said.err

    return run


def files(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def newest(place: Path) -> object:
    (body,) = read_all(f"sqlite:///{place / 'log.db'}", 'SELECT body FROM log_entry ORDER BY "index" DESC LIMIT 1')[0]
    return decode(body)  # type: ignore[arg-type]


def test_an_export_checks_out_and_is_written_down(place: Path, run: Run) -> None:
    status, out, _ = run("audit", "export", "--out", "x")
    assert (status, out) == (0, "Exported the log up to 42 entries to x. What is in it: README.txt.\n")
    entry = newest(place)
    assert isinstance(entry, Export)
    assert (entry.entries, entry.size, entry.reason) == (42, 42, "routine")
    assert entry.manifest == sha256((place / "x" / "manifest.json").read_bytes()).hexdigest()
    assert run("audit", "verify", "--export", "x")[:2] == (
        0,
        "The export checks out: 42 entries, 0 questions still open, 0 witnesses.\n",
    )


def test_nobody_is_named_in_it(place: Path, run: Run) -> None:
    run("audit", "export", "--out", "x")
    assert all(b"Zo" + b"\xc3\xab" not in data for data in files(place / "x").values())
    assert (place / "x" / "sides.txt").read_text() == "40\n"


def test_running_it_again_adds_only_what_is_new(place: Path, run: Run) -> None:
    grow(place, 150)
    run("audit", "export", "--out", "x")
    first = files(place / "x")
    full = (place / "x" / "tile" / "entries" / "000").stat()
    grow(place, 300)
    assert run("audit", "export", "--out", "x")[0] == 0
    second = files(place / "x")
    assert (place / "x" / "tile" / "entries" / "000").stat().st_ino == full.st_ino, "not written again"
    assert first.keys() - second.keys() == {"tile/0/001.p/86", "tile/entries/001.p/86"}, (
        "partial ones that are full now"
    )
    assert json.loads(second["manifest.json"])["files"].keys() == second.keys() - {"manifest.json"}
    assert run("audit", "verify", "--export", "x", "--known", "x/checkpoints/342")[0] == 0
    fresh = run("audit", "export", "--out", "y")
    assert fresh[0] == 0
    tiles = {name: data for name, data in files(place / "y").items() if name.startswith("tile/entries/00")}
    assert {name: data for name, data in second.items() if name in tiles}.items() <= tiles.items()


def test_nothing_new_is_fine(place: Path, run: Run) -> None:
    for _ in range(3):
        assert run("audit", "export", "--out", "x", "--no-entries", "--without-entry")[0] == 0
    assert run("audit", "verify", "--export", "x")[0] == 1, "hashes alone are not the log"
    assert run("audit", "verify", "--export", "x", "--partial")[0] == 0
    assert not isinstance(newest(place), Export)


@pytest.mark.parametrize(
    ("options", "within"),
    [
        pytest.param(("--from", "300"), (256, 642), id="from"),
        pytest.param(("--to", "256"), (0, 256), id="to"),
        pytest.param(("--from", "256", "--to", "257"), (256, 512), id="one bundle"),
        pytest.param(("--from", "9000"), (0, 0), id="beyond the end"),
    ],
)
def test_a_part_of_it(place: Path, run: Run, options: tuple[str, ...], within: tuple[int, int]) -> None:
    grow(place, 300)
    assert run("audit", "export", "--out", "x", *options)[0] == 0
    assert tuple(json.loads((place / "x" / "manifest.json").read_text())["entries"]) == within
    assert run("audit", "verify", "--export", "x")[0] == 1
    assert run("audit", "verify", "--export", "x", "--partial")[0] == 0
    grow(place, 1)
    assert run("audit", "export", "--out", "x", *options)[0] == 0
    assert run("audit", "verify", "--export", "x", "--partial")[0] == 0


def test_one_entry_with_its_proof(place: Path, run: Run) -> None:
    assert run("audit", "export", "--out", "x", "--no-entries", "--entry", "7", "--entry", "40")[0] == 0
    key = VerifierKey.parse((place / "log.key.pub").read_text().strip())
    for number in (7, 40):
        body = (place / "x" / "proofs" / f"{number}.entry").read_bytes()
        proof = (place / "x" / "proofs" / f"{number}.tlog-proof").read_bytes()
        assert verify_proof(proof, key, body=body)[0] == number
    assert run("audit", "verify", "--export", "x", "--partial")[0] == 0
    assert newest(place).entries == 2  # type: ignore[attr-defined]


BY = ("--by", "Rowan Achebe", "--organisation", "testshire-council")


@pytest.mark.parametrize("said", [(), ("--reason", "court_order"), BY], ids=["neither", "not-by-whom", "not-why"])
def test_text_beside_entries_never_goes_along_unexplained(place: Path, run: Run, said: tuple[str, ...]) -> None:
    status, _, err = run_failing(run, "audit", "export", "--out", "x", "--with-side", *said)
    assert status == 2
    assert "--by" in err
    assert "--reason" in err
    assert not (place / "x").exists()


def test_who_decided_an_export_is_in_its_entry_behind_a_reference(place: Path, run: Run) -> None:
    assert run("audit", "export", "--out", "x", *BY)[0] == 0
    entry = newest(place)
    assert isinstance(entry, Export)
    assert (entry.officer.organisation, entry.officer.role, entry.reason) == (
        "testshire-council",
        "log_officer",
        "routine",
    )
    names = dict(read_all(f"sqlite:///{place / 'log.db'}", "SELECT ref, value FROM log_reference"))
    assert names[entry.officer.worker] == "testshire-council/Rowan Achebe"


def test_text_beside_entries_goes_along_only_for_a_reason(place: Path, run: Run) -> None:
    assert run("audit", "export", "--out", "x", "--with-side", "--reason", "court_order", *BY)[0] == 0
    assert {path.stat().st_mode & 0o777 for path in (place / "x").rglob("*") if path.is_file()} == {0o600}
    assert len((place / "x" / "sides.jsonl").read_text().splitlines()) == 1
    assert newest(place).reason == "court_order"  # type: ignore[attr-defined]
    assert run("audit", "verify", "--export", "x")[0] == 0
    assert run("audit", "export", "--out", "x")[0] == 0
    assert not (place / "x" / "sides.jsonl").exists(), "not asked for again"
    assert run("audit", "verify", "--export", "x")[0] == 0


def run_failing(run: Run, *argv: str) -> tuple[int, str, str]:
    status, out, err = run(*argv)
    assert status != 0
    return status, out, err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param(("--without-entry",), "--without-entry is for hashes only", id="unlogged, with entries"),
        pytest.param(
            ("--without-entry", "--no-entries", "--entry", "1"), "--without-entry is for", id="unlogged entry"
        ),
        pytest.param(("--no-entries", "--from", "1"), "--no-entries leaves out all", id="none, from"),
        pytest.param(("--from", "5", "--to", "5"), "--from must be", id="from nothing"),
        pytest.param(("--from", "-1"), "--from must be", id="from below"),
        pytest.param(("--reason", "Zoë asked"), "with --reason: one word", id="a reason with a name"),
        pytest.param(("--by", "Rowan"), "Name the person who decided", id="half a name"),
    ],
)
def test_what_is_refused_before_anything_is_read(place: Path, run: Run, options: tuple[str, ...], says: str) -> None:
    status, _, err = run("audit", "export", "--out", "x", *options)
    assert (status, says in err) == (2, True)
    assert not (place / "x").exists()


def test_an_entry_that_is_not_there(place: Path, run: Run) -> None:
    status, _, err = run("audit", "export", "--out", "x", "--entry", "42")
    assert (status, "There is no entry 42" in err) == (1, True)
    assert not (place / "x").exists()


def test_a_directory_with_something_else_in_it(place: Path, run: Run) -> None:
    (place / "x").mkdir()
    (place / "x" / "thesis.doc").write_text("years of work")
    status, _, err = run("audit", "export", "--out", "x")
    assert (status, "is not an export" in err) == (1, True)
    assert files(place / "x") == {"thesis.doc": b"years of work"}


def test_an_export_of_another_log(place: Path, run: Run) -> None:
    run("audit", "export", "--out", "x")
    manifest = place / "x" / "manifest.json"
    manifest.write_text(manifest.read_text().replace(ORIGIN, "elsewhere.example/log"))
    status, _, err = run("audit", "export", "--out", "x")
    assert (status, "export of the log elsewhere.example/log" in err) == (1, True)


def test_a_log_that_was_rolled_back_does_not_overwrite_the_evidence(place: Path, run: Run) -> None:
    run("audit", "export", "--out", "x")
    before = files(place / "x")
    url = f"sqlite:///{place / 'log.db'}"
    note = read_all(url, 'SELECT note FROM log_entry WHERE note IS NOT NULL ORDER BY "index" LIMIT 1')[0][0]
    edit(url, "UPDATE log_head SET note = :note", note=note)
    status, _, err = run("audit", "export", "--out", "x")
    assert (status, "it is the evidence" in err) == (1, True)
    assert files(place / "x") == before


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("UPDATE log_entry SET body = body || ' ' WHERE \"index\" = 5", id="an entry edited"),
        pytest.param('DELETE FROM log_entry WHERE "index" = 5', id="an entry gone"),
        pytest.param('DELETE FROM log_entry WHERE "index" >= 40', id="the tail gone"),
        pytest.param(
            "UPDATE log_entry SET leaf_hash = zeroblob(32), body = x'' WHERE \"index\" = 5", id="a hash edited"
        ),
        pytest.param("UPDATE log_head SET note = 'scribble'", id="a scribbled head"),
    ],
)
def test_a_damaged_log_is_not_handed_on(place: Path, run: Run, damage: str) -> None:
    edit(f"sqlite:///{place / 'log.db'}", damage)
    status, _, err = run("audit", "export", "--out", "x", "--no-entries", "--without-entry")
    assert status == 1
    assert err.startswith("NOTHING WAS EXPORTED. The log is not what was signed")
    assert not (place / "x").exists()


def test_a_log_that_cannot_be_written_hands_out_nothing(place: Path, run: Run) -> None:
    lock = sqlite3.connect(place / "log.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        status, _, _ = run("audit", "export", "--out", "x")
    finally:
        lock.close()
    assert status == 2
    assert not (place / "x").exists()
    assert run("audit", "export", "--out", "x")[0] == 0
    assert run("audit", "verify", "--export", "x")[0] == 0


def test_the_newest_cosigned_checkpoint_is_exported_when_there_is_one(place: Path, run: Run) -> None:
    engine = make_engine(f"sqlite:///{place / 'log.db'}", 5.0)
    keep_quorum(engine, Quorum(moment(0), 42, read_checkpoint(engine)))
    grow(place, 5)
    assert run("audit", "export", "--out", "x")[1].startswith("Exported the log up to 42 entries")
    with engine.connect() as connection:
        assert len(connection.execute(select(log_entry.c.index)).all()) == 53
    engine.dispose()
    assert run("audit", "verify", "--export", "x")[0] == 0


def test_what_was_erased_since_is_exported_with_what_says_so(place: Path, run: Run) -> None:
    """The text is gone now; only an entry after the cosigned checkpoint tells why."""
    engine = make_engine(f"sqlite:///{place / 'log.db'}", 5.0)
    keep_quorum(engine, Quorum(moment(0), 42, read_checkpoint(engine)))
    engine.dispose()

    async def erase() -> None:
        log = Log(f"sqlite:///{place / 'log.db'}", load_or_create(place / "log.key", ORIGIN))
        await log.start()
        at, nonce = log.stamp()
        entry = replace(erasure(40), at=at, nonce=nonce)
        await log.append(entry, along=lambda connection, _: connection.execute(delete(log_side)) and None)
        await log.close()

    asyncio.run(erase())
    assert run("audit", "export", "--out", "x")[1].startswith("Exported the log up to 43 entries")
    assert (place / "x" / "sides.txt").read_text() == ""
    assert run("audit", "verify", "--export", "x")[0] == 0
    assert run("audit", "verify")[0] == 0


@pytest.mark.parametrize(("minutes", "size"), [(9, 43), (11, 44)], ids=["may still be open", "open for too long"])
def test_a_question_that_was_ended_since_is_exported_with_its_end(
    minutes: int, size: int, place: Path, run: Run
) -> None:
    """The witnesses were away, and one question was under way when they last cosigned: it must not look as if forgotten."""
    engine = make_engine(f"sqlite:///{place / 'log.db'}", 5.0)

    async def ask() -> None:
        log = Log(f"sqlite:///{place / 'log.db'}", load_or_create(place / "log.key", ORIGIN))
        await log.start()
        entry = question(log)
        asked = await log.append(replace(entry, at=entry.at - timedelta(minutes=minutes)))
        keep_quorum(engine, Quorum(moment(0), 43, read_checkpoint(engine)))
        await log.append(abandoned(log, asked.index))
        await log.close()

    asyncio.run(ask())
    engine.dispose()
    assert run("audit", "export", "--out", "x")[1].startswith(f"Exported the log up to {size} entries")
    assert run("audit", "verify", "--export", "x")[0] == 0


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        pytest.param(("--thorough",), 0, "The log checks out", id="thorough"),
        pytest.param(("--known", "x/checkpoint"), 0, "The log checks out", id="known"),
        pytest.param(("--known", "nothing"), 2, "cannot be read", id="known, not there"),
        pytest.param(("--policy", "p"), 2, "cannot be read", id="a policy, not there"),
        pytest.param(("--age-max", "5"), 2, "goes with --policy", id="an age without a policy"),
        pytest.param(("--partial",), 2, "goes with --export", id="part of a database"),
        pytest.param(("--export", "x", "--thorough"), 2, "not for --export", id="thorough, of an export"),
        pytest.param(("--export", "x", "--known", "x/checkpoint"), 0, "checks out", id="an export, known"),
        pytest.param(("--export", "x", "--public-key", "log.key.pub"), 0, "checks out", id="an export, by its key"),
        pytest.param(("--export", "nothing"), 1, "missing", id="no export"),
    ],
)
def test_ways_to_verify(place: Path, run: Run, options: tuple[str, ...], status: int, says: str) -> None:
    run("audit", "export", "--out", "x")
    ended, out, err = run("audit", "verify", *options)
    assert ended == status, err
    assert says in out + err

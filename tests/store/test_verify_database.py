"""``hub audit verify`` on a stored log: finds what somebody with the database's password did, and says what."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.audit.checkpoint import open_checkpoint
from hub.audit.merkle import Frontier, leaf_hash
from hub.audit.tiles import split_bundle, tiles_of
from hub.audit.verify import Fault, Report
from hub.audit.verify_chunk import CHUNK_ROWS
from hub.errors import AuditUnavailable, ConfigurationError
from hub.store import verify
from hub.store.appender import Log
from hub.store.engine import make_engine
from hub.store.export import Wanted, stage_export
from hub.store.export_files import ExportFiles
from hub.store.keys import FileSigner, load_or_create
from hub.store.verify import verify_database
from tests.store.conftest import ORIGIN, MakeLog
from tests.store.making import ask_and_answer, refused
from tests.store.tampering import edit, read_all

Verify = Callable[..., Report]


@pytest.fixture
async def url(make_log: MakeLog, log_url: str) -> str:
    """A log of 8 entries, closed: four questions with their answers."""
    log = make_log()
    await log.start()
    for _ in range(4):
        await ask_and_answer(log)
    await log.close()
    return log_url


def test_a_good_log(url: str, verified: Verify) -> None:
    report = verified()
    assert (report.ok, report.checked) == (True, 8)


def body_of(url: str, index: int) -> bytes:
    return bytes(read_all(url, f'SELECT body FROM log_entry WHERE "index" = {index}')[0][0])  # type: ignore[arg-type, call-overload]


@pytest.mark.parametrize("index", range(8))
@pytest.mark.parametrize("at", [0, 40, -1], ids=["first byte", "a byte inside", "last byte"])
def test_one_byte_edited(url: str, verified: Verify, index: int, at: int) -> None:
    body = bytearray(body_of(url, index))
    body[at] ^= 1
    edit(url, 'UPDATE log_entry SET body = :body WHERE "index" = :index', body=bytes(body), index=index)
    report = verified()
    assert not report.ok
    assert str(report.fault) == f"entry {index}: its bytes are not those that were logged"


SWAP = (
    'UPDATE log_entry SET "index" = 99 WHERE "index" = 2',
    'UPDATE log_entry SET "index" = 2 WHERE "index" = 4',
    'UPDATE log_entry SET "index" = 4 WHERE "index" = 99',
)


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        pytest.param(['DELETE FROM log_entry WHERE "index" = 3'], "entry 3: missing", id="dropped"),
        pytest.param(['DELETE FROM log_entry WHERE "index" = 0'], "entry 0: missing", id="first dropped"),
        pytest.param(
            ['DELETE FROM log_entry WHERE "index" >= 6'],
            "entry 6: missing: the log is shorter than what was signed",
            id="truncated",
        ),
        pytest.param(
            ["DELETE FROM log_entry"], "entry 0: missing: the log is shorter than what was signed", id="emptied"
        ),
        pytest.param(SWAP, "entry 2: not what was signed", id="reordered"),
        pytest.param(
            [
                ('INSERT INTO log_entry ("index", leaf_hash, body) '
                'SELECT 8, leaf_hash, body FROM log_entry WHERE "index" = 0')
            ],
            "entry 8: beyond the signed head: nobody signed it",
            id="one slipped in at the end",
        ),
        pytest.param(
            ['UPDATE log_entry SET "index" = -1 WHERE "index" = 0'],
            "entry 0: stored out of order or twice",
            id="a negative index",
        ),
        pytest.param(
            ['UPDATE log_entry SET leaf_hash = (SELECT root FROM log_head) WHERE "index" = 5'],
            "entry 5: its bytes are not those that were logged",
            id="leaf hash edited",
        ),
        pytest.param(
            ['UPDATE log_head SET note = (SELECT note FROM log_entry WHERE "index" = 3)'],
            "entry 4: beyond the signed head: nobody signed it",
            id="an old head",
        ),
        pytest.param(
            ["UPDATE log_head SET note = 'scribble'"],
            "the signed head is not the log's: a note has a text, a blank line and signatures",
            id="a scribbled head",
        ),
        pytest.param(
            ['UPDATE log_entry SET note = NULL WHERE "index" < 7', *SWAP],
            "between entries 0 and 7: not what was signed",
            id="reordered, marks rubbed out",
        ),
    ],
)  # fmt: skip
def test_what_was_done_to_it(url: str, verified: Verify, statements: list[str], fault: str) -> None:
    for statement in statements:
        edit(url, statement)
    report = verified()
    assert not report.ok
    assert str(report.fault) == fault


async def test_a_log_rewritten_whole_with_another_key(
    url: str, log_url: str, signer: FileSigner, tmp_path: Path
) -> None:
    forger = load_or_create(tmp_path / "forged", ORIGIN)
    for table in ("log_entry", "log_head", "log_open"):
        edit(url, f"DELETE FROM {table}")
    forged = Log(url, forger)
    await forged.start()
    await ask_and_answer(forged)
    await forged.close()
    assert verify_database(url, forger.verifier).ok
    report = verify_database(url, signer.verifier)
    assert report.fault is not None
    assert report.fault.first == 0
    assert f"the key {forger.verifier.key_id.hex()} did" in str(report.fault)


async def test_a_rollback_is_found_by_whoever_kept_a_checkpoint(
    make_log: MakeLog, log_url: str, verified: Verify
) -> None:
    log = make_log()
    await log.start()
    await ask_and_answer(log)
    saved = read_all(log_url, "SELECT note FROM log_head")[0][0]
    await ask_and_answer(log)
    kept = (await log.checkpoint()).encode()
    assert verified(known=[kept]).ok
    edit(log_url, 'DELETE FROM log_entry WHERE "index" >= 2')
    edit(log_url, "UPDATE log_head SET note = :note", note=saved)
    assert verified().ok
    assert verified(known=[kept]).fault == Fault(
        "the log was rolled back: a checkpoint is known that has more entries", 2
    )


async def test_it_reads_in_pieces_while_the_log_grows(
    make_log: MakeLog, verified: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is checked is one state of the log, the one its head had when the reading began."""
    monkeypatch.setattr(verify, "READ_ROWS", 3)
    monkeypatch.setattr("hub.audit.verify.PROGRESS_EVERY", 4)
    log = make_log()
    await log.start()
    for _ in range(10):
        await log.append(refused(log))
    done: list[tuple[int, int]] = []
    report = verified(thorough=True, progress=lambda at, of: done.append((at, of)))
    assert report.ok
    assert done == [(4, 10), (8, 10), (10, 10)]


async def test_a_running_hub_is_not_disturbed(log: Log, verified: Verify) -> None:
    await ask_and_answer(log)
    assert verified().ok
    await ask_and_answer(log)
    assert verified().checked == 4


def test_the_key_may_be_text(url: str, signer: FileSigner, tmp_path: Path) -> None:
    assert verify_database(url, (tmp_path / "key.pub").read_text()).ok
    assert verify_database(url, str(signer.verifier)).ok
    with pytest.raises(ConfigurationError, match="public key"):
        verify_database(url, "not a key")


def test_no_log_there(signer: FileSigner, tmp_path: Path) -> None:
    missing = tmp_path / "nothing.sqlite"
    with pytest.raises(ConfigurationError, match="does not exist"):
        verify_database(f"sqlite:///{missing}", signer.verifier)
    assert not missing.exists(), "looking does not make one"
    sqlite3.connect(missing).close()
    os.truncate(missing, 0)
    with pytest.raises((AuditUnavailable, ConfigurationError)):
        verify_database(f"sqlite:///{missing}", signer.verifier)


def test_a_log_without_a_head(url: str, verified: Verify) -> None:
    edit(url, "DELETE FROM log_head")
    with pytest.raises(ConfigurationError, match="head row"):
        verified()


async def test_a_file_damaged_on_disk_is_never_ok(signer: FileSigner, tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    log = Log(f"sqlite:///{path}", signer)
    await log.start()
    for _ in range(100):
        await log.append(refused(log))
    await log.close()
    whole = path.read_bytes()
    page = [place.start() for place in re.finditer(rb'"kind":"refused"', whole)][50] // 4096
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"\xff" * 4096)
    try:
        report = verify_database(f"sqlite:///{path}", signer.verifier)
    except AuditUnavailable:
        return  # SQLite itself would not read on: said to be not checked
    assert not report.ok


@pytest.mark.parametrize("many", [1, 3])
def test_by_several_processes(url: str, verified: Verify, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    monkeypatch.setattr(verify, "ALONE_MAX", 0)
    monkeypatch.setattr(verify, "WAITING_MAX", many)
    monkeypatch.setattr("hub.store.verify._Checking.strict", None)
    done: list[tuple[int, int]] = []
    report = verified(progress=lambda at, of: done.append((at, of)))
    assert (report.ok, report.checked, done) == (True, 8, [(8, 8)])


def test_by_several_processes_of_a_bad_log(url: str, verified: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "ALONE_MAX", 0)
    edit(url, 'UPDATE log_entry SET body = :body WHERE "index" = 3', body=b"{}")
    assert str(verified().fault) == "entry 3: its bytes are not those that were logged"


async def test_a_log_of_many_chunks(make_log: MakeLog, log_url: str, verified: Verify) -> None:
    """More entries than a chunk has, a change in the last of them, and in the first."""
    log = make_log()
    await log.start()
    await asyncio.gather(*(log.append(refused(log)) for _ in range(2 * CHUNK_ROWS + 5)))
    await log.close()
    report = verified()
    assert (report.ok, report.checked, report.counts["refused"]) == (True, 2 * CHUNK_ROWS + 5, 2 * CHUNK_ROWS + 5)
    for index in (CHUNK_ROWS, 2 * CHUNK_ROWS + 4):
        body = body_of(log_url, index)
        edit(log_url, 'UPDATE log_entry SET body = :body WHERE "index" = :index', body=body + b" ", index=index)
        assert str(verified().fault) == f"entry {index}: its bytes are not those that were logged"
        edit(log_url, 'UPDATE log_entry SET body = :body WHERE "index" = :index', body=body, index=index)
    assert verified().ok


@pytest.fixture
def exported(log_url: str, signer: FileSigner, tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """Exports the log, or adds to its export; the directory."""
    engine = make_engine(log_url, 5.0)

    def export() -> Path:
        files = ExportFiles(tmp_path / "export")
        stage_export(engine, files, [signer.verifier], Wanted(), now=datetime.now(UTC))
        files.publish()
        return files.place

    yield export
    engine.dispose()


async def test_an_export_holds_every_entry(
    make_log: MakeLog, log_url: str, exported: Callable[[], Path], signer: FileSigner
) -> None:
    log = make_log()
    await log.start()
    size = 0
    for many in (0, 1, 254, 1, 300):
        await asyncio.gather(*(log.append(refused(log)) for _ in range(many)))
        size += many
        place = exported()
        held = [
            body
            for tile in tiles_of(size, 0)
            for body in split_bundle((place / tile.bundle_path).read_bytes(), tile.width)
        ]
        assert held == [body_of(log_url, index) for index in range(size)]
        checkpoint = open_checkpoint((place / "checkpoint").read_bytes(), signer.verifier)
        assert checkpoint.size == size
        assert checkpoint.root == Frontier().extend(map(leaf_hash, held)).root

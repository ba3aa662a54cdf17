"""A copy of a log in use, the checkpoint beside it, and what a hub says that is started on an older copy."""

from __future__ import annotations

import asyncio
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.audit.checkpoint import open_checkpoint
from hub.errors import AuditUnavailable, ConfigurationError
from hub.store.appender import Log
from hub.store.backup import back_up
from hub.store.keys import FileSigner, load_or_create
from hub.store.verify import verify_database
from tests.store.conftest import ORIGIN, MakeLog
from tests.store.making import ask_and_answer
from tests.store.tampering import edit


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def sqlite_log(tmp_path: Path) -> Callable[[], Log]:
    return lambda: Log(sqlite_url(tmp_path / "log.sqlite"), load_or_create(tmp_path / "key", ORIGIN))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "to").mkdir()
    return tmp_path / "to" / "copy"


async def test_a_copy_made_while_the_log_grows_is_whole(
    sqlite_log: Callable[[], Log], out: Path, signer: FileSigner
) -> None:
    log = sqlite_log()
    await log.start()
    for _ in range(20):
        await ask_and_answer(log)
    told: list[tuple[int, int]] = []

    async def grow() -> None:
        for _ in range(20):
            await ask_and_answer(log)

    growing = asyncio.create_task(grow())
    made = await asyncio.to_thread(back_up, sqlite_url(out.parents[1] / "log.sqlite"), out, lambda *at: told.append(at))
    await growing
    await log.close()
    assert made.file == out
    assert 40 <= made.size <= 80
    assert told[-1][0] == told[-1][1] > 0
    checkpoint = made.checkpoint.read_bytes()
    assert open_checkpoint(checkpoint, signer.verifier).size == made.size
    report = await asyncio.to_thread(verify_database, sqlite_url(out), signer.verifier, known=[checkpoint])
    assert report.ok, report.fault
    assert report.checked == made.size
    assert [stat.S_IMODE(each.stat().st_mode) for each in (out, made.checkpoint)] == [0o600, 0o600]
    assert sorted(each.name for each in out.parent.iterdir() if "-" not in each.name) == ["copy", "copy.checkpoint"]


@pytest.mark.parametrize("there", ["copy", "copy.checkpoint"])
async def test_nothing_is_written_over(sqlite_log: Callable[[], Log], out: Path, there: str) -> None:
    log = sqlite_log()
    await log.start()
    (out.parent / there).write_text("mine")
    with pytest.raises(ConfigurationError, match="never written over"):
        back_up(sqlite_url(out.parents[1] / "log.sqlite"), out)
    assert [each.read_text() for each in out.parent.iterdir()] == ["mine"]
    await log.close()


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        pytest.param("no directory", ConfigurationError, id="a directory that is not there"),
        pytest.param("no database", AuditUnavailable, id="no database"),
        pytest.param("no head", AuditUnavailable, id="a database without a log"),
    ],
)
async def test_what_fails_leaves_nothing(
    sqlite_log: Callable[[], Log], out: Path, spoil: str, fault: type[Exception]
) -> None:
    log = sqlite_log()
    await log.start()
    await log.close()
    url, to = sqlite_url(out.parents[1] / "log.sqlite"), out
    if spoil == "no directory":
        to = out.parent / "nowhere" / "copy"
    elif spoil == "no database":
        url = sqlite_url(out.parent / "none")
    else:
        edit(url, "DROP TABLE log_head")
    with pytest.raises(fault):
        back_up(url, to)
    assert list(out.parent.iterdir()) == []


@pytest.mark.postgres
async def test_of_postgresql_the_checkpoint_alone(new_schema: Callable[[], str], out: Path, signer: FileSigner) -> None:
    url = new_schema()
    log = Log(url, signer)
    await log.start()
    await ask_and_answer(log)
    made = back_up(url, out)
    await log.close()
    assert (made.file, made.size) == (None, 2)
    assert open_checkpoint(made.checkpoint.read_bytes(), signer.verifier).size == 2
    assert not out.exists()


class TestRestored:
    async def test_an_older_copy_is_found_out_at_the_start(
        self, sqlite_log: Callable[[], Log], out: Path, signer: FileSigner
    ) -> None:
        """The key remembers how far the log had been; the checkpoint an agency kept says it to everybody."""
        log = sqlite_log()
        await log.start()
        await ask_and_answer(log)
        database = out.parents[1] / "log.sqlite"
        back_up(sqlite_url(database), out)
        await ask_and_answer(log)
        kept = await log.checkpoint()
        await log.close()
        shutil.copyfile(out, database)
        restored = sqlite_log()
        with pytest.raises(ConfigurationError) as caught:
            await restored.start()
        await restored.close()
        for said in ("a log of 4 entries", "the database (of 2)", "restored backup", "docs/runbook.md"):
            assert said in caught.value.message
        assert verify_database(sqlite_url(database), signer.verifier).ok, "a genuine older state, by itself"
        report = verify_database(sqlite_url(database), signer.verifier, known=[kept.encode()])
        assert report.fault is not None
        assert "rolled back" in report.fault.reason

    async def test_the_newest_copy_goes_on(self, sqlite_log: Callable[[], Log], out: Path) -> None:
        log = sqlite_log()
        await log.start()
        await ask_and_answer(log)
        await log.close()
        database = out.parents[1] / "log.sqlite"
        back_up(sqlite_url(database), out)
        shutil.copyfile(out, database)
        restored = sqlite_log()
        await restored.start()
        assert (await ask_and_answer(restored))[1].index == 3
        await restored.close()

    async def test_what_other_processes_wrote_since(self, make_log: MakeLog, log_url: str) -> None:
        """A hub that stands still while another writes is behind, and no older copy."""
        first, second = make_log(), make_log()
        await first.start()
        await second.start()
        await ask_and_answer(first)
        await ask_and_answer(second)
        assert (await ask_and_answer(first))[1].index == 5

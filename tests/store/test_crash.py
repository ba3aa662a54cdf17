"""The process is killed in the middle of its work: every acknowledged entry is in the log, and the log goes on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from hub.audit.verify import Report
from hub.store.appender import Log
from hub.store.keys import load_or_create
from tests.store.appending import ORIGIN
from tests.store.making import ask_and_answer

pytestmark = pytest.mark.slow

Verify = Callable[..., Report]
ROOT = Path(__file__).parents[2]


def start(url: str, key: Path, count: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.store.appending", url, str(key), str(count)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def read_lines(process: subprocess.Popen[str], most: int | None = None) -> dict[int, str]:
    """The acknowledged indices and their hashes, until ``most`` were read or the process is gone."""
    acknowledged: dict[int, str] = {}
    assert process.stdout is not None
    for line in process.stdout:
        if not line.endswith("\n"):  # cut off by the kill
            break
        index, leaf = line.split()
        assert int(index) not in acknowledged
        acknowledged[int(index)] = leaf
        if len(acknowledged) == most:
            break
    return acknowledged


def stored(url: str) -> dict[int, str]:
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text('SELECT "index", leaf_hash FROM log_entry')).all()
    engine.dispose()
    return {index: bytes(leaf).hex() for index, leaf in rows}


async def test_kill_9(log_url: str, verified: Verify, tmp_path: Path) -> None:
    acknowledged: dict[int, str] = {}
    for run in range(3):
        process = start(log_url, tmp_path / "key")
        new = read_lines(process, 40 + 17 * run)
        process.kill()
        new |= read_lines(process)
        process.wait()
        assert not acknowledged.keys() & new.keys(), "no index is given out twice"
        acknowledged |= new
    in_log = stored(log_url)
    assert acknowledged.items() <= in_log.items(), "nothing acknowledged is lost"
    assert sorted(in_log) == list(range(len(in_log))), "no gap"
    assert verified().ok
    # what the killed processes left open is ended by the next one's reaper
    later = datetime.now(UTC) + timedelta(minutes=20)
    log = Log(log_url, load_or_create(tmp_path / "key", ORIGIN), clock=lambda: later)
    await log.start()
    await log.abandon_stale(300)
    await ask_and_answer(log)
    await log.close()
    report = verified(now=later)
    assert report.ok
    assert report.open == ()


async def test_two_processes_share_one_log(log_url: str, verified: Verify, tmp_path: Path) -> None:
    processes = [start(log_url, tmp_path / "key", 15) for _ in range(2)]
    acknowledged = [read_lines(process) for process in processes]
    assert [process.wait() for process in processes] == [0, 0]
    both = acknowledged[0] | acknowledged[1]
    assert len(acknowledged[0]) == len(acknowledged[1]) == 8 * 15 * 2
    assert sorted(both) == list(range(480))
    assert both == stored(log_url)
    assert verified().checked == 480


@pytest.mark.parametrize("copies", [3])
def test_processes_that_start_at_once_on_nothing(log_url: str, tmp_path: Path, copies: int, verified: Verify) -> None:
    """Tables, head and key are made once, whoever comes first."""
    command = [sys.executable, "-m", "tests.store.appending", log_url, str(tmp_path / "key"), "1"]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) for _ in range(copies)]
    assert [process.wait() for process in processes] == [0] * copies
    assert verified().checked == copies * 16

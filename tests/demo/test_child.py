"""Nothing of the demo outlives the process that started it, even if that was killed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

START_DEMO = """
import sys, time
from pathlib import Path
from urllib.parse import urlsplit
from hub.demo.partnership import start
from hub.demo.processes import free_ports
running = start(Path(sys.argv[1]), seed=2026, faults={}, say=lambda line: None, port=free_ports(1)[0])
urls = [running.state.hub_url, running.state.issuer, *(part.ready for part in running.agencies.values())]
print(*(urlsplit(url).port or 0 for url in urls), flush=True)
time.sleep(120)
"""

START_ONE = """
import subprocess, sys, time, os
subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid())])
time.sleep(60)
"""

LIVES = """
import sys, hub.demo.child as child
{before}
sys.argv = ["child", sys.argv[1], "http.server", "0", "--bind", "127.0.0.1"]
child.main()
"""

MAIN = "import sys; print(__name__, sys.argv[1:]); sys.exit(7)"


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def directory() -> Iterator[Path]:
    """Open to the system user PostgreSQL has when this runs as root."""
    made = Path(tempfile.mkdtemp(prefix="demo-killed-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_the_demo_killed_leaves_nothing_running(directory: Path) -> None:
    command = [sys.executable, "-c", START_DEMO, str(directory)]
    environment = {**os.environ, "TMPDIR": str(directory)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as starter:
        assert starter.stdout is not None
        ports = [port for port in map(int, starter.stdout.readline().split()) if port]
        assert [port for port in ports if not listens(port)] == []
        assert len(ports) >= 4, "the hub, the login, the police, the NHS; and the council where it has a port"
        starter.kill()
    until = time.monotonic() + 20
    while left := [port for port in ports if listens(port)]:
        assert time.monotonic() < until, left
        time.sleep(0.05)
    while files := [*directory.glob("council-*")]:  # it stopped in good order: the database's files are gone too
        assert time.monotonic() < until, files
        time.sleep(0.05)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("", id="one that stops when told"),
        pytest.param(
            "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); child.GRACE_SECONDS = 0.2",
            id="one that does not listen",
        ),
    ],
)
def test_one_process_ends_after_its_parent(before: str) -> None:
    command = [sys.executable, "-c", START_ONE, LIVES.format(before=before)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as parent:
        assert parent.stdout is not None
        assert b"Serving HTTP" in parent.stdout.readline()
        parent.kill()
        began = time.monotonic()
        parent.stdout.read()  # ends when nobody is left to write
        assert time.monotonic() - began < 5


def test_a_parent_gone_before_it_looked_is_gone_too() -> None:
    command = [sys.executable, "-m", "hub.demo.child", "999999999", "http.server", "0", "--bind", "127.0.0.1"]
    assert subprocess.run(command, capture_output=True, timeout=20).returncode != 0


def test_the_module_runs_as_by_itself(tmp_path: Path) -> None:
    (tmp_path / "some_module.py").write_text(MAIN, encoding="utf-8")
    command = [sys.executable, "-m", "hub.demo.child", str(os.getpid()), "some_module", "--port", "0"]
    path = os.pathsep.join([str(Path(__file__).parents[2]), str(tmp_path)])
    ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, timeout=20)
    assert (ended.returncode, ended.stdout) == (7, "__main__ ['--port', '0']\n")

"""``hub witness`` as operators run it: real processes, killed between requests; and what its commands say."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from hub.audit.cosignature import WitnessKey, verify_cosignature
from hub.audit.note import SignerKey
from hub.audit.witness_policy import parse_policy
from hub.cli.main import main
from tests.witness.logs import LOG_KEY, ORIGIN, WITNESS_KEY, MemoryLog, command, running

LOG = MemoryLog()


@pytest.fixture(autouse=True)
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "key"
    file.write_text(WITNESS_KEY.secret_text() + "\n")
    file.chmod(0o600)
    return file


def hub(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "hub", *arguments], capture_output=True, text=True, timeout=60)


def test_killed_between_requests_it_remembers(tmp_path: Path) -> None:
    size = 0
    for grown in (5, 8, 13):
        with running(tmp_path) as (process, client):
            fork = client.post("/add-checkpoint", content=MemoryLog(fork=0).request(size, size + 1)) if size else None
            answer = client.post("/add-checkpoint", content=LOG.request(size, grown))
            process.kill()
            process.wait(10)
        assert fork is None or fork.status_code == 422, "what it cosigned before it was killed still binds it"
        assert answer.status_code == 200
        assert verify_cosignature(answer.text, str(LOG.checkpoint(grown)), WitnessKey.of(WITNESS_KEY)) > 0
        size = grown
    with running(tmp_path) as (_, client):
        behind = client.post("/add-checkpoint", content=LOG.request(5, 8))
        assert (behind.status_code, behind.headers["content-type"], behind.text) == (409, "text/x.tlog.size", "13\n")
        fork = client.post("/add-checkpoint", content=MemoryLog(fork=3).request(13, 13))
        assert fork.status_code == 409
        assert "another tree" in fork.text


def test_whatever_was_cosigned_is_never_taken_back_by_a_kill_in_the_middle(tmp_path: Path) -> None:
    """The kill falls while a request is on its way; any size whose cosignature arrived must be there afterwards."""
    arrived = 0
    for round_ in range(6):
        with running(tmp_path) as (process, client):
            first = client.post("/add-checkpoint", content=LOG.request(0, 1))
            size = 1 if first.status_code == 200 else int(first.text)
            assert size >= arrived
            assert client.post("/add-checkpoint", content=LOG.request(size, size + 1)).status_code == 200
            arrived = size + 1
            body = LOG.request(arrived, arrived + 1)
            with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as raw:
                raw.sendall(
                    b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
                )
                time.sleep(round_ * 0.001)  # so that it falls before, in and after the writing
                os.kill(process.pid, signal.SIGKILL)
                with suppress(ConnectionResetError):
                    arrived += raw.recv(4096).startswith(b"HTTP/1.1 200")
    with running(tmp_path) as (_, client):
        left = client.post("/add-checkpoint", content=LOG.request(0, 1)).text
        assert arrived <= int(left) <= arrived + 1
    assert arrived >= 6


def test_it_stops_when_told_to_and_a_long_body_is_not_read_to_its_end(tmp_path: Path) -> None:
    with running(tmp_path) as (process, client):
        assert client.post("/add-checkpoint", content=b"x" * 1_000_000).status_code == 413
        with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as half:
            half.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nold 0\n")
        assert client.post("/add-checkpoint", content=LOG.request(0, 1)).status_code == 200
        process.terminate()
        assert process.wait(20) in {0, -signal.SIGTERM}
        assert process.stderr is not None
        assert process.stderr.read() == "", "nothing is written for a client that goes away"


def test_the_key_s_line_goes_straight_into_a_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "new" / "key")
    lines = []
    for _ in range(2):
        assert (
            main(["witness", "key", "--key", file, "--name", "witness.nhs.example", "--url", "https://w.nhs.example"])
            == 0
        )
        lines.append(capsys.readouterr().out)
    assert lines[0] == lines[1], "the key is made once"
    (witness,) = parse_policy(lines[0] + "quorum witness.nhs.example\n").witnesses
    assert (witness.name, witness.url) == ("witness.nhs.example", "https://w.nhs.example")
    assert Path(file + ".pub").read_text() == f"{witness.key}\n", (
        "and the file beside the key is a witness's, not a log's"
    )
    assert Path(file).stat().st_mode & 0o077 == 0


def test_show_says_what_was_seen_and_ends_with_1_when_a_log_is_in_doubt(tmp_path: Path) -> None:
    shown = ["witness", "show", "--state", str(tmp_path / "state.sqlite")]
    with running(tmp_path) as (_, client):
        assert "No checkpoint" in hub(*shown).stdout
        client.post("/add-checkpoint", content=LOG.request(0, 8))
        quiet = hub(*shown)
        client.post("/add-checkpoint", content=MemoryLog(fork=3).request(8, 8))
        doubt = hub(*shown, "--evidence")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    assert f"{ORIGIN}: 8 entries, cosigned 20" in quiet.stdout
    assert doubt.returncode == 1
    assert "REFUSED" in doubt.stdout
    assert "two trees of one size" in doubt.stdout
    assert LOG.note(8) in doubt.stdout
    assert MemoryLog(fork=3).note(8) in doubt.stdout
    assert "docs/witness.md" in doubt.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            {"--log": "nonsense"}, "--log number 1 is neither a log's public key nor a file", id="no log's key"
        ),
        pytest.param({"--log": str(WitnessKey.of(WITNESS_KEY))}, "type 1", id="a witness's key for a log's"),
        pytest.param({"--log": str(WITNESS_KEY.verifier)}, "cannot witness itself", id="the log's own key"),
        pytest.param(
            {"--name": "witness.nhs.example"}, "this is the key of witness.police.example", id="another's key"
        ),
        pytest.param({"--name": "two words"}, "this is the key of", id="a name that is none"),
        pytest.param({"--host": "203.0.113.1"}, "cannot listen on 203.0.113.1", id="not this machine's address"),
        pytest.param({"--host": "no.such.host.invalid"}, "cannot listen on", id="no address"),
        pytest.param({"--port": "70000"}, "from 0 to 65535", id="no port"),
        pytest.param({"--state": "/dev/null/state"}, "cannot be read or made", id="a state that cannot be"),
    ],
)
def test_what_is_wrong_is_said_with_status_2(change: dict[str, str], said: str, tmp_path: Path) -> None:
    words = command(tmp_path)
    for option, value in change.items():
        if option in words:
            words[words.index(option) + 1] = value
        else:
            words += [option, value]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            command(tmp_path, port=taken.getsockname()[1]), capture_output=True, text=True, timeout=60
        )
    assert (done.returncode, "cannot listen" in done.stderr) == (2, True)


def test_a_lost_state_stops_it_and_says_what_to_do(tmp_path: Path) -> None:
    with running(tmp_path):
        pass
    for file in tmp_path.glob("state.sqlite*"):
        file.unlink()
    done = subprocess.run(command(tmp_path), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "hub witness key" in done.stderr


def test_a_log_s_key_from_its_file_and_two_at_once(tmp_path: Path) -> None:
    file = tmp_path / "log.pub"
    file.write_text(f"{LOG_KEY.verifier}\n")
    other = SignerKey("elsewhere.example/log", b"e" * 32)
    with running(tmp_path, str(file), str(other.verifier)) as (_, client):
        assert client.post("/add-checkpoint", content=LOG.request(0, 1)).status_code == 200
        assert client.post("/add-checkpoint", content=MemoryLog(other).request(0, 1)).status_code == 200
        assert "elsewhere.example/log: 1 entries" in client.get("/").text

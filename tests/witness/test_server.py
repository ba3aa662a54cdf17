"""What the witness keeps, shows and survives: evidence, races, a state file that is lost, foreign, broken or old."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hub.audit.cosignature import WitnessKey
from hub.audit.note import SignerKey
from hub.errors import ConfigurationError
from hub.witness.protocol import Refused, Stale
from hub.witness.server import CLOCK_MIN, Witness
from hub.witness.state import Doubt, State, StateUnavailable, look_at_state, open_state
from tests.witness.conftest import AT, LOGS, Posting, client_of
from tests.witness.logs import LOG_KEY, ORIGIN, WITNESS_KEY, MemoryLog

LOG = MemoryLog()
PUBLIC = WitnessKey.of(WITNESS_KEY)


def test_the_page_says_what_was_seen_and_no_secret(post: Posting, client: TestClient) -> None:
    assert f"{ORIGIN}: nothing seen yet" in client.get("/").text
    post(LOG.request(0, 1234))
    page = client.get("/").text
    assert f"{ORIGIN}: 1234 entries, cosigned 2026-11-18T" in page
    assert f"Key {PUBLIC}" in page
    assert WITNESS_KEY.seed.hex() not in page
    assert WITNESS_KEY.secret_text().rpartition("+")[2] not in page
    assert client.get("/health/live").status_code == client.get("/health/ready").status_code == 200


def test_a_fork_is_kept_as_proof_with_what_it_contradicts(
    post: Posting, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    fork = MemoryLog(fork=5)
    post(LOG.request(0, 8))
    for _ in range(2):
        assert post(fork.request(8, 8))[0] == 409
    post(LOG.request(8, 20))
    (kept,) = state.refused()
    assert (kept.origin, kept.kind, kept.size, kept.at) == (ORIGIN, Doubt.FORK, 8, AT)
    assert (kept.note, kept.against) == (fork.note(8), LOG.note(8)), (
        "both signed by the log, of one size, with two roots"
    )
    assert "WITNESS_FORK testshire.example/log" in caplog.text


def test_a_rewritten_log_is_kept_and_garbage_is_not(
    post: Posting, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    post(LOG.request(0, 8))
    assert post(MemoryLog(fork=5).request(8, 20))[0] == 422
    assert post(LOG.request(8, 20)[:-1])[0] == 400
    assert post(LOG.request(8, 20, note=SignerKey(ORIGIN, b"x" * 32).sign(str(LOG.checkpoint(20)))))[0] == 403
    assert post(LOG.request(7, 20))[0] == 409
    (kept,) = state.refused()
    assert (kept.kind, kept.size, kept.against) == (Doubt.UNPROVEN, 20, LOG.note(8))
    assert caplog.text.count("WITNESS_") == 1


def test_evidence_is_bounded_and_one_kind_leaves_room_for_the_other(
    post: Posting, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.witness.state.EVIDENCE_MAX", 4)
    post(LOG.request(0, 8))
    for size in range(9, 16):
        assert post(LOG.request(8, size, proof=[b"h" * 32] * 20))[0] == 422
    assert post(MemoryLog(fork=5).request(8, 8))[0] == 409
    kept = state.refused()
    assert sum(each.kind is Doubt.UNPROVEN for each in kept) == 4
    assert sum(each.kind is Doubt.FORK for each in kept) == 1


@pytest.mark.parametrize("round_", range(20))
def test_of_two_submissions_from_one_state_one_wins(round_: int, tmp_path: Path) -> None:
    """Two processes' worth: each thread has its own State, so only the file's transaction stands between them."""
    logs = [MemoryLog(), MemoryLog(fork=round_ % 5)]
    witnesses = [
        Witness(WITNESS_KEY, LOGS, open_state(tmp_path / "state", PUBLIC, tmp_path / "key"), lambda: AT) for _ in logs
    ]
    start, won, lost = threading.Barrier(2), list[int](), list[Refused]()

    def submit(which: int) -> None:
        start.wait()
        try:
            witnesses[which].add_checkpoint(logs[which].request(0, 5 + which))
            won.append(which)
        except Refused as refusal:
            lost.append(refusal)

    together([lambda: submit(0), lambda: submit(1)])
    assert len(won) == 1
    (refusal,) = lost
    assert isinstance(refusal, Stale)
    assert str(refusal) == str(5 + won[0])
    assert witnesses[0].state.seen()[0].size == 5 + won[0]


def together(tasks: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_many_at_once_never_go_back(tmp_path: Path) -> None:
    state = open_state(tmp_path / "state", PUBLIC, tmp_path / "key")
    witness = Witness(WITNESS_KEY, LOGS, state, lambda: AT)
    cosigned: list[int] = []

    def grow() -> None:
        size = 0
        while size < 40:
            try:
                witness.add_checkpoint(LOG.request(size, size + 1))
                cosigned.append(size + 1)
                size += 1
            except Stale as fault:
                size = int(str(fault))

    together([grow] * 4)
    assert sorted(cosigned) == list(range(1, 41)), "each size was cosigned by exactly one of them"
    assert state.seen()[0].size == 40


def lose(path: Path) -> None:
    for file in path.parent.glob("state.sqlite*"):
        file.unlink()


def empty(path: Path) -> None:
    lose(path)
    path.touch()


def garbage(path: Path) -> None:
    lose(path)
    path.write_bytes(b"not a database, " * 64)


def another(path: Path) -> None:
    lose(path)
    open_state(path, PUBLIC, path.with_name("another key of the same text"))


def foreign(path: Path) -> None:
    lose(path)
    open_state(path, WitnessKey.of(SignerKey("w.example", b"w" * 32)), path.with_name("w"))


def newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        pytest.param(lose, "has cosigned before", id="lost"),
        pytest.param(empty, "not a witness's state", id="emptied"),
        pytest.param(garbage, "damaged", id="overwritten"),
        pytest.param(another, "has cosigned before", id="begun again elsewhere"),
        pytest.param(foreign, "another witness", id="another witness's"),
        pytest.param(newer, "newer version", id="of a newer version"),
    ],
)
def test_a_state_that_cannot_be_trusted_stops_the_witness(harm: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    Witness(WITNESS_KEY, LOGS, open_state(path, PUBLIC, tmp_path / "key")).add_checkpoint(LOG.request(0, 8))
    assert callable(harm)
    harm(path)
    with pytest.raises(ConfigurationError, match=message):
        open_state(path, PUBLIC, tmp_path / "key")


def test_the_same_state_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state.sqlite"
    for size in range(3):
        state = open_state(path, PUBLIC, tmp_path / "key")
        Witness(WITNESS_KEY, LOGS, state).add_checkpoint(LOG.request(size, size + 1))
    assert path.stat().st_mode & 0o077 == 0
    assert look_at_state(path).seen()[0].size == 3


def test_a_start_that_was_cut_off_begins_again(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    path.touch()
    first = open_state(path, PUBLIC, tmp_path / "key")
    (tmp_path / "key.state").unlink()
    Witness(WITNESS_KEY, LOGS, first).add_checkpoint(LOG.request(0, 8))
    again = open_state(path, PUBLIC, tmp_path / "key")
    assert again.seen()[0].size == 8
    assert (tmp_path / "key.state").exists()


@pytest.mark.parametrize("harm", [lose, empty, garbage, another])
def test_a_state_that_goes_while_the_witness_runs(
    harm: object, tmp_path: Path, state: State, client: TestClient, post: Posting, caplog: pytest.LogCaptureFixture
) -> None:
    assert callable(harm)
    assert post(LOG.request(0, 8))[0] == 200
    harm(tmp_path / "state.sqlite")
    status, _, text = post(LOG.request(0, 8))
    assert (status, text) == (503, "the witness cannot cosign now\n")
    assert client.get("/health/ready").status_code == client.get("/").status_code == 503
    assert client.get("/health/live").status_code == 200
    assert "WITNESS_UNAVAILABLE" in caplog.text


def test_a_full_disk_cosigns_nothing(
    tmp_path: Path, post: Posting, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert post(LOG.request(0, 8))[0] == 200
    connect = sqlite3.connect

    def limited(*args: object, **kwargs: object) -> sqlite3.Connection:
        connection = connect(*args, **kwargs)  # type: ignore[call-overload]
        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
        return connection

    monkeypatch.setattr(sqlite3, "connect", limited)
    long = "x" * 20_000
    assert post(LOG.request(8, 9, note=LOG_KEY.sign(f"{LOG.checkpoint(9)}{long}\n")))[0] == 503
    assert state.seen()[0].size == 8
    assert post(LOG.request(8, 10))[0] == 200


def test_another_s_lock_is_waited_for_and_then_given_up(
    tmp_path: Path, post: Posting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.witness.state.BUSY_SECONDS", 0.05)
    holder = sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None)
    post(LOG.request(0, 8))
    holder.execute("BEGIN IMMEDIATE")
    assert post(LOG.request(8, 9))[0] == 503
    holder.execute("ROLLBACK")
    holder.close()
    assert post(LOG.request(8, 9))[0] == 200


@pytest.mark.parametrize(("at", "status"), [(0, 503), (CLOCK_MIN - 1, 503), (CLOCK_MIN, 200)])
def test_a_clock_that_was_never_set_is_not_signed_with(at: int, status: int, state: State) -> None:
    with client_of(state, at=at) as client:
        assert client.post("/add-checkpoint", content=LOG.request(0, 8)).status_code == status
    assert len(state.seen()) == (status == 200)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be read or made"):
        open_state(tmp_path / "file" / "state", PUBLIC, tmp_path / "key")


def test_what_is_no_state_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no state here"):
        look_at_state(tmp_path / "nothing")
    with pytest.raises(StateUnavailable, match="replaced"):
        open_state(tmp_path / "a", PUBLIC, tmp_path / "key")
        State(tmp_path / "a", "another").seen()

"""A real signer process: what it signs, what it refuses whoever asks, and a log that outlives its death at any moment."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from hub.audit.acts import Erasure
from hub.audit.checkpoint import Checkpoint, open_checkpoint
from hub.audit.encoding import encode
from hub.audit.entries import Entry
from hub.audit.merkle import Frontier, leaf_hash
from hub.errors import AuditUnavailable, ConfigurationError
from hub.store.appender import Log
from hub.store.keys import Growth, SignerAhead, SignerGone, SignsBackwards, create_key
from hub.store.recovery import REASON
from hub.store.signers import wire
from hub.store.signers.process import ProcessSigner
from hub.store.verify import verify_database
from tests.audit import samples
from tests.store.making import ask_and_answer, question, refused
from tests.store.signing import ORIGIN, SignerProcess

BODIES = [b'{"n":%d}' % number for number in range(8)]


def frontier_of(bodies: list[bytes]) -> Frontier:
    return Frontier().extend(map(leaf_hash, bodies))


def sign(signer: ProcessSigner, before: list[bytes], new: list[bytes]) -> Checkpoint:
    """Have ``new`` signed after ``before``; the checkpoint that came back, its signature checked."""
    after = frontier_of([*before, *new])
    checkpoint = Checkpoint(ORIGIN, after.size, after.root)
    note = signer.sign(checkpoint, Growth(frontier_of(before), new))
    assert open_checkpoint(note.encode(), signer.verifier) == checkpoint
    return checkpoint


@pytest.fixture
def signing(tmp_path: Path) -> Iterator[SignerProcess]:
    """A started signer of a new log."""
    process = SignerProcess(tmp_path / "signer")
    process.begin()
    process.start()
    yield process
    process.clear()


Script = list[tuple[list[bytes], list[bytes]]]


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        pytest.param((BODIES[:4], BODIES[4:6]), None, id="it grows"),
        pytest.param((BODIES[:4], []), None, id="the same head again"),
        pytest.param((BODIES[:2], BODIES[2:4]), None, id="the last batch again: its answer was lost"),
        pytest.param((BODIES[:2], []), None, id="the head before the last batch again"),
        pytest.param((BODIES[:2], [*BODIES[2:3], b'{"forged":1}']), SignerAhead, id="another end of the same length"),
        pytest.param((BODIES[:2], BODIES[2:3]), SignerAhead, id="the last batch, shorter"),
        pytest.param((BODIES[:2], BODIES[2:6]), SignerAhead, id="the last batch, longer"),
        pytest.param((BODIES[:1], BODIES[1:2]), SignsBackwards, id="an older head"),
        pytest.param(([], BODIES[:1]), SignsBackwards, id="from the beginning again"),
        pytest.param(([], []), SignsBackwards, id="the empty log"),
        pytest.param(([*BODIES[:3], b'{"forged":1}'], BODIES[4:5]), SignsBackwards, id="a fork of this size"),
        pytest.param(([*BODIES[:1], b'{"forged":1}'], BODIES[2:4]), SignsBackwards, id="a fork of the size before the last batch"),
        pytest.param((BODIES[:6], BODIES[6:7]), SignsBackwards, id="a head it never signed"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("killed", [False, True], ids=["", "killed before"])
def test_what_it_signs_after_four_entries(
    signing: SignerProcess, asked: tuple[list[bytes], list[bytes]], refusal: type[Exception] | None, killed: bool
) -> None:
    signer = signing.client()
    sign(signer, [], BODIES[:2])
    sign(signer, BODIES[:2], BODIES[2:4])
    if killed:
        signing.kill()
        signing.start()
    if refusal is None:
        sign(signer, *asked)
    else:
        with pytest.raises(refusal, match="^$" if refusal is SignerAhead else "has signed a log of 4 entries"):
            sign(signer, *asked)
        sign(signer, BODIES[:4], BODIES[4:5])  # and what is right is signed as before
    signer.close()


def test_check(signing: SignerProcess) -> None:
    signer, other = signing.client(), signing.client()
    sign(signer, [], BODIES[:2])
    sign(signer, BODIES[:2], BODIES[2:4])
    for each in (signer, other):
        for bodies, left in ((BODIES[:4], ()), (BODIES[:2], BODIES[2:4])):
            head = frontier_of(bodies)
            assert list(each.check(head.size, head.root)) == list(left)
        for bodies in (BODIES[:1], BODIES[:3], BODIES[:5], [b"{}"] * 4):
            head = frontier_of(bodies)
            with pytest.raises(SignsBackwards, match="4 entries"):
                each.check(head.size, head.root)
        each.close()


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\0\0\0\0", id="no length"),
        pytest.param(b"\xff\xff\xff\xff", id="too long"),
        pytest.param(struct.pack(">I", 4) + b"keys", id="no newline at the end"),
        pytest.param(struct.pack(">I", 4) + b"\xff\xfe\xfd\n", id="not a word"),
        pytest.param(struct.pack(">I", 5) + b"sign\n", id="no head"),
        pytest.param(struct.pack(">I", 12) + b"sign\n01\nAA==", id="a bad head"),
        pytest.param(struct.pack(">I", 100) + b"sign\n", id="cut off"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="another protocol"),
    ],
)
def test_bad_messages_change_nothing(signing: SignerProcess, raw: bytes) -> None:
    signer = signing.client()
    sign(signer, [], BODIES[:2])
    with socket.socket(socket.AF_UNIX) as rude:
        rude.connect(str(signing.socket))
        rude.sendall(raw)
        rude.shutdown(socket.SHUT_WR)
        rude.settimeout(15)
        answer = b""
        with suppress(ConnectionResetError):
            answer = rude.recv(100)
    assert not answer or answer[4:].startswith(b"bad\n")
    sign(signer, BODIES[:2], BODIES[2:3])
    signer.close()


@pytest.mark.parametrize(
    "body", [b"", b"no object", b"{" + b"x" * wire.BODY_MAX], ids=["empty", "no object", "too long"]
)
def test_what_is_no_entry_is_not_signed(signing: SignerProcess, body: bytes) -> None:
    signer = signing.client()
    with pytest.raises(SignerGone):
        sign(signer, [], [body])
    sign(signer, [], BODIES[:1])
    signer.close()


def test_nobody_there(signing: SignerProcess, tmp_path: Path) -> None:
    signer = signing.client(wait_seconds=0.2)
    signing.kill()
    with pytest.raises(SignerGone, match="does not answer"):
        sign(signer, [], BODIES[:1])
    with pytest.raises(ConfigurationError, match="does not answer"):
        signing.client(wait_seconds=0.1)
    signing.start()
    sign(signer, [], BODIES[:1])
    signer.close()


def test_another_logs_signer(signing: SignerProcess) -> None:
    with pytest.raises(ConfigurationError, match=f"signs for {ORIGIN}"):
        ProcessSigner(signing.socket, "elsewhere.example/log")


def test_another_key_behind_the_socket(signing: SignerProcess, tmp_path: Path) -> None:
    signer = signing.client()
    signing.stop()
    other = SignerProcess(tmp_path / "other")
    other.socket = signing.socket
    other.begin()
    other.start()
    try:
        with pytest.raises(SignerGone, match="another key"):
            sign(signer, [], BODIES[:1])
    finally:
        other.clear()
        signer.close()


def test_one_log_has_one_signer(signing: SignerProcess, tmp_path: Path) -> None:
    same_state = signing.run("serve", "--socket", str(tmp_path / "s2"))
    assert (same_state.returncode, "another signer" in same_state.stderr) == (2, True)
    signing.state = tmp_path / "signer" / "second.state"
    signing.begin()
    same_key = signing.run("serve", "--socket", str(tmp_path / "s2"))
    assert (same_key.returncode, "another signer is using this key" in same_key.stderr) == (2, True)
    signer = signing.client()
    sign(signer, [], BODIES[:1])
    signer.close()


def test_its_socket_is_for_its_group_and_goes_with_it(signing: SignerProcess) -> None:
    assert signing.socket.stat().st_mode & 0o777 == 0o660
    assert signing.stop() == 0
    assert not signing.socket.exists()


def test_it_signs_nothing_before_it_was_told_of_a_log(tmp_path: Path) -> None:
    signing = SignerProcess(tmp_path / "signer")
    done = signing.run("serve", "--socket", str(signing.socket))
    assert done.returncode == 2
    assert "hub signer begin" in done.stderr
    assert not signing.socket.exists()
    signing.clear()


def test_two_keys_sign_together(signing: SignerProcess) -> None:
    signer = signing.client()
    sign(signer, [], BODIES[:1])
    old = signer.verifier
    signing.stop()
    signing.keys.append(signing.directory / "next.key")
    new = create_key(signing.keys[1], ORIGIN).verifier
    signing.start()
    after = frontier_of(BODIES[:2])
    note = signer.sign(Checkpoint(ORIGIN, after.size, after.root), Growth(frontier_of(BODIES[:1]), BODIES[1:2]))
    assert signer.verifiers == (old, new)
    for key in (old, new):
        assert open_checkpoint(note.encode(), key).size == 2
    signer.close()


# ------------------------------------------------------------------------------------------------ a log on such a signer


@pytest.fixture
async def logs(signing: SignerProcess, log_url: str) -> Any:
    """Makes started logs on one database and the one signer; closes them."""
    made: list[Log] = []

    async def make(url: str = log_url) -> Log:
        log = Log(url, signing.client(), wait_seconds=4)
        made.append(log)
        await log.start()
        return log

    yield make
    await asyncio.gather(*(log.close() for log in made))


Make = Callable[..., Any]


def checked(url: str, signing: SignerProcess, size: int) -> None:
    report = verify_database(url, str(signing.key.verifier))
    assert report.fault is None
    assert report.checked == size


async def test_a_log(logs: Make, signing: SignerProcess, log_url: str) -> None:
    log = await logs()
    await asyncio.gather(*(ask_and_answer(log) for _ in range(20)))
    checked(log_url, signing, 40)


async def test_two_hubs_on_one_signer(logs: Make, signing: SignerProcess, log_url: str) -> None:
    both = [await logs(), await logs()]
    for _ in range(5):
        await asyncio.gather(*(ask_and_answer(log) for log in both * 3))
    checked(log_url, signing, 60)


async def test_a_second_database_on_one_signer_is_refused(logs: Make, signing: SignerProcess, tmp_path: Path) -> None:
    await ask_and_answer(await logs())
    with pytest.raises(ConfigurationError, match="the signer has signed a log of 2 entries"):
        await logs(f"sqlite:///{tmp_path / 'copy.sqlite'}")


async def test_the_signer_goes_and_comes_back(logs: Make, signing: SignerProcess, log_url: str) -> None:
    log = await logs()
    await ask_and_answer(log)
    signing.kill()
    with pytest.raises(AuditUnavailable):
        await log.append(refused(log))
    signing.start()
    await ask_and_answer(log)
    checked(log_url, signing, 4)


def fail_after_signing(log: Log, how: str) -> None:
    """Make the log's next transaction fail once its head is signed, for as long as the log's writer tries."""
    signer = log._signer
    really, left = signer.sign, [2]

    def sign(checkpoint: Checkpoint, growth: Growth) -> str:
        note = really(checkpoint, growth)
        if left[0] and growth.bodies:
            left[0] -= 1
            if how == "database":
                from sqlalchemy.exc import OperationalError

                raise OperationalError("COMMIT", None, Exception("gone"))
            raise RuntimeError("the hub dies here")
        return note

    signer.sign = sign  # type: ignore[method-assign]


@pytest.mark.parametrize("how", ["database", "hub"])
@pytest.mark.parametrize("signer_dies", [False, True], ids=["", "the signer dies too"])
async def test_what_was_signed_and_not_committed_is_written_first(
    logs: Make, signing: SignerProcess, log_url: str, how: str, signer_dies: bool
) -> None:
    log = await logs()
    await ask_and_answer(log)
    fail_after_signing(log, how)
    body = log.sealed(b"what she asked")
    lost = question(log, side=body.commitment)
    with pytest.raises(AuditUnavailable):
        await log.append(lost, side=body)
    assert verify_database(log_url, str(signing.key.verifier)).checked == 2
    if signer_dies:
        signing.kill()
        signing.start()
    other = await logs()
    appended = await other.append(refused(other))
    assert appended.index == 4, "after what was lost, and the entry that says so"
    entries = [(await other.entry(index)).entry for index in range(5)]
    assert entries[2] == lost
    assert isinstance(entries[3], Erasure)
    assert (entries[3].reason, entries[3].sides, entries[3].references) == (REASON, (2,), ())
    assert await other.abandon_stale(-60) == 1
    await ask_and_answer(other)
    checked(log_url, signing, 8)


async def test_an_end_that_was_lost_is_an_end(logs: Make, signing: SignerProcess, log_url: str) -> None:
    log, other = await logs(), await logs()
    asked = await log.append(question(log))
    fail_after_signing(log, "hub")
    at, nonce = log.stamp()
    with pytest.raises(AuditUnavailable):
        await log.append(samples.answer(asked.index, at, nonce))
    at, nonce = other.stamp()
    with pytest.raises(AuditUnavailable):  # it is answered in the log, so nobody answers it again
        await other.append(samples.answer(asked.index, at, nonce))
    checked(log_url, signing, 2)


async def test_what_fails_beside_an_entry_was_never_signed(logs: Make, signing: SignerProcess, log_url: str) -> None:
    log = await logs()
    await ask_and_answer(log)

    def refuse(_connection: Connection, _index: int) -> None:
        raise ValueError("not so")

    with pytest.raises(AuditUnavailable):
        await log.append(refused(log), along=refuse)
    appended = await log.append(refused(log))
    assert appended.index == 2
    checked(log_url, signing, 3)


async def test_the_signer_is_killed_again_and_again(logs: Make, signing: SignerProcess, log_url: str) -> None:
    log = await logs()
    acknowledged: list[tuple[int, bytes]] = []
    done = asyncio.Event()

    async def one_searcher() -> None:
        while not done.is_set():
            entry: Entry = refused(log)
            try:
                appended = await log.append(entry)
            except AuditUnavailable:
                continue
            acknowledged.append((appended.index, leaf_hash(encode(entry))))

    searchers = [asyncio.create_task(one_searcher()) for _ in range(4)]
    for _ in range(6):
        before = len(acknowledged)
        while len(acknowledged) < before + 20:
            await asyncio.sleep(0.01)
        signing.kill()
        await asyncio.to_thread(signing.start)
    done.set()
    await asyncio.gather(*searchers)
    await log.append(refused(log))
    for index, leaf in acknowledged:
        stored = await log.entry(index)
        assert stored is not None
        assert stored.leaf_hash == leaf
    assert len({index for index, _ in acknowledged}) == len(acknowledged)
    assert verify_database(log_url, str(signing.key.verifier)).ok

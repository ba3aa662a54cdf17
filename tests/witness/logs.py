"""A log in memory, written from RFC 6962 alone, and a real witness process to send its checkpoints to."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from hub.audit.checkpoint import Checkpoint
from hub.audit.note import SignerKey, encode_base64

ORIGIN = "testshire.example/log"
LOG_KEY = SignerKey(ORIGIN, bytes(range(32)))
OTHER_LOG = SignerKey("elsewhere.example/log", bytes(range(1, 33)))
WITNESS_KEY = SignerKey("witness.police.example", bytes(range(2, 34)))


def _split(size: int) -> int:
    half = 1
    while half * 2 < size:
        half *= 2
    return half


def _root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = _split(len(leaves))
    return hashlib.sha256(b"\x01" + _root(leaves[:half]) + _root(leaves[half:])).digest()


def _subproof(old: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2."""
    if old == len(leaves):
        return [] if whole else [_root(leaves)]
    half = _split(len(leaves))
    if old <= half:
        return [*_subproof(old, leaves[:half], whole), _root(leaves[half:])]
    return [*_subproof(old - half, leaves[half:], whole=False), _root(leaves[:half])]


class MemoryLog:
    """``fork`` from that entry on the entries are others than in the log without a fork."""

    def __init__(self, key: SignerKey = LOG_KEY, fork: int | None = None) -> None:
        self.key = key
        self._fork = fork

    def leaves(self, size: int) -> list[bytes]:
        def body(index: int) -> bytes:
            return b"entry %d%s" % (index, b" rewritten" if self._fork is not None and index >= self._fork else b"")

        return [hashlib.sha256(b"\x00" + body(index)).digest() for index in range(size)]

    def checkpoint(self, size: int) -> Checkpoint:
        return Checkpoint(self.key.name, size, _root(self.leaves(size)))

    def note(self, size: int) -> str:
        return self.key.sign(str(self.checkpoint(size)))

    def proof(self, old: int, size: int) -> list[bytes]:
        return _subproof(old, self.leaves(size), whole=True) if 0 < old < size else []

    def request(self, old: int, size: int, *, proof: list[bytes] | None = None, note: str | None = None) -> bytes:
        hashes = self.proof(old, size) if proof is None else proof
        lines = [f"old {old}", *(encode_base64(each) for each in hashes), "", note or self.note(size)]
        return "\n".join(lines).encode()


def command(directory: Path, *logs: str, port: int = 0) -> list[str]:
    key, state = directory / "key", directory / "state.sqlite"
    named = [part for each in logs or (str(LOG_KEY.verifier),) for part in ("--log", each)]
    return [
        sys.executable, "-m", "hub", "witness", "serve", "--key", str(key), "--name", WITNESS_KEY.name,
        "--state", str(state), "--port", str(port), *named,
    ]  # fmt: skip


@contextmanager
def running(directory: Path, *logs: str) -> Iterator[tuple[subprocess.Popen[str], httpx2.Client]]:
    """A witness as a process, its key and state in ``directory``, and a client of it."""
    process = subprocess.Popen(command(directory, *logs), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"http://\S+:\d+", line)
        assert found is not None, line + process.stderr.read()
        with httpx2.Client(base_url=found.group(), timeout=20) as client:
            yield process, client
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        process.stdout.close()
        process.stderr.close()

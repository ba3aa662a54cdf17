"""The signer as a process of its own: it holds the key, and signs nothing but a log that grows.

It is given the entries themselves, adds them to its own tree, and signs what that leads to: a hub that was taken over
can make it sign new entries, and never another history. What it signed is on disk before it answers.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from hub.audit.checkpoint import Checkpoint
from hub.audit.merkle import Frontier
from hub.audit.note import Note, SignerKey, parse_note
from hub.errors import ConfigurationError
from hub.store.signers import wire
from hub.store.signers.ledger import Ledger, LedgerBroken
from hub.store.signers.wire import WireInvalid
from hub.telemetry.lines import LogLine, say

CONNECTIONS_MAX = 32
"""The most hubs at one time."""

BEGUN_SECONDS = 10.0
"""A message that has begun must end within so long."""


class Signing:
    """Answers what hubs ask. One request at a time: the log has one head.

    Args:
        keys: the log's key; two while one takes the place of the other. All of one name, the log's origin.
        ledger: what was signed.
    """

    def __init__(self, keys: Sequence[SignerKey], ledger: Ledger) -> None:
        self._keys = tuple(keys)
        self._ledger = ledger
        self._lock = threading.Lock()

    def answer(self, word: str, lines: Sequence[bytes]) -> tuple[str, Sequence[bytes]]:
        """The answer to one request: its word and lines."""
        try:
            with self._lock:
                return self._answer(word, lines)
        except WireInvalid as fault:
            return wire.BAD, [str(fault).encode()]
        except LedgerBroken:
            return wire.BROKEN, []

    def close(self) -> None:
        """Answer nothing more, and give up the ledger."""
        self._lock.acquire()
        self._ledger.close()

    def _answer(self, word: str, lines: Sequence[bytes]) -> tuple[str, Sequence[bytes]]:
        if word == wire.KEYS:
            return wire.KEYS, [str(key.verifier).encode() for key in self._keys]
        if word not in (wire.CHECK, wire.SIGN):
            raise WireInvalid("no such request")
        size, root = wire.read_head_lines(lines)
        bodies = tuple(lines[2:])
        if any(not body.startswith(b"{") or len(body) > wire.BODY_MAX for body in bodies) or (
            word == wire.CHECK and bodies
        ):
            raise WireInvalid("not entries")
        known = self._ledger
        if (size, root) == (known.frontier.size, known.frontier.root):
            if word == wire.CHECK:
                return wire.OK, []
            if bodies:
                known.append(bodies)
            return self._signed(known.frontier)
        if known.batch and (size, root) == (known.before.size, known.before.root):
            if word == wire.SIGN and bodies in ((), known.batch):  # asked again: an answer was lost on its way
                return self._signed(known.frontier if bodies else known.before)
            return wire.LEFT, known.batch
        return wire.BACKWARDS, [str(known.frontier.size).encode()]

    def _signed(self, frontier: Frontier) -> tuple[str, Sequence[bytes]]:
        text = str(Checkpoint(self._keys[0].name, frontier.size, frontier.root))
        signatures = tuple(parse_note(key.sign(text).encode()).signatures[0] for key in self._keys)
        return wire.SIGNED, str(Note(text, signatures)).removesuffix("\n").encode().split(b"\n")


class Server:
    """Listens on a Unix socket at ``path``, which only this user and its group may open.

    Raises:
        ConfigurationError: the socket cannot be made there.
    """

    def __init__(self, path: Path, answer: Callable[[str, Sequence[bytes]], tuple[str, Sequence[bytes]]]) -> None:
        self._path = path
        self._answer = answer
        self._room = threading.Semaphore(CONNECTIONS_MAX)
        self._listening = _listen(path)

    def serve(self) -> None:
        """Answer until :meth:`stop`."""
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:  # closed
                return
            if not self._room.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def stop(self) -> None:
        """Take no more connections, and take the socket away."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._path.unlink(missing_ok=True)

    def _talk(self, connection: socket.socket) -> None:
        try:
            with connection:
                while True:
                    word, lines = wire.receive(connection, BEGUN_SECONDS)
                    wire.send(connection, *self._answer(word, lines))
        except (EOFError, OSError):
            pass
        except WireInvalid as fault:
            say(LogLine.SIGNER_CONNECTION_CLOSED, fault=fault)
        finally:
            self._room.release()


def lock_keys(files: Sequence[Path]) -> list[int]:
    """Hold the key files while the process lives: two signers with one key could each sign another history."""
    held = []
    for file in files:
        opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(opened)
            raise ConfigurationError(f"{file}: another signer is using this key. One log has one signer.") from None
        held.append(opened)
    return held


def _listen(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise ConfigurationError(f"{path}: something that is no socket has this name. Name another place.")
            path.unlink()  # of a process that died: the ledger's lock says that there is no other
        before = os.umask(0o117)
        try:
            listening.bind(str(path))
        finally:
            os.umask(before)
        listening.listen(CONNECTIONS_MAX)
    except OSError as fault:
        listening.close()
        reason = fault.strerror or "the path of a socket has at most 107 bytes"
        raise ConfigurationError(f"{path}: no socket can be made there ({reason}).") from None
    except ConfigurationError:
        listening.close()
        raise
    return listening

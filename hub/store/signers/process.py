"""The hub's side of a signer process: it holds no key, and gets every head signed over a Unix socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from hub.audit.checkpoint import Checkpoint
from hub.audit.note import NoteInvalid, VerifierKey
from hub.errors import ConfigurationError
from hub.store.signers import wire
from hub.store.signers.base import Growth, SignerAhead, SignerGone, SignsBackwards
from hub.store.signers.wire import WireInvalid

WAIT_SECONDS = 2.0
"""A request, with coming back to a signer that was started again, may take so long."""

RETRY_SECONDS = 0.02


class ProcessSigner:
    """A :class:`~hub.store.signers.base.Signer` that asks the process at the socket ``path``.

    Every request may be sent twice: the signer answers the second as it did the first.

    Args:
        path: the socket.
        name: the log's origin, which every key of the signer must have as its name.
        wait_seconds: the longest a request may take.

    Raises:
        ConfigurationError: nobody answers there, or the keys are another log's.
    """

    def __init__(self, path: Path, name: str, wait_seconds: float = WAIT_SECONDS) -> None:
        self._path = path
        self._name = name
        self._wait_seconds = wait_seconds
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._verifiers: tuple[VerifierKey, ...] = ()
        self._signed: tuple[int, bytes] | None = None  # the last head this process had signed
        try:
            with self._lock:
                self._request(wire.KEYS, [])
        except SignerGone as fault:
            raise ConfigurationError(f"The log's signer: {fault}.") from None

    @property
    def verifier(self) -> VerifierKey:
        """The public key; its name is the log's origin."""
        return self._verifiers[0]

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """Every key the process signs with."""
        return self._verifiers

    def check(self, size: int, root: bytes) -> Sequence[bytes]:
        """See :meth:`Signer.check`. The process is not asked about the head this hub had signed last."""
        if self._signed == (size, root):
            return ()
        with self._lock:
            word, lines = self._request(wire.CHECK, wire.head_lines(size, root))
        if word == wire.OK:
            return ()
        if word == wire.LEFT and lines:
            return lines
        raise self._refused(word, lines, size)

    def sign(self, checkpoint: Checkpoint, growth: Growth) -> str:
        """See :meth:`Signer.sign`."""
        base = growth.base
        with self._lock:
            self._signed = None
            word, lines = self._request(wire.SIGN, [*wire.head_lines(base.size, base.root), *growth.bodies])
            if word == wire.LEFT:
                raise SignerAhead
            if word != wire.SIGNED:
                raise self._refused(word, lines, base.size)
            note = b"\n".join((*lines, b"")).decode("utf-8", "replace")
            if not note.startswith(f"{checkpoint}\n"):
                raise SignsBackwards("the signer signed another head than the entries lead to")
            self._signed = checkpoint.size, checkpoint.root
            return note

    def remember(self, size: int, root: bytes) -> None:
        """Nothing: the process remembers by itself what it signs."""

    def close(self) -> None:
        """Close the connection; the next request makes another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _refused(self, word: str, lines: Sequence[bytes], size: int) -> Exception:
        if word == wire.BACKWARDS and len(lines) == 1 and lines[0].isdigit():
            return SignsBackwards(
                f"the signer has signed a log of {int(lines[0])} entries, and the database (of {size}) is not it: "
                "a restored backup, a lagging copy, another log's signer, or a signer whose memory was put back"
            )
        if word == wire.BROKEN:
            return SignerGone(f"the signer at {self._path} cannot write what it signs: is its disk full?")
        return SignerGone(f"the signer at {self._path} gave an answer that is none")

    def _request(self, word: str, lines: Sequence[bytes]) -> tuple[str, list[bytes]]:
        """Ask, and ask again where the connection was lost, within the wait. The lock is held."""
        until = time.monotonic() + self._wait_seconds
        while True:
            try:
                connection = self._connected(until)
                connection.settimeout(max(0.001, until - time.monotonic()))
                wire.send(connection, word, lines)
                return wire.receive(connection)
            except WireInvalid:
                self.close()
                raise SignerGone(f"the signer at {self._path} gave an answer that is none") from None
            except (EOFError, OSError):
                self.close()
                if time.monotonic() + RETRY_SECONDS > until:
                    raise SignerGone(
                        f"the signer at {self._path} does not answer: is it running (hub signer serve), and may this "
                        "user open the socket?"
                    ) from None
                time.sleep(RETRY_SECONDS)

    def _connected(self, until: float) -> socket.socket:
        if self._connection is None:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._connection = connection
            connection.settimeout(max(0.001, until - time.monotonic()))
            connection.connect(str(self._path))
            wire.send(connection, wire.KEYS)
            self._take_keys(*wire.receive(connection))
        return self._connection

    def _take_keys(self, word: str, lines: Sequence[bytes]) -> None:
        """Take the keys of a signer that was just reached: those of this log, and not all of them new."""
        try:
            keys = tuple(VerifierKey.parse(line.decode()) for line in lines)
        except (NoteInvalid, UnicodeDecodeError):
            keys = ()
        if word != wire.KEYS or not keys:
            raise WireInvalid("no keys")
        if any(key.name != self._name for key in keys):
            self.close()
            raise ConfigurationError(
                f"The log's signer at {self._path} signs for {keys[0].name}, and the settings name {self._name}."
            )
        if self._verifiers and not set(self._verifiers).intersection(keys):
            self.close()
            raise SignerGone(f"the signer at {self._path} has another key than before: start the hub again")
        self._verifiers = keys

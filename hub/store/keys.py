"""The log's signing key in a file, and what it signed last.

Kept apart from the database, so that whoever can write the database cannot make a log that looks right. A key in an
HSM or a cloud key service takes this place behind :class:`Signer`.
"""

from __future__ import annotations

import os
import secrets
import threading
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from hub.audit.checkpoint import Checkpoint, parse_decimal
from hub.audit.merkle import HASH_BYTES
from hub.audit.note import KEY_BYTES, NoteInvalid, SignerKey, VerifierKey, decode_base64, encode_base64
from hub.errors import ConfigurationError

KEY_FILE_MAX = 4_096
"""The longest key file, in bytes."""


class SignsBackwards(Exception):
    """A checkpoint was refused: the key has already signed a larger log, or another one of this size."""


class Signer(Protocol):
    """Signs the log's head, and never one that contradicts an earlier one."""

    @property
    def verifier(self) -> VerifierKey:
        """The public key; its name is the log's origin."""
        ...

    def check(self, size: int, root: bytes) -> None:
        """Raise SignsBackwards when a head of ``size`` and ``root`` contradicts what was signed and committed."""
        ...

    def sign(self, checkpoint: Checkpoint) -> str:
        """The signed note of ``checkpoint``; SignsBackwards as for :meth:`check`."""
        ...

    def remember(self, size: int, root: bytes) -> None:
        """Take a head as committed: nothing that contradicts it will be signed again, after a restart either."""
        ...


class FileSigner:
    """A :class:`Signer` with its key in ``path`` and the last committed head beside it, in ``path``.head.

    The head's file is written without waiting for the disk: after a power cut it may be older than the log, which
    weakens the check a little and never refuses a good log. It is what notices a restored backup without a witness.
    """

    def __init__(self, key: SignerKey, path: Path) -> None:
        self._key = key
        self._verifier = key.verifier
        self._path = path.with_name(path.name + ".head")
        self._lock = threading.Lock()
        self._last = self._read_last()

    @property
    def verifier(self) -> VerifierKey:
        """The public key; its name is the log's origin."""
        return self._verifier

    def check(self, size: int, root: bytes) -> None:
        """See :meth:`Signer.check`."""
        last_size, last_root = self._last
        if size < last_size or (size == last_size and root != last_root and size > 0):
            raise SignsBackwards(
                f"this key has signed a log of {last_size} entries, and the database (of {size}) does not continue it: "
                "a restored backup, a lagging copy, or another log's key"
            )

    def sign(self, checkpoint: Checkpoint) -> str:
        """See :meth:`Signer.sign`."""
        self.check(checkpoint.size, checkpoint.root)
        return self._key.sign(str(checkpoint))

    def remember(self, size: int, root: bytes) -> None:
        """See :meth:`Signer.remember`."""
        with self._lock:
            if size <= self._last[0]:
                return
            self._last = (size, root)
            line = f"{size:<20} {encode_base64(root)}\n".encode()
            with suppress(OSError):  # a full disk here must not stop the log, which has its own
                file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    os.pwrite(file, line, 0)  # one line of fixed length, so a crash cannot leave half of it
                finally:
                    os.close(file)

    def _read_last(self) -> tuple[int, bytes]:
        try:
            size, root = self._path.read_text("ascii").split()
            last = parse_decimal(size), decode_base64(root)
            if len(last[1]) != HASH_BYTES:
                raise NoteInvalid("not a root")
        except FileNotFoundError:
            return 0, b""
        except (OSError, ValueError, NoteInvalid):
            raise ConfigurationError(
                f"{self._path} should hold the size and root the log had last, and cannot be read. Run `hub audit "
                "verify`; when the log checks out, remove that file and start again."
            ) from None
        return last


def load_or_create(path: str | Path, name: str) -> FileSigner:
    """The log's signer whose key is in ``path``; see :func:`load_or_create_key`.

    Args:
        path: the key's file.
        name: the log's origin, a schema-less URL; it must be the key's name.
    """
    return FileSigner(load_or_create_key(path, name, "the log's signing key"), Path(path))


def load_or_create_key(path: str | Path, name: str, what: str) -> SignerKey:
    """The key in ``path``, made there when there is none (mode 0600), with ``path``.pub beside it.

    Args:
        path: the key's file, in the text form of Go's note package.
        name: the name that the key must have.
        what: what the key is, to begin a sentence of an error with.

    Raises:
        ConfigurationError: the file is readable by others, is not a key, or is a key of another name.
    """
    file = Path(path)
    try:
        if not file.exists():
            _create(file, SignerKey(name, secrets.token_bytes(KEY_BYTES)))
        if file.stat().st_mode & 0o077:
            raise ConfigurationError(f"{file}: {what} may be read by others; run chmod 600 on it.")
        with file.open("rb") as opened:
            key = SignerKey.parse(opened.read(KEY_FILE_MAX).decode("ascii").removesuffix("\n"))
    except (NoteInvalid, UnicodeDecodeError):
        raise ConfigurationError(f"{file}: not a signing key, or {name!r} cannot be a key's name.") from None
    except OSError as fault:
        raise ConfigurationError(f"{file}: {what} cannot be read or made ({fault.strerror}).") from None
    if key.name != name:
        raise ConfigurationError(f"{file}: this is the key of {key.name}, and the settings name {name}.")
    return key


def _create(file: Path, key: SignerKey) -> None:
    """Write a new key whole or not at all; of two processes that try at once, one wins and both use its key."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        _write(draft, key.secret_text(), 0o600)
        os.link(draft, file)
        _write(file.with_name(file.name + ".pub"), str(key.verifier), 0o644)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)


def _write(file: Path, line: str, mode: int) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode), "w") as opened:
        opened.write(line + "\n")
        opened.flush()
        os.fsync(opened.fileno())

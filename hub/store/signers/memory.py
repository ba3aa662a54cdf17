"""What a key signed last, in a file beside it: it is what notices a restored backup without a witness."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from hub.audit.checkpoint import parse_decimal
from hub.audit.merkle import HASH_BYTES
from hub.audit.note import NoteInvalid, decode_base64, encode_base64
from hub.errors import ConfigurationError
from hub.store.signers.base import SignsBackwards


class HeadMemory:
    """The last committed head, in ``path``.

    The file is written without waiting for the disk: after a power cut it may be older than the log, which weakens the
    check a little and never refuses a good log. :mod:`hub.store.signers.ledger` is the one that waits.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._last = self._read()

    def check(self, size: int, root: bytes) -> None:
        """Raise SignsBackwards when a head of ``size`` and ``root`` contradicts the last one."""
        last_size, last_root = self._last
        if size < last_size or (size == last_size and root != last_root and size > 0):
            raise SignsBackwards(
                f"this key has signed a log of {last_size} entries, and the database (of {size}) does not continue it: "
                "a restored backup, a lagging copy, or another log's key"
            )

    def remember(self, size: int, root: bytes) -> None:
        """Keep a larger head; one that comes late is left aside."""
        with self._lock:
            if size <= self._last[0]:
                return
            self._last = (size, root)
            line = f"{size:<20} {encode_base64(root)}\n".encode()
            with suppress(OSError):  # a full disk here must not stop the log, which has its own
                if not self._path.exists():  # a hub that starts at this moment must not find it empty
                    draft = self._path.with_name(f".{self._path.name}.{os.getpid()}.{threading.get_ident()}")
                    draft.write_bytes(line)
                    draft.chmod(0o600)
                    draft.replace(self._path)
                    return
                file = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
                try:
                    os.pwrite(file, line, 0)  # one line of fixed length, so a crash cannot leave half of it
                finally:
                    os.close(file)

    def _read(self) -> tuple[int, bytes]:
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

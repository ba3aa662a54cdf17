"""What the signer process has signed, on disk before it answers: a journal with one record for each batch of entries.

A record is a line with its length and its SHA-256, and so many bytes: ``start``, a size and a frontier (always the
first), or ``batch``, the size before it, and the entries; each of these is a line. Only the last batch is ever needed
again: it is what a hub may have died with. When the journal grows long, it is begun anew with that.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from hub.audit.checkpoint import parse_decimal
from hub.audit.merkle import Frontier, leaf_hash
from hub.audit.note import NoteInvalid, decode_base64, encode_base64
from hub.errors import ConfigurationError

JOURNAL_BYTES_MAX = 32 * 1024 * 1024
"""A journal that is longer is begun anew."""

_HEADER = re.compile(rb"(?m)^([0-9]{1,9}) ([0-9a-f]{64})\n")


class LedgerBroken(Exception):
    """The disk did not take what was signed, or may not have: nothing is signed until the process starts again."""


class Ledger:
    """The tree as far as it was signed: ``before`` the last batch, the last ``batch``, and ``frontier`` after it.

    Args:
        path: the journal, made by :meth:`begin`. One process at a time may have it; it is locked.

    Raises:
        ConfigurationError: it is not there, another process has it, or it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._broken = False
        self._lock = _locked(path)
        try:
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
            raw = path.read_bytes()
        except OSError as fault:
            os.close(self._lock)
            raise ConfigurationError(
                f"{path}: what the signer has signed cannot be read ({fault.strerror}). For a new log run `hub signer "
                "begin --new-log`; if this file is lost, see docs/keys.md."
            ) from None
        self.before = self.frontier = Frontier()
        self.batch: tuple[bytes, ...] = ()
        self._length = self._load(raw)

    @staticmethod
    def begin(path: Path, frontier: Frontier) -> None:
        """Make a journal for a log that is at ``frontier``; ConfigurationError when there is one already."""
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(file, "wb") as opened:
                opened.write(_record(_start(frontier)))
                opened.flush()
                os.fsync(file)
            _sync_directory(path)
        except FileExistsError:
            raise ConfigurationError(
                f"{path}: a signer's memory is there already. It is what keeps history from being rewritten: remove it "
                "only if you know why."
            ) from None
        except OSError as fault:
            raise ConfigurationError(f"{path}: cannot be made ({fault.strerror}).") from None

    def append(self, bodies: Sequence[bytes]) -> None:
        """Take ``bodies`` as the next batch; it is on disk when this returns. LedgerBroken when it is not."""
        if self._broken:
            raise LedgerBroken
        record = _record(_batch(self.frontier.size, bodies))
        try:
            if self._length > JOURNAL_BYTES_MAX:
                self._begin_anew()
            written = os.write(self._file, record)
            while written < len(record):
                written += os.write(self._file, record[written:])
            os.fdatasync(self._file)
        except OSError:
            self._broken = True  # what is on disk now is for the next start to find out
            raise LedgerBroken from None
        self._length += len(record)
        self._take(bodies)

    def close(self) -> None:
        """Give up the file and its lock."""
        os.close(self._file)
        os.close(self._lock)

    def _take(self, bodies: Iterable[bytes]) -> None:
        self.before, self.batch = self.frontier, tuple(bodies)
        self.frontier = self.before.extend(map(leaf_hash, self.batch))

    def _load(self, raw: bytes) -> int:
        """Read the records; the length of those that are whole.

        What was cut off at the end was never answered, so it is dropped. A bad record before a good one is damage.
        """
        damaged = ConfigurationError(
            f"{self._path}: what the signer has signed is damaged. Nothing is signed. See docs/keys.md."
        )
        length = 0
        for end, payload in _records(raw):
            try:
                self._read(payload, first=length == 0)
            except (NoteInvalid, ValueError):
                raise damaged from None
            length = end
        if length == 0 or any(_whole(raw, header) for header in _HEADER.finditer(raw, length)):
            raise damaged
        if length < len(raw):
            os.ftruncate(self._file, length)
        os.fsync(self._file)  # the last record may have been read from memory, and is answered from now on
        return length

    def _read(self, payload: bytes, *, first: bool) -> None:
        kind, size, *rest = payload.removesuffix(b"\n").split(b"\n")
        number = parse_decimal(size.decode())
        if first and kind == b"start" and len(rest) == 1:
            self.before = self.frontier = Frontier.decode(number, decode_base64(rest[0].decode()))
        elif not first and kind == b"batch" and rest and number == self.frontier.size:
            self._take(rest)
        else:
            raise ValueError("not a record of this place")

    def _begin_anew(self) -> None:
        """Replace the journal by one with the last batch alone."""
        draft = self._path.with_name(f".{self._path.name}.new")
        text = _record(_start(self.before)) + _record(_batch(self.before.size, self.batch))
        file = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(os.dup(file), "wb") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(file)
        draft.replace(self._path)
        _sync_directory(self._path)
        old, self._file, self._length = self._file, file, len(text)
        os.close(old)


def _start(frontier: Frontier) -> bytes:
    return f"start\n{frontier.size}\n{encode_base64(frontier.encode())}\n".encode()


def _batch(size: int, bodies: Sequence[bytes]) -> bytes:
    return b"\n".join((b"batch", str(size).encode(), *bodies, b""))


def _record(payload: bytes) -> bytes:
    return f"{len(payload)} {sha256(payload).hexdigest()}\n".encode() + payload


def _whole(raw: bytes, header: re.Match[bytes]) -> bytes | None:
    """The payload behind a header, when all of it is there as it was written."""
    payload = raw[header.end() : header.end() + int(header[1])]
    whole = len(payload) == int(header[1]) and sha256(payload).hexdigest().encode() == header[2]
    return payload if whole else None


def _records(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Where each whole record from the beginning ends, and what is in it."""
    at = 0
    while (header := _HEADER.match(raw, at)) and (payload := _whole(raw, header)) is not None:
        at = header.end() + len(payload)
        yield at, payload


def _locked(path: Path) -> int:
    """A lock held for as long as the process lives. A file of its own, for the journal's name may get another file."""
    try:
        lock = os.open(
            path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise ConfigurationError(f"{path}: another signer is using it. One log has one signer.") from None
    except OSError as fault:
        raise ConfigurationError(f"{path}: cannot be locked ({fault.strerror}).") from None
    return lock


def _sync_directory(path: Path) -> None:
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)

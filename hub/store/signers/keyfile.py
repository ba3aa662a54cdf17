"""A private key in a file: made so that only its owner can read it, and refused when anybody else could touch it."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path

from hub.audit.note import KEY_BYTES, NoteInvalid, SignerKey
from hub.errors import ConfigurationError

KEY_FILE_MAX = 4_096
"""The longest key file, in bytes."""


def load_or_create_key(path: str | Path, name: str, what: str) -> SignerKey:
    """The key in ``path``, made there when there is none (mode 0600), with ``path``.pub beside it.

    Args:
        path: the key's file, in the text form of Go's note package.
        name: the name that the key must have.
        what: what the key is, to begin a sentence of an error with.

    Raises:
        ConfigurationError: as for :func:`read_key`.
    """
    file = Path(path)
    try:
        if not file.exists() and not file.is_symlink():
            _create(file, SignerKey(name, secrets.token_bytes(KEY_BYTES)))
    except NoteInvalid:
        raise ConfigurationError(f"{file}: not a signing key, or {name!r} cannot be a key's name.") from None
    except OSError as fault:
        raise ConfigurationError(f"{file}: {what} cannot be read or made ({fault.strerror}).") from None
    return read_key(file, name, what)


def create_key(path: str | Path, name: str) -> SignerKey:
    """A new key in ``path``; ConfigurationError when there is anything already: a key is never written over."""
    file = Path(path)
    if file.exists() or file.is_symlink():
        raise ConfigurationError(f"{file}: there is a file already, and a key is never written over. Name another.")
    return load_or_create_key(file, name, "the new key")


def read_key(path: str | Path, name: str | None, what: str) -> SignerKey:
    """The key in ``path``, of whatever name when ``name`` is None.

    Raises:
        ConfigurationError: it is not there, is not a key or is a key of another name; or somebody other than this
            process's user could read it, write it or put another in its place.
    """
    file = Path(path)
    try:
        _check_directory(file.parent.stat(), file, what)
        opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(opened, "rb") as stream:
            _check_file(os.fstat(opened), file, what)  # of what was opened, not of what has the name by now
            key = SignerKey.parse(stream.read(KEY_FILE_MAX).decode("ascii").removesuffix("\n"))
    except (NoteInvalid, UnicodeDecodeError):
        raise ConfigurationError(f"{file}: not a signing key, or {name!r} cannot be a key's name.") from None
    except OSError as fault:
        if fault.errno == errno.ELOOP:
            problem = f"{file}: {what} is a symbolic link, which could be turned to another key. Name the file itself."
            raise ConfigurationError(problem) from None
        raise ConfigurationError(f"{file}: {what} cannot be read or made ({fault.strerror}).") from None
    if name is not None and key.name != name:
        raise ConfigurationError(f"{file}: this is the key of {key.name}, and not of {name}.")
    return key


def _check_file(status: os.stat_result, file: Path, what: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ConfigurationError(f"{file}: {what} cannot be read or made (it is not a file).")
    if status.st_uid != os.geteuid():
        raise ConfigurationError(
            f"{file}: {what} belongs to user {status.st_uid}, and this runs as user {os.geteuid()}. Run it as the user "
            "the key is of (sudo -u hub); if the hub itself says this, somebody else put the file there."
        )
    if status.st_mode & 0o077:
        raise ConfigurationError(f"{file}: {what} may be read by others; run chmod 600 on it.")


def _check_directory(status: os.stat_result, file: Path, what: str) -> None:
    """Whoever can write a directory can put another file under any name in it.

    A directory that one's own group can write is let pass: many systems give each user a group of her own.
    """
    by_group = status.st_mode & stat.S_IWGRP and status.st_gid != os.getegid()
    if status.st_mode & stat.S_IWOTH or by_group:
        raise ConfigurationError(
            f"{file}: others can write the directory {what} is in, and could put another key there. Run chmod go-w on "
            f"{file.parent}, or move the key to a directory of its own."
        )


def _create(file: Path, key: SignerKey) -> None:
    """Write a new key whole or not at all; of two processes that try at once, one wins and both use its key."""
    file.parent.mkdir(parents=True, exist_ok=True)
    _check_directory(file.parent.stat(), file, "the key")
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        _write(draft, key.secret_text(), 0o600)
        os.link(draft, file)
        write_public(file, str(key.verifier))
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)


def write_public(file: Path, line: str) -> None:
    """Write a public key beside its private one, as ``file``.pub, for everybody to read."""
    _write(file.with_name(file.name + ".pub"), line, 0o644)


def _write(file: Path, line: str, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(file, flags, mode), "w") as opened:
        opened.write(line + "\n")
        opened.flush()
        os.fsync(opened.fileno())

"""What the hub and the signer process say to each other over a Unix socket (docs/keys.md).

A message is its length (4 bytes, big-endian) and so many bytes: a word, a newline, and lines.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence

from hub.audit.checkpoint import parse_decimal
from hub.audit.merkle import HASH_BYTES
from hub.audit.note import NoteInvalid, decode_base64, encode_base64
from hub.errors import Complaint

MESSAGE_MAX = 64 * 1024 * 1024
"""The longest message: a transaction takes 16 MiB and the entry that filled it."""

BODY_MAX = 65_535
"""The longest entry, as in :mod:`hub.audit.encoding`."""

KEYS, CHECK, SIGN = "keys", "check", "sign"
"""What a hub asks: with which keys; is this head what you signed; sign this head with these entries after it."""

OK, LEFT, BACKWARDS, SIGNED, BAD, BROKEN = "ok", "left", "backwards", "signed", "bad", "broken"
"""What a signer answers. LEFT: these entries were signed after that head, and are to be written first."""

_LENGTH = struct.Struct(">I")


class WireInvalid(Complaint):
    """A message that is none."""


def head_lines(size: int, root: bytes) -> list[bytes]:
    """A head as lines; :func:`read_head_lines` reads it."""
    return [str(size).encode(), encode_base64(root).encode()]


def read_head_lines(lines: Sequence[bytes]) -> tuple[int, bytes]:
    """The size and root in the first two lines; WireInvalid when they are not."""
    try:
        size, root = parse_decimal(lines[0].decode()), decode_base64(lines[1].decode())
    except (IndexError, NoteInvalid, UnicodeDecodeError):
        raise WireInvalid("not a head") from None
    if len(root) != HASH_BYTES:
        raise WireInvalid("not a root")
    return size, root


def send(to: socket.socket, word: str, lines: Sequence[bytes] = ()) -> None:
    """Send one message. ``lines`` have no newlines in them."""
    message = b"\n".join((word.encode(), *lines, b""))
    to.sendall(_LENGTH.pack(len(message)) + message)


def receive(source: socket.socket, begun_timeout: float | None = None) -> tuple[str, list[bytes]]:
    """The next message's word and lines.

    Args:
        source: a connected socket.
        begun_timeout: seconds that the rest may take once it has begun; the socket's own when None.

    Raises:
        EOFError: the other side has gone.
        OSError: it failed, or took too long.
        WireInvalid: it is no message.
    """
    first = _exactly(source, 1)
    usual = source.gettimeout()
    if begun_timeout is not None:
        source.settimeout(begun_timeout)
    try:
        (length,) = _LENGTH.unpack(first + _exactly(source, _LENGTH.size - 1))
        if not 0 < length <= MESSAGE_MAX:
            raise WireInvalid("a message of no length or too long")
        message = _exactly(source, length)
    finally:
        source.settimeout(usual)
    if not message.endswith(b"\n"):
        raise WireInvalid("a message ends in a newline")
    word, *lines = bytes(message[:-1]).split(b"\n")
    return word.decode("ascii", "replace"), lines


def _exactly(source: socket.socket, length: int) -> bytes:
    parts, missing = [], length
    while missing:
        part = source.recv(min(missing, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)

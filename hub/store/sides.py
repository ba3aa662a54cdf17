"""What a searcher asked in her own words, beside the entry of her question: packed, kept, read back and checked.

A side row is personal data, and erasable; the entry commits to it (:mod:`hub.audit.side`). Its first byte says how the
rest is packed: ``0`` as it is, ``1`` with zlib. What is packed is JSON: ``document`` (the query's text), ``variables``
and, where older records were asked for, ``reason`` (the word for why).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, select

from hub.audit.encoding import decode
from hub.audit.entries import side as commitment_of
from hub.audit.side import SALT_BYTES, SIDE_MAX, Side
from hub.audit.words import EntryInvalid
from hub.store.engine import reading
from hub.store.tables import log_entry, log_side

PLAIN, DEFLATED = b"\0", b"\1"

ZLIB_LEVEL = 1
"""The quickest: it is done in every question."""

UNPACKED_MAX = 8 * SIDE_MAX
"""The longest text a side row may unpack to: of a hostile row no more than this is ever held."""


class SideState(StrEnum):
    """What there is beside an entry."""

    KEPT = "kept"
    NONE = "none"
    """The entry commits to nothing."""
    GONE = "gone"
    """The entry commits to text that was erased, or itself was dropped when old entries were."""


class SideAltered(Exception):
    """A side row is not the one its entry commits to, or cannot be read. Its message never quotes it."""


@dataclass(frozen=True, slots=True)
class AskedInWords:
    """A question as it was sent; ``reason`` is the word for why older records were asked for."""

    document: str = field(repr=False)
    variables: Mapping[str, Any] = field(repr=False)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What there is beside an entry; ``body`` is its bytes, checked, when they are kept."""

    state: SideState
    body: bytes | None = field(default=None, repr=False)


def pack(asked: AskedInWords) -> bytes:
    """The bytes of a side row.

    Raises:
        EntryInvalid: they would be over ``SIDE_MAX``, or what was asked is not text that can be kept.
    """
    said = {"document": asked.document, "variables": asked.variables}
    if asked.reason is not None:
        said["reason"] = asked.reason
    try:
        plain = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    except (UnicodeEncodeError, RecursionError, TypeError, ValueError):
        raise EntryInvalid("side: text belongs here") from None
    deflated = zlib.compress(plain, ZLIB_LEVEL)
    packed = DEFLATED + deflated if len(deflated) < len(plain) else PLAIN + plain
    if len(packed) > SIDE_MAX or len(plain) > UNPACKED_MAX:
        raise EntryInvalid(f"side: at most {SIDE_MAX} bytes belong here")
    return packed


def unpack(body: bytes) -> str:
    """The text in a side row's bytes; SideAltered when they are not as :func:`pack` makes them."""
    marker, rest = body[:1], body[1:]
    try:
        if marker == DEFLATED:
            stream = zlib.decompressobj()
            plain = stream.decompress(rest, UNPACKED_MAX)
            if not stream.eof or stream.unused_data:
                raise ValueError
        elif marker == PLAIN:
            plain = rest
        else:
            raise ValueError
        return plain.decode()
    except (ValueError, zlib.error):
        raise SideAltered("a side row cannot be unpacked") from None


def asked_in(body: bytes) -> AskedInWords:
    """The question in a side row's bytes; SideAltered when it holds none."""
    try:
        said = json.loads(unpack(body))
        return AskedInWords(said["document"], said["variables"], said.get("reason"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise SideAltered("a side row holds no question") from None


def read_side(engine: Engine, index: int) -> Found | None:
    """What is kept beside entry ``index``, held against what the entry commits to; None when there is no such entry.

    Raises:
        SideAltered: it is not what the entry commits to.
    """
    with engine.connect() as connection:
        reading(connection)
        body = connection.scalar(select(log_entry.c.body).where(log_entry.c.index == index))
        if body is None:
            return None
        side = _stored(connection, index)
    commitment = commitment_of(decode(body)) if body else None
    if side is None:
        return Found(SideState.GONE if commitment or not body else SideState.NONE)
    if not side.matches(commitment):
        raise SideAltered("a side row is not what its entry commits to")
    return Found(SideState.KEPT, side.body)


def _stored(connection: Connection, index: int) -> Side | None:
    row = connection.execute(select(log_side.c.salt, log_side.c.body).where(log_side.c.index == index)).one_or_none()
    if row is None:
        return None
    if len(row.salt) != SALT_BYTES or len(row.body) > SIDE_MAX:
        raise SideAltered("a side row is not of the form one has")
    return Side(bytes(row.salt), bytes(row.body))

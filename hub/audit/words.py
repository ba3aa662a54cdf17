"""What may stand in a log entry: codes, references, digests, counts and moments. There is no free text to leak in.

An entry is plain printable ASCII by construction, so nothing sent to the hub can put a control character, a
right-to-left override or half a surrogate pair in front of a reviewer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hub.errors import Complaint

CODE_MAX = 80
"""The longest code, in characters; a longer one is cut."""

REFERENCE_DIGITS = 32
"""Hex digits of a reference: 128 random bits that stand for a person, a case or a post."""

DIGEST_DIGITS = 64
"""Hex digits of a SHA-256 digest."""

NONCE_BYTES = 16

COUNT_MAX = 2**53 - 1
"""The largest number in an entry: what every JSON reader keeps exactly (RFC 8259 section 6)."""

_CODE = re.compile(r"[A-Za-z0-9*][A-Za-z0-9_.:/*-]*", re.ASCII)
_NOT_CODE = re.compile(r"[^A-Za-z0-9_.:/*-]", re.ASCII)
_HEX = re.compile(r"[0-9a-f]+", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z", re.ASCII)


class EntryInvalid(Complaint, ValueError):
    """An entry cannot be written, or bytes are not an entry. The message names the field and never its value."""


def code(text: str) -> str:
    """``text`` as a code: every character a code cannot have becomes ``_``, and it is cut at ``CODE_MAX``.

    A word from outside (an agency's own label) must not stop an answer from being logged, so this never fails.
    """
    if len(text) <= CODE_MAX and _CODE.fullmatch(text):
        return text
    cleaned = _NOT_CODE.sub("_", text[:CODE_MAX])
    return cleaned if _CODE.fullmatch(cleaned) else f"x{cleaned}"[:CODE_MAX]


def codes(texts: Iterable[str]) -> tuple[str, ...]:
    """Each of ``texts`` as a :func:`code`, in order."""
    return tuple(code(each) for each in texts)


def check_reference(name: str, value: str, digits: int = REFERENCE_DIGITS) -> None:
    """Check that ``value`` is ``digits`` lower-case hex digits; EntryInvalid otherwise."""
    if type(value) is not str or len(value) != digits or _HEX.fullmatch(value) is None:
        raise EntryInvalid(f"{name}: {digits} lower-case hex digits belong here")


def check_count(name: str, value: int) -> None:
    """Check that ``value`` is a whole number from 0 to ``COUNT_MAX``; EntryInvalid otherwise."""
    if type(value) is not int or not 0 <= value <= COUNT_MAX:  # True is an int to Python, not to JSON
        raise EntryInvalid(f"{name}: a whole number from 0 to {COUNT_MAX} belongs here")


def check_nonce(value: bytes) -> None:
    """Check that ``value`` is ``NONCE_BYTES`` bytes; EntryInvalid otherwise."""
    if type(value) is not bytes or len(value) != NONCE_BYTES:
        raise EntryInvalid(f"nonce: {NONCE_BYTES} bytes belong here")


def to_millisecond(name: str, value: datetime) -> datetime:
    """``value`` in UTC, cut to the millisecond the log keeps; EntryInvalid when it has no time zone."""
    if value.tzinfo is None:
        raise EntryInvalid(f"{name}: a moment with a time zone belongs here")
    utc = value.astimezone(UTC)
    return utc - timedelta(microseconds=utc.microsecond % 1000)


def format_moment(value: datetime) -> str:
    """``2026-11-20T16:41:07.113Z``."""
    return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse_moment(name: str, text: object) -> datetime:
    """The moment :func:`format_moment` wrote; EntryInvalid for any other form or an impossible date."""
    if isinstance(text, str) and _MOMENT.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    raise EntryInvalid(f"{name}: a moment such as 2026-11-20T16:41:07.113Z belongs here")

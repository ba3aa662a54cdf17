"""JSON and base64url read strictly: one text, one meaning.

A token is checked here and its signature in a library; anything two parsers could read differently is refused
before either trusts it (RFC 8259 s.4 leaves repeated names undefined; RFC 8725 s.3.7, s.3.12).
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re

DEPTH_MAX = 8
"""Objects and arrays nested at most so deep; a token needs three."""

INTEGER_MAX = 2**53 - 1
"""The largest integer that every JSON reader reads alike (RFC 8259 s.6)."""

_INTEGER_DIGITS_MAX = 17  # INTEGER_MAX has 16, and a sign; int() of a very long text takes quadratic time
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BASE64URL = re.compile(rb"[A-Za-z0-9_-]*")


class NotStrict(ValueError):
    """The text is not what it must be; the message says why and holds none of the text."""


def parse_object(data: bytes) -> dict[str, object]:
    """The JSON object in ``data``.

    Raises:
        NotStrict: not UTF-8, not one JSON object, a name given twice, nested over :data:`DEPTH_MAX`, NaN or infinity,
            an integer beyond :data:`INTEGER_MAX`.
    """
    if _depth(data) > DEPTH_MAX:
        raise NotStrict("nested too deep")
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except NotStrict:
        raise
    except (ValueError, RecursionError):  # from None: the cause would carry the text
        raise NotStrict("not JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise NotStrict("not a JSON object")
    return value


def decode_base64url(text: bytes) -> bytes:
    """The octets of ``text``: base64url without padding, in the one canonical spelling (RFC 7515 s.2, RFC 4648 s.3.5).

    Raises:
        NotStrict: padding, line ends, another alphabet, an impossible length, or spare bits that are not zero.
    """
    if _BASE64URL.fullmatch(text) is None:
        raise NotStrict("not base64url without padding")
    try:
        decoded = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise NotStrict("not base64url without padding") from None
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != text:
        raise NotStrict("not canonical base64url")
    return decoded


def _depth(data: bytes) -> int:
    """How deep brackets nest outside strings: measured first, because the parser itself recurses."""
    deepest = depth = 0
    for byte in _STRINGS.sub(b"", data):
        if byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"}]":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrict("a name is given twice")
    return found


def _integer(text: str) -> int:
    if len(text) > _INTEGER_DIGITS_MAX or abs(int(text)) > INTEGER_MAX:
        raise NotStrict("an integer too large to be read alike everywhere")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise NotStrict("a number out of range")
    return value


def _constant(_: str) -> object:
    raise NotStrict("NaN or infinity, which JSON does not have")

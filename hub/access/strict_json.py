"""The parts of a token, read strictly: one text, one meaning.

A token is checked here and its signature in a library; anything two parsers could read differently is refused
before either trusts it (RFC 8725 s.3.7, s.3.12).
"""

from __future__ import annotations

import base64
import binascii
import re

from hub.strict_json import NotStrict, parse_json

DEPTH_MAX = 8
"""Objects and arrays nested at most so deep; a token needs three."""

_BASE64URL = re.compile(rb"[A-Za-z0-9_-]*")


def parse_object(data: bytes) -> dict[str, object]:
    """The JSON object in ``data``, nested at most :data:`DEPTH_MAX` deep.

    Raises:
        NotStrict: not an object, or for what :func:`~hub.strict_json.parse_json` refuses.
    """
    value = parse_json(data, depth_max=DEPTH_MAX)
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


def encode_base64url(data: bytes) -> str:
    """``data`` in base64url without padding (RFC 7515 s.2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")

"""Reading JSON from outside, strictly: what two readers could read differently is not read at all.

RFC 8259 leaves duplicate keys, NaN, byte order marks and half surrogates to each implementation; I-JSON (RFC 7493)
forbids them and bounds integers. An answer about a child and the claims of a token must have one meaning, so all of
these are refused, and so is nesting that would exhaust the stack.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

DEPTH_MAX = 32
"""Objects and arrays within each other: FHIR's deepest published examples have 12."""

INTEGER_MAX = 2**53 - 1
"""The largest integer that every reader reads alike (RFC 7493 s.2.2)."""

_INTEGER_CHARACTERS_MAX = 17  # INTEGER_MAX has 16, and a sign; int() of a very long text takes quadratic time
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ONE_KIND = bytes.maketrans(b"[]", b"{}")
_NEITHER_BRACKET_NOR_QUOTE = bytes(byte for byte in range(256) if byte not in b'{}[]"')


class NotStrict(ValueError):
    """The text does not have the one form in which every reader reads it alike. Its message never quotes the text."""


def parse_json(raw: bytes, *, depth_max: int = DEPTH_MAX) -> Any:
    """The value written in ``raw``.

    Raises:
        NotStrict: not UTF-8, not JSON, a duplicate key, NaN or an infinity, an integer beyond :data:`INTEGER_MAX`
            either way, half of a surrogate pair, or nested more than ``depth_max`` deep.
    """
    _check_depth(raw, depth_max)  # before the parser, which recurses
    try:
        text = raw.decode("utf-8")
        value = _DECODER.decode(text)
    except NotStrict:
        raise
    except ValueError:  # UnicodeDecodeError and JSONDecodeError carry the text: keep neither
        raise NotStrict("not JSON in UTF-8") from None
    if _ESCAPED_SURROGATE.search(text) is not None and _has_half_surrogate(value):
        raise NotStrict("half of a surrogate pair")
    return value


def _check_depth(raw: bytes, depth_max: int) -> None:
    """Refuse ``raw`` if brackets outside its texts nest too deep or do not close.

    Each round takes away the innermost pairs, so what is left after ``depth_max`` rounds was deeper. Done on the whole
    at once, because a loop over the bytes of a large answer takes longer than reading it.
    """
    if raw.count(b"{") + raw.count(b"[") <= depth_max:
        return
    unescaped = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = unescaped.translate(_ONE_KIND, _NEITHER_BRACKET_NOR_QUOTE).replace(b'""', b"")
    left = b"".join(marks.split(b'"')[::2])  # what is between quotes is text
    for _ in range(depth_max):
        left = left.replace(b"{}", b"")
    if left:
        raise NotStrict("nested too deep" if b"{}" in left else "brackets that do not close")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotStrict("a key twice in one object")
    return made


def _integer(digits: str) -> int:
    if len(digits) > _INTEGER_CHARACTERS_MAX or abs(int(digits)) > INTEGER_MAX:
        raise NotStrict("an integer out of range")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotStrict("a number out of range")
    return number


def _constant(_name: str) -> NoReturn:
    raise NotStrict("NaN or an infinity")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float)


def _has_half_surrogate(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False

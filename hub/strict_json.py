"""Reading JSON from outside, strictly: what two readers could read differently is not read at all.

RFC 8259 leaves duplicate keys, NaN, byte order marks and lone surrogates to each implementation. An answer about a
child must have one meaning, so all of these are refused, and so is nesting that would exhaust the stack.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

DEPTH_MAX = 32
"""Objects and arrays within each other: FHIR's deepest published examples have 12."""

INTEGER_DIGITS_MAX = 18
"""Longer integers do not fit 64 bits and would be rounded by other readers (RFC 8259 section 6)."""

_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_CONTAINERS = (dict, list)


class NotStrictJson(ValueError):
    """The text is not JSON that every reader reads alike. Its message never quotes the text."""


def parse_json(raw: bytes) -> Any:
    """The value written in ``raw``.

    Raises:
        NotStrictJson: not UTF-8, not JSON, a duplicate key, NaN or an infinity, an integer of more than
            ``INTEGER_DIGITS_MAX`` digits, a lone surrogate, or nested more than ``DEPTH_MAX`` deep.
    """
    try:
        text = raw.decode("utf-8")
        value = _DECODER.decode(text)
    except RecursionError:
        raise NotStrictJson("nested too deep") from None
    except ValueError as fault:  # UnicodeDecodeError and JSONDecodeError carry the text: keep neither
        raise NotStrictJson(str(fault) if isinstance(fault, NotStrictJson) else "not JSON in UTF-8") from None
    if raw.count(b"{") + raw.count(b"[") > DEPTH_MAX and _depth(value) > DEPTH_MAX:
        raise NotStrictJson("nested too deep")
    if _ESCAPED_SURROGATE.search(text) is not None and _has_lone_surrogate(value):
        raise NotStrictJson("half of a surrogate pair")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotStrictJson("a key twice in one object")
    return made


def _integer(digits: str) -> int:
    if len(digits) > INTEGER_DIGITS_MAX + digits.startswith("-"):
        raise NotStrictJson("an integer out of range")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotStrictJson("a number out of range")
    return number


def _constant(_name: str) -> NoReturn:
    raise NotStrictJson("NaN or an infinity")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float)


def _depth(value: object) -> int:
    """How deep ``value`` nests; level by level, so that depth costs no stack."""
    depth = 0
    level = [value] if isinstance(value, _CONTAINERS) else []
    while level:
        depth += 1
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, _CONTAINERS)
        ]
    return depth


def _has_lone_surrogate(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False

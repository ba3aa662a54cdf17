"""Reading JSON from outside, strictly: what two readers could read differently is not read at all.

RFC 8259 leaves duplicate keys, NaN, byte order marks and half surrogates to each implementation; I-JSON (RFC 7493)
forbids them and bounds integers. An answer about a child and the claims of a token must have one meaning, so all of
these are refused, and so is nesting that would exhaust the stack.

The standard library's reader can be told to refuse all of it, at three times the time of a fast reader that takes the
last of two equal keys. So the fast one reads first, and what it read is written again: text that comes back as it was,
or with as many members and no long number, can have lost nothing. Everything else is for the strict reader to judge,
and only it refuses.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn

import msgspec
import orjson

DEPTH_MAX = 32
"""Objects and arrays within each other: FHIR's deepest published examples have 12."""

INTEGER_MAX = 2**53 - 1
"""The largest integer that every reader reads alike (RFC 7493 s.2.2)."""

_INTEGER_CHARACTERS_MAX = 17  # INTEGER_MAX has 16, and a sign; int() of a very long text takes quadratic time
_LONG = b"0" * 17
_DIGITS_ALIKE = bytes.maketrans(b"123456789", b"000000000")
_ESCAPED_COLON = re.compile(rb"\\u003[aA]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_SMALL = 65_536  # bytes, up to which it is worth a try to see at a glance that nothing is deep
_BYTES_TO_AN_ESCAPE = 100  # or more, and the pattern is the faster way to take them out: by four times
_ONE_KIND = bytes.maketrans(b"[]", b"{}")
_NO_BRACKET = bytes(byte for byte in range(256) if byte not in b"{}[]")
_NEITHER_BRACKET_NOR_QUOTE = bytes(byte for byte in range(256) if byte not in b'{}[]"')


class NotStrict(ValueError):
    """The text does not have the one form in which every reader reads it alike. Its message never quotes the text."""


def parse_json(raw: bytes, *, depth_max: int = DEPTH_MAX) -> Any:
    """The value written in ``raw``.

    Raises:
        NotStrict: not UTF-8, not JSON, a duplicate key, NaN or an infinity, an integer beyond :data:`INTEGER_MAX`
            either way, half of a surrogate pair, or nested more than ``depth_max`` deep.
    """
    try:
        value = _quickly(raw)
    except _Unsure:
        _check_depth(raw, depth_max)  # before the strict reader, which recurses
        return _slowly(raw)
    if len(raw) > _SMALL or _depth_at_most(raw) > depth_max:
        _check_depth(raw, depth_max)
    return value


def parse_json_each(raw: bytes, member: str, take: Callable[[Any], Any], *, depth_max: int = DEPTH_MAX) -> Any:
    """As :func:`parse_json`, with ``take(item)`` in the place of every item of the list ``member`` of the whole.

    Each item is given up before the next is read: of a large answer only what ``take`` keeps is ever held, which costs
    far less memory, and less time. ``take`` may be called with items of a text that is then refused, or twice with the
    same one, so it must only read. Where the whole is no object, or ``member`` no list in it, nothing is taken.

    Raises:
        NotStrict: as :func:`parse_json`; and whatever ``take`` raises.
    """
    try:
        return _each_quickly(raw, member, take, depth_max)
    except _Unsure:
        whole = parse_json(raw, depth_max=depth_max)
    if isinstance(whole, dict) and isinstance(whole.get(member), list):
        whole[member] = [take(item) for item in whole[member]]
    return whole


class _Unsure(Exception):
    """The fast reader cannot tell whether the text is strict."""


def _quickly(raw: bytes) -> Any:
    """The value of ``raw`` if it is certainly strict, its depth apart.

    What was read has each key once, so writing it again gives ``raw`` itself only where ``raw`` had each key once. In
    text that is spaced or escaped otherwise, members are counted: every colon is one, or stands in a text that both
    have (an escaped one apart). An integer beyond 64 bits is read as a float, so long rows of digits are not believed.
    The fast reader gives up at a depth of 1,024 and the writer at 254, long before the stack ends.
    """
    try:
        value = orjson.loads(raw)
        again = orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        raise _Unsure from None
    if again != raw and (
        again.count(b":") != raw.count(b":")
        or _LONG in raw.translate(_DIGITS_ALIKE)
        or _ESCAPED_COLON.search(raw) is not None
    ):
        raise _Unsure
    return value


def _each_quickly(raw: bytes, member: str, take: Callable[[Any], Any], depth_max: int) -> Any:
    """The whole in its parts: where each begins and ends is found first, then they are read one by one.

    What finds them stops with a RecursionError long before it would exhaust the stack.
    """
    try:
        parts = _PARTS.decode(raw)
        items = None if member not in parts else _ITEMS.decode(parts[member])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):  # no object or list, or no JSON
        raise _Unsure from None
    if not _is_all(raw, parts):
        raise _Unsure
    if depth_max < (1 if items is None else 2):
        raise _Unsure
    whole = {key: parse_json(bytes(part), depth_max=depth_max - 1) for key, part in parts.items() if key != member}
    if items is not None:
        whole[member] = [take(parse_json(bytes(item), depth_max=depth_max - 2)) for item in items]
    return whole


def _is_all(raw: bytes, parts: dict[str, msgspec.Raw]) -> bool:
    """Whether no member of ``raw`` was lost to another of the same key.

    A lost one would leave ``raw`` longer than its parts, since no key is longer written again than it was, or with
    more colons.
    """
    keys = [orjson.dumps(key) for key in parts]
    size = sum(map(len, keys)) + sum(memoryview(part).nbytes for part in parts.values())
    if len(raw) == size + 2 * len(parts) + 1:  # ``:``, ``,`` and ``{}``
        return True
    colons = sum(key.count(b":") + 1 for key in keys) + sum(bytes(part).count(b":") for part in parts.values())
    return colons == raw.count(b":") and _ESCAPED_COLON.search(raw) is None


def _slowly(raw: bytes) -> Any:
    """The value of ``raw``, or why it is refused."""
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


def _depth_at_most(raw: bytes) -> int:
    """A depth that ``raw``, which is JSON, does not exceed: near enough to tell most texts from deep ones.

    Where it is deepest, as many brackets as it is deep were opened before, and as many close after. The former only
    grow along the text and the latter only shrink; they are equal once as many brackets were passed as close in all.
    Brackets inside texts can only make it more.
    """
    marks = raw.translate(_ONE_KIND, _NO_BRACKET)
    return marks.count(b"{", 0, marks.count(b"}"))


def _check_depth(raw: bytes, depth_max: int) -> None:
    """Refuse ``raw`` if brackets outside its texts nest too deep or do not close.

    Each round takes away the innermost pairs, so what is left after ``depth_max`` rounds was deeper. Done on the whole
    at once, because a loop over the bytes of a large answer takes longer than reading it.
    """
    marks = _without_escapes(raw).translate(_ONE_KIND, _NEITHER_BRACKET_NOR_QUOTE).replace(b'""', b"")
    left = b"".join(marks.split(b'"')[::2])  # what is between quotes is text
    if left.count(b"{") <= depth_max:
        return
    for _ in range(depth_max):
        if not left:
            return
        left = left.replace(b"{}", b"")
    if b"{}" in left or len(left) > depth_max:  # a few that do not close are for the parser to find
        raise NotStrict("nested too deep" if b"{}" in left else "brackets that do not close")


def _without_escapes(raw: bytes) -> bytes:
    """``raw`` without any quotation mark that does not begin or end a text."""
    if raw.count(b"\\") * _BYTES_TO_AN_ESCAPE <= len(raw):
        return _ESCAPED.sub(b"", raw)
    return raw.replace(b"\\\\", b"").replace(b'\\"', b"")


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


_PARTS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float)


def _has_half_surrogate(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False

"""Strict JSON: one text, one meaning, and no more of it than the stack can take."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.strict_json import DEPTH_MAX, INTEGER_MAX, NotStrict, parse_json

STRICT = {
    "null": (b"null", None),
    "an object": (b' {"a": [1, -2.5, true, "x"]}\n', {"a": [1, -2.5, True, "x"]}),
    "the same key in two objects": (b'[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
    "an escaped pair": (b'"\\ud83d\\ude00"', "\U0001f600"),
    "an escaped backslash before u": (b'"\\\\ud800"', "\\ud800"),
    "brackets in a text": (json.dumps("[" * 500).encode(), "[" * 500),
    "as deep as may be": (b"[" * DEPTH_MAX + b"]" * DEPTH_MAX, json.loads("[" * DEPTH_MAX + "]" * DEPTH_MAX)),
    "as large as may be": (str(INTEGER_MAX).encode(), INTEGER_MAX),
    "as small as may be": (str(-INTEGER_MAX).encode(), -INTEGER_MAX),
}

NOT_STRICT = {
    "a key twice": b'{"a": 1, "a": 1}',
    "a key twice, escaped": b'{"a": 1, "\\u0061": 2}',
    "a key twice, inside": b'[{"b": {"a": 1, "a": 2}}]',
    "NaN": b"[NaN]",
    "Infinity": b"[Infinity]",
    "-Infinity": b"[-Infinity]",
    "infinite by size": b"1e999",
    "too deep by one": b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1),
    "too deep by one, objects": b'{"a":' * (DEPTH_MAX + 1) + b"1" + b"}" * (DEPTH_MAX + 1),
    "too deep for the stack": b"[" * 100_000,
    "too large by one": str(INTEGER_MAX + 1).encode(),
    "too small by one": str(-INTEGER_MAX - 1).encode(),
    "one digit too many": b"1" + b"0" * 16,
    "a thousand digits": b"9" * 10_000,
    "a lone surrogate": b'["\\ud800"]',
    "a lone surrogate as a key": b'{"\\uDFFF": 1}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "Latin-1": '"é"'.encode("latin-1"),
    "a comment": b"{} // x",
    "a trailing comma": b"[1,]",
    "single quotes": b"{'a': 1}",
    "a leading zero": b"01",
    "a tab in a text": b'"\t"',
    "two documents": b"1 2",
    "nothing": b"",
}


@pytest.mark.parametrize(("raw", "value"), STRICT.values(), ids=STRICT.keys())
def test_strict_json_is_read(raw: bytes, value: object) -> None:
    assert parse_json(raw) == value


@pytest.mark.parametrize("raw", NOT_STRICT.values(), ids=NOT_STRICT.keys())
def test_anything_else_is_not(raw: bytes) -> None:
    with pytest.raises(NotStrict) as caught:
        parse_json(raw)
    assert caught.value.__cause__ is None


any_json = st.recursive(
    st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(value=any_json, ascii_only=st.booleans())
def test_what_json_writes_is_read_back(value: Any, ascii_only: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(raw=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        value = parse_json(raw)
    except NotStrict:
        return
    assert value == json.loads(raw)


def depth(value: object) -> int:
    inner = list(value.values()) if isinstance(value, dict) else value
    return 1 + max(map(depth, inner), default=0) if isinstance(inner, list) else 0


@given(value=any_json, depth_max=st.integers(0, 6))
def test_depth_is_what_it_is(value: Any, depth_max: int) -> None:
    raw = json.dumps(value).encode()
    if depth(value) <= depth_max:
        assert parse_json(raw, depth_max=depth_max) == value
    else:
        with pytest.raises(NotStrict, match="nested too deep"):
            parse_json(raw, depth_max=depth_max)


@given(raw=st.text(alphabet='[]{}"\\:,1', max_size=40), depth_max=st.integers(1, 4))
def test_however_bent_nothing_deeper_is_read(raw: str, depth_max: int) -> None:
    try:
        assert depth(parse_json(raw.encode(), depth_max=depth_max)) <= depth_max
    except NotStrict:
        return


BENT = {
    "brackets that close nothing": "]" * 50 + "[" * 50,
    "brackets of the wrong kind": "[" * 50 + "}" * 50,
    "brackets behind an open text": '"\\' + "[" * 50,
    "brackets behind a stray backslash": "[" * 50 + '\\"' + "]" * 50,
    "brackets behind escaped quotes": '["\\\\",' + "[" * 50 + "]" * 51,
}


@pytest.mark.parametrize("text", BENT.values(), ids=BENT.keys())
def test_bent_brackets(text: str) -> None:
    with pytest.raises(NotStrict):
        parse_json(text.encode())


@pytest.mark.parametrize("raw", [b"[" * 200_000, b"[" * 200_000 + b"]" * 200_000, b'{"a":' * 200_000])
def test_depth_is_found_before_the_parser_recurses(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.strict_json._DECODER", None)
    with pytest.raises(NotStrict):
        parse_json(raw)

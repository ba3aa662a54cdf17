"""Strict JSON: one text, one meaning, and no more of it than the stack can take."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import strict_json
from hub.strict_json import DEPTH_MAX, INTEGER_MAX, NotStrict, parse_json, parse_json_each

STRICT = {
    "null": (b"null", None),
    "an object": (b' {"a": [1, -2.5, true, "x"]}\n', {"a": [1, -2.5, True, "x"]}),
    "the same key in two objects": (b'[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
    "an escaped pair": (b'"\\ud83d\\ude00"', "\U0001f600"),
    "an escaped backslash before u": (b'"\\\\ud800"', "\\ud800"),
    "brackets in a text": (json.dumps("[" * 500).encode(), "[" * 500),
    "many brackets, none deep": (b"[" + b"[[]]," * 500 + b"1]", [*([[]] for _ in range(500)), 1]),
    "large and not deep": (b'{"a":"' + b"x" * 70_000 + b'","b":[[1]]}', {"a": "x" * 70_000, "b": [[1]]}),
    "as deep as may be": (b"[" * DEPTH_MAX + b"]" * DEPTH_MAX, json.loads("[" * DEPTH_MAX + "]" * DEPTH_MAX)),
    "as large as may be": (str(INTEGER_MAX).encode(), INTEGER_MAX),
    "as small as may be": (str(-INTEGER_MAX).encode(), -INTEGER_MAX),
}

NOT_STRICT = {
    "a key twice, made up for by an escaped colon": b'{"a": 1, "a": 2, "b": "\\u003a"}',
    "a key twice, made up for by spaces": b'{"a":1,"a":2,"b":  [1,   2]}',
    "a key twice, made up for by a longer number": b'{"a":1,"a":1,"b":1e8}',
    "more digits than a machine's integer": b"[ 18446744073709551616]",
    "fewer than a machine's least": b"-9223372036854775809",
    "an integer of seventeen digits": b"12345678901234567",
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
    "too deep for the stack, closed in a text before": b'["' + b"]" * 100_000 + b'",' + b"[" * 100_000,
    "too deep for the fast reader": b"[" * 2_000 + b"]" * 2_000,
    "too deep for the fast writer": b"[" * 500 + b"]" * 500,
    "too deep after many that close": b"[" + b"[]," * 500 + b"[" * DEPTH_MAX + b"]" * DEPTH_MAX + b"]",
    "too deep among brackets in texts": b'["'
    + b"]" * 90
    + b'",'
    + b"[" * DEPTH_MAX
    + b"]" * DEPTH_MAX
    + b',"'
    + b"[" * 90
    + b'"]',
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


@pytest.mark.parametrize("raw", NOT_STRICT.values(), ids=NOT_STRICT.keys())
@pytest.mark.parametrize(
    "around", ['{"list":[%s]}', '{ "list": [1, %s] }', '{"other":%s,"list":[]}'], ids=["item", "spaced", "beside"]
)
def test_nor_is_it_among_the_items(around: str, raw: bytes) -> None:
    inside = around.encode() % raw if raw.strip() else b'{"list":[,]}'
    with pytest.raises(NotStrict):
        parse_json_each(inside, "list", lambda item: item)


EACH = {
    "items": (b'{"list":[{"a":1},2],"n":3}', {"list": ["taken", "taken"], "n": 3}),
    "spaced and escaped": (b' { "l\\u0069st" : [ 1 , 2 ] , "n" : ":" }', {"list": ["taken", "taken"], "n": ":"}),
    "no items": (b'{"list":[]}', {"list": []}),
    "no list": (b'{"list":{"a":1}}', {"list": {"a": 1}}),
    "no such member": (b'{"other":[1]}', {"other": [1]}),
    "no object": (b"[1,2]", [1, 2]),
    "nothing": (b"{}", {}),
    "the list deeper": (b'{"a":{"list":[1]}}', {"a": {"list": [1]}}),
    "an item that only the slow reader can judge": (b'{"list":["\\u003a"]}', {"list": ["taken"]}),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "value"), EACH.values(), ids=EACH.keys())
def test_each_item_is_taken_as_it_is_read(raw: bytes, value: object) -> None:
    assert parse_json_each(raw, "list", lambda _item: "taken") == value


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b'{"list":[1],"list":[2]}', id="the-list-twice"),
        pytest.param(b'{"n":1,"list":[2],"n":3}', id="beside-it"),
        pytest.param(b'{ "n": 1, "list": [2], "n": 3}', id="spaced"),
        pytest.param(b'{"n":1,"list":[2],"\\u006e":3}', id="escaped"),
        pytest.param(b'{"n":1,"list":["\\u003a"],"n":3}', id="with-an-escaped-colon"),
        pytest.param(b'{"\\u003a":1,"n":1,"list":[2],"n":3}', id="made-up-for-by-an-escaped-colon"),
        pytest.param(b'{"list":[2],"\\ud800":3}', id="half-a-pair-in-a-key"),
        pytest.param(b'{"list":[2],"\xff":3}', id="a-key-not-in-utf-8"),
        pytest.param(b'{"list":[2]}{}', id="two-documents"),
        pytest.param(b'{"list":[2],}', id="trailing-comma"),
        pytest.param(b'{"list":[2,]}', id="trailing-comma-in-the-list"),
        pytest.param(b'{"list":[1 2]}', id="no-comma"),
        pytest.param(b'{"list":[1]', id="cut-short"),
        pytest.param(b'{"list":' + b"[" * DEPTH_MAX + b"]" * DEPTH_MAX + b"}", id="too-deep-by-one"),
    ],
)
def test_what_holds_the_items_is_read_as_strictly(raw: bytes) -> None:
    with pytest.raises(NotStrict):
        parse_json_each(raw, "list", lambda item: item)


def test_an_item_is_given_up_before_the_next_is_read() -> None:
    class Stop(Exception):
        pass

    def take(item: object) -> object:
        raise Stop(item)

    with pytest.raises(Stop, match="1"):
        parse_json_each(b'{"list":[1,{"a":1,"a":2}]}', "list", take)


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


pieces = st.sampled_from([
    '"a"', '"b"', '"list"', '"l\\u0069st"', '":"', '"\\u003a"', '"\\\\"', '"\\ud800"', ":", ":", ",", ",", "{", "}", "[", "]", " ", "1",
    "-0", "1.0", "1e8", "1" * 17, "1" * 20, "9007199254740992", "NaN", "null",
])  # fmt: skip
members = st.lists(
    st.tuples(st.sampled_from(['"a"', '"b"', '"\\u0061"', '"a:"', '"list"']), pieces | st.just('{"a":1,"a":2}'))
)


def read(reader: Any, raw: bytes) -> str:
    """What ``reader`` makes of ``raw``, to compare: 1 and 1.0 are different answers."""
    try:
        return json.dumps(reader(raw), sort_keys=True)
    except NotStrict:
        return "refused"


@given(
    parts=st.lists(pieces, max_size=12)
    | members.map(lambda of: ["{", ",".join(f"{key}:{value}" for key, value in of), "}"])
)
def test_the_fast_reader_reads_and_refuses_as_the_strict_one_does(parts: list[str]) -> None:
    raw = "".join(parts).encode()
    strict = read(strict_json._slowly, raw)
    assert read(parse_json, raw) == strict
    assert read(lambda text: parse_json_each(text, "list", lambda item: item), raw) == strict


@given(value=any_json, spaced=st.booleans())
def test_in_parts_the_whole_is_read(value: Any, spaced: bool) -> None:
    raw = json.dumps({"a": 1, "list": [value]}, indent=1 if spaced else None).encode()
    assert parse_json_each(raw, "list", lambda item: item) == {"a": 1, "list": [value]}


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


@given(items=st.lists(any_json, max_size=3), beside=any_json, depth_max=st.integers(0, 6))
def test_depth_of_what_is_read_item_by_item_is_that_of_the_whole(items: list[Any], beside: Any, depth_max: int) -> None:
    whole = {"beside": beside, "list": items}
    raw = json.dumps(whole).encode()
    if depth(whole) <= depth_max:
        assert parse_json_each(raw, "list", lambda item: item, depth_max=depth_max) == whole
    else:
        with pytest.raises(NotStrict, match="nested too deep"):
            parse_json_each(raw, "list", lambda item: item, depth_max=depth_max)


@given(raw=st.text(alphabet='[]{}"\\:,1', max_size=40), depth_max=st.integers(1, 4))
def test_however_bent_no_item_deeper_is_read(raw: str, depth_max: int) -> None:
    try:
        read = parse_json_each(b'{"list":[%s]}' % raw.encode(), "list", lambda item: item, depth_max=depth_max)
    except NotStrict:
        return
    assert depth(read) <= depth_max

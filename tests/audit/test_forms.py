"""The expressions of an entry's form against the code that reads an entry: they take the same bytes."""

from __future__ import annotations

import json
import re
from calendar import isleap
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.audit import encoding
from hub.audit.acts import KINDS, LIST_MAX
from hub.audit.encoding import decode, encode
from hub.audit.entries import Answer, Entry, LookBack, Records, side
from hub.audit.forms import FORMS, kind_of
from hub.audit.words import CODE_MAX, COUNT_MAX, EntryInvalid
from tests.audit import samples
from tests.audit.strategies import entries


def matches(body: bytes) -> re.Match[bytes] | None:
    form = FORMS.get(kind_of(body))
    return None if form is None else form.fullmatch(body)


def decodes(body: bytes) -> bool:
    try:
        decode(body)
    except EntryInvalid:
        return False
    return True


@given(entries)
@settings(max_examples=400)
def test_every_entry_there_can_be(entry: Entry) -> None:
    found = matches(encode(entry))
    assert found is not None
    groups = found.groupdict()
    assert (groups.get("side") or b"").decode() == (side(entry) or "")
    if "question" in groups:
        assert int(groups["question"]) == entry.question  # type: ignore[union-attr]
    if isinstance(entry, Answer):
        assert int(groups["parts"] or 0) == entry.parts


ALPHABET = b'0123456789abcdefzA{}[]",:. -+Tnull\\\n\x00\x7f\xff'


@given(entries, st.data())
@settings(max_examples=600)
def test_an_entry_with_something_changed(entry: Entry, data: st.DataObject) -> None:
    body = bytearray(encode(entry))
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(body)))
        cut = data.draw(st.integers(0, 2))
        body[at : at + cut] = bytes(data.draw(st.lists(st.sampled_from(ALPHABET), max_size=2)))
    assert (matches(bytes(body)) is not None) == decodes(bytes(body))


QUESTION = encode(samples.question())
ANSWER = encode(samples.answer(7))
AT = b"2026-11-20T16:41:07.113Z"


@pytest.mark.parametrize(
    "moment",
    [
        *(f"2026-{month:02}-{day:02}T00:00:00.000Z" for month in range(14) for day in (0, 1, 9, 10, 28, 29, 30, 31, 32)),
        *(f"{year:04}-02-29T23:59:59.999Z" for year in (0, 4, 96, 100, 400, 1900, 2000, 2023, 2024, 2100, 2400, 9996)),
        "0000-01-01T00:00:00.000Z",
        "0001-01-01T00:00:00.000Z",
        "9999-12-31T23:59:59.999Z",
        "2026-11-20T24:00:00.000Z",
        "2026-11-20T19:60:00.000Z",
        "2026-11-20T20:00:60.000Z",
        "2026-11-20T20:00:00.0000Z",
        "2026-11-20T20:00:00Z",
        "2026-11-20t20:00:00.000z",
        "2026-11-20 20:00:00.000Z",
    ],
)  # fmt: skip
def test_moments(moment: str) -> None:
    body = QUESTION.replace(AT, moment.encode())
    assert (matches(body) is not None) == decodes(body)


def test_a_leap_day_is_in_every_leap_year_and_in_no_other() -> None:
    days = [(year, QUESTION.replace(AT, f"{year:04}-02-29T00:00:00.000Z".encode())) for year in range(10_000)]
    assert [year for year, body in days if matches(body)] == [year for year in range(1, 10_000) if isleap(year)]
    assert [year for year, body in days if decodes(body) is not bool(matches(body))] == []


@pytest.mark.parametrize(
    "count",
    [
        *(str(number) for length in range(1, 18) for number in (10 ** (length - 1), 10**length - 1)),
        *(str(COUNT_MAX + by) for by in (-10, -1, 0, 1, 2, 9, 10, 10**3, 10**9)),
        *(str(int(str(COUNT_MAX)[:at] + "9" * (16 - at))) for at in range(16)),
        *("0" * zeros + "7" * (digits - zeros) for digits in (15, 16, 17) for zeros in (1, 2, digits)),
        "0", "00", "01", "-0", "-1", "1.0", "1e3", "", "null", "true", '"1"',
    ],
)  # fmt: skip
def test_counts(count: str) -> None:
    body = ANSWER.replace(b'"question":7', b'"question":' + count.encode())
    assert (matches(body) is not None) == decodes(body)


REF, DIGEST = samples.REF, samples.DIGEST
ONE_OF_EACH: list[Entry] = [
    samples.question(look_back=LookBack(7, "new_concern"), side=DIGEST),
    samples.answer(7, parts=1),
    samples.refused(organisation="testshire-council", purpose="ca1989-s47", trace=REF),
    samples.abandoned(7),
    Records(samples.AT, samples.NONCE, 7, samples.answer(7).records),
    *map(samples.act, KINDS),
]
INSTEAD: tuple[Any, ...] = (None, True, 0, 7, -1, "", "word", REF, REF.upper(), REF[1:], REF + "0", DIGEST, DIGEST + "0",
           AT.decode(), [], [7], [REF], [REF, 7], [None], {}, [None, "word"], [REF, None], [7, "new_concern"], ...)  # fmt: skip


@pytest.mark.parametrize("entry", ONE_OF_EACH, ids=encoding.kind_of)
def test_anything_in_the_place_of_a_field(entry: Entry) -> None:
    body = encode(entry)
    fields = json.loads(body)
    differ = [
        (name, value)
        for name, own in fields.items()
        for value in (*INSTEAD, [own], [own, own])
        if (matches(changed := samples.rewritten(body, **{name: value})) is not None) != decodes(changed)
    ]
    assert differ == []
    assert matches(body) is not None
    backwards = json.dumps(dict(reversed(fields.items())), separators=(",", ":")).encode()
    assert matches(backwards) is None


@pytest.mark.parametrize("length", [0, 1, 2, CODE_MAX - 1, CODE_MAX, CODE_MAX + 1])
def test_a_code_is_so_long_and_no_longer(length: int) -> None:
    body = samples.rewritten(QUESTION, purpose="p" * length)
    assert (matches(body) is not None) is decodes(body) is (1 <= length <= CODE_MAX)


@pytest.mark.parametrize(("field", "one"), [("references", REF), ("sides", 3)])
@pytest.mark.parametrize("number", [0, 1, 2, LIST_MAX - 1, LIST_MAX, LIST_MAX + 1])
def test_an_act_names_so_many_and_no_more(field: str, one: str | int, number: int) -> None:
    body = samples.rewritten(encode(samples.act("erasure")), **{field: [one] * number})
    assert (matches(body) is not None) is decodes(body) is (number <= LIST_MAX)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{}", id="empty"),
        pytest.param(QUESTION[:-1], id="cut"),
        pytest.param(QUESTION + b"\n", id="a newline after it"),
        pytest.param(QUESTION.replace(b'"v":1', b'"v":2'), id="another version"),
        pytest.param(QUESTION.replace(b"question", b"quiz", 1), id="another kind"),
        pytest.param(samples.rewritten(QUESTION, worker="x"), id="a reference that is none"),
        pytest.param(samples.rewritten(QUESTION, purpose="p" * 81), id="a code too long"),
        pytest.param(samples.rewritten(ANSWER, parts=0), id="no parts, written out"),
        pytest.param(samples.rewritten(ANSWER, outcome="perhaps"), id="a word that is none"),
        pytest.param(QUESTION.replace(b'"trace"', b'"case":"1","trace"'), id="a key twice"),
    ],
)
def test_what_is_no_entry(body: bytes) -> None:
    assert matches(body) is None
    assert not decodes(body)


def test_a_body_made_to_be_slow_is_not() -> None:
    """65,535 bytes that are almost an answer: refused after one pass."""
    almost = ANSWER[:-2] + b',["a","b",1,[["shared",["c"],[],false,null]]]' * 1_400 + b"]"
    assert matches(almost) is None
    assert matches(almost + b"}") is not None

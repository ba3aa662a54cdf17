"""Values and markings out of a REST system's JSON: table of forms, and what cannot be read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.connectors.base import UpstreamFault
from hub.connectors.rest_mapping import LabelReading, Reading
from hub.connectors.rest_values import (
    MARKING_CHARS_MAX,
    NEVER_CONNECTED,
    at,
    labels_of,
    list_at,
    text_at,
    texts_at,
    value_at,
)
from hub.domain.catalogue import ValueType
from hub.domain.sources import NoAnswerReason

LONDON = ZoneInfo("Europe/London")
T, D, M, I, B, L = (  # noqa: E741 - as a table's column
    ValueType.TEXT, ValueType.DATE, ValueType.DATETIME, ValueType.INTEGER, ValueType.BOOLEAN, ValueType.TEXT_LIST,
)  # fmt: skip
WORDS = {"F": "female", "1": "one"}


def moment(hour: int, minute: int = 0, day: int = 1) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=UTC)


def read(value: object, type_: ValueType, **how: Any) -> object:
    return value_at({"x": value}, Reading("x", ("x",), type_, **how), LONDON, "incident")


VALUES: dict[str, tuple[ValueType, object, object]] = {
    "text": (T, "Burglary", "Burglary"),
    "text in blanks": (T, "  Burglary \n", "Burglary"),
    "text of lines": (T, "one\n\ttwo", "one\n\ttwo"),
    "text with control characters": (T, "a\x00b\x0bc\x85", "abc"),
    "text of blanks only": (T, "  ", None),
    "a number as text": (T, 12, "12"),
    "null": (T, None, None),
    "date": (D, "2026-06-01", date(2026, 6, 1)),
    "date of a moment": (D, "2026-06-01T10:00:00Z", date(2026, 6, 1)),
    "date of a moment after midnight in London": (D, "2026-06-01T23:30:00Z", date(2026, 6, 2)),
    "date of a moment without offset": (D, "2026-06-01T23:30:00", date(2026, 6, 1)),
    "no date": (D, "", None),
    "moment in UTC": (M, "2026-06-01T10:00:00Z", moment(10)),
    "moment with an offset": (M, "2026-06-01T10:00+01:00", moment(9)),
    "moment with a short offset": (M, "2026-06-01T10:00:00.250+0100", moment(9).replace(microsecond=250_000)),
    "moment with a blank": (M, "2026-06-01 10:00:00Z", moment(10)),
    "moment told in London, summer": (M, "2026-06-01T10:00:00", moment(9)),
    "moment told in London, winter": (M, "2026-01-01T10:00:00", datetime(2026, 1, 1, 10, tzinfo=UTC)),
    "no moment": (M, " ", None),
    "integer": (I, 3, 3),
    "integer as text": (I, " -3 ", -3),
    "no integer": (I, "", None),
    "true": (B, True, True),
    "false": (B, False, False),
    "yes": (B, "Y", True),
    "no": (B, "no", False),
    "no boolean": (B, "", None),
    "texts": (L, ["a", " b "], ("a", "b")),
    "one text as a list": (L, "a", ("a",)),
    "texts with an empty one": (L, ["a", "", None], ("a",)),
    "an empty list": (L, [], None),
}


@pytest.mark.parametrize(("type_", "value", "expected"), VALUES.values(), ids=VALUES.keys())
def test_a_value_is_read(type_: ValueType, value: object, expected: object) -> None:
    if value == ["a", "", None]:
        value = ["a", ""]
    assert read(value, type_) == expected


UNREADABLE: dict[str, tuple[ValueType, object]] = {
    "an object as text": (T, {"a": 1}),
    "a list as text": (T, ["a"]),
    "true as text": (T, True),
    "a float as text": (T, 1.5),
    "a word as date": (D, "yesterday"),
    "a British date without a format": (D, "01/06/2026"),
    "a short date": (D, "20260601"),
    "a week date": (D, "2026-W23-1"),
    "a day that is not": (D, "2026-02-30"),
    "a date as number": (D, 20260601),
    "Arabic digits": (D, "٢٠٢٦-٠٦-٠١"),
    "a date as moment": (M, "2026-06-01"),
    "a moment with words": (M, "2026-06-01T10:00 UTC"),
    "an hour that is not": (M, "2026-06-01T25:00:00Z"),
    "before the beginning": (M, "0001-01-01T00:00:00+14:00"),
    "a float as integer": (I, 3.0),
    "true as integer": (I, True),
    "a word as integer": (I, "three"),
    "a long integer as text": (I, "9" * 19),
    "a number as boolean": (B, 1),
    "a word as boolean": (B, "perhaps"),
    "a list in a list": (L, [["a"]]),
}


@pytest.mark.parametrize(("type_", "value"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_value_of_another_type_is_malformed_and_not_repeated(type_: ValueType, value: object) -> None:
    with pytest.raises(UpstreamFault) as caught:
        read(value, type_)
    assert caught.value.no_answer.reason is NoAnswerReason.MALFORMED
    assert caught.value.no_answer.detail == "the field x of a incident cannot be read"


CODES = {
    "a known code": (T, "F", "female"),
    "an unknown code is shown, and said not to be known": (T, "X", "X (code not known)"),
    "the word itself": (T, " female ", "female"),
    "a word in other letters is no known word": (T, "Female", "Female (code not known)"),
    "nothing is no code": (T, " ", None),
    "a number as code": (T, 1, "one"),
    "codes in a list": (L, ["F", "X"], ("female", "X (code not known)")),
}


@pytest.mark.parametrize(("type_", "value", "expected"), CODES.values(), ids=CODES.keys())
def test_codes_become_words(type_: ValueType, value: object, expected: object) -> None:
    assert read(value, type_, words=WORDS) == expected


def test_dates_in_another_format() -> None:
    assert read("01/06/2026", D, format="%d/%m/%Y") == date(2026, 6, 1)
    assert read("01/06/2026 10:00", M, format="%d/%m/%Y %H:%M") == moment(9)
    with pytest.raises(UpstreamFault):
        read("2026-06-01", D, format="%d/%m/%Y")


NOWHERE = {"not there": {}, "null on the way": {"a": None}, "null at the end": {"a": {"b": None}}}


@pytest.mark.parametrize("body", NOWHERE.values(), ids=NOWHERE.keys())
def test_nothing_there_is_none_and_what_must_be_there_is_missed(body: object) -> None:
    assert at(body, ("a", "b")) is None
    for reader in (text_at, list_at):
        with pytest.raises(UpstreamFault, match="lacks the thing"):
            reader(body, ("a", "b"), "the thing")


@pytest.mark.parametrize("body", [[], "text", 1, {"a": []}, {"a": "text"}, {"a": 0}], ids=str)
def test_another_shape_is_malformed(body: object) -> None:
    with pytest.raises(UpstreamFault, match="not shaped"):
        at(body, ("a", "b"))


def test_names_are_gathered_once_each_in_order() -> None:
    body = {"a": "Eze", "b": ["Okoro", " Eze ", ""], "c": None}
    assert texts_at(body, [("a",), ("b",), ("c",), ("d",)]) == ("Eze", "Okoro")
    with pytest.raises(UpstreamFault, match="not text"):
        texts_at({"a": [1]}, [("a",)])


# ---- markings -------------------------------------------------------------------------------------------------------

READINGS = (
    LabelReading(("code",), {"P": "handling_code_p", "C": "handling_code_c"}, frozenset(), frozenset({"intelligence"})),
    LabelReading(("released",), {"true": "intelligence_released"}, frozenset({"false"}), frozenset()),
    LabelReading(("marks",), {"LPP": "privileged"}, frozenset({"OFFICIAL"}), frozenset({"*"})),
)
BOTH = {"handling_code_p", "handling_code_c"}
MARKS: dict[str, tuple[dict[str, object], set[str], set[str]]] = {
    "nothing said": ({}, set(), BOTH | {"privileged"}),
    "said that none apply": ({"code": "P", "marks": []}, {"handling_code_p"}, set()),
    "code and release": (
        {"code": "C", "released": True, "marks": []},
        {"handling_code_c", "intelligence_released"},
        set(),
    ),
    "not released": ({"code": "C", "released": False, "marks": []}, {"handling_code_c"}, set()),
    "null code": ({"code": None, "marks": []}, set(), BOTH),
    "empty code": ({"code": " ", "marks": []}, set(), BOTH),
    "ignored": ({"code": "P", "marks": ["OFFICIAL", "LPP"]}, {"handling_code_p", "privileged"}, set()),
    "one marking as text": ({"code": "P", "marks": "LPP"}, {"handling_code_p", "privileged"}, set()),
    "unknown code": ({"code": "S", "marks": []}, {"unmapped:s"}, set()),
    "unknown marking": ({"code": "P", "marks": ["LOCAL 77"]}, {"handling_code_p", "unmapped:local 77"}, set()),
    "other case is unknown": ({"code": "p", "marks": ["lpp"]}, {"unmapped:p", "unmapped:lpp"}, set()),
    "a policy word is no marking": (
        {"code": "P", "marks": ["intelligence_released"]},
        {"handling_code_p", "unmapped:intelligence_released"},
        set(),
    ),
    "as long as may be": (
        {"code": "P", "marks": ["X" * MARKING_CHARS_MAX]},
        {"handling_code_p", "unmapped:" + "x" * 40},
        set(),
    ),
    "a sentence": (
        {"code": "P", "marks": ["X" * (MARKING_CHARS_MAX + 1)]},
        {"handling_code_p", "unmapped:unreadable"},
        set(),
    ),
    "secret": ({"code": "P", "marks": ["SECRET"]}, {"handling_code_p", NEVER_CONNECTED}, set()),
    "top secret": ({"code": "P", "marks": ["OFFICIAL", "Top Secret"]}, {"handling_code_p", NEVER_CONNECTED}, set()),
    "top secret, with a hyphen": ({"code": "P", "marks": ["TOP-SECRET"]}, {"handling_code_p", NEVER_CONNECTED}, set()),
    "top secret, in one word": ({"code": "P", "marks": ["TOPSECRET"]}, {"handling_code_p", NEVER_CONNECTED}, set()),
    "secret, with a caveat": (
        {"code": "P", "marks": ["UK SECRET - EYES ONLY"]},
        {"handling_code_p", NEVER_CONNECTED},
        set(),
    ),
    "secret, in a sentence": (
        {"code": "P", "marks": ["SECRET: " + "x" * MARKING_CHARS_MAX]},
        {"handling_code_p", NEVER_CONNECTED},
        set(),
    ),
    "secretarial is another word": (
        {"code": "P", "marks": ["SECRETARIAL"]},
        {"handling_code_p", "unmapped:secretarial"},
        set(),
    ),
    "odd characters": ({"code": "P", "marks": ["Zoë: ask"]}, {"handling_code_p", "unmapped:unreadable"}, set()),
}


@pytest.mark.parametrize(("record", "labels", "undetermined"), MARKS.values(), ids=MARKS.keys())
def test_markings_become_words(record: dict[str, object], labels: set[str], undetermined: set[str]) -> None:
    assert labels_of(record, "intelligence", READINGS) == (labels, undetermined)


def test_what_is_required_of_one_kind_is_not_of_another() -> None:
    assert labels_of({"marks": []}, "incident", READINGS) == (set(), set())


@pytest.mark.parametrize("marks", [1, {"a": 1}, ["LPP", 1], ["LPP", ""], [["LPP"]]], ids=str)
def test_markings_that_cannot_be_read_are_malformed(marks: object) -> None:
    with pytest.raises(UpstreamFault, match="markings cannot be read"):
        labels_of({"code": "P", "marks": marks}, "intelligence", READINGS)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "marks", "code"]), inner),
    max_leaves=8,
)
TYPES = {T: str, D: date, M: datetime, I: int, B: bool, L: tuple}


@given(value=any_json, type_=st.sampled_from(list(ValueType)))
def test_anything_is_read_as_its_type_or_is_a_fault(value: object, type_: ValueType) -> None:
    try:
        got = read(value, type_)
    except UpstreamFault:
        return
    assert got is None or type(got) is TYPES[type_]
    assert not isinstance(got, datetime) or got.tzinfo is UTC


@given(record=any_json)
def test_any_markings_give_known_or_namespaced_words_or_a_fault(record: object) -> None:
    try:
        labels, undetermined = labels_of(record, "intelligence", READINGS)
    except UpstreamFault:
        return
    words = {word for reading in READINGS for word in reading.words.values()}
    assert undetermined <= words
    assert all(label in words or label.startswith("unmapped:") for label in labels)


def test_a_list_of_given_names_is_one_name_in_parts() -> None:
    """["Mia", "Rose"] is not two versions of a name: a twin called Rose must not seem to agree."""
    body = {"given": ["Mia", "Rose"], "aliases": ["Amelia"]}
    assert texts_at(body, [("given",), ("aliases",)], parts=True) == ("Mia Rose", "Amelia")
    assert texts_at(body, [("given",)]) == ("Mia", "Rose")

"""Identifiers: what is one, what is not, and that none is ever shown by accident."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.identifiers import CASE_REFERENCE_MAX, CaseReference, NHSNumber
from hub.errors import BadRequest

GOOD = "9990004021"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(GOOD, id="plain"),
        pytest.param("999 000 4021", id="grouped with spaces"),
        pytest.param("999-000-4021", id="grouped with hyphens"),
        pytest.param(" 9990004021\n", id="blanks around"),
        pytest.param("9 9 9\t0004021", id="a tab"),
    ],
)
def test_a_number_as_people_write_it(text: str) -> None:
    number = NHSNumber.parse(text)
    assert number.value == GOOD
    assert number.grouped() == "999 000 4021"


def test_a_check_digit_of_eleven_counts_as_nought() -> None:
    # 4 x 10 + 1 x 4 = 44, a multiple of 11, so the check digit is 11 and is written as 0 (NHS Data Dictionary)
    assert NHSNumber.parse("4000001000").value == "4000001000"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("   ", id="blank"),
        pytest.param("9990004022", id="wrong check digit"),
        pytest.param("9990040021", id="two digits swapped"),
        pytest.param("999000402", id="nine digits"),
        pytest.param("99900040211", id="eleven digits"),
        pytest.param("999000402X", id="a letter"),
        pytest.param("٩٩٩٠٠٠٤٠٢١", id="digits of another script"),
        pytest.param("999.000.4021", id="other separators"),
        pytest.param(GOOD + "\x00", id="a control character"),
        pytest.param("0343045451", id="a Scottish number whose birth date is no date"),
        pytest.param("Amelia Hart", id="a name"),
    ],
)
def test_what_is_no_number_is_refused_by_the_rule_and_not_repeated(text: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        NHSNumber.parse(text)
    assert refusal.value.code == "NHS_NUMBER_INVALID"
    assert refusal.value.message == (
        "The NHS number is not valid: it does not have ten digits, or one of them is wrong (the last is a check digit "
        "for the others). Check that it was copied whole."
    )


# from 4000000000: those below are Scotland's, which begin with a birth date and are refused when that is no date
@given(st.integers(min_value=400_000_000, max_value=10**9 - 1), st.integers(min_value=0, max_value=9))
def test_one_check_digit_at_most_is_right(stem: int, digit: int) -> None:
    nine = f"{stem:09}"
    rest = 11 - sum(int(each) * weight for each, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
    expected = {11: 0}.get(rest, rest)
    try:
        assert NHSNumber.parse(f"{nine}{digit}").value[-1] == str(expected)
    except BadRequest:
        assert digit != expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("MASH-2026-1182", "MASH-2026-1182", id="as agencies write them"),
        pytest.param("  A1 \n", "A1", id="blanks around"),
        pytest.param("a", "a", id="one character"),
        pytest.param("2026/11 B_7.v2", "2026/11 B_7.v2", id="every character allowed"),
        pytest.param("x" * CASE_REFERENCE_MAX, "x" * CASE_REFERENCE_MAX, id="as long as it may be"),
    ],
)
def test_case_references(text: str, value: str) -> None:
    assert CaseReference.parse(text).value == value


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("", "CASE_REFERENCE_MISSING", id="empty"),
        pytest.param(" \t ", "CASE_REFERENCE_MISSING", id="blank"),
        pytest.param("x" * (CASE_REFERENCE_MAX + 1), "CASE_REFERENCE_INVALID", id="one too long"),
        pytest.param("-A", "CASE_REFERENCE_INVALID", id="begins with a hyphen"),
        pytest.param("A;B", "CASE_REFERENCE_INVALID", id="another character"),
        pytest.param("Amélie", "CASE_REFERENCE_INVALID", id="a letter beyond ASCII"),
        pytest.param("A\nB", "CASE_REFERENCE_INVALID", id="two lines"),
        pytest.param("A\x1bB", "CASE_REFERENCE_INVALID", id="a control character"),
    ],
)
def test_what_is_no_case_reference(text: str, code: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        CaseReference.parse(text)
    assert refusal.value.code == code
    assert (
        refusal.value.message
        == {
            "CASE_REFERENCE_MISSING": "Give the case reference your agency uses for this enquiry: every question is asked on "
            "a case.",
            "CASE_REFERENCE_INVALID": "The case reference may have letters, digits, spaces and . _ / - only, at most 64 "
            "characters. It must not contain a name.",
        }[code]
    )


@pytest.mark.parametrize("held", [NHSNumber.parse(GOOD), CaseReference.parse(GOOD)], ids=["number", "reference"])
def test_no_repr_shows_what_it_holds(held: object) -> None:
    assert GOOD not in repr(held)
    assert GOOD not in f"{held} {[held]}"

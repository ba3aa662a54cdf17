"""Asking about a child not yet born: what must be said, and what may not stand beside it."""

from __future__ import annotations

from datetime import date

import pytest

from hub.domain.asking import unborn_search
from hub.domain.people import PartialDate
from hub.errors import BadRequest

MOTHER = "999 000 5524"


def test_a_question_about_an_unborn_child() -> None:
    search = unborn_search(mother=MOTHER, expected="2027-01-18", beside=(None, None))
    assert search.unborn is not None
    assert search.unborn.mother.value == "9990005524"
    assert search.unborn.expected == PartialDate.exactly(date(2027, 1, 18))
    assert search.stated.nhs_number is None
    assert not search.has_demographics


def test_a_month_is_enough() -> None:
    search = unborn_search(mother=MOTHER, expected="2027-01")
    assert search.unborn is not None
    assert search.unborn.expected is not None
    assert search.unborn.expected.isoformat() == "2027-01"


@pytest.mark.parametrize(
    ("mother", "expected", "beside", "code"),
    [
        pytest.param(MOTHER, "2027-01-18", ("Maya",), "SEARCH_INVALID", id="a name beside it"),
        pytest.param(MOTHER, "2027-01-18", ("",), "SEARCH_INVALID", id="an empty text is still something said"),
        pytest.param(MOTHER, "2027", (), "DATE_INVALID", id="a year alone"),
        pytest.param(MOTHER, "next spring", (), "DATE_INVALID", id="no date"),
        pytest.param(MOTHER, "", (), "DATE_INVALID", id="nothing for the date"),
        pytest.param("9990005525", "2027-01-18", (), "NHS_NUMBER_INVALID", id="a check digit that is wrong"),
        pytest.param("", "2027-01-18", (), "NHS_NUMBER_INVALID", id="nothing for the number"),
    ],
)
def test_refused(mother: str, expected: str, beside: tuple[str, ...], code: str) -> None:
    with pytest.raises(BadRequest) as refused:
        unborn_search(mother=mother, expected=expected, beside=beside)
    assert refused.value.code == code
    assert "Maya" not in refused.value.message


def test_nothing_of_it_shows_itself() -> None:
    shown = repr(unborn_search(mother=MOTHER, expected="2027-01-18"))
    assert "9990005524" not in shown
    assert "2027" not in shown

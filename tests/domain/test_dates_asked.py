"""The dates somebody asks with: which cannot be meant, and what she is told of those that look like a slip."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.asking import child_search, unborn_search
from hub.domain.dates_asked import (
    BORN_BY_NOW,
    FUTURE,
    LONG_PAST,
    TOO_FAR,
    TOO_OLD,
    birth_date_problem,
    check_dates,
    expected_date_problem,
    notices,
)
from hub.domain.identifiers import NHSNumber
from hub.domain.people import ChildSearch, Identity, PartialDate
from hub.errors import BadRequest

TODAY = date(2026, 11, 22)
LEAP_DAY = date(2028, 2, 29)
NUMBER = NHSNumber("9990004021")


def born(text: str) -> ChildSearch:
    return child_search(given_name="Maya", family_name="Thornbury", date_of_birth=text)


def due(text: str) -> ChildSearch:
    return unborn_search(mother="9990005524", expected=text)


@pytest.mark.parametrize(
    ("search", "today", "problem"),
    [
        pytest.param(born("2017-03-09"), TODAY, None, id="a child"),
        pytest.param(born("2026-11-22"), TODAY, None, id="born today"),
        pytest.param(born("2026-11-23"), TODAY, FUTURE, id="born tomorrow"),
        pytest.param(born("2026-11"), TODAY, None, id="born this month"),
        pytest.param(born("2026-12"), TODAY, FUTURE, id="born next month"),
        pytest.param(born("2026"), TODAY, None, id="born this year"),
        pytest.param(born("2027"), TODAY, FUTURE, id="born next year"),
        pytest.param(born("1992-05-01"), TODAY, None, id="a grown up person"),
        pytest.param(born("1906-11-22"), TODAY, None, id="120 years ago to the day"),
        pytest.param(born("1906-11-21"), TODAY, TOO_OLD, id="120 years and a day ago"),
        pytest.param(born("1906"), TODAY, None, id="a year that may be less than 120 years ago"),
        pytest.param(born("1905"), TODAY, TOO_OLD, id="a year that is not"),
        pytest.param(born("0017-03-09"), TODAY, TOO_OLD, id="a year of two digits, filled up"),
        pytest.param(born("1908-02-29"), LEAP_DAY, None, id="120 years to the leap day"),
        pytest.param(born("1908-02-28"), LEAP_DAY, TOO_OLD, id="a day before it"),
        pytest.param(ChildSearch(Identity(NUMBER)), TODAY, None, id="no date at all"),
        pytest.param(due("2027-01-18"), TODAY, None, id="expected soon"),
        pytest.param(due("2027-09-18"), TODAY, None, id="300 days from now"),
        pytest.param(due("2027-09-19"), TODAY, TOO_FAR, id="a day more"),
        pytest.param(due("2027-09"), TODAY, None, id="a month that begins before"),
        pytest.param(due("2027-10"), TODAY, TOO_FAR, id="a month that does not"),
        pytest.param(due("2028-01-18"), TODAY, TOO_FAR, id="the year mistyped"),
        pytest.param(due("2026-05-24"), TODAY, None, id="half a year ago"),
        pytest.param(due("2026-05-23"), TODAY, LONG_PAST, id="a day longer ago"),
        pytest.param(due("2026-05"), TODAY, None, id="a month that ended since"),
        pytest.param(due("2026-04"), TODAY, LONG_PAST, id="a month that ended before"),
        pytest.param(due("2026-01-18"), TODAY, LONG_PAST, id="the year of last time"),
    ],
)
def test_what_cannot_be_meant(search: ChildSearch, today: date, problem: str | None) -> None:
    if problem is None:
        check_dates(search, today)
        return
    with pytest.raises(BadRequest) as refused:
        check_dates(search, today)
    assert (refused.value.code, refused.value.message) == ("DATE_INVALID", problem)


@pytest.mark.parametrize(
    ("search", "age"),
    [
        pytest.param(born("1992-05-01"), "34", id="grown up"),
        pytest.param(born("2008-11-22"), "18", id="18 today"),
        pytest.param(born("2008-11-23"), None, id="18 tomorrow"),
        pytest.param(born("2004-06-30"), "22", id="a young adult"),
        pytest.param(born("1992"), "33 or 34", id="a year alone"),
        pytest.param(born("1992-11"), "33 or 34", id="a month with a birthday in it to come"),
        pytest.param(born("1992-05"), "34", id="a month that is over"),
        pytest.param(born("2008"), None, id="a year in which they may be 17 yet"),
        pytest.param(born("2007"), "18 or 19", id="a year in which they are not"),
        pytest.param(born("2017-03-09"), None, id="a child"),
        pytest.param(ChildSearch(Identity(NUMBER)), None, id="no date"),
        pytest.param(due("2027-01-18"), None, id="not born yet"),
    ],
)
def test_how_old_that_makes_an_adult(search: ChildSearch, age: str | None) -> None:
    told = list(notices(search, TODAY))
    if age is None:
        assert told == []
        return
    assert told == [
        f"By the date of birth you gave, this person is {age} years old. Check the year if you meant a child."
    ]


@pytest.mark.parametrize(
    ("expected", "is_told"),
    [
        pytest.param("2026-11-01", False, id="three weeks ago"),
        pytest.param("2026-10-31", True, id="a day longer ago"),
        pytest.param("2026-10", True, id="a month that ended as long ago"),
        pytest.param("2026-11", False, id="this month"),
    ],
)
def test_that_the_child_has_been_born_by_now(expected: str, is_told: bool) -> None:
    assert list(notices(due(expected), TODAY)) == [BORN_BY_NOW] * is_told


@given(st.dates(), st.dates(min_value=date(200, 1, 1)))
def test_nothing_that_is_said_repeats_the_date(day: date, today: date) -> None:
    stated = PartialDate.exactly(day)
    said = [birth_date_problem(stated, today), expected_date_problem(stated, today)]
    said += notices(ChildSearch(Identity(birth_date=stated)), today)
    assert not any(day.isoformat() in (each or "") for each in said)


@given(st.dates(min_value=date(200, 1, 1), max_value=date(9000, 1, 1)), st.integers(0, 119 * 365))
def test_whoever_lives_may_be_asked_about(today: date, days: int) -> None:
    assert birth_date_problem(PartialDate.exactly(date.fromordinal(today.toordinal() - days)), today) is None

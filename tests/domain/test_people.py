"""Dates of which part may be unknown, and what a search can be asked with."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.errors import BadRequest

DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        pytest.param("2014-02-07", (2014, 2, 7), (2014, 2, 7), id="a day"),
        pytest.param(" 2014-02-07 ", (2014, 2, 7), (2014, 2, 7), id="blanks around"),
        pytest.param("2014", (2014, 1, 1), (2014, 12, 31), id="a year"),
        pytest.param("2014-01", (2014, 1, 1), (2014, 1, 31), id="January"),
        pytest.param("2014-02", (2014, 2, 1), (2014, 2, 28), id="February"),
        pytest.param("2016-02", (2016, 2, 1), (2016, 2, 29), id="February of a leap year"),
        pytest.param("2000-02", (2000, 2, 1), (2000, 2, 29), id="February of a century that leaps"),
        pytest.param("1900-02", (1900, 2, 1), (1900, 2, 28), id="February of a century that does not"),
        pytest.param("2014-11", (2014, 11, 1), (2014, 11, 30), id="November"),
        pytest.param("2014-12", (2014, 12, 1), (2014, 12, 31), id="December"),
        pytest.param("2016-02-29", (2016, 2, 29), (2016, 2, 29), id="a leap day"),
        pytest.param("9999-12", (9999, 12, 1), (9999, 12, 31), id="the last month there is"),
    ],
)
def test_what_is_read(text: str, earliest: tuple[int, int, int], latest: tuple[int, int, int]) -> None:
    read = PartialDate.parse(text)
    assert (read.earliest, read.latest) == (date(*earliest), date(*latest))
    assert read.isoformat() == text.strip()
    assert read.is_exact is (earliest == latest)


@pytest.mark.parametrize("text", ["0987", "0987-03", "0987-03-04"])
def test_an_early_year_keeps_its_four_digits(text: str) -> None:
    assert PartialDate.parse(text).isoformat() == text


@pytest.mark.parametrize(
    "text",
    [
        "", "14", "2014-2", "2014-02-7", "2014-13", "2014-00", "2014-02-30", "2015-02-29", "1900-02-29", "0000",
        "07/02/2014", "2014-02-07T00:00:00Z", "20140207", "2014-", "x2014", "2014x", "٢٠١٤",
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        PartialDate.parse(text)
    assert refusal.value.code == "DATE_INVALID"
    assert refusal.value.message == "Write the date as YYYY-MM-DD, or YYYY-MM or YYYY when the rest is not known."
    assert refusal.value.__suppress_context__, "the fault below could repeat the text"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param("2014-02-07", "2014-02-07", True, id="the same day"),
        pytest.param("2014-02-07", "2014-02-08", False, id="the next day"),
        pytest.param("2014-02-07", "2014-02", True, id="a day of the month"),
        pytest.param("2014-02-28", "2014-02", True, id="the last day of the month"),
        pytest.param("2014-03-01", "2014-02", False, id="the day after the month"),
        pytest.param("2014-01-31", "2014-02", False, id="the day before the month"),
        pytest.param("2014-12-31", "2014", True, id="the last day of the year"),
        pytest.param("2015-01-01", "2014", False, id="the day after the year"),
        pytest.param("2014-12", "2014", True, id="a month of the year"),
    ],
)
def test_whether_two_could_be_the_same_day(one: str, other: str, expected: bool) -> None:
    assert PartialDate.parse(one).overlaps(PartialDate.parse(other)) is expected
    assert PartialDate.parse(other).overlaps(PartialDate.parse(one)) is expected


@given(DAYS)
def test_a_day_is_within_its_month_and_its_year_and_comes_back_as_written(day: date) -> None:
    exact = PartialDate.exactly(day)
    assert exact == PartialDate.parse(day.isoformat())
    assert exact.is_exact
    for length in (7, 4):
        part = PartialDate.parse(day.isoformat()[:length])
        assert part.overlaps(exact)
        assert part.earliest <= day <= part.latest
        assert not part.is_exact
        assert part.isoformat() == day.isoformat()[:length]
        assert not part.overlaps(PartialDate.exactly(part.latest + timedelta(days=1)))
        assert not part.overlaps(PartialDate.exactly(part.earliest - timedelta(days=1)))


@given(DAYS, DAYS, DAYS, DAYS)
def test_overlap_is_having_a_day_in_common(a: date, b: date, c: date, d: date) -> None:
    one, other = PartialDate(min(a, b), max(a, b)), PartialDate(min(c, d), max(c, d))
    assert one.overlaps(other) is (max(one.earliest, other.earliest) <= min(one.latest, other.latest))


BORN = PartialDate.parse("2014-02")
WHOLE = Identity(given_names=("Amelia",), family_names=("Hart",), birth_date=BORN)


@pytest.mark.parametrize(
    ("stated", "aliases", "expected"),
    [
        pytest.param(WHOLE, (), True, id="names and a birth date"),
        pytest.param(Identity(family_names=("Hart",), birth_date=BORN), (), False, id="no given name"),
        pytest.param(Identity(given_names=("Amelia",), birth_date=BORN), (), False, id="no family name"),
        pytest.param(Identity(given_names=("Amelia",), family_names=("Hart",)), (), False, id="no birth date"),
        pytest.param(Identity(nhs_number=NHSNumber("9990004021")), (), False, id="a number alone"),
        pytest.param(Identity(), (WHOLE,), True, id="learnt from another agency"),
        pytest.param(
            Identity(given_names=("Amelia",), family_names=("Hart",)),
            (Identity(birth_date=BORN),),
            False,
            id="half stated and half learnt is nobody's identity",
        ),
        pytest.param(Identity(), (Identity(), WHOLE), True, id="learnt from the second"),
    ],
)
def test_whether_a_source_without_numbers_can_be_asked(
    stated: Identity, aliases: tuple[Identity, ...], expected: bool
) -> None:
    search = ChildSearch(stated, aliases)
    assert search.has_demographics is expected
    assert search.identities == (stated, *aliases)


def test_no_repr_shows_who_somebody_is() -> None:
    who = Identity(NHSNumber("9990004021"), True, ("Amelia",), ("Hart",), BORN, "female", "TS1 4ZZ", True)
    shown = repr([who, Candidate("testshire-council", "P-1077", who), ChildSearch(who, (who,)), BORN])
    for secret in ("9990004021", "Amelia", "Hart", "2014", "TS1", "P-1077"):
        assert secret not in shown

"""What somebody says when she asks: what is taken, what is refused with which words, and never a word of hers in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from hub.domain.asking import (
    LOOK_BACK_YEARS_MAX,
    NAME_MAX,
    SEXES,
    check_plain,
    child_search,
    look_back,
    recorded_decision,
    unborn_search,
)
from hub.domain.enquiry import LookBack, RecordedDecision
from hub.domain.identifiers import NHSNumber
from hub.domain.people import ChildSearch, Identity, PartialDate, Unborn
from hub.errors import BadRequest

AT = datetime(2026, 11, 20, 16, 40, tzinfo=UTC)
NUMBER = NHSNumber("9990004021")
LONGEST = "a" * NAME_MAX
POST = "Give the post of the manager who decided, as plain text of at most 100 characters."
PLAIN = "Names and postcode are plain text of at most 100 characters."
LITTLE = "Give an NHS number, or a given name, a family name and a date of birth."
BORN = (
    "Ask about an unborn child by the mother's NHS number and the expected date of birth alone: leave the child's own "
    "number, names, date of birth, sex and postcode out. A child who has been born is asked about by those, without "
    "`unborn`."
)
DUE = "Write the expected date of birth as YYYY-MM-DD, or YYYY-MM when the day is not known."

DECISIONS = [
    pytest.param("Team manager", AT, RecordedDecision("Team manager", AT), id="a post and a moment"),
    pytest.param(" Team manager\n", AT, RecordedDecision("Team manager", AT), id="spaces around the post"),
    pytest.param(f" {LONGEST} ", AT, RecordedDecision(LONGEST, AT), id="the longest post"),
    pytest.param(
        "Team manager",
        datetime(2026, 7, 1, 9, 30, tzinfo=timezone(timedelta(hours=1))),
        RecordedDecision("Team manager", datetime(2026, 7, 1, 8, 30, tzinfo=UTC)),
        id="British summer time",
    ),
]


@pytest.mark.parametrize(("by", "at", "expected"), DECISIONS)
def test_the_decision_a_purpose_rests_on(by: str, at: datetime, expected: RecordedDecision) -> None:
    decided = recorded_decision(by, at)
    assert decided == expected
    assert decided.at.tzinfo is UTC


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        pytest.param(None, LookBack(None, "exploitation"), id="the whole life"),
        pytest.param(1, LookBack(1, "exploitation"), id="one year"),
        pytest.param(LOOK_BACK_YEARS_MAX, LookBack(25, "exploitation"), id="as many as may be named"),
    ],
)
def test_how_far_back(years: int | None, expected: LookBack) -> None:
    assert look_back(years, "exploitation") == expected


NAMES = {"given_name": "Amelia", "family_name": "Hart", "date_of_birth": "2014-02"}
NAMED = Identity(given_names=("Amelia",), family_names=("Hart",), birth_date=PartialDate.parse("2014-02"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({"nhs_number": "999 000 4021"}, Identity(nhs_number=NUMBER), id="a number alone"),
        pytest.param(NAMES, NAMED, id="names and a date of birth"),
        pytest.param(
            {**NAMES, "nhs_number": "", "sex": None, "postcode": ""},
            Identity(
                given_names=("Amelia",), family_names=("Hart",), birth_date=PartialDate.parse("2014-02"), postcode=""
            ),
            id="and blanks",
        ),
        pytest.param(
            {**NAMES, "nhs_number": "9990004021", "sex": "female", "postcode": "TS1 4ZZ"},
            Identity(
                nhs_number=NUMBER,
                given_names=("Amelia",),
                family_names=("Hart",),
                birth_date=PartialDate.parse("2014-02"),
                sex="female",
                postcode="TS1 4ZZ",
            ),
            id="all of it",
        ),
        pytest.param(
            {"nhs_number": "9990004021", "given_name": LONGEST, "family_name": "", "date_of_birth": ""},
            Identity(nhs_number=NUMBER, given_names=(LONGEST,)),
            id="a number, the longest name and blanks",
        ),
        *(
            pytest.param({"nhs_number": "9990004021", "sex": sex}, Identity(nhs_number=NUMBER, sex=sex), id=sex)
            for sex in SEXES
        ),
    ],
)
def test_whom_the_question_is_about(said: dict[str, Any], expected: Identity) -> None:
    assert child_search(**said) == ChildSearch(expected)


@pytest.mark.parametrize(
    ("expected", "due"),
    [
        pytest.param("2027-03-14", PartialDate.exactly(date(2027, 3, 14)), id="a day"),
        pytest.param("2027-03", PartialDate(date(2027, 3, 1), date(2027, 3, 31)), id="the longest month"),
        pytest.param("2027-02", PartialDate(date(2027, 2, 1), date(2027, 2, 28)), id="the shortest month"),
    ],
)
@pytest.mark.parametrize("beside", [(), (None, None)], ids=["nothing else", "nothing else was said"])
def test_a_child_not_yet_born(expected: str, due: PartialDate, beside: tuple[None, ...]) -> None:
    asked = unborn_search(mother="999 000 4021", expected=expected, beside=beside)
    assert asked == ChildSearch(Identity(unborn=Unborn(NUMBER, due)))


Said = Callable[[], object]


@pytest.mark.parametrize(
    ("say", "code", "message"),
    [
        pytest.param(lambda: recorded_decision("", AT), "PURPOSE_DECISION_INVALID", POST, id="no post"),
        pytest.param(lambda: recorded_decision("  ", AT), "PURPOSE_DECISION_INVALID", POST, id="a blank post"),
        pytest.param(lambda: recorded_decision(LONGEST + "b", AT), "PURPOSE_DECISION_INVALID", POST, id="a long post"),
        pytest.param(lambda: recorded_decision("a\x07b", AT), "PURPOSE_DECISION_INVALID", POST, id="a post that rings"),
        pytest.param(
            lambda: recorded_decision("Team manager", AT.replace(tzinfo=None)),
            "PURPOSE_DECISION_INVALID",
            "Give the time of the decision with its offset.",
            id="no offset",
        ),
        pytest.param(lambda: look_back(0, "x"), "LOOK_BACK_INVALID", "`years` is between 1 and 25.", id="no year"),
        pytest.param(lambda: look_back(26, "x"), "LOOK_BACK_INVALID", "`years` is between 1 and 25.", id="26 years"),
        pytest.param(lambda: check_plain(LONGEST + "b"), "SEARCH_INVALID", PLAIN, id="a long text"),
        pytest.param(lambda: check_plain("a\nb"), "SEARCH_INVALID", PLAIN, id="a text of two lines"),
        pytest.param(lambda: child_search(**NAMES | {"given_name": "A\x00"}), "SEARCH_INVALID", PLAIN, id="given name"),
        pytest.param(
            lambda: child_search(**NAMES | {"family_name": "\x1b"}), "SEARCH_INVALID", PLAIN, id="family name"
        ),
        pytest.param(lambda: child_search(**NAMES | {"postcode": "TS1\u202e"}), "SEARCH_INVALID", PLAIN, id="postcode"),
        pytest.param(
            lambda: child_search(**NAMES, sex="girl"),
            "SEARCH_INVALID",
            "`sex` is one of female, male, other, unknown.",
            id="another sex",
        ),
        pytest.param(child_search, "SEARCH_TOO_LITTLE", LITTLE, id="nothing"),
        pytest.param(
            lambda: child_search(**NAMES | {"given_name": ""}), "SEARCH_TOO_LITTLE", LITTLE, id="no given name"
        ),
        pytest.param(lambda: child_search(**NAMES | {"family_name": ""}), "SEARCH_TOO_LITTLE", LITTLE, id="no surname"),
        pytest.param(lambda: child_search(**NAMES | {"date_of_birth": ""}), "SEARCH_TOO_LITTLE", LITTLE, id="no birth"),
        pytest.param(
            lambda: unborn_search(mother="9990004021", expected="2027-03", beside=(None, "Amelia")),
            "SEARCH_INVALID",
            BORN,
            id="an unborn child with a name",
        ),
        pytest.param(
            lambda: unborn_search(mother="9990004021", expected="2027-03", beside=("",)),
            "SEARCH_INVALID",
            BORN,
            id="even an empty one",
        ),
        pytest.param(
            lambda: unborn_search(mother="9990004021", expected="2027"), "DATE_INVALID", DUE, id="some time that year"
        ),
    ],
)
def test_what_is_refused(say: Said, code: str, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        say()
    assert (refused.value.code, refused.value.message) == (code, message)


@pytest.mark.parametrize(
    ("say", "code"),
    [
        pytest.param(lambda: child_search(nhs_number="9990004022"), "NHS_NUMBER_INVALID", id="the child's number"),
        pytest.param(lambda: child_search(**NAMES | {"date_of_birth": "14/2"}), "DATE_INVALID", id="the date of birth"),
        pytest.param(lambda: unborn_search(mother="1", expected="2027-03"), "NHS_NUMBER_INVALID", id="the mother's"),
        pytest.param(lambda: unborn_search(mother="9990004021", expected="soon"), "DATE_INVALID", id="the date due"),
    ],
)
def test_what_others_refuse_stays_as_they_say_it(say: Said, code: str) -> None:
    with pytest.raises(BadRequest) as refused:
        say()
    assert refused.value.code == code

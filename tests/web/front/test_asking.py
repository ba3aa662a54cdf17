"""The form that asks about a child: every field's faults are said beside it, and what is right is read as typed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app import load_policies
from hub.domain.enquiry import LookBack, RecordedDecision, Searcher
from hub.domain.organisations import Sector
from hub.web.forms import Form
from hub.web.front.asking import ASKED_FIELDS, Asked, carried, field_of, purposes_of, read_asked

BUNDLE = load_policies()
PURPOSES = frozenset({"ca2004-s16la", "ca1989-s47", "ca1989-s17"})
WORKER = Searcher("hub-pages", "testshire-council", "Testshire", Sector.COUNCIL, "w-1", "mash_social_worker", PURPOSES)
NUMBER = {"nhs_number": "999 000 4021"}
NAMES = {"given_name": "Maya", "family_name": "Thornbury", "birth-year": "2017"}
UNBORN = {"mother_nhs_number": "999 000 5524", "expected-month": "2", "expected-year": "2027"}
WHY = {"purpose": "ca2004-s16la", "case_reference": "MASH-1"}
DECIDED = {
    "purpose": "ca1989-s47", "decided_by": "Team manager", "decided-day": "20", "decided-month": "11",
    "decided-year": "2026", "decided-time": "16:40",
}  # fmt: skip


def typed(**fields: str) -> Form:
    return Form({name: [value] for name, value in fields.items()})


def read(form: Form) -> Asked | None:
    return read_asked(form, WORKER, BUNDLE, date(2026, 11, 22))


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        pytest.param({**WHY}, "nhs_number", "Enter an NHS number, or", id="nobody is named"),
        pytest.param({**WHY, "nhs_number": "999 000 4022"}, "nhs_number", "not valid", id="check digit"),
        pytest.param({**WHY, "given_name": "Maya"}, "family_name", "family name", id="half a name"),
        pytest.param({**WHY, **NAMES, "birth-year": ""}, "birth-day", "year alone", id="no birth date"),
        pytest.param({**WHY, **NAMES, "birth-day": "3"}, "birth-day", "month", id="a day without its month"),
        pytest.param({**WHY, **NAMES, "birth-month": "13"}, "birth-day", "real date", id="month 13"),
        pytest.param({**WHY, **NAMES, "birth-year": "17"}, "birth-day", "real date", id="year of two digits"),
        pytest.param({**WHY, **NAMES, "birth-year": "２０１７"}, "birth-day", "real date", id="full-width digits"),
        pytest.param({**WHY, **NUMBER, "given_name": "M" * 101}, "given_name", "at most 100", id="endless name"),
        pytest.param({**WHY, **NUMBER, "postcode": "ZZ1\x00"}, "postcode", "cannot be seen", id="NUL"),
        pytest.param({**WHY, **NUMBER, "sex": "F"}, "sex", "Choose one", id="a sex that was not offered"),
        pytest.param({**WHY, **UNBORN, **NUMBER}, "nhs_number", "Ask about one child", id="a born child beside it"),
        pytest.param({**WHY, **UNBORN, "sex": "female"}, "sex", "Ask about one child", id="a sex beside it"),
        pytest.param({**WHY, **UNBORN, "mother_nhs_number": ""}, "mother_nhs_number", "mother", id="no mother"),
        pytest.param({**WHY, **UNBORN, "mother_nhs_number": "1"}, "mother_nhs_number", "ten digits", id="no number"),
        pytest.param({**WHY, **UNBORN, "expected-month": ""}, "expected-day", "month and year", id="expected some year"),
        pytest.param({**WHY, **UNBORN, "expected-day": "31"}, "expected-day", "real date", id="expected on no day"),
        pytest.param({**WHY, **UNBORN, "birth-year": "2017"}, "birth-day", "one child", id="a birth year beside it"),
        pytest.param({**WHY, **UNBORN, "expected-year": "2028"}, "expected-day", "ten months", id="expected far away"),
        pytest.param({**WHY, **UNBORN, "expected-year": "2026"}, "expected-day", "has been born", id="expected before"),
        pytest.param({**WHY, **NAMES, "birth-year": "2027"}, "birth-day", "not born yet", id="born in the future"),
        pytest.param({**WHY, **NAMES, "birth-year": "1817"}, "birth-day", "120 years", id="born 200 years ago"),
        pytest.param({**NUMBER, "case_reference": "M-1"}, "purpose", "no default", id="no purpose"),
        pytest.param({**NUMBER, **WHY, "purpose": "ca1989-s31"}, "purpose", "no default", id="a purpose not hers"),
        pytest.param({**NUMBER, **WHY, "case_reference": " "}, "case_reference", "on a case", id="no case"),
        pytest.param({**NUMBER, **WHY, "case_reference": "<b>"}, "case_reference", "letters", id="case of marks"),
        pytest.param({**NUMBER, **WHY, **DECIDED, "decided_by": ""}, "decided_by", "post", id="nobody decided"),
        pytest.param({**NUMBER, **WHY, **DECIDED, "decided-day": ""}, "decided", "day", id="decided on no day"),
        pytest.param({**NUMBER, **WHY, **DECIDED, "decided-time": ""}, "decided", "time", id="decided at no time"),
        pytest.param(
            {**NUMBER, **WHY, "look_back": "years", "look_back_years": "26", "look_back_reason": "pattern_of_harm"},
            "look_back_years", "from 1 to 25", id="looks back too far",
        ),
        pytest.param(
            {**NUMBER, **WHY, "look_back": "life"}, "look_back_reason", "why older", id="looks back for no reason"
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_its_field(fields: dict[str, str], field: str, said: str) -> None:
    form = typed(**fields)
    assert read(form) is None
    problem = next(each for each in form.problems if each.field == field)
    assert said in problem.message
    assert not any(value in problem.message for name, value in fields.items() if name in NAMES and len(value) > 4)


@pytest.mark.parametrize(
    ("boxes", "born"),
    [
        pytest.param({"birth-year": "2017"}, "2017", id="year"),
        pytest.param({"birth-month": "3", "birth-year": "2017"}, "2017-03", id="month"),
        pytest.param({"birth-day": "9", "birth-month": "03", "birth-year": " 2017 "}, "2017-03-09", id="day"),
    ],
)
def test_a_birth_date_may_be_partial(boxes: dict[str, str], born: str) -> None:
    asked = read(typed(**{**NAMES, **WHY, **boxes}))
    assert asked is not None
    assert asked.search.stated.birth_date is not None
    assert asked.search.stated.birth_date.isoformat() == born
    assert asked.variables["find"]["dateOfBirth"] == born


def test_everything_that_was_typed_is_read() -> None:
    form = typed(
        **{**NUMBER, **NAMES, **DECIDED, "postcode": "ZZ1 1AA", "sex": "female", "case_reference": "M-1"},
        look_back="years", look_back_years="5", look_back_reason="pattern_of_harm",
    )  # fmt: skip
    asked = read(form)
    assert asked is not None
    assert asked.enquiry.decision == RecordedDecision("Team manager", datetime(2026, 11, 20, 16, 40, tzinfo=UTC))
    assert asked.enquiry.look_back == LookBack(5, "pattern_of_harm")
    assert asked.variables == {
        "find": {
            "nhsNumber": "9990004021", "givenName": "Maya", "familyName": "Thornbury", "dateOfBirth": "2017",
            "sex": "female", "postcode": "ZZ1 1AA",
        },
        "enquiry": {
            "purpose": "ca1989-s47", "caseReference": "M-1",
            "decision": {"by": "Team manager", "at": "2026-11-20T16:40:00+00:00"},
            "lookBack": {"years": 5, "reason": "pattern_of_harm"},
        },
    }  # fmt: skip
    again = read(Form({name: [value] for name, value in carried(form)}))
    assert again == asked, "hidden fields must ask the same"


def test_a_decision_typed_for_another_purpose_is_not_stated() -> None:
    asked = read(typed(**{**NUMBER, **DECIDED, **WHY}))
    assert asked is not None
    assert asked.enquiry.decision is None


def test_only_her_own_purposes_are_offered() -> None:
    assert {each.id for each in purposes_of(WORKER, BUNDLE)} == PURPOSES


def test_the_question_does_not_show_itself() -> None:
    asked = read(typed(**{**NUMBER, **NAMES, **WHY}))
    assert not any(each in repr(asked) for each in ("Maya", "Thornbury", "9990004021", "MASH-1"))


@pytest.mark.parametrize(
    ("code", "field"),
    [
        ("PURPOSE_NOT_ALLOWED", "purpose"),
        ("PURPOSE_DECISION_INVALID", "decided_by"),
        ("CASE_CLOSED", "case_reference"),
        ("LOOK_BACK_INVALID", "look_back_years"),
        ("SEARCH_TOO_LITTLE", "nhs_number"),
        ("REQUEST_TOO_LARGE", "purpose"),
    ],
)
def test_a_refusal_is_said_beside_the_field_it_is_about(code: str, field: str) -> None:
    assert field_of(code) == field


@given(st.dictionaries(st.sampled_from(ASKED_FIELDS), st.text(max_size=12)))
def test_whatever_is_typed_is_read_or_something_is_said(fields: dict[str, Any]) -> None:
    form = typed(**fields)
    assert (read(form) is None) is bool(form.problems)


@pytest.mark.parametrize(("day", "expected"), [("", "2027-02"), ("8", "2027-02-08")])
def test_a_child_not_yet_born(day: str, expected: str) -> None:
    form = typed(**WHY, **UNBORN, **{"expected-day": day})
    asked = read(form)
    assert form.problems == []
    assert asked is not None
    assert asked.search.unborn is not None
    assert asked.variables["find"] == {"unborn": {"motherNhsNumber": "9990005524", "expectedDateOfBirth": expected}}
    assert dict(carried(form))["mother_nhs_number"] == "999 000 5524"

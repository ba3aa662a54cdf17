"""The form that asks about a child: read field by field, and carried from page to page in hidden fields.

What is wrong is said beside its field, in the words of the code that any other way of asking would get.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from hub.domain import asking
from hub.domain.dates_asked import FUTURE, birth_date_problem, expected_date_problem
from hub.domain.enquiry import Enquiry, LookBack, RecordedDecision, Searcher
from hub.domain.identifiers import CaseReference, NHSNumber
from hub.domain.people import ChildSearch, PartialDate
from hub.errors import BadRequest
from hub.policy.bundle import Bundle, Purpose
from hub.web.forms import Form

ASKED_FIELDS = (
    "nhs_number", "given_name", "family_name", "birth-day", "birth-month", "birth-year", "postcode", "sex",
    "purpose", "case_reference", "decided_by", "decided-day", "decided-month", "decided-year", "decided-time",
    "look_back", "look_back_years", "look_back_reason",
    "mother_nhs_number", "expected-day", "expected-month", "expected-year",
)  # fmt: skip
"""The fields of a question, as every page that asks again carries them."""

LIFE = "life"
YEARS = "years"
_UNBORN = ("mother_nhs_number", "expected-day", "expected-month", "expected-year")
_OF_A_CHILD = (
    "nhs_number", "given_name", "family_name", "birth-day", "birth-month", "birth-year", "postcode", "sex",
)  # fmt: skip
_BOXES = {"birth-month": "birth-day", "birth-year": "birth-day"}
"""The field beside which the problem of a date's other boxes is said."""

_UNBORN_INSTEAD = (
    "Date of birth is in the future. Check the year. If the child is not born yet, empty everything here and open "
    "“The child is not born yet” below"
)
_ONE_CHILD = (
    "Ask about one child: empty this and all else about a child who has been born, or empty the mother’s number and "
    "the expected date below"
)
_SAY_WHOM = "Enter an NHS number, or a given name, a family name and a date of birth"
_FIELDS = {
    "PURPOSE": "purpose",
    "PURPOSE_DECISION": "decided_by",
    "CASE": "case_reference",
    "CASE_REFERENCE": "case_reference",
    "NHS_NUMBER": "nhs_number",
    "SEARCH": "nhs_number",
    "DATE": "birth-day",
    "LOOK_BACK": "look_back_years",
}

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was typed, in order."""

    search: ChildSearch
    enquiry: Enquiry
    variables: Mapping[str, Any] = field(repr=False)


def field_of(code: str) -> str:
    """The field that a refusal is about, by its code: ``PURPOSE_DECISION_MISSING`` is about who decided."""
    known = [start for start in _FIELDS if code.startswith(start)]
    return _FIELDS[max(known, key=len)] if known else "purpose"


def purposes_of(searcher: Searcher, bundle: Bundle) -> list[Purpose]:
    """The purposes that ``searcher`` may state today, in the policies' order."""
    return [purpose for purpose in bundle.purposes.values() if purpose.id in searcher.purposes]


def carried(form: Form) -> list[tuple[str, str]]:
    """The question's fields as they were typed, for hidden fields."""
    return [(name, form.value(name)) for name in ASKED_FIELDS if form.value(name)]


def asks_of_unborn(form: Form) -> bool:
    """Whether anything was typed of a child who is not born yet."""
    return any(form.value(name).strip() for name in _UNBORN)


def read_asked(form: Form, searcher: Searcher, bundle: Bundle, today: date) -> Asked | None:
    """The question that was typed ``today``; None when something is wrong, which ``form`` then says."""
    search = _search(form, today)
    case = _parsed(form, "case_reference", CaseReference.parse)
    purpose = bundle.purposes.get(
        form.choice("purpose", searcher.purposes, missing="Choose the purpose you ask under: there is no default")
    )
    decision = _decision(form, purpose)
    look_back = _look_back(form, bundle)
    if not form.ok or search is None or case is None or purpose is None:
        return None
    enquiry = Enquiry(purpose.id, case, decision, look_back)
    return Asked(search, enquiry, _variables(search, enquiry))


def _search(form: Form, today: date) -> ChildSearch | None:
    if asks_of_unborn(form):
        return _unborn(form, today)
    number = form.text("nhs_number", most=asking.NAME_MAX)
    if number:
        _checked(form, "nhs_number", lambda: NHSNumber.parse(number))
    names = {name: form.text(name, most=asking.NAME_MAX) or None for name in ("given_name", "family_name")}
    born = _birth_date(form, today)
    postcode = form.text("postcode", most=asking.NAME_MAX) or None
    sex = form.choice("sex", asking.SEXES, missing=None) or None
    if not number:
        if not any((*names.values(), born)):
            form.wrong("nhs_number", _SAY_WHOM)
        else:
            form.text("given_name", missing="Enter a given name, or the NHS number instead of names")
            form.text("family_name", missing="Enter a family name, or the NHS number instead of names")
            if born is None:
                form.wrong("birth-day", "Enter a date of birth: the year alone if you know no more")
    if not form.ok:
        return None
    return asking.child_search(nhs_number=number or None, date_of_birth=born, sex=sex, postcode=postcode, **names)


def _unborn(form: Form, today: date) -> ChildSearch | None:
    """A child not yet born: nothing may be said of the child beside it, or two questions would be asked at once."""
    beside = next((_BOXES.get(name, name) for name in _OF_A_CHILD if form.value(name).strip()), None)
    if beside is not None:
        form.wrong(beside, _ONE_CHILD)
    number = form.text("mother_nhs_number", missing="Enter the mother’s NHS number", most=asking.NAME_MAX)
    if number:
        _checked(form, "mother_nhs_number", lambda: NHSNumber.parse(number), whose="The mother’s")
    day, month, year = (form.value(f"expected-{part}").strip() for part in ("day", "month", "year"))
    if not (month and year):
        form.wrong("expected-day", "Enter when the birth is expected: the month and year if you know no more")
    else:
        _expected_date(form, _written(day, month, year), today)
    if not form.ok:
        return None
    return asking.unborn_search(mother=number, expected=_written(day, month, year))


def _expected_date(form: Form, text: str, today: date) -> None:
    try:
        problem = expected_date_problem(PartialDate.parse(text), today)
    except BadRequest:
        problem = "The expected date must be a real date, such as 18 1 2027"
    if problem is not None:
        form.wrong("expected-day", problem)


def _written(day: str, month: str, year: str) -> str:
    """A date as FHIR writes it, with what of it is known."""
    return "-".join(part for part in (year, month.zfill(2) if month else "", day.zfill(2) if day else "") if part)


def _birth_date(form: Form, today: date) -> str | None:
    """A date of birth of which the day, or day and month, may be unknown, as FHIR writes it."""
    day, month, year = (form.value(f"birth-{part}").strip() for part in ("day", "month", "year"))
    if not (day or month or year):
        return None
    if not year or (day and not month):
        form.wrong("birth-day", "Date of birth must include a year, and a month if there is a day")
        return None
    text = _written(day, month, year)
    try:
        problem = birth_date_problem(PartialDate.parse(text), today)
    except BadRequest:
        problem = "Date of birth must be a real date, such as 27 3 2014, or a year alone"
    if problem is not None:
        form.wrong("birth-day", _UNBORN_INSTEAD if problem == FUTURE else problem)
        return None
    return text


def _decision(form: Form, purpose: Purpose | None) -> RecordedDecision | None:
    """Who decided, where the purpose rests on a decision; what was typed for another purpose is not read."""
    if purpose is None or not purpose.needs_decision:
        return None
    by = form.text("decided_by", missing="Enter the post of the manager who decided", most=asking.NAME_MAX)
    at = form.moment("decided", label="When it was decided", missing="Enter when it was decided")
    if not by or at is None:
        return None
    return _checked(form, "decided_by", lambda: asking.recorded_decision(by, at))


def _look_back(form: Form, bundle: Bundle) -> LookBack | None:
    how = form.choice("look_back", (YEARS, LIFE), missing=None)
    if not how:
        return None
    years = None
    if how == YEARS:
        years = form.number(
            "look_back_years",
            label="Years",
            least=1,
            most=asking.LOOK_BACK_YEARS_MAX,
            missing="Enter how many years to look back",
        )
    reasons = bundle.vocabulary.look_back_reasons
    reason = form.choice("look_back_reason", reasons, missing="Choose why older records are needed")
    return _checked(form, "look_back_years", lambda: asking.look_back(years, reason)) if reason else None


def _parsed(form: Form, name: str, parse: Callable[[str], Read]) -> Read | None:
    text = form.value(name)
    return _checked(form, name, lambda: parse(text))


def _checked(form: Form, name: str, make: Callable[[], Read], whose: str = "The") -> Read | None:
    """What ``make`` reads; ``whose`` it is stands before what is wrong, where two fields of a form could be meant."""
    try:
        return make()
    except BadRequest as error:
        form.wrong(name, f"{whose} {error.message.removeprefix('The ')}" if whose != "The" else error.message)
        return None


def _variables(search: ChildSearch, enquiry: Enquiry) -> dict[str, Any]:
    """The question as the log keeps it sealed beside its entry, in the words of the GraphQL query."""
    return {"find": dict(_find(search)), "enquiry": dict(_enquiry(enquiry))}


def _find(search: ChildSearch) -> Iterator[tuple[str, Any]]:
    who = search.stated
    if search.unborn is not None:
        due = search.unborn.expected
        yield (
            "unborn",
            {
                "motherNhsNumber": search.unborn.mother.value,
                "expectedDateOfBirth": due.isoformat() if due else None,
            },
        )
    said = {
        "nhsNumber": who.nhs_number.value if who.nhs_number else None,
        "givenName": next(iter(who.given_names), None),
        "familyName": next(iter(who.family_names), None),
        "dateOfBirth": who.birth_date.isoformat() if who.birth_date else None,
        "sex": who.sex,
        "postcode": who.postcode,
    }
    for name, value in said.items():
        if value:
            yield name, value


def _enquiry(enquiry: Enquiry) -> Iterator[tuple[str, Any]]:
    yield "purpose", enquiry.purpose
    yield "caseReference", enquiry.case_reference.value
    if enquiry.decision is not None:
        yield "decision", {"by": enquiry.decision.by, "at": enquiry.decision.at.isoformat()}
    if enquiry.look_back is not None:
        yield "lookBack", {"years": enquiry.look_back.years, "reason": enquiry.look_back.reason}

"""The published education details record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from hub.connectors.dfe import values
from hub.connectors.dfe.rows import Read, Row
from hub.connectors.dfe.values import Payload
from hub.domain.organisations import Sector
from hub.domain.records import Value

EHC_PLAN = "ehc_plan"
BY_YEAR = frozenset({"school_attendance", "school_exclusion", "school_move"})

_EHC = re.compile(r"\bEHC(?:P|\b)|education,?\s+health\s+(?:and|&)\s+(?:social\s+)?care", re.IGNORECASE)
_NO_EHC = re.compile(r"(?:SEND?|SEND? support(?: plan)?|special educational needs support)", re.IGNORECASE)


def education_details(body: Payload, _: Sector) -> Read:
    """EducationDetailsRecordV1. A list that is null says nothing; an empty one says that there is nothing."""
    years = values.objects(body, "yearlyEducationAttendances")
    statuses = values.objects(body, "educationActiveStatusesAndPlans")
    unsaid = BY_YEAR if years is None else frozenset[str]()
    unsaid |= {"sen_support"} if statuses is None else set()
    rows = [*_enrolment(body)]
    for each in years or ():
        rows += _year(each)
    rows += [_support(each) for each in statuses or ()]
    if years:
        unsaid |= BY_YEAR - {row.kind for row in rows}
    if not any(row.kind == "school_enrolment" for row in rows):
        unsaid |= {"school_enrolment"}
    return Read(tuple(rows), unsaid)


def _enrolment(body: Payload) -> Iterator[Row]:
    name, phone = values.text(body, "educationSettingName"), values.text(body, "educationSettingTelephone")
    where = values.address(body, "educationSettingAddress")
    if name or phone or where:
        joined = ", ".join(part for part in where or () if part) or None
        yield Row("school_enrolment", name or "unnamed", {"school": name, "address": joined, "phone": phone})


def _year(body: Payload) -> Iterator[Row]:
    first, last = values.year(body, "academicTermYearStart"), values.year(body, "academicTermYearEnd")
    key = f"{first or '?'}-{last or '?'}"
    dates: dict[str, Value] = {
        "year_began": None if first is None else date(first, 9, 1),
        "year_ended": None if last is None else date(last, 8, 31),
    }
    found: dict[str, dict[str, Value]] = {
        "school_attendance": {
            "attended": values.share(body, "attendancePercentage"),
            "unauthorised": values.share(body, "unauthorisedAbsencePercentage"),
            "school_average": values.share(body, "schoolsAverageAttendance"),
        },
        "school_exclusion": {
            "suspensions": values.whole(body, "suspensions"),
            "permanent_exclusions": values.whole(body, "exclusions"),
        },
        "school_move": {"moves": values.whole(body, "schoolMovesNonTransitional")},
    }
    for kind, stated in found.items():
        if any(value is not None for value in stated.values()):
            yield Row(kind, key, {**dates, **stated})


def _support(body: Payload) -> Row:
    """A status and its plan; what is not surely something else might be an education, health and care plan."""
    status, plan = values.text(body, "status"), values.text(body, "plan")
    is_ehc = any(_EHC.search(each) for each in (status, plan) if each)
    is_other = all(each is None or _NO_EHC.fullmatch(each) for each in (status, plan))
    return Row(
        "sen_support",
        f"{status}/{plan}",
        {"status": status, "plan": plan},
        frozenset({EHC_PLAN}) if is_ehc else frozenset(),
        frozenset() if is_ehc or is_other else frozenset({EHC_PLAN}),
    )

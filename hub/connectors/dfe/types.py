"""The published types of record, and the kinds of the catalogue that each becomes, by the holder's sector."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hub.connectors.dfe import education, others, people
from hub.connectors.dfe.rows import Reader
from hub.domain.organisations import Sector

PERSONAL_DETAILS = "personaldetails"
SAFEGUARDING_FILE = "safeguarding_file"

_NAME = re.compile(r"([a-z]+?)(?:record)?(?:v1)?")


@dataclass(frozen=True, slots=True)
class RecordType:
    """A type of record. ``read`` is None where Find says all that may be known: that there is one."""

    by_sector: Mapping[Sector, frozenset[str]]
    read: Reader | None

    def kinds(self, sector: Sector) -> frozenset[str]:
        """What such a record of a holder of ``sector`` may become."""
        return self.by_sector.get(sector, frozenset())


def _only(sector: Sector, *kinds: str) -> Mapping[Sector, frozenset[str]]:
    return {sector: frozenset(kinds)}


TYPES: Mapping[str, RecordType] = {
    PERSONAL_DETAILS: RecordType(
        {
            Sector.COUNCIL: frozenset({"council_person", "council_address", "linked_person"}),
            Sector.POLICE: frozenset({"police_person"}),
            Sector.HEALTH: frozenset({"patient", "related_person"}),
            Sector.EDUCATION: frozenset({"pupil"}),
        },
        people.personal_details,
    ),
    "educationdetails": RecordType(
        _only(Sector.EDUCATION, "school_enrolment", "sen_support", *education.BY_YEAR), education.education_details
    ),
    "childrensservicesdetails": RecordType(
        _only(Sector.COUNCIL, "council_involvement", "referral", "contact", *others.PLANS), others.childrens_services
    ),
    "healthdata": RecordType(
        _only(Sector.HEALTH, "gp_registration", "health_involvement", "care_plan", "attendance"), others.health
    ),
    "crimedata": RecordType(
        _only(
            Sector.POLICE,
            "police_involvement",
            "missing_report",
            "exploitation_marker",
            "warning_marker",
            "police_protection",
        ),
        others.crime,
    ),
    "safeguardingfile": RecordType(_only(Sector.EDUCATION, SAFEGUARDING_FILE), None),
}
"""By :func:`type_name`. The last is not among the published five: an agency that lists it says that there is a file."""


def type_name(written: str) -> str:
    """``PersonalDetailsRecordV1``, ``personal-details`` and ``PersonalDetails.v1`` are one type; V2 is another."""
    plain = re.sub(r"[^a-z0-9]", "", written.lower())
    found = _NAME.fullmatch(plain)
    return found.group(1) if found else plain

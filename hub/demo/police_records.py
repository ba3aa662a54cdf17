"""What the pretend police hold, in the shape their records system says it: persons, objects and events (POLE)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hub.demo.police_codes import coded
from hub.demo.world import Child, Event, Known, World

CANDIDATES_MAX = 50
"""A search that finds more says so and stops there."""

WIRE: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "police_involvement": (
        "OFFICER_IN_CASE",
        "officer",
        {"worker_name": "name", "worker_role": "role", "team": "unit", "phone": "telephone", "since": "assignedOn"},
    ),
    "incident": (
        "OCCURRENCE",
        "event",
        {
            "on": "occurredOn",
            "incident_type": "eventType",
            "role": "personRole",
            "summary": "summary",
            "outcome": "outcome",
            "location": "location.address",
        },
    ),
    "domestic_abuse_incident": (
        "DOMESTIC_ABUSE",
        "event",
        {
            "on": "occurredOn",
            "risk_grade": "riskGrade",
            "children_present": "childrenPresent",
            "summary": "summary",
            "people_involved": "relationship",
            "location": "location.address",
        },
    ),
    "vulnerability_notice": (
        "VULNERABILITY_NOTICE",
        "event",
        {"on": "createdOn", "reason": "reason", "risk_grade": "riskGrade", "summary": "summary"},
    ),
    "missing_report": (
        "MISSING_PERSON",
        "event",
        {
            "reported_at": "reportedAt",
            "found_at": "foundAt",
            "risk_grade": "riskGrade",
            "circumstances": "circumstances",
            "interview_offered": "returnInterviewOffered",
            "interview_held": "returnInterviewHeld",
            "return_interview": "returnInterview",
        },
    ),
    "exploitation_marker": (
        "EXPLOITATION_FLAG",
        "flag",
        {"since": "from", "until": "to", "marker": "marker", "risk_grade": "riskGrade"},
    ),
    "warning_marker": ("WARNING_FLAG", "flag", {"since": "from", "until": "to", "marker": "marker"}),
    "intelligence": (
        "INTELLIGENCE_REPORT",
        "event",
        {
            "on": "createdOn",
            "summary": "text",
            "source_grade": "sourceEvaluation",
            "information_grade": "informationAssessment",
            "sanitised": "sanitisedText",
            "conditions": "handlingConditions",
        },
    ),
    "marac_referral": (
        "MARAC_REFERRAL",
        "event",
        {"on": "referredOn", "heard_on": "heardOn", "reason": "reason", "outcome": "outcome", "actions": "actions"},
    ),
    "police_protection": (
        "POLICE_PROTECTION",
        "event",
        {"started_at": "startedAt", "ended_at": "endedAt", "reason": "reason"},
    ),
    "bail_condition": (
        "BAIL_OR_ORDER",
        "event",
        {"started_on": "from", "ended_on": "to", "order_type": "orderType", "conditions": "conditions"},
    ),
}
"""Kind of event: the system's type, the part of the record it is in, and where in that part each value is."""

MARKINGS = {
    "accuracy_disputed": "ACCURACY-DISPUTED",
    "court_order": "COURT-ORDER",
    "court_permission": "COURT-PERMISSION",
    "family_court_document": "FAMILY-COURT",
    "originator_agrees": "ORIGINATOR-AGREES",
    "originator_condition": "ORIGINATOR-CONDITION",
    "privilege_waived": "LPP-WAIVED",
    "privileged": "LPP",
    "victim_material": "VICTIM-THIRD-PARTY",
}
"""The system's markings; a label it has no marking for is one somebody at the force made up."""

_CODES = {"handling_code_p": "P", "handling_code_c": "C"}
_RELEASED = "intelligence_released"
_SANITISED_LINE = "sanitised_line"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """One person and their records, by record id, in the order of the record numbers."""

    person: Known
    records: Mapping[str, Json]


class PoliceHoldings:
    """Everybody the pretend police know. Searching is as forgiving as such systems are: it finds look-alikes."""

    def __init__(self, world: World) -> None:
        self.people: dict[str, Held] = {
            child.police.local_id: _held(child, child.police) for child in world.children.values() if child.police
        }

    def search(self, surname: str, given_name: str, born: tuple[date, date]) -> tuple[list[Json], bool]:
        """Candidates, at most ``CANDIDATES_MAX``, and whether there were more.

        A candidate shares a surname or a given name with a birth date in ``born``, or both names with a birth date
        within a year of it.
        """
        found = [
            _candidate(held.person)
            for _, held in sorted(self.people.items())
            if _alike(held.person, surname, given_name, born)
        ]
        return found[:CANDIDATES_MAX], len(found) > CANDIDATES_MAX

    def next_to(self, person_id: str) -> str:
        """Another person: the next one, and after the last the first."""
        ids = sorted(self.people)
        return ids[(ids.index(person_id) + 1) % len(ids)]


def _alike(person: Known, surname: str, given_name: str, born: tuple[date, date]) -> bool:
    family = bool(_words(person.family_name, *person.previous_family_names) & _words(surname))
    given = bool(_words(person.given_name) & _words(given_name))
    if born[0] <= person.birth_date <= born[1]:
        return family or given
    return family and given and born[0].year - 1 <= person.birth_date.year <= born[1].year + 1


def _words(*names: str) -> set[str]:
    return {word for name in names for word in name.casefold().replace("-", " ").split()}


def _candidate(person: Known) -> Json:
    return {
        "personId": person.local_id,
        "surname": person.family_name,
        "previousSurnames": list(person.previous_family_names),
        "givenName": person.given_name,
        "dateOfBirth": person.birth_date.isoformat(),
        "gender": person.sex,
        "location": {"postcode": person.address.postcode} if person.address else None,
    }


def _held(child: Child, person: Known) -> Held:
    events = (event for event in child.events if event.kind in WIRE)
    records = [_person_record(person), *(_event_record(event) for event in events)]
    return Held(person, {row["recordId"]: row for row in _numbered(person.local_id, records)})


def _numbered(person_id: str, records: Iterable[Json]) -> Iterable[Json]:
    for place, record in enumerate(records):
        number = hashlib.sha256(f"{person_id}/{place}".encode()).hexdigest()[:12].upper()
        yield {"recordId": f"{record['type'][:2]}-{number}", "personId": person_id, **record}


def _person_record(person: Known) -> Json:
    home = person.address
    return {
        "type": "PERSON",
        "markings": ["OFFICIAL-SENSITIVE"],
        "person": {
            "givenName": person.given_name,
            "surname": person.family_name,
            "dateOfBirth": person.birth_date.isoformat(),
            "gender": person.sex,
            "location": {"address": f"{home.line}, {home.town}", "postcode": home.postcode} if home else None,
            "telephone": person.phone,
            "school": person.school,
        },
    }


def _event_record(event: Event) -> Json:
    kind, part, places = WIRE[event.kind]
    body: Json = {}
    for name, value in event.values.items():
        *outer, last = places[name].split(".")
        inside = body
        for key in outer:
            inside = inside.setdefault(key, {})
        inside[last] = value.isoformat() if isinstance(value, date) else coded(event.kind, name, value)
    return {"type": kind, **_handling(event), part: body}


def _handling(event: Event) -> Json:
    """Handling and markings; neither, when nobody at the force has assessed the record."""
    if not event.assessed:
        return {}
    codes = [code for label, code in _CODES.items() if label in event.labels]
    others = sorted(event.labels - _CODES.keys() - {_RELEASED, _SANITISED_LINE})
    handling = {
        "code": codes[0] if codes else None,
        "sanitisedRelease": _RELEASED in event.labels,
        "sanitisedLine": _SANITISED_LINE in event.labels,
    }
    marked = [MARKINGS.get(label, label.upper().replace("_", "-")) for label in others]
    return {
        **({"handling": handling} if event.kind == "intelligence" or codes else {}),
        "markings": ["OFFICIAL-SENSITIVE", *marked],
    }

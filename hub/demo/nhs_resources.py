"""What the pretend NHS holds: FHIR R4 resources written from the invented world.

Patients follow PDS (NHS England, Personal Demographics Service FHIR API v1); the other types follow HL7 FHIR R4.
Sensitivity is where FHIR keeps it, ``meta.security``: the confidentiality label of a patient, and the record words an
NHS system would put on a single record, in the code system the partnership agreed for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from hub.demo.nhs_maternity import maternity
from hub.demo.world import Adult, Child, Event, Known, World

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS_CODE = "https://fhir.nhs.uk/Id/ods-organization-code"
VERIFICATION = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
VERIFICATION_CODES = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
RECORD_LABEL = "urn:safeguarding-hub:record-label"
PLAN_CATEGORY = "urn:safeguarding-hub:care-plan-category"

GENDERS = {"F": "female", "M": "male"}
LABELS = {"U": "unrestricted", "R": "restricted", "V": "very restricted"}
RELATIONS = {"mother": "MTH", "father": "FTH", "step-father": "STPFTH", "step-mother": "STPMTH"}
RELATIONS |= {
    "grandmother": "GRMTH",
    "grandfather": "GRFTH",
    "foster carer": "PRNFOST",
    "aunt": "AUNT",
    "uncle": "UNCLE",
}

_STATUSES = {
    "Flag": frozenset({"active", "inactive", "entered-in-error"}),
    "CarePlan": frozenset({"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"}),
    "Encounter": frozenset(
        {"planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error"}
    ),
    "Immunization": frozenset({"completed", "entered-in-error", "not-done"}),
}
_IDS = UUID("6c1f6d4e-5b0a-5a52-9c0f-0d8a4f6f9d11")

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient as PDS holds them, before the label strips anything.

    ``resource`` is the whole FHIR Patient; ``label`` is U, R or V; ``previous`` are earlier family names.
    """

    resource: Resource
    label: str
    previous: tuple[str, ...] = ()

    @property
    def number(self) -> str:
        """The NHS number, which is also the resource's id."""
        return str(self.resource["id"])


@dataclass(slots=True)
class Holdings:
    """Everything the pretend NHS holds.

    Attributes:
        patients: by NHS number.
        superseded: a number no longer in use to the one that replaced it.
        invalidated: numbers that were withdrawn and not replaced.
        records: resource type to NHS number to that patient's resources.
    """

    patients: dict[str, Patient] = field(default_factory=dict)
    superseded: dict[str, str] = field(default_factory=dict)
    invalidated: frozenset[str] = frozenset()
    records: dict[str, dict[str, list[Resource]]] = field(default_factory=lambda: defaultdict(dict))

    def of(self, resource_type: str, number: str) -> list[Resource]:
        """The resources of one type about one patient; none when there are none."""
        return self.records[resource_type].get(number, [])


def load(world: World) -> Holdings:
    """Write down the part of ``world`` that the NHS knows.

    A child whom the NHS knows under another number than the true one is a superseded patient: the true number was
    given up for the one PDS now holds.
    """
    held = Holdings()
    for household in world.households:
        for child in household.children:
            if child.health is not None:
                _write_down(held, child, child.health, household.adults)
    for expecting in world.expecting:
        number = expecting.mother.nhs_number or ""
        held.patients[number] = Patient(_patient(number, expecting.mother), expecting.mother.label)
        for resource in maternity(expecting):
            held.records[resource["resourceType"]].setdefault(number, []).append(resource)
    return held


def _write_down(held: Holdings, child: Child, known: Known, adults: tuple[Adult, ...]) -> None:
    """Everything the NHS holds about one child, the adults of the household as related persons."""
    number = known.nhs_number or child.nhs_number
    held.patients[number] = Patient(_patient(number, known), known.label, known.previous_family_names)
    if number != child.nhs_number:
        held.superseded[child.nhs_number] = number
    related = (
        Event(
            "related_person",
            {"name": _full_name(adult), "relationship": adult.relationship, "phone": adult.phone},
            adult.labels,
        )
        for adult in adults
    )
    for position, event in enumerate((*child.events, *related)):
        if event.kind in _WRITERS:
            resource = _record(child, number, position, event)
            held.records[resource["resourceType"]].setdefault(number, []).append(resource)


def _full_name(adult: Adult) -> str:
    return f"{adult.given_name} {adult.family_name}"


def _patient(number: str, known: Known) -> Resource:
    """The Patient resource PDS keeps of one child."""
    names = [{"id": "n1", "use": "usual", "family": known.family_name, "given": known.given_name.split(" ")}]
    names += [
        {"id": f"n{position}", "use": "old", "family": old, "given": known.given_name.split(" ")}
        for position, old in enumerate(known.previous_family_names, 2)
    ]
    patient: Resource = {
        "resourceType": "Patient",
        "id": number,
        "meta": {
            "versionId": "2",
            "security": [{"system": CONFIDENTIALITY, "code": known.label, "display": LABELS[known.label]}],
        },
        "identifier": [{"system": NHS_NUMBER, "value": number, "extension": [_verified()]}],
        "name": names,
        "gender": GENDERS.get(known.sex, "unknown"),
        "birthDate": known.birth_date.isoformat(),
    }
    if known.address:
        lines = [known.address.line, known.address.town]
        patient["address"] = [{"id": "a1", "use": "home", "line": lines, "postalCode": known.address.postcode}]
    if known.phone:
        patient["telecom"] = [{"id": "t1", "system": "phone", "use": "home", "value": known.phone}]
    if known.gp_practice:
        code, name = known.gp_practice
        start = known.birth_date.isoformat()
        identifier = {"system": ODS_CODE, "value": code, "period": {"start": start}}
        patient["generalPractitioner"] = [
            {"id": "g1", "type": "Organization", "identifier": identifier, "display": name}
        ]
    return patient


def _verified() -> Resource:
    coding = {"system": VERIFICATION_CODES, "version": "1.0.0", "code": "01", "display": "Number present and verified"}
    return {"url": VERIFICATION, "valueCodeableConcept": {"coding": [coding]}}


def _record(child: Child, number: str, position: int, event: Event) -> Resource:
    """One event as a FHIR resource about the patient ``number``."""
    resource = _WRITERS[event.kind](event.values)
    resource["id"] = str(uuid5(_IDS, f"{child.key}/{position}"))
    resource["meta"] = {"versionId": "1"}
    if event.labels:
        security = [{"system": RECORD_LABEL, "code": label} for label in sorted(event.labels)]
        resource["meta"]["security"] = security
    about = {"reference": f"Patient/{number}", "type": "Patient"}
    about_key = "patient" if resource["resourceType"] in ("Immunization", "RelatedPerson") else "subject"
    resource[about_key] = {**about, "identifier": {"system": NHS_NUMBER, "value": number}}
    return _without_nothing(resource)


def _status(resource_type: str, value: str) -> str:
    if value not in _STATUSES[resource_type]:
        raise ValueError(f"{value!r} is not a FHIR R4 {resource_type} status")
    return value


def _concept(text: str | None) -> Resource | None:
    return {"text": text} if text else None


def _period(start: date | None, end: date | None = None) -> Resource | None:
    period = {"start": start and start.isoformat(), "end": end and end.isoformat()}
    return _without_nothing(period) or None


def _without_nothing(resource: Resource) -> Resource:
    """``resource`` without keys that have no value: FHIR JSON has no nulls and no empty lists (R4 §2.6.2)."""
    return {key: value for key, value in resource.items() if value not in (None, [], {}, [None])}


def _flag(values: Mapping[str, Any]) -> Resource:
    return {
        "resourceType": "Flag",
        "status": _status("Flag", values.get("status") or "active"),
        "category": [_concept(values.get("category"))],
        "code": _concept(values.get("flag")),
        "period": _period(values.get("since"), values.get("until")),
    }


def _care_plan(values: Mapping[str, Any]) -> Resource:
    return {
        "resourceType": "CarePlan",
        "status": _status("CarePlan", values.get("status") or "active"),
        "intent": "plan",
        "category": [_concept(values.get("category"))],
        "title": values.get("title"),
        "description": values.get("summary"),
        "period": _period(values.get("started_on"), values.get("ended_on")),
    }


def _involvement(values: Mapping[str, Any]) -> Resource:
    """Who works with the child: a care plan that says nothing but its contributors."""
    phone = values.get("phone")
    role: Resource = {
        "resourceType": "PractitionerRole",
        "id": "role1",
        "code": [_concept(values.get("worker_role"))],
        "telecom": [{"system": "phone", "value": phone}] if phone else None,
    }
    contributor = {"reference": "#role1", "type": "PractitionerRole", "display": values.get("worker_name")}
    return {
        "resourceType": "CarePlan",
        "contained": [_without_nothing(role)],
        "status": "active",
        "intent": "plan",
        "category": [{"coding": [{"system": PLAN_CATEGORY, "code": "care-team", "display": "Care team"}]}],
        "period": _period(values.get("since")),
        "contributor": [_without_nothing(contributor)],
    }


def _encounter(values: Mapping[str, Any]) -> Resource:
    discharge = _concept(values.get("discharge"))
    place = values.get("place")
    emergency = "mergency" in (values.get("attendance_type") or "")
    code, display = ("EMER", "emergency") if emergency else ("AMB", "ambulatory")
    return {
        "resourceType": "Encounter",
        "status": _status("Encounter", values.get("status") or "finished"),
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code, "display": display},
        "type": [_concept(values.get("attendance_type"))],
        "period": _period(values.get("on")),
        "reasonCode": [_concept(values.get("summary"))],
        "serviceProvider": {"display": place} if place else None,
        "hospitalization": {"dischargeDisposition": discharge} if discharge else None,
    }


def _immunisation(values: Mapping[str, Any]) -> Resource:
    status, _, reason = str(values.get("status") or "completed").partition(": ")
    return {
        "resourceType": "Immunization",
        "status": _status("Immunization", status),
        "statusReason": _concept(reason),
        "vaccineCode": _concept(values.get("vaccine")),
        "occurrenceDateTime": values["on"].isoformat() if values.get("on") else None,
    }


def _related_person(values: Mapping[str, Any]) -> Resource:
    relationship, phone = values.get("relationship"), values.get("phone")
    concept = _concept(relationship)
    if concept and relationship in RELATIONS:
        system = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
        concept["coding"] = [{"system": system, "code": RELATIONS[relationship], "display": relationship}]
    return {
        "resourceType": "RelatedPerson",
        "active": True,
        "name": [_without_nothing({"use": "usual", "text": values.get("name")})],
        "relationship": [concept],
        "telecom": [{"system": "phone", "use": "home", "value": phone}] if phone else None,
    }


_WRITERS: dict[str, Callable[[Mapping[str, Any]], Resource]] = {
    "health_flag": _flag,
    "care_plan": _care_plan,
    "health_involvement": _involvement,
    "attendance": _encounter,
    "immunisation": _immunisation,
    "related_person": _related_person,
}

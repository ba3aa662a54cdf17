"""What each kind of the catalogue reads out of which FHIR resource.

One reader per catalogued field; :func:`check` holds the table and the catalogue to each other at start-up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hub.connectors.fhir import readers, records
from hub.connectors.fhir.elements import Element, element, elements
from hub.connectors.fhir.readers import Reader
from hub.domain.catalogue import Catalogue
from hub.errors import ConfigurationError

CPIS, CPIS_ACCESS = "cpis_information", "cpis_access"
BY_CPIS = frozenset({CPIS, CPIS_ACCESS})
"""Not read from this server: see :mod:`hub.connectors.fhir.cpis`."""

CARE_TEAM = ("urn:safeguarding-hub:care-plan-category", "care-team")
"""A CarePlan of this category says who works with the child, and is no plan itself."""


@dataclass(frozen=True, slots=True)
class KindMap:
    """How one kind is read.

    Attributes:
        resource: the FHIR resource type.
        about: the element that names the patient; None for Patient itself.
        found_by: elements that Find needs beside id, meta and ``about``.
        parts: how many records of the kind one resource holds.
        fields: catalogued field to its reader.
        only: the elements Fetch asks for; empty for all.
    """

    resource: str
    about: str | None
    found_by: tuple[str, ...]
    parts: Callable[[Element], int]
    fields: Mapping[str, Reader]
    only: tuple[str, ...] = ()


def check(catalogue: Catalogue, kinds: frozenset[str]) -> None:
    """Pass a catalogue whose fields, but for those the hub derives, are exactly those this module reads.

    Raises:
        ConfigurationError: naming the kind and fields that differ.
    """
    for kind in sorted(kinds - BY_CPIS):
        catalogued = {spec.name for spec in catalogue[kind].fields if spec.derived is None}
        if different := catalogued ^ set(KINDS[kind].fields):
            raise ConfigurationError(
                f"The field catalogue and the FHIR connector differ on {kind}: {', '.join(sorted(different))}.",
                code="POLICY_INVALID",
            )


def is_in_error(resource: Element) -> bool:
    """Whether the NHS has withdrawn the record (FHIR status ``entered-in-error``): often it was another child's."""
    if "verificationStatus" not in resource:
        return bool(resource.get("status") == "entered-in-error")
    verification = element(resource.get("verificationStatus"), "verificationStatus")
    codings = elements(verification.get("coding"), "verificationStatus.coding")
    return "entered-in-error" in (resource.get("status"), *(coding.get("code") for coding in codings))


def elements_of(resource: str) -> tuple[str, ...]:
    """What Fetch asks of this type; empty for all of it. A document's content must not even be sent."""
    kinds = [kind for kind in KINDS.values() if kind.resource == resource]
    if not all(kind.only for kind in kinds):
        return ()
    return tuple(sorted({name for kind in kinds for name in (*kind.found_by, *kind.only)}))


def _one(_resource: Element) -> int:
    return 1


def _practices(patient: Element) -> int:
    return len(elements(patient.get("generalPractitioner"), "Patient.generalPractitioner"))


def _plans(plan: Element) -> int:
    for category in elements(plan.get("category"), "CarePlan.category"):
        for coding in elements(category.get("coding"), "CarePlan.category.coding"):
            if (coding.get("system"), coding.get("code")) == CARE_TEAM:
                return 0
    return 1


def _workers(plan: Element) -> int:
    return len(readers.contributors(plan))


KINDS: dict[str, KindMap] = {
    "patient": KindMap(
        "Patient",
        about=None,
        found_by=("identifier",),
        parts=_one,
        fields={
            "given_name": readers.given,
            "family_name": readers.family,
            "date_of_birth": readers.day_of("birthDate"),
            "date_of_death": readers.day_of("deceasedDateTime"),
            "sex": readers.text_of("gender"),
            "nhs_number": readers.number,
            "address": readers.address,
            "postcode": readers.postcode,
            "phone": readers.phone,
        },
    ),
    "gp_registration": KindMap(
        "Patient",
        about=None,
        found_by=("identifier", "generalPractitioner"),
        parts=_practices,
        fields={
            "practice": readers.practice,
            "practice_code": readers.practice_code,
            "since": readers.practice_since,
        },
    ),
    "health_flag": KindMap(
        "Flag",
        about="subject",
        found_by=("status",),
        parts=_one,
        fields={
            "flag": readers.concept_of("code"),
            "category": readers.concepts_of("category"),
            "status": readers.text_of("status"),
            "since": readers.period_of("start"),
            "until": readers.period_of("end"),
        },
    ),
    "care_plan": KindMap(
        "CarePlan",
        about="subject",
        found_by=("status", "category"),
        parts=_plans,
        fields={
            "title": readers.text_of("title"),
            "category": readers.concepts_of("category"),
            "status": readers.text_of("status"),
            "started_on": readers.period_of("start"),
            "ended_on": readers.period_of("end"),
            "summary": readers.text_of("description"),
        },
    ),
    "health_involvement": KindMap(
        "CarePlan",
        about="subject",
        found_by=("status", "contributor"),
        parts=_workers,
        fields={
            "worker_name": readers.worker_name,
            "worker_role": readers.worker_role,
            "phone": readers.worker_phone,
            "since": readers.period_of("start"),
        },
    ),
    "attendance": KindMap(
        "Encounter",
        about="subject",
        found_by=("status",),
        parts=_one,
        fields={
            "on": readers.period_of("start"),
            "attendance_type": readers.attendance_type,
            "status": readers.text_of("status"),
            "place": readers.place,
            "summary": readers.concepts_of("reasonCode"),
            "discharge": readers.discharge,
        },
    ),
    "immunisation": KindMap(
        "Immunization",
        about="patient",
        found_by=("status",),
        parts=_one,
        fields={
            "on": readers.day_of("occurrenceDateTime"),
            "vaccine": readers.concept_of("vaccineCode"),
            "status": readers.given_or_not,
        },
    ),
    "related_person": KindMap(
        "RelatedPerson",
        about="patient",
        found_by=(),
        parts=_one,
        fields={
            "name": readers.relative_name,
            "relationship": readers.relationship,
            "phone": readers.phone,
        },
    ),
    "allergy": KindMap(
        "AllergyIntolerance",
        about="patient",
        found_by=("verificationStatus",),
        parts=_one,
        fields={
            "recorded_on": readers.day_of("recordedDate"),
            "substance": readers.concept_of("code"),
            "status": readers.concept_of("clinicalStatus"),
            "criticality": readers.text_of("criticality"),
        },
    ),
    "appointment": KindMap(
        "Appointment",
        about="participant",
        found_by=("status",),
        parts=_one,
        fields={
            "on": readers.day_of("start"),
            "status": records.kept_or_missed,
            "appointment_type": records.appointment_type,
            "place": records.appointment_place,
            "reason": readers.concept_of("cancelationReason"),
        },
    ),
    "health_document": KindMap(
        "DocumentReference",
        about="subject",
        found_by=("status", "securityLabel"),
        parts=_one,
        fields={
            "on": records.document_day,
            "document_type": readers.concept_of("type"),
            "category": readers.concepts_of("category"),
            "status": readers.text_of("status"),
            "held_by": records.document_custodian,
        },
        only=("date", "type", "category", "custodian", "context"),
    ),
    "care_team_member": KindMap(
        "CareTeam",
        about="subject",
        found_by=("status", "participant", "contained"),
        parts=records.members_now,
        fields={
            "worker_name": records.member_name,
            "worker_role": records.member_role,
            "team": readers.text_of("name"),
            "phone": records.member_phone,
            "since": records.member_period("start"),
            "until": records.member_period("end"),
        },
    ),
}
"""Every kind of ``policies/fields/health.toml`` but CP-IS."""

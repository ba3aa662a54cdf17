"""The resources of a child-health event, FHIR STU3, as R4 has them, so that the same readers read both.

Only what those readers use is carried over; what STU3 says otherwise is said here, each with the STU3 element.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.connectors.fhir.elements import Element, concept_words, concepts_words, element, elements, malformed, text
from hub.connectors.fhir.patients import VERIFICATION
from hub.connectors.fhir.references import NHS_NUMBER

Resolve = Callable[[Element], Element]
"""The resource of the same message that a Reference leads to; empty when it leads elsewhere."""

_VERIFICATION = "Extension-CareConnect-NHSNumberVerificationStatus-1"
_VACCINATION = "Extension-CareConnect-VaccinationProcedure-1"
_EPISODE_NOT_NOW = {"planned": "proposed", "waitlist": "proposed", "finished": "inactive", "cancelled": "inactive"}


def patient(resource: Element) -> Element:
    """A Patient: STU3's extension for a verified NHS number has another address."""
    identifiers = [
        {**identifier, "extension": [_renamed(each) for each in elements(identifier.get("extension"), "extension")]}
        for identifier in elements(resource.get("identifier"), "Patient.identifier")
    ]
    return {**resource, "identifier": identifiers}


def _renamed(extension: Element) -> Element:
    is_verification = (text(extension.get("url"), "extension.url") or "").endswith(f"/{_VERIFICATION}")
    return {**extension, "url": VERIFICATION} if is_verification else extension


def immunization(resource: Element) -> Element:
    """An Immunization: ``date``, ``notGiven`` and ``explanation`` have become other elements."""
    not_given = resource.get("notGiven")
    if not isinstance(not_given, bool | None):
        raise malformed("Immunization.notGiven")
    status = text(resource.get("status"), "Immunization.status")
    explanation = element(resource.get("explanation"), "Immunization.explanation")
    why = concepts_words(explanation.get("reasonNotGiven"), "Immunization.explanation.reasonNotGiven")
    vaccine = element(resource.get("vaccineCode"), "Immunization.vaccineCode")
    if concept_words(vaccine, "Immunization.vaccineCode") is None:
        vaccine = _extension(resource, _VACCINATION)
    return {
        **resource,
        "status": "not-done" if not_given and status != "entered-in-error" else status,
        "statusReason": {"text": why} if why else None,
        "occurrenceDateTime": resource.get("date"),
        "vaccineCode": vaccine,
    }


def allergy(resource: Element) -> Element:
    """An AllergyIntolerance: its two statuses were codes, and ``assertedDate`` is when it was recorded."""
    clinical = text(resource.get("clinicalStatus"), "AllergyIntolerance.clinicalStatus")
    verification = text(resource.get("verificationStatus"), "AllergyIntolerance.verificationStatus")
    return {
        **resource,
        "clinicalStatus": {"text": clinical},
        "verificationStatus": {"coding": [{"code": verification}]},
        "recordedDate": resource.get("assertedDate"),
    }


def encounter(resource: Element, event: str, unread: str | None, resolve: Resolve) -> Element:
    """An Encounter: ``reason`` is now ``reasonCode``.

    What it was an encounter for is known from the ``event`` alone, and ``unread`` says what else the message tells.
    """
    provider = element(resource.get("serviceProvider"), "Encounter.serviceProvider")
    name = text(provider.get("display"), "Encounter.serviceProvider.display") or _name(resolve(provider))
    reasons = elements(resource.get("reason"), "Encounter.reason")
    return {
        **resource,
        "type": [{"text": event}, *elements(resource.get("type"), "Encounter.type")],
        "reasonCode": [*reasons, *([{"text": unread}] if unread else [])],
        "serviceProvider": {"display": name},
    }


def episode(resource: Element, resolve: Resolve) -> list[Element]:
    """An EpisodeOfCare as care teams: each with who is in it, or else the service itself as what works with the child.

    Source: NHS England, NEMS, "Professional Contacts": an organisation that has or had responsibility of care.
    """
    status = text(resource.get("status"), "EpisodeOfCare.status") or "active"
    service = concepts_words(resource.get("type"), "EpisodeOfCare.type")
    holder = element(resource.get("managingOrganization"), "EpisodeOfCare.managingOrganization")
    organisation = resolve(holder)
    name = text(holder.get("display"), "EpisodeOfCare.managingOrganization.display") or _name(organisation)
    shared = {
        "resourceType": "CareTeam",
        "status": _EPISODE_NOT_NOW.get(status, status),
        "period": resource.get("period"),
        "telecom": organisation.get("telecom"),
    }
    itself = {"member": {"type": "PractitionerRole"}, "role": [{"text": service}]}
    teams = [resolve(each) for each in elements(resource.get("team"), "EpisodeOfCare.team")]
    made = [
        {
            **shared,
            "name": ", ".join(filter(None, (text(team.get("name"), "CareTeam.name"), name))),
            "participant": _participants(team, resolve) or [itself],
        }
        for team in teams
        if team
    ]
    return made or [{**shared, "name": name, "participant": [itself]}]


def _participants(team: Element, resolve: Resolve) -> list[Element]:
    """Who is in a CareTeam, each with a name; ``role`` has become a list."""
    made = []
    for listed in elements(team.get("participant"), "CareTeam.participant"):
        member = element(listed.get("member"), "CareTeam.participant.member")
        found = resolve(member)
        display = text(member.get("display"), "CareTeam.participant.member.display") or _name(found)
        kind = text(found.get("resourceType"), "resourceType") or "PractitionerRole"
        role = element(listed.get("role"), "CareTeam.participant.role")
        made.append({"member": {"type": kind, "display": display}, "role": [role], "period": listed.get("period")})
    return made


def has_number(resource: Element, number: str) -> bool:
    """Whether a Patient has this NHS number, and no other."""
    held = {
        identifier.get("value")
        for identifier in elements(resource.get("identifier"), "Patient.identifier")
        if identifier.get("system") == NHS_NUMBER and identifier.get("use") != "old"
    }
    return held == {number}


def _extension(resource: Element, name: str) -> Element:
    for extension in elements(resource.get("extension"), "extension"):
        if (text(extension.get("url"), "extension.url") or "").endswith(f"/{name}"):
            return element(extension.get("valueCodeableConcept"), "extension.valueCodeableConcept")
    return {}


def _name(resource: Element) -> str | None:
    """The name of an Organization, a Location or a Practitioner."""
    name = resource.get("name")
    if not isinstance(name, list):
        return text(name, "name")
    for each in elements(name, "name"):
        given = each.get("given")
        parts = [*(given if isinstance(given, list) else []), each.get("family")]
        said = [words for part in parts if (words := text(part, "name"))]
        if said:
            return " ".join(said)
    return None

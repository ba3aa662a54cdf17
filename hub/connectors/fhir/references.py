"""Whether a resource is about the person asked for: looked at in every resource, whatever the server was asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.connectors.base import UpstreamFault
from hub.connectors.fhir.elements import Element, element, elements, text
from hub.domain.sources import NoAnswerReason

_NOT_PATIENTS = frozenset({
    "Practitioner", "PractitionerRole", "Location", "HealthcareService", "Device", "RelatedPerson"
})  # fmt: skip
"""Who else may take part in an Appointment (FHIR R4, Appointment.participant.actor)."""

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"


@dataclass(frozen=True, slots=True)
class About:
    """The person asked for: the server's id of the Patient, the NHS number if known, and the server's base URL."""

    patient_id: str = field(repr=False)
    nhs_number: str | None = field(repr=False)
    base_url: str

    def require(self, resource: Element, key: str) -> None:
        """Pass a resource whose ``key`` (``subject`` or ``patient``) names this person.

        ``participant`` names a person by each ``actor`` that is a patient.
        It must name them at least once, by reference, by a contained Patient or by NHS number, and every name it
        gives must be theirs.

        Raises:
            UpstreamFault: WRONG_PERSON otherwise.
        """
        verdicts = [verdict for named in _named(resource, key) for verdict in self._verdicts(named, resource)]
        if not verdicts or not all(verdicts):
            raise wrong_person()

    def _verdicts(self, reference: Element, resource: Element) -> list[bool]:
        verdicts = []
        if reference.get("type") not in (None, "Patient"):
            verdicts.append(False)
        number = self._is_number(element(reference.get("identifier"), "reference.identifier"))
        if number is not None:
            verdicts.append(number)
        target = text(reference.get("reference"), "reference.reference") or ""
        if target.startswith("#"):
            verdicts.append(self._is_contained(target[1:], resource))
        elif target and not target.startswith("urn:"):
            verdicts.append(self._is_patient(target))
        return verdicts

    def _is_patient(self, target: str) -> bool:
        """``Patient/1``, or the same under the server's own base; a version at the end is allowed (R4 §2.3.0.2)."""
        if target == f"Patient/{self.patient_id}":
            return True
        relative = target.removeprefix(f"{self.base_url.rstrip('/')}/").split("/_history/")[0]
        return relative == f"Patient/{self.patient_id}"

    def _is_number(self, identifier: Element) -> bool | None:
        if identifier.get("system") != NHS_NUMBER or self.nhs_number is None:
            return None
        return identifier.get("value") == self.nhs_number

    def _is_contained(self, contained_id: str, resource: Element) -> bool:
        for inner in elements(resource.get("contained"), "contained"):
            if inner.get("id") == contained_id and inner.get("resourceType") == "Patient":
                numbers = [
                    self._is_number(found) for found in elements(inner.get("identifier"), "contained.identifier")
                ]
                verdicts = [verdict for verdict in numbers if verdict is not None]
                return bool(verdicts) and all(verdicts)
        return False


def _named(resource: Element, key: str) -> list[Element]:
    """The references to the patient; among participants those to practitioners and places are left out."""
    if key != "participant":
        return [element(resource.get(key), key)]
    actors = [element(listed.get("actor"), "participant.actor") for listed in elements(resource.get(key), key)]
    return [actor for actor in actors if not _is_other(actor)]


def _is_other(actor: Element) -> bool:
    target = text(actor.get("reference"), "reference.reference") or ""
    kind = text(actor.get("type"), "reference.type") or (target.rpartition("/")[0].rpartition("/")[2])
    return kind in _NOT_PATIENTS


def wrong_person() -> UpstreamFault:
    """The fault that throws a whole answer away."""
    return UpstreamFault(NoAnswerReason.WRONG_PERSON, "it answered about somebody else: all of its answer is discarded")

"""Maternity care as the pretend NHS holds it: an EpisodeOfCare, and the expected date of birth as an Observation."""

from __future__ import annotations

from typing import Any

from hub.demo.world import Expecting

SNOMED = "http://snomed.info/sct"


def maternity(expecting: Expecting) -> tuple[dict[str, Any], ...]:
    """The resources about the mother (FHIR R4)."""
    number = expecting.mother.nhs_number
    about = {"reference": f"Patient/{number}", "type": "Patient"}
    antenatal = {"system": SNOMED, "code": "424525001", "display": "Antenatal care"}
    due = {"system": SNOMED, "code": "161714006", "display": "Estimated date of delivery"}
    episode = {
        "resourceType": "EpisodeOfCare",
        "id": f"{number}-maternity",
        "meta": {"versionId": "1"},
        "status": "active",
        "type": [{"coding": [antenatal]}],
        "patient": about,
        "managingOrganization": {"display": expecting.provider},
        "period": {"start": expecting.booked_on.isoformat()},
    }
    stated = {
        "resourceType": "Observation",
        "id": f"{number}-due",
        "meta": {"versionId": "1"},
        "status": "final",
        "code": {"coding": [due]},
        "subject": about,
        "effectiveDateTime": expecting.booked_on.isoformat(),
        "valueDateTime": expecting.due.isoformat(),
    }
    return episode, stated

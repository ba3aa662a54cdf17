"""Child-health events as the National Events Management Service lays them out (FHIR STU3), about invented children."""

from __future__ import annotations

from typing import Any

from tests.connectors.fhir_bench import ADA

Body = dict[str, Any]

NHS = "https://fhir.nhs.uk/Id/nhs-number"
STU3 = "https://fhir.nhs.uk/STU3/StructureDefinition"
CARE_CONNECT = "https://fhir.hl7.org.uk/STU3/StructureDefinition"
TRUST = {"reference": "urn:uuid:trust", "display": "Testshire Community Trust"}
CHILD = {"reference": "urn:uuid:patient"}


def patient(number: str = ADA, *, verified: bool = True, **more: Any) -> Body:
    concept = {"coding": [{"code": "01" if verified else "02"}]}
    url = f"{CARE_CONNECT}/Extension-CareConnect-NHSNumberVerificationStatus-1"
    identifier = {"system": NHS, "value": number, "extension": [{"url": url, "valueCodeableConcept": concept}]}
    name = {"use": "official", "family": "Quill", "given": ["Ada"]}
    return {
        "resourceType": "Patient",
        "id": "patient",
        "identifier": [identifier],
        "name": [name],
        "birthDate": "2015-03-04",
        "gender": "female",
        **more,
    }


def header(
    display: str, focus: str, action: str | None = "new", at: str = "2026-10-01T09:00:00+00:00", **more: Any
) -> Body:
    routing = {
        "url": f"{STU3}/Extension-RoutingDemographics-1",
        "extension": [{"url": "nhsNumber", "valueIdentifier": {"system": NHS, "value": more.pop("routed", ADA)}}],
    }
    kind = {"url": f"{STU3}/Extension-MessageEventType-1", "valueCodeableConcept": {"coding": [{"code": action}]}}
    return {
        "resourceType": "MessageHeader",
        "id": "header",
        "meta": {"lastUpdated": at},
        "extension": [routing, *([kind] if action else [])],
        "event": {"code": "an-event-1", "display": display},
        "timestamp": "2026-10-02T09:00:00+00:00",
        "responsible": TRUST,
        "focus": [{"reference": f"urn:uuid:{focus}"}],
        **more,
    }


def message(message_id: str, *resources: Body) -> Body:
    entries = [{"fullUrl": f"urn:uuid:{each['id']}", "resource": each} for each in resources]
    return {"resourceType": "Bundle", "id": message_id, "type": "message", "entry": entries}


def searchset(*messages: Body) -> Body:
    entries = [{"resource": each} for each in messages]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def resource(kind: str, place: str = "focus", subject: str = "subject", **more: Any) -> Body:
    called = {"system": "https://supplier.example/ids", "value": "thing-1"}
    return {"resourceType": kind, "id": place, "identifier": [called], subject: CHILD, **more}


def immunization(**more: Any) -> Body:
    vaccine = {"coding": [{"display": "MMR vaccine"}]}
    given = {"status": "completed", "notGiven": False, "vaccineCode": vaccine, "date": "2026-09-30T10:00:00+00:00"}
    return resource("Immunization", subject="patient", **{**given, **more})


def encounter(place: str = "focus", **more: Any) -> Body:
    seen = {
        "status": "finished",
        "type": [{"coding": [{"display": "Clinic visit"}]}],
        "period": {"start": "2026-09-30"},
    }
    return resource("Encounter", place, **{**seen, "serviceProvider": TRUST, **more})


def episode(**more: Any) -> Body:
    service = {"type": [{"coding": [{"display": "Health visiting service"}]}], "period": {"start": "2026-01-05"}}
    return resource(
        "EpisodeOfCare", subject="patient", **{"status": "active", **service, "managingOrganization": TRUST, **more}
    )


ORGANISATION = {
    "resourceType": "Organization",
    "id": "trust",
    "name": "Testshire Community Trust",
    "telecom": [{"system": "phone", "value": "01632 960 700"}],
}
TEAM = {
    "resourceType": "CareTeam",
    "id": "team",
    "name": "Team A",
    "participant": [
        {"role": {"coding": [{"display": "Health visitor"}]}, "member": {"reference": "urn:uuid:worker"}},
    ],
}
WORKER = {
    "resourceType": "Practitioner",
    "id": "worker",
    "name": [{"given": ["Pat"], "family": "Moss", "prefix": ["Ms"]}],
}


def vaccination(
    message_id: str = "m1", action: str | None = "new", at: str = "2026-10-01T09:00:00+00:00", **more: Any
) -> Body:
    return message(message_id, header("Vaccinations", "focus", action, at), patient(), immunization(**more))

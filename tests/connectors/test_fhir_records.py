"""Appointments, allergies, documents held elsewhere and care teams, read out of FHIR through the whole connector."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from hub.connectors.base import Fetched, Found
from hub.connectors.fhir.elements import Element
from hub.connectors.fhir.patients import NHS_NUMBER
from hub.demo.nhs_app import create_app
from hub.demo.nhs_resources import Holdings, load
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.fhir_bench import ADA, BEA, CREDENTIAL, Bent, connector, served, small_world, soon, who

HELD: Holdings = load(small_world())
SERVER = Bent(create_app(HELD, CREDENTIAL))
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
SUBJECT = {"reference": f"Patient/{ADA}", "type": "Patient", "identifier": {"system": NHS_NUMBER, "value": ADA}}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(SERVER) as base:
        yield base


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    SERVER.asked.clear()
    yield
    for kind in ("Appointment", "AllergyIntolerance", "DocumentReference", "CareTeam"):
        HELD.records[kind].clear()


async def told(url: str, kind: str, *resources: Element) -> Any:
    """What the connector makes of these resources of Ada's: labels and values of each record."""
    for place, resource in enumerate(resources):
        HELD.records[resource["resourceType"]].setdefault(ADA, []).append({"id": f"r{place}", **resource})
    nhs = connector(url)
    try:
        found = await nhs.find(who(ADA), frozenset({kind}), soon())
        if isinstance(found, NoAnswer):
            return found
        assert isinstance(found, Found)
        fetched = await nhs.fetch(who(ADA), found.pointers, soon())
        assert isinstance(fetched, Fetched), fetched
        return [(set(record.pointer.labels), dict(unseal(record))) for record in fetched.records]
    finally:
        await nhs.close()


def appointment(status: str, *actors: Element, **more: Any) -> Element:
    participants = [{"actor": actor, "status": "accepted"} for actor in (actors or (SUBJECT,))]
    return {"resourceType": "Appointment", "status": status, "participant": participants, **more}


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        pytest.param("noshow", "missed (was not brought, or did not attend)", id="missed"),
        pytest.param("fulfilled", "kept", id="kept"),
        pytest.param("cancelled", "cancelled", id="cancelled"),
    ],
)
async def test_an_appointment_kept_or_missed(url: str, status: str, shown: str) -> None:
    clinic = {"reference": "Location/1", "display": "Weir Road Clinic"}
    one = appointment(
        status, clinic, SUBJECT, start="2026-10-01T09:30:00Z", serviceType=[{"text": "Community paediatrics"}],
        cancelationReason={"text": "Moved"},
    )  # fmt: skip
    [(labels, values)] = await told(url, "appointment", one)
    assert labels == set()
    assert values == {
        "on": date(2026, 10, 1), "status": shown, "appointment_type": "Community paediatrics",
        "place": "Weir Road Clinic", "reason": "Moved",
    }  # fmt: skip


@pytest.mark.parametrize(
    "actors",
    [
        pytest.param([{"reference": f"Patient/{BEA}"}], id="another-child"),
        pytest.param([SUBJECT, {"reference": f"Patient/{BEA}"}], id="both-twins-in-one"),
        pytest.param([{"reference": "Location/1"}], id="nobody"),
        pytest.param([{"display": "Ada Quill"}], id="a-name-alone"),
    ],
)
async def test_an_appointment_that_is_not_surely_the_childs_alone(url: str, actors: list[Element]) -> None:
    answer = await told(url, "appointment", appointment("noshow", *actors))
    assert isinstance(answer, NoAnswer)
    assert answer.reason is NoAnswerReason.WRONG_PERSON


async def test_an_allergy_and_one_entered_in_error(url: str) -> None:
    right = {
        "resourceType": "AllergyIntolerance", "patient": SUBJECT, "recordedDate": "2020-05-06", "criticality": "high",
        "code": {"text": "Peanut"}, "clinicalStatus": {"coding": [{"code": "active"}]},
    }  # fmt: skip
    wrong = right | {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}
    assert await told(url, "allergy", right, wrong) == [
        (set(), {"recorded_on": date(2020, 5, 6), "substance": "Peanut", "status": "active", "criticality": "high"})
    ]


def document(**more: Any) -> Element:
    return {
        "resourceType": "DocumentReference", "status": "current", "subject": SUBJECT, "date": "2026-02-03T10:00:00Z",
        "type": {"coding": [{"display": "Mental health crisis plan"}]},
        "custodian": {"identifier": {"value": "Y05868"}},
        "content": [{"attachment": {"url": "https://docs.example/1", "data": "c2VjcmV0"}}], **more,
    }  # fmt: skip


async def test_that_a_document_exists_and_where_and_never_the_document(url: str) -> None:
    sent: list[Any] = []

    def keep(body: Any) -> Any:
        sent.append(body)
        return body

    SERVER.bend = keep
    [(labels, values)] = await told(url, "health_document", document())
    SERVER.bend = None
    assert labels == set()
    assert values["document_type"] == "Mental health crisis plan"
    assert (values["held_by"], values["on"]) == ("Y05868", date(2026, 2, 3))
    assert "attachment" not in str(sent), "the content is not asked for, so it is not even sent"


@pytest.mark.parametrize(("code", "label"), [("V", {"confidentiality_V"}), ("R", {"confidentiality_R"}), ("N", set())])
async def test_the_label_of_the_document_is_the_pointers(url: str, code: str, label: set[str]) -> None:
    marked = document(securityLabel=[{"coding": [{"system": CONFIDENTIALITY, "code": code}]}])
    [(labels, _)] = await told(url, "health_document", marked)
    assert labels == label


def team(**more: Any) -> Element:
    visitor = {
        "resourceType": "PractitionerRole", "id": "v", "code": [{"text": "Health visitor"}],
        "telecom": [{"system": "phone", "value": "01632 960 143"}],
    }  # fmt: skip
    return {
        "resourceType": "CareTeam", "status": "active", "subject": SUBJECT, "name": "0-19 team", "contained": [visitor],
        "period": {"start": "2026-01-01"}, "telecom": [{"system": "phone", "value": "01632 960 144"}],
        "participant": [
            {"member": {"reference": "#v", "display": "Lee Marsh"}, "period": {"start": "2026-03-04"}},
            {"member": {"reference": "Practitioner/9", "display": "Kim Fell"}, "role": [{"text": "School nurse"}]},
            {"member": {"reference": "RelatedPerson/3", "display": "Rose Quill"}},
        ],
        **more,
    }  # fmt: skip


async def test_the_professionals_of_a_care_team_and_no_relatives(url: str) -> None:
    records = [values for _, values in await told(url, "care_team_member", team())]
    assert records == [
        {"worker_name": "Lee Marsh", "worker_role": "Health visitor", "team": "0-19 team", "phone": "01632 960 143",
         "since": date(2026, 3, 4)},
        {"worker_name": "Kim Fell", "worker_role": "School nurse", "team": "0-19 team", "phone": "01632 960 144",
         "since": date(2026, 1, 1)},
    ]  # fmt: skip


@pytest.mark.parametrize("status", ["proposed", "inactive", "entered-in-error"])
async def test_a_team_that_does_not_work_with_the_child_now(url: str, status: str) -> None:
    assert await told(url, "care_team_member", team(status=status)) == []

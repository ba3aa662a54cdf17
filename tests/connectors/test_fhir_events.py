"""Child-health events read as records: none passed over, the last word on each thing, and only about the child."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.connectors.base import UpstreamFault
from hub.connectors.fhir.events import Event, current, read_event
from hub.domain.sources import NoAnswerReason
from tests.connectors.fhir_bench import ADA, BEA
from tests.connectors.fhir_messages import (
    ORGANISATION,
    STU3,
    TEAM,
    WORKER,
    Body,
    encounter,
    episode,
    header,
    immunization,
    message,
    patient,
    resource,
    vaccination,
)

DAY = date(2026, 9, 30)
UNREAD = "The event also tells what the hub does not read ({}): ask who published it"
NO_MORE = "The event tells no more that the hub reads: ask who published it"
TRUST = "Testshire Community Trust"


def said(*resources: Body, event: str = "Vaccinations", **more: Any) -> list[tuple[str, dict[str, Any]]]:
    """Kind and filled fields of every record of a message about Ada."""
    read = read_event(message("m1", header(event, "focus", **more), patient(), *resources), ADA)
    return [
        (one.kind, {name: value for name, value in one.values.items() if value is not None}) for one in read.records
    ]


VACCINATED = ("immunisation", {"on": DAY, "vaccine": "MMR vaccine", "status": "completed"})
SEEN = {"on": DAY, "attendance_type": "Newborn Hearing; Clinic visit", "status": "finished", "place": TRUST}
VISITED = {"worker_role": "Health visiting service", "team": TRUST, "since": date(2026, 1, 5)}
PROCEDURE = {"url": "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-VaccinationProcedure-1"}


@pytest.mark.parametrize(
    ("resources", "records"),
    [
        pytest.param([immunization()], [VACCINATED], id="a-vaccination"),
        pytest.param(
            [immunization(notGiven=True, explanation={"reasonNotGiven": [{"text": "Consent not given"}]})],
            [("immunisation", VACCINATED[1] | {"status": "not-done: Consent not given"})],
            id="one-that-was-not-given",
        ),
        pytest.param(
            [immunization(vaccineCode={}, extension=[PROCEDURE | {"valueCodeableConcept": {"text": "MMR, second dose"}}])],
            [("immunisation", VACCINATED[1] | {"vaccine": "MMR, second dose"})],
            id="one-known-by-its-procedure",
        ),
        pytest.param([immunization(status="entered-in-error")], [], id="one-entered-in-error"),
        pytest.param(
            [immunization(status="entered-in-error", notGiven=True)], [], id="one-not-given-and-entered-in-error"
        ),
        pytest.param(
            [resource("AllergyIntolerance", subject="patient", clinicalStatus="active", verificationStatus="confirmed",
                      assertedDate="2026-09-30", code={"text": "Peanut"}, criticality="high")],
            [("allergy", {"recorded_on": DAY, "substance": "Peanut", "status": "active", "criticality": "high"})],
            id="an-allergy",
        ),
        pytest.param(
            [resource("AllergyIntolerance", "other", "patient", verificationStatus="entered-in-error")], [], id="an-allergy-in-error"
        ),
        pytest.param(
            [encounter(reason=[{"text": "Fever"}])],
            [("attendance", SEEN | {"attendance_type": "Vaccinations; Clinic visit", "summary": "Fever"})],
            id="an-encounter",
        ),
        pytest.param(
            [encounter(serviceProvider={"reference": "urn:uuid:trust"}), ORGANISATION],
            [("attendance", SEEN | {"attendance_type": "Vaccinations; Clinic visit"})],
            id="where-by-its-organisation",
        ),
        pytest.param(
            [immunization(), encounter("visit")],
            [VACCINATED, ("attendance", SEEN | {"attendance_type": "Vaccinations; Clinic visit"})],
            id="both",
        ),
        pytest.param(
            [episode(), ORGANISATION], [("care_team_member", VISITED | {"phone": "01632 960 700"})], id="a-service"
        ),
        pytest.param(
            [episode(team=[{"reference": "urn:uuid:team"}]), ORGANISATION, TEAM, WORKER],
            [("care_team_member", VISITED | {"worker_name": "Pat Moss", "worker_role": "Health visitor",
                                             "team": f"Team A, {TRUST}", "phone": "01632 960 700"})],
            id="a-team-and-who-is-in-it",
        ),
        pytest.param(
            [episode(team=[{"reference": "urn:uuid:elsewhere"}])], [("care_team_member", VISITED)], id="a-team-that-was-not-sent"
        ),
        pytest.param(
            [episode(status="finished")],
            [("attendance", {"on": date(2026, 1, 5), "attendance_type": "Vaccinations", "status": "finished",
                             "place": TRUST, "summary": NO_MORE})],
            id="a-service-that-has-ended-is-still-told-of",
        ),
    ],
)  # fmt: skip
def test_what_an_event_tells(resources: list[Body], records: list[Any]) -> None:
    assert said(*resources) == records


@pytest.mark.parametrize(
    ("resources", "records"),
    [
        pytest.param(
            [encounter(), resource("Observation", "o"), resource("Procedure", "p")],
            [("attendance", SEEN | {"summary": UNREAD.format("observations, procedures")})],
            id="beside-an-encounter",
        ),
        pytest.param(
            [encounter(), {"resourceType": "Thornbury", "id": "t"}],
            [("attendance", SEEN | {"summary": UNREAD.format("something else")})],
            id="of-a-type-nobody-knows-which-is-not-quoted",
        ),
        pytest.param(
            [immunization(), resource("Observation", "o")],
            [VACCINATED, ("attendance", {"on": date(2026, 10, 2), "attendance_type": "Newborn Hearing", "place": TRUST,
                                         "status": "completed", "summary": UNREAD.format("observations")})],
            id="beside-a-vaccination",
        ),
        pytest.param(
            [resource("Communication", status="completed")],
            [("attendance", {"on": date(2026, 10, 2), "attendance_type": "Newborn Hearing", "place": TRUST,
                             "status": "completed", "summary": UNREAD.format("a comment or notice")})],
            id="alone",
        ),
        pytest.param(
            [],
            [("attendance", {"on": date(2026, 10, 2), "attendance_type": "Newborn Hearing", "place": TRUST, "summary": NO_MORE})],
            id="nothing-at-all",
        ),
        pytest.param([resource("Communication", status="entered-in-error")], [], id="entered-in-error"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_said_to_be_there(resources: list[Body], records: list[Any]) -> None:
    assert said(*resources, event="Newborn Hearing") == records


OTHERS = {"reference": "urn:uuid:other"}


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(message("m", header("E", "focus"), patient(BEA), immunization()), id="another-patient"),
        pytest.param(message("m", header("E", "focus", routed=BEA), patient(), immunization()), id="routed-to-another"),
        pytest.param(message("m", header("E", "focus"), immunization()), id="no-patient"),
        pytest.param(message("m", header("E", "focus"), patient(), immunization(patient=OTHERS)), id="of-somebody-not-there"),
        pytest.param(message("m", header("E", "focus"), patient(), patient(BEA, id="other"), immunization(patient=OTHERS)), id="of-the-mother"),
        pytest.param(message("m", header("E", "focus"), patient(), immunization(patient=None)), id="of-nobody"),
        pytest.param(message("m", header("E", "focus"), patient(), encounter(subject=None)), id="seen-nobody"),
        pytest.param(message("m", header("E", "focus"), patient(), patient(id="again"), immunization()), id="the-child-twice"),
        pytest.param(message("m", header("E", "focus"), patient(identifier=[])), id="no-number"),
        pytest.param(message("m", header("E", "focus"), patient(identifier=[*patient()["identifier"], *patient(BEA)["identifier"]])), id="two-numbers"),
    ],
)  # fmt: skip
def test_an_event_about_somebody_else_is_thrown_away(bad: Body) -> None:
    with pytest.raises(UpstreamFault) as caught:
        read_event(bad, ADA)
    assert caught.value.no_answer.reason is NoAnswerReason.WRONG_PERSON


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({**vaccination(), "type": "collection"}, id="no-message"),
        pytest.param(message("m", patient(), header("E", "focus"), immunization()), id="header-not-first"),
        pytest.param(message("m"), id="empty"),
        pytest.param(vaccination(action="amend"), id="an-action-nobody-knows"),
        pytest.param(vaccination(at="2026-10-01T09:00:00"), id="a-time-without-a-zone"),
        pytest.param(vaccination(at="yesterday"), id="no-time"),
        pytest.param(vaccination(notGiven="no"), id="given-in-words"),
        pytest.param(message("m", header("E", "focus"), patient(), immunization(), encounter()), id="one-address-for-two"),
        pytest.param(vaccination(action="delete", identifier=[]), id="takes-back-nobody-knows-what"),
        pytest.param({**vaccination(), "id": None}, id="no-id"),
    ],
)  # fmt: skip
def test_an_event_that_cannot_be_read_is_a_fault(bad: Body) -> None:
    with pytest.raises(UpstreamFault) as caught:
        read_event(bad, ADA)
    assert caught.value.no_answer.reason is NoAnswerReason.MALFORMED


def events(*told: tuple[str, str, str | None, str]) -> list[Event]:
    """Message id, what it is about, its action and its hour."""
    return [
        read_event(
            vaccination(name, action, f"2026-10-01T{hour}:00+00:00", identifier=[{"value": about}] if about else []),
            ADA,
        )
        for name, about, action, hour in told
    ]


@pytest.mark.parametrize(
    ("told", "left"),
    [
        pytest.param([("a", "x", "new", "09:00")], "a", id="one"),
        pytest.param([("a", "x", None, "09:00")], "a", id="that-does-not-say-it-is-new"),
        pytest.param([("a", "x", "new", "09:00"), ("b", "x", "update", "10:00")], "b", id="changed"),
        pytest.param([("b", "x", "update", "10:00"), ("a", "x", "new", "09:00")], "b", id="changed-and-sent-before"),
        pytest.param([("a", "x", "new", "09:00"), ("b", "x", "delete", "10:00")], "", id="taken-back"),
        pytest.param(
            [("b", "x", "delete", "10:00"), ("a", "x", "update", "09:30")], "", id="taken-back-and-sent-before"
        ),
        pytest.param([("a", "x", "delete", "09:00"), ("b", "x", "new", "10:00")], "b", id="told-again"),
        pytest.param([("a", "x", "new", "09:00"), ("b", "y", "delete", "10:00")], "a", id="another-taken-back"),
        pytest.param([("a", "x", "new", "09:00"), ("b", "x", "update", "09:00")], "ab", id="at-one-moment"),
        pytest.param([("a", "x", "new", "09:00"), ("b", "x", "delete", "09:00")], "a", id="at-one-moment-taken-back"),
        pytest.param(
            [("a", "", "new", "09:00"), ("b", "", "update", "10:00")], "ab", id="without-a-name-each-for-itself"
        ),
    ],
)
def test_the_last_word_on_each_thing_counts(told: list[Any], left: str) -> None:
    assert sorted(event.message_id for event in current(events(*told))) == sorted(left)


def test_what_one_resource_is_marked_with_counts_for_all_of_the_message() -> None:
    marked = encounter("visit", meta={"security": [{"system": "urn:x", "code": "yp_objection"}]})
    read = read_event(message("m", header("E", "focus"), patient(), immunization(), marked), ADA)
    assert read.labels == {"yp_objection"}
    assert len(read.records) == 2


def test_the_extension_is_known_by_its_name_wherever_it_is_kept() -> None:
    older = header("E", "focus", None)
    concept = {"coding": [{"code": "delete"}]}
    older["extension"].append(
        {"url": f"{STU3.replace('/STU3', '')}/Extension-DCH-MessageEventType-1", "valueCodeableConcept": concept}
    )
    assert read_event(message("m", older, patient(), immunization()), ADA).is_withdrawn

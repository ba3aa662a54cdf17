"""Who looked at CP-IS before: asked where operator and question both say so, once, after the first answer, and read strictly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.connectors.base import Deadline, Fetched, Found
from hub.connectors.checking_walk import Known, walk
from hub.connectors.fhir.cpis import NOT_AFTER, NOT_ALONE, UNVERIFIED
from hub.connectors.fhir.cpis_accesses import LISTED_MAX, MARKED, NOBODY
from hub.connectors.fhir.elements import Element
from hub.connectors.fhir.mapping import CPIS, CPIS_ACCESS
from hub.connectors.fhir.patients import NHS_NUMBER
from hub.demo.nhs_app import create_app, fhir
from hub.demo.nhs_cpis import told as told_to_cpis
from hub.demo.nhs_resources import load
from hub.domain.catalogue import READ_WHEN_NAMED
from hub.domain.records import RecordPointer
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.fhir_bench import ADA, ADAS, BEA, CATALOGUE, CREDENTIAL, by_number, connector, served, small_world
from tests.connectors.fhir_bench import event as recorded
from tests.connectors.test_fhir_cpis import ada, bundle, team

BOTH = (CPIS, CPIS_ACCESS)
INCLUDE = "AuditEvent:entity-type=http://terminology.hl7.org/CodeSystem/v3-RoleClass|ASSIGNED"
PROFESSIONAL = {"what": {"reference": "PractitionerRole/p1"}, "type": {"code": "ASSIGNED"}}

ASKED: list[tuple[str, dict[str, str], str | None]] = []
ANSWERS: dict[str, tuple[Any, int]] = {}


def patient(number: str = ADA) -> Element:
    return {"what": {"type": "Patient", "identifier": {"system": NHS_NUMBER, "value": number}}}


def look(*entities: Element, **more: Any) -> Element:
    return {
        "resourceType": "AuditEvent",
        "id": "a1",
        "recorded": "2026-11-02T10:14:05+01:00",
        "purposeOfEvent": [{"coding": [{"display": "Emergency treatment"}]}],
        "agent": [{"who": {"reference": "Organization/o1", "display": "Testshire General"}, "requestor": True}],
        "entity": [*(entities or (patient(), PROFESSIONAL))],
        **more,
    }


ROLE = {
    "resourceType": "PractitionerRole",
    "id": "p1",
    "practitioner": {"display": "Nia Frost"},
    "code": [{"text": "Emergency nurse"}],
    "organization": {"display": "Testshire General"},
    "location": [{"display": "Emergency department"}],
}


def answer(*looks: Element, included: tuple[Element, ...] = (ROLE,), **more: Any) -> Element:
    along = [{"resource": each, "search": {"mode": "include"}} for each in included]
    found = bundle(*looks)
    return {**found, "entry": [*found["entry"], *along], **more}


async def cpis(request: Request) -> Response:
    ASKED.append((request.url.path, dict(request.query_params), request.headers.get("IsUnscheduledAccessEvent")))
    body, status = ANSWERS[request.url.path]
    return fhir(body, status)


@pytest.fixture(scope="module")
def urls() -> Iterator[tuple[str, str]]:
    with (
        served(create_app(load(small_world()), CREDENTIAL)) as records,
        served(Starlette(routes=[Route("/{path:path}", cpis, methods=["GET", "POST"])])) as information,
    ):
        yield records, information


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    ASKED.clear()
    ANSWERS.update({"/CareTeam": (bundle(team()), 200), "/AuditEvent": (answer(look()), 200)})


async def told(urls: tuple[str, str], *kinds: str, who: Any = None, seconds: float = 5.0, **options: Any) -> Any:
    """Find and fetch; the records' values by kind, or why there are none."""
    who = who or ada()
    nhs = connector(urls[0], cpis_url=urls[1], **{"cpis_accesses": True, **options})
    try:
        found = await nhs.find(who, frozenset(kinds), Deadline.after(5.0))
        assert isinstance(found, Found)
        assert ASKED == [], "nothing is asked before the content is wanted"
        fetched = await nhs.fetch(who, found.pointers, Deadline.after(seconds))
        if isinstance(fetched, NoAnswer):
            return fetched
        assert [record.pointer for record in fetched.records] == list(found.pointers)
        return {record.pointer.kind: dict(unseal(record)) for record in fetched.records}
    finally:
        await nhs.close()


def paths() -> list[str]:
    return [path for path, _, _ in ASKED]


async def test_it_is_asked_once_after_what_is_on_file_and_says_when_who_and_where(urls: tuple[str, str]) -> None:
    records = await told(urls, *BOTH, "attendance")
    asked = {"patient:identifier": f"{NHS_NUMBER}|{ADA}"}
    assert [("/CareTeam", asked, "true"), ("/AuditEvent", asked | {"_include": INCLUDE}, "true")] == ASKED
    values = records[CPIS_ACCESS]
    assert values["answer"] == "It lists 1 access from unscheduled care."
    assert values["looked_on"] == ("2026-11-02 09:14 UTC: Emergency treatment",)
    assert values["people"] == ("2026-11-02 09:14 UTC: Nia Frost; Emergency nurse",)
    assert values["places"] == ("2026-11-02 09:14 UTC: Testshire General; Emergency department",)


@pytest.mark.parametrize(
    ("kinds", "options", "asked", "says"),
    [
        pytest.param(BOTH, {"cpis_accesses": False}, ["/CareTeam"], None, id="not-where-the-operator-did-not-allow-it"),
        pytest.param((CPIS,), {}, ["/CareTeam"], None, id="not-where-the-question-names-the-other-alone"),
        pytest.param(("attendance", "patient"), {}, [], None, id="not-where-the-question-names-neither"),
        pytest.param((CPIS_ACCESS,), {}, [], NOT_ALONE, id="not-alone-and-it-says-so"),
    ],
)
async def test_who_decides_whether_it_is_asked(
    urls: tuple[str, str], kinds: tuple[str, ...], options: dict[str, Any], asked: list[str], says: str | None
) -> None:
    records = await told(urls, *kinds, **options)
    assert paths() == asked
    assert records.get(CPIS_ACCESS, {}).get("answer") == says
    assert "asked_on" not in records.get(CPIS_ACCESS, {})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(bundle(team()), 500, id="down"),
        pytest.param(bundle(team()), 401, id="refused"),
        pytest.param({"resourceType": "OperationOutcome", "issue": [{"code": "forbidden"}]}, 200, id="outcome-on-200"),
        pytest.param(bundle(team()) | {"total": 2}, 200, id="fewer-than-it-says"),
    ],
)
async def test_it_is_not_asked_where_the_first_was_not_answered(
    urls: tuple[str, str], body: Element, status: int
) -> None:
    ANSWERS["/CareTeam"] = body, status
    records = await told(urls, *BOTH)
    assert paths() == ["/CareTeam"]
    assert records[CPIS]["answer"].startswith("No answer: ")
    assert records[CPIS_ACCESS] == {"answer": NOT_AFTER}


async def test_it_is_asked_where_nothing_is_on_file(urls: tuple[str, str]) -> None:
    ANSWERS["/CareTeam"] = bundle(), 200
    await told(urls, *BOTH)
    assert paths() == ["/CareTeam", "/AuditEvent"]


def without(key: str, **more: Any) -> Element:
    return {name: value for name, value in look(**more).items() if name != key}


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        pytest.param(answer(included=()), 200, NOBODY, id="none-on-file-is-said"),
        pytest.param(bundle(look()), 500, "No answer: it reported a fault", id="down"),
        pytest.param(bundle(look()), 401, "No answer: it refused the hub", id="refused"),
        pytest.param({"resourceType": "OperationOutcome", "issue": [{"code": "forbidden"}]}, 200, "No answer: it does not let", id="outcome-on-200"),
        pytest.param(answer(look(), total=2), 200, "No answer: its answer does not have as many", id="fewer-than-it-says"),
        pytest.param(answer() | {"type": "message"}, 200, "No answer: its answer is not", id="not-a-searchset"),
        pytest.param([look()], 200, "No answer: its answer is not", id="a-list"),
        pytest.param(answer(look(), {"resourceType": "CareTeam"}), 200, "No answer: it sent records of a kind", id="another-kind"),
        pytest.param(answer(look(), included=({"resourceType": "Observation"},)), 200, "No answer: it sent records of a kind", id="something-else-included"),
        pytest.param(answer(without("recorded")), 200, "No answer: its AuditEvent.recorded", id="no-time"),
        pytest.param(answer(look(recorded="2026-11-02")), 200, "No answer: its AuditEvent.recorded", id="a-day-is-no-time"),
        pytest.param(answer(look(recorded="2026-11-02T10:14:05")), 200, "No answer: its AuditEvent.recorded", id="no-time-zone"),
        pytest.param(answer(look(recorded="0001-01-01T00:00:00+14:00")), 200, "No answer: its AuditEvent.recorded", id="before-time-began"),
        pytest.param(answer(look(recorded=7)), 200, "No answer: its AuditEvent.recorded", id="a-number-is-no-time"),
        pytest.param(answer(without("agent")), 200, "No answer: its AuditEvent.agent", id="nobody-did-it"),
        pytest.param(answer(look(agent="x")), 200, "No answer: its AuditEvent.agent", id="agents-are-a-text"),
        pytest.param(answer(look(agent=[{"who": {"display": 7}}])), 200, "No answer: its reference.display", id="a-name-is-a-number"),
        pytest.param(answer(look(PROFESSIONAL)), 200, "No answer: it does not say which child", id="no-child-named"),
        pytest.param(answer(look({"what": {"reference": "Patient/abc"}})), 200, "No answer: it does not say which child", id="a-child-without-number"),
        pytest.param(answer(look(meta={"security": [{"code": "V"}]})), 200, MARKED, id="marked"),
        pytest.param(answer(look(patient() | {"securityLabel": [{"code": "R"}]})), 200, MARKED, id="what-it-was-of-is-marked"),
        pytest.param(answer(look(), included=(ROLE | {"meta": {"security": [{"code": "V"}]}},)), 200, MARKED, id="the-professional-is-marked"),
        pytest.param(answer(*[look()] * LISTED_MAX), 200, f"It lists {LISTED_MAX} accesses from unscheduled care. There may have been more", id="as-many-as-it-lists"),
        pytest.param(answer(look(), link=[{"relation": "next", "url": "http://127.0.0.1:1/x"}]), 200, "It lists 1 access from unscheduled care. There may have been more", id="a-next-page-is-not-followed"),
    ],
)  # fmt: skip
async def test_whatever_comes_of_it_is_said_and_it_is_not_asked_again(
    urls: tuple[str, str], body: Any, status: int, says: str
) -> None:
    ANSWERS["/AuditEvent"] = body, status
    records = await told(urls, *BOTH, "attendance")
    assert records[CPIS_ACCESS]["answer"].startswith(says)
    assert records[CPIS]["answer"].startswith("NHS was told of"), "the first answer stands"
    assert set(records) == {*BOTH, "attendance"}, "and so do the other records"
    assert paths() == ["/CareTeam", "/AuditEvent"]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(look(patient(BEA)), id="another-child"),
        pytest.param(look(patient(), patient(BEA)), id="this-child-and-another"),
        pytest.param(look({"what": {"reference": f"Patient/{BEA}"}}), id="another-childs-number-in-the-reference"),
        pytest.param(
            look({"what": {"reference": "#x"}}, contained=[
                {"resourceType": "Patient", "id": "x", "identifier": [{"system": NHS_NUMBER, "value": BEA}]}
            ]),
            id="another-child-contained",
        ),
        pytest.param(look(agent=[{"who": patient(BEA)["what"]}]), id="another-child-as-the-agent"),
    ],
)  # fmt: skip
async def test_an_access_of_another_child_costs_the_whole_answer(urls: tuple[str, str], wrong: Element) -> None:
    ANSWERS["/AuditEvent"] = answer(look(), wrong), 200
    got = await told(urls, *BOTH, "attendance")
    assert isinstance(got, NoAnswer)
    assert got.reason is NoAnswerReason.WRONG_PERSON
    assert paths() == ["/CareTeam", "/AuditEvent"]


@pytest.mark.parametrize(
    ("one", "included", "people", "places"),
    [
        pytest.param(look(patient()), (), "not said", "Testshire General", id="an-organisation-alone"),
        pytest.param(look(agent=[{}]), (), "not said", "not said", id="nobody-is-said"),
        pytest.param(look(agent=[{"name": "N. Frost"}]), (), "not said", "N. Frost", id="who-could-be-either-counts-as-a-place"),
        pytest.param(look(agent=[{"who": {"type": "Practitioner"}, "name": "N. Frost"}]), (), "N. Frost", "not said", id="a-practitioners-name"),
        pytest.param(look(agent=[{"who": {"reference": "Practitioner/7", "display": "N. Frost"}, "role": [{"text": "Nurse"}]}]), (), "N. Frost; Nurse", "not said", id="a-practitioner-with-a-role"),
        pytest.param(look(agent=[{"who": {"reference": "Device/7", "display": "PC 4"}}]), (), "not said", "not said", id="a-computer-is-neither"),
        pytest.param(look(agent=[{"location": {"display": "Minor injuries"}}]), (), "not said", "Minor injuries", id="a-location"),
        pytest.param(
            look(agent=[{"who": {"reference": "urn:uuid:1"}}]),
            ({"resourceType": "Practitioner", "id": "7", "name": [{"family": "Frost", "given": ["Nia"], "prefix": ["Dr"]}]},),
            "Dr Nia Frost", "not said", id="by-full-url",
        ),
        pytest.param(
            look(agent=[{"who": {"reference": "#w"}}], contained=[{"resourceType": "Organization", "id": "w", "name": "Weir Road"}]),
            (), "not said", "Weir Road", id="contained",
        ),
    ],
)  # fmt: skip
async def test_professionals_and_places_are_told_apart(
    urls: tuple[str, str], one: Element, included: tuple[Element, ...], people: str, places: str
) -> None:
    body = answer(one, included=())
    body["entry"] += [{"resource": each, "search": {"mode": "include"}, "fullUrl": "urn:uuid:1"} for each in included]
    ANSWERS["/AuditEvent"] = body, 200
    values = (await told(urls, *BOTH))[CPIS_ACCESS]
    assert values["people"] == (f"2026-11-02 09:14 UTC: {people}",)
    assert values["places"] == (f"2026-11-02 09:14 UTC: {places}",)


async def test_the_latest_comes_first_and_one_that_failed_says_so(urls: tuple[str, str]) -> None:
    early = look(recorded="2026-01-05T08:00:00Z", purposeOfEvent=[], outcome="8")
    ANSWERS["/AuditEvent"] = answer(early, look()), 200
    values = (await told(urls, *BOTH))[CPIS_ACCESS]
    assert values["looked_on"] == (
        "2026-11-02 09:14 UTC: Emergency treatment",
        "2026-01-05 08:00 UTC: did not succeed",
    )


async def test_a_number_nobody_verified_is_a_gap_and_never_asked(urls: tuple[str, str]) -> None:
    nhs = connector(urls[0], cpis_url=urls[1], cpis_accesses=True)
    found = await nhs.find(ada(verified=False), frozenset(BOTH), Deadline.after(5.0))
    assert isinstance(found, Found)
    assert [pointer.labels for pointer in found.pointers] == [{UNVERIFIED}, {UNVERIFIED}]
    assert isinstance(await nhs.fetch(ada(verified=False), found.pointers, Deadline.after(5.0)), Fetched)
    await nhs.close()
    assert ASKED == []


async def test_nothing_is_asked_when_the_other_records_fail(urls: tuple[str, str]) -> None:
    nhs = connector(urls[0], cpis_url=urls[1], cpis_accesses=True)
    found = await nhs.find(ada(), frozenset(BOTH), Deadline.after(5.0))
    assert isinstance(found, Found)
    gone = RecordPointer("nhs", "attendance", "gone#0", frozenset())
    assert isinstance(await nhs.fetch(ada(), [*found.pointers, gone], Deadline.after(5.0)), NoAnswer)
    await nhs.close()
    assert ASKED == []


async def test_a_check_of_the_connector_asks_neither(urls: tuple[str, str]) -> None:
    nhs = connector(urls[0], cpis_url=urls[1], cpis_accesses=True)
    report = await walk(nhs, Known(CATALOGUE, frozenset()), by_number(ADA), 5.0)
    await nhs.close()
    assert ASKED == []
    assert sum("every read is told to others" in finding.what for finding in report.findings) == 1


def test_nothing_but_its_own_list_leads_to_it() -> None:
    assert set(BOTH) == READ_WHEN_NAMED
    assert all(CATALOGUE[kind].timeline is None for kind in BOTH), "a timeline would ask CP-IS of every child"


async def test_the_pretend_cp_is_lists_each_look_for_whoever_looks_next() -> None:
    """A contract with the pretend one of the demo: what one question does, the next one is told."""
    world = small_world()
    plan = recorded("protection_plan", started_on=ADAS[0].values["since"])
    teams = told_to_cpis(with_event(world, plan))
    with served(create_app(load(world), CREDENTIAL, told=teams)) as url:
        first = await told((url, f"{url}/cpis"), *BOTH)
        again = await told((url, f"{url}/cpis"), *BOTH, cpis_unscheduled=False)
    assert first[CPIS]["answer"] == "NHS was told of: Child protection plan, from 2026-09-01"
    assert first[CPIS_ACCESS]["answer"] == "It lists 1 access from unscheduled care.", "its own look"
    assert again[CPIS_ACCESS]["answer"] == first[CPIS_ACCESS]["answer"], "a scheduled look is not listed"
    (people,) = again[CPIS_ACCESS]["people"]
    assert people.endswith("UTC: Safeguarding hub")


def with_event(world: Any, more: Any) -> Any:
    """``world`` in which Ada has one more event."""
    first, *others = world.households
    one, *children = first.children
    household = replace(first, children=(replace(one, events=(*one.events, more)), *children))
    return replace(world, households=(household, *others))

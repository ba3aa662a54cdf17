"""CP-IS: reading it tells the council, so it is asked when a question names it, once, and never again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.connectors.base import Deadline, Fetched, Found
from hub.connectors.fhir.cpis import NOTHING, UNVERIFIED
from hub.connectors.fhir.elements import Element
from hub.connectors.fhir.mapping import CPIS
from hub.connectors.fhir.patients import NHS_NUMBER
from hub.demo.nhs_app import create_app, fhir
from hub.demo.nhs_resources import load
from hub.domain.catalogue import Section
from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, Identity
from hub.domain.records import RecordPointer
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason
from hub.domain.view import ALERT_KINDS
from tests.connectors.fhir_bench import ADA, ADAS, BEA, CATALOGUE, CREDENTIAL, connector, served, small_world, soon

ASKED: list[tuple[str, dict[str, str], str | None]] = []
ANSWER: list[tuple[Any, int]] = []


def team(number: str = ADA, **more: Any) -> Element:
    return {
        "resourceType": "CareTeam",
        "id": "t1",
        "subject": {"type": "Patient", "identifier": {"system": NHS_NUMBER, "value": number}},
        "category": [{"text": "Child protection plan"}],
        "period": {"start": "2026-01-05"},
        "managingOrganization": [{"display": "Testshire Council"}],
        "telecom": [{"system": "phone", "value": "01632 960 500"}],
        **more,
    }


def bundle(*teams: Element) -> Element:
    entries = [{"resource": each} for each in teams]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


async def cpis(request: Request) -> Response:
    ASKED.append((request.url.path, dict(request.query_params), request.headers.get("IsUnscheduledAccessEvent")))
    body, status = ANSWER[0]
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
    ANSWER[:] = [(bundle(team()), 200)]


def ada(*, verified: bool = True) -> Candidate:
    return Candidate("nhs", ADA, Identity(nhs_number=NHSNumber.parse(ADA), nhs_number_verified=verified))


async def told(urls: tuple[str, str], *kinds: str, **options: Any) -> Any:
    """Find and fetch; the records' values by kind, or why there are none."""
    nhs = connector(urls[0], cpis_url=urls[1], **options)
    try:
        found = await nhs.find(ada(), frozenset(kinds), soon())
        assert isinstance(found, Found)
        assert ASKED == [], "nothing is asked before the content is wanted"
        fetched = await nhs.fetch(ada(), found.pointers, Deadline.after(2.0))
        if isinstance(fetched, NoAnswer):
            return fetched
        assert [record.pointer for record in fetched.records] == list(found.pointers)
        return [(record.pointer.kind, dict(unseal(record))) for record in fetched.records]
    finally:
        await nhs.close()


async def test_it_is_asked_once_and_says_what_the_nhs_was_told(urls: tuple[str, str]) -> None:
    [(kind, values)] = await told(urls, CPIS)
    assert kind == CPIS
    assert values["answer"] == "NHS was told of: Child protection plan, from 2026-01-05"
    assert (values["council"], values["phone"]) == ("Testshire Council", "01632 960 500")
    assert [("/CareTeam", {"patient:identifier": f"{NHS_NUMBER}|{ADA}"}, "true")] == ASKED


async def test_what_the_header_says_is_the_settings_choice(urls: tuple[str, str]) -> None:
    await told(urls, CPIS, cpis_unscheduled=False)
    assert [header for _, _, header in ASKED] == ["false"]


async def test_it_is_not_asked_where_the_question_does_not_name_it(urls: tuple[str, str]) -> None:
    records = await told(urls, "attendance", "health_flag", "patient")
    assert len(records) > 1
    assert ASKED == []


async def test_it_comes_beside_the_other_records(urls: tuple[str, str]) -> None:
    kinds = [kind for kind, _ in await told(urls, CPIS, "attendance")]
    assert kinds.count(CPIS) == 1
    assert kinds.count("attendance") == sum(each.kind == "attendance" for each in ADAS)


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        pytest.param(bundle(), 200, NOTHING, id="nothing-on-file-points-at-the-council"),
        pytest.param(bundle(team(status="entered-in-error")), 200, NOTHING, id="entered-in-error"),
        pytest.param(bundle(team(category=[])), 200, "NHS was told of: a plan of a kind it does not name", id="no-category"),
        pytest.param(bundle(team(meta={"security": [{"code": "V"}]})), 200, "Something is on file", id="marked-sensitive"),
        pytest.param({"resourceType": "OperationOutcome", "issue": [{"code": "forbidden"}]}, 200, "No answer", id="outcome-on-200"),
        pytest.param(bundle(team()), 500, "No answer", id="down"),
        pytest.param(bundle(team()), 408, "No answer", id="too-slow-behind-it"),
        pytest.param(bundle(team(), team()) | {"total": 5}, 200, "No answer", id="fewer-than-it-says"),
        pytest.param({"resourceType": "Bundle", "type": "message"}, 200, "No answer", id="not-a-searchset"),
    ],
)  # fmt: skip
async def test_whatever_comes_of_it_is_said_and_it_is_not_asked_again(
    urls: tuple[str, str], body: Element, status: int, says: str
) -> None:
    ANSWER[:] = [(body, status)]
    records = await told(urls, CPIS, "attendance")
    (values,) = [values for kind, values in records if kind == CPIS]
    assert values["answer"].startswith(says)
    assert "council" in values["answer"] or says.startswith("NHS was told")
    assert len(ASKED) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(team(BEA), id="another-child"),
        pytest.param({key: value for key, value in team().items() if key != "subject"}, id="nobody-named"),
        pytest.param(team(subject={"reference": "Patient/1"}), id="no-number"),
    ],
)
async def test_an_answer_about_somebody_else_costs_the_whole_answer(urls: tuple[str, str], wrong: Element) -> None:
    ANSWER[:] = [(bundle(team(), wrong | {"id": "t2"}), 200)]
    answer = await told(urls, CPIS)
    assert isinstance(answer, NoAnswer)
    assert answer.reason is NoAnswerReason.WRONG_PERSON


async def test_a_number_nobody_verified_is_a_gap_and_never_asked(urls: tuple[str, str]) -> None:
    nhs = connector(urls[0], cpis_url=urls[1])
    found = await nhs.find(ada(verified=False), frozenset({CPIS}), soon())
    assert isinstance(found, Found)
    (pointer,) = found.pointers
    assert pointer.labels == {UNVERIFIED}
    fetched = await nhs.fetch(ada(verified=False), [pointer], soon())
    await nhs.close()
    assert isinstance(fetched, Fetched)
    assert ASKED == []


async def test_nothing_is_asked_when_the_other_records_fail(urls: tuple[str, str]) -> None:
    nhs = connector(urls[0], cpis_url=urls[1])
    gone = RecordPointer("nhs", "attendance", "gone#0", frozenset())
    found = await nhs.find(ada(), frozenset({CPIS}), soon())
    assert isinstance(found, Found)
    assert isinstance(await nhs.fetch(ada(), [*found.pointers, gone], soon()), NoAnswer)
    await nhs.close()
    assert ASKED == []


def test_nothing_but_its_own_list_leads_to_it() -> None:
    kind = CATALOGUE[CPIS]
    assert kind.timeline is None, "a timeline would ask CP-IS of every child looked up"
    assert kind.section is Section.HEALTH, "the joined sections read all their kinds"
    assert CPIS not in ALERT_KINDS

"""A store of child-health events, asked: by number alone, twice, and believed only about the child."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.connectors.base import Fetched, Found, Matched
from hub.connectors.checking import Grade
from hub.connectors.fhir import EventsConnector
from hub.connectors.fhir.events import KINDS_READ
from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, ChildSearch, Identity
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.fhir_bench import ADA, BEA, CATALOGUE, NHS, NOW, by_number, identity, served, soon
from tests.connectors.fhir_messages import (
    Body,
    encounter,
    header,
    immunization,
    message,
    patient,
    searchset,
    vaccination,
)

DAY = date(2026, 9, 30)
ASKED: list[dict[str, str]] = []
ANSWER: list[Any] = []


async def store(request: Request) -> Response:
    ASKED.append(dict(parse_qsl((await request.body()).decode())))
    body, kind = ANSWER[0] if len(ANSWER) == 1 else ANSWER.pop(0)
    headers = {"X-Request-ID": request.headers.get("X-Request-ID", ""), "Content-Type": kind}
    return JSONResponse(body, headers=headers)


def answers(*bodies: Body, kind: str = "application/fhir+json") -> None:
    ASKED.clear()
    ANSWER[:] = [(body, kind) for body in bodies]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(Starlette(routes=[Route("/{path:path}", store, methods=["GET", "POST"])])) as base:
        yield base


def connector(url: str) -> EventsConnector:
    return EventsConnector(NHS, url, None, CATALOGUE, clock=lambda: NOW)


def ada(**more: Any) -> Candidate:
    return Candidate("nhs", ADA, Identity(nhs_number=NHSNumber.parse(ADA), **more))


async def asked(url: str, call: str, *arguments: Any) -> Any:
    one = connector(url)
    try:
        return await getattr(one, call)(*arguments, soon())
    finally:
        await one.close()


async def found(url: str, **more: Any) -> Found:
    answer = await asked(url, "find", ada(**more), KINDS_READ)
    assert isinstance(answer, Found)
    return answer


async def test_the_child_is_found_by_number_and_as_the_last_message_has_them(url: str) -> None:
    newer = message(
        "m2", header("E", "focus", at="2026-10-05T09:00:00Z"), patient(name=[{"family": "Marsh"}]), encounter()
    )
    answers(searchset(newer, vaccination()))
    answer = await asked(url, "match", by_number(ADA))
    assert isinstance(answer, Matched)
    (who,) = answer.candidates
    assert (who.local_id, who.identity.family_names, who.identity.nhs_number_verified) == (ADA, ("Marsh",), True)
    assert [
        {"type": "message", "patient:identifier": f"https://fhir.nhs.uk/Id/nhs-number|{ADA}", "_count": "50"}
    ] == ASKED


async def test_a_number_that_was_not_verified_is_not_said_to_be(url: str) -> None:
    answers(searchset(message("m", header("E", "focus"), patient(verified=False), immunization())))
    answer = await asked(url, "match", by_number(ADA))
    assert [who.identity.nhs_number_verified for who in answer.candidates] == [False]


async def test_nobody_it_was_sent_anything_of(url: str) -> None:
    answers(searchset())
    assert await asked(url, "match", by_number(ADA)) == Matched(())
    assert (await found(url)).pointers == ()


async def test_without_a_number_it_is_no_answer_and_not_nobody(url: str) -> None:
    answers(searchset())
    answer = await asked(url, "match", ChildSearch(identity("Ada", "Quill", "2015-03-04")))
    assert isinstance(answer, NoAnswer)
    assert answer.reason is NoAnswerReason.REFUSED
    assert ASKED == []


async def test_what_is_found_is_fetched(url: str) -> None:
    answers(searchset(vaccination(), message("m2", header("E", "focus"), patient(), encounter(identifier=[]))))
    pointers = (await found(url)).pointers
    fetched = await asked(url, "fetch", ada(), pointers)
    assert isinstance(fetched, Fetched)
    assert [(each.pointer, dict(unseal(each))["on"]) for each in fetched.records] == [(each, DAY) for each in pointers]
    assert {each.kind for each in pointers} == {"immunisation", "attendance"}
    assert {each.as_of for each in fetched.records} == {datetime(2026, 10, 1, 9, tzinfo=UTC)}


async def test_only_what_was_asked_for_is_pointed_at(url: str) -> None:
    answers(searchset(vaccination()))
    answer = await asked(url, "find", ada(), frozenset({"attendance"}))
    assert answer.pointers == ()


@pytest.mark.parametrize(
    "then",
    [
        pytest.param(searchset(), id="gone"),
        pytest.param(searchset(vaccination(), vaccination("m2", "delete", "2026-10-02T09:00:00Z")), id="taken-back"),
        pytest.param(searchset(vaccination(meta={"security": [{"code": "V"}]})), id="marked-since"),
        pytest.param(searchset(vaccination("m3", "update", "2026-10-02T09:00:00Z")), id="changed-since"),
    ],
)
async def test_what_changed_between_find_and_fetch_is_not_shown(url: str, then: Body) -> None:
    answers(searchset(vaccination()), then)
    answer = await asked(url, "fetch", ada(), (await found(url)).pointers)
    assert isinstance(answer, NoAnswer)
    assert (answer.reason, "ask again" in answer.detail) == (NoAnswerReason.MALFORMED, True)


LABEL_R = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}


@pytest.mark.parametrize(
    ("told", "is_restricted", "labels"),
    [
        pytest.param([patient()], None, frozenset(), id="not-restricted"),
        pytest.param([patient()], True, frozenset({"restricted"}), id="as-another-agency-says"),
        pytest.param([patient(meta=LABEL_R)], None, frozenset({"restricted"}), id="as-it-says"),
        pytest.param([patient(meta=LABEL_R), patient()], None, frozenset({"restricted"}), id="as-one-message-says"),
    ],
)
async def test_a_restricted_child_is_restricted_in_every_record(
    url: str, told: list[Body], is_restricted: bool | None, labels: frozenset[str]
) -> None:
    each = [message(f"m{n}", header("E", "focus"), one, encounter(identifier=[])) for n, one in enumerate(told)]
    answers(searchset(*each))
    assert {pointer.labels for pointer in (await found(url, restricted=is_restricted)).pointers} == {labels}


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        pytest.param(searchset(message("m", header("E", "focus", routed=BEA), patient(BEA), immunization())), "application/fhir+json", NoAnswerReason.WRONG_PERSON, id="everybodys-events"),
        pytest.param(vaccination(), "application/fhir+json", NoAnswerReason.MALFORMED, id="a-bare-message"),
        pytest.param(searchset(vaccination()), "application/fhir+json; fhirVersion=4.0", NoAnswerReason.MALFORMED, id="of-R4"),
        pytest.param(searchset(vaccination(), vaccination()), "application/fhir+json", NoAnswerReason.MALFORMED, id="one-message-twice"),
        pytest.param(searchset({"resourceType": "Patient", "id": "p"}), "application/fhir+json", NoAnswerReason.MALFORMED, id="no-messages"),
        pytest.param(searchset() | {"total": 3}, "application/fhir+json", NoAnswerReason.MALFORMED, id="fewer-than-it-says"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("call", ["match", "find", "fetch"])
async def test_what_must_not_be_believed(url: str, call: str, body: Body, kind: str, reason: NoAnswerReason) -> None:
    answers(body, kind=kind)
    arguments = {"match": (by_number(ADA),), "find": (ada(), KINDS_READ), "fetch": (ada(), ())}[call]
    answer = await asked(url, call, *arguments)
    assert isinstance(answer, NoAnswer)
    assert answer.reason is reason


@pytest.mark.parametrize(
    ("body", "level"),
    [
        pytest.param(searchset(), Grade.WELL, id="nobody"),
        pytest.param({"resourceType": "OperationOutcome", "issue": [{"code": "login"}]}, Grade.MEND, id="refused"),
    ],
)
async def test_the_check(url: str, body: Body, level: Grade) -> None:
    answers(body)
    report = await asked(url, "check")
    assert [finding.grade for finding in report.findings] == [level]

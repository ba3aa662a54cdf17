"""A record locator as a custodian of its own: that a document exists and who holds it, by NHS number alone."""

from __future__ import annotations

import copy
import json
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hub.connectors.base import Fetched, Found, Matched
from hub.connectors.checking import NOBODY, examine
from hub.connectors.fhir.locator import KIND, NO_NUMBER, ORGANISATION_HEADER, LocatorConnector
from hub.connectors.fhir.references import NHS_NUMBER
from hub.connectors.http import BearerToken
from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, ChildSearch, Identity
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.bendable import Request, bendable, response
from tests.connectors.fhir_bench import CATALOGUE, NHS, NOW, soon

PUBLIC = Path(__file__).parents[3] / "shared" / "data" / "nhs" / "nrl"
PUBLISHED = sorted(PUBLIC.glob("*-Valid*.json"))
MAYA, OTHER = "9990004021", "9990004064"
KINDS = frozenset({KIND})
R = NoAnswerReason
Json = dict[str, Any]


def pointer(record_id: str = "Z99001-1", number: str = MAYA, **more: Any) -> Json:
    return {
        "resourceType": "DocumentReference",
        "id": record_id,
        "status": "current",
        "type": {"coding": [{"system": "http://snomed.info/sct", "code": "1", "display": "Health visitor record"}]},
        "subject": {"identifier": {"system": NHS_NUMBER, "value": number}},
        "custodian": {"identifier": {"value": "Z99001"}},
        "date": "2026-09-01T10:00:00Z",
        "description": "Zebedee-Secret",
        "content": [{"attachment": {"url": "https://zebedee.example/secret"}}],
    } | more


@dataclass
class Locator:
    """What it points at, by NHS number; ``raw`` answers everything instead."""

    held: dict[str, list[Json]] = field(default_factory=lambda: {MAYA: [pointer(), pointer("Z99001-2")]})
    raw: bytes | None = None
    asked: list[tuple[str, dict[str, str], str | None]] = field(default_factory=list)

    async def __call__(self, request: Request) -> None:
        method, target, _ = request.line.split(" ")
        path, _, query = target.partition("?")
        asked = dict(urllib.parse.parse_qsl(query or request.body.decode()))
        self.asked.append((f"{method} {path}", asked, request.headers.get(ORGANISATION_HEADER.lower())))
        if self.raw is not None or not path.startswith("/DocumentReference"):
            request.writer.write(self.raw or response(NOT_FOUND, "404 Not Found"))
            return
        number = asked["subject:identifier"].removeprefix(f"{NHS_NUMBER}|")
        found = self.held.get(number, [])
        request.writer.write(response(bundle(*found)))


def bundle(*resources: Json) -> Json:
    entries = [{"resource": each, "search": {"mode": "match"}} for each in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


NOT_FOUND: Json = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found"}]}


def connector(url: str, **how: Any) -> LocatorConnector:
    made = {"echoes_request_id": False, "clock": lambda: NOW, **how}
    return LocatorConnector(NHS, url, BearerToken("x"), CATALOGUE, **made)


def who(number: str = MAYA) -> Candidate:
    return Candidate(NHS.id, number, Identity(NHSNumber(number)))


BY_NUMBER = ChildSearch(Identity(NHSNumber(MAYA)))


async def walked(locator: Locator, **how: Any) -> tuple[Any, Any, Any]:
    """Match, then Find and Fetch as far as there is anything."""
    async with bendable(locator) as server:
        made = connector(server.url, **how)
        matched = await made.match(BY_NUMBER, soon())
        found: Any = await made.find(who(), KINDS, soon())
        fetched = await made.fetch(who(), found.pointers, soon()) if isinstance(found, Found) else None
        await made.close()
    return matched, found, fetched


# ---- pointers --------------------------------------------------------------------------------------------------------


async def test_a_document_exists_and_somebody_holds_it() -> None:
    locator = Locator()
    matched, found, fetched = await walked(locator)
    assert isinstance(matched, Matched), matched
    assert [(one.local_id, one.identity.nhs_number_verified) for one in matched.candidates] == [(MAYA, False)]
    assert isinstance(found, Found), found
    assert [each.kind for each in found.pointers] == [KIND, KIND]
    assert isinstance(fetched, Fetched), fetched
    read = dict(unseal(fetched.records[0]))
    assert (read["document_type"], read["held_by"]) == ("Health visitor record", "Z99001")
    assert "ebedee" not in str(read)
    assert {what for what, _, _ in locator.asked} == {"POST /DocumentReference/_search"}, "no Patient, no document"


async def test_a_number_without_pointers_is_not_held_and_one_entered_in_error_is_none() -> None:
    assert (await walked(Locator({})))[0] == Matched(())
    assert (await walked(Locator({MAYA: [pointer(status="entered-in-error")]})))[0] == Matched(())


async def test_numbers_that_were_traced_and_the_code_of_who_asks() -> None:
    locator = Locator()
    matched, _, _ = await walked(locator, numbers_are_verified=True, organisation="Z99", search_by="get")
    assert matched.candidates[0].identity.nhs_number_verified is True
    assert {(what, code) for what, _, code in locator.asked} == {("GET /DocumentReference", "Z99")}


async def test_names_find_nobody_there_and_that_is_not_not_held() -> None:
    async with bendable(Locator()) as server:
        made = connector(server.url)
        answer = await made.match(ChildSearch(Identity(given_names=("Maya",))), soon())
        await made.close()
    assert isinstance(answer, NoAnswer)
    assert (answer.reason, answer.detail) == (R.REFUSED, NO_NUMBER)
    assert made.goes_by_number_alone
    assert not made.states_restriction


@pytest.mark.skipif(not PUBLISHED, reason="the public NHS files (../shared/data/nhs) are not here")
async def test_the_published_pointers_are_gaps_for_they_are_all_very_restricted() -> None:
    held = [json.loads(path.read_text(encoding="utf-8")) for path in PUBLISHED]
    for place, each in enumerate(held):
        each["id"] = f"{each['id']}-{place}"  # the files are versions of one
        each["subject"]["identifier"]["value"] = MAYA
    matched, found, fetched = await walked(Locator({MAYA: held}))
    assert len(matched.candidates) == 1
    assert isinstance(found, Found), found
    assert [each.labels for each in found.pointers] == [frozenset({"confidentiality_V"})] * 6
    assert isinstance(fetched, Fetched), fetched
    assert {dict(unseal(each))["document_type"] for each in fetched.records} == {"Mental health crisis plan"}


# ---- bad locators ----------------------------------------------------------------------------------------------------

BAD: dict[str, tuple[Locator, NoAnswerReason]] = {
    "another child's pointer": (Locator({MAYA: [pointer(), pointer("Z99001-2", OTHER)]}), R.WRONG_PERSON),
    "a pointer about nobody": (Locator({MAYA: [pointer(subject={})]}), R.WRONG_PERSON),
    "the same twice": (Locator({MAYA: [pointer(), pointer()]}), R.MALFORMED),
    "another kind of resource": (Locator(raw=response(bundle({"resourceType": "Patient", "id": MAYA}))), R.MALFORMED),
    "no such address": (Locator(raw=response(NOT_FOUND, "404 Not Found")), R.MALFORMED),
    "an error in a 200": (Locator(raw=response(NOT_FOUND)), R.MALFORMED),
    "a web page": (Locator(raw=response(b"<html>", content_type="text/html")), R.MALFORMED),
    "refused": (Locator(raw=response(NOT_FOUND, "403 Forbidden")), R.REFUSED),
    "down": (Locator(raw=response(NOT_FOUND, "503 Service Unavailable")), R.DOWN),
}


@pytest.mark.parametrize(("locator", "reason"), BAD.values(), ids=BAD.keys())
async def test_a_bad_locator_is_no_answer_and_never_not_held(locator: Locator, reason: NoAnswerReason) -> None:
    matched, found, _ = await walked(locator)
    for answer in (matched, found):
        assert isinstance(answer, NoAnswer), answer
        assert answer.reason is reason


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        pytest.param([], "left out a record", id="gone"),
        pytest.param([pointer(status="entered-in-error")], "sensitivity changed", id="taken back"),
        pytest.param([pointer(meta={"security": [{"code": "x"}]})], "sensitivity changed", id="marked since"),
    ],
)
async def test_what_changed_between_find_and_fetch_is_no_answer(changed: list[Json], says: str) -> None:
    locator = Locator({MAYA: [pointer()]})
    async with bendable(locator) as server:
        made = connector(server.url)
        found = await made.find(who(), KINDS, soon())
        assert isinstance(found, Found)
        locator.held = {MAYA: copy.deepcopy(changed)}
        answer = await made.fetch(who(), found.pointers, soon())
        await made.close()
    assert isinstance(answer, NoAnswer)
    assert says in answer.detail


# ---- `hub connector check` -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locator", "is_well", "says"),
    [
        pytest.param(Locator(), True, "a number that is none has no pointers", id="well"),
        pytest.param(Locator({NOBODY: [pointer()]}), False, "it ignores `subject:identifier`", id="gives everybody"),
        pytest.param(Locator(raw=response({}, "401 Unauthorized")), False, "refused", id="credential"),
    ],
)
async def test_a_check_asks_about_nobody(locator: Locator, is_well: bool, says: str) -> None:
    async with bendable(locator) as server:
        made = connector(server.url)
        report = await examine(made, 5)
        await made.close()
    assert report.is_well is is_well
    assert says in report.findings[0].what
    assert all(NOBODY in asked["subject:identifier"] for _, asked, _ in locator.asked)

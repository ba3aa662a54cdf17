"""The REST connector against a system whose answers are well-formed JSON and wrong all the same."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest

from hub.connectors.base import CANDIDATES_MAX, RECORDS_MAX, Deadline, Fetched, Found, Matched
from hub.connectors.http import BearerToken
from hub.connectors.rest import RestConnector
from hub.connectors.rest_mapping import RestMapping, shipped
from hub.connectors.rest_who import QUESTIONS_MAX
from hub.demo.police_records import WIRE
from hub.domain.catalogue import Catalogue, FieldSpec, ValueType
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.domain.records import RecordPointer
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason
from hub.policy.load import default_policies_directory, load_bundle
from tests.connectors.bendable import Request, bendable, response

POLICE = Custodian("testshire-police", "Testshire Police", Sector.POLICE, Contact("Duty desk", "01632 960 130"))
KINDS = frozenset({"incident", "intelligence"})
WHO = Candidate("testshire-police", "P1", Identity())
SEARCH = ChildSearch(
    Identity(given_names=("Maya",), family_names=("Thornbury",), birth_date=PartialDate.exactly(date(2017, 3, 9)))
)
SECRET = "Thornbury"

Json = dict[str, Any]
Bend = Callable[[Json], object]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_bundle(default_policies_directory(), date(2026, 11, 20)).catalogue


@pytest.fixture(scope="module")
def mapping(catalogue: Catalogue) -> RestMapping:
    return replace(shipped("pole-demo", catalogue), echoes_request_id=False)


def candidates(count: int = 1) -> Json:
    rows = [
        {"personId": f"P{place}", "surname": SECRET, "givenName": "Maya", "dateOfBirth": "2017-03-09", "gender": "F"}
        for place in range(1, count + 1)
    ]
    return {"asOf": "2026-11-20T10:00:00Z", "truncated": False, "candidates": rows}


def incident(number: int = 1, **more: object) -> Json:
    event = {"occurredOn": "2026-10-01", "summary": f"{SECRET} was seen"}
    row = {"recordId": f"R{number}", "personId": "P1", "type": "OCCURRENCE", "markings": [], "event": event}
    return {**row, **more}


def records(*rows: Json) -> Json:
    return {"asOf": "2026-11-20T10:00:00Z", "personId": "P1", "records": list(rows)}


async def answers(
    ask: Callable[[RestConnector], Any], body: object, mapping: RestMapping, catalogue: Catalogue
) -> tuple[Any, list[Json]]:
    """What the connector makes of ``body``, and what it asked."""
    async with bendable(response(body)) as server:
        connector = RestConnector(POLICE, server.url, mapping, BearerToken("x"), catalogue)
        try:
            answer = await ask(connector)
        finally:
            await connector.close()
        return answer, [orjson.loads(request.body) for request in server.requests]


def match(connector: RestConnector) -> Any:
    return connector.match(SEARCH, Deadline.after(3))


def find(connector: RestConnector) -> Any:
    return connector.find(WHO, KINDS, Deadline.after(5))


POINTERS = tuple(RecordPointer("testshire-police", "incident", f"R{number}") for number in (1, 2))


def fetch(connector: RestConnector) -> Any:
    return connector.fetch(WHO, POINTERS, Deadline.after(3))


def bent(body: Json, bend: Bend) -> Json:
    changed = copy.deepcopy(body)
    bend(changed)
    return changed


def without(key: str) -> Bend:
    return lambda body: body.pop(key)


def put(key: str, value: object) -> Bend:
    return lambda body: body.update({key: value})


def first(bend: Bend) -> Bend:
    return lambda body: bend((body.get("records") or body["candidates"])[0])


R = NoAnswerReason

MATCH: dict[str, tuple[Bend, NoAnswerReason]] = {
    "no candidates": (without("candidates"), R.MALFORMED),
    "null candidates": (put("candidates", None), R.MALFORMED),
    "candidates by key": (put("candidates", {}), R.MALFORMED),
    "a candidate that is a text": (put("candidates", ["P1"]), R.MALFORMED),
    "no id": (first(without("personId")), R.MALFORMED),
    "empty id": (first(put("personId", "")), R.MALFORMED),
    "id that is an object": (first(put("personId", {})), R.MALFORMED),
    "name that is a number": (first(put("surname", 7)), R.MALFORMED),
    "birth date that is none": (first(put("dateOfBirth", "unknown")), R.MALFORMED),
    "birth date that is a number": (first(put("dateOfBirth", 20170309)), R.MALFORMED),
    "gender that is a list": (first(put("gender", ["F"])), R.MALFORMED),
    "says there are more": (put("truncated", True), R.TOO_LARGE),
    "says perhaps there are more": (put("truncated", "maybe"), R.TOO_LARGE),
    "one too many": (put("candidates", candidates(CANDIDATES_MAX + 1)["candidates"]), R.TOO_LARGE),
}

FIND: dict[str, tuple[Bend, NoAnswerReason]] = {
    "about somebody else": (put("personId", "P2"), R.WRONG_PERSON),
    "about nobody": (without("personId"), R.MALFORMED),
    "one record of somebody else": (lambda body: body["records"][1].update(personId="P2"), R.WRONG_PERSON),
    "one record of nobody": (first(without("personId")), R.MALFORMED),
    "an id alike": (put("personId", "p1"), R.WRONG_PERSON),
    "a record without an id": (first(without("recordId")), R.MALFORMED),
    "a record twice": (first(put("recordId", "R2")), R.MALFORMED),
    "a record without a type": (first(without("type")), R.MALFORMED),
    "a type not asked for": (first(put("type", "WARNING_FLAG")), R.MALFORMED),
    "a type nobody knows": (first(put("type", "DREAM")), R.MALFORMED),
    "no records": (without("records"), R.MALFORMED),
    "null records": (put("records", None), R.MALFORMED),
    "a record that is a text": (put("records", ["R1"]), R.MALFORMED),
    "no time": (without("asOf"), R.MALFORMED),
    "a time that is none": (put("asOf", "today"), R.MALFORMED),
    "markings that are a number": (first(put("markings", 3)), R.MALFORMED),
    "a next page elsewhere": (put("next", "https://evil.example/"), R.MALFORMED),
    "a next page that is no link": (put("next", {"page": 2}), R.MALFORMED),
    "one record too many": (
        put("records", [incident(number) for number in range(RECORDS_MAX + 1)]),
        R.TOO_LARGE,
    ),
}

FETCH: dict[str, tuple[Bend, NoAnswerReason]] = {
    "about somebody else": (put("personId", "P2"), R.WRONG_PERSON),
    "one record of somebody else": (lambda body: body["records"][1].update(personId="P2"), R.WRONG_PERSON),
    "a record left out": (lambda body: body["records"].pop(), R.MALFORMED),
    "nothing at all": (put("records", []), R.MALFORMED),
    "a surplus record": (lambda body: body["records"].append(incident(3)), R.MALFORMED),
    "a record twice": (lambda body: body["records"].append(incident(2)), R.MALFORMED),
    "another record": (first(put("recordId", "R9")), R.MALFORMED),
    "another type": (first(put("type", "INTELLIGENCE_REPORT")), R.MALFORMED),
    "a marking that was not there before": (first(put("markings", ["COURT-ORDER"])), R.MALFORMED),
    "an unknown marking that was not there before": (first(put("markings", ["LOCAL"])), R.MALFORMED),
    "markings no longer stated": (first(without("markings")), R.MALFORMED),
    "a date that is none": (first(put("event", {"occurredOn": "32/13/2026"})), R.MALFORMED),
    "an event that is a text": (first(put("event", SECRET)), R.MALFORMED),
    "a summary that is an object": (first(put("event", {"summary": {"text": SECRET}})), R.MALFORMED),
    "no time": (without("asOf"), R.MALFORMED),
}


def rows(ask: Any, good: Json, table: dict[str, tuple[Bend, NoAnswerReason]]) -> list[Any]:
    name = ask.__name__
    return [pytest.param(ask, good, bend, reason, id=f"{name}: {case}") for case, (bend, reason) in table.items()]


@pytest.mark.parametrize(
    ("ask", "good", "bend", "reason"),
    [
        *rows(match, candidates(), MATCH),
        *rows(find, records(incident(1), incident(2)), FIND),
        *rows(fetch, records(incident(1), incident(2)), FETCH),
    ],
)
async def test_a_wrong_answer_is_no_answer(
    ask: Any, good: Json, bend: Bend, reason: NoAnswerReason, mapping: RestMapping, catalogue: Catalogue
) -> None:
    answer, _ = await answers(ask, good, mapping, catalogue)
    assert not isinstance(answer, NoAnswer)
    answer, _ = await answers(ask, bent(good, bend), mapping, catalogue)
    assert isinstance(answer, NoAnswer)
    assert answer.reason is reason, answer
    assert SECRET not in answer.detail


async def test_as_many_as_may_be(mapping: RestMapping, catalogue: Catalogue) -> None:
    matched, _ = await answers(match, candidates(CANDIDATES_MAX), mapping, catalogue)
    assert isinstance(matched, Matched)
    assert len(matched.candidates) == CANDIDATES_MAX
    most = [incident(number) for number in range(RECORDS_MAX)]
    found, _ = await answers(find, records(*most), mapping, catalogue)
    assert isinstance(found, Found)
    assert len(found.pointers) == RECORDS_MAX


async def test_what_the_system_says_beyond_the_mapping_is_left_alone(
    mapping: RestMapping, catalogue: Catalogue
) -> None:
    more = records(incident(1, officer={"name": "x"}, nhsNumber="9990004021"), incident(2))
    fetched, asked = await answers(fetch, {**more, "server": "x"}, mapping, catalogue)
    assert isinstance(fetched, Fetched)
    assert asked == [{"ids": ["R1", "R2"]}]
    assert dict(unseal(fetched.records[0])) == {"on": date(2026, 10, 1), "summary": f"{SECRET} was seen"}
    assert fetched.records[0].as_of == datetime(2026, 11, 20, 10, tzinfo=UTC)


async def test_a_label_the_hub_added_to_the_pointer_is_not_a_change(mapping: RestMapping, catalogue: Catalogue) -> None:
    restricted = [replace(pointer, labels=frozenset({"restricted"})) for pointer in POINTERS]
    body = records(incident(1), incident(2))
    fetched, _ = await answers(lambda c: c.fetch(WHO, restricted, Deadline.after(3)), body, mapping, catalogue)
    assert isinstance(fetched, Fetched)
    assert [record.pointer for record in fetched.records] == restricted


async def test_a_release_taken_back_between_index_and_record_is_no_answer(
    mapping: RestMapping, catalogue: Catalogue
) -> None:
    labels = frozenset({"handling_code_c", "intelligence_released"})
    pointer = RecordPointer("testshire-police", "intelligence", "R1", labels)
    row = incident(type="INTELLIGENCE_REPORT", handling={"code": "C", "sanitisedRelease": True})

    def ask(connector: RestConnector) -> Any:
        return connector.fetch(WHO, [pointer], Deadline.after(3))

    fetched, _ = await answers(ask, records(row), mapping, catalogue)
    assert isinstance(fetched, Fetched)
    row["handling"] = {"code": "C", "sanitisedRelease": False}
    answer, _ = await answers(ask, records(row), mapping, catalogue)
    assert isinstance(answer, NoAnswer)


HANDLING_CODES = {"handling_code_p", "handling_code_c"}
UNSTATED: dict[str, tuple[Json, set[str], set[str]]] = {
    "all stated": ({"handling": {"code": "P", "sanitisedRelease": False}, "markings": []}, {"handling_code_p"}, set()),
    "no code": ({"handling": None, "markings": []}, set(), HANDLING_CODES),
    "code 5 of 5x5x5 is code C": ({"handling": {"code": "5"}, "markings": []}, {"handling_code_c"}, set()),
    **{
        f"code {code} of 5x5x5 has no word": ({"handling": {"code": code}, "markings": []}, {f"unmapped:{code}"}, set())
        for code in "1234"
    },
    "secret": ({"handling": None, "markings": ["SECRET"]}, {"unmapped:never-connected"}, HANDLING_CODES),
    "unknown code": ({"handling": {"code": "Z"}, "markings": []}, {"unmapped:z"}, set()),
    "local marking": (
        {"handling": {"code": "P"}, "markings": ["LOCAL-77"]},
        {"handling_code_p", "unmapped:local-77"},
        set(),
    ),
}


@pytest.mark.parametrize(("row", "labels", "undetermined"), UNSTATED.values(), ids=UNSTATED.keys())
async def test_markings_reach_the_pointer(
    row: Json, labels: set[str], undetermined: set[str], mapping: RestMapping, catalogue: Catalogue
) -> None:
    body = records({**incident(), "type": "INTELLIGENCE_REPORT", **row})
    found, asked = await answers(find, body, mapping, catalogue)
    assert isinstance(found, Found)
    assert (found.pointers[0].labels, found.pointers[0].undetermined) == (labels, undetermined)
    assert asked == [{"types": ["INTELLIGENCE_REPORT", "OCCURRENCE"]}]


async def test_kinds_of_other_systems_are_not_asked_for(mapping: RestMapping, catalogue: Catalogue) -> None:
    def ask(connector: RestConnector) -> Any:
        return connector.find(WHO, frozenset({"protection_plan", "incident"}), Deadline.after(3))

    _, asked = await answers(ask, records(), mapping, catalogue)
    assert asked == [{"types": ["OCCURRENCE"]}]


SAMPLES: dict[ValueType, tuple[object, object]] = {
    ValueType.TEXT: ("words", "words"),
    ValueType.DATE: ("2026-10-01", date(2026, 10, 1)),
    ValueType.DATETIME: ("2026-10-01T09:30:00+01:00", datetime(2026, 10, 1, 8, 30, tzinfo=UTC)),
    ValueType.INTEGER: (2, 2),
    ValueType.BOOLEAN: ("N", False),
}


@pytest.mark.parametrize("kind", sorted(WIRE))
async def test_every_field_of_every_kind_is_read(kind: str, mapping: RestMapping, catalogue: Catalogue) -> None:
    type_, part, places = WIRE[kind]
    specs: list[FieldSpec] = list(catalogue[kind].fields)
    body: Json = {}
    for spec in specs:
        inside = body
        *outer, last = places[spec.name].split(".")
        for key in outer:
            inside = inside.setdefault(key, {})
        inside[last] = SAMPLES[spec.type][0]
    row = {"recordId": "R1", "personId": "P1", "type": type_, "markings": [], "handling": {"code": "P"}, part: body}
    labels = frozenset({"handling_code_p"})
    pointer = RecordPointer("testshire-police", kind, "R1", labels)
    ask = lambda connector: connector.fetch(WHO, [pointer], Deadline.after(3))  # noqa: E731
    fetched, _ = await answers(ask, records(row), mapping, catalogue)
    assert isinstance(fetched, Fetched), fetched
    told = {spec.name: SAMPLES[spec.type][1] for spec in specs}
    told |= {reading.name: "words (code not known)" for reading in mapping.readings[kind] if reading.words}
    assert dict(unseal(fetched.records[0])) == told


def identity(given: tuple[str, ...], family: tuple[str, ...], born: str = "2017-03-09") -> Identity:
    return Identity(given_names=given, family_names=family, birth_date=PartialDate.parse(born))


ASKED: dict[str, tuple[ChildSearch, int]] = {
    "one identity": (SEARCH, 1),
    "the same twice": (ChildSearch(SEARCH.stated, (SEARCH.stated,)), 1),
    "the same in capitals": (ChildSearch(SEARCH.stated, (identity(("MAYA",), ("THORNBURY",)),)), 1),
    "two family names": (ChildSearch(identity(("Maya",), ("Thornbury", "Hale"))), 2),
    "two given names": (ChildSearch(identity(("Maya", "May"), ("Thornbury",))), 2),
    "another birth date": (ChildSearch(SEARCH.stated, (identity(("Maya",), ("Thornbury",), "2017"),)), 2),
    "one of two without a name": (ChildSearch(Identity(), (SEARCH.stated,)), 1),
    "as many as may be": (
        ChildSearch(identity(("Maya",), tuple(f"Name {n}" for n in range(QUESTIONS_MAX)))),
        QUESTIONS_MAX,
    ),
}


@pytest.mark.parametrize(("search", "count"), ASKED.values(), ids=ASKED.keys())
async def test_every_identity_is_asked_once(
    search: ChildSearch, count: int, mapping: RestMapping, catalogue: Catalogue
) -> None:
    def ask(connector: RestConnector) -> Any:
        return connector.match(search, Deadline.after(3))

    matched, asked = await answers(ask, candidates(2), mapping, catalogue)
    assert isinstance(matched, Matched)
    assert [who.local_id for who in matched.candidates] == ["P1", "P2"]
    assert len(asked) == count
    assert all(question.keys() == {"surname", "givenName", "dateOfBirthFrom", "dateOfBirthTo"} for question in asked)


async def test_more_names_than_can_be_asked_is_no_answer_and_nobody_is_asked(
    mapping: RestMapping, catalogue: Catalogue
) -> None:
    many = ChildSearch(identity(("Maya",), tuple(f"Name {n}" for n in range(QUESTIONS_MAX + 1))))
    answer, asked = await answers(lambda c: c.match(many, Deadline.after(3)), candidates(), mapping, catalogue)
    assert (answer.reason, asked) == (R.TOO_LARGE, [])


async def test_candidates_of_all_questions_count_together(mapping: RestMapping, catalogue: Catalogue) -> None:
    async def script(request: Request) -> None:
        base = 100 if orjson.loads(request.body)["surname"] == "Hale" else 0
        body = candidates(30)
        for place, row in enumerate(body["candidates"]):
            row["personId"] = f"P{base + place}"
        await request.send(response(body))

    async with bendable(script) as server:
        connector = RestConnector(POLICE, server.url, mapping, None, catalogue)
        answer = await connector.match(ChildSearch(identity(("Maya",), ("Thornbury", "Hale"))), Deadline.after(3))
        await connector.close()
    assert isinstance(answer, NoAnswer)
    assert answer.reason is R.TOO_LARGE


async def test_one_question_failing_fails_the_match(mapping: RestMapping, catalogue: Catalogue) -> None:
    async def script(request: Request) -> None:
        failing = orjson.loads(request.body)["surname"] == "Hale"
        await request.send(response({}, "500 Oops") if failing else response(candidates(0)))

    async with bendable(script) as server:
        connector = RestConnector(POLICE, server.url, mapping, None, catalogue)
        answer = await connector.match(ChildSearch(identity(("Maya",), ("Thornbury", "Hale"))), Deadline.after(3))
        await connector.close()
    assert isinstance(answer, NoAnswer)
    assert answer.reason is R.DOWN


@pytest.mark.parametrize("local_id", ["../../admin", "P1/records?x=", "P1#", "P 1", "%2e%2e"])
async def test_an_id_cannot_choose_the_path(local_id: str, mapping: RestMapping, catalogue: Catalogue) -> None:
    async with bendable(response(records())) as server:
        connector = RestConnector(POLICE, server.url, mapping, None, catalogue)
        who = Candidate("testshire-police", local_id, Identity())
        answer = await connector.find(who, KINDS, Deadline.after(3))
        await connector.close()
        path = server.requests[0].line.split()[1]
    assert isinstance(answer, NoAnswer)
    assert answer.reason is R.WRONG_PERSON
    assert path.startswith("/v1/persons/")
    assert path.endswith("/records/index")
    assert path.count("/") == 5
    assert "?" not in path

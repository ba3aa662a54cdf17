"""`hub connector check` of a GraphQL system: its schema against the mapping, questions about nobody, and never a value."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from graphql import GraphQLError, build_schema

from hub.connectors.checking import NOBODY, Grade, Report, examine
from hub.connectors.checking_walk import Known, walk
from hub.connectors.graphql.mapping import GraphqlMapping
from tests.connectors.bendable import bendable, response
from tests.connectors.fhir_bench import served
from tests.connectors.graphql_bench import (
    BY_NUMBER,
    CASEWORK,
    CATALOGUE,
    MAYA,
    SECRET,
    SUBGRAPH,
    VOCABULARY,
    Served,
    World,
    child,
    connector,
    mapping,
    redacted,
    subgraph_root,
)

Json = dict[str, Any]


def knowing_root() -> Json:
    """A case system that looks at whom it is asked about."""
    root = World().root()
    person, people = root["person"], root["people"]
    return root | {
        "person": lambda _, **asked: person() if asked["id"] == "P1" else None,
        "people": lambda _, **asked: {"more": False, "items": []} if NOBODY in asked.values() else people(),
    }


SERVER = Served(CASEWORK, knowing_root, refuses=True)
PART = Served(SUBGRAPH, lambda: subgraph_root({MAYA: child()}), refuses=True)


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    with served(SERVER) as casework, served(PART) as subgraph:
        yield {"casework": casework, "subgraph": subgraph}


@pytest.fixture(autouse=True)
def sound() -> None:
    for server, sdl in ((SERVER, CASEWORK), (PART, SUBGRAPH)):
        server.schema, server.bend = build_schema(sdl), lambda body: body
        server.asked.clear()
        server.persisted.clear()
    SERVER.root, PART.root = knowing_root, lambda: subgraph_root({MAYA: child()})


async def checked(url: str, name: str = "casework", how: GraphqlMapping | None = None) -> Report:
    made = connector(url, name, how)
    report = await examine(made, 5)
    await made.close()
    told = " ".join(f"{each.what} {each.do}" for each in report.findings)
    assert SECRET not in told
    assert "Thornbury" not in told
    return report


def graded(report: Report, grade: Grade) -> list[str]:
    return [each.what for each in report.findings if each.grade is grade]


def closed(body: Json) -> Json:
    """What a system answers that shows its schema to nobody."""
    if "__schema" not in (body.get("data") or {}):
        return body
    return {"errors": [{"message": "no", "extensions": {"code": "INTROSPECTION_DISABLED"}}]}


# ---- all is well -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["casework", "subgraph"])
async def test_all_is_well_and_nobody_is_asked_about(urls: dict[str, str], name: str) -> None:
    report = await checked(urls[name], name)
    assert report.is_well, report
    assert graded(report, Grade.NOTE) == []
    fits = [each for each in graded(report, Grade.WELL) if "the operation fits its schema" in each]
    assert len(fits) == 2 + len(mapping(name).searches)
    asked = [each["variables"] for each in (*SERVER.asked, *PART.asked) if each.get("variables")]
    assert asked
    assert all(NOBODY in str(each) for each in asked)
    assert MAYA not in str(asked)


async def test_a_schema_that_is_closed_is_a_note_and_the_operations_are_tried(urls: dict[str, str]) -> None:
    SERVER.bend = closed
    report = await checked(urls["casework"])
    assert report.is_well, report
    (told,) = graded(report, Grade.NOTE)
    assert "does not show its schema" in told


async def test_a_test_patient_is_counted(urls: dict[str, str]) -> None:
    made = connector(urls["casework"])
    report = await walk(made, Known(CATALOGUE, VOCABULARY), BY_NUMBER, 5)
    await made.close()
    assert report.is_well, report
    counted = {(each.kind, each.field): each.present for each in report.samples}
    assert counted["protection_plan", "category"] == 1
    assert "Neglect" not in str(report.samples)


# ---- the schema is another than the mapping thinks -------------------------------------------------------------------

SCHEMAS: dict[str, tuple[str, str, str]] = {
    "a field renamed": ("category: WordsResult ", "cause: WordsResult ", "Cannot query field 'category' on type 'ProtectionPlan'"),
    "a type taken away": (" | CaseNote", "", "Fragment cannot be spread here as objects of type 'Record' can never be of type 'CaseNote'"),
    "an argument taken away": ("notes(after: String)", "notes", "Unknown argument 'after' on field 'Person.notes'"),
    "another type of argument": ("person(id: ID!)", "person(id: Int!)", "Variable '$person' of type 'ID!' used in position expecting type 'Int!'"),
    "a value became an object": ("title: String", "title: Words", "Field 'title' of type 'Words' must have a selection of subfields"),
    "a search by name gone": ("surname: String, forename: String, bornFrom: Date, bornTo: Date", "familyName: String", "Unknown argument 'surname'"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), SCHEMAS.values(), ids=SCHEMAS.keys())
async def test_what_the_schema_lacks_is_told_by_operation_and_line(
    urls: dict[str, str], old: str, new: str, says: str
) -> None:
    assert old in CASEWORK
    SERVER.schema = build_schema(CASEWORK.replace(old, new))
    report = await checked(urls["casework"])
    told = graded(report, Grade.MEND)
    assert any(says in each and ", line " in each for each in told), told
    assert not any("refuses the operation" in each for each in told)  # said once, by the schema


async def test_the_same_with_the_schema_closed_is_told_by_the_place_it_complains_of(urls: dict[str, str]) -> None:
    SERVER.schema, SERVER.bend = build_schema(CASEWORK.replace("category: WordsResult ", "cause: WordsResult ")), closed
    report = await checked(urls["casework"])
    (told,) = graded(report, Grade.MEND)
    assert told.startswith("fetch: it refuses the operation (line ")
    assert "at `category`" in told


NOTES: dict[str, tuple[str, str, str]] = {
    "a type that nothing asks for": (
        "union Record = Person", "type Sealed { id: ID! } union Record = Sealed | Person",
        "where it asks for Record the answer may be Sealed",
    ),
    "a field that will go": ("surnames: [String!]", 'surnames: [String!] @deprecated(reason: "Zebedee-Secret")',
                             "The field Person.surnames is deprecated there"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), NOTES.values(), ids=NOTES.keys())
async def test_what_may_go_wrong_later_is_a_note(urls: dict[str, str], old: str, new: str, says: str) -> None:
    SERVER.schema = build_schema(CASEWORK.replace(old, new))
    report = await checked(urls["casework"])
    assert report.is_well, report
    assert any(says in each for each in graded(report, Grade.NOTE)), report


def registered(text: str) -> str:
    assert text.count('person = "person"') == 2
    return text.replace('person = "person"', 'person = "person"\npersisted = "op-1"')


async def test_operations_that_are_not_registered(urls: dict[str, str]) -> None:
    how = mapping("casework", registered)
    report = await checked(urls["casework"], how=how)
    told = graded(report, Grade.MEND)
    assert len(told) == 2
    assert all("does not have this operation registered" in each for each in told)


# ---- what it says of nobody ------------------------------------------------------------------------------------------


def fails(*_: object, **__: object) -> Any:
    raise GraphQLError(f"nobody like {SECRET}")


def for_person(answer: Callable[..., Any]) -> Json:
    return knowing_root() | {"person": answer}


NOBODIES: dict[str, tuple[Callable[[], Json], Grade, str]] = {
    "everybody": (World().root, Grade.MEND, "find: it gave something to a question about nobody"),
    "something held back": (lambda: for_person(lambda *_, **__: redacted()), Grade.NOTE, "never `not held`"),
    "a fault": (lambda: for_person(fails), Grade.NOTE, "holds something back or failed"),
}


@pytest.mark.parametrize(("root", "grade", "says"), NOBODIES.values(), ids=NOBODIES.keys())
async def test_of_a_person_who_is_none_it_says(
    urls: dict[str, str], root: Callable[[], Json], grade: Grade, says: str
) -> None:
    SERVER.root = root
    report = await checked(urls["casework"])
    assert any(says in each for each in graded(report, grade)), report
    assert report.is_well is (grade is not Grade.MEND)


async def test_a_search_that_gives_everybody(urls: dict[str, str]) -> None:
    SERVER.root = lambda: knowing_root() | {"people": World().root()["people"]}
    report = await checked(urls["casework"])
    assert [each.split(":")[0] for each in graded(report, Grade.MEND)] == ["match[0]", "match[1]"]


# ---- bad upstreams ---------------------------------------------------------------------------------------------------

DATA: Json = {"data": {"asOf": "2026-11-20T10:00:00Z", "person": None}}
DEEP: Json = copy.deepcopy(DATA) | {
    "data": {"__schema": {"queryType": {"name": SECRET}, "types": [{"kind": "OBJECT"}]}}
}

HOSTILE: dict[str, tuple[bytes, str]] = {
    "unauthorised": (response({"errors": []}, "401 Unauthorized"), "refused: it refused the hub's credentials"),
    "down": (response({}, "503 Service Unavailable"), "down: it reported a fault of its own (HTTP 503)"),
    "a web page": (response(b"<html>Zebedee-Secret</html>", content_type="text/html"), "find, asked about a person who is none: malformed"),
    "not JSON": (response(b"{"), "find, asked about a person who is none: malformed"),
    "no GraphQL": (response({"ok": SECRET}), "its answer is not a GraphQL response"),
    "a list": (response([SECRET]), "its answer is not a GraphQL response"),
    "another question's answer": (response({"data": {SECRET: 1}}), "does not have the shape of the question"),
    "data null": (response({"data": None}), "its answer holds no data"),
    "half a schema": (response(DEEP), "does not have the shape of the question"),
    "forbidden": (response({"errors": [{"message": SECRET, "extensions": {"code": "FORBIDDEN"}}], "data": None}), "refused: it would not let the hub see what was asked"),
    "errors of no shape": (response({"errors": [SECRET, {"locations": [SECRET]}, {"locations": [{"line": 10**9, "column": -1}]}]}, "400 Bad Request"), "it refuses the operation"),
    "errors that are a text": (response({"errors": SECRET}, "400 Bad Request"), "it refuses the operation"),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "says"), HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_bad_upstream_is_told_and_never_quoted(raw: bytes, says: str) -> None:
    async with bendable(raw) as server:
        report = await checked(server.url)
    assert not report.is_well
    assert any(says in each for each in graded(report, Grade.MEND)), report
    assert all(each.do for each in report.findings if each.grade is Grade.MEND)


async def test_nothing_there() -> None:
    report = await checked("http://127.0.0.1:9")
    assert [each.what for each in report.findings] == ["down: no connection could be made"]

"""The contract of ``hostile.py`` for GraphQL, and the ways to be wrong that only GraphQL has."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from hub.connectors.base import CANDIDATES_MAX, RECORDS_MAX, Connector, Fetched, Found, Matched
from hub.connectors.http import PAGES_MAX
from hub.domain.people import Candidate
from hub.domain.records import RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.bendable import Request, bendable, response
from tests.connectors.graphql_bench import (
    BY_NUMBER,
    CASEWORK,
    COUNCIL,
    OTHER,
    SEARCH,
    SECRET,
    Served,
    World,
    connector,
    soon,
)
from tests.connectors.hostile import Asked, Bench, HostileUpstream, Lie, no_answer

Body = dict[str, Any]
WORLD = World()
WORLD.notes = [World.note(1), World.note(2)]
SERVER = Served(CASEWORK, WORLD.root)
MAYA = Candidate(COUNCIL.id, "P1", SEARCH.stated)
NOTES = frozenset({"case_document"})
POINTERS = [RecordPointer(COUNCIL.id, "case_document", f"N{number}") for number in (1, 2)]
WRONG = no_answer("wrong_person", "it answered about somebody else: all of it was thrown away")
NO_PAGES = "this call has no pages"
NO_LINKS = "its pages are cursors, not addresses"
R = NoAnswerReason


def malformed(detail: str) -> tuple[Any, ...]:
    return no_answer("malformed", detail)


NOT_ASKED_FOR = malformed("it sent a record that was not asked for")
TOO_MANY_PEOPLE = no_answer(
    "too_large", f"it holds more than {CANDIDATES_MAX} people like that: ask with more names or a whole birth date"
)


def person_of(body: Body) -> Body:
    person: Body = body["data"]["person"]
    return person


def bent(change: Callable[[Body], object], sees: tuple[Any, ...]) -> Lie:
    def bend(honest: Body, _: Asked) -> Body:
        body = copy.deepcopy(honest)
        change(body)
        return body

    return Lie(bend, sees)


def nodes(body: Body) -> list[Any]:
    rows: list[Any] = person_of(body)["notes"]["nodes"]
    return rows


def rows(body: Body) -> list[Any]:
    found: list[Any] = person_of(body)["records"]
    return found


def items(body: Body) -> list[Any]:
    found: list[Any] = body["data"]["people"]["items"]
    return found


def many(body: Body) -> None:
    nodes(body)[:] = [nodes(body)[0] | {"id": f"M{number}"} for number in range(RECORDS_MAX + 1)]


def next_page(cursor: Callable[[Asked], str]) -> Callable[[Body, Asked], Body]:
    def bend(honest: Body, asked: Asked) -> Body:
        body = copy.deepcopy(honest)
        person_of(body)["notes"]["page"] = {"end": cursor(asked), "hasMore": True}
        nodes(body)[:] = [World.note(asked.count * 10 + number) for number in (1, 2)]
        nodes(body)[:] = [{key: row[key] for key in ("__typename", "id", "markings", "subject")} for row in nodes(body)]
        return body

    return bend


def says(request: Request) -> Body:
    return SERVER.respond(orjson.loads(request.body))


def council(url: str) -> Connector:
    return connector(url)


BENCH = Bench(
    council,
    "application/graphql-response+json",
    says,
    {
        "match": lambda one, deadline: one.match(BY_NUMBER, deadline),
        "find": lambda one, deadline: one.find(MAYA, NOTES, deadline),
        "fetch": lambda one, deadline: one.fetch(MAYA, POINTERS, deadline),
    },
    {
        "match": {
            "answers about another child": bent(lambda body: items(body)[0].update(nhsNumber=OTHER), WRONG),
            "a record of another child among ours": bent(lambda body: items(body).append(items(body)[0] | {"nhsNumber": OTHER}), WRONG),
            "the same record twice": bent(lambda body: items(body).append(items(body)[0]), (None,)),
            "a record that was not asked for": "who the candidates are is for matching to judge",
            "leaves out a record it was asked for": "nobody is asked for by name of record",
            "more than may be": bent(lambda body: items(body).extend(items(body) * CANDIDATES_MAX), TOO_MANY_PEOPLE),
            "says that there is more than it sent": bent(lambda body: body["data"]["people"].update(more=True), TOO_MANY_PEOPLE),
            "a next page on another host": NO_PAGES,
            "next pages in a circle": NO_PAGES,
            "next pages without end": NO_PAGES,
        },
        "find": {
            "answers about another child": bent(lambda body: person_of(body).update(id="P2"), WRONG),
            "a record of another child among ours": bent(lambda body: nodes(body)[1].update(subject={"id": "P2"}), WRONG),
            "the same record twice": bent(lambda body: nodes(body).append(nodes(body)[0]), malformed("it listed a record twice")),
            "a record that was not asked for": bent(lambda body: nodes(body)[0].update(__typename="ProtectionPlan"), malformed("it listed a record in the list of another kind")),
            "leaves out a record it was asked for": "the index is what says which there are",
            "more than may be": bent(many, no_answer("too_large", f"it holds more than {RECORDS_MAX:,} records")),
            "says that there is more than it sent": bent(lambda body: person_of(body)["notes"]["page"].update(hasMore=True, end=None), malformed("it says that there is a next page, and not where")),
            "a next page on another host": NO_LINKS,
            "next pages in a circle": Lie(next_page(lambda asked: str(asked.count % 2)), malformed("its pages go round in a circle")),
            "next pages without end": Lie(next_page(lambda asked: str(asked.count + 10)), no_answer("too_large", f"its answer has more than {PAGES_MAX} pages")),
        },
        "fetch": {
            "answers about another child": bent(lambda body: person_of(body).update(id="P2"), WRONG),
            "a record of another child among ours": bent(lambda body: rows(body)[1].update(subject={"id": "P2"}), WRONG),
            "the same record twice": bent(lambda body: rows(body).append(rows(body)[0]), NOT_ASKED_FOR),
            "a record that was not asked for": bent(lambda body: rows(body).append(rows(body)[0] | {"id": "N9"}), NOT_ASKED_FOR),
            "leaves out a record it was asked for": bent(lambda body: rows(body).pop(), malformed("it left out a record that was asked for")),
            "more than may be": bent(lambda body: rows(body).extend([rows(body)[0] | {"id": f"N{n}"} for n in range(9, RECORDS_MAX)]), NOT_ASKED_FOR),
            "says that there is more than it sent": NO_PAGES,
            "a next page on another host": NO_PAGES,
            "next pages in a circle": NO_PAGES,
            "next pages without end": NO_PAGES,
        },
    },
)  # fmt: skip


class TestGraphql(HostileUpstream):
    bench = BENCH


# ---- what only GraphQL can do wrong ---------------------------------------------------------------------------------


def failed(*path: Any, code: str | None = None) -> Callable[[Body], None]:
    """An error at ``path``, and the null it leaves."""

    def bend(body: Body) -> None:
        here = body["data"]
        for step in path[:-1]:
            here = here[step]
        here[path[-1]] = None
        body["errors"] = [{"message": SECRET, "path": list(path), "extensions": {"code": code}}]

    return bend


def error(**more: Any) -> Callable[[Body], None]:
    return lambda body: body.update(errors=[{"message": SECRET, **more}])


SHAPES: dict[str, tuple[Callable[[Body], object], NoAnswerReason]] = {
    "data is null": (lambda body: body.update(data=None), R.MALFORMED),
    "no data": (lambda body: body.pop("data"), R.MALFORMED),
    "no data, and errors": (lambda body: (body.pop("data"), error()(body)), R.MALFORMED),
    "not allowed": (error(extensions={"code": "FORBIDDEN"}), R.REFUSED),
    "logged out": (error(extensions={"code": "UNAUTHENTICATED"}), R.REFUSED),
    "asked too often": (error(extensions={"code": "THROTTLED"}), R.DOWN),
    "a code nobody knows": (error(extensions={"code": "ODD"}), R.MALFORMED),
    "a code that is no text": (error(extensions={"code": {}}), R.MALFORMED),
    "an error with no path": (error(), R.MALFORMED),
    "an error that left no null": (error(path=["person", "id"]), R.MALFORMED),
    "an error in a place that is not there": (error(path=["person", "nobody"]), R.MALFORMED),
    "errors that are none": (lambda body: body.update(errors="x"), R.MALFORMED),
    "more to come": (lambda body: body.update(hasNext=True), R.MALFORMED),
    "nothing": (lambda body: body.clear(), R.MALFORMED),
    "a key too many": (lambda body: person_of(body).update(extra=1), R.MALFORMED),
    "a key too few": (lambda body: person_of(body).pop("nhsNumber"), R.MALFORMED),
    "a type nobody asked for": (lambda body: person_of(body).update(__typename="Adult"), R.MALFORMED),
    "a type that is no text": (lambda body: person_of(body).update(__typename=["Person"]), R.MALFORMED),
    "a person who is null": (lambda body: body["data"].update(person=None), R.MALFORMED),
    "a person who failed": (failed("person"), R.MALFORMED),
    "a person who is a list": (lambda body: body["data"].update(person=[person_of(body)]), R.MALFORMED),
    "another number": (lambda body: person_of(body).update(nhsNumber=OTHER), R.WRONG_PERSON),
    "another birth date": (lambda body: person_of(body).update(dateOfBirth="2016-03-09"), R.WRONG_PERSON),
    "no time": (lambda body: body["data"].update(asOf=None), R.MALFORMED),
}

FIND: dict[str, tuple[Callable[[Body], object], NoAnswerReason]] = {
    "a list that is null": (lambda body: person_of(body).update(plans=None), R.MALFORMED),
    "a list that failed": (failed("person", "plans"), R.MALFORMED),
    "a record that is null": (lambda body: nodes(body).append(None), R.MALFORMED),
    "a record that failed": (failed("person", "notes", "nodes", 0), R.MALFORMED),
    "an id that failed": (failed("person", "notes", "nodes", 0, "id"), R.MALFORMED),
    "whose it is failed": (failed("person", "notes", "nodes", 0, "subject"), R.MALFORMED),
    "a type of record nobody asked for": (lambda body: nodes(body)[0].update(__typename="Dream"), R.MALFORMED),
    "whether there is more failed": (failed("person", "notes", "page", "hasMore"), R.MALFORMED),
}

FETCH: dict[str, tuple[Callable[[Body], object], NoAnswerReason]] = {
    "a record that is null": (lambda body: rows(body).append(None), R.MALFORMED),
    "a record that failed": (failed("person", "records", 0), R.MALFORMED),
    "a record redacted since": (
        lambda body: rows(body).__setitem__(0, {"__typename": "RedactedResult", "reason": None}),
        R.REFUSED,
    ),
    "markings that failed": (failed("person", "records", 0, "markings"), R.MALFORMED),
    "a marking that was not there": (lambda body: rows(body)[0].update(markings=["COURT_ORDER"]), R.MALFORMED),
    "a date that is none": (lambda body: rows(body)[0].update(on=SECRET), R.MALFORMED),
    "words of a type nobody asked for": (
        lambda body: rows(body)[0]["summary"].update(__typename="Poem"),
        R.MALFORMED,
    ),
}


@pytest.mark.parametrize(
    ("call", "bend", "reason"),
    [pytest.param(call, *row, id=f"{call}: {name}") for call in ("find", "fetch") for name, row in SHAPES.items()]
    + [pytest.param("find", *row, id=f"find: {name}") for name, row in FIND.items()]
    + [pytest.param("fetch", *row, id=f"fetch: {name}") for name, row in FETCH.items()],
)
async def test_an_answer_that_is_not_the_question_s_is_no_answer(
    call: str, bend: Callable[[Body], object], reason: NoAnswerReason
) -> None:
    honest = await answered(call, lambda _: None)
    assert not isinstance(honest, NoAnswer), honest
    answer = await answered(call, bend)
    assert isinstance(answer, NoAnswer), answer
    assert (answer.reason, SECRET in answer.detail) == (reason, False), answer


async def answered(call: str, bend: Callable[[Body], object]) -> Matched | Found | Fetched | NoAnswer:
    async def script(request: Request) -> None:
        body = says(request)
        bend(body)
        await request.send(response(body))

    async with bendable(script) as server:
        one = connector(server.url)
        answer: Any = await BENCH.calls[call](one, soon())
        await one.close()
    return answer


async def test_a_field_that_failed_costs_that_field_alone() -> None:
    answer = await answered("fetch", failed("person", "records", 0, "summary", "text"))
    assert isinstance(answer, Fetched), answer
    assert [[line.fields for line in record.held_back] for record in answer.records] == [[("summary",)], []]

"""An Apollo Federation subgraph, asked by `_entities`: one child, or null, or a fault, and never one for another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any

import pytest

from hub.connectors.base import Fetched, Found, Matched
from hub.connectors.graphql.connector import GraphqlConnector
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.fhir_bench import served
from tests.connectors.graphql_bench import (
    BY_NAME,
    BY_NUMBER,
    MAYA,
    OTHER,
    SECRET,
    SUBGRAPH,
    Served,
    child,
    connector,
    fails,
    maya,
    soon,
    subgraph_root,
)

KINDS = frozenset({"early_help"})
R = NoAnswerReason
SERVER = Served(SUBGRAPH, lambda: subgraph_root({MAYA: child()}))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(SERVER) as base:
        yield base


@pytest.fixture
async def subgraph(url: str) -> AsyncIterator[GraphqlConnector]:
    SERVER.bend, SERVER.root = (lambda body: body), lambda: subgraph_root({MAYA: child()})
    SERVER.asked.clear()
    made = connector(url, "subgraph")
    yield made
    await made.close()


async def test_a_child_is_known_by_number_and_read_in_two_more_questions(subgraph: GraphqlConnector) -> None:
    matched = await subgraph.match(BY_NUMBER, soon())
    assert isinstance(matched, Matched), matched
    (who,) = matched.candidates
    found = await subgraph.find(who, KINDS, soon())
    assert isinstance(found, Found), found
    fetched = await subgraph.fetch(who, found.pointers, soon())
    assert isinstance(fetched, Fetched), fetched
    assert [dict(unseal(record)) for record in fetched.records] == [
        {"started_on": date(2026, 5, 1), "reason": "Parenting"}
    ]
    assert subgraph.matches_nhs_number
    key = {"representations": [{"__typename": "Child", "nhsNumber": MAYA}]}
    assert [each["variables"] for each in SERVER.asked] == [key, key, key | {"ids": ["F1"]}]


async def test_null_is_a_child_it_does_not_know(subgraph: GraphqlConnector) -> None:
    SERVER.root = lambda: subgraph_root({})
    assert await subgraph.match(BY_NUMBER, soon()) == Matched(())


async def test_a_name_is_nothing_it_can_be_asked_with(subgraph: GraphqlConnector) -> None:
    answer = await subgraph.match(BY_NAME, soon())
    assert isinstance(answer, NoAnswer)
    assert (answer.reason, SERVER.asked) == (R.REFUSED, [])
    assert answer.detail == "it is searched by nhs number, and too little of these is known"


def entities(rows: list[Any]) -> Any:
    return lambda body: body | {"data": {"_entities": rows}}


HONEST = {"__typename": "Child", "nhsNumber": MAYA, "name": {"given": ["Maya"], "family": "T"}, "born": "2017-03-09"}
ODD: dict[str, tuple[Any, NoAnswerReason]] = {
    "nobody at all": (entities([]), R.MALFORMED),
    "two children": (entities([HONEST, HONEST]), R.MALFORMED),
    "another child": (entities([HONEST | {"nhsNumber": OTHER}]), R.WRONG_PERSON),
    "another type": (entities([HONEST | {"__typename": "Adult"}]), R.MALFORMED),
    "no type": (entities([{key: value for key, value in HONEST.items() if key != "__typename"}]), R.MALFORMED),
    "null with an error": (
        lambda _: {"data": {"_entities": [None]}, "errors": [{"message": SECRET, "path": ["_entities", 0]}]},
        R.MALFORMED,
    ),
    "all of it null with an error": (lambda _: {"data": None, "errors": [{"message": SECRET}]}, R.MALFORMED),
}


@pytest.mark.parametrize(("bend", "reason"), ODD.values(), ids=ODD.keys())
async def test_anything_but_the_one_child_or_null_is_no_answer(
    subgraph: GraphqlConnector, bend: Any, reason: NoAnswerReason
) -> None:
    SERVER.bend = bend
    answer = await subgraph.match(BY_NUMBER, soon())
    assert isinstance(answer, NoAnswer), answer
    assert (answer.reason, SECRET in answer.detail) == (reason, False)


async def test_a_child_it_forgot_between_two_questions_is_no_answer(subgraph: GraphqlConnector) -> None:
    SERVER.root = lambda: subgraph_root({MAYA: None})
    answer = await subgraph.find(maya(MAYA), KINDS, soon())
    assert isinstance(answer, NoAnswer)
    assert answer.reason is R.MALFORMED


async def test_an_episode_that_failed_is_not_an_absent_one(subgraph: GraphqlConnector) -> None:
    failing = child()
    failing["episodes"][0]["id"] = fails
    SERVER.root = lambda: subgraph_root({MAYA: failing})
    answer = await subgraph.find(maya(MAYA), KINDS, soon())
    assert isinstance(answer, NoAnswer)
    assert answer.reason is R.MALFORMED

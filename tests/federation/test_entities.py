"""``_entities`` of a running hub: each Child a question like any other, and nobody above it told less for one that failed."""

from __future__ import annotations

from typing import Any

import pytest

from hub.audit.entries import Answer, Question, Refused
from hub.cli.schema import subgraph_text
from tests.federation.queries import CHILD, ENTITY, SMALL, entity
from tests.federation.town import GATEWAY, STAR, GraphTown

COUNCIL, POLICE, HEALTH = "Testshire Council", "Testshire Police", "Testshire NHS"
ENQUIRY = {"purpose": "CA2004_S16LA", "caseReference": "MASH-2026-0001"}


def states(view: dict[str, Any]) -> dict[str, str]:
    return {line["custodian"]["name"]: line["state"] for line in view["sources"]}


async def test_an_entity_says_what_child_says(town: GraphTown) -> None:
    reply = await town.entities(ENTITY, town.child())
    find = {"nhsNumber": town.number(STAR)}
    public = await town.send(CHILD, {"find": find, "enquiry": ENQUIRY}, token=await town.token(), path="/graphql")
    mine, theirs = reply.entities[0]["view"], public.body["data"]["child"]
    assert "errors" not in reply.body | public.body
    for view in (mine, theirs):
        view.pop("logEntry")
    assert mine == theirs
    assert mine["socialCare"]["plans"], "there is something to be alike in"


async def test_each_is_a_question_of_its_own_in_the_log(town: GraphTown) -> None:
    before = len(town.entries())
    reply = await town.entities(SMALL, town.child(), town.child("looked_after"))
    added = town.since(before)
    questions = [entry for entry in added if isinstance(entry, Question)]
    answers = [entry for entry in added if isinstance(entry, Answer)]
    assert (len(questions), len(answers), len(added)) == (2, 2, 4)
    assert {entry.purpose for entry in questions} == {"ca2004-s16la"}
    assert {entry.asker.token for entry in questions} == {"bearer:details"}
    assert {entry.asker.client for entry in questions} == {GATEWAY.id}
    assert len({entry.trace for entry in questions}) == 1, "one request"
    numbers = {each["view"]["logEntry"]["number"] for each in reply.entities}
    assert numbers == {before + index for index, entry in enumerate(added) if isinstance(entry, Answer)}


@pytest.mark.parametrize("selected", ["__typename", "nhsNumber"])
async def test_a_key_is_only_a_key(town: GraphTown, selected: str) -> None:
    """Whether anybody holds the child is not to be had without a question: a number nobody has gives the same."""
    before = len(town.entries())
    nobody = {"__typename": "Child", "nhsNumber": "9990000018"}
    reply = await town.entities(entity(selected), town.child(), nobody)
    keys = [{"__typename": "Child"}, {"__typename": "Child"}] if selected == "__typename" else [town.child(), nobody]
    assert reply.entities == keys
    assert town.since(before) == []


async def test_nobody_is_no_match_and_not_null(town: GraphTown) -> None:
    reply = await town.entities(SMALL, {"__typename": "Child", "nhsNumber": "9990000018"})
    view = reply.entities[0]["view"]
    assert view["__typename"] == "NoMatch"
    assert {COUNCIL, POLICE, HEALTH} <= states(view).keys()


BAD: dict[str, tuple[Any, str]] = {
    "another type": ({"__typename": "Zebedee", "nhsNumber": "9990004021"}, "ENTITY_UNKNOWN"),
    "a key too many": ({"__typename": "Child", "nhsNumber": "9990004021", "zebedee": 1}, "ENTITY_INVALID"),
    "no key": ({"__typename": "Child"}, "ENTITY_INVALID"),
    "a number that is none": ({"__typename": "Child", "nhsNumber": "zebedee"}, "NHS_NUMBER_INVALID"),
    "a text": ("zebedee", "ENTITY_INVALID"),
}


@pytest.mark.parametrize(("bad", "code"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("place", [0, 1])
async def test_a_bad_representation_costs_the_others_nothing(town: GraphTown, bad: Any, code: str, place: int) -> None:
    before = len(town.entries())
    sent = [bad, town.child()] if place == 0 else [town.child(), bad]
    reply = await town.entities(SMALL, *sent)
    assert reply.status == 200
    assert (reply.codes, [error["path"] for error in reply.body["errors"]]) == ([code], [["_entities", place]])
    assert reply.entities[place] is None
    assert reply.entities[1 - place]["view"]["__typename"] == "JoinedView"
    assert "ebedee" not in reply.text
    (refused,) = (entry for entry in town.since(before) if isinstance(entry, Refused))
    assert (refused.code, refused.client) == (code, GATEWAY.id)


async def test_literals_in_the_document_are_read_the_same(town: GraphTown) -> None:
    number = town.number(STAR)
    written = f'representations: [{{__typename: "Child", nhsNumber: "{number}"}}]'
    query = SMALL.replace("query ($representations: [_Any!]!)", "query").replace(
        "representations: $representations", written
    )
    reply = await town.send(query, token=await town.token())
    assert reply.entities[0]["view"]["__typename"] == "JoinedView"


async def test_the_sdl_is_what_the_command_prints(town: GraphTown) -> None:
    reply = await town.send("{ _service { sdl } }", token=await town.token(purpose=None))
    assert reply.body == {"data": {"_service": {"sdl": subgraph_text()}}}

"""``_entities`` on a bad day: agencies that hang, a log that is away, a gateway that asks for too much."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hub.audit.entries import Question
from tests.federation.queries import ENTITY, ENTITY_BY_ARGUMENT, FRAGMENT, SMALL, entity
from tests.federation.town import LOUD_CLIENT, GraphTown, running

COUNCIL, POLICE, HEALTH = "Testshire Council", "Testshire Police", "Testshire NHS"
SECTION = {COUNCIL: "socialCare", POLICE: "police", HEALTH: "health"}


def explained(view: dict[str, Any], missing: set[str]) -> None:
    """Every agency of ``missing`` says why it says nothing, and whom to ring; every other one answered."""
    lines = {line["custodian"]["name"]: line for line in view["sources"]}
    for name, section in SECTION.items():
        expected = "NO_ANSWER" if name in missing else "ANSWERED"
        assert lines[name]["state"] == expected, lines[name]
        assert (view[section]["__typename"] == "NoAnswer") == (name in missing)
        if name in missing:
            assert lines[name]["reason"]
            assert lines[name]["contact"]["phone"]
            assert view[section]["reason"]


FAULTS = ["down", "hang", "wrong-child", "malformed", "too-large"]


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_agency_that_fails_is_explained(town: GraphTown, fault: str) -> None:
    town.police.set(fault, 0)
    reply = await town.entities(ENTITY, town.child())
    explained(reply.entities[0]["view"], {POLICE})
    assert "errors" not in reply.body


@pytest.mark.parametrize("fault", FAULTS)
async def test_without_the_agency_that_knows_the_number_nothing_reads_as_not_held(town: GraphTown, fault: str) -> None:
    """The others cannot be sure who a bare number is: each says so, and none is left out."""
    town.health.set(fault, 0)
    reply = await town.entities(SMALL, town.child())
    lines = {line["custodian"]["name"]: line for line in reply.entities[0]["view"]["sources"]}
    assert lines[HEALTH]["state"] == "NO_ANSWER"
    assert {lines[COUNCIL]["state"], lines[POLICE]["state"]} <= {"ANSWERED", "POSSIBLE_MATCH", "NOT_ASKED"}
    assert all(line["reason"] for line in lines.values() if line["state"] != "ANSWERED")
    assert "errors" not in reply.body


async def test_every_child_of_a_list_is_explained(town: GraphTown) -> None:
    town.police.set("hang", 0)
    reply = await town.entities(ENTITY, town.child(), town.child("looked_after"))
    for each in reply.entities:
        explained(each["view"], {POLICE})


async def test_a_log_that_is_away_releases_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        await town.entities(SMALL, town.child())
        token = await town.token()
        with sqlite3.connect(town.log_url.removeprefix("sqlite:///")) as database:
            database.execute("ALTER TABLE log_entry RENAME TO log_entry_gone")
        reply = await town.entities(SMALL, town.child(), token=token)
        assert "sources" not in reply.text
        assert reply.entities[0]["view"] is None
        assert reply.codes == ["AUDIT_UNAVAILABLE"]
        bad = await town.entities(SMALL, {"__typename": "Dog"}, token=token)
        assert bad.codes == ["AUDIT_UNAVAILABLE"], "a refusal that cannot be logged is not told either"


TWO_VIEWS = entity(
    """a: view { __typename ... on JoinedView { sources { ...Line } } ... on NoMatch { sources { ...Line } }
      ... on PossibleMatches { sources { ...Line } } }
    b: view { __typename ... on JoinedView { sources { ...Line } } ... on NoMatch { sources { ...Line } }
      ... on PossibleMatches { sources { ...Line } } }"""
)
TWO_LISTS = """
query ($representations: [_Any!]!) {
  x: _entities(representations: $representations) { ...Asked }
  y: _entities(representations: $representations) { ...Asked }
}
fragment Asked on Child {
  view {
    __typename
    ... on JoinedView { sources { ...Line } }
    ... on NoMatch { sources { ...Line } }
    ... on PossibleMatches { sources { ...Line } }
  }
}
""" + FRAGMENT["Line"]
BY_DEFAULT = SMALL.replace(
    "$representations: [_Any!]!", '$representations: [_Any!]! = [{__typename: "Child", nhsNumber: "9990004021"}]'
)
MUCH: dict[str, tuple[str, int | None, list[str]]] = {
    "five children": (SMALL, 5, []),
    "six": (SMALL, 6, ["QUERY_TOO_COSTLY"]),
    "two, each twice": (TWO_VIEWS, 2, []),
    "three, each twice": (TWO_VIEWS, 3, ["QUERY_TOO_COSTLY"]),
    "two lists of two": (TWO_LISTS, 2, []),
    "two lists of three": (TWO_LISTS, 3, ["QUERY_TOO_COSTLY"]),
    "two, of whom much is asked": (ENTITY, 2, []),
    "four, of whom much is asked": (ENTITY, 4, ["QUERY_TOO_COSTLY"]),
    "six that are only named": (entity("nhsNumber"), 6, ["QUERY_TOO_COSTLY"]),
    "a thousand that are only named": (entity("nhsNumber"), 1000, ["QUERY_TOO_COSTLY"]),
    "by a default, which may be as many as a list": (BY_DEFAULT, None, []),
    "none": (SMALL, 0, []),
}


@pytest.mark.parametrize(("query", "count", "codes"), MUCH.values(), ids=MUCH.keys())
async def test_children_are_counted_however_they_are_asked(
    town: GraphTown, query: str, count: int | None, codes: list[str]
) -> None:
    before = len(town.entries())
    variables = {} if count is None else {"representations": [town.child()] * count}
    reply = await town.send(query, variables, token=await town.token())
    assert reply.codes == codes
    assert reply.status == (400 if codes else 200)
    if codes:
        assert not any(isinstance(entry, Question) for entry in town.since(before)), "nobody was asked"


async def test_a_list_that_could_misread_silence_is_refused(town: GraphTown) -> None:
    before = len(town.entries())
    reply = await town.entities(entity("view { __typename ... on JoinedView { police { __typename } } }"), town.child())
    assert set(reply.codes) == {"AMBIGUOUS_SILENCE"}
    assert not any(isinstance(entry, Question) for entry in town.since(before))


async def test_no_number_is_in_the_log_or_in_what_the_hub_says(
    town: GraphTown, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", logger="hub"):
        reply = await town.entities(SMALL, town.child(), {"__typename": "Child", "nhsNumber": "9990004020"})
        again = await town.entities(SMALL, {**town.child(), "name": "Maya"})
    number = town.child()["nhsNumber"]
    assert reply.entities[0]["nhsNumber"] == number, "where the gateway itself said it"
    for said in (town.log_text(), caplog.text, str(reply.body.get("errors")), again.text, str(reply.headers)):
        assert number not in said
        assert "9990004020" not in said
        assert "Maya" not in said


@pytest.mark.parametrize("query", [SMALL, "{ _service { sdl } }"], ids=["_entities", "_service"])
async def test_the_public_endpoint_knows_nothing_of_it(town: GraphTown, query: str) -> None:
    reply = await town.send(query, {"representations": [town.child()]}, token=await town.token(), path="/graphql")
    assert (reply.status, set(reply.codes)) == (400, {"QUERY_INVALID"})


async def test_without_the_table_there_is_no_such_address(tmp_path: Path) -> None:
    with running(tmp_path, federation="") as town:
        reply = await town.send(SMALL, {"representations": [town.child()]}, token=await town.token())
        assert reply.status == 404


async def test_with_purpose_in_the_query_the_register_decides(tmp_path: Path) -> None:
    with running(tmp_path, federation='[federation]\nscope = ""\ntoken_states_purpose = false') as town:
        enquiry = {"purpose": "CA2004_S16LA", "caseReference": "MASH-2026-0001"}
        loud = await town.token(client=LOUD_CLIENT, purpose=None, scope=None)
        quiet = await town.token(purpose=None, scope=None)
        heard = await town.entities(ENTITY_BY_ARGUMENT, town.child(), token=loud, enquiry=enquiry)
        refused = await town.entities(ENTITY_BY_ARGUMENT, town.child(), token=quiet, enquiry=enquiry)
        unsaid = await town.entities(ENTITY_BY_ARGUMENT, town.child(), token=loud)
        assert heard.entities[0]["view"]["__typename"] == "JoinedView"
        assert refused.codes == ["PURPOSE_NOT_IN_TOKEN"]
        assert unsaid.codes == ["PURPOSE_MISSING"]

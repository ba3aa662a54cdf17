"""Two gateways that nobody here wrote ask the hub about the children of a council's case list.

What arrives at the worker's tool is what the hub said, with an agency up or down; what the hub refused arrives as an
error with its code, never as a null alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import pytest

from hub.audit.entries import Question, Refused
from hub.cli.schema import subgraph_text
from hub.schema.federation_settings import FederationSettings
from tests.federation.npm_graph import gateway
from tests.federation.queries import FRAGMENTS, MY_CASES, VIEW
from tests.federation.town import GATEWAY, STAR, GraphTown

COUNCIL, POLICE, HEALTH = "Testshire Council", "Testshire Police", "Testshire NHS"
PARTS = (STAR, "looked_after")


@contextmanager
def started(which: str, town: GraphTown) -> Iterator[str]:
    """The gateway over this hub. Apollo's for Node refuses a graph with directives that it cannot enforce itself."""
    sdl = subgraph_text(settings=FederationSettings(directives=which != "apollo"))
    numbers = [town.number(part) for part in PARTS]
    rows = [
        {"reference": f"C-{index}", "openedOn": "2026-11-02", "nhsNumber": number}
        for index, number in enumerate(numbers)
    ]
    cases = {"rows": rows, "allocated": dict.fromkeys(numbers, "tc-0417")}
    with gateway(which, {"sdl": sdl, "url": f"{town.url}/subgraph"}, cases) as url:
        yield url


@pytest.fixture(scope="module", params=["hive", "apollo"])
def url(request: pytest.FixtureRequest, standing: GraphTown) -> Iterator[str]:
    with started(request.param, standing) as address:
        yield address


async def ask(url: str, token: str, query: str = MY_CASES) -> dict[str, Any]:
    """What a worker's tool gets from the gateway."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as session, session.post(url, json={"query": query}, headers=headers) as reply:
        found: dict[str, Any] = await reply.json(content_type=None)
        return found


def states(view: dict[str, Any]) -> dict[str, str]:
    return {line["custodian"]["name"]: line["state"] for line in view["sources"]}


async def test_cases_and_what_is_known_of_their_children(town: GraphTown, url: str) -> None:
    before = len(town.entries())
    found = await ask(url, await town.token())
    assert "errors" not in found
    cases = found["data"]["myCases"]
    assert [case["child"]["nhsNumber"] for case in cases] == [town.number(part) for part in PARTS]
    for case in cases:
        assert case["child"]["allocatedTo"] == "tc-0417"
        view = case["child"]["view"]
        assert view["__typename"] == "JoinedView"
        assert {states(view)[name] for name in (COUNCIL, POLICE, HEALTH)} == {"ANSWERED"}
    questions = [entry for entry in town.since(before) if isinstance(entry, Question)]
    assert [entry.asker.client for entry in questions] == [GATEWAY.id] * 2
    assert [entry.purpose for entry in questions] == ["ca2004-s16la"] * 2


@pytest.mark.parametrize("fault", ["hang", "down"])
async def test_an_agency_down_is_said_and_the_others_are_shown(town: GraphTown, url: str, fault: str) -> None:
    token = await town.token()
    well = (await ask(url, token))["data"]["myCases"]
    town.police.set(fault, 0)
    found = await ask(url, token)
    assert "errors" not in found
    for case, before in zip(found["data"]["myCases"], well, strict=True):
        view = case["child"]["view"]
        assert states(view)[POLICE] == "NO_ANSWER"
        assert (states(view)[COUNCIL], states(view)[HEALTH]) == ("ANSWERED", "ANSWERED")
        assert view["police"]["__typename"] == "NoAnswer"
        assert view["police"]["reason"]
        assert view["police"]["contact"]["phone"]
        assert view["socialCare"] == before["child"]["view"]["socialCare"]


REFUSED = {
    "no purpose in the token": ({"purpose": None}, "PURPOSE_NOT_IN_TOKEN"),
    "a purpose that the role may not state": ({"purpose": "ca1989-s47", "worker": "tc-0562"}, "PURPOSE_NOT_ALLOWED"),
}


@pytest.mark.parametrize(("how", "code"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_refusal_comes_with_its_code(town: GraphTown, url: str, how: dict[str, Any], code: str) -> None:
    found = await ask(url, await town.token(**how))
    assert [case["child"]["view"] for case in found["data"]["myCases"]] == [None, None]
    assert {error["extensions"]["code"] for error in found["errors"]} == {code}


async def test_without_the_scope_the_hub_refuses_whatever_the_gateway_let_pass(town: GraphTown, url: str) -> None:
    before = len(town.entries())
    found = await ask(url, await town.token(scope=None))
    assert found["errors"]
    assert "sources" not in str(found.get("data"))
    assert {entry.code for entry in town.since(before) if isinstance(entry, Refused)} == {"SCOPE_MISSING"}


async def test_two_workers_at_once_are_two_askers(town: GraphTown, url: str) -> None:
    """A gateway that shared one call between callers would show one of them what the other may see."""
    first, second = await town.token(), await town.token(worker="tc-0562", purpose="ca1989-s17")
    before = len(town.entries())
    one, other = await asyncio.gather(ask(url, first), ask(url, second))
    assert "errors" not in one | other
    questions = [entry for entry in town.since(before) if isinstance(entry, Question)]
    assert len(questions) == 4
    assert len({entry.asker.worker for entry in questions}) == 2
    assert sorted(entry.purpose for entry in questions) == ["ca1989-s17"] * 2 + ["ca2004-s16la"] * 2


async def test_a_query_that_could_misread_silence_is_refused_through_the_gateway_too(town: GraphTown, url: str) -> None:
    query = "{ myCases { child { view { __typename ... on JoinedView { police { __typename } } } } } }"
    found = await ask(url, await town.token(), query)
    assert "Select `sources` with `custodian` and `state`" in str(found["errors"]), "Hive keeps this and not the code"
    assert "JoinedView" not in str(found.get("data"))


async def test_child_at_the_root_of_the_graph(town: GraphTown, url: str) -> None:
    query = f"""{{
      child(find: {{nhsNumber: "{town.number(STAR)}"}}, enquiry: {{purpose: CA2004_S16LA, caseReference: "MASH-2026-0001"}})
      {{ {VIEW} }}
    }} {FRAGMENTS}"""
    found = await ask(url, await town.token(), query)
    assert found["data"]["child"]["__typename"] == "JoinedView"

"""What a token must carry for a gateway's question: enforced by the hub, whatever a router in front of it did."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import ECKey

from hub.access.devclient import dpop_proof
from hub.audit.entries import Question, Refused
from tests.e2e.hard.town import AUDIENCE
from tests.federation.queries import CHILD, ENTITY, ENTITY_BY_ARGUMENT, SMALL
from tests.federation.town import GATEWAY, LOUD_CLIENT, OTHER_SCOPE, STAR, GraphTown, Reply

ENQUIRY = {"purpose": "CA2004_S16LA", "caseReference": "MASH-2026-0001"}
DECISION = {"by": "Team manager, Assessment 2", "at": "2026-11-20T16:40:00Z"}

TOKENS: dict[str, tuple[dict[str, Any], str]] = {
    "purpose not in the token": ({"purpose": None}, "PURPOSE_NOT_IN_TOKEN"),
    "nor for a client that may state it at /graphql": (
        {"purpose": None, "client": LOUD_CLIENT},
        "PURPOSE_NOT_IN_TOKEN",
    ),
    "a purpose the role may not state": ({"purpose": "ca1989-s47", "worker": "tc-0562"}, "PURPOSE_NOT_ALLOWED"),
    "a purpose nobody knows": ({"purpose": "ca1989-s99"}, "PURPOSE_UNKNOWN"),
    "a purpose that rests on a decision": ({"purpose": "ca1989-s47"}, "PURPOSE_DECISION_MISSING"),
    "a role that asks about no child": ({"worker": "tc-0031"}, "PURPOSE_NOT_ALLOWED"),
}


@pytest.mark.parametrize(("how", "code"), TOKENS.values(), ids=TOKENS.keys())
async def test_what_the_token_must_carry(town: GraphTown, how: dict[str, Any], code: str) -> None:
    before = len(town.entries())
    token = await town.token(**how)
    reply = await town.entities(SMALL, town.child(), token=token)
    assert reply.codes == [code]
    assert reply.entities == [{"__typename": "Child", "nhsNumber": town.number(STAR), "view": None}]
    assert [entry.code for entry in town.since(before) if isinstance(entry, Refused)] == [code]
    assert not any(isinstance(entry, Question) for entry in town.since(before)), "no agency heard of it"


async def test_child_at_the_root_is_held_to_the_same(town: GraphTown) -> None:
    variables = {"find": {"nhsNumber": town.number(STAR)}, "enquiry": ENQUIRY}
    token = await town.token(purpose=None, client=LOUD_CLIENT)
    reply = await town.send(CHILD, variables, token=token)
    assert (reply.status, reply.codes) == (403, ["PURPOSE_NOT_IN_TOKEN"])
    public = await town.send(CHILD, variables, token=token, path="/graphql")
    assert public.status == 200, "the register lets this client, there"
    assert (await town.send(CHILD, variables, token=await town.token())).status == 200


ARGUMENTS: dict[str, tuple[dict[str, Any] | None, str, str | None]] = {
    "none": (None, "ca2004-s16la", None),
    "the token's": (ENQUIRY, "ca2004-s16la", None),
    "another purpose": (ENQUIRY | {"purpose": "CA1989_S17"}, "ca2004-s16la", "PURPOSE_NOT_THE_TOKENS"),
    "another case": (ENQUIRY | {"caseReference": "MASH-2026-0002"}, "ca2004-s16la", "CASE_NOT_THE_TOKENS"),
    "the token's, with a decision": (
        ENQUIRY | {"purpose": "CA1989_S47", "decision": DECISION},
        "ca1989-s47",
        None,
    ),
}


@pytest.mark.parametrize(("enquiry", "purpose", "code"), ARGUMENTS.values(), ids=ARGUMENTS.keys())
async def test_the_argument_can_only_agree(
    town: GraphTown, enquiry: dict[str, Any] | None, purpose: str, code: str | None
) -> None:
    token = await town.token(purpose=purpose)
    reply = await town.entities(ENTITY_BY_ARGUMENT, town.child(), token=token, enquiry=enquiry)
    assert reply.codes == ([] if code is None else [code])
    assert (reply.entities[0]["view"] is None) == (code is not None)


async def test_a_gateways_bound_token_is_good_at_its_own_address_alone(town: GraphTown) -> None:
    key = ECKey.generate_key("P-256")
    token = await town.token(dpop_key=key)
    variables = {"representations": [town.child()]}

    async def send(path: str | None) -> Reply:
        proof = {} if path is None else {"DPoP": dpop_proof(key, "POST", f"{AUDIENCE}{path}", token)}
        return await town.send(SMALL, variables, token=token, scheme="Bearer" if path is None else "DPoP", **proof)

    assert (await send("/subgraph")).status == 200
    assert (await send("/graphql")).codes == ["DPOP_PROOF_INVALID"]
    assert (await send(None)).codes == ["TOKEN_INVALID"]


ANY = {"an entity": ENTITY, "a child": CHILD, "the schema": "{ _service { sdl } }", "nothing": "{ __typename }"}


@pytest.mark.parametrize("query", ANY.values(), ids=ANY.keys())
@pytest.mark.parametrize("scope", [None, OTHER_SCOPE], ids=["no scope", "another that begins alike"])
async def test_without_the_scope_nothing_is_answered(town: GraphTown, query: str, scope: str | None) -> None:
    before = len(town.entries())
    reply = await town.send(query, {"representations": [town.child()]}, token=await town.token(scope=scope))
    assert (reply.status, reply.codes) == (403, ["SCOPE_MISSING"])
    assert 'error="insufficient_scope"' in reply.headers["WWW-Authenticate"]
    assert "data" not in reply.body
    (refused,) = town.since(before)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.client) == ("SCOPE_MISSING", GATEWAY.id)


async def test_among_other_scopes_it_is_found(town: GraphTown) -> None:
    token = await town.token(scope=f"{OTHER_SCOPE} safeguarding:enquire")
    assert (await town.entities(SMALL, town.child(), token=token)).status == 200


@pytest.mark.parametrize("query", ANY.values(), ids=ANY.keys())
async def test_without_a_token_nothing_is_answered(town: GraphTown, query: str) -> None:
    """The headers by which a router says that it has checked already are only headers."""
    spoofed = {"X-Authenticated": "true", "Apollo-Require-Preflight": "1", "Router-Authorization": "internal"}
    reply = await town.send(query, {"representations": [town.child()]}, token=None, **spoofed)
    assert (reply.status, reply.codes) == (401, ["TOKEN_MISSING"])
    assert "data" not in reply.body

"""The development server's code flow, as a client and its worker's browser see it: what it gives and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from hub.access.details import AUTHORIZATION_TYPE
from hub.access.devsettings import ID_TOKEN_TYPE, TOKEN_EXCHANGE
from hub.domain.enquiry import Stated
from hub.domain.identifiers import CaseReference
from tests.access.devserver_browser import FRONT_DOOR, PAGES, Flow, with_front_doors
from tests.access.devserver_up import Running, basic, up

DOOR = "http://127.0.0.1:8001/cb"
DETAILS = [{"type": AUTHORIZATION_TYPE, "purpose": "ca1989-s47", "case": "MASH-2026-1182"}]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with up(with_front_doors()) as server:
        yield server


async def claims_of(running: Running, token: str) -> dict[str, Any]:
    """The claims of a token, its signature checked with the published keys."""
    async with aiohttp.ClientSession() as session, session.get(f"{running.url}/jwks") as answer:
        keys = KeySet.import_key_set(await answer.json())
    return dict(jwt.decode(token, keys, algorithms=["Ed25519"]).claims)


async def test_the_pages_learn_who_signed_in(running: Running) -> None:
    flow = Flow(running)
    code = await flow.code("tp-2290 mash_police_officer", scope="openid profile")
    status, answer = await flow.redeem(code)
    assert status == 200
    assert "refresh_token" not in answer
    claims = await claims_of(running, answer["id_token"])
    assert {name: claims[name] for name in ("iss", "aud", "sub", "role", "organisation", "nonce", "acr")} == {
        "iss": running.url,
        "aud": "hub-pages",
        "sub": "tp-2290",
        "role": "mash_police_officer",
        "organisation": "testshire-police",
        "nonce": "n-0S6",
        "acr": "multi-factor",
    }
    assert claims["name"] == "Ines Marlowe"
    assert claims["auth_time"] <= claims["iat"] < claims["exp"] <= claims["iat"] + 300


async def test_no_name_is_told_that_was_not_asked_for(running: Running) -> None:
    flow = Flow(running)
    _, answer = await flow.redeem(await flow.code(scope="openid", nonce=...))
    claims = await claims_of(running, answer["id_token"])
    assert "name" not in claims
    assert "nonce" not in claims


async def test_without_openid_there_is_no_id_token(running: Running) -> None:
    flow = Flow(running)
    status, answer = await flow.redeem(await flow.code(scope=...))
    assert status == 200
    assert "id_token" not in answer


async def test_the_answer_says_who_answers(running: Running) -> None:
    flow = Flow(running, FRONT_DOOR, DOOR + "?tenant=1")
    page = await flow.sign_in(await flow.visit("/authorize", flow.parameters()))
    assert page.status == 303
    assert (page.query["iss"], page.query["tenant"]) == (running.url, "1")


async def test_purpose_and_case_go_from_the_request_into_the_token(running: Running) -> None:
    flow = Flow(running, FRONT_DOOR, DOOR)
    _, answer = await flow.redeem(await flow.code(authorization_details=json.dumps(DETAILS)))
    assert answer["authorization_details"] == DETAILS
    found = await running.verifier().verify(f"Bearer {answer['access_token']}")
    assert (found.worker, found.role) == ("tc-0417", "mash_social_worker")
    assert found.stated == Stated("ca1989-s47", CaseReference.parse("MASH-2026-1182"))
    assert found.sign_in.acr == "multi-factor"
    assert found.sign_in.at is not None


async def test_scopes_that_are_asked_for_are_in_the_token(running: Running) -> None:
    flow = Flow(running, FRONT_DOOR, DOOR)
    _, answer = await flow.redeem(await flow.code(scope="openid ask"))
    assert answer["scope"] == "ask"
    assert (await running.verifier().verify(f"Bearer {answer['access_token']}")).scopes == {"ask"}
    form = {"grant_type": "client_credentials", "scope": "ask"}
    _, answer = await running.post("/token", form, Authorization=basic(*FRONT_DOOR))
    assert (await running.verifier().verify(f"Bearer {answer['access_token']}")).scopes == {"ask"}
    status, answer = await running.post("/token", {**form, "scope": "ask more"}, Authorization=basic(*FRONT_DOOR))
    assert (status, answer["error"]) == (400, "invalid_scope")


async def test_stepping_up(running: Running) -> None:
    """RFC 9470 s.4: the hub names an acr, the client asks for it, and the page has it chosen; the worker may not have it."""
    flow = Flow(running, FRONT_DOOR, DOOR)
    page = await flow.visit("/authorize", flow.parameters(acr_values="unknown single-factor"))
    assert page.form.given["acr"] == "single-factor"
    for level in ("single-factor", "multi-factor"):
        page = await flow.visit("/authorize", flow.parameters())
        assert page.form.given["acr"] == "multi-factor"
        _, answer = await flow.redeem((await flow.sign_in(page, acr=level)).query["code"])
        assert (await running.verifier().verify(f"Bearer {answer['access_token']}")).sign_in.acr == level


async def test_an_id_token_is_exchanged_by_the_client_it_is_for(running: Running) -> None:
    flow = Flow(running, FRONT_DOOR, DOOR)
    _, signed_in = await flow.redeem(await flow.code())
    exchange = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": signed_in["id_token"],
        "subject_token_type": ID_TOKEN_TYPE,
        "authorization_details": json.dumps(DETAILS),
    }
    status, answer = await running.post("/token", exchange, Authorization=basic(*FRONT_DOOR))
    assert status == 200
    found = await running.verifier().verify(f"Bearer {answer['access_token']}")
    assert (found.worker, found.client_id, found.stated is not None) == ("tc-0417", "front-door", True)
    assert (await claims_of(running, answer["access_token"]))["act"] == {"sub": "front-door"}
    status, answer = await running.post("/token", exchange, Authorization=basic(*PAGES))
    assert (status, answer["error"]) == (400, "invalid_grant")


NOT_SENT_BACK: list[Any] = [
    pytest.param({"client_id": "nobody"}, id="an unknown client"),
    pytest.param({"client_id": ...}, id="no client"),
    pytest.param({"client_id": "testshire-mash"}, id="a client without redirect addresses"),
    pytest.param({"redirect_uri": ...}, id="no redirect address"),
    pytest.param({"redirect_uri": "http://127.0.0.1:8000/signed-in/"}, id="a slash more"),
    pytest.param({"redirect_uri": "http://127.0.0.1:8000/SIGNED-IN"}, id="another case"),
    pytest.param({"redirect_uri": "http://127.0.0.1:8000/signed-in?next=//evil.example"}, id="a query more"),
    pytest.param({"redirect_uri": "http://127.0.0.1:8000/signed-in#x"}, id="a fragment more"),
    pytest.param({"redirect_uri": "http://127.0.0.1:8000@evil.example/signed-in"}, id="another host"),
    pytest.param({"redirect_uri": "http://127.0.0.1:8001/signed-in"}, id="another port"),
    pytest.param({"redirect_uri": "http://127.0.0.1:8001/cb"}, id="another client's address"),
    pytest.param({"redirect_uri": "javascript:alert(1)"}, id="a script"),
    pytest.param({"request_uri": "urn:ietf:params:oauth:request_uri:nothing"}, id="a request nobody pushed"),
]


@pytest.mark.parametrize("changes", NOT_SENT_BACK)
async def test_a_browser_is_not_sent_where_the_client_may_not_be(running: Running, changes: dict[str, Any]) -> None:
    flow = Flow(running)
    page = await flow.visit("/authorize", flow.parameters(**changes))
    assert (page.status, page.to) == (400, None)
    assert "form" not in page.form.tags


def element(**changes: Any) -> str:
    return json.dumps([{**DETAILS[0], **changes}])


REFUSED: list[Any] = [
    pytest.param({"response_type": ...}, "unsupported_response_type", id="no response type"),
    pytest.param({"response_type": "token"}, "unsupported_response_type", id="the implicit flow"),
    pytest.param({"response_type": "code id_token"}, "unsupported_response_type", id="the hybrid flow"),
    pytest.param({"response_mode": "fragment"}, "invalid_request", id="an answer in the fragment"),
    pytest.param({"code_challenge": ...}, "invalid_request", id="no PKCE"),
    pytest.param({"code_challenge_method": "plain"}, "invalid_request", id="plain PKCE"),
    pytest.param({"code_challenge_method": ...}, "invalid_request", id="PKCE of the default method, plain"),
    pytest.param({"code_challenge": "short"}, "invalid_request", id="a challenge that is no SHA-256"),
    pytest.param({"code_challenge": "a" * 44}, "invalid_request", id="a challenge one too long"),
    pytest.param({"dpop_jkt": "x"}, "invalid_request", id="a thumbprint that is none"),
    pytest.param({"scope": "openid offline_access"}, "invalid_scope", id="a refresh token"),
    pytest.param({"scope": "admin"}, "invalid_scope", id="an unknown scope"),
    pytest.param({"prompt": "none"}, "login_required", id="without a page"),
    pytest.param({"request": "e30.e30."}, "request_not_supported", id="a signed request"),
    pytest.param({"authorization_details": "{"}, "invalid_authorization_details", id="details not JSON"),
    pytest.param({"authorization_details": "{}"}, "invalid_authorization_details", id="details not a list"),
    pytest.param({"authorization_details": "[]"}, "invalid_authorization_details", id="no details"),
    pytest.param(
        {"authorization_details": json.dumps(DETAILS * 2)}, "invalid_authorization_details", id="two purposes"
    ),
    pytest.param(
        {"authorization_details": element(type="payment")}, "invalid_authorization_details", id="another type"
    ),
    pytest.param({"authorization_details": element(purpose=1)}, "invalid_authorization_details", id="a purpose of 1"),
    pytest.param({"authorization_details": element(extra="x")}, "invalid_authorization_details", id="a member more"),
    pytest.param(
        {"authorization_details": '[{"type":"a","type":"b"}]'}, "invalid_authorization_details", id="a name twice"
    ),
]


@pytest.mark.parametrize("pushed", [False, True], ids=["in the address", "pushed"])
@pytest.mark.parametrize(("changes", "error"), REFUSED)
async def test_a_request_is_refused(running: Running, changes: dict[str, Any], error: str, pushed: bool) -> None:
    flow = Flow(running)
    parameters = flow.parameters(**changes)
    if pushed:
        status, answer = await running.post("/par", parameters, Authorization=basic(*PAGES))
        assert (status, answer["error"]) == (400, error)
        return
    page = await flow.visit("/authorize", parameters)
    assert page.status == 303
    assert page.to is not None
    assert page.to.startswith("http://127.0.0.1:8000/signed-in?")
    assert (page.query["error"], page.query["state"], page.query["iss"]) == (error, flow.state, running.url)
    assert "code" not in page.query


@pytest.mark.parametrize(
    "query", ["&scope=openid&scope=openid", "&x=%FF", "&" + "&".join(f"a{n}=1" for n in range(30))]
)
async def test_an_address_that_cannot_be_read(running: Running, query: str) -> None:
    page = await Flow(running).visit("/authorize?client_id=hub-pages" + query, {})
    assert (page.status, page.to) == (400, None)


NOT_REDEEMED: list[Any] = [
    # (changes to the request, changes to the redemption, error)
    pytest.param({}, {"code": "x"}, "invalid_grant", id="an unknown code"),
    pytest.param({}, {"code": ...}, "invalid_grant", id="no code"),
    pytest.param({}, {"code_verifier": "b" * 64}, "invalid_grant", id="another verifier"),
    pytest.param({}, {"code_verifier": ...}, "invalid_grant", id="no verifier"),
    pytest.param({}, {"code_verifier": "short"}, "invalid_grant", id="a verifier too short"),
    pytest.param({}, {"redirect_uri": "http://127.0.0.1:8000/"}, "invalid_grant", id="another redirect address"),
    pytest.param({}, {"redirect_uri": ...}, "invalid_grant", id="no redirect address"),
    pytest.param(
        {}, {"authorization_details": json.dumps(DETAILS)}, "invalid_authorization_details", id="details come late"
    ),
    pytest.param({"dpop_jkt": "a" * 43}, {}, "invalid_grant", id="a code bound to a key that is not shown"),
]


@pytest.mark.parametrize(("asked", "changes", "error"), NOT_REDEEMED)
async def test_a_code_is_not_redeemed(
    running: Running, asked: dict[str, Any], changes: dict[str, Any], error: str
) -> None:
    flow = Flow(running)
    code = await flow.code(**asked)
    status, answer = await flow.redeem(code, **changes)
    assert (status, answer["error"]) == (400, error)
    if "code" not in changes:  # a failed attempt spends the code: whoever guesses does not guess twice
        assert (await flow.redeem(code))[1]["error"] == "invalid_grant"


async def test_a_code_is_good_once_and_for_its_client_alone(running: Running) -> None:
    flow = Flow(running)
    code = await flow.code()
    assert [(await flow.redeem(code))[0] for _ in range(2)] == [200, 400]
    stolen = Flow(running, FRONT_DOOR, flow.back, flow.verifier)
    assert (await stolen.redeem(await flow.code()))[1]["error"] == "invalid_grant"


async def test_a_client_without_redirect_addresses_redeems_nothing(running: Running) -> None:
    form = {"grant_type": "authorization_code", "code": await Flow(running).code()}
    secret = "testshire-mash-development-only"
    status, _ = await running.post("/token", form, Authorization=basic("testshire-mash", secret))
    assert status == 400


async def test_a_pushed_request_is_good_once_and_for_its_client(running: Running) -> None:
    flow = Flow(running)
    status, pushed = await running.post("/par", flow.parameters(), Authorization=basic(*PAGES))
    assert (status, pushed["expires_in"]) == (201, 90)
    short = {"client_id": "hub-pages", "request_uri": pushed["request_uri"]}
    page = await flow.sign_in(await flow.visit("/authorize", short))
    assert (await flow.redeem(page.query["code"]))[0] == 200
    assert (await flow.visit("/authorize", short)).status == 400
    _, pushed = await running.post("/par", flow.parameters(), Authorization=basic(*PAGES))
    other = {"client_id": "front-door", "request_uri": pushed["request_uri"]}
    assert (await flow.visit("/authorize", other)).status == 400


NOT_PUSHED: list[Any] = [
    pytest.param({}, {}, 401, id="by nobody"),
    pytest.param({}, {"Authorization": basic("hub-pages", "wrong")}, 401, id="with a wrong secret"),
    pytest.param({"client_id": "front-door"}, {"Authorization": basic(*PAGES)}, 400, id="for another client"),
    pytest.param({"request_uri": "urn:x"}, {"Authorization": basic(*PAGES)}, 400, id="a request by its name"),
    pytest.param({"redirect_uri": "https://evil.example"}, {"Authorization": basic(*PAGES)}, 400, id="to go elsewhere"),
]


@pytest.mark.parametrize(("changes", "headers", "status"), NOT_PUSHED)
async def test_a_request_is_not_pushed(
    running: Running, changes: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    found, answer = await running.post("/par", Flow(running).parameters(**changes), **headers)
    assert found == status
    assert "request_uri" not in answer


async def test_metadata_is_the_same_for_both_standards(running: Running) -> None:
    documents = []
    for name in ("oauth-authorization-server", "openid-configuration"):
        async with aiohttp.ClientSession() as session, session.get(f"{running.url}/.well-known/{name}") as answer:
            documents.append(await answer.json())
    first, second = documents
    assert first == second
    assert first["issuer"] == running.url
    assert first["code_challenge_methods_supported"] == ["S256"]
    assert first["authorization_response_iss_parameter_supported"] is True
    assert first["authorization_details_types_supported"] == [AUTHORIZATION_TYPE]

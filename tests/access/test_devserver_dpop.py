"""DPoP at the development server: tokens bound to a key, made by one program and checked by another."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey

from hub.access.devclient import Wanted, dpop_proof, fetch_client_token, fetch_worker_token
from hub.access.dpop import Presented
from hub.access.jwks import JwksSource
from hub.access.verifier import Verifier
from hub.errors import Unauthenticated
from tests.access.devserver_browser import BOUND, FRONT_DOOR, Flow, with_front_doors
from tests.access.devserver_up import AUDIENCE, SECRET, Running, basic, up
from tests.access.prover import Seen

DOOR = "http://127.0.0.1:8001/cb"
HUB = f"{AUDIENCE}/graphql"
KEY, OTHER = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with up(with_front_doors()) as server:
        yield server


def verifier(running: Running) -> Verifier:
    return Verifier(
        issuer=running.url, audience=AUDIENCE, keys=JwksSource(running.url), clock=time.time, replays=Seen()
    )


async def test_the_hub_accepts_a_bound_token_with_its_proof_and_purpose(running: Running) -> None:
    wanted = Wanted(KEY, "ca1989-s47", "MASH-2026-1182")
    token = await fetch_worker_token(
        running.url, "testshire-mash", worker="tc-0417", role="mash_social_worker", secret=SECRET, wanted=wanted
    )
    proof = dpop_proof(KEY, "POST", HUB, token)
    checking = verifier(running)
    found = await checking.verify(f"DPoP {token}", Presented("POST", HUB, [proof]))
    assert (found.worker, found.strength) == ("tc-0417", "dpop:details")
    assert found.stated is not None
    assert found.stated.purpose == "ca1989-s47"
    with pytest.raises(Unauthenticated, match="used before"):
        await checking.verify(f"DPoP {token}", Presented("POST", HUB, [proof]))


async def test_a_stolen_token_is_no_use(running: Running) -> None:
    token = await fetch_client_token(running.url, "testshire-mash", secret=SECRET, wanted=Wanted(KEY))
    stolen = [
        (f"Bearer {token}", []),
        (f"DPoP {token}", []),
        (f"DPoP {token}", [dpop_proof(OTHER, "POST", HUB, token)]),
    ]
    for header, proofs in stolen:
        with pytest.raises(Unauthenticated):
            await verifier(running).verify(header, Presented("POST", HUB, proofs))


async def test_a_code_is_redeemed_with_the_key_it_was_asked_for_with(running: Running) -> None:
    flow = Flow(running, FRONT_DOOR, DOOR)
    url = f"{running.url}/token"
    status, answer = await flow.redeem(await flow.code(dpop_jkt=KEY.thumbprint()), dpop_proof(KEY, "POST", url))
    assert (status, answer["token_type"]) == (200, "DPoP")
    status, answer = await flow.redeem(await flow.code(dpop_jkt=KEY.thumbprint()), dpop_proof(OTHER, "POST", url))
    assert (status, answer["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("door", [BOUND])
async def test_a_client_may_be_held_to_dpop(running: Running, door: tuple[str, str]) -> None:
    flow = Flow(running, door, DOOR)
    status, answer = await flow.redeem(await flow.code())
    assert (status, answer["error"]) == (400, "invalid_dpop_proof")
    proof = dpop_proof(KEY, "POST", f"{running.url}/token")
    assert (await flow.redeem(await flow.code(), proof))[1]["token_type"] == "DPoP"


def signed(key: ECKey | OKPKey, header: dict[str, Any], **claims: Any) -> str:
    good = {"jti": "a", "htm": "POST", "htu": "{url}", "iat": int(time.time())}
    return jwt.encode(header, {**good, **claims}, key, algorithms=["ES256", "Ed25519", "none"])


def header(**changes: Any) -> dict[str, Any]:
    return {"typ": "dpop+jwt", "alg": "ES256", "jwk": KEY.as_dict(private=False), **changes}


def unsigned(running: Running) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {"jti": "a", "htm": "POST", "htu": f"{running.url}/token", "iat": int(time.time())}
    return f"{part(header(alg='none'))}.{part(claims)}."


PROOFS: list[Any] = [
    pytest.param(lambda url: dpop_proof(KEY, "GET", url), id="for another method"),
    pytest.param(lambda url: dpop_proof(KEY, "POST", url + "/"), id="for another address"),
    pytest.param(lambda _: dpop_proof(KEY, "POST", HUB), id="for the hub"),
    pytest.param(lambda url: dpop_proof(KEY, "POST", url, iat=1), id="old"),
    pytest.param(lambda url: dpop_proof(KEY, "POST", url, iat=int(time.time()) + 120), id="from the future"),
    pytest.param(lambda url: dpop_proof(KEY, "POST", url, iat=str(int(time.time()))), id="of a time in text"),
    pytest.param(lambda url: dpop_proof(KEY, "POST", url, jti=""), id="without an id"),
    pytest.param(lambda url: dpop_proof(KEY, "POST", url, jti=7), id="with a number for an id"),
    pytest.param(lambda url: signed(KEY, header(typ="JWT"), htu=url), id="of another type"),
    pytest.param(lambda url: signed(KEY, header(jwk=OTHER.as_dict(private=False)), htu=url), id="with another's key"),
    pytest.param(lambda url: signed(KEY, header(jwk=KEY.as_dict(private=True)), htu=url), id="with the private key"),
    pytest.param(lambda url: signed(KEY, header(jwk={"kty": "oct", "k": "A" * 43}), htu=url), id="a symmetric key"),
    pytest.param(lambda url: signed(KEY, {"typ": "dpop+jwt", "alg": "ES256"}, htu=url), id="with no key"),
    pytest.param(lambda url: dpop_proof(KEY, "POST", url)[:-4] + "AAAA", id="with a damaged signature"),
    pytest.param(lambda _: "x", id="no JWT"),
    pytest.param(lambda _: "", id="empty"),
    pytest.param(lambda url: dpop_proof(KEY, "POST", url, padding="x" * 4_000), id="too long"),
]


@pytest.mark.parametrize("make", PROOFS)
async def test_a_proof_is_refused(running: Running, make: Any) -> None:
    form = {"grant_type": "client_credentials"}
    proof = make(f"{running.url}/token")
    status, answer = await running.post("/token", form, Authorization=basic("testshire-mash", SECRET), DPoP=proof)
    assert (status, answer["error"]) == (400, "invalid_dpop_proof")


async def test_an_unsigned_proof_is_refused(running: Running) -> None:
    sent = {"Authorization": basic("testshire-mash", SECRET), "DPoP": unsigned(running)}
    assert (await running.post("/token", {"grant_type": "client_credentials"}, **sent))[0] == 400


async def test_a_proof_is_good_once(running: Running) -> None:
    proof = dpop_proof(KEY, "POST", f"{running.url}/token")
    form = {"grant_type": "client_credentials"}
    sent = {"Authorization": basic("testshire-mash", SECRET), "DPoP": proof}
    assert [(await running.post("/token", form, **sent))[0] for _ in range(2)] == [200, 400]

"""The hub behind a certified OpenID provider (npm oidc-provider): its tokens, its keys, and what somebody made of them."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from joserfc.jwk import ECKey

from hub.access.devclient import dpop_proof
from hub.access.dpop import Presented
from hub.access.jwks import JwksSource
from hub.access.token import VerifiedToken
from hub.access.verifier import Verifier
from hub.domain.enquiry import Stated
from hub.domain.identifiers import CaseReference
from hub.errors import Unauthenticated
from tests.access.prover import Seen
from tests.provider.running import AUDIENCE, DETAILS, WORKER, Provider, provider

HUB = f"{AUDIENCE}/graphql"
STATED = Stated("ca1989-s47", CaseReference.parse("MASH-2026-1182"))
THIEF = ECKey.generate_key("P-256")


class Hub:
    """The hub's side: one verifier, its keys read from the provider's own metadata, its clock moved by hand."""

    def __init__(self, issuer: str) -> None:
        self.ahead = 0.0
        keys = JwksSource(issuer, clock=lambda: time.monotonic() + self.ahead)
        self.verifier = Verifier(
            issuer=issuer, audience=AUDIENCE, keys=keys, clock=time.time, replays=Seen(), bound_only=True
        )

    async def ask(self, token: str, key: ECKey, **claims: Any) -> VerifiedToken:
        proof = dpop_proof(key, "POST", HUB, token, **claims)
        return await self.verifier.verify(f"DPoP {token}", Presented("POST", HUB, [proof]))


@pytest.fixture(scope="module", params=["PS256", "ES256", "Ed25519"])
def each_algorithm(request: pytest.FixtureRequest) -> Iterator[Provider]:
    with provider(request.param) as running:
        yield running


@pytest.fixture(scope="module")
def certified() -> Iterator[Provider]:
    with provider() as running:
        yield running


async def test_a_workers_token_says_who_how_why_and_for_which_key(each_algorithm: Provider) -> None:
    answer = await each_algorithm.worker_token()
    assert answer["token_type"] == "DPoP"
    assert "refresh_token" not in answer
    found = await Hub(each_algorithm.issuer).ask(answer["access_token"], each_algorithm.client.dpop_key)
    assert (found.worker, found.role, found.organisation) == (WORKER, "mash_social_worker", "testshire-council")
    assert (found.client_id, found.issuer) == ("testshire-mash", each_algorithm.issuer)
    assert found.stated == STATED
    assert found.strength == "dpop:details"
    assert found.sign_in.at is not None
    assert abs(found.sign_in.at - time.time()) < 60


async def test_a_clients_own_token_has_no_worker(each_algorithm: Provider) -> None:
    token = await each_algorithm.client_token()
    found = await Hub(each_algorithm.issuer).ask(token, each_algorithm.client.dpop_key)
    assert (found.worker, found.role, found.client_id) == (None, None, "testshire-mash")
    assert found.stated == STATED


async def test_without_details_the_purpose_is_the_clients_word(certified: Provider) -> None:
    found = await Hub(certified.issuer).ask(await certified.client_token(details=None), certified.client.dpop_key)
    assert (found.stated, found.strength) == (None, "dpop")


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    head, body, signature = token.split(".")
    return *(json.loads(base64.urlsafe_b64decode(each + "==")) for each in (head, body)), signature  # type: ignore[return-value]


def claiming(**changes: Any) -> Any:
    """A tampering: other claims under the same signature."""

    def tamper(token: str) -> str:
        head, body, signature = parts(token)
        return f"{part(head)}.{part({**body, **changes})}.{signature}"

    return tamper


def heading(**changes: Any) -> Any:
    """A tampering: another header under the same signature."""

    def tamper(token: str) -> str:
        head, body, signature = parts(token)
        return f"{part({**head, **changes})}.{part(body)}.{signature}"

    return tamper


OTHER_CASE = [{**DETAILS[0], "case": "MASH-2026-9999"}]
TAMPERED: list[Any] = [
    pytest.param(claiming(sub="tc-0031"), "signature", id="another worker"),
    pytest.param(claiming(role="mash_nurse"), "signature", id="another role"),
    pytest.param(claiming(organisation="testshire-nhs"), "signature", id="another agency"),
    pytest.param(claiming(client_id="police-rms"), "signature", id="another client"),
    pytest.param(claiming(exp=4_000_000_000), "signature", id="for ever"),
    pytest.param(claiming(authorization_details=OTHER_CASE), "signature", id="another case"),
    pytest.param(claiming(authorization_details=[]), "signature", id="no purpose"),
    pytest.param(claiming(cnf={"jkt": THIEF.thumbprint()}), "signature", id="another key"),
    pytest.param(claiming(aud="https://other.example"), "signature", id="another audience"),
    pytest.param(heading(alg="none"), "alg", id="unsigned"),
    pytest.param(heading(alg="HS256"), "alg", id="signed with the public key"),
    pytest.param(heading(alg="ES256"), "alg", id="another algorithm"),
    pytest.param(heading(typ="JWT"), "typ", id="another type"),
    pytest.param(heading(kid="nothing"), "publish", id="an unknown key"),
    pytest.param(heading(jku="https://evil.example/jwks"), "jku", id="a key from elsewhere"),
    pytest.param(lambda token: token[:-4] + "AAAA", "signature", id="a damaged signature"),
    pytest.param(lambda token: token.rpartition(".")[0] + ".", "malformed", id="no signature"),
]


@pytest.mark.parametrize(("tamper", "said"), TAMPERED)
async def test_a_tampered_token_is_refused(certified: Provider, tamper: Any, said: str) -> None:
    token = tamper(await certified.client_token())
    with pytest.raises(Unauthenticated, match=said) as refusal:
        await Hub(certified.issuer).ask(token, certified.client.dpop_key)
    assert refusal.value.code == "TOKEN_INVALID"


PROOFS: list[Any] = [
    pytest.param({"htu": f"{AUDIENCE}/other"}, "htu", id="for another address"),
    pytest.param({"htm": "GET"}, "htm", id="for another method"),
    pytest.param({"iat": 1}, "seconds ago", id="old"),
    pytest.param({"ath": "A" * 43}, "ath", id="with another token"),
]


@pytest.mark.parametrize(("claims", "said"), PROOFS)
async def test_its_token_with_a_bad_proof_is_refused(certified: Provider, claims: dict[str, Any], said: str) -> None:
    token = await certified.client_token()
    with pytest.raises(Unauthenticated, match=said):
        await Hub(certified.issuer).ask(token, certified.client.dpop_key, **claims)


async def test_a_stolen_token_is_no_use(certified: Provider) -> None:
    hub, token = Hub(certified.issuer), await certified.client_token()
    with pytest.raises(Unauthenticated, match="not the key"):
        await hub.ask(token, THIEF)
    with pytest.raises(Unauthenticated, match="plain Bearer"):
        await hub.verifier.verify(f"Bearer {token}")
    proof = dpop_proof(certified.client.dpop_key, "POST", HUB, token)
    await hub.verifier.verify(f"DPoP {token}", Presented("POST", HUB, [proof]))
    with pytest.raises(Unauthenticated, match="used before"):
        await hub.verifier.verify(f"DPoP {token}", Presented("POST", HUB, [proof]))


async def test_a_token_it_did_not_bind_is_refused_where_tokens_must_be(certified: Provider) -> None:
    token = await certified.client_token(bound=False)
    with pytest.raises(Unauthenticated) as refusal:
        await Hub(certified.issuer).verifier.verify(f"Bearer {token}")
    assert refusal.value.code == "TOKEN_NOT_BOUND"


async def test_its_id_token_is_no_access_token(certified: Provider) -> None:
    answer = await certified.worker_token()
    with pytest.raises(Unauthenticated, match="typ"):
        await Hub(certified.issuer).ask(answer["id_token"], certified.client.dpop_key)


async def test_a_token_that_carries_a_purpose_for_too_long_is_refused() -> None:
    with provider(seconds=600) as slow:
        hub, key = Hub(slow.issuer), slow.client.dpop_key
        with pytest.raises(Unauthenticated, match="300 seconds"):
            await hub.ask(await slow.client_token(), key)
        assert (await hub.ask(await slow.client_token(details=None), key)).stated is None


async def test_it_refuses_what_is_not_the_hubs_to_read(certified: Provider) -> None:
    with pytest.raises(AssertionError, match="invalid_authorization_details"):
        await certified.client_token(details=[{"type": "payment_initiation"}])


async def test_its_metadata_offers_what_the_hub_needs(certified: Provider) -> None:
    url = f"{certified.issuer}/.well-known/oauth-authorization-server"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        found = await answer.json()
    assert found["authorization_response_iss_parameter_supported"] is True
    assert "ES256" in found["dpop_signing_alg_values_supported"]
    assert found["authorization_details_types_supported"] == [DETAILS[0]["type"]]
    assert found["require_pushed_authorization_requests"] is True

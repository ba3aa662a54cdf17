"""Step 1 whole: a request in, a searcher or a refusal out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.requests import Request

from hub.access.certificate import CertificateSource
from hub.access.denials import Denial, Denials, Denied
from hub.access.gate import Gate
from hub.access.register_file import load_register
from hub.access.settings import ClientCertificate
from hub.domain.enquiry import SignIn, Stated
from hub.domain.identifiers import CaseReference
from hub.errors import Forbidden, HubError, Unauthenticated
from tests.access.issuer import AUDIENCE, ISSUER, NOW, claims, token
from tests.access.prover import BOUND, Seen, bound, proof, proof_claims, strict
from tests.access.test_certificate import PEM, THUMBPRINT

DEMO = (Path(__file__).parents[2] / "hub" / "demo" / "data" / "register.toml").read_text("utf-8")
HERE = "http://127.0.0.1:9400"
STEP_UP = """
[[step_up]]
purposes = ["ca1989-s47"]
acr_values = ["phr"]
max_age_seconds = 600
signed_off_by = "x"
signed_off_on = 2026-01-01
"""
DETAIL = {"type": "safeguarding_enquiry", "purpose": "ca1989-s47", "case": "MASH-1"}


@pytest.fixture
def denied() -> list[Denial]:
    return []


@pytest.fixture
def make(tmp_path: Path, denied: list[Denial]) -> Gate:
    path = tmp_path / "register.toml"
    path.write_text(DEMO.replace(HERE, ISSUER) + STEP_UP, "utf-8")
    register = load_register(path)

    async def read() -> list[Denial]:
        return denied

    return Gate(
        strict(replays=Seen()),
        lambda: register,
        Denials(read),
        public_url=f"{AUDIENCE}/",
        resource=AUDIENCE,
        certificates=CertificateSource(ClientCertificate(header="X-Cert", proxies=["127.0.0.1"])),
        clock=lambda: datetime.fromtimestamp(NOW, UTC),
    )


def request(
    *headers: tuple[str, str], path: str = "/graphql", method: str = "POST", host: str = "evil.example"
) -> Request:
    every = [("host", host), *headers]
    return Request(
        {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"a=b",
            "headers": [(name.lower().encode(), value.encode()) for name, value in every],
            "client": ("127.0.0.1", 1),
        }
    )


def with_proof(**changes: str) -> tuple[tuple[str, str], ...]:
    return ("Authorization", f"DPoP {BOUND}"), ("DPoP", proof(body=proof_claims(**changes)))


async def test_a_searcher_is_who_token_and_register_say(make: Gate) -> None:
    found = await make.searcher(request(("Authorization", f"Bearer {token()}")))
    assert (found.worker, found.role, found.organisation) == ("tc-0417", "mash_social_worker", "testshire-council")
    assert (found.token_strength, found.stated, found.states_itself) == ("bearer", None, True)
    assert found.sign_in == SignIn()
    assert found.step_up["ca1989-s47"].acr_values == ("phr",)


async def test_what_the_token_says_of_purpose_case_and_sign_in_goes_with_the_searcher(make: Gate) -> None:
    compact = bound(authorization_details=[DETAIL], acr="phr", auth_time=NOW - 60)
    headers = ("Authorization", f"DPoP {compact}"), ("DPoP", proof(body=proof_claims(compact)))
    found = await make.searcher(request(*headers))
    assert found.stated == Stated("ca1989-s47", CaseReference("MASH-1"))
    assert found.sign_in == SignIn("phr", NOW - 60)
    assert found.token_strength == "dpop:details"


async def test_the_address_of_a_proof_is_the_settings_and_not_the_host_headers(make: Gate) -> None:
    assert (await make.searcher(request(*with_proof()))).token_strength == "dpop"
    with pytest.raises(Unauthenticated, match="`htu`"):
        await make.searcher(request(*with_proof(htu="https://evil.example/graphql", jti="2")))


async def test_a_proof_for_another_page_of_the_hub_is_no_good(make: Gate) -> None:
    with pytest.raises(Unauthenticated, match="`htu`"):
        await make.searcher(request(*with_proof(), path="/log/entries/1/proof"))
    good = with_proof(htu=f"{AUDIENCE}/log/entries/1/proof", htm="GET")
    assert await make.searcher(request(*good, path="/log/entries/1/proof", method="GET"))


async def test_a_certificate_is_the_proxys_word(make: Gate) -> None:
    bearer = ("Authorization", f"Bearer {token(body=claims(cnf={'x5t#S256': THUMBPRINT}))}")
    escaped = ("X-Cert", PEM.replace("\n", "%0A").replace("+", "%2B"))
    assert (await make.searcher(request(bearer, escaped))).token_strength == "mtls"
    with pytest.raises(Unauthenticated, match="client certificate"):
        await make.searcher(request(bearer))


REFUSED = [
    pytest.param(request(), "TOKEN_MISSING", id="nothing sent"),
    pytest.param(request(("Authorization", "Basic eDp5")), "TOKEN_MISSING", id="another scheme"),
    pytest.param(
        request(("Authorization", f"Bearer {token()}"), ("Authorization", f"Bearer {token()}")),
        "TOKEN_INVALID",
        id="two Authorization headers",
    ),
    pytest.param(
        request(("Authorization", f"Bearer {token()}"), ("Authorization", "")), "TOKEN_INVALID", id="one of two empty"
    ),
    pytest.param(request(*with_proof(), with_proof(jti="2")[1]), "DPOP_PROOF_INVALID", id="two DPoP headers"),
    pytest.param(
        request(("Authorization", f"Bearer {token(body=claims(client_id='x', act=...))}")),
        "CLIENT_NOT_REGISTERED",
        id="a client the register does not list",
    ),
    pytest.param(
        request(("Authorization", f"Bearer {token(body=claims(organisation='testshire-nhs'))}")),
        "ORGANISATION_MISMATCH",
        id="another agency's name",
    ),
    pytest.param(
        request(("Authorization", f"Bearer {token(body=claims(role='ceo'))}")),
        "ROLE_NOT_REGISTERED",
        id="a made-up role",
    ),
    pytest.param(
        request(("Authorization", f"Bearer {token(body=claims(sub='testshire-mash', role=...))}")),
        "WORKER_REQUIRED",
        id="a system with no worker",
    ),
]


@pytest.mark.parametrize(("sent", "code"), REFUSED)
async def test_who_is_not_let_in(make: Gate, sent: Request, code: str) -> None:
    with pytest.raises(HubError) as refusal:
        await make.searcher(sent)
    assert refusal.value.code == code


async def test_the_denied_are_told_so_before_the_register_is_asked(make: Gate, denied: list[Denial]) -> None:
    denied.append(Denial(Denied.CLIENT, ISSUER, "x"))
    with pytest.raises(Unauthenticated) as refusal:
        await make.searcher(request(("Authorization", f"Bearer {token(body=claims(client_id='x', act=...))}")))
    assert refusal.value.code == "TOKEN_REVOKED"


async def test_the_register_is_asked_anew_for_each_request(tmp_path: Path) -> None:
    path = tmp_path / "register.toml"
    path.write_text(DEMO.replace(HERE, ISSUER), "utf-8")
    registers = [load_register(path)]

    async def read() -> list[Denial]:
        return []

    gate = Gate(strict(), lambda: registers[-1], Denials(read), public_url=AUDIENCE, resource=AUDIENCE)
    sent = ("Authorization", f"Bearer {token()}")
    assert await gate.searcher(request(sent))
    path.write_text(DEMO.replace(HERE, ISSUER).replace('"mash_social_worker"', '"other"'), "utf-8")
    registers.append(load_register(path))
    with pytest.raises(Forbidden):
        await gate.searcher(request(sent))


def test_its_challenges_name_where_its_metadata_is(make: Gate) -> None:
    wanted = make.challenge(Unauthenticated("x", code="TOKEN_MISSING"))
    assert wanted is not None
    assert f'resource_metadata="{AUDIENCE}/.well-known/oauth-protected-resource"' in wanted

"""Tokens that are bound, or carry purpose and case, in ways that must not be believed; and those that must.

The reason each row is refused for is in ``hostile_bound.txt``. The signature is the real issuer's in every one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from hub.access.binding import BindingKind
from hub.access.dpop import Presented
from hub.domain.enquiry import Stated
from hub.domain.identifiers import CaseReference
from hub.errors import Unauthenticated
from tests.access.issuer import AUDIENCE, NOW, b64, claims, header, token
from tests.access.prover import BOUND, JWK, ath, bound, presented, proof, proof_claims, strict, thumb

MTLS, OTHER = (b64(hashlib.sha256(name).digest()) for name in (b"a certificate", b"another"))
DETAIL = {"type": "safeguarding_enquiry", "purpose": "ca1989-s47", "case": "MASH-2026-1182"}


def cnf(value: Any) -> str:
    return token(body=claims(cnf=value))


def details(value: Any, **more: Any) -> str:
    return token(body=claims(authorization_details=value, **more))


def detail(**changes: Any) -> str:
    return details([{name: value for name, value in {**DETAIL, **changes}.items() if value is not ...}])


CONFIRMATIONS = {
    "null": cnf(None),
    "a text": cnf(thumb(JWK["ES256"])),
    "a list": cnf([{"jkt": thumb(JWK["ES256"])}]),
    "empty": cnf({}),
    "jkt null": cnf({"jkt": None}),
    "jkt empty": cnf({"jkt": ""}),
    "jkt too short": cnf({"jkt": "x"}),
    "jkt in hexadecimal": cnf({"jkt": "0" * 64}),
    "jkt padded": cnf({"jkt": f"{thumb(JWK['ES256'])}="}),
    "jkt in another spelling": cnf({"jkt": f"{thumb(JWK['ES256'])[:-1]}B"}),
    "jkt outside ASCII": cnf({"jkt": "é" * 43}),
    "jkt a list": cnf({"jkt": [thumb(JWK["ES256"])]}),
    "both kinds": cnf({"jkt": thumb(JWK["ES256"]), "x5t#S256": MTLS}),
    "jkt and one more": cnf({"jkt": thumb(JWK["ES256"]), "kid": "x"}),
    "a whole key": cnf({"jwk": JWK["ES256"]}),
    "a key id": cnf({"kid": "ec"}),
    "a key's address": cnf({"jku": "https://evil.example/jwks", "kid": "ec"}),
    "x5t of SHA-1": cnf({"x5t": MTLS}),
    "x5t#S256 in other letters": cnf({"x5t#s256": MTLS}),
}

DETAILS = {
    "null": details(None),
    "empty": details([]),
    "an object": details(DETAIL),
    "a text": details('[{"type":"safeguarding_enquiry"}]'),
    "two": details([DETAIL, {**DETAIL, "purpose": "ca1989-s17"}]),
    "the same twice": details([DETAIL, DETAIL]),
    "one of ours and one of another's": details([DETAIL, {"type": "payment_initiation"}]),
    "a list in a list": details([[DETAIL]]),
    "no type": detail(type=...),
    "another type": detail(type="payment_initiation"),
    "type in other letters": detail(type="Safeguarding_Enquiry"),
    "type a list": detail(type=["safeguarding_enquiry"]),
    "no purpose": detail(purpose=...),
    "purpose null": detail(purpose=None),
    "purpose a list": detail(purpose=["ca1989-s47", "ca1989-s17"]),
    "purpose a wildcard": detail(purpose="*"),
    "purpose empty": detail(purpose=""),
    "purpose with a line end": detail(purpose="ca1989-s47\n"),
    "purpose too long": detail(purpose="x" * 64),
    "no case": detail(case=...),
    "case null": detail(case=None),
    "case empty": detail(case=""),
    "case a number": detail(case=2026),
    "case a list": detail(case=["MASH-2026-1182"]),
    "case with spaces around it": detail(case=" MASH-2026-1182 "),
    "case with a control character": detail(case="MASH\u0000"),
    "case too long": detail(case="x" * 500),
    "a limit we do not know": detail(actions=["read_names_only"]),
    "a limit of its fields": detail(datatypes=["identity"]),
    "locations of another hub": detail(locations=["https://other.example"]),
    "locations of two hubs": detail(locations=[AUDIENCE, "https://other.example"]),
    "locations a text": detail(locations=AUDIENCE),
    "locations empty": detail(locations=[]),
    "a life too long for it": details([DETAIL], iat=NOW - 30, exp=NOW + 271),
}

GOOD_PROOF = proof()

SENT: dict[str, tuple[str, Presented]] = {
    "bound by DPoP, sent as Bearer": (f"Bearer {BOUND}", presented()),
    "bound by DPoP, sent as Bearer with its proof": (f"Bearer {BOUND}", presented(GOOD_PROOF)),
    "bound by certificate, sent without": (f"Bearer {cnf({'x5t#S256': MTLS})}", presented()),
    "bound by certificate, sent with another": (f"Bearer {cnf({'x5t#S256': MTLS})}", presented(certificate=OTHER)),
    "bound by certificate, thumbprint cut": (f"Bearer {cnf({'x5t#S256': MTLS})}", presented(certificate=MTLS[:-1])),
    "bound by certificate, sent as DPoP": (
        f"DPoP {cnf({'x5t#S256': MTLS})}",
        presented(GOOD_PROOF, certificate=MTLS),
    ),
    "bound to nothing, sent as DPoP": (f"DPoP {token()}", presented(proof(body=proof_claims(token())))),
    "bound to nothing, sent as DPoP without a proof": (f"DPoP {token()}", presented()),
    "bound to nothing, sent as Bearer with a proof": (
        f"Bearer {token()}",
        presented(proof(body=proof_claims(token()))),
    ),
    "a proof as the token": (f"DPoP {GOOD_PROOF}", presented(GOOD_PROOF)),
    "a proof as a Bearer token": (f"Bearer {GOOD_PROOF}", presented()),
    "signed by the client's own key": (
        f"DPoP {proof(header('ES256', jwk=JWK['ES256']), claims(cnf={'jkt': thumb(JWK['ES256'])}))}",
        presented(GOOD_PROOF),
    ),
}

REASONS = dict(
    line.split(" | ") for line in (Path(__file__).parent / "hostile_bound.txt").read_text("utf-8").splitlines()
)
HOSTILE = [
    pytest.param(*sent, REASONS.get(f"{group}: {name}"), id=f"{group}: {name}")
    for group, table in {
        "cnf": {name: (f"Bearer {compact}", presented(certificate=MTLS)) for name, compact in CONFIRMATIONS.items()},
        "details": {name: (f"Bearer {compact}", presented()) for name, compact in DETAILS.items()},
        "sent": SENT,
    }.items()
    for name, sent in table.items()
]


async def attempt(authorization: str, came_with: Presented) -> None:
    await strict().verify(authorization, came_with)


@pytest.mark.parametrize(("authorization", "came_with", "reason"), HOSTILE)
async def test_it_is_refused_without_an_echo(authorization: str, came_with: Presented, reason: str | None) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        await attempt(authorization, came_with)
    assert refusal.value.code == "TOKEN_INVALID"
    assert refusal.value.message.startswith(f"The access token was refused: {reason}. Get a new one")
    for piece in ("evil", "MASH", "s47", "tc-0417", MTLS):
        assert piece not in refusal.value.message


ACCEPTED = [
    pytest.param(f"Bearer {token()}", presented(), "bearer", id="bound to nothing"),
    pytest.param(f"DPoP {BOUND}", presented(GOOD_PROOF), "dpop", id="bound by DPoP"),
    pytest.param(f"dpop {BOUND}", presented(GOOD_PROOF), "dpop", id="the scheme in lower case"),
    pytest.param(f"Bearer {cnf({'x5t#S256': MTLS})}", presented(certificate=MTLS), "mtls", id="bound by certificate"),
    pytest.param(f"Bearer {token()}", presented(certificate=MTLS), "bearer", id="a certificate that was not asked for"),
    pytest.param(f"Bearer {detail()}", presented(), "bearer:details", id="with purpose and case"),
    pytest.param(f"Bearer {detail(locations=[AUDIENCE])}", presented(), "bearer:details", id="for this hub by name"),
]


@pytest.mark.parametrize(("authorization", "came_with", "strength"), ACCEPTED)
async def test_it_is_accepted_and_the_log_is_told_how_strong_it_is(
    authorization: str, came_with: Presented, strength: str
) -> None:
    assert (await strict().verify(authorization, came_with)).strength == strength


async def test_a_token_bound_by_dpop_may_carry_purpose_and_case() -> None:
    compact = bound(authorization_details=[DETAIL])
    found = await strict().verify(f"DPoP {compact}", presented(proof(body=proof_claims(compact, ath=ath(compact)))))
    assert found.strength == "dpop:details"
    assert found.stated == Stated("ca1989-s47", CaseReference("MASH-2026-1182"))
    assert found.bound_to is not None
    assert found.bound_to.kind is BindingKind.DPOP


async def test_details_may_live_300_seconds() -> None:
    compact = details([DETAIL], iat=NOW - 30, exp=NOW + 270)
    assert (await strict().verify(f"Bearer {compact}")).stated is not None


async def test_where_only_bound_tokens_are_good_others_are_told_so() -> None:
    verifier = strict(bound_only=True)
    with pytest.raises(Unauthenticated, match="RFC 9449") as refusal:
        await verifier.verify(f"Bearer {token()}")
    assert refusal.value.code == "TOKEN_NOT_BOUND"
    assert (await verifier.verify(f"DPoP {BOUND}", presented(GOOD_PROOF))).strength == "dpop"
    by_certificate = f"Bearer {cnf({'x5t#S256': MTLS})}"
    assert (await verifier.verify(by_certificate, presented(certificate=MTLS))).strength == "mtls"


SIGN_INS = [
    pytest.param({}, None, None, id="nothing said"),
    pytest.param({"acr": "phr", "auth_time": NOW - 60}, "phr", NOW - 60, id="both said"),
]


@pytest.mark.parametrize(("said", "acr", "at"), SIGN_INS)
async def test_the_sign_in_is_read(said: dict[str, Any], acr: str | None, at: int | None) -> None:
    found = (await strict().verify(f"Bearer {token(body=claims(**said))}")).sign_in
    assert (found.acr, found.at) == (acr, at)


@pytest.mark.parametrize(
    "said", [{"acr": None}, {"acr": ""}, {"acr": ["phr"]}, {"auth_time": "now"}, {"auth_time": True}, {"auth_time": -1}]
)
async def test_a_sign_in_that_cannot_be_read_refuses_the_token(said: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated, match=r"its `(acr|auth_time)` "):
        await strict().verify(f"Bearer {token(body=claims(**said))}")

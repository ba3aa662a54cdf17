"""Proofs of possession made to deceive (RFC 9449 s.4.3, s.11): each is refused for the reason meant.

The reasons are in ``hostile_proofs.txt``. The token is good in every row, and bound to the client's key; what is wrong is the proof, or what it came with.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from hub.errors import AuditUnavailable, Unauthenticated
from tests.access.issuer import AUDIENCE, NOW, RSA_KEY, b64, claims, ec_jwk, encoded, number, rsa_jwk, token
from tests.access.prover import (
    BOUND,
    CLIENT_EC,
    JWK,
    OTHER_EC,
    URL,
    Seen,
    ath,
    bound,
    presented,
    proof,
    proof_claims,
    proof_header,
    sign_with,
    strict,
    without_kid,
)

GOOD = proof()
HEAD, BODY, SIGNATURE = GOOD.split(".")
EC_NUMBERS = CLIENT_EC.private_numbers()
PRIVATE_D = b64(EC_NUMBERS.private_value.to_bytes(32, "big"))


def jwk(**changes: Any) -> dict[str, Any]:
    return proof_header(jwk={name: value for name, value in {**JWK["ES256"], **changes}.items() if value is not ...})


def saying(**changes: Any) -> str:
    return proof(body=proof_claims(**changes))


def hs256(secret: bytes) -> Any:
    return lambda message: hmac.new(secret, message, hashlib.sha256).digest()


def twice(name: str, value: Any) -> bytes:
    return json.dumps(proof_claims()).encode()[:-1] + f',"{name}":{json.dumps(value)}}}'.encode()


FORMS = {
    "one part": "opaque",
    "two parts": f"{HEAD}.{BODY}",
    "four parts": f"{GOOD}.{SIGNATURE}",
    "only dots": "..",
    "empty": "",
    "padding": f"{GOOD}==",
    "a space at the end": f"{GOOD} ",
    "two in one header": f"{GOOD}, {GOOD}",
    "outside ASCII": f"{GOOD}é",
    "too long": proof(body=proof_claims(pad="x" * 4096)),
    "header too long": proof(proof_header(pad="x" * 2048)),
    "header not JSON": proof(b"ES256"),
    "header an array": proof(b"[]"),
    "header with typ twice": proof(b'{"typ":"at+jwt",' + json.dumps(proof_header()).encode()[1:]),
    "claims an array": proof(body=b"[]"),
    "claims with htu twice": proof(body=twice("htu", "https://evil.example/graphql")),
    "claims nested too deep": saying(x=[[[[[[[[1]]]]]]]]),
    "claims with NaN": proof(body=json.dumps(proof_claims()).encode()[:-1] + b',"x":NaN}'),
}

HEADERS = {
    "typ missing": proof(proof_header(typ=...)),
    "typ JWT": proof(proof_header(typ="JWT")),
    "typ of an access token": proof(proof_header(typ="at+jwt")),
    "typ a list": proof(proof_header(typ=["dpop+jwt"])),
    "alg missing": proof(proof_header(alg=...)),
    "alg none": f"{encoded(proof_header(alg='none'))}.{BODY}.{SIGNATURE}",
    "alg none, no signature": f"{encoded(proof_header(alg='none'))}.{BODY}.",
    "alg HS256 with the public key": proof(proof_header(alg="HS256"), sign=hs256(JWK["ES256"]["x"].encode())),
    "alg RS256": proof(proof_header(alg="RS256")),
    "alg ES384": proof(proof_header(alg="ES384")),
    "alg EdDSA, the older name": proof(proof_header(alg="EdDSA")),
    "alg in lower case": proof(proof_header(alg="es256")),
    "alg of another kind of key": proof({**proof_header(), "alg": "Ed25519"}, sign=sign_with(CLIENT_EC)),
    "jwk missing": proof(proof_header(jwk=...)),
    "jwk a text": proof(proof_header(jwk=json.dumps(JWK["ES256"]))),
    "jwk a list": proof(proof_header(jwk=[JWK["ES256"]])),
    "jwk with its private part": proof(jwk(d=PRIVATE_D)),
    "jwk with a symmetric part": proof(jwk(k="AAAA")),
    "jwk symmetric": proof(proof_header(alg="ES256", jwk={"kty": "oct", "k": "AAAA"})),
    "jwk without y": proof(jwk(y=...)),
    "jwk with x a number": proof(jwk(x=1)),
    "jwk with x outside ASCII": proof(jwk(x="é")),
    "jwk with x padded": proof(jwk(x=f"{JWK['ES256']['x']}=")),
    "jwk on another curve": proof(jwk(crv="P-384")),
    "jwk of another client": proof(proof_header(jwk=without_kid(ec_jwk(OTHER_EC))), sign=sign_with(OTHER_EC)),
    "kid instead of jwk": proof(proof_header(jwk=..., kid="ec")),
    "jku": proof(proof_header(jku="https://evil.example/jwks")),
    "x5c": proof(proof_header(x5c=["MIIB"])),
    "x5u": proof(proof_header(x5u="https://evil.example/cert")),
    "crit": proof(proof_header(crit=["exp"], exp=NOW)),
    "b64 false": proof(proof_header(b64=False)),
    "zip": proof(proof_header(zip="DEF")),
    "enc": proof(proof_header(enc="A256GCM")),
}

SIGNATURES = {
    "signed by another client": proof(sign=sign_with(OTHER_EC)),
    "signature all zero": f"{HEAD}.{BODY}.{b64(bytes(64))}",
    "signature of another proof": f"{HEAD}.{BODY}.{saying(jti='another').split('.')[2]}",
    "signature in DER": proof(sign=lambda message: b"\x30\x45" + sign_with(CLIENT_EC)(message)),
    "signature cut short": f"{HEAD}.{BODY}.{SIGNATURE[:-8]}",
    "claims changed after signing": f"{HEAD}.{encoded(proof_claims(jti='another'))}.{SIGNATURE}",
    "header changed after signing": f"{encoded(proof_header(x=1))}.{BODY}.{SIGNATURE}",
}

CLAIMS = {
    **{f"{name} missing": saying(**{name: ...}) for name in ("jti", "htm", "htu", "iat", "ath")},
    **{f"{name} null": saying(**{name: None}) for name in ("jti", "htm", "htu", "iat", "ath")},
    "jti empty": saying(jti=""),
    "jti a number": saying(jti=1),
    "jti too long": saying(jti="x" * 256),
    "jti with a line end": saying(jti="x\ny"),
    "htm of another method": saying(htm="GET"),
    "htm in lower case": saying(htm="post"),
    "htm a list": saying(htm=["POST"]),
    "htu of another server": saying(htu="https://evil.example/graphql"),
    "htu of another path": saying(htu=f"{AUDIENCE}/"),
    "htu with a slash at the end": saying(htu=f"{URL}/"),
    "htu over plain http": saying(htu=URL.replace("https", "http")),
    "htu on another port": saying(htu=URL.replace(".example", ".example:8443")),
    "htu with a user": saying(htu=URL.replace("//", "//user@")),
    "htu with a password": saying(htu=URL.replace("//", "//user:pass@")),
    "htu with our name as the user": saying(htu="https://hub.testshire.example@evil.example/graphql"),
    "htu with our name before another": saying(htu="https://hub.testshire.example.evil.example/graphql"),
    "htu with dot segments": saying(htu=f"{AUDIENCE}/x/../graphql"),
    "htu with a backslash": saying(htu=f"{AUDIENCE}\\graphql"),
    "htu with a tab inside": saying(htu=f"{AUDIENCE}/gra\tphql"),
    "htu with a line end": saying(htu=f"{URL}\n"),
    "htu with an encoded slash": saying(htu=f"{AUDIENCE}%2Fgraphql"),
    "htu in capitals": saying(htu=URL.upper()),
    "htu without a scheme": saying(htu="//hub.testshire.example/graphql"),
    "htu only the path": saying(htu="/graphql"),
    "htu with a bad port": saying(htu=URL.replace(".example", ".example:https")),
    "htu with a bad address": saying(htu="https://[::1/graphql"),
    "htu outside ASCII": saying(htu=f"{AUDIENCE}/gr\u0430phql"),
    "htu very long": saying(htu=f"{URL}?{'x' * 2048}"),
    "htu a list": saying(htu=[URL]),
    "iat as text": saying(iat=str(NOW)),
    "iat true": saying(iat=True),
    "iat a fraction": saying(iat=NOW - 0.5),
    "iat negative": saying(iat=-1),
    "iat too old": saying(iat=NOW - 61),
    "iat ahead": saying(iat=NOW + 11),
    "exp gone": saying(exp=NOW - 11),
    "exp as text": saying(exp="never"),
    "nbf ahead": saying(nbf=NOW + 11),
    "ath of another token": saying(ath=ath(bound(jti="another"))),
    "ath in hexadecimal": saying(ath=hashlib.sha256(BOUND.encode()).hexdigest()),
    "ath padded": saying(ath=f"{ath(BOUND)}="),
    "ath the token itself": saying(ath=BOUND[:43]),
}

REQUESTS: dict[str, tuple[str, ...]] = {
    "no proof": (),
    "two proofs": (GOOD, saying(jti="another")),
    "the same proof twice": (GOOD, GOOD),
}

REASONS = dict(
    line.split(" | ") for line in (Path(__file__).parent / "hostile_proofs.txt").read_text("utf-8").splitlines()
)
GROUPS: dict[str, dict[str, Any]] = {
    "form": FORMS,
    "header": HEADERS,
    "signature": SIGNATURES,
    "claims": CLAIMS,
    "request": REQUESTS,
}
HOSTILE = [
    pytest.param((made,) if isinstance(made, str) else made, REASONS.get(f"{group}: {name}"), id=f"{group}: {name}")
    for group, table in GROUPS.items()
    for name, made in table.items()
]


@pytest.mark.parametrize(("proofs", "reason"), HOSTILE)
async def test_a_hostile_proof_is_refused_without_an_echo(proofs: tuple[str, ...], reason: str | None) -> None:
    replays = Seen()
    with pytest.raises(Unauthenticated) as refusal:
        await strict(replays=replays).verify(f"DPoP {BOUND}", presented(*proofs))
    assert refusal.value.code == "DPOP_PROOF_INVALID"
    assert refusal.value.message.startswith(f"The DPoP proof was refused: {reason}. Make a new proof")
    for piece in ("evil", "another", "tc-0417", *[part for one in proofs for part in one.split(".") if len(part) > 20]):
        assert piece not in refusal.value.message
    assert refusal.value.__cause__ is None
    assert replays.seen == {}, "only a good proof is remembered: else a stranger could fill the memory"


GOOD_ONES = [
    pytest.param(proof(), URL, id="as it should be"),
    pytest.param(proof(proof_header(typ="application/dpop+jwt")), URL, id="typ with its prefix"),
    pytest.param(proof(proof_header(typ="DPoP+JWT")), URL, id="typ in other letters"),
    pytest.param(proof(proof_header(extra=1)), URL, id="a header it may have"),
    pytest.param(proof(jwk(kid="mine", use="sig", alg="ES256")), URL, id="a jwk with more than the key"),
    pytest.param(saying(extra=1, nonce="none was asked for"), URL, id="more claims"),
    pytest.param(saying(htu=f"{URL}?a=b#c"), URL, id="query and fragment do not count"),
    pytest.param(saying(htu=URL.replace("https://hub", "HTTPS://HUB")), URL, id="scheme and host in capitals"),
    pytest.param(saying(htu=URL.replace(".example", ".example:443")), URL, id="the default port"),
    pytest.param(saying(htu=f"{AUDIENCE}/%67raphql"), URL, id="a letter encoded"),
    pytest.param(saying(htu=AUDIENCE), f"{AUDIENCE}/", id="an empty path is /"),
    pytest.param(saying(htu="https://[::1]:8443/graphql"), "https://[::1]:8443/graphql", id="an IPv6 address"),
    pytest.param(saying(iat=NOW - 60), URL, id="as old as may be"),
    pytest.param(saying(iat=NOW + 10), URL, id="as far ahead as may be"),
    pytest.param(saying(exp=NOW + 5, nbf=NOW - 5), URL, id="with a life of its own"),
    pytest.param(saying(jti="x" * 255), URL, id="the longest jti"),
]


@pytest.mark.parametrize(("made", "url"), GOOD_ONES)
async def test_a_good_proof_is_accepted(made: str, url: str) -> None:
    assert (await strict().verify(f"DPoP {BOUND}", presented(made, url=url))).strength == "dpop"


@pytest.mark.parametrize("algorithm", ["ES256", "Ed25519", "PS256"])
async def test_each_kind_of_key_may_be_the_clients(algorithm: str) -> None:
    compact = bound(algorithm)
    made = proof(proof_header(algorithm), proof_claims(compact))
    assert (await strict().verify(f"DPoP {compact}", presented(made))).worker == "tc-0417"


async def test_an_rsa_key_with_an_exponent_as_long_as_its_modulus_is_not_computed_with() -> None:
    weird = {**without_kid(rsa_jwk(RSA_KEY)), "e": number(RSA_KEY.public_key().public_numbers().n - 2)}
    text = json.dumps({name: weird[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
    compact = token(body=claims(cnf={"jkt": b64(hashlib.sha256(text.encode()).digest())}))
    made = proof(proof_header("PS256", jwk=weird), proof_claims(compact))
    with pytest.raises(Unauthenticated, match="no public key this hub accepts"):
        await strict().verify(f"DPoP {compact}", presented(made))


async def test_a_proof_is_good_once() -> None:
    verifier = strict()
    await verifier.verify(f"DPoP {BOUND}", presented(GOOD))
    with pytest.raises(Unauthenticated, match="used before") as refusal:
        await verifier.verify(f"DPoP {BOUND}", presented(GOOD))
    assert refusal.value.code == "DPOP_PROOF_REPLAYED"
    await verifier.verify(f"DPoP {BOUND}", presented(saying(jti="another")))


async def test_the_same_jti_signed_anew_is_a_replay_and_of_another_key_is_not() -> None:
    verifier = strict()
    await verifier.verify(f"DPoP {BOUND}", presented(GOOD))
    with pytest.raises(Unauthenticated, match="used before"):
        await verifier.verify(f"DPoP {BOUND}", presented(saying(iat=NOW - 1)))
    other = bound("Ed25519")
    await verifier.verify(f"DPoP {other}", presented(proof(proof_header("Ed25519"), proof_claims(other))))


async def test_a_proof_is_remembered_for_as_long_as_it_could_be_used_again() -> None:
    replays = Seen()
    await strict(replays=replays).verify(f"DPoP {BOUND}", presented(saying(iat=NOW + 10)))
    (forget_at,) = replays.seen.values()
    assert forget_at == NOW + 10 + 61
    with pytest.raises(Unauthenticated, match="seconds ago"):
        await strict(now=forget_at).verify(f"DPoP {BOUND}", presented(saying(iat=NOW + 10)))


async def test_a_memory_that_does_not_answer_refuses_the_request() -> None:
    class Broken:
        async def first_use(self, digest: str, forget_at: int) -> bool:
            raise AuditUnavailable

    with pytest.raises(AuditUnavailable):
        await strict(replays=Broken()).verify(f"DPoP {BOUND}", presented(GOOD))


async def test_the_token_is_checked_before_the_proof_is_looked_at() -> None:
    expired = bound(iat=NOW - 400, exp=NOW - 100)
    with pytest.raises(Unauthenticated) as refusal:
        await strict().verify(f"DPoP {expired}", presented("opaque"))
    assert refusal.value.code == "TOKEN_EXPIRED"

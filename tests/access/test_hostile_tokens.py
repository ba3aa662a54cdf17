"""Tokens made to deceive: every one is refused, for the reason meant, without a word of the token in the message.

The reason each row is refused for is in ``hostile_tokens.txt``, so that no row passes by being malformed elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.errors import Unauthenticated
from tests.access.issuer import (
    AUDIENCE,
    EC_KEY,
    ED_KEY,
    ISSUER,
    NOW,
    RSA_KEY,
    STRANGER_KEY,
    b64,
    claims,
    ec_jwk,
    ed_jwk,
    encoded,
    header,
    sign_es256,
    sign_ps256,
    sign_rs256,
    token,
    verifier,
)


def hs256(secret: bytes) -> Any:
    return lambda message: hmac.new(secret, message, hashlib.sha256).digest()


RSA_PEM = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
EC_PEM = EC_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
ED_RAW = ED_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
GOOD = token()
HEAD, BODY, SIGNATURE = GOOD.split(".")


def respelled(segment: str) -> str:
    """The same octets spelt with other spare bits, or padded when there are none."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    if len(segment) % 4 == 0:
        return segment + "===="
    return segment[:-1] + alphabet[alphabet.index(segment[-1]) + 1]


def raw_claims(**changes: str) -> bytes:
    """Claims whose values are written as the raw JSON given."""
    good = {name: json.dumps(value) for name, value in claims().items()}
    return ("{" + ",".join(f'"{name}":{value}' for name, value in {**good, **changes}.items()) + "}").encode()


def repeated(name: str, value: Any) -> bytes:
    return encoded_json(claims())[:-1] + f',"{name}":{json.dumps(value)}}}'.encode()


def encoded_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def swapped_signature() -> str:
    other = token(body=claims(jti="another"))
    return f"{HEAD}.{BODY}.{other.split('.')[2]}"


SIGNATURES = {
    "alg none, no signature": f"{encoded(header('none'))}.{BODY}.",
    "alg none, with a signature": token(header("none")),
    "alg None": token(header("None")),
    "alg nOnE, no signature": f"{encoded(header('nOnE'))}.{BODY}.",
    "alg empty": token(header("")),
    "alg missing": token(header(alg=...)),
    "alg null": token(header(alg=None)),
    "alg a list": token(header(alg=["Ed25519"])),
    "alg a number": token(header(alg=1)),
    "alg in lower case": token(header("ed25519"), sign=ED_KEY.sign),
    "HS256 with the RSA public key": token(header("HS256", kid="rsa"), sign=hs256(RSA_PEM)),
    "HS256 with the EC public key": token(header("HS256", kid="ec"), sign=hs256(EC_PEM)),
    "HS256 with the Ed25519 public key": token(header("HS256"), sign=hs256(ED_RAW)),
    "HS256 with an empty key": token(header("HS256"), sign=hs256(b"")),
    "RS256 by the right key": token(header("RS256", kid="rsa"), sign=sign_rs256),
    "PS384": token(header("PS384", kid="rsa"), sign=sign_ps256),
    "PS256 header, RS256 signature": token(header("PS256"), sign=sign_rs256),
    "EdDSA, the older name": token(header("EdDSA"), sign=ED_KEY.sign),
    "ES256K": token(header("ES256K", kid="ec"), sign=sign_es256),
    "ES256 header, Ed25519 key": token(header("ES256", kid="ed"), sign=ED_KEY.sign),
    "Ed25519 header, EC key": token(header("Ed25519", kid="ec"), sign=sign_es256),
    "PS256 header, EC key": token(header("PS256", kid="ec"), sign=sign_es256),
    "signed by a stranger": token(sign=STRANGER_KEY.sign),
    "signature of another token": swapped_signature(),
    "signature all zero": f"{HEAD}.{BODY}.{b64(bytes(64))}",
    "ES256 signature all zero": f"{encoded(header('ES256'))}.{BODY}.{b64(bytes(64))}",
    "ES256 signature in DER": token(header("ES256"), sign=lambda message: b"\x30\x45" + sign_es256(message)),
    "signature cut short": f"{HEAD}.{BODY}.{b64(ED_KEY.sign(f'{HEAD}.{BODY}'.encode())[:-4])}",
    "signature empty": f"{HEAD}.{BODY}.",
    "claims changed after signing": f"{HEAD}.{encoded(claims(sub='tp-2290'))}.{SIGNATURE}",
    "header changed after signing": f"{encoded(header(extra=1))}.{BODY}.{SIGNATURE}",
}

HEADERS = {
    "typ missing": token(header(typ=...)),
    "typ JWT": token(header(typ="JWT")),
    "typ of an ID token": token(header(typ="id+jwt")),
    "typ of a DPoP proof": token(header(typ="dpop+jwt")),
    "typ of the dev server's subject token": token(header(typ="dev-subject+jwt")),
    "typ a list": token(header(typ=["at+jwt"])),
    "typ with a space": token(header(typ="at+jwt ")),
    "kid missing": token(header(kid=...)),
    "kid null": token(header(kid=None)),
    "kid empty": token(header(kid="")),
    "kid unknown": token(header(kid="another")),
    "kid a number": token(header(kid=1)),
    "kid a list": token(header(kid=["ed"])),
    "kid an address": token(header(kid="https://evil.example/key")),
    "kid a path": token(header(kid="../../../../dev/null"), sign=hs256(b"")),
    "kid an SQL fragment": token(header(kid="ed' UNION SELECT 'x")),
    "kid with a control character": token(header(kid="ed\u0000")),
    "kid with a newline": token(header(kid="ed\n")),
    "kid too long": token(header(kid="e" * 256)),
    "jku": token(header(jku="https://evil.example/jwks")),
    "jku of the issuer": token(header(jku=f"{ISSUER}/jwks")),
    "x5u": token(header(x5u="https://evil.example/cert")),
    "x5c": token(header(x5c=["MIIB"])),
    "jwk of a stranger": token(header(jwk=ed_jwk(STRANGER_KEY)), sign=STRANGER_KEY.sign),
    "jwk of the issuer": token(header(jwk=ed_jwk())),
    "jwk instead of kid": token(header(kid=..., jwk=ec_jwk())),
    "crit": token(header(crit=["exp"], exp=NOW)),
    "crit empty": token(header(crit=[])),
    "crit null": token(header(crit=None)),
    "b64 false": token(header(b64=False, crit=["b64"])),
    "b64 true": token(header(b64=True)),
    "zip": token(header(zip="DEF")),
    "enc": token(header(enc="A256GCM")),
    "header not JSON": token(b"Ed25519"),
    "header an array": token(b'["alg"]'),
    "header a text": token(b'"Ed25519"'),
    "header with alg twice": token(b'{"alg":"none","alg":"Ed25519","typ":"at+jwt","kid":"ed"}'),
    "header with an escaped alg twice": token(b'{"\\u0061lg":"none","alg":"Ed25519","typ":"at+jwt","kid":"ed"}'),
    "header with a byte order mark": token(b"\xef\xbb\xbf" + encoded_json(header())),
    "header in UTF-16": token(json.dumps(header()).encode("utf-16")),
    "header not UTF-8": token(b'{"alg":"Ed25519","typ":"at+jwt","kid":"\xff"}'),
    "header too long": token(header(pad="x" * 512)),
}

FORMS = {
    "two parts": f"{HEAD}.{BODY}",
    "four parts": f"{GOOD}.{SIGNATURE}",
    "five parts, as if encrypted": f"{GOOD}.{SIGNATURE}.{SIGNATURE}",
    "one part": "opaque",
    "no header": f".{BODY}.{SIGNATURE}",
    "no claims": f"{HEAD}..{SIGNATURE}",
    "only dots": "..",
    "padding on the header": f"{HEAD}=.{BODY}.{SIGNATURE}",
    "padding on the claims": f"{HEAD}.{BODY}==.{SIGNATURE}",
    "padding on the signature": f"{GOOD}==",
    "signature in another spelling": f"{HEAD}.{BODY}.{respelled(SIGNATURE)}",
    "base64 of the other alphabet": f"{HEAD}.{BODY}.{base64.b64encode(b'?>' * 32).decode().rstrip('=')}",
    "a space inside": f"{HEAD}. {BODY}.{SIGNATURE}",
    "a newline at the end": f"{GOOD}\n",
    "a comma and another token": f"{GOOD}, Bearer {GOOD}",
    "a character outside ASCII": f"{GOOD}é",
    "a full-width dot": GOOD.replace(".", "\uff0e"),
    "JSON serialisation": json.dumps({"payload": BODY, "signatures": [{"protected": HEAD, "signature": SIGNATURE}]}),
    "too long": token(body=claims(pad="x" * 8192)),
}

CLAIMS = {
    **{f"{name} missing": token(body=claims(**{name: ...})) for name in ("iss", "aud", "sub", "client_id", "jti")},
    **{f"{name} missing": token(body=claims(**{name: ...})) for name in ("iat", "exp")},
    **{
        f"{name} null": token(body=claims(**{name: None})) for name in ("iss", "aud", "sub", "client_id", "exp", "role")
    },
    "claims an array": token(body=b"[]"),
    "claims a nested token": token(body=GOOD.encode()),
    "claims not UTF-8": token(body=b'{"sub":"\xff"}'),
    "claims with sub twice": token(body=repeated("sub", "tp-2290")),
    "claims with aud twice": token(body=repeated("aud", AUDIENCE)),
    "claims nested too deep": token(body=claims(x=[[[[[[[[1]]]]]]]])),
    "claims nested a thousand deep": token(body=b'{"x":' + b"[" * 1000 + b"]" * 1000 + b"}"),
    "claims with NaN": token(body=raw_claims(x="NaN")),
    "claims with infinity": token(body=raw_claims(x="-Infinity")),
    "claims with 1e999": token(body=raw_claims(x="1e999")),
    "claims with an integer past 2^53": token(body=raw_claims(x=str(2**53))),
    "claims with a very long integer": token(body=raw_claims(x="1" * 5000)),
    "claims followed by more": token(body=encoded_json(claims()) + b"{}"),
    "iss of another server": token(body=claims(iss="https://evil.example")),
    "iss with a slash at the end": token(body=claims(iss=f"{ISSUER}/")),
    "iss in capitals": token(body=claims(iss=ISSUER.upper())),
    "iss a list": token(body=claims(iss=[ISSUER])),
    "iss with a control character": token(body=claims(iss=f"{ISSUER}\u0000")),
    "aud of another server": token(body=claims(aud="https://other.example")),
    "aud a list of us": token(body=claims(aud=[AUDIENCE])),
    "aud a list of us and another": token(body=claims(aud=[AUDIENCE, "https://other.example"])),
    "aud with a path": token(body=claims(aud=f"{AUDIENCE}/graphql")),
    "aud an object": token(body=claims(aud={AUDIENCE: True})),
    "exp as text": token(body=claims(exp=str(NOW + 270))),
    "exp as a float": token(body=claims(exp=NOW + 270.5)),
    "exp as a whole float": token(body=raw_claims(exp=f"{NOW + 270}.0")),
    "exp as true": token(body=claims(exp=True)),
    "exp as a list": token(body=claims(exp=[NOW + 270])),
    "exp in milliseconds": token(body=claims(exp=(NOW + 270) * 1000)),
    "exp far in the future": token(body=claims(exp=NOW + 10 * 365 * 86_400)),
    "exp negative": token(body=claims(exp=-1)),
    "exp at iat": token(body=claims(exp=NOW - 30)),
    "exp before iat": token(body=claims(iat=NOW, exp=NOW - 1)),
    "iat as text": token(body=claims(iat=str(NOW))),
    "iat as true": token(body=claims(iat=True)),
    "iat a minute ahead": token(body=claims(iat=NOW + 60, exp=NOW + 300)),
    "iat zero": token(body=claims(iat=0)),
    "nbf as text": token(body=claims(nbf="0")),
    "nbf null": token(body=claims(nbf=None)),
    "nbf a minute ahead": token(body=claims(nbf=NOW + 60)),
    "nbf at exp": token(body=claims(iat=NOW - 1, nbf=NOW + 5, exp=NOW + 5)),
    "sub empty": token(body=claims(sub="")),
    "sub a number": token(body=claims(sub=417)),
    "sub a list": token(body=claims(sub=["tc-0417"])),
    "sub with a newline": token(body=claims(sub="tc-0417\nforged log line")),
    "sub with NUL": token(body=claims(sub="tc-0417\u0000")),
    "sub with a lone surrogate": token(body=raw_claims(sub='"tc-0417\\ud800"')),
    "sub with a right-to-left override": token(body=claims(sub="tc-\u202e0417")),
    "sub with a zero-width space": token(body=claims(sub="tc-0417\u200b")),
    "sub with a line separator": token(body=claims(sub="tc\u20280417")),
    "sub with a space at the end": token(body=claims(sub="tc-0417 ")),
    "sub too long": token(body=claims(sub="x" * 256)),
    "client_id with a control character": token(body=claims(client_id="testshire-mash\u0007")),
    "client_id a list": token(body=claims(client_id=["testshire-mash"])),
    "jti empty": token(body=claims(jti="")),
    "role a list": token(body=claims(role=["mash_social_worker"])),
    "role with a surrogate": token(body=raw_claims(role='"\\udfff"')),
    "organisation a number": token(body=claims(organisation=1)),
    "organisation with a tab": token(body=claims(organisation="testshire-council\t")),
    "act of another client": token(body=claims(act={"sub": "police-rms"})),
    "act without sub": token(body=claims(act={})),
    "act a text": token(body=claims(act="testshire-mash")),
    "act null": token(body=claims(act=None)),
    "act in a chain": token(body=claims(act={"sub": "testshire-mash", "act": {"sub": "police-rms"}})),
}

REASONS = dict(
    line.split(" | ") for line in (Path(__file__).parent / "hostile_tokens.txt").read_text("utf-8").splitlines()
)
HOSTILE = [
    pytest.param(compact, REASONS.get(f"{group}: {name}"), id=f"{group}: {name}")
    for group, table in {"signature": SIGNATURES, "header": HEADERS, "form": FORMS, "claims": CLAIMS}.items()
    for name, compact in table.items()
]


@pytest.mark.parametrize(("compact", "reason"), HOSTILE)
async def test_a_hostile_token_is_refused_without_an_echo(compact: str, reason: str | None) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        await verifier().verify(f"Bearer {compact}")
    assert refusal.value.code == "TOKEN_INVALID"
    assert refusal.value.message.startswith(f"The access token was refused: {reason}. Get a new one")
    for piece in ("tc-0417", "evil", "police-rms", *[part for part in compact.split(".") if len(part) > 20]):
        assert piece not in refusal.value.message
    assert refusal.value.__cause__ is None


async def test_the_token_the_table_bends_is_itself_good() -> None:
    assert (await verifier().verify(f"Bearer {GOOD}")).worker == "tc-0417"


async def test_raw_claims_are_good_when_nothing_is_bent() -> None:
    assert (await verifier().verify(f"Bearer {token(body=raw_claims())}")).worker == "tc-0417"

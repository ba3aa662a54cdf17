"""A pretend issuer for tests: keys, a key source, and tokens made by hand, byte by byte, so that any can be wrong.

Signatures are made with `cryptography` alone: a second implementation beside the library that the hub checks them with.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.access.keys import IssuerKey, usable_keys
from hub.access.refusal import refused
from hub.access.verifier import Verifier

ISSUER = "https://login.testshire.example"
AUDIENCE = "https://hub.testshire.example"
NOW = 1_795_334_400

RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = Ed25519PrivateKey.generate()
STRANGER_KEY = Ed25519PrivateKey.generate()

Sign = Callable[[bytes], bytes]


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    """A JWK's big-endian integer."""
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def rsa_jwk(key: rsa.RSAPrivateKey, **more: Any) -> dict[str, Any]:
    public = key.public_key().public_numbers()
    return {"kty": "RSA", "kid": "rsa", "n": number(public.n), "e": number(public.e), **more}


def ec_jwk(key: ec.EllipticCurvePrivateKey = EC_KEY, **more: Any) -> dict[str, Any]:
    public = key.public_key().public_numbers()
    x, y = b64(public.x.to_bytes(32, "big")), b64(public.y.to_bytes(32, "big"))
    return {"kty": "EC", "kid": "ec", "crv": "P-256", "x": x, "y": y, **more}


def ed_jwk(key: Ed25519PrivateKey = ED_KEY, **more: Any) -> dict[str, Any]:
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": b64(raw), **more}


JWKS: dict[str, Any] = {"keys": [rsa_jwk(RSA_KEY), ec_jwk(), ed_jwk()]}


def sign_ps256(message: bytes) -> bytes:
    return RSA_KEY.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def sign_rs256(message: bytes) -> bytes:
    return RSA_KEY.sign(message, padding.PKCS1v15(), hashes.SHA256())


def sign_es256(message: bytes) -> bytes:
    r, s = decode_dss_signature(EC_KEY.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


SIGN: dict[str, Sign] = {"PS256": sign_ps256, "ES256": sign_es256, "Ed25519": ED_KEY.sign}
KID = {"PS256": "rsa", "ES256": "ec", "Ed25519": "ed"}


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims of a worker's token, with ``changes``; a change to ... takes the claim away."""
    good: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "tc-0417",
        "client_id": "testshire-mash",
        "organisation": "testshire-council",
        "role": "mash_social_worker",
        "act": {"sub": "testshire-mash"},
        "jti": "Zm9vYmFy",
        "iat": NOW - 30,
        "exp": NOW + 270,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def header(algorithm: str = "Ed25519", **changes: Any) -> dict[str, Any]:
    """A good header for ``algorithm``, with ``changes``; a change to ... takes the parameter away."""
    good = {"alg": algorithm, "typ": "at+jwt", "kid": KID.get(algorithm, "ed")}
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def encoded(part: Mapping[str, Any] | bytes | str) -> str:
    """A segment: an object is written as JSON, bytes are taken as they are, text is the segment itself."""
    if isinstance(part, str):
        return part
    return b64(part if isinstance(part, bytes) else json.dumps(part).encode())


def token(
    head: Mapping[str, Any] | bytes | str | None = None,
    body: Mapping[str, Any] | bytes | str | None = None,
    sign: Sign | None = None,
) -> str:
    """A compact JWS over whatever is given, good where nothing is."""
    head = header() if head is None else head
    signed = f"{encoded(head)}.{encoded(claims() if body is None else body)}"
    algorithm = str(head.get("alg")) if isinstance(head, Mapping) else "Ed25519"
    return f"{signed}.{b64((sign or SIGN.get(algorithm, ED_KEY.sign))(signed.encode()))}"


class KeyRing:
    """A key source with the keys at hand."""

    def __init__(self, jwks: Mapping[str, Any] = JWKS) -> None:
        self.keys = usable_keys(jwks)

    async def key(self, kid: str) -> IssuerKey:
        try:
            return self.keys[kid]
        except KeyError:
            raise refused("it is signed with a key its issuer does not publish") from None


def verifier(now: float = NOW, jwks: Mapping[str, Any] = JWKS) -> Verifier:
    """A verifier of the pretend issuer's tokens, with its clock stopped at ``now``."""
    return Verifier(issuer=ISSUER, audience=AUDIENCE, keys=KeyRing(jwks), clock=lambda: now)

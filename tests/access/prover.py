"""A pretend client that holds the key its token is bound to, and makes DPoP proofs byte by byte, so any can be wrong."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from hub.access.dpop import Presented
from hub.access.verifier import Verifier
from tests.access.issuer import (
    AUDIENCE,
    ISSUER,
    JWKS,
    NOW,
    KeyRing,
    Sign,
    b64,
    claims,
    ec_jwk,
    ed_jwk,
    encoded,
    rsa_jwk,
    token,
)

URL = f"{AUDIENCE}/graphql"
CLIENT_EC = ec.generate_private_key(ec.SECP256R1())
CLIENT_ED = Ed25519PrivateKey.generate()
CLIENT_RSA = rsa.generate_private_key(65537, 2048)
OTHER_EC = ec.generate_private_key(ec.SECP256R1())


def sign_with(key: Any) -> Sign:
    """What signs with ``key``, in the way that is right for its kind."""

    def sign(message: bytes) -> bytes:
        if isinstance(key, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        signature: bytes = key.sign(message)
        return signature

    return sign


def without_kid(jwk: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name != "kid"}


JWK = {
    "ES256": without_kid(ec_jwk(CLIENT_EC)),
    "Ed25519": without_kid(ed_jwk(CLIENT_ED)),
    "PS256": without_kid(rsa_jwk(CLIENT_RSA)),
}
KEY: dict[str, Any] = {"ES256": CLIENT_EC, "Ed25519": CLIENT_ED, "PS256": CLIENT_RSA}


def thumb(jwk: Mapping[str, Any]) -> str:
    """RFC 7638, written out again."""
    names = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}[jwk["kty"]]
    text = "{" + ",".join(f'"{name}":"{jwk[name]}"' for name in names) + "}"
    return b64(hashlib.sha256(text.encode()).digest())


def bound(algorithm: str = "ES256", **changes: Any) -> str:
    """A good token, bound to the client's key of that algorithm."""
    return token(body=claims(**{"cnf": {"jkt": thumb(JWK[algorithm])}, **changes}))


BOUND = bound()


def ath(compact: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(compact.encode()).digest()).decode().rstrip("=")


def proof_header(algorithm: str = "ES256", **changes: Any) -> dict[str, Any]:
    good = {"typ": "dpop+jwt", "alg": algorithm, "jwk": JWK.get(algorithm, JWK["ES256"])}
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def proof_claims(compact: str = BOUND, **changes: Any) -> dict[str, Any]:
    """Good claims of a proof that goes with ``compact``; a change to ... takes the claim away."""
    good = {"jti": "e1j3V_bKic8-LAEB", "htm": "POST", "htu": URL, "iat": NOW - 2, "ath": ath(compact)}
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def proof(
    head: Mapping[str, Any] | bytes | str | None = None,
    body: Mapping[str, Any] | bytes | str | None = None,
    sign: Sign | None = None,
) -> str:
    """A proof over whatever is given, good where nothing is."""
    head = proof_header() if head is None else head
    signed = f"{encoded(head)}.{encoded(proof_claims() if body is None else body)}"
    algorithm = str(head.get("alg")) if isinstance(head, Mapping) else "ES256"
    return f"{signed}.{b64((sign or sign_with(KEY.get(algorithm, CLIENT_EC)))(signed.encode()))}"


def presented(*proofs: str, method: str = "POST", url: str = URL, certificate: str | None = None) -> Presented:
    return Presented(method, url, proofs, certificate)


class Seen:
    """A replay cache in memory."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}

    async def first_use(self, digest: str, forget_at: int) -> bool:
        if digest in self.seen:
            return False
        self.seen[digest] = forget_at
        return True


def strict(now: float = NOW, *, replays: Any = None, bound_only: bool = False) -> Verifier:
    """A verifier that remembers proofs, its clock stopped at ``now``."""
    return Verifier(
        issuer=ISSUER,
        audience=AUDIENCE,
        keys=KeyRing(JWKS),
        clock=lambda: now,
        replays=Seen() if replays is None else replays,
        bound_only=bound_only,
    )


def raw_json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode()

"""DPoP proofs (RFC 9449): that whoever sends a token holds the key it is bound to. Pure: the time is passed in.

The numbers below are those of the twelve checks of section 4.3. They are made after the token's own, the cheap ones
first: nothing is computed with a key that is not the token's. That a proof is used once (section 11.1) is asked of the
replay cache by :mod:`hub.access.verifier`, last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from joserfc import jws
from joserfc.errors import JoseError

from hub.access.address import normalised
from hub.access.keys import PublicKey, public_key, thumbprint
from hub.access.refusal import HEADERS_REFUSED, check_names, identity_in, proof_refused, time_in
from hub.access.strict_json import decode_base64url, encode_base64url, parse_object
from hub.strict_json import NotStrict

PROOF_ALGORITHMS = ("PS256", "ES256", "Ed25519")
PROOF_BYTES_MAX = 4_096
PROOF_HEADER_BYTES_MAX = 2_048
"""Of the first segment as sent: an RSA key of 8,192 bits takes 1,900."""

PROOF_AGE_SECONDS_MAX = 60
PROOF_SKEW_SECONDS_MAX = 10
"""A client's clock may be ahead by so much."""

_PRIVATE_PARTS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


class _Registry(jws.JWSRegistry):
    """The library's own limits, which are for tokens without a key in their header, raised to ours."""

    max_header_length = PROOF_HEADER_BYTES_MAX
    max_payload_length = PROOF_BYTES_MAX
    max_signature_length = PROOF_BYTES_MAX


_SIGNATURES = _Registry(algorithms=list(PROOF_ALGORITHMS), strict_check_header=False)


@dataclass(frozen=True, slots=True)
class Presented:
    """What came with the token.

    Attributes:
        method: of the request.
        url: the address it was sent to, as clients know it; from settings and the path, never from the Host header.
        proofs: every ``DPoP`` header.
        certificate: base64url SHA-256 of the client's TLS certificate (DER), when there is one to be trusted.
    """

    method: str = ""
    url: str = ""
    proofs: Sequence[str] = ()
    certificate: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that passed every check but that of its being new.

    ``digest`` is the SHA-256 of key and ``jti``, hex: what a replay is known by. Until ``forget_at`` (seconds since
    1970) a replay would pass the other checks.
    """

    digest: str
    forget_at: int


def check_proof(presented: Presented, compact: bytes, bound_to: str, now: float) -> Proof:
    """The proof that came with the token ``compact``, which is bound to the key with the thumbprint ``bound_to``.

    Raises:
        Unauthenticated: ``DPOP_PROOF_INVALID``; says which check failed and nothing of what was sent.
    """
    proof, header, payload = _parts(presented.proofs)
    key = _key(header, bound_to)
    _check_signature(proof, key)  # 6
    try:
        claims = parse_object(payload)
    except NotStrict as fault:
        raise proof_refused(f"its claims are malformed ({fault})") from None
    token_id = identity_in(claims, "jti", proof_refused)  # 3
    _check_request(claims, presented)
    issued_at = _check_age(claims, now)
    if claims.get("ath") != encode_base64url(hashlib.sha256(compact).digest()):  # 12
        raise proof_refused("its `ath` is not the hash of the token it came with")
    # 10: this hub gives out no nonce (docs/access.md), so one that is there says nothing.
    digest = hashlib.sha256(f"{bound_to}\0{token_id}".encode()).hexdigest()
    return Proof(digest, issued_at + PROOF_AGE_SECONDS_MAX + 1)


def _parts(proofs: Sequence[str]) -> tuple[bytes, Mapping[str, object], bytes]:
    """Checks 1 and 2: the one proof, its header, and its claims as they were signed."""
    if not proofs:
        raise proof_refused("none was sent; a token bound to a key needs one, in the `DPoP` header")
    if len(proofs) > 1:
        raise proof_refused("more than one was sent")
    if len(proofs[0]) > PROOF_BYTES_MAX:
        raise proof_refused(f"it is longer than {PROOF_BYTES_MAX} bytes")
    try:
        proof = proofs[0].encode("ascii")
    except UnicodeEncodeError:
        raise proof_refused("it is malformed (not ASCII)") from None
    segments = proof.split(b".")
    if len(segments) != 3 or not all(segments):
        raise proof_refused("it is malformed (a signed JWT has three parts)")
    if len(segments[0]) > PROOF_HEADER_BYTES_MAX:
        raise proof_refused(f"its header is longer than {PROOF_HEADER_BYTES_MAX} bytes")
    try:
        header = parse_object(decode_base64url(segments[0]))
        decode_base64url(segments[2])
        return proof, header, decode_base64url(segments[1])
    except NotStrict as fault:
        raise proof_refused(f"it is malformed ({fault})") from None


def _key(header: Mapping[str, object], bound_to: str) -> PublicKey:
    """Checks 4, 5, 7 and the second half of 12: the key the proof brings, which must be the token's."""
    check_names(header, HEADERS_REFUSED, proof_refused)
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.lower() not in ("dpop+jwt", "application/dpop+jwt"):  # 4
        raise proof_refused("its header must say `typ` dpop+jwt")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in PROOF_ALGORITHMS:  # 5
        raise proof_refused(f"its `alg` must be one of {', '.join(PROOF_ALGORITHMS)}")
    jwk = header.get("jwk")
    if not isinstance(jwk, Mapping):
        raise proof_refused("its header must have the public key, `jwk`")
    if any(name in jwk for name in _PRIVATE_PARTS):  # 7
        raise proof_refused("its `jwk` has a private or symmetric key in it: that key must not be used any more")
    if thumbprint(jwk) != bound_to:  # 12
        raise proof_refused("its `jwk` is not the key the token is bound to")
    found = public_key(jwk)
    if found is None:
        raise proof_refused("its `jwk` is no public key this hub accepts")
    if found[0] != algorithm:
        raise proof_refused("its `alg` is not the one its key is for")
    return found[1]


def _check_signature(proof: bytes, key: PublicKey) -> None:
    try:
        jws.deserialize_compact(proof, key, registry=_SIGNATURES)
    except (JoseError, ValueError, TypeError):  # from None: a cause could hold parts of the proof
        raise proof_refused("its signature does not fit its key") from None


def _check_request(claims: Mapping[str, object], presented: Presented) -> None:
    """Checks 8 and 9: the proof is for this very request."""
    if claims.get("htm") != presented.method:  # RFC 9110 s.9.1: methods are case-sensitive
        raise proof_refused("its `htm` is not the method of the request")
    address = claims.get("htu")
    found = normalised(address) if isinstance(address, str) else None
    if found is None or found != normalised(presented.url):
        raise proof_refused("its `htu` is not the address of the request (compare it with the hub's public address)")


def _check_age(claims: Mapping[str, object], now: float) -> int:
    """Check 11."""
    issued_at = time_in(claims, "iat", proof_refused)
    if issued_at > now + PROOF_SKEW_SECONDS_MAX:
        raise proof_refused("it was made in the future; check that both clocks are right")
    if now > issued_at + PROOF_AGE_SECONDS_MAX:
        raise proof_refused(f"it was made more than {PROOF_AGE_SECONDS_MAX} seconds ago")
    for name in ("exp", "nbf"):  # no part of RFC 9449, but a client that says so means it
        if name in claims:
            moment = time_in(claims, name, proof_refused)
            if now > moment + PROOF_SKEW_SECONDS_MAX if name == "exp" else moment > now + PROOF_SKEW_SECONDS_MAX:
                raise proof_refused(f"its `{name}` does not let it be used now")
    return issued_at

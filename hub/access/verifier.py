"""The verifier: an Authorization header in, a verified token or a refusal out.

The order matters. The header is read strictly before a key is looked up, the signature is checked before a claim is
believed, and the claims are checked on the very bytes that were signed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from joserfc import jws
from joserfc.errors import JoseError

from hub.access.keys import IssuerKey
from hub.access.strict_json import decode_base64url, parse_object
from hub.access.token import ALGORITHMS, VerifiedToken, check_claims, check_header, refused
from hub.errors import Unauthenticated
from hub.strict_json import NotStrict

TOKEN_BYTES_MAX = 8_192
HEADER_BYTES_MAX = 512
"""Of the token's first segment as sent, base64url included."""

# strict_check_header: off, because RFC 7515 s.4 has unknown parameters ignored; the dangerous ones are refused by name
# in `check_header` before this library sees the token.
_SIGNATURES = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)


class KeySource(Protocol):
    """Where an issuer's keys come from; :class:`~hub.access.jwks.JwksSource` outside tests."""

    async def key(self, kid: str) -> IssuerKey:
        """The key called ``kid``, or :class:`Unauthenticated`, or :class:`IssuerUnavailable`."""
        ...


class Verifier:
    """Checks the access tokens of one issuer for one audience.

    Args:
        issuer: exactly what tokens must say in ``iss``.
        audience: exactly what tokens must say in ``aud``: this hub's identifier.
        keys: the issuer's keys.
        clock: seconds since 1970.
    """

    def __init__(self, *, issuer: str, audience: str, keys: KeySource, clock: Callable[[], float]) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._clock = clock

    async def verify(self, authorization_header: str | None) -> VerifiedToken:
        """The token in an ``Authorization`` header (RFC 6750 s.2.1; never from the body or the URL).

        Raises:
            Unauthenticated: ``TOKEN_MISSING``, ``TOKEN_INVALID`` or ``TOKEN_EXPIRED``; never echoes the token.
            IssuerUnavailable: the keys cannot be read, so the token can be neither accepted nor refused.
        """
        compact = _bearer(authorization_header)
        header_segment, payload_segment, signature_segment = _segments(compact)
        try:
            header = parse_object(decode_base64url(header_segment))
            payload = decode_base64url(payload_segment)
            decode_base64url(signature_segment)
        except NotStrict as fault:
            raise refused(f"it is malformed ({fault})") from None
        algorithm, kid = check_header(header)
        key = await self._keys.key(kid)
        if key.algorithm != algorithm:  # RFC 8725 s.3.1: the key decides the algorithm, not the token
            raise refused("its `alg` is not the one its key is for")
        _check_signature(compact, key)
        try:
            claims = parse_object(payload)
        except NotStrict as fault:
            raise refused(f"its claims are malformed ({fault})") from None
        return check_claims(claims, issuer=self._issuer, audience=self._audience, now=self._clock())


def challenge(error: Unauthenticated, metadata_url: str | None = None) -> str:
    """The ``WWW-Authenticate`` value that goes with a 401.

    RFC 6750 s.3: no error code when no token was sent, so that a probe learns nothing. ``metadata_url`` is where
    :func:`resource_metadata` is served (RFC 9728 s.5.1).
    """
    parts = [] if metadata_url is None else [f'resource_metadata="{metadata_url}"']
    if error.code != "TOKEN_MISSING":
        parts.append('error="invalid_token"')
    return "Bearer " + ", ".join(parts) if parts else "Bearer"


def resource_metadata(resource: str, issuer: str) -> dict[str, object]:
    """The protected resource metadata to serve at ``/.well-known/oauth-protected-resource`` (RFC 9728 s.2)."""
    return {
        "resource": resource,
        "authorization_servers": [issuer],
        "bearer_methods_supported": ["header"],
        "resource_name": "Safeguarding information-sharing hub",
    }


def _bearer(authorization_header: str | None) -> bytes:
    scheme, _, credentials = (authorization_header or "").partition(" ")
    if scheme.lower() != "bearer" or not credentials.strip():
        raise Unauthenticated(
            "Send an access token: `Authorization: Bearer <token>`, from your agency's authorization server.",
            code="TOKEN_MISSING",
        )
    compact = credentials.lstrip(" ")
    if len(compact) > TOKEN_BYTES_MAX:
        raise refused(f"it is longer than {TOKEN_BYTES_MAX} bytes")
    try:
        return compact.encode("ascii")
    except UnicodeEncodeError:
        raise refused("it is malformed (not ASCII)") from None


def _segments(compact: bytes) -> tuple[bytes, bytes, bytes]:
    segments = compact.split(b".")
    if len(segments) != 3 or not all(segments):
        raise refused("it is malformed (a signed JWT has three parts)")
    if len(segments[0]) > HEADER_BYTES_MAX:
        raise refused(f"its header is longer than {HEADER_BYTES_MAX} bytes")
    return segments[0], segments[1], segments[2]


def _check_signature(compact: bytes, key: IssuerKey) -> None:
    try:
        jws.deserialize_compact(compact, key.key, registry=_SIGNATURES)
    except (JoseError, ValueError, TypeError):  # from None: a cause could hold parts of the token
        raise refused("its signature does not fit its key") from None

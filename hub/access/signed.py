"""The claims of a compact JWS that an issuer's key signed: the half that access tokens and ID tokens share.

The header is read strictly before a key is looked up, the signature is checked before a claim is believed, and the
claims are read from the very bytes that were signed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from joserfc import jws
from joserfc.errors import JoseError

from hub.access.keys import IssuerKey
from hub.access.refusal import refused
from hub.access.strict_json import decode_base64url, parse_object
from hub.strict_json import NotStrict

HEADER_BYTES_MAX = 512
"""Of the token's first segment as sent, base64url included."""

ALGORITHMS = ("PS256", "ES256", "Ed25519")
"""The signatures accepted (FAPI 2.0 Security Profile s.5.4.1; Ed25519 by its name of RFC 9864)."""

# strict_check_header: off, because RFC 7515 s.4 has unknown parameters ignored; the dangerous ones are refused by name
# in `check_header` before this library sees the token.
_SIGNATURES = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)


class KeySource(Protocol):
    """Where an issuer's keys come from; :class:`~hub.access.jwks.JwksSource` outside tests."""

    async def key(self, kid: str) -> IssuerKey:
        """The key called ``kid``, or :class:`Unauthenticated`, or :class:`IssuerUnavailable`."""
        ...


async def signed_claims(
    compact: bytes, keys: KeySource, check_header: Callable[[Mapping[str, object]], tuple[str, str]]
) -> dict[str, object]:
    """The claims of ``compact``, once its signature was found to be good.

    Args:
        compact: three base64url segments.
        keys: the issuer's.
        check_header: gives the algorithm and key id that a header names, or raises Unauthenticated.

    Raises:
        Unauthenticated: ``TOKEN_INVALID``.
        IssuerUnavailable: the keys cannot be read.
    """
    header_segment, payload_segment, signature_segment = _segments(compact)
    try:
        header = parse_object(decode_base64url(header_segment))
        payload = decode_base64url(payload_segment)
        decode_base64url(signature_segment)
    except NotStrict as fault:
        raise refused(f"it is malformed ({fault})") from None
    algorithm, kid = check_header(header)
    key = await keys.key(kid)
    if key.algorithm != algorithm:  # RFC 8725 s.3.1: the key decides the algorithm, not the token
        raise refused("its `alg` is not the one its key is for")
    _check_signature(compact, key)
    try:
        return parse_object(payload)
    except NotStrict as fault:
        raise refused(f"its claims are malformed ({fault})") from None


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

"""Who signed in: the ID token of OpenID Connect Core s.2 and s.3.1.3.7. No message repeats what was in one."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hub.access.refusal import HEADERS_REFUSED, check_names, identity_in, refused, time_in
from hub.access.signed import ALGORITHMS, KeySource, signed_claims
from hub.access.token import SKEW_SECONDS_MAX

BYTES_MAX = 8_192
NAME_CHARS_MAX = 100


@dataclass(frozen=True, slots=True)
class IdToken:
    """The worker: ``subject`` at the issuer, ``name`` as people call them, ``session`` the issuer's (``sid``)."""

    subject: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)


async def check_id_token(
    compact: str, keys: KeySource, *, issuer: str, client_id: str, nonce: str, clock: Callable[[], float]
) -> IdToken:
    """The worker that the ID token names.

    Raises:
        Unauthenticated: ``TOKEN_INVALID``.
        IssuerUnavailable: the issuer's keys cannot be read.
    """
    if len(compact) > BYTES_MAX or not compact.isascii():
        raise refused("the ID token is malformed")
    claims = await signed_claims(compact.encode("ascii"), keys, _check_header)
    return _worker(claims, issuer=issuer, client_id=client_id, nonce=nonce, now=clock())


def _check_header(header: Mapping[str, object]) -> tuple[str, str]:
    check_names(header, ("jwk", *HEADERS_REFUSED))
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in ("jwt", "id_token+jwt"):  # an access token is no ID token
        raise refused("its header must say `typ` JWT")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise refused(f"its `alg` must be one of {', '.join(ALGORITHMS)}")
    return algorithm, identity_in(header, "kid")


def _worker(claims: Mapping[str, object], *, issuer: str, client_id: str, nonce: str, now: float) -> IdToken:
    if claims.get("iss") != issuer:
        raise refused("its `iss` is not the authorization server this hub trusts")
    if claims.get("aud") not in (client_id, [client_id]):
        raise refused("it is not for these pages alone (`aud`)")
    if claims.get("azp", client_id) != client_id:
        raise refused("it was given to another client (`azp`)")
    issued_at, expires_at = time_in(claims, "iat"), time_in(claims, "exp")
    if issued_at > now + SKEW_SECONDS_MAX or now > expires_at + SKEW_SECONDS_MAX:
        raise refused("it is out of date")
    found = claims.get("nonce")
    if not isinstance(found, str) or not hmac.compare_digest(found.encode(), nonce.encode()):
        raise refused("it is of another sign-in (`nonce`)")
    return IdToken(
        subject=identity_in(claims, "sub"),
        name=_name(claims.get("name")),
        session=identity_in(claims, "sid") if "sid" in claims else None,
    )


def _name(given: object) -> str | None:
    """The name to greet somebody with; one that cannot be shown is left out, for nothing depends on it."""
    if not isinstance(given, str) or not 0 < len(given) <= NAME_CHARS_MAX or not given.isprintable():
        return None
    return given

"""What an access token says, once every check has passed, and the checks on what it says.

Sources: RFC 9068 (JWT access tokens), RFC 7519, RFC 8725 (JWT best practice), RFC 8693 s.4.1 (``act``). Pure: the time
is passed in. No message here holds anything that was in a token.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.errors import Unauthenticated

ALGORITHMS = ("PS256", "ES256", "Ed25519")
"""The signatures accepted (FAPI 2.0 Security Profile s.5.4.1; Ed25519 by its name of RFC 9864)."""

LIFETIME_SECONDS_MAX = 15 * 60
SKEW_SECONDS_MAX = 10
"""Clocks may differ by so much; FAPI 2.0 s.5.3.2.1 asks for 10 s to be accepted and 60 s to be refused."""

IDENTITY_CHARS_MAX = 255
TIME_MAX = 253_402_300_799
"""The end of the year 9999 in seconds since 1970: later is no date."""

TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt"})

# jku, jwk, x5u, x5c: a token may not bring its own key (RFC 8725 s.3.10). crit: we know no extension, so any is refused
# (RFC 7515 s.4.1.11). b64: changes what was signed (RFC 7797). zip, enc: belong to encryption.
_HEADERS_REFUSED = ("jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "enc")

# Cc control, Cf format (zero width, right-to-left), Cs surrogate, Cn unassigned, Co private, Zl and Zp line ends: two
# identities that look alike, or one that breaks a log line.
_CATEGORIES_REFUSED = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """An access token that passed every check: what it says of who asks, not of what they may do.

    ``subject`` is the worker, or the client itself when no person is behind the request (RFC 9068 s.2.2).
    ``organisation`` and ``role`` are the issuer's words, for the register to confirm. Times are seconds since 1970.
    """

    issuer: str
    client_id: str
    subject: str = field(repr=False)
    token_id: str = field(repr=False)
    issued_at: int
    expires_at: int
    organisation: str | None = None
    role: str | None = None
    strength: str = "bearer"

    @property
    def worker(self) -> str | None:
        """The worker's identifier at their agency, or None for a client acting for itself."""
        return None if self.subject == self.client_id else self.subject


def refused(reason: str) -> Unauthenticated:
    """The refusal of a token; ``reason`` is one of our own fixed phrases, never a piece of the token."""
    return Unauthenticated(
        f"The access token was refused: {reason}. Get a new one from your authorization server; if that is refused "
        "too, give this message to whoever runs it.",
        code="TOKEN_INVALID",
    )


def check_header(header: Mapping[str, object]) -> tuple[str, str]:
    """The algorithm and the key id of a token's header.

    Raises:
        Unauthenticated: ``TOKEN_INVALID``.
    """
    for name in _HEADERS_REFUSED:
        if name in header:
            raise refused(f"its header has `{name}`, which this hub does not accept")
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.lower() not in TOKEN_TYPES:  # RFC 9068 s.4: an ID token is no access token
        raise refused("its header must say `typ` at+jwt")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise refused(f"its `alg` must be one of {', '.join(ALGORITHMS)}")
    return algorithm, _identity(header, "kid")


def check_claims(claims: Mapping[str, object], *, issuer: str, audience: str, now: float) -> VerifiedToken:
    """The token, when its claims are whole, for us, from ``issuer`` and in date at ``now``.

    Raises:
        Unauthenticated: ``TOKEN_EXPIRED`` when nothing but its age is wrong, else ``TOKEN_INVALID``.
    """
    if claims.get("iss") != issuer:  # exact comparison of strings, RFC 9207 s.2.4
        raise refused("its `iss` is not the authorization server this hub trusts")
    if claims.get("aud") != audience:  # a single string: a token for several servers can be replayed by any of them
        raise refused("its `aud` must be this hub alone, as one string")
    if "cnf" in claims:  # RFC 9449 s.7.2, RFC 8705 s.3: whoever stole a bound token would send it just so
        raise refused("it is bound to a key (`cnf`) and was sent as a plain Bearer token")
    if "authorization_details" in claims:  # RFC 9396 narrows a token; to overlook that would widen it
        raise refused("it is limited by `authorization_details`, which this hub does not read yet")
    client_id = _identity(claims, "client_id")
    _check_actor(claims, client_id)
    token = VerifiedToken(
        issuer=issuer,
        client_id=client_id,
        subject=_identity(claims, "sub"),
        token_id=_identity(claims, "jti"),
        issued_at=_time(claims, "iat"),
        expires_at=_time(claims, "exp"),
        organisation=_optional_identity(claims, "organisation"),
        role=_optional_identity(claims, "role"),
    )
    _check_times(token, _time(claims, "nbf") if "nbf" in claims else token.issued_at, now)
    return token


def _check_actor(claims: Mapping[str, object], client_id: str) -> None:
    """RFC 8693 s.4.1: who acts for the subject. Only the client itself may, and for nobody further."""
    if "act" not in claims:
        return
    actor = claims["act"]
    if not isinstance(actor, Mapping) or "act" in actor:
        raise refused("its `act` must name one actor, with no chain behind it")
    if _identity(actor, "sub") != client_id:
        raise refused("its `act.sub` must be its `client_id`")


def _check_times(token: VerifiedToken, not_before: int, now: float) -> None:
    if not 0 < token.expires_at - token.issued_at <= LIFETIME_SECONDS_MAX:
        raise refused(f"it must live more than 0 and at most {LIFETIME_SECONDS_MAX // 60} minutes (`iat` to `exp`)")
    if max(token.issued_at, not_before) > now + SKEW_SECONDS_MAX:
        raise refused("it is not valid yet; check that both clocks are right")
    if not_before >= token.expires_at:
        raise refused("its `nbf` is not before its `exp`")
    if now > token.expires_at + SKEW_SECONDS_MAX:
        raise Unauthenticated(
            "The access token has expired. Get a new one from your authorization server and send the question again.",
            code="TOKEN_EXPIRED",
        )


def _time(claims: Mapping[str, object], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= TIME_MAX:  # `type`, because True is an int too
        raise refused(f"its `{name}` must be a whole number of seconds")
    return value


def _optional_identity(claims: Mapping[str, object], name: str) -> str | None:
    return _identity(claims, name) if name in claims else None


def _identity(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= IDENTITY_CHARS_MAX:
        raise refused(f"its `{name}` must be text of 1 to {IDENTITY_CHARS_MAX} characters")
    if value != value.strip() or any(unicodedata.category(char) in _CATEGORIES_REFUSED for char in value):
        raise refused(f"its `{name}` has characters that cannot be part of an identifier")
    return value

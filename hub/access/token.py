"""What an access token says, once every check has passed, and the checks on what it says.

Sources: RFC 9068 (JWT access tokens), RFC 7519, RFC 8725 (JWT best practice), RFC 8693 s.4.1 (``act``). Pure: the time
is passed in. No message here holds anything that was in a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.access.binding import Binding, binding
from hub.access.details import stated_in
from hub.access.refusal import HEADERS_REFUSED, check_names, identity_in, refused, time_in
from hub.access.scopes import scopes_in
from hub.access.signed import ALGORITHMS
from hub.domain.enquiry import UNSTATED, SignIn, Stated
from hub.errors import Unauthenticated

LIFETIME_SECONDS_MAX = 15 * 60
SKEW_SECONDS_MAX = 10
"""Clocks may differ by so much; FAPI 2.0 s.5.3.2.1 asks for 10 s to be accepted and 60 s to be refused."""

TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt"})


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """An access token that passed every check: what it says of who asks, not of what they may do.

    ``subject`` is the worker, or the client itself when no person is behind the request (RFC 9068 s.2.2).
    ``organisation`` and ``role`` are the issuer's words, for the register to confirm. Times are seconds since 1970.
    ``bound_to`` is what the token is bound to; that the sender holds it is for the verifier to check.
    """

    issuer: str
    client_id: str
    subject: str = field(repr=False)
    token_id: str = field(repr=False)
    issued_at: int
    expires_at: int
    organisation: str | None = None
    role: str | None = None
    bound_to: Binding | None = None
    stated: Stated | None = None
    sign_in: SignIn = UNSTATED
    scopes: frozenset[str] = frozenset()

    @property
    def strength(self) -> str:
        """How well token and purpose are vouched for: ``bearer``, ``dpop`` or ``mtls``, each with ``:details`` when
        the token carries purpose and case. Without it they are the client's own word, the weaker form.
        """
        kind = "bearer" if self.bound_to is None else self.bound_to.kind.value
        return kind if self.stated is None else f"{kind}:details"

    @property
    def worker(self) -> str | None:
        """The worker's identifier at their agency, or None for a client acting for itself."""
        return None if self.subject == self.client_id else self.subject


def check_header(header: Mapping[str, object]) -> tuple[str, str]:
    """The algorithm and the key id of a token's header.

    Raises:
        Unauthenticated: ``TOKEN_INVALID``.
    """
    check_names(header, ("jwk", *HEADERS_REFUSED))
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.lower() not in TOKEN_TYPES:  # RFC 9068 s.4: an ID token is no access token
        raise refused("its header must say `typ` at+jwt")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise refused(f"its `alg` must be one of {', '.join(ALGORITHMS)}")
    return algorithm, identity_in(header, "kid")


def check_claims(claims: Mapping[str, object], *, issuer: str, audience: str, now: float) -> VerifiedToken:
    """The token, when its claims are whole, for us, from ``issuer`` and in date at ``now``.

    Raises:
        Unauthenticated: ``TOKEN_EXPIRED`` when nothing but its age is wrong, else ``TOKEN_INVALID``.
    """
    if claims.get("iss") != issuer:  # exact comparison of strings, RFC 9207 s.2.4
        raise refused("its `iss` is not the authorization server this hub trusts")
    if claims.get("aud") != audience:  # a single string: a token for several servers can be replayed by any of them
        raise refused("its `aud` must be this hub alone, as one string")
    client_id = identity_in(claims, "client_id")
    _check_actor(claims, client_id)
    issued_at, expires_at = time_in(claims, "iat"), time_in(claims, "exp")
    token = VerifiedToken(
        issuer=issuer,
        client_id=client_id,
        subject=identity_in(claims, "sub"),
        token_id=identity_in(claims, "jti"),
        issued_at=issued_at,
        expires_at=expires_at,
        organisation=_optional_identity(claims, "organisation"),
        role=_optional_identity(claims, "role"),
        bound_to=binding(claims),
        stated=stated_in(claims, audience=audience, lifetime_seconds=expires_at - issued_at),
        sign_in=SignIn(
            _optional_identity(claims, "acr"), time_in(claims, "auth_time") if "auth_time" in claims else None
        ),
        scopes=scopes_in(claims),
    )
    _check_times(token, time_in(claims, "nbf") if "nbf" in claims else token.issued_at, now)
    return token


def _check_actor(claims: Mapping[str, object], client_id: str) -> None:
    """RFC 8693 s.4.1: who acts for the subject. Only the client itself may, and for nobody further."""
    if "act" not in claims:
        return
    actor = claims["act"]
    if not isinstance(actor, Mapping) or "act" in actor:
        raise refused("its `act` must name one actor, with no chain behind it")
    if identity_in(actor, "sub") != client_id:
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


def _optional_identity(claims: Mapping[str, object], name: str) -> str | None:
    return identity_in(claims, name) if name in claims else None

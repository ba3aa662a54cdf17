"""The verifier: an Authorization header in, a verified token or a refusal out.

The order matters. The header is read strictly before a key is looked up, the signature is checked before a claim is
believed, and the claims are checked on the very bytes that were signed. What the token is bound to comes after all of
that, and that a proof is new comes last: only a good proof is worth remembering.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from hub.access.binding import BindingKind
from hub.access.dpop import Presented, check_proof
from hub.access.id_token import IdToken, check_id_token
from hub.access.refusal import proof_refused, refused
from hub.access.signed import KeySource, signed_claims
from hub.access.token import VerifiedToken, check_claims, check_header
from hub.errors import Unauthenticated

TOKEN_BYTES_MAX = 8_192

NOTHING = Presented()
"""No proof and no certificate."""


class ReplayCache(Protocol):
    """Which proofs were used before; shared by every process of the hub (:mod:`hub.store.replay`)."""

    async def first_use(self, digest: str, forget_at: int) -> bool:
        """Remember ``digest`` until ``forget_at``; False when it was remembered already.

        Raises:
            HubError: it cannot be known, and then the request is refused.
        """
        ...


class Verifier:
    """Checks the access tokens of one issuer for one audience.

    Args:
        issuer: exactly what tokens must say in ``iss``.
        audience: exactly what tokens must say in ``aud``: this hub's identifier.
        keys: the issuer's keys.
        clock: seconds since 1970.
        replays: which proofs were used; without it no DPoP token is accepted.
        bound_only: whether a token that is bound to nothing is refused (FAPI 2.0 Security Profile s.5.3.2.1).
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        keys: KeySource,
        clock: Callable[[], float],
        replays: ReplayCache | None = None,
        bound_only: bool = False,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._clock = clock
        self._replays = replays
        self._bound_only = bound_only

    async def verify(self, authorization_header: str | None, presented: Presented = NOTHING) -> VerifiedToken:
        """The token in an ``Authorization`` header (RFC 6750 s.2.1, RFC 9449 s.7.1; never from the body or the URL).

        ``presented`` is what came with it: without that no bound token is accepted.

        Raises:
            Unauthenticated: ``TOKEN_MISSING``, ``TOKEN_INVALID``, ``TOKEN_EXPIRED``, ``TOKEN_NOT_BOUND``,
                ``DPOP_PROOF_INVALID`` or ``DPOP_PROOF_REPLAYED``; never echoes what was sent.
            IssuerUnavailable: the keys cannot be read, so the token can be neither accepted nor refused.
            AuditUnavailable: whether the proof is new cannot be known.
        """
        scheme, compact = _credentials(authorization_header)
        token = await self._token(compact)
        await self._check_binding(scheme, compact, token, presented)
        return token

    async def _token(self, compact: bytes) -> VerifiedToken:
        claims = await signed_claims(compact, self._keys, check_header)
        return check_claims(claims, issuer=self._issuer, audience=self._audience, now=self._clock())

    async def received(self, compact: str) -> VerifiedToken:
        """An access token that the issuer itself just gave the hub: to whom it is bound is not asked.

        Raises:
            Unauthenticated, IssuerUnavailable: as :meth:`verify`.
        """
        return await self._token(_ascii(compact))

    async def id_token(self, compact: str, *, client_id: str, nonce: str) -> IdToken:
        """Who signed in; raises as :func:`~hub.access.id_token.check_id_token`."""
        return await check_id_token(
            compact, self._keys, issuer=self._issuer, client_id=client_id, nonce=nonce, clock=self._clock
        )

    async def _check_binding(self, scheme: str, compact: bytes, token: VerifiedToken, presented: Presented) -> None:
        bound_to = token.bound_to
        if scheme == "dpop":
            if bound_to is None or bound_to.kind is not BindingKind.DPOP:
                raise refused("it was sent as a DPoP token and is not bound to a key (`cnf.jkt`)")
            if self._replays is None:
                raise refused("this hub is not set up for tokens bound to a key")
            proof = check_proof(presented, compact, bound_to.thumbprint, self._clock())
            if not await self._replays.first_use(proof.digest, proof.forget_at):
                raise proof_refused("it was used before", code="DPOP_PROOF_REPLAYED")
        elif bound_to is None:
            if self._bound_only:
                raise Unauthenticated(
                    "This hub accepts only tokens that are bound to the client that sends them: by DPoP (RFC 9449) or "
                    "mutual TLS (RFC 8705). Have your authorization server issue such tokens.",
                    code="TOKEN_NOT_BOUND",
                )
            if presented.proofs:  # the client believes its token is bound; a stolen copy of it would be good
                raise refused("a DPoP proof came with it, and it is not bound to a key")
        elif bound_to.kind is BindingKind.DPOP:  # RFC 9449 s.7.2: whoever stole a bound token would send it just so
            raise refused("it is bound to a key (`cnf.jkt`) and was sent as a plain Bearer token")
        elif presented.certificate != bound_to.thumbprint:  # RFC 8705 s.3
            raise refused("it is bound to a client certificate, and the connection shows another or none")


def _credentials(authorization_header: str | None) -> tuple[str, bytes]:
    """The scheme, in lower case, and the token."""
    scheme, _, credentials = (authorization_header or "").partition(" ")
    scheme = scheme.lower()
    if scheme not in ("bearer", "dpop") or not credentials.strip():
        raise Unauthenticated(
            "Send an access token from your agency's authorization server: `Authorization: DPoP <token>` with a proof, "
            "or `Authorization: Bearer <token>`.",
            code="TOKEN_MISSING",
        )
    return scheme, _ascii(credentials.lstrip(" "))


def _ascii(compact: str) -> bytes:
    if len(compact) > TOKEN_BYTES_MAX:
        raise refused(f"it is longer than {TOKEN_BYTES_MAX} bytes")
    try:
        return compact.encode("ascii")
    except UnicodeEncodeError:
        raise refused("it is malformed (not ASCII)") from None

"""Step 1 of every question: who sends this request, by its token, the list of denials and the register."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

from starlette.requests import Request

from hub.access.certificate import CertificateSource
from hub.access.challenge import challenge, metadata_path
from hub.access.denials import Denials
from hub.access.dpop import Presented
from hub.access.id_token import IdToken
from hub.access.register import Register
from hub.access.token import VerifiedToken
from hub.access.verifier import Verifier
from hub.domain.enquiry import Searcher
from hub.errors import HubError, Unauthenticated

_IN_PATHS = "/:@!$&'()*+,;=~"
"""What need not be encoded in a path (RFC 3986 s.3.3)."""


class Gate:
    """Lets searchers in.

    Args:
        verifier: checks access tokens and what they are bound to.
        register: the register in force, asked once for each request.
        denials: whose access was taken away.
        public_url: the hub's address as its clients know it: what DPoP proofs must name.
        resource: the hub's identifier, where its metadata is found from.
        certificates: where client certificates are; None when no token bound to one can be checked.
        clock: the time (aware, UTC).
    """

    def __init__(
        self,
        verifier: Verifier,
        register: Callable[[], Register],
        denials: Denials,
        *,
        public_url: str,
        resource: str,
        certificates: CertificateSource | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._verifier = verifier
        self._register = register
        self._denials = denials
        self._public_url = public_url.rstrip("/")
        self._metadata_url = f"{self._public_url}{metadata_path(resource)}"
        self._certificates = certificates
        self._clock = clock

    async def searcher(self, request: Request) -> Searcher:
        """Who sends ``request``. Its body is not read.

        Raises:
            Unauthenticated, Forbidden: no good token, access that was taken away, or not in the register.
            IssuerUnavailable, AuditUnavailable: it cannot be known now.
        """
        sent = request.headers.getlist("authorization")
        if len(sent) > 1:  # two readers could each believe a different one
            raise Unauthenticated("Send one Authorization header.")
        presented = Presented(
            method=request.method,
            url=self._public_url + quote(request.scope["path"], safe=_IN_PATHS),
            proofs=request.headers.getlist("dpop"),
            certificate=None if self._certificates is None else self._certificates.thumbprint(request),
        )
        token = await self._verifier.verify(sent[0] if sent else None, presented)
        await self._denials.check(token)
        return self._register().searcher(token, self._clock().date())

    async def again(self, token: VerifiedToken) -> Searcher:
        """Who somebody is today who signed in to the pages with ``token``, however long ago that expired.

        Raises:
            Unauthenticated, Forbidden: access that was taken away, or not in the register any more.
            AuditUnavailable: it cannot be known now.
        """
        await self._denials.check(token)
        searcher = self._register().searcher(token, self._clock().date())
        return replace(searcher, token_strength="session")

    async def received(self, access_token: str) -> VerifiedToken:
        """An access token that the issuer just gave the pages; raises as :meth:`searcher`."""
        return await self._verifier.received(access_token)

    async def signed_in(self, id_token: str, *, client_id: str, nonce: str) -> IdToken:
        """Who signed in, by the ID token that came with it.

        Raises:
            Unauthenticated, IssuerUnavailable: it is not good, or cannot be checked now.
        """
        return await self._verifier.id_token(id_token, client_id=client_id, nonce=nonce)

    def challenge(self, error: HubError) -> str | None:
        """The ``WWW-Authenticate`` header of a refusal; None when it has none."""
        return challenge(error, self._metadata_url)

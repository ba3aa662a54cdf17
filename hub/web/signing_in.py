"""Signing in and out of the pages: OpenID Connect's code flow, with the session at the server.

Whoever must sign in (again, or more strongly) comes back to the page she was on, and to what she had typed there: that
is kept for a quarter of an hour, sealed with a key in her browser, and given back only to the same person.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.access.provider import Provider, SignInRequest
from hub.domain.enquiry import StepUp
from hub.errors import BadRequest, Forbidden, HubError, StepUpNeeded, TooLarge, Unauthenticated
from hub.service.stating import is_enough
from hub.web.forms import read_fields
from hub.web.sessions import Session
from hub.web.visit import CSRF_FIELD, Page, Visit, refused

if TYPE_CHECKING:
    from hub.web.site import Site

KEPT_SECONDS = 15 * 60
"""How long a sign-in may take, and what was typed waits for it."""

SIGNED_IN_PATH = "/signed-in"
PATH_CHARS_MAX = 500
_FLOW, _TYPED = "sign-in", "typed"


class SignIn:
    """The routes, and what a page does with somebody who must sign in."""

    def __init__(self, site: Site, provider: Provider) -> None:
        self._site = site
        self._provider = provider

    def routes(self) -> list[Route]:
        """Where signing in and out happens."""
        return [
            Route("/sign-in", self.start, methods=["GET"]),
            Route(SIGNED_IN_PATH, self.finish, methods=["GET"]),
            Route("/continue", Page(self._site, self._go_on).respond, methods=["GET"]),
            Route("/sign-out", Page(self._site, self._sign_out).respond, methods=["POST"]),
            Route("/signed-out", self.signed_out, methods=["GET"]),
        ]

    async def ask(
        self,
        request: Request,
        session: Session | None,
        needed: StepUpNeeded | None = None,
        typed: Mapping[str, Sequence[str]] | None = None,
    ) -> Response:
        """Off to sign in, and back to this page.

        ``session`` is the one that ran out or was too weak, if it is still known whose it was: only then is what she
        typed kept, for it is given back to nobody else.
        """
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        kept = None
        if request.method == "POST":
            fields = typed or await self._typed(request)
            if session is not None and fields:
                sent = [[name, value] for name, values in fields.items() for value in values if name != CSRF_FIELD]
                body = {"person": session.person, "path": request.url.path, "fields": sent}
                kept = await self._site.sessions.keep(_TYPED, body, KEPT_SECONDS)
            path = "/continue" if kept else "/"
        response = await self._begin(path, needed)
        if kept is not None:
            self._site.set_cookie(response, _TYPED, kept, KEPT_SECONDS)
        return response

    async def start(self, _: Request) -> Response:
        """The button on the first page."""
        try:
            return await self._begin("/", None)
        except HubError as error:
            return await refused(self._site, error, None, secrets.token_hex(16))

    async def finish(self, request: Request) -> Response:
        """Back from the provider: signed in, and on to where she was going."""
        try:
            return await self._finish(request)
        except HubError as error:
            return await refused(self._site, error, None, secrets.token_hex(16))

    async def _finish(self, request: Request) -> Response:
        site = self._site
        flow = await site.sessions.take(_FLOW, site.cookie(request, _FLOW))
        if flow is None:
            raise Unauthenticated("This sign-in took too long, or was begun in another browser. Start again.",
                                  code="SIGN_IN_FAILED")  # fmt: skip
        asked = _request_of(flow)
        tokens = await self._provider.tokens(dict(request.query_params), asked)
        gate = site.admission.gate
        token = await gate.received(tokens.access_token)
        who = await gate.signed_in(tokens.id_token, client_id=self._provider.client_id, nonce=asked.nonce)
        if who.subject != token.subject or token.client_id != self._provider.client_id or token.worker is None:
            raise Unauthenticated("The sign-in service answered about two people. Start again.", code="SIGN_IN_FAILED")
        await gate.again(token)  # whoever has no access has no session either
        # A provider that lets her in as before would send her round in circles between it and the page.
        if not is_enough(token.sign_in, StepUp(asked.acr_values, asked.max_age_seconds), site.clock()):
            raise Forbidden(
                "This page needs a stronger or fresher sign-in than the sign-in service gave you. Ask your agency how "
                "to set one up (a second factor, for example), or sign out there and sign in again.",
                code="SIGN_IN_TOO_WEAK",
            )
        before = await site.sessions.find(site.cookie(request))
        if before is not None:
            await site.sessions.end(before)
        session = await site.sessions.begin(token, who)
        response = RedirectResponse(str(flow["path"]), 303, dict(site.headers))
        site.set_cookie(response, "session", session.secret, None)
        site.drop_cookie(response, _FLOW)
        return response

    async def signed_out(self, _: Request) -> Response:
        """The page after signing out."""
        return self._site.shown("errors/signed_out.html", 200)

    async def _begin(self, path: str, needed: StepUpNeeded | None) -> Response:
        site = self._site
        asked = SignInRequest(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            redirect_uri=f"{site.public_url}{SIGNED_IN_PATH}",
            acr_values=() if needed is None else needed.acr_values,
            max_age_seconds=None if needed is None else needed.max_age_seconds,
        )
        address = await self._provider.address(asked)
        body = {name: getattr(asked, name) for name in SignInRequest.__dataclass_fields__}
        secret = await site.sessions.keep(_FLOW, {**body, "path": _own(path)}, KEPT_SECONDS)
        response = RedirectResponse(address, 303, dict(site.headers))
        site.set_cookie(response, _FLOW, secret, KEPT_SECONDS)
        return response

    async def _typed(self, request: Request) -> dict[str, list[str]]:
        try:
            return await read_fields(request)
        except (BadRequest, TooLarge):  # no form of ours: there is nothing to keep
            return {}

    async def _go_on(self, site: Site, visit: Visit) -> Response:
        """What she had typed before she had to sign in, ready to be sent."""
        kept = await site.sessions.take(_TYPED, site.cookie(visit.request, _TYPED))
        if kept is None or kept["person"] != visit.session.person:
            response = visit.go("/")
        else:
            response = visit.render("continue.html", path=kept["path"], fields=kept["fields"])
        site.drop_cookie(response, _TYPED)
        return response

    async def _sign_out(self, site: Site, visit: Visit) -> Response:
        """Sign out here, or in every browser; and at the provider."""
        if (await visit.form()).value("where") == "everywhere":
            await site.sessions.end_everywhere(visit.session)
        else:
            await site.sessions.end(visit.session)
        endpoints = await self._provider.endpoints()
        address = "/signed-out"
        if (
            endpoints.end_session is not None
        ):  # RP-Initiated Logout; no id_token_hint: it would put a name in an address
            back = {"client_id": self._provider.client_id, "post_logout_redirect_uri": f"{site.public_url}/signed-out"}
            address = f"{endpoints.end_session}{'&' if '?' in endpoints.end_session else '?'}{urlencode(back)}"
        response = RedirectResponse(address, 303, dict(site.headers))
        site.drop_cookie(response, "session")
        return response


def _request_of(flow: Mapping[str, Any]) -> SignInRequest:
    fields = {name: flow[name] for name in SignInRequest.__dataclass_fields__}
    return SignInRequest(**fields | {"acr_values": tuple(fields["acr_values"])})


def _own(path: str) -> str:
    """``path``, when it is one of this site's: nobody is sent anywhere else after signing in."""
    parts = urlsplit(path)
    is_own = not parts.scheme and not parts.netloc and path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if is_own and len(path) <= PATH_CHARS_MAX else "/"

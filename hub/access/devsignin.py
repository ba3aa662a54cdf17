"""Signing in and out at the development server with a browser: the front half of the code flow (RFC 6749 s.4.1).

Nobody stays signed in: the server keeps no session and sets no cookie, so each request shows the page again, and
signing out has nothing to end.
"""

from __future__ import annotations

import time
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from hub.access.devform import FormError, read_form, read_query
from hub.access.devgrants import DevAuthorizationServer, Granted
from hub.access.devonce import Once
from hub.access.devpages import headers, message_page, sign_in_page
from hub.access.devrequest import AuthorizationRequest, NotTheClients, RequestRefused
from hub.access.devsettings import DevServerSettings
from hub.access.devtokens import SignedIn, TokenRefused, require_worker_of

TICKET_SECONDS = 600
"""How long a sign-in page may stay open."""


class DevSignIn:
    """The pages' endpoints."""

    def __init__(self, settings: DevServerSettings, server: DevAuthorizationServer) -> None:
        self._issuer = settings.issuer
        self._people = settings.people
        self._server = server
        self._tickets: Once[AuthorizationRequest] = Once(TICKET_SECONDS, time.monotonic)

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/authorize/sign-in", self.sign_in, methods=["POST"]),
            Route("/end-session", self.end_session, methods=["GET", "POST"]),
        ]

    async def authorize(self, request: Request) -> Response:
        """The sign-in page, for a request that is in order (RFC 6749 s.3.1)."""
        try:
            asked = self._server.requested(await _fields(request))
        except RequestRefused as refusal:
            return self._back(refusal.request, error=refusal.error, error_description=refusal.description)
        except (NotTheClients, FormError) as fault:
            return _message("You cannot sign in", str(fault), 400)
        client, levels = asked.client, self._people.acr
        workers = [each for each in self._people.workers if client.everyone or each.organisation == client.organisation]
        level = next((each for each in asked.acr_values if each in levels), levels[-1])
        page = sign_in_page(self._tickets.put(asked), client.id, workers, levels, level)
        return HTMLResponse(page, headers=headers(asked.redirect_uri))

    async def sign_in(self, request: Request) -> Response:
        """The page's form: back to the client with a code, or without one."""
        try:
            form = await read_form(request)
        except FormError as fault:
            return _message("You cannot sign in", str(fault), 400)
        asked = self._tickets.take(form.get("ticket", ""))
        if asked is None:
            return _message("This page was open for too long", "Go back to where you came from and start again.", 400)
        if form.get("do") != "sign in":
            return self._back(asked, error="access_denied", error_description="The worker did not sign in.")
        who = self._who(asked, form)
        if who is None:
            return _message("You cannot sign in", "There is no such worker here in that role.", 400)
        return self._back(asked, code=self._server.codes.put(Granted(asked, who)))

    async def end_session(self, request: Request) -> Response:
        """Signing out (OpenID Connect RP-Initiated Logout): back to the client, if it is certain which."""
        try:
            fields = await _fields(request)
            client_id = fields.get("client_id")
            if "id_token_hint" in fields:
                signed_out = self._server.tokens.signed_out(fields["id_token_hint"])
                if client_id not in (None, signed_out):
                    raise TokenRefused("client_id is not the client the ID token was for.")
                client_id = signed_out
        except (FormError, TokenRefused) as fault:
            return _message("You cannot be signed out so", str(fault), 400)
        back = fields.get("post_logout_redirect_uri")
        if back is None:
            return _message("You are signed out", "You can close this page.", 200)
        client = next((each for each in self._people.clients if each.id == client_id), None)
        if client is None or back not in client.post_logout_redirect_uris:
            return _message("You are signed out", "Where to go next is not an address of the client's.", 400)
        state = {"state": fields["state"]} if "state" in fields else {}
        joint = ("&" if "?" in back else "?") if state else ""
        return RedirectResponse(f"{back}{joint}{urlencode(state)}", 303, headers())

    def _who(self, asked: AuthorizationRequest, form: dict[str, str]) -> SignedIn | None:
        worker_id, _, role = form.get("who", "").partition(" ")
        who = self._server.tokens.sign_in(worker_id, role, form.get("acr"))
        try:
            if who is not None:
                require_worker_of(asked.client, who.worker)
        except TokenRefused:
            return None
        return who

    def _back(self, asked: AuthorizationRequest, **parameters: str) -> Response:
        # 303: the browser must not send the form on with what was in it (RFC 9700 s.4.12).
        return RedirectResponse(asked.answered(self._issuer, **parameters), 303, headers(asked.redirect_uri))


async def _fields(request: Request) -> dict[str, str]:
    return read_query(request) if request.method == "GET" else await read_form(request)


def _message(title: str, said: str, status: int) -> Response:
    return HTMLResponse(message_page(title, said), status, headers())

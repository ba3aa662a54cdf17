"""The pages as one: what they are made of, which there are, and how each is shown.

Everything comes from :mod:`hub.app`: the pages read no settings and hold nothing between two requests but what is in
the log's database.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from hub.access.provider import Provider
from hub.audit.note import VerifierKey
from hub.domain.enquiry import Duty, Searcher, StepUp
from hub.domain.organisations import Custodian
from hub.service.admission import Admission
from hub.service.following import Following
from hub.service.policies import PolicySet
from hub.service.view_child import ViewChild
from hub.service.witnessing import Unwitnessed
from hub.store.appender import Log
from hub.store.confirmations import ConfirmationStore
from hub.store.judgements import JudgementStore
from hub.web.rendering import Renderer, page_headers
from hub.web.sessions import Sessions
from hub.web.signing_in import SignIn
from hub.web.static_files import assets
from hub.web.visit import Handler, Page, Visit

FOOTER: Sequence[Mapping[str, str]] = (
    {"href": "/rules", "text": "Policies"},
    {"href": "/accessibility", "text": "Accessibility"},
    {"href": "/help", "text": "Help and contact"},
)

_COOKIES = {"session": "hub", "sign-in": "hub-sign-in", "typed": "hub-typed"}


class Rates(Protocol):
    """How many questions a minute (:class:`hub.schema.limits.Rates`)."""

    def take(self, searcher: Searcher, questions: int = 1) -> None:
        """Count questions; raises TooManyRequests."""
        ...


@dataclass(frozen=True, slots=True)
class Given:
    """What the pages are given of the hub.

    Attributes:
        public_url: the hub's address as browsers know it, without a slash at its end.
        rates: counts questions, those of ``/graphql`` too.
        step_up: how somebody must have signed in for exports and for names.
        idle, longest: when a session is over.
        contact: whom people turn to, as plain text.
        earlier_keys: the log's public keys from before the one it has now.
        clock: the time now, aware.
    """

    log: Log
    view_child: ViewChild
    policies: PolicySet
    judgements: JudgementStore
    confirmations: ConfirmationStore
    admission: Admission
    custodians: Sequence[Custodian]
    witnessing: Unwitnessed
    following: Following
    rates: Rates
    provider: Provider
    public_url: str
    clock: Callable[[], datetime]
    step_up: StepUp
    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=10)
    is_development: bool = False
    contact: str | None = None
    earlier_keys: Sequence[VerifierKey] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the navigation; ``said`` is the line under it on the first page."""

    path: str
    text: str
    said: str
    is_for: Callable[[Visit], bool]


class Site:
    """The pages. Most of what :class:`Given` has is here too, as ``site.log`` and so on.

    Args:
        given: what the pages are made of.
        parts: each makes the routes of one part.
        navigation: where one can go from every page.
    """

    def __init__(
        self, given: Given, parts: Sequence[Callable[[Site], Sequence[Route]]], navigation: Sequence[Link]
    ) -> None:
        self._parts = parts
        self._links = navigation
        self.log = given.log
        self.view_child = given.view_child
        self.policies = given.policies
        self.judgements = given.judgements
        self.confirmations = given.confirmations
        self.admission = given.admission
        self.custodians = given.custodians
        self.witnessing = given.witnessing
        self.following = given.following
        self.rates = given.rates
        self.step_up = given.step_up
        self.clock = given.clock
        self.log_keys = (given.log.verifier, *given.earlier_keys)
        self._contact = given.contact
        self.is_development = given.is_development
        self.public_url = given.public_url.rstrip("/")
        self.origin = "/".join(self.public_url.split("/", 3)[:3])
        self.sessions = Sessions(given.log, idle=given.idle, longest=given.longest, clock=given.clock)
        self.sign_in = SignIn(self, given.provider)
        self.headers = page_headers(form_targets=[given.provider.origin])
        self._renderer = Renderer(development=given.is_development, footer=FOOTER)
        self._is_secure = self.public_url.startswith("https://")

    def routes(self) -> list[BaseRoute]:
        """Every page, and what pages need."""
        pages = [route for part in self._parts for route in part(self)]
        return [
            Route("/", self._start, methods=["GET"]),
            *self.sign_in.routes(),
            *pages,
            Route("/help", self._words("help.html"), methods=["GET"]),
            Route("/accessibility", self._words("accessibility.html"), methods=["GET"]),
            Route("/favicon.ico", self._icon, methods=["GET"]),
            assets().route(),
        ]

    def page(
        self,
        path: str,
        handler: Handler,
        *,
        methods: Sequence[str] = ("GET",),
        duty: Duty | None = None,
        step_up: bool = False,
    ) -> Route:
        """A page for people who are signed in; ``duty`` is what their role must have, ``step_up`` as :class:`Page`."""
        return Route(path, Page(self, handler, duty, step_up).respond, methods=list(methods))

    def shown(self, template: str, status: int = 200, *, visit: Visit | None = None, **context: Any) -> Response:
        """A page, made of ``template``."""
        more: dict[str, Any] = {}
        if visit is not None:
            who = visit.searcher
            signed_in = {"name": visit.session.name, "agency": who.organisation_name, "role": who.role}
            more = {
                "visit": visit,
                "nav": self._navigation(visit),
                "signed_in": signed_in,
                "csrf_token": visit.session.csrf,
            }
        return HTMLResponse(self._renderer.page(template, **more, **context), status, dict(self.headers))

    def not_here(self) -> Response:
        """The page for what is not there, or not for whoever asks."""
        return self.shown("errors/not_here.html", 404)

    def cookie(self, request: Request, which: str = "session") -> str | None:
        """What the browser keeps for the hub."""
        return request.cookies.get(self._cookie_name(which))

    def set_cookie(self, response: Response, which: str, value: str, seconds: int | None) -> None:
        """Have the browser keep ``value``: for some time, or until it is closed."""
        # Lax, not Strict: the way back from the sign-in provider begins at another site.
        response.set_cookie(
            self._cookie_name(which), value, max_age=seconds, path="/", secure=self._is_secure, httponly=True,
            samesite="lax",
        )  # fmt: skip

    def drop_cookie(self, response: Response, which: str) -> None:
        """Have the browser forget it."""
        response.delete_cookie(
            self._cookie_name(which), path="/", secure=self._is_secure, httponly=True, samesite="lax"
        )

    def _cookie_name(self, which: str) -> str:
        """``__Host-``: a browser takes it from nobody but this very host, over TLS (RFC 6265bis s.4.1.3.2)."""
        return f"__Host-{_COOKIES[which]}" if self._is_secure else _COOKIES[which]

    def links(self, visit: Visit) -> list[Link]:
        """Where somebody can go."""
        return [link for link in self._links if link.is_for(visit)]

    def _navigation(self, visit: Visit) -> list[dict[str, object]]:
        path = visit.request.url.path
        return [
            {"href": link.path, "text": link.text, "current": path == link.path or path.startswith(f"{link.path}/")}
            for link in self.links(visit)
        ]

    async def _start(self, request: Request) -> Response:
        """The first page: what there is to do, or the button to sign in."""
        if self.cookie(request) is None:
            return self.shown("start.html")
        return await Page(self, _home).respond(request)

    def _words(self, template: str) -> Callable[[Request], Awaitable[Response]]:
        """A page that is the same for everybody."""

        async def show(_: Request) -> Response:
            return self.shown(template, contact=self._contact)

        return show

    async def _icon(self, _: Request) -> Response:
        return RedirectResponse(assets().url("icon.svg"), 303)


async def _home(site: Site, visit: Visit) -> Response:
    return visit.render("home.html", links=site.links(visit))

"""One request by somebody who is signed in, and how each page is guarded and its failures shown.

A page that is not there and one that is not for this person look alike. What is refused is in the log before the answer
leaves; nothing that was typed is in a log line, an address or a message.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.audit.acts import Officer
from hub.domain.enquiry import Duty, Searcher
from hub.errors import (
    AuditUnavailable,
    BadRequest,
    Forbidden,
    HubError,
    IssuerUnavailable,
    NotFound,
    StepUpNeeded,
    TooManyRequests,
    Unauthenticated,
)
from hub.service.entries import worker_key
from hub.service.refuse import record_refusal
from hub.service.stating import is_enough
from hub.telemetry.lines import Digest, LogLine, say
from hub.web.forms import Form, read_fields
from hub.web.sessions import Session

if TYPE_CHECKING:
    from hub.web.site import Site

CSRF_FIELD = "csrf"


@dataclass(slots=True)
class Visit:
    """One request by somebody signed in.

    Attributes:
        site: what the pages are made of.
        request: the request; its path says nothing personal.
        session: who signed in, where and when.
        searcher: who that is by the register, now.
        trace_id: 32 hex digits, for the log and for a page that says something failed.
    """

    site: Site
    request: Request
    session: Session
    searcher: Searcher
    trace_id: str = field(default_factory=lambda: secrets.token_hex(16))
    _sent: Mapping[str, list[str]] = field(default_factory=dict, repr=False)

    async def form(self) -> Form:
        """What was posted; this form was checked to come from a page of this session."""
        return Form({name: values for name, values in self._sent.items() if name != CSRF_FIELD})

    def may(self, duty: Duty) -> bool:
        """Whether the role has a duty; who reviews everything reviews her own agency too."""
        duties = self.searcher.duties
        return duty in duties or (duty is Duty.REVIEW and Duty.REVIEW_ALL in duties)

    async def officer(self) -> Officer:
        """Who acts, for an entry of the log."""
        who = self.searcher
        assert who.worker is not None  # a session is a person's
        worker = await self.site.log.reference("worker", worker_key(who.organisation, who.worker))
        return Officer(who.client_id, who.organisation, worker, who.role)

    def render(self, template: str, *, form: Form | None = None, status: int = 200, **context: Any) -> Response:
        """A page. ``form`` is the one on it: with problems, they are summed up at the top."""
        return self.site.shown(template, status, visit=self, form=form if form is not None else Form(), **context)

    def go(self, path: str) -> Response:
        """On to another page of the hub; ``path`` has nothing personal in it."""
        assert path.startswith("/")
        assert not path.startswith("//")
        return RedirectResponse(path, 303, dict(self.site.headers))


Handler = Callable[["Site", Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page for people who are signed in, as Starlette calls it.

    Attributes:
        site: what the pages are made of.
        handler: makes the page.
        duty: the duty that a role needs to see it; None: everybody signed in.
        step_up: whether its visitor must have signed in strongly, and just now.
    """

    site: Site
    handler: Handler
    duty: Duty | None = None
    step_up: bool = False

    async def respond(self, request: Request) -> Response:
        """The page, or the page that says why not. Never raises."""
        trace_id, searcher = secrets.token_hex(16), None
        try:
            session = await self.site.sessions.find(self.site.cookie(request))
            if session is None or session.is_over:
                return await self.site.sign_in.ask(request, session)
            searcher = await self.site.admission.gate.again(session.token)
            visit = Visit(self.site, request, session, searcher, trace_id)
            if request.method == "POST":
                visit._sent = await self._checked_form(request, session)  # noqa: SLF001  the one place it is set
            if self.duty is not None and not visit.may(self.duty):
                raise Forbidden("Your role has no such page.", code="PAGE_NOT_FOR_ROLE")
            if self.step_up:
                self._check_sign_in(session)
            return await self.handler(self.site, visit)
        except StepUpNeeded as needed:
            assert session is not None
            return await self.site.sign_in.ask(request, session, needed, typed=visit._sent)  # noqa: SLF001  as above
        except HubError as error:
            return await refused(self.site, error, searcher, trace_id)
        except Exception as fault:  # the edge: nothing of what went wrong inside goes out
            say(LogLine.UNFORESEEN_FAULT, fault=type(fault), trace=Digest(trace_id))
            return self.site.shown("errors/failed.html", 500, reference=trace_id[:8])

    async def _checked_form(self, request: Request, session: Session) -> dict[str, list[str]]:
        """The fields of a form that a page of this session posted."""
        # `null` is what a browser says as origin under `Referrer-Policy: no-referrer`: it says the site with the other.
        came_from, site = request.headers.get("origin", "null"), request.headers.get("sec-fetch-site", "same-origin")
        is_from_here = came_from in ("null", self.site.origin) and site == "same-origin"
        fields = await read_fields(request)
        sent = fields.get(CSRF_FIELD, [""])[-1]
        is_ours = hmac.compare_digest(sent.encode("utf-8", "replace"), session.csrf.encode())
        if not (is_from_here and is_ours):
            raise Forbidden(
                "The form did not come from a page of yours. Go back and send it again.", code="FORM_NOT_OURS"
            )
        return fields

    def _check_sign_in(self, session: Session) -> None:
        wanted = self.site.step_up
        if not is_enough(session.token.sign_in, wanted, self.site.clock()):
            raise StepUpNeeded(wanted.acr_values, wanted.max_age_seconds)


async def refused(site: Site, error: HubError, searcher: Searcher | None, trace_id: str) -> Response:
    """The page that says why not, once the refusal is in the log; a page that is nowhere is no refusal."""
    if not isinstance(error, NotFound | AuditUnavailable | IssuerUnavailable):
        try:
            await record_refusal(site.log, error, searcher=searcher, trace_id=trace_id)
        except AuditUnavailable as unavailable:
            error = unavailable
    if isinstance(error, NotFound | Forbidden) and error.code not in _SAID_OPENLY:
        return site.shown("errors/not_here.html", 404)
    response = site.shown(_TEMPLATES.get(type(error), "errors/refused.html"), error.http_status, error=error)
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


_SAID_OPENLY = frozenset(
    {
        "FORM_NOT_OURS",
        "SIGN_IN_TOO_WEAK",
        "CLIENT_NOT_REGISTERED",
        "ORGANISATION_MISMATCH",
        "ROLE_NOT_REGISTERED",
        "WORKER_REQUIRED",
    }
)
"""Refusals that tell somebody about her own sign-in, and nothing about a page."""

_TEMPLATES: Mapping[type[HubError], str] = {
    AuditUnavailable: "errors/log_down.html",
    Unauthenticated: "errors/not_signed_in.html",
    IssuerUnavailable: "errors/no_sign_in.html",
    BadRequest: "errors/refused.html",
}

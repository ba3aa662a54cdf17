"""The routes of the front door. None of their addresses says anything about anybody."""

from __future__ import annotations

from functools import wraps

from starlette.responses import Response
from starlette.routing import Route

from hub.web.front import finding, history, matching
from hub.web.site import Site
from hub.web.visit import Handler, Visit

_BOTH = ("GET", "POST")


def routes(site: Site) -> list[Route]:
    """Every page of this part."""
    return [
        site.page("/find", finding.find, methods=_BOTH),
        site.page("/find/change", _posted(finding.change), methods=_BOTH),
        site.page("/find/match", _posted(matching.look), methods=_BOTH),
        site.page("/find/match/said", _posted(matching.say), methods=_BOTH),
        site.page("/find/chronology", _posted(history.chronology), methods=_BOTH),
        site.page("/find/chronology/file", _posted(history.download), methods=_BOTH, step_up=True),
    ]


def _posted(handler: Handler) -> Handler:
    """A page that needs what was typed: whoever comes without (by an address she kept) begins at the form."""

    @wraps(handler)
    async def begun(site: Site, visit: Visit) -> Response:
        return await handler(site, visit) if visit.request.method == "POST" else visit.go("/find")

    return begun

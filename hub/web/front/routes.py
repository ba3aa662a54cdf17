"""The routes of the front door. None of their addresses says anything about anybody."""

from __future__ import annotations

from starlette.routing import Route

from hub.web.front import finding, history, matching
from hub.web.site import Site


def routes(site: Site) -> list[Route]:
    """Every page of this part."""
    return [
        site.page("/find", finding.find, methods=("GET", "POST")),
        site.page("/find/change", finding.change, methods=("POST",)),
        site.page("/find/match", matching.look, methods=("POST",)),
        site.page("/find/match/said", matching.say, methods=("POST",)),
        site.page("/find/chronology", history.chronology, methods=("POST",)),
        site.page("/find/chronology/file", history.download, methods=("POST",), step_up=True),
    ]

"""Which parts the pages have, and where the navigation leads: the one list of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.routing import Route

from hub.domain.enquiry import Duty
from hub.web.front.routes import routes as front
from hub.web.releases.routes import routes as releases
from hub.web.review.routes import routes as review
from hub.web.rules.routes import routes as rules
from hub.web.sharing.routes import routes as sharing
from hub.web.site import Link, Site
from hub.web.visit import Visit

PARTS: Sequence[Callable[[Site], list[Route]]] = (front, releases, review, sharing, rules)


def _everybody(_: Visit) -> bool:
    return True


def _has(duty: Duty) -> Callable[[Visit], bool]:
    return lambda visit: visit.may(duty)


NAVIGATION: Sequence[Link] = (
    Link(
        "/find",
        "Find a child",
        "Ask what council, police and NHS together know about a child.",
        lambda visit: bool(visit.searcher.purposes),
    ),
    Link(
        "/releases",
        "Release requests",
        "Requests to share what was withheld: yours, and those your agency has to answer.",
        lambda visit: bool(visit.searcher.purposes) or visit.may(Duty.RELEASE) or visit.may(Duty.REVIEW),
    ),
    Link(
        "/my/questions",
        "My questions",
        "What you asked, and what reviewers ask you about it.",
        lambda visit: bool(visit.searcher.purposes),
    ),
    Link(
        "/review", "Review the log", "See who asked about whom, and why; sample, review and export.", _has(Duty.REVIEW)
    ),
    Link("/sharing", "Sharing report", "What was shared and what was withheld, in figures.", _has(Duty.REPORT)),
    Link("/rules", "Policies", "The rules in force, in plain English, and why a decision is what it is.", _everybody),
)

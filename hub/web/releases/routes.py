"""The pages of release requests for everybody: the lists, asking, and one request.

An address holds the number of an answer and of a line, or a request's reference: nothing about anybody.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from hub.audit.words import COUNT_MAX
from hub.domain.enquiry import Duty
from hub.errors import NotFound
from hub.service.releasing import Standing
from hub.service.releasing_told import for_asker, for_holder, row
from hub.service.releasing_words import TEXT_MAX, Wrong
from hub.web.forms import Form
from hub.web.releases.answering import refuse, release
from hub.web.releases.showing import STATES, Names, releasing, time_left
from hub.web.site import Site
from hub.web.visit import Visit

_REFERENCE = re.compile(r"[0-9a-f]{32}")


def routes(site: Site) -> list[Route]:
    """Every page of this part."""
    return [
        site.page("/releases", show_all),
        site.page("/releases/ask/{answer:int}/{line:int}", ask, methods=("GET", "POST")),
        site.page("/releases/{reference}", show_one),
        site.page("/releases/{reference}/release", release, methods=("GET", "POST"), duty=Duty.RELEASE),
        site.page("/releases/{reference}/refuse", refuse, methods=("GET", "POST"), duty=Duty.RELEASE),
    ]


async def show_all(site: Site, visit: Visit) -> Response:
    """What one asked for, and what one's agency was asked for."""
    requests, now, who = releasing(site), site.clock(), visit.searcher
    answers, oversees = Duty.RELEASE in who.duties, visit.may(Duty.REVIEW)
    of_agency = await requests.of_agency(who) if answers or oversees else []
    mine = await requests.mine(who) if who.purposes else []
    return visit.render(
        "releases/list.html",
        answers=answers,
        oversees=oversees,
        asks=bool(who.purposes),
        of_agency=[row(each, now, holder=True) for each, standing in of_agency if standing is Standing.LEAD],
        late=[row(each, now, holder=False) for each, standing in of_agency if standing is Standing.OVERSEER],
        mine=[row(each, now, holder=False) for each in mine],
        **_shown_with(site),
    )


async def ask(site: Site, visit: Visit) -> Response:
    """Ask for the release of what a line of one's own answer held back."""
    path = visit.request.path_params
    answer, line = path["answer"], path["line"]
    if max(answer, line) > COUNT_MAX:
        raise NotFound("There is no such answer.")
    requests = releasing(site)
    kept = await requests.line(visit.searcher, answer, line)
    form, status = Form(), 200
    if visit.request.method == "POST":
        form, status = await visit.form(), 400
        try:
            officer = await visit.officer()
            reference = await requests.ask(visit.searcher, officer, answer, line, form.value("reason"))
            return visit.go(f"/releases/{reference}")
        except Wrong as wrong:
            for name, message in wrong.problems:
                form.wrong(name, message)
    return visit.render(
        "releases/ask.html",
        form=form,
        status=status,
        custodian=kept.custodian,
        told=kept.told,
        reference=f"{answer}-{line}",
        most=TEXT_MAX,
        **_shown_with(site),
    )


async def show_one(site: Site, visit: Visit) -> Response:
    """One request, as far as whoever looks may see it."""
    reference = visit.request.path_params["reference"]
    if _REFERENCE.fullmatch(reference) is None:
        raise NotFound("There is no such request.")
    requests = releasing(site)
    request, standing = await requests.one(visit.searcher, reference)
    if standing is Standing.LEAD:
        return visit.render(
            "releases/answer.html", seen=await for_holder(requests, request), answered=request.answered is not None,
            **_shown_with(site),
        )  # fmt: skip
    if standing is Standing.OVERSEER:
        late = row(request, site.clock(), holder=False)
        return visit.render("releases/late.html", row=late, entry=request.entry, **_shown_with(site))
    return visit.render("releases/one.html", seen=await for_asker(requests, request), **_shown_with(site))


def _shown_with(site: Site) -> dict[str, Any]:
    now = site.clock()
    return {"names": Names.of(site), "STATES": STATES, "left": lambda each: time_left(each, now)}

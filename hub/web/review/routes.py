"""Where the pages of a review are."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from hub.domain.enquiry import Duty
from hub.web.review.desk import Desk
from hub.web.review.entries import Entries
from hub.web.review.leaving import Leaving
from hub.web.review.listing import Listing
from hub.web.review.mine import Mine
from hub.web.review.samples import Samples
from hub.web.site import Site
from hub.web.visit import Visit

BOTH = ("GET", "POST")


def routes(site: Site) -> list[Route]:
    """Every page of a review, and the worker's own."""
    desk = Desk(site)
    listing, entries, leaving = Listing(desk), Entries(desk), Leaving(desk)
    samples, mine = Samples(desk), Mine(desk)
    one, review = "/review/entries/{number:int}", Duty.REVIEW

    async def check(_: Site, visit: Visit) -> Response:
        """How the log stands, in full, and how to check it without the hub."""
        return visit.render("review/check.html", checks=await desk.check.look(), key=str(site.log.verifier))

    return [
        site.page("/review", listing.show, methods=BOTH, duty=review),
        site.page("/review/cases", listing.cases, duty=review),
        site.page("/review/views", listing.save, methods=["POST"], duty=review),
        site.page("/review/views/{view}/remove", listing.remove, methods=["POST"], duty=review),
        site.page("/review/check", check, duty=review),
        site.page("/review/export", leaving.export_rows, methods=BOTH, duty=review, step_up=True),
        site.page("/review/report", leaving.report, methods=BOTH, duty=review, step_up=True),
        site.page("/review/samples", samples.make, methods=BOTH, duty=review),
        site.page("/review/samples/{number:int}", samples.show, duty=review),
        site.page("/review/samples/{number:int}/population", samples.population, duty=review),
        site.page(one, entries.show, duty=review),
        site.page(f"{one}/steps", entries.step, methods=["POST"], duty=review),
        site.page(f"{one}/raw", entries.raw, duty=review),
        site.page(f"{one}/proof", entries.proof, duty=review),
        site.page(f"{one}/reveal", leaving.reveal, methods=BOTH, duty=review, step_up=True),
        site.page(f"{one}/export", leaving.export_case, methods=BOTH, duty=review, step_up=True),
        site.page("/my/questions", mine.show),
        site.page("/my/questions/{number:int}/answer", mine.answer, methods=["POST"]),
    ]

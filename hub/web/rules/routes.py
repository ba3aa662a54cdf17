"""The policies' pages, for everybody who is signed in."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from hub.domain.enquiry import Duty
from hub.errors import NotFound
from hub.policy.bundle import Bundle
from hub.web.forms import Form
from hub.web.rules.book import FOUND_MAX, Book, book_of
from hub.web.rules.explaining import MARKINGS, RESTRICTED, STANDINGS, explained, offered
from hub.web.site import Site
from hub.web.visit import Visit

QUERY_MAX = 100
BOTH = ("GET", "POST")


def routes(site: Site) -> list[Route]:
    """The start with its search, a page for each chapter and long rule, and the form that explains."""
    shelf = Shelf(site)
    return [
        site.page("/rules", shelf.start, methods=BOTH),
        site.page("/rules/explain", shelf.explain, methods=BOTH),
        site.page("/rules/{chapter}", shelf.chapter),
        site.page("/rules/{chapter}/{part}", shelf.part),
    ]


class Shelf:
    """The book of the set in force, made anew when that changes."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._kept: tuple[Bundle, Book] | None = None

    @property
    def book(self) -> Book:
        """The book of the policies in force now."""
        bundle = self._site.policies.current.bundle
        if self._kept is None or self._kept[0] is not bundle:
            self._kept = bundle, book_of(bundle)
        return self._kept[1]

    async def start(self, site: Site, visit: Visit) -> Response:
        """Which set is in force, what is in it, and what a search finds."""
        form, found = Form(), None
        if visit.request.method == "POST":
            form = await visit.form()
            wanted = form.text("q", missing="Enter a word to search the policies for.", most=QUERY_MAX)
            found = self.book.search(wanted) if form.ok else None
        book = self.book
        return visit.render(
            "rules/start.html",
            form=form,
            status=200 if form.ok else 400,
            book=book,
            preface=book.html(book.preface),
            state=site.policies.state,
            signers=site.policies.signers,
            bundle=site.policies.current.bundle,
            found=None if found is None else found[:FOUND_MAX],
            found_all=0 if found is None else len(found),
        )

    async def chapter(self, _: Site, visit: Visit) -> Response:
        """A chapter."""
        found = self.book.chapter(visit.request.path_params["chapter"])
        if found is None:
            raise NotFound("There is no such chapter.")
        return visit.render("rules/chapter.html", book=self.book, chapter=found)

    async def part(self, _: Site, visit: Visit) -> Response:
        """One rule of a long chapter."""
        names = visit.request.path_params
        chapter, part = self.book.chapter(names["chapter"]), self.book.part(names["chapter"], names["part"])
        if chapter is None or part is None:
            raise NotFound("There is no such rule.")
        return visit.render("rules/part.html", book=self.book, chapter=chapter, part=part)

    async def explain(self, site: Site, visit: Visit) -> Response:
        """Why a kind of record is shared or withheld, for the searcher; for the reviewer, if she is one."""
        policy = site.policies.current
        form = await visit.form() if visit.request.method == "POST" else Form()
        found = explained(form, policy) if visit.request.method == "POST" else None
        return visit.render(
            "rules/explain.html",
            form=form,
            status=200 if form.ok else 400,
            offered=offered(policy.bundle),
            markings=MARKINGS,
            standings=STANDINGS,
            restricted=RESTRICTED,
            searcher=found.searcher if found is not None else (),
            reviewer=found.reviewer if found is not None and visit.may(Duty.REVIEW) else (),
            own_role=visit.searcher.role,
        )

"""The list of the log, with its presets, filters and saved views; and the reviews that are under way."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

from starlette.responses import Response

from hub.errors import BadRequest
from hub.service.reviewing import PAGE_ROWS
from hub.store import review_views
from hub.store.log_search import Cursor
from hub.store.review_views import NAME_MAX
from hub.store.reviews import CaseState, Wanted
from hub.web.forms import UK, Form
from hub.web.review import filters
from hub.web.review.desk import Desk
from hub.web.site import Site
from hub.web.visit import Visit

CASE_LISTS = {
    "mine": "Given to me",
    "open": "Open",
    "overdue": "Overdue",
    "answered": "Answered by the worker",
    "closed": "Closed",
}
"""Which reviews there are to choose from."""

_OPEN = (CaseState.OPEN, CaseState.ASKED, CaseState.ANSWERED)


class Listing:
    """The list's pages."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, site: Site, visit: Visit) -> Response:
        """A page of the list. A filter is posted and then read, so that what is typed by mistake is in no address."""
        if visit.request.method != "POST":
            return await self._list(site, visit, self._asked(visit))
        form = await visit.form()
        asked = filters.read(form.sent, self._desk.agencies, self._desk.purposes)
        if not asked.form.ok:
            return await self._list(site, visit, asked)
        return visit.go(f"/review?{asked.query}" if asked.params else "/review")

    async def cases(self, site: Site, visit: Visit) -> Response:
        """Reviews under way, or done."""
        reviewer = await self._desk.reviewer(visit)
        chosen = visit.request.query_params.get("show", "open")
        chosen = chosen if chosen in CASE_LISTS else "open"
        after = _number(visit.request.query_params.get("after"))
        wanted = {
            "mine": Wanted(assigned=reviewer.officer.worker, states=_OPEN),
            "overdue": Wanted(states=_OPEN, due_before=site.clock().astimezone(UK).date()),
            "answered": Wanted(states=(CaseState.ANSWERED,)),
            "closed": Wanted(states=(CaseState.CLOSED,)),
        }.get(chosen, Wanted(states=_OPEN))
        found = await self._desk.reviewing.cases(reviewer, wanted, after, PAGE_ROWS + 1)
        workers = {case.assigned for case in found if case.assigned is not None}
        names = await self._desk.reviewing.names(workers)
        return visit.render(
            "review/cases.html",
            cases=found[:PAGE_ROWS],
            chosen=chosen,
            lists=CASE_LISTS,
            next=after + PAGE_ROWS if len(found) > PAGE_ROWS else None,
            names={reference: name.partition("/")[2] for reference, name in names.items()},
            mine=reviewer.officer.worker,
            today=site.clock().astimezone(UK).date(),
            **self._desk.said(),
        )

    async def save(self, site: Site, visit: Visit) -> Response:
        """Keep the filter on show under a name."""
        form = await visit.form()
        asked = filters.read(form.sent, self._desk.agencies, self._desk.purposes)
        name = form.text("view-name", missing="Give the view a name.", most=NAME_MAX)
        officer = (await visit.officer()).worker
        assert officer is not None  # a session is a person's
        if form.ok:
            try:
                keep = partial(
                    review_views.save, officer=officer, name=name, wanted=dict(asked.params), at=site.clock()
                )  # fmt: skip
                await site.log.beside(keep)
            except BadRequest as refused:
                form.wrong("view-name", refused.message)
        if not form.ok:
            return await self._list(site, visit, asked, form, status=400)
        return visit.go(f"/review?{asked.query}" if asked.params else "/review")

    async def remove(self, site: Site, visit: Visit) -> Response:
        """Forget a saved view."""
        officer = (await visit.officer()).worker
        view = visit.request.path_params["view"]
        await site.log.beside(partial(review_views.remove, officer=officer or "", view=view))
        return visit.go("/review")

    def _asked(self, visit: Visit) -> filters.Asked:
        query = visit.request.query_params
        sent = {name: query.getlist(name) for name in query}
        return filters.read(sent, self._desk.agencies, self._desk.purposes)

    async def _list(
        self, site: Site, visit: Visit, asked: filters.Asked, form: Form | None = None, status: int = 200
    ) -> Response:
        desk, reviewer = self._desk, await self._desk.reviewer(visit)
        text = visit.request.query_params.get("after")
        listed = await desk.reviewing.list(reviewer, asked.wanted, Cursor.parse(text) if text else None)
        officer = reviewer.officer.worker or ""
        views = await site.log.beside(partial(review_views.views, officer=officer))
        form = asked.form if form is None else form
        return visit.render(
            "review/list.html",
            form=form,
            status=status if form.ok else 400,
            asked=asked,
            listed=listed,
            page=listed.page,
            presets=filters.PRESET_WORDS,
            tags=asked.tags(desk.agencies, desk.purposes),
            views=[(view, f"/review?{urlencode(view.wanted)}") for view in views],
            checks=await desk.check.look(),
            is_first=text is None,
            me=reviewer.officer.worker,
            scope=reviewer.scope,
            **desk.said(),
        )


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 8 else 0

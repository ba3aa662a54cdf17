"""A worker's own page: what she asked, and what reviewers ask her about it."""

from __future__ import annotations

from starlette.responses import Response

from hub.store.log_search import Cursor
from hub.store.review_words import TEXT_MAX
from hub.store.reviews import ReviewRefused
from hub.web.forms import Form
from hub.web.review.desk import FLAGS, Desk
from hub.web.site import Site
from hub.web.visit import Visit


class Mine:
    """The page of one's own questions."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, _: Site, visit: Visit) -> Response:
        """What she asked, and what she is asked."""
        return await self._page(visit, Form())

    async def answer(self, _: Site, visit: Visit) -> Response:
        """Answer a reviewer."""
        number, form = visit.request.path_params["number"], await visit.form()
        field = f"answer-{number}"
        text = form.text(field, missing="Write your answer.", most=TEXT_MAX, lines=True)
        seen = form.value("seen")
        if form.ok:
            try:
                told = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 16 else -1
                await self._desk.answering.answer(await visit.officer(), number, text, told)
                return visit.go("/my/questions?answered=yes")
            except ReviewRefused as refused:
                form.wrong(field, refused.message)
        return await self._page(visit, form)

    async def _page(self, visit: Visit, form: Form) -> Response:
        worker = (await visit.officer()).worker
        assert worker is not None  # a session is a person's
        text = visit.request.query_params.get("after")
        listed = await self._desk.answering.questions(worker, Cursor.parse(text) if text else None)
        return visit.render(
            "review/mine.html",
            form=form,
            status=200 if form.ok else 400,
            page=listed.page,
            requests=await self._desk.answering.requests(worker),
            answered=visit.request.query_params.get("answered") == "yes" and form.ok,
            is_first=text is None,
            text_max=TEXT_MAX,
            agencies=self._desk.agencies,
            purposes=self._desk.purposes,
            flags=FLAGS,
        )

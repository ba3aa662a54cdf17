"""Random samples: drawing one, and the page that lets anybody draw it again."""

from __future__ import annotations

from starlette.responses import PlainTextResponse, Response

from hub.errors import BadRequest
from hub.service.reviewing_samples import DRAWN_MAX, POPULATION_MAX, QUESTIONS
from hub.store import log_search, reviews
from hub.store.log_search import PRESETS, Filter
from hub.web.forms import Form
from hub.web.review.desk import Desk
from hub.web.review.filters import PRESET_WORDS
from hub.web.site import Site
from hub.web.visit import Visit

LISTED = 50
"""So many earlier samples are listed."""

_OF_QUESTIONS = [QUESTIONS, *(name for name in PRESETS if name not in ("refused", "open"))]


class Samples:
    """The pages of samples."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def make(self, site: Site, visit: Visit) -> Response:
        """The form to draw one, and earlier ones."""
        reviewer, is_post = await self._desk.reviewer(visit), visit.request.method == "POST"
        form = await visit.form() if is_post else Form()
        if is_post:
            preset = form.choice("preset", _OF_QUESTIONS, missing="Choose what to draw from.")
            first = form.day("first", label="The first day", missing="Enter the first day.")
            last = form.day("last", label="The last day", missing="Enter the last day.")
            many = form.number("many", label="How many", least=1, most=DRAWN_MAX, missing="Enter how many to draw.")
            if first is not None and last is not None and not 1970 <= first.year <= last.year < 9000:
                form.wrong("last", "The last day must not be before the first, and both from 1970 on.")
            elif first is not None and last is not None and first > last:
                form.wrong("last", "The last day must not be before the first.")
            if form.ok and first is not None and last is not None and many is not None:
                try:
                    number = await self._desk.sampling.draw(reviewer, preset, first, last, many)
                    return visit.go(f"/review/samples/{number}")
                except BadRequest as refused:
                    form.wrong("preset", refused.message)
        wanted = self._desk.reviewing.within(reviewer, Filter(kind="sample"))
        earlier = await site.log.beside(lambda engine: log_search.search(engine, wanted, limit=LISTED))
        return visit.render(
            "review/samples.html",
            form=form,
            status=200 if form.ok else 400,
            presets={name: PRESET_WORDS[name] for name in _OF_QUESTIONS},
            earlier=earlier.rows,
            most=DRAWN_MAX,
            population_max=POPULATION_MAX,
        )

    async def show(self, site: Site, visit: Visit) -> Response:
        """One sample, with how each of its entries stands."""
        reviewer = await self._desk.reviewer(visit)
        drawn = await self._desk.sampling.sample(reviewer, visit.request.path_params["number"])
        states = await site.log.beside(lambda engine: reviews.states(engine, drawn.entries))
        return visit.render(
            "review/sample.html", drawn=drawn, states=states, preset=PRESET_WORDS[drawn.frame.preset][0],
            **self._desk.said(),
        )  # fmt: skip

    async def population(self, site: Site, visit: Visit) -> Response:
        """The entries it was drawn from, a line each."""
        reviewer = await self._desk.reviewer(visit)
        found = await self._desk.sampling.population(reviewer, visit.request.path_params["number"])
        return PlainTextResponse("".join(f"{index}\n" for index in found), headers=dict(site.headers))

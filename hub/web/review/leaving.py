"""What leaves the hub, or shows who somebody is: reveals, exports and the report; each with its reason logged first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from starlette.responses import PlainTextResponse, Response, StreamingResponse

from hub.domain.identifiers import NHSNumber
from hub.domain.people import Identity, PartialDate
from hub.errors import BadRequest, Forbidden
from hub.service.access_report import Made
from hub.service.access_text import notes, report
from hub.service.reviewing_exports import ROWS_MAX, File
from hub.service.reviewing_reveals import REASONS, What, may, reveal
from hub.store.subjects import Stated, Whom, stated_of
from hub.web.forms import Form
from hub.web.review import filters
from hub.web.review.desk import Desk
from hub.web.site import Site
from hub.web.visit import Visit

_PIECE_BYTES = 65_536

WHY_MAX = 1_000
STATED_MAX = 5
"""So many ways somebody was asked about without a number can be typed into the report's form."""

WHATS: Mapping[str, str] = {
    What.SUBJECT: "who the child is",
    What.WORKER: "who the worker is",
    What.CASE: "which case it is",
    What.WORDS: "the question in the worker’s own words",
}


class Leaving:
    """Pages that need a fresh, strong sign-in."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def reveal(self, _: Site, visit: Visit) -> Response:
        """The form that asks why; and, once that is in the log, what was asked for."""
        reviewer, number = await self._desk.reviewer(visit), visit.request.path_params["number"]
        row = await self._desk.reviewing.row(reviewer, number)
        is_post = visit.request.method == "POST"
        form = await visit.form() if is_post else Form()
        choices = {what.value: WHATS[what] for what in What if may(reviewer, row, what)}
        if not choices:
            raise Forbidden("There is nothing here for you to be shown.")
        if is_post:
            what = form.choice("what", choices, missing="Choose what you need to know.")
            reason = form.choice("reason", REASONS, missing="Choose why you need to know.")
            why = form.text("why", missing="Say in your own words why you need to know.", most=WHY_MAX, lines=True)
            if form.ok:
                found = await reveal(self._desk.reviewing, reviewer, number, What(what), reason, why)
                return visit.render("review/revealed.html", found=found, said=WHATS[What(what)], row=row)
        return visit.render(
            "review/reveal.html", form=form, status=200 if form.ok else 400, row=row, choices=choices, reasons=REASONS
        )

    async def export_rows(self, _: Site, visit: Visit) -> Response:
        """The rows of a filter as a file that can be checked."""
        reviewer, is_post = await self._desk.reviewer(visit), visit.request.method == "POST"
        query = visit.request.query_params
        form = await visit.form() if is_post else Form()
        sent = {name: list(form.all(name)) for name in form.sent} if is_post else {n: query.getlist(n) for n in query}
        asked = filters.read(sent, self._desk.agencies, self._desk.purposes)
        if is_post and (reason := _reason(form)) and asked.form.ok:
            try:
                return _sent(await self._desk.exporting.rows(reviewer, asked.wanted, reason), "log-rows")
            except BadRequest as refused:
                form.wrong("reason", refused.message)
        return visit.render(
            "review/export.html",
            form=form,
            status=200 if form.ok else 400,
            back=asked.without(),
            action="/review/export",
            hidden=dict(asked.params),
            what=f"The newest {ROWS_MAX} rows of the list as you filtered it",
            tags=asked.tags(self._desk.agencies, self._desk.purposes),
            preset=filters.PRESET_WORDS[asked.preset][0],
            reasons=REASONS,
        )

    async def export_case(self, _: Site, visit: Visit) -> Response:
        """The evidence of one review as a file that can be checked."""
        reviewer, number = await self._desk.reviewer(visit), visit.request.path_params["number"]
        row = await self._desk.reviewing.row(reviewer, number)
        if reviewer.did(row):
            raise Forbidden("Nobody exports the review of what they did themselves.")
        is_post = visit.request.method == "POST"
        form = await visit.form() if is_post else Form()
        if is_post and (reason := _reason(form)):
            try:
                shown = await self._desk.reviewing.shown(reviewer, row)
                return _sent(await self._desk.exporting.case(reviewer, shown, reason), f"review-{row.index}")
            except BadRequest as refused:
                form.wrong("reason", refused.message)
        return visit.render(
            "review/export.html",
            form=form,
            status=200 if form.ok else 400,
            back=f"/review/entries/{row.index}",
            action=f"/review/entries/{row.index}/export",
            hidden={},
            what=f"Entry {row.index}, its answer, and each step of its review with what was written",
            tags=(),
            preset=None,
            reasons=REASONS,
        )

    async def report(self, _: Site, visit: Visit) -> Response:
        """The form that asks about whom; and the report, on a page or as a file."""
        reviewer, is_post = await self._desk.reviewer(visit), visit.request.method == "POST"
        form = await visit.form() if is_post else Form()
        if is_post:
            whom = _whom(form)
            if form.ok:
                try:
                    made = await self._desk.reporting.report(reviewer, whom, self._desk.words())
                    return self._report(visit, made, form)
                except BadRequest as refused:
                    form.wrong("nhs-number", refused.message)
        return visit.render(
            "review/report.html",
            form=form,
            status=200 if form.ok else 400,
            ways=range(1, STATED_MAX + 1),
            scope=reviewer.scope,
            **self._desk.said(),
        )

    def _report(self, visit: Visit, made: Made, form: Form) -> Response:
        if form.value("do") == "download":
            text = "\n".join(report(made)) + "\n"
            headers = {**visit.site.headers, "Content-Disposition": 'attachment; filename="who-has-asked.md"'}
            return PlainTextResponse(text, media_type="text/markdown", headers=headers)
        return visit.render("review/report_made.html", made=made, notes=list(notes(made)), **self._desk.said())


def _reason(form: Form) -> str:
    return form.choice("reason", REASONS, missing="Choose why you need this file.")


def _sent(file: File, name: str) -> Response:
    size, opened = file.path.stat().st_size, file.path.open("rb")
    file.remove()  # its bytes stay until it is closed, and no longer: whoever hangs up leaves nothing behind
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}-entry-{file.export}.zip"',
        "Content-Length": str(size),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(_pieces(opened), media_type="application/zip", headers=headers)


def _pieces(opened: BinaryIO) -> Iterator[bytes]:
    with opened:
        while piece := opened.read(_PIECE_BYTES):
            yield piece


def _whom(form: Form) -> Whom:
    """The person that the form names, by number or otherwise."""
    numbers: frozenset[NHSNumber] = frozenset()
    if typed := form.text("nhs-number", most=30):
        try:
            numbers = frozenset([NHSNumber.parse(typed)])
        except BadRequest as wrong:
            form.wrong("nhs-number", wrong.message)
    stated = frozenset(each for number in range(1, STATED_MAX + 1) if (each := _stated(form, number)) is not None)
    if form.ok and not numbers and not stated:
        form.wrong("nhs-number", "Enter the NHS number, or the names and date of birth somebody was asked about with.")
    return Whom(numbers, stated)


def _stated(form: Form, number: int) -> Stated | None:
    given = form.text(f"given-{number}")
    family = form.text(f"family-{number}")
    born = form.text(f"born-{number}", most=10)
    if not (given or family or born):
        return None
    parts = {"given": (given, "given name"), "family": (family, "family name"), "born": (born, "date of birth")}
    for name, (value, what) in parts.items():
        if not value:
            form.wrong(f"{name}-{number}", f"Enter the {what} too: the question was asked with all three.")
            return None
    try:
        return stated_of(
            Identity(given_names=tuple(given.split()), family_names=(family,), birth_date=PartialDate.parse(born))
        )
    except BadRequest as wrong:
        form.wrong(f"born-{number}", wrong.message)
        return None

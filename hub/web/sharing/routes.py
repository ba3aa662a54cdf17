"""The sharing report as a page, and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from starlette.responses import Response
from starlette.routing import Route

from hub.domain.enquiry import Duty
from hub.errors import NotFound
from hub.service.sharing_report import Report, Reporting
from hub.web.sharing.tables import Table, Tables, headline
from hub.web.site import Site
from hub.web.visit import Visit

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def routes(site: Site) -> list[Route]:
    """The two."""
    reporting = Reporting(
        site.log,
        site.following,
        lambda: site.policies.current.bundle,
        site.clock,
        with_unfinished=site.is_development,
    )

    async def asked_for(visit: Visit) -> Report:
        report = await reporting.report(visit.request.query_params.get("period"))
        if report is None:
            raise NotFound("There is no report of that period.", code="PAGE_NOT_FOUND")
        return report

    def tables(report: Report) -> tuple[Table, ...]:
        return Tables(report, site.policies.current.bundle, _names(site)).every()

    async def show(_: Site, visit: Visit) -> Response:
        report = await asked_for(visit)
        shown = report.sharing.records if report.sharing is not None else None
        return visit.render(
            "sharing/report.html",
            report=report,
            said=headline(report),
            tables=tables(report),
            closed=shown is not None and shown.is_closed,
        )

    async def download(_: Site, visit: Visit) -> Response:
        report = await asked_for(visit)
        name = f'attachment; filename="sharing-report-{report.period.key}.csv"'
        headers = {**site.headers, "Content-Disposition": name}
        return Response(written(report, tables(report)), headers=headers, media_type="text/csv; charset=utf-8")

    return [
        site.page("/sharing", show, duty=Duty.REPORT),
        site.page("/sharing/figures.csv", download, duty=Duty.REPORT),
    ]


def written(report: Report, tables: Iterable[Table]) -> str:
    """The figures as CSV (RFC 4180): a line for each, with its table, row and column."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(("period", "table", "row", "column", "figure"))
    for table in tables:
        for row in table.rows:
            for column, figure in zip(table.head[1:], row[1:], strict=False):
                lines.writerow(map(_plain, (report.period.title, table.title, row[0], column, figure)))
    return out.getvalue()


def _plain(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _names(site: Site) -> dict[str, str]:
    """Agencies by id: those that are asked, and those that ask."""
    register = site.admission.registers.current
    asking = {each.id: each.name for each in register.organisations.values()}
    return asking | {each.id: each.name for each in site.custodians}

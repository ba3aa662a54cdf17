"""The chronology's page and its downloads. Each one is asked for anew, and each is a question of its own in the log."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from hub.domain.view import JoinedView
from hub.web.forms import Form
from hub.web.front.asking import Asked, carried
from hub.web.front.chronology import Choice, Chronology, chosen_fields, chronology_of, read_choice
from hub.web.front.finding import shown, shown_form
from hub.web.front.paper import as_pdf
from hub.web.front.questions import Answered, AskedBy, Refusal, put
from hub.web.front.sheet import as_csv
from hub.web.rendering import uk_time
from hub.web.site import Site
from hub.web.visit import Visit

_FILES = {"csv": AskedBy.CSV, "pdf": AskedBy.PDF}
_TYPES = {"csv": "text/csv; charset=utf-8; header=present", "pdf": "application/pdf"}


async def chronology(site: Site, visit: Visit) -> Response:
    """The page: what happened, by date and agency."""
    form = await visit.form()
    choice = _choice(site, form)
    if choice is None:
        return visit.render("front/narrow.html", form=form, status=400, carried=carried(form), **_offered(site))
    found = await put(site, visit, form, AskedBy.CHRONOLOGY)
    if isinstance(found, Refusal):
        return shown_form(site, visit, form, found)
    if not isinstance(found.answer, JoinedView):
        return shown(site, visit, form, found)
    bundle = site.policies.current.bundle
    return visit.render(
        "front/chronology.html",
        form=form,
        chronology=chronology_of(found.answer, bundle.catalogue, choice),
        asked=found.asked,
        purpose=bundle.purposes[found.asked.enquiry.purpose],
        carried=carried(form),
        chosen=chosen_fields(form),
    )


async def download(site: Site, visit: Visit) -> Response:
    """The same as a file, asked for anew; its name says nothing of the child."""
    form = await visit.form()
    kind = form.choice("as", tuple(_FILES), missing="Choose a file to download") or "csv"
    choice = _choice(site, form)
    if choice is None:
        return visit.render("front/narrow.html", form=form, status=400, carried=carried(form), **_offered(site))
    found = await put(site, visit, form, _FILES[kind])
    if isinstance(found, Refusal):
        return shown_form(site, visit, form, found)
    if not isinstance(found.answer, JoinedView):
        return shown(site, visit, form, found)
    made = chronology_of(found.answer, site.policies.current.bundle.catalogue, choice)
    content = await asyncio.to_thread(_written, site, kind, made, found)
    name = f"chronology-log-entry-{made.log_entry}.{kind}"
    headers = {**site.headers, "Content-Disposition": f'attachment; filename="{name}"', "Content-Type": _TYPES[kind]}
    return Response(content, headers=headers)


def _written(site: Site, kind: str, made: Chronology, found: Answered) -> bytes:
    return as_csv(made) if kind == "csv" else as_pdf(made, asked_in_words(site, found.asked, made))


def asked_in_words(site: Site, asked: Asked, made: Chronology) -> str:
    """Under what it was asked, on which case, and where the log has it."""
    purpose = site.policies.current.bundle.purposes[asked.enquiry.purpose]
    decided = asked.enquiry.decision
    by = f", as decided by {decided.by} on {uk_time(decided.at)}" if decided is not None else ""
    return (
        f"Asked under {purpose.title} ({purpose.citation}), case reference {asked.enquiry.case_reference.value}{by}. "
        f"Answered {uk_time(made.at)}, and recorded as log entry {made.log_entry:,}."
    )


def _choice(site: Site, form: Form) -> Choice | None:
    offered = _offered(site)
    choice = read_choice(form, offered["agencies"], offered["kinds"])
    return choice if form.ok else None


def _offered(site: Site) -> dict[str, dict[str, str]]:
    """Every agency and every kind that one may choose."""
    kinds = site.policies.current.bundle.catalogue.kinds
    return {
        "agencies": {each.id: each.name for each in site.custodians},
        "kinds": {each.id: each.title for each in kinds.values() if each.timeline is not None},
    }

"""Saying of a possible match that it is the child, or is not, and asking again with that said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from starlette.responses import Response

from hub.domain.dates_asked import LATE_DAYS_MAX
from hub.errors import BadRequest
from hub.matching.resolution import Agreement, Compared, ComparedUnborn, Said
from hub.policy.judging import REASONS_MAX, REASONS_MIN
from hub.service.confirming import DAYS, Confirming
from hub.web.forms import Form
from hub.web.front.asking import asks_of_unborn, carried
from hub.web.front.finding import shown
from hub.web.front.questions import AskedBy, put
from hub.web.site import Site
from hub.web.visit import Visit

_WORDS = {Said.SAME: "is the child", Said.DIFFERENT: "is not the child"}
_WORDS_UNBORN = {Said.SAME: "is of this pregnancy", Said.DIFFERENT: "is not of this pregnancy"}
_WEEKS = LATE_DAYS_MAX // 7


async def look(site: Site, visit: Visit) -> Response:
    """One possible match with its evidence, and the form to say what it is."""
    return _shown_form(site, visit, await visit.form(), 200)


async def say(site: Site, visit: Visit) -> Response:
    """Record what she says of it, and ask again: the page that comes is resolved with it."""
    form = await visit.form()
    said = form.choice("said", [each.value for each in Said], missing="Choose what you say")
    reasons = form.text("reasons", missing="Say why: what you compared, and with whom", most=REASONS_MAX, lines=True)
    if reasons and len(reasons) < REASONS_MIN:
        form.wrong("reasons", f"Say a little more: at least {REASONS_MIN} characters")
    if not form.ok:
        return _shown_form(site, visit, form, 400)
    who = visit.searcher
    try:
        made = await Confirming(site.log, site.confirmations).say(
            who,
            await visit.officer(),
            form.value("candidate"),
            Said(said),
            name=visit.session.name or who.worker or who.client_id,
            reasons=reasons,
            at=site.clock(),
        )
    except BadRequest as error:
        form.wrong("said", error.message)
        return _shown_form(site, visit, form, 400)
    holder = next((each.name for each in site.custodians if each.id == made.seen.custodian), made.seen.custodian)
    if asks_of_unborn(form):
        holds = f"{DAYS} days, though not longer than {_WEEKS} weeks after the expected date"
        notice = f"Recorded: that record at {holder} {_WORDS_UNBORN[made.said]}. It holds for {holds}."
    else:
        notice = f"Recorded: that record at {holder} {_WORDS[made.said]}. It holds for {DAYS} days."
    return shown(site, visit, form, await put(site, visit, form, AskedBy.CONFIRMED), notice)


def _shown_form(site: Site, visit: Visit, form: Form, status: int) -> Response:
    holder = form.value("holder")
    name = next((each.name for each in site.custodians if each.id == holder), "the agency")
    return visit.render(
        "front/match.html",
        form=form,
        status=status,
        candidate=form.value("candidate"),
        holder_id=holder,
        holder=name,
        evidence_pairs=list(_evidence(form.all("evidence"))),
        carried=carried(form),
        days=DAYS,
        unborn=asks_of_unborn(form),
        weeks=_WEEKS,
    )


def _evidence(sent: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The comparisons as the page before had them: the hub's own words, whatever else a form may say."""
    compared, outcomes = {each.value for each in (*Compared, *ComparedUnborn)}, {each.value for each in Agreement}
    for each in sent:
        left, _, right = each.rpartition(":")
        if left in compared and right in outcomes:
            yield left, right

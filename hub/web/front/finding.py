"""Find a child, and the page that answers: each time it is asked for it is asked anew, and kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from hub.domain.organisations import Custodian
from hub.domain.people import Identity
from hub.domain.view import CandidateLine, JoinedView
from hub.web.forms import Form
from hub.web.front.asking import carried, purposes_of
from hub.web.front.child import SPOKEN, child_of, silent_first
from hub.web.front.questions import Answered, AskedBy, Refusal, put, tells_others
from hub.web.front.records import UNVERIFIED
from hub.web.front.telling import Telling
from hub.web.site import Site
from hub.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible match as a page shows it; ``reference`` is good for this answer only."""

    reference: str
    custodian: Custodian
    evidence: tuple[tuple[str, str], ...] = field(repr=False)
    next_step: str | None = None


async def find(site: Site, visit: Visit) -> Response:
    """The form; or, posted, what the agencies know."""
    if visit.request.method != "POST":
        return shown_form(site, visit, Form())
    form = await visit.form()
    return shown(site, visit, form, await put(site, visit, form, AskedBy.PAGE))


async def change(site: Site, visit: Visit) -> Response:
    """The form again with everything that was typed; nobody is asked."""
    return shown_form(site, visit, await visit.form())


def shown_form(site: Site, visit: Visit, form: Form, refusal: Refusal | None = None, notice: str = "") -> Response:
    """The form, with what is wrong when the question was not put."""
    bundle = site.policies.current.bundle
    reasons = [
        {"value": word, "text": meaning[:1].upper() + meaning[1:]}
        for word, meaning in bundle.vocabulary.look_back_reasons.items()
    ]
    response = visit.render(
        "front/find.html",
        form=form,
        status=200 if refusal is None else refusal.status,
        purposes=purposes_of(visit.searcher, bundle),
        reasons=reasons,
        unverified={confidence.value: said for confidence, said in UNVERIFIED.items()},
        notice=notice,
    )
    response.headers.update({} if refusal is None else refusal.headers)
    return response


def shown(site: Site, visit: Visit, form: Form, put_: Answered | Refusal, notice: str = "") -> Response:
    """The page about the child, or about people who may be the child, or the form with what is wrong."""
    if isinstance(put_, Refusal):
        return shown_form(site, visit, form, put_, notice)
    bundle = site.policies.current.bundle
    answer = put_.answer
    about: dict[str, Any] = {
        "asked": put_.asked,
        "purpose": bundle.purposes[put_.asked.enquiry.purpose],
        "carried": carried(form),
        "notice": notice,
        "told": answer.notices,
    }
    if isinstance(answer, JoinedView):
        child = child_of(answer, bundle.catalogue)
        return visit.render(
            "front/child.html",
            child=child,
            candidates=candidates(answer.candidates, answer.log_entry),
            tellable=True,  # whoever is sure of a child has said who that is
            tells_others=tells_others(site, visit, put_),
            told_again=put_.told is Telling.AGAIN,
            **about,
        )
    lines = getattr(answer, "candidates", ())
    return visit.render(
        "front/unsure.html",
        candidates=candidates(lines, answer.log_entry),
        sources=silent_first(answer.sources),
        silent=[each for each in silent_first(answer.sources) if each.state not in SPOKEN],
        number=answer.log_entry,
        tellable=_tellable(put_.asked.search.stated),
        **about,
    )


def _tellable(who: Identity) -> bool:
    """Whether a child asked about like this can be told again: what is said of a match needs that."""
    return (
        who.nhs_number is not None or who.unborn is not None or (who.birth_date is not None and who.birth_date.is_exact)
    )


def candidates(lines: Iterable[CandidateLine], log_entry: int) -> list[Candidate]:
    """Possible matches under the references by which they are confirmed."""
    return [Candidate(f"{log_entry}-{line.reference}", line.custodian, line.evidence, line.next_step) for line in lines]

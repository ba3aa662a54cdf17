"""Putting a question that a page asked: counted, logged and answered like any other, whatever page it comes from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hub.domain.catalogue import READ_WHEN_NAMED, Catalogue
from hub.domain.organisations import Sector
from hub.domain.people import ChildSearch
from hub.domain.sources import SourceState
from hub.domain.view import ChildAnswer, JoinedView
from hub.errors import AuditUnavailable, HubError, StepUpNeeded, TooManyRequests
from hub.service.question import Question, Words
from hub.service.refuse import record_refusal
from hub.web.forms import UK, Form
from hub.web.front.asking import Asked, field_of, read_asked
from hub.web.front.telling import TELLS_OTHERS, Telling, telling, ticket
from hub.web.site import Site
from hub.web.visit import Visit

MOTHERS_RECORD = "mothers_record"
"""The vocabulary's word for what is held of the mother of an unborn child."""


class AskedBy(StrEnum):
    """What asks: named in the question's entry of the log, so that a download is told from a look."""

    PAGE = "The child's page"
    CONFIRMED = "The child's page, after a possible match was confirmed or denied"
    CHRONOLOGY = "Chronology"
    CSV = "Chronology, downloaded as CSV"
    PDF = "Chronology, downloaded as PDF"

    @property
    def digest(self) -> str:
        """Stands where a GraphQL document's digest stands: 64 hex digits."""
        return hashlib.sha256(f"hub/web/front: {self.value}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was answered; the form says it to the searcher."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """A question and its answer, for the page that shows it; ``told`` is whether it named what tells others."""

    asked: Asked
    answer: ChildAnswer = field(repr=False)
    told: Telling = Telling.NO


async def put(site: Site, visit: Visit, form: Form, by: AskedBy) -> Answered | Refusal:
    """Ask what ``form`` says. Records of which every read is told to others are read only where the form names them.

    Each call is one question in the log.

    Raises:
        StepUpNeeded: she must sign in again to ask under this purpose; it is in the log.
        AuditUnavailable: the log is down; no custodian was asked, or nothing is released.
    """
    bundle = site.policies.current.bundle
    asked = read_asked(form, visit.searcher, bundle, site.clock().astimezone(UK).date())
    if asked is None:
        return Refusal(400)
    try:
        site.rates.take(visit.searcher)
    except TooManyRequests as error:
        purpose = asked.enquiry.purpose
        await record_refusal(site.log, error, searcher=visit.searcher, purpose=purpose, trace_id=visit.trace_id)
        form.wrong("purpose", error.message)
        return Refusal(error.http_status, {"Retry-After": str(error.retry_after)})
    kinds = _wanted(bundle.catalogue, asked.search)
    told = await telling(site, visit, form, asked)
    named = told is Telling.YES
    question = Question(
        searcher=visit.searcher,
        enquiry=lambda: asked.enquiry,
        search=lambda: asked.search,
        look=kinds,
        read=kinds if named else kinds - READ_WHEN_NAMED,
        document_sha256=by.digest,
        trace_id=visit.trace_id,
        words=Words(by.value, {**asked.variables, TELLS_OTHERS: True} if named else asked.variables),
    )
    try:
        return Answered(asked, await site.view_child(question), told)
    except (StepUpNeeded, AuditUnavailable):
        raise
    except HubError as error:  # refused, and in the log already
        form.wrong(field_of(error.code), error.message)
        return Refusal(error.http_status)


def tells_others(site: Site, visit: Visit, answered: Answered) -> str | None:
    """The ticket to ask for such a record beyond what was; None where there is none.

    There is one where an agency that answered has it, and it is in scope.
    """
    if answered.told is Telling.YES or not isinstance(answered.answer, JoinedView):
        return None
    spoke = {each.custodian.id for each in answered.answer.sources if each.state is SourceState.ANSWERED}
    scope = site.policies.current.scope(answered.asked.enquiry.purpose, visit.searcher.role)
    wanted = READ_WHEN_NAMED & scope.kinds & _wanted(site.policies.current.bundle.catalogue, answered.asked.search)
    is_there = any(
        wanted & line.kinds & line.connector.kinds and line.connector.custodian.id in spoke
        for line in site.view_child.lines
    )
    return ticket(site, visit, answered.asked, answered.answer.log_entry) if is_there else None


def _wanted(catalogue: Catalogue, search: ChildSearch) -> frozenset[str]:
    """Every kind of record but an unborn child's mother's; of such a child, of what the NHS holds that one alone."""
    hers = {kind.id for kind in catalogue.kinds.values() if MOTHERS_RECORD in kind.labels}
    if search.unborn is None:
        return frozenset(catalogue.kinds) - hers
    return frozenset(catalogue.kinds) - catalogue.of_sector(Sector.HEALTH) | hers

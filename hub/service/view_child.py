"""The use case the hub exists for: nine steps, in the only order that keeps the four promises.

Steps 1 and 2 have made a :class:`~hub.service.question.Question`; this module does 2 (may they?) to 9.
``docs/request-cycle.md`` gives the reason for the order.
"""

from __future__ import annotations

import asyncio
from calendar import monthrange
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from hub.audit.entries import Answer
from hub.audit.side import Side
from hub.connectors.base import ENQUIRY, Connector, offered
from hub.connectors.http import CORRELATION_ID
from hub.domain.dates_asked import check_dates, notices
from hub.domain.enquiry import Enquiry
from hub.domain.organisations import Sector
from hub.domain.people import Candidate, ChildSearch
from hub.domain.records import RecordPointer
from hub.domain.sources import NotAskedReason
from hub.domain.view import ChildAnswer
from hub.errors import AuditUnavailable, BadRequest, Forbidden, HubError
from hub.policy.decision import Scope
from hub.policy.engine import Policy
from hub.policy.facts import RequestFacts
from hub.policy.judgements import Book
from hub.service import entries
from hub.service.answer import Gathered, compose
from hub.service.ask import Line, ask_all, restricted
from hub.service.decide import decide_all
from hub.service.judging import Judging
from hub.service.matching import Matching
from hub.service.question import Question
from hub.service.refuse import record_refusal
from hub.service.releasing_lines import keeping
from hub.service.stating import CaseCheck, check_sign_in, check_stated
from hub.service.tally import Tally
from hub.service.unreached import Unreached
from hub.store.appender import Log
from hub.store.pending import Along, Appended
from hub.telemetry.steps import Step, timed

RESTRICTED_LOCATION = "restricted_location"
"""The vocabulary's word for PDS labels R and V."""

CLOCK_SKEW = timedelta(minutes=2)
"""How far in the future a recorded decision may seem to lie."""

_UK = ZoneInfo("Europe/London")


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ViewChild:
    """Answer questions about a child.

    Attributes:
        log: the signed log; if it cannot be written, nothing is asked and nothing is answered.
        policy: the rules in force, from a question's start to its end.
        lines: every custodian, with its own deadline; the kinds are narrowed for each question.
        judgements: the decisions people have recorded; if they cannot be read, that is as if the log could not.
        match_grace_seconds: see :func:`hub.service.ask.ask_all`.
        clock: the time now, aware.
        newest: where the rules in force come from when they can change while the hub runs; asked once per question.
        tally: counts what was decided, once it is recorded.
        matching: what people have said of possible matches, and an installation's own weights.
        cases: asks the agency's case register, where there is one.
    """

    log: Log
    policy: Policy
    lines: Sequence[Line]
    judgements: Callable[[], Awaitable[Book]]
    match_grace_seconds: float = 1.0
    clock: Callable[[], datetime] = _utc_now
    newest: Callable[[], Policy] | None = None
    tally: Tally | None = None
    matching: Matching = field(default_factory=Matching)
    cases: CaseCheck | None = None

    async def __call__(self, question: Question) -> ChildAnswer:
        """The answer, recorded.

        Raises:
            BadRequest, Forbidden: the question was refused; the refusal is in the log.
            AuditUnavailable: the log is down; no custodian was asked, or nothing is released.
        """
        # one set of rules to the end, whatever is loaded meanwhile
        now = self if self.newest is None else replace(self, policy=self.newest(), newest=None)
        return await now._permitted(question)  # noqa: SLF001  itself, with the rules of this moment

    async def _permitted(self, question: Question) -> ChildAnswer:
        """Step 2, then the others."""
        CORRELATION_ID.set(question.trace_id)  # custodians can name it when they ask what this was about
        purpose = None
        try:
            enquiry = question.enquiry()
            purpose = enquiry.purpose
            ENQUIRY.set(enquiry)  # another hub is asked under the same purpose, on the same case
            with timed(Step.STATE_PURPOSE):
                self._permit(question, enquiry)
                search = question.search()
                check_dates(search, self._today())
            if self.cases is not None:
                question = replace(question, searcher=await self.cases(question.searcher, enquiry))
            side = self.log.sealed(entries.side_body(question, enquiry))
        except HubError as refusal:
            await record_refusal(
                self.log, refusal, searcher=question.searcher, purpose=purpose, trace_id=question.trace_id
            )
            raise
        return await self._answer(question, enquiry, search, side)

    def _permit(self, question: Question, enquiry: Enquiry) -> None:
        """Step 2: may this searcher state this purpose, and does it rest on what it must rest on?"""
        purpose = self.policy.bundle.purposes.get(enquiry.purpose)
        if purpose is None:
            known = ", ".join(self.policy.bundle.purposes)
            raise BadRequest(f"That is not a purpose known here. Known: {known}.", code="PURPOSE_UNKNOWN")
        if enquiry.purpose not in question.searcher.purposes:
            raise Forbidden(
                f"Your agency's register does not let your role ask under {purpose.id}. If your work needs it, ask "
                "your information governance lead to have it added.",
                code="PURPOSE_NOT_ALLOWED",
            )
        check_stated(question.searcher, enquiry)
        check_sign_in(question.searcher, purpose.id, self.clock())
        if not purpose.needs_decision:
            return
        if enquiry.decision is None:
            raise BadRequest(
                f"{purpose.id} rests on a recorded decision: give `decision` with the post that took it and when.",
                code="PURPOSE_DECISION_MISSING",
            )
        if enquiry.decision.at > self.clock() + CLOCK_SKEW:
            raise BadRequest("The decision lies in the future.", code="PURPOSE_DECISION_INVALID")

    async def _answer(self, question: Question, enquiry: Enquiry, search: ChildSearch, side: Side) -> ChildAnswer:
        facts = RequestFacts(
            purpose=enquiry.purpose,
            role=question.searcher.role,
            recipient_sector=question.searcher.sector,
            decision_recorded=enquiry.decision is not None,
        )
        with timed(Step.PLAN):
            scope = self.policy.scope(enquiry.purpose, question.searcher.role)
            lines = [self._narrowed(line, question, search, scope) for line in self.lines]
        known = await entries.references(self.log, question, enquiry, search)
        said = asyncio.gather(self.judgements(), self.matching.book())  # read while the question is being written
        try:
            with timed(Step.LOG_QUESTION):  # step 3: durable before any custodian hears of the child
                entry = entries.question_entry(self.log.stamp(), question, enquiry, known, lines, self.policy, side)
                number = await self.log.append(entry, side=side)
        except BaseException:
            said.cancel()
            raise
        try:
            now = self.clock()
            judgements, confirmations = await said
            judging = Judging.of(judgements, question.searcher, enquiry, search, now)
            since = self._since(enquiry, now)
            wanted = self._wanted(facts, question.read, judging)
            resolve = self.matching.resolver(confirmations, now)
            with timed(Step.ASK):
                asked = await ask_all(search, lines, wanted, self.match_grace_seconds, resolve)
            label = restricted(asked)
            facts = with_subject(facts, label)
            with timed(Step.DECIDE):
                decided = decide_all(
                    self.policy, facts, asked, self.clock(), judging=judging, read=question.read, since=since
                )
            unreached = Unreached(self.policy.bundle, self.lines, question, search, scope).lines(asked)
            further = self.policy.bundle.look_back_next_step
            answer = compose(Gathered(search, asked, decided, unreached, label, self.clock(), since, further))
            with timed(Step.LOG_ANSWER):  # step 8: durable before a byte of it leaves
                recorded = await self._recorded(
                    entries.answer_entry(self.log.stamp(), number.index, answer, asked, decided),
                    keeping(asked, decided, now),
                )
        except AuditUnavailable:
            raise
        except BaseException as fault:  # a request that was cancelled ends its question too
            await asyncio.shield(self._abandon(number.index, fault))
            raise
        if self.tally is not None:
            self.tally.count(facts, decided)
        await self.matching.keep(recorded.index, search, asked, now)
        return replace(answer.recorded_as(recorded.index), notices=tuple(notices(search, self._today())))

    async def _recorded(self, entry: Answer, along: Along | None) -> Appended:
        try:
            return await self.log.append(entry, along=along)
        except AuditUnavailable as fault:
            raise fault.after_asking() from None

    def _today(self) -> date:
        """The day by which ages are counted, as people in the United Kingdom have it."""
        return self.clock().astimezone(_UK).date()

    def _narrowed(self, line: Line, question: Question, search: ChildSearch, scope: Scope) -> Line:
        """Step 4: what to ask this custodian for, or why not to ask it.

        Whom the purpose or role does not reach is not asked, so held and not held are one answer. The NHS is asked who
        the child is whenever anything is: the restriction it alone knows of governs what all the others may show. That
        holds for an NHS system of records too, whose label is believed; one that has no such label to give (a record
        locator) is asked for records or not at all. About an unborn child whoever can look is asked: a council's word
        on the mother decides what of hers may be shown.
        """
        sector = line.connector.custodian.sector
        offers = offered(line.connector, search)
        ours = (offers or frozenset()) & question.look
        kinds = ours & scope.kinds
        not_asked = None
        if sector not in scope.sectors:
            not_asked = NotAskedReason.OUT_OF_SCOPE
        elif offers is None:
            not_asked = NotAskedReason.UNBORN
        elif not kinds and not _may_restrict(line.connector) and search.unborn is None:
            not_asked = NotAskedReason.OUT_OF_SCOPE if ours else NotAskedReason.NOT_SELECTED
        return replace(line, kinds=kinds, not_asked=not_asked)

    def _since(self, enquiry: Enquiry, now: datetime) -> date | None:
        """The day the purpose looks back to, or as far as the searcher widened it; None is the child's whole life."""
        years = self.policy.bundle.purposes[enquiry.purpose].look_back_years
        if years is None:
            return None
        if enquiry.look_back is not None:
            if enquiry.look_back.years is None:
                return None
            years = max(years, enquiry.look_back.years)
        today = now.date()
        day = min(today.day, monthrange(today.year - years, today.month)[1])
        return date(today.year - years, today.month, day)

    def _wanted(
        self, facts: RequestFacts, read: frozenset[str], judging: Judging
    ) -> Callable[[Candidate, RecordPointer], bool]:
        """Which records to fetch: those that were selected and of which, as far as is known yet, something is shared.

        Whether the child's whereabouts are restricted is not known yet; it can only take fields away.
        """

        def wanted(who: Candidate, pointer: RecordPointer) -> bool:
            if pointer.kind not in read:
                return False
            return self.policy.decide(facts, pointer, judging.about(who, pointer)).any_released

        return wanted

    async def _abandon(self, number: int, fault: BaseException) -> None:
        reason = "cancelled" if isinstance(fault, asyncio.CancelledError) else "internal_failure"
        try:
            await self.log.append(entries.abandoned_entry(self.log.stamp(), number, reason))
        except AuditUnavailable:
            return  # the reaper ends the question when the log is back


def _may_restrict(connector: Connector) -> bool:
    """Whether what it says of who the child is may restrict their whereabouts: of the NHS, unless it says it cannot."""
    return connector.custodian.sector is Sector.HEALTH and not getattr(connector, "never_restricts", False)


def with_subject(facts: RequestFacts, label: bool | None) -> RequestFacts:
    """The facts, with whether the child's whereabouts are restricted: true, false, or known to nobody."""
    word = frozenset({RESTRICTED_LOCATION})
    if label is None:
        return msgspec.structs.replace(facts, subject_unknown=word)
    return msgspec.structs.replace(facts, subject_facts=word) if label else facts

"""Asking a holder to release what was withheld, and answering: each step an entry of the log first, then its effect.

A release goes through the rules: what somebody states is recorded as decisions about one record, for one request, and
the next question is decided with them. Between entry and decisions a crash may come: the release is then known and not
yet in effect, and the next round (:mod:`hub.service.releasing_rounds`) brings it into effect. Nothing ever takes effect
without its entry.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from hashlib import sha256

import msgspec
from sqlalchemy import Connection

from hub.audit.acts import Officer, ReleaseRequest
from hub.audit.entries import Answer, FieldGroup, Question, Records
from hub.domain.enquiry import Duty, Searcher
from hub.domain.identifiers import CaseReference
from hub.errors import AuditUnavailable, NotFound
from hub.policy import lifting
from hub.policy.bundle import Bundle
from hub.policy.judgements import Request as OneRequest
from hub.service.entries import worker_key
from hub.service.releasing_lines import ASKABLE
from hub.service.releasing_words import (
    AskedWords,
    BodyT,
    Ground,
    How,
    Refusal,
    Release,
    ReleasedWords,
    Wrong,
    checked_reason,
    checked_refusal,
    checked_release,
    pack,
    read,
)
from hub.store.appender import Log
from hub.store.judgements import JudgementStore
from hub.store.release_requests import (
    Answering,
    Asking,
    Line,
    Request,
    StepTaken,
    add_answered,
    add_asked,
    mark_effected,
    read_asked_by,
    read_asked_of,
    read_line,
    read_request,
    read_stands_for,
)
from hub.store.sides import SideAltered, read_side
from hub.store.together import append_with

_NOT_HERE = "There is no such request, or it is not for you."


class Standing(StrEnum):
    """As whom somebody sees a request."""

    ASKER = "asker"
    LEAD = "lead"
    """Answers for the agency that holds it."""
    OVERSEER = "overseer"
    """Sees that it is late: in the agency, or for the partnership. Not what it is about."""


@dataclass(frozen=True, slots=True)
class Releasing:
    """Requests for release, of one hub. Methods raise AuditUnavailable when the log or its database fails.

    Attributes:
        log: the signed log.
        judgements: where decisions are recorded that questions are decided with.
        bundle: the rules in force now.
        clock: the time now, aware.
    """

    log: Log
    judgements: JudgementStore
    bundle: Callable[[], Bundle]
    clock: Callable[[], datetime]

    async def line(self, searcher: Searcher, answer: int, ordinal: int) -> Line:
        """A line of an answer that ``searcher`` received.

        Raises:
            NotFound: there is none, it was not hers, it is too old, or nobody can lift it: all look the same.
        """
        return (await self._line(searcher, answer, ordinal))[0]

    async def ask(self, searcher: Searcher, officer: Officer, answer: int, ordinal: int, reason: str) -> str:
        """Ask the holder to release what a line held back; the request's reference, the same when it is asked again.

        Raises:
            NotFound: as for :meth:`line`.
            Wrong: the reason cannot be taken.
        """
        line, about = await self._line(searcher, answer, ordinal)
        said = checked_reason(reason)
        reference = self._reference(answer, ordinal)
        if await self._find(reference) is not None:
            return reference
        side = self.log.sealed(pack(AskedWords(1, said, line.local_id, line.record_id)))
        at, nonce = self.log.stamp()
        entry = ReleaseRequest(
            at=at, nonce=nonce, officer=officer, act="asked", request=reference, answer=answer, line=ordinal,
            side=side.commitment,
        )  # fmt: skip
        assert officer.worker is not None  # a person asks
        due = self.clock() + timedelta(days=self._days(about))
        made = Request(
            reference, searcher.organisation, officer.worker, line.custodian, self.clock(), 0, due, about
        )  # fmt: skip

        def work(connection: Connection, index: int) -> None:
            add_asked(connection, index, made)

        with contextlib.suppress(StepTaken):  # asked at the same moment, by the same person
            await append_with(self.log, entry, work, StepTaken, side=side)
        return reference

    async def mine(self, searcher: Searcher) -> list[Request]:
        """What ``searcher`` asked for, the newest first."""
        worker = await self._worker(searcher)
        return await self.log.beside(partial(read_asked_by, organisation=searcher.organisation, worker=worker))

    async def of_agency(self, searcher: Searcher) -> list[tuple[Request, Standing]]:
        """What may be seen of requests to agencies: a lead all of her own's, reviewers those that were escalated.

        The longest overdue come first, then those still to answer, then the others by when they were asked.
        """
        of = None if Duty.REVIEW_ALL in searcher.duties else searcher.organisation
        found = await self.log.beside(partial(read_asked_of, custodian=of))
        return [(each, standing) for each in found if (standing := self._standing(searcher, each)) is not None]

    async def one(self, searcher: Searcher, reference: str) -> tuple[Request, Standing]:
        """A request, and as whom ``searcher`` sees it.

        Raises:
            NotFound: there is none, or it is not for her.
        """
        request = await self._find(reference)
        if request is not None:
            if request.organisation == searcher.organisation and request.worker == await self._worker(searcher):
                return request, Standing.ASKER
            standing = self._standing(searcher, request)
            if standing is not None:
                return request, standing
        raise NotFound(_NOT_HERE)

    async def to_answer(self, searcher: Searcher, reference: str) -> Request:
        """A request that ``searcher`` may answer, whether or not it is answered; NotFound otherwise."""
        request, standing = await self.one(searcher, reference)
        if standing is not Standing.LEAD:
            raise NotFound(_NOT_HERE)
        return request

    def grounds(self, request: Request) -> tuple[Ground, ...]:
        """What stops what was asked for, rule by rule, and what would lift each."""
        bundle, about = self.bundle(), request.about
        rules = {rule.id: rule for rule in bundle.rules}
        return tuple(
            Ground(rules[each], tuple(lifting.lifting_facts(rules[each], bundle, about.purpose, about.role)))
            for each in about.grounds
            if each in rules
        )

    def basis(self, request: Request, rule_id: str) -> lifting.Basis | None:
        """What a refusal under a rule would rest on; None when there is no such impediment."""
        bundle = self.bundle()
        rule = next((each for each in lifting.refusing_rules(bundle) if each.id == rule_id), None)
        return None if rule is None else lifting.basis(rule, bundle, request.about.purpose, request.about.role)

    async def release(self, searcher: Searcher, officer: Officer, reference: str, given: Release) -> None:
        """Release what was asked for. What was answered before stays as it was answered.

        Raises:
            NotFound: the request is not ``searcher``'s to answer.
            Wrong: the form has problems.
        """
        request = await self.to_answer(searcher, reference)
        grounds, at = self.grounds(request), self.clock()
        how, words, until, said = checked_release(given, grounds, self.bundle(), at)
        if how.lifts:
            await self._check_ids(request)
        if how is How.WITH_HANDLING:
            words = (*words, lifting.CONDITIONS)
        answering = Answering(1, how.value, words, until)
        if await self._answer(request, officer, "released", answering, said) and how.lifts:
            released = await self._find(reference)
            assert released is not None
            try:
                await self.effect(released)
            except AuditUnavailable:
                return  # the release is in the log; the next round brings it into effect

    async def refuse(self, searcher: Searcher, officer: Officer, reference: str, given: Refusal) -> None:
        """Refuse what was asked for, under one impediment whose facts were stated; raises as :meth:`release`."""
        request = await self.to_answer(searcher, reference)
        basis = self.basis(request, given.rule)
        if basis is None:
            raise Wrong([("ground", "Choose the impediment that stops this")])
        said = checked_refusal(given, basis, self.bundle())
        # Whoever was told nothing of the ground is told nothing of this one; and a veiled one is veiled for all.
        veiled = request.about.veiled or basis.rule.veiled
        await self._answer(request, officer, "refused", Answering(1, basis.rule.id, veiled=veiled), said)

    async def effect(self, request: Request) -> None:
        """Record what a release states, as decisions; again and again they are the same. Then note that it was done."""
        answered = request.answered
        assert answered is not None
        asked = await self.words(request.entry, AskedWords)
        said = await self.words(answered.entry, ReleasedWords)
        case = await self._case(request)
        now = self.clock()
        until = answered.how.until
        if asked is not None and said is not None and case is not None and until is not None and now < until:
            made = lifting.Made(
                request.reference,
                request.custodian,
                asked.local_id,
                asked.record_id,
                request.about.kind,
                frozenset(request.about.fields),
                OneRequest(request.organisation, case, request.about.purpose),
                said.decided_by,
                said.post,
                said.reasons,
                answered.at,
                until,
            )
            known = {each.judgement.id for each in await self.judgements.every()}
            for each in lifting.judgements(made, answered.how.words):
                if each.id not in known:
                    await self._record(each.id, partial(self.judgements.record, each, now))
        await self.log.beside(partial(mark_effected, reference=request.reference, at=now))

    async def words(self, entry: int, kind: type[BodyT]) -> BodyT | None:
        """What was written beside an entry; None when it was erased, or is none of that kind."""
        try:
            found = await self.log.beside(partial(read_side, index=entry))
            return None if found is None or found.body is None else read(found.body, kind)
        except SideAltered:
            return None

    async def stands_for(self, *references: str) -> dict[str, str]:
        """What references stand for, as far as that is kept. Personal data."""
        return await self.log.beside(partial(read_stands_for, references=references))

    async def _line(self, searcher: Searcher, answer: int, ordinal: int) -> tuple[Line, Asking]:
        line = await self.log.beside(partial(read_line, answer=answer, ordinal=ordinal))
        stored = await self.log.entry(answer) if line is not None else None
        if line is None or stored is None or not isinstance(stored.entry, Answer):
            raise NotFound(_NOT_HERE)
        asked = await self.log.entry(stored.entry.question)
        question = asked.entry if asked is not None else None
        if not isinstance(question, Question) or question.asker.organisation != searcher.organisation:
            raise NotFound(_NOT_HERE)
        if question.asker.worker != await self._worker(searcher):
            raise NotFound(_NOT_HERE)
        groups = await self._groups(answer, stored.entry, ordinal, line)
        if not groups:
            raise NotFound(_NOT_HERE)
        fields = [name for group in groups for name in group.fields]
        about = Asking(
            1,
            answer,
            ordinal,
            question.asker.role,
            question.purpose,
            question.case,
            question.subject,
            line.kind,
            () if "*" in fields else tuple(fields),
            tuple(dict.fromkeys(each for group in groups for each in group.grounds)),
            any(group.veiled for group in groups),
            line.told,
        )
        return line, about

    async def _groups(self, index: int, answer: Answer, ordinal: int, line: Line) -> list[FieldGroup]:
        """What the signed answer says of a line; a long answer's records stand in the entries right before it."""
        records = list(answer.records)
        for at in range(index - answer.parts, index):
            part = await self.log.entry(at)
            if part is not None and isinstance(part.entry, Records):
                records += part.entry.records
        ours = (each for each in records if (each.custodian, each.kind) == (line.custodian, line.kind))
        groups = [group for each in ours for group in each.groups if group.line == ordinal]
        return [group for group in groups if group.outcome in ASKABLE]

    async def _answer(self, request: Request, officer: Officer, act: str, how: Answering, said: msgspec.Struct) -> bool:
        """Write the end of a request with its entry; False when it was answered before, and nothing was written."""
        side = self.log.sealed(pack(said))
        at, nonce = self.log.stamp()
        about = request.about
        entry = ReleaseRequest(
            at=at, nonce=nonce, officer=officer, act=act, request=request.reference, answer=about.answer,
            line=about.line, ground=how.ground, side=side.commitment,
        )  # fmt: skip

        def work(connection: Connection, index: int) -> None:
            add_answered(connection, index, request.reference, act, self.clock(), how)

        try:
            await append_with(self.log, entry, work, StepTaken, side=side)
        except StepTaken:
            return False
        return True

    async def _check_ids(self, request: Request) -> None:
        """Wrong when what a release would be about was erased meanwhile: it could have no effect."""
        if await self.words(request.entry, AskedWords) is None or await self._case(request) is None:
            raise Wrong([("how", "What this is about was erased from the log, so it can be shared in words only")])

    async def _record(self, reference: str, record: Callable[[], Awaitable[None]]) -> None:
        """Record a decision, unless another process was quicker."""
        try:
            await record()
        except AuditUnavailable:
            if reference not in {each.judgement.id for each in await self.judgements.every()}:
                raise

    async def _case(self, request: Request) -> CaseReference | None:
        value = (await self.stands_for(request.about.case)).get(request.about.case)
        if value is None:
            return None
        return CaseReference.parse(value.removeprefix(f"{request.organisation}/"))

    def _days(self, about: Asking) -> int:
        """In how many days the holder is to answer. A veiled line's is one for all, whatever lies behind it."""
        bundle = self.bundle()
        usual = bundle.vocabulary.telling.veiled_reply_days
        if about.veiled:
            return usual
        rules = {rule.id: rule for rule in bundle.rules}
        return min((rules[each].reply_days or usual for each in about.grounds if each in rules), default=usual)

    def _reference(self, answer: int, ordinal: int) -> str:
        """A line's one request has one reference, so that asking twice asks once."""
        return sha256(f"release/{self.log.verifier.name}/{answer}/{ordinal}".encode()).hexdigest()[:32]

    async def _worker(self, searcher: Searcher) -> str:
        assert searcher.worker is not None  # these are for people
        return await self.log.reference("worker", worker_key(searcher.organisation, searcher.worker))

    async def _find(self, reference: str) -> Request | None:
        return await self.log.beside(partial(read_request, reference=reference))

    def _standing(self, searcher: Searcher, request: Request) -> Standing | None:
        """As whom somebody who did not ask sees a request: leads of the agency, and those who review what is late."""
        of_agency = request.custodian == searcher.organisation
        if of_agency and Duty.RELEASE in searcher.duties:
            return Standing.LEAD
        reviews = Duty.REVIEW_ALL in searcher.duties or (of_agency and Duty.REVIEW in searcher.duties)
        return Standing.OVERSEER if reviews and request.escalated_at is not None else None

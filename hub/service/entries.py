"""What the log is told of a question and its answer: references, counts, codes and grounds; no content, no names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.audit import entries
from hub.audit.side import Side
from hub.audit.words import EntryInvalid
from hub.domain.enquiry import Enquiry
from hub.domain.people import ChildSearch
from hub.domain.view import ChildAnswer, JoinedView, PossibleMatches
from hub.errors import TooLarge
from hub.matching.resolution import NotHeld, Review, Same, ScoredCandidate, Word
from hub.policy.engine import Policy
from hub.service.answer import source_of
from hub.service.ask import Asked, Line
from hub.service.decide import Decided
from hub.service.question import Question
from hub.store import sides
from hub.store.appender import Log
from hub.store.subjects import subject_key

Stamp = tuple[datetime, bytes]
"""When an entry is made, and its nonce: what :meth:`hub.store.appender.Log.stamp` gives."""


@dataclass(frozen=True, slots=True)
class References:
    """The random references that stand for people and the case in the log."""

    worker: str | None
    case: str
    subject: str
    decided_by: str | None


async def references(log: Log, question: Question, enquiry: Enquiry, search: ChildSearch) -> References:
    """Look the references up in the mapping table, or make them.

    Raises:
        AuditUnavailable: the mapping table cannot be read or written.
    """
    searcher = question.searcher
    wanted = {
        "case": f"{searcher.organisation}/{enquiry.case_reference.value}",
        "subject": subject_key(search),
    }
    if searcher.worker is not None:
        wanted["worker"] = worker_key(searcher.organisation, searcher.worker)
    if enquiry.decision is not None:
        wanted["post"] = f"{searcher.organisation}/{enquiry.decision.by}"
    known = dict(zip(wanted, await log.references(wanted.items()), strict=True))
    return References(known.get("worker"), known["case"], known["subject"], known.get("post"))


def worker_key(organisation: str, worker: str) -> str:
    """What the mapping table knows a worker by."""
    return f"{organisation}/{worker}"


def side_body(question: Question, enquiry: Enquiry) -> bytes:
    """What was asked in the searcher's own words, as the side row of its entry holds it.

    Raises:
        TooLarge: a side row cannot hold it.
    """
    reason = enquiry.look_back.reason if enquiry.look_back else None
    try:
        return sides.pack(sides.AskedInWords(question.words.document, question.words.variables, reason))
    except EntryInvalid:
        raise TooLarge("The query and its variables are longer than the log can keep. Send a shorter query.") from None


def question_entry(
    stamp: Stamp,
    question: Question,
    enquiry: Enquiry,
    known: References,
    lines: Iterable[Line],
    policy: Policy,
    side: Side,
) -> entries.Question:
    """The entry that must be durable before any custodian is asked, together with its ``side`` row."""
    searcher = question.searcher
    decision = None
    if enquiry.decision is not None and known.decided_by is not None:
        decision = entries.DecisionTaken(known.decided_by, enquiry.decision.at)
    return entries.Question(
        at=stamp[0],
        nonce=stamp[1],
        asker=entries.Asker(
            searcher.client_id, searcher.organisation, known.worker, searcher.role, searcher.token_strength
        ),
        purpose=enquiry.purpose,
        gateway=enquiry.purpose,
        decision=decision,
        case=known.case,
        subject=known.subject,
        policy=policy.digest.removeprefix("sha256:"),
        document=question.document_sha256,
        asked=tuple(entries.Asked(line.connector.custodian.id, tuple(sorted(line.kinds))) for line in lines),
        trace=question.trace_id,
        look_back=entries.LookBack(enquiry.look_back.years, enquiry.look_back.reason) if enquiry.look_back else None,
        side=side.commitment,
    )


def answer_entry(
    stamp: Stamp, number: int, answer: ChildAnswer, asked: Sequence[Asked], decided: Sequence[Decided]
) -> entries.Answer:
    """The entry that must be durable before a byte of the answer leaves."""
    outcome = entries.AnswerOutcome.NO_MATCH
    if isinstance(answer, JoinedView):
        outcome = entries.AnswerOutcome.JOINED_VIEW
    elif isinstance(answer, PossibleMatches):
        outcome = entries.AnswerOutcome.POSSIBLE_MATCHES
    return entries.Answer(
        at=stamp[0],
        nonce=stamp[1],
        question=number,
        outcome=outcome,
        sources=tuple(_source(one) for one in asked),
        matches=tuple(_match(one) for one in asked if one.not_asked is None),
        records=tuple(_records(decided)),
    )


def abandoned_entry(stamp: Stamp, number: int, reason: str) -> entries.Abandoned:
    """The end of a question that got no answer."""
    return entries.Abandoned(at=stamp[0], nonce=stamp[1], question=number, reason=reason)


def _source(asked: Asked) -> entries.SourceLine:
    source = source_of(asked)
    reason = source.no_answer.reason if source.no_answer else source.not_asked
    return entries.SourceLine(source.custodian.id, source.state, reason, source.answered_in_ms, source.records)


def _match(asked: Asked) -> entries.MatchLine:
    custodian = asked.connector.custodian.id
    match asked.resolution:
        case Same(seen=seen) as found:
            return entries.MatchLine(custodian, entries.MatchResult.SAME, seen, _compared(found, found.dropped))
        case Review(candidates=candidates, seen=seen, dropped=dropped):
            return entries.MatchLine(custodian, entries.MatchResult.REVIEW, seen, _compared(candidates[0], dropped))
        case NotHeld(seen=seen, dropped=dropped):
            return entries.MatchLine(custodian, entries.MatchResult.DIFFERENT, seen, _said(dropped))
        case None:
            return entries.MatchLine(custodian, entries.MatchResult.UNKNOWN, 0)


def _compared(match: Same | ScoredCandidate, dropped: tuple[Word, ...]) -> tuple[tuple[str, str], ...]:
    """What was compared, and what people had said."""
    said = _said(dropped if match.word is None else (match.word, *dropped))
    return tuple((line.compared.value, line.outcome.value) for line in match.evidence) + said


def _said(words: tuple[Word, ...]) -> tuple[tuple[str, str], ...]:
    """Confirmations by their references: how each counted, or why it did not."""
    return tuple(
        ("confirmation", f"{word.reference}:{word.said.value if word.lapse is None else word.lapse.name.lower()}")
        for word in words
    )


def _records(decided: Iterable[Decided]) -> Iterable[entries.RecordLine]:
    count: Counter[tuple[str, str]] = Counter()
    for one in decided:
        key = (one.pointer.custodian, one.pointer.kind)
        count[key] += 1
        yield entries.RecordLine(*key, count[key], tuple(_groups(one)))


def _groups(one: Decided) -> Iterable[entries.FieldGroup]:
    """The record's fields by like decision, with the number of the line the searcher was shown about them, if any."""
    for group in one.decision.groups:
        decided = group.decision
        shown = None
        if not decided.outcome.releases:
            about = {*group.fields, "*"}
            shown = next((line.ordinal for line in one.lines if about.intersection(line.fields)), None)
        fields = ("*",) if len(one.decision.groups) == 1 else group.fields
        grounds = decided.grounds or decided.handling or decided.missing
        yield entries.FieldGroup(decided.outcome, fields, grounds, decided.veiled, shown)

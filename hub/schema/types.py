"""The types that are the same whatever the catalogue holds."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

import strawberry

from hub.domain import disclosure, organisations, sources, view
from hub.schema.names import camel

strawberry.enum(sources.SourceState, description="What became of one source. Only NOT_HELD is a negative.")
strawberry.enum(sources.NoAnswerReason, description="Why a source gave no answer.")
strawberry.enum(sources.NotAskedReason, description="Why a source was not asked.")
strawberry.enum(organisations.Sector, description="The kind of agency.")
strawberry.enum(disclosure.Outcome, description="What was decided about a field.")
strawberry.enum(disclosure.Confidence, description="How well the law behind a rule was checked. GENERAL is unverified.")
strawberry.enum(view.AlertKind, description="The statutory alerts.")
strawberry.enum(view.AlertState, description="UNKNOWN: a source that would say has not answered; conclude nothing.")


def _shown(fields: Iterable[str], names: Mapping[str, str] | None) -> list[str]:
    """Catalogued fields as GraphQL names them, each once: several may be parts of one joined value."""
    renamed = names or {}
    return list(dict.fromkeys(renamed.get(name, camel(name)) for name in fields))


@strawberry.type(description="A post that answers the telephone.")
class Contact:
    role: str
    phone: str

    @classmethod
    def of(cls, contact: organisations.Contact) -> Contact:
        """The contact as GraphQL shows it."""
        return cls(role=contact.role, phone=contact.phone)


@strawberry.type(description="An agency that holds records.")
class Custodian:
    id: strawberry.ID
    name: str
    sector: organisations.Sector

    @classmethod
    def of(cls, custodian: organisations.Custodian) -> Custodian:
        """The custodian as GraphQL shows it."""
        return cls(id=strawberry.ID(custodian.id), name=custodian.name, sector=custodian.sector)


@strawberry.type(description="The specific legal bar that stops a field being shared.")
class Impediment:
    id: strawberry.ID
    title: str
    citation: str
    confidence: disclosure.Confidence = strawberry.field(
        description="How well the law was checked. Anything but VERIFIED is to be confirmed with your lawyers."
    )
    note: str | None = strawberry.field(description="What of the law was not read, or is for lawyers to settle.")


@strawberry.type(description="What was held back, why as far as that may be said, and what to do next.")
class Withheld:
    fields: list[str] = strawberry.field(description='Names of the fields beside this one; ["*"] is the whole record.')
    outcome: disclosure.Outcome
    impediment: Impediment | None = strawberry.field(
        description="The bar. Null when naming it would itself disclose, and for gaps and fields out of scope."
    )
    contact: Contact = strawberry.field(description="Who can lift it, or can say more.")
    reference: str = strawberry.field(description="Quote this to the contact.")
    next_step: str
    reply_by: datetime.datetime | None
    kind: str | None = strawberry.field(description="The kind of record, where saying so discloses nothing.")
    custodian: Custodian | None

    @classmethod
    def of(cls, line: disclosure.Withheld, log_entry: int, *, names: Mapping[str, str] | None = None) -> Withheld:
        """The line as GraphQL shows it; ``names`` renames catalogued fields where the view joins them."""
        bar = line.impediment
        named = None
        if bar is not None:
            named = Impediment(
                id=strawberry.ID(bar.id),
                title=bar.title,
                citation=bar.citation,
                confidence=bar.confidence,
                note=bar.note or None,
            )
        return cls(
            fields=_shown(line.fields, names),
            outcome=line.outcome,
            impediment=named,
            contact=Contact.of(line.contact),
            reference=f"{log_entry}-{line.ordinal}",
            next_step=line.next_step,
            reply_by=line.reply_by,
            kind=line.kind,
            custodian=Custodian.of(line.custodian) if line.custodian is not None else None,
        )


@strawberry.type(description="A condition that travels with what is shared. Keep it with the value.")
class Handling:
    id: strawberry.ID
    notice: str
    citation: str
    confidence: disclosure.Confidence = strawberry.field(description="How well the law behind it was checked.")
    fields: list[str]

    @classmethod
    def of(cls, notice: disclosure.HandlingNotice, *, names: Mapping[str, str] | None = None) -> Handling:
        """The notice as GraphQL shows it; ``names`` as for :meth:`Withheld.of`."""
        return cls(
            id=strawberry.ID(notice.id),
            notice=notice.notice,
            citation=notice.citation,
            confidence=notice.confidence,
            fields=_shown(notice.fields, names),
        )


@strawberry.type(description="One agency's line: did it answer, and if not, why not. Never read silence as a negative.")
class Source:
    custodian: Custodian
    state: sources.SourceState
    reason: str | None = strawberry.field(description="In words, why there is no answer or no question.")
    no_answer_reason: sources.NoAnswerReason | None
    not_asked_reason: sources.NotAskedReason | None
    as_of: datetime.datetime | None = strawberry.field(description="When this agency's copy was current.")
    answered_in_ms: int | None
    records: int | None = strawberry.field(description="How many records it was found to hold, of the kinds asked for.")
    retry_after_seconds: int | None
    contact: Contact

    @classmethod
    def of(cls, source: sources.Source) -> Source:
        """The source as GraphQL shows it."""
        failure = source.no_answer
        return cls(
            custodian=Custodian.of(source.custodian),
            state=source.state,
            reason=source.detail,
            no_answer_reason=failure.reason if failure else None,
            not_asked_reason=source.not_asked,
            as_of=source.as_of,
            answered_in_ms=source.answered_in_ms,
            records=source.records,
            retry_after_seconds=failure.retry_after_seconds if failure else None,
            contact=Contact.of(source.custodian.contact),
        )


@strawberry.type(description="One thing that was compared, and how it came out. Never the values.")
class Evidence:
    compared: str
    outcome: str


@strawberry.type(description="How one agency's record was taken to be this child.")
class Match:
    custodian: Custodian
    basis: str
    evidence: list[Evidence]


@strawberry.type(description="Somebody at an agency who may be the child. A person must look.")
class Candidate:
    reference: str
    custodian: Custodian
    evidence: list[Evidence]
    next_step: str | None = strawberry.field(
        description="What to do where nobody can say in the hub whether this is the child; null where a person can."
    )

    @classmethod
    def of(cls, line: view.CandidateLine, log_entry: int) -> Candidate:
        """The candidate as GraphQL shows it."""
        return cls(
            reference=f"{log_entry}-{line.reference}",
            custodian=Custodian.of(line.custodian),
            evidence=evidence_of(line.evidence),
            next_step=line.next_step,
        )


def evidence_of(pairs: tuple[tuple[str, str], ...]) -> list[Evidence]:
    """Comparisons as GraphQL shows them."""
    return [Evidence(compared=compared, outcome=outcome) for compared, outcome in pairs]


@strawberry.type(description="A statutory alert that is current, or that nobody can rule out.")
class Alert:
    kind: view.AlertKind
    state: view.AlertState
    since: datetime.date | None
    custodian: Custodian


@strawberry.type(description="The entry of the signed log that records this answer.")
class LogEntry:
    number: int
    proof_url: str = strawberry.field(description="A C2SP tlog-proof of the entry: fetch it with the same token.")


@strawberry.type(description="The agencies in this section searched and hold nothing about this child.")
class NotHeld:
    searched_with: list[str] = strawberry.field(description="What the search used, never the values.")
    checked_at: datetime.datetime
    sources: list[Source]


@strawberry.type(description="No agency in this section answered. This is not a negative: ring the contact.")
class NoAnswer:
    reason: str
    retry_after_seconds: int | None
    contact: Contact
    sources: list[Source]


@strawberry.type(description="No agency in this section was asked. This is not a negative.")
class NotAsked:
    reason: sources.NotAskedReason
    sources: list[Source]


@strawberry.type(
    description="An agency in this section holds somebody who may be the child; nothing of theirs is shown."
)
class UnsureMatch:
    candidates: list[Candidate]
    contact: Contact
    sources: list[Source]


@strawberry.type(description="Text as one agency states it.")
class StatedText:
    value: str
    custodian: Custodian
    as_of: datetime.datetime
    handling: list[Handling]


@strawberry.type(description="A date as one agency states it.")
class StatedDate:
    value: datetime.date
    custodian: Custodian
    as_of: datetime.datetime
    handling: list[Handling]


@strawberry.type(description="An address as one agency states it.")
class StatedAddress:
    value: str
    from_date: datetime.date | None
    to_date: datetime.date | None
    custodian: Custodian
    as_of: datetime.datetime
    handling: list[Handling]


@strawberry.type(description="Who the child is: every agency's version side by side, never a winner picked.")
class Identity:
    names: list[StatedText]
    date_of_birth: list[StatedDate]
    expected_date_of_birth: list[StatedDate]
    date_of_death: list[StatedDate]
    sex: list[StatedText]
    gender: list[StatedText]
    ethnicity: list[StatedText]
    nationality: list[StatedText]
    nhs_number: list[StatedText]
    addresses: list[StatedAddress]
    telephones: list[StatedText]
    schools: list[StatedText]
    identifiers: list[StatedText] = strawberry.field(
        description="Other numbers an agency knows the child by, with their type."
    )
    withheld: list[Withheld]


@strawberry.type(description="A worker who is involved with the child.")
class Worker:
    name: str | None
    role: str | None
    phone: str | None


@strawberry.type(description="Who else works with this child, and how to reach them.")
class Involvement:
    custodian: Custodian
    service: str | None
    worker: Worker
    since: datetime.date | None
    until: datetime.date | None
    as_of: datetime.datetime
    withheld: list[Withheld]
    handling: list[Handling]


@strawberry.type(description="Somebody who is linked with the child.")
class Person:
    name: str | None
    relationship: str | None
    date_of_birth: datetime.date | None
    age: int | None = strawberry.field(
        description="In whole years; given where the date of birth is more than is needed."
    )
    phone: str | None


@strawberry.type(
    description="A person of the household, each with their own link to the child and their own decisions."
)
class HouseholdMember:
    person: Person
    link_recorded_by: Custodian
    as_of: datetime.datetime
    withheld: list[Withheld]
    handling: list[Handling]


@strawberry.type(description="One event, from whichever agency recorded it.")
class TimelineEvent:
    on: datetime.date
    at: datetime.datetime | None = strawberry.field(description="The moment, where the agency recorded one.")
    kind: str = strawberry.field(description="The catalogue's id of the kind of record.")
    title: str
    summary: str | None
    custodian: Custodian
    as_of: datetime.datetime
    withheld: list[Withheld]
    handling: list[Handling]


@strawberry.type
class TimelineEdge:
    cursor: str
    node: TimelineEvent


@strawberry.type
class PageInfo:
    end_cursor: str | None
    has_next_page: bool


@strawberry.type(description="One timeline across the agencies, newest first.")
class Timeline:
    edges: list[TimelineEdge]
    page_info: PageInfo
    total: int


@strawberry.input(description="A child who is not born yet. Nothing else may be said of the child beside it.")
class UnbornSearch:
    mother_nhs_number: str
    expected_date_of_birth: str = strawberry.field(description="YYYY-MM-DD, or YYYY-MM when the day is not known.")


@strawberry.input(description="Who you ask about: an NHS number, or names with a date of birth; both is best.")
class ChildSearch:
    nhs_number: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    date_of_birth: str | None = strawberry.field(default=None, description="YYYY-MM-DD, YYYY-MM or YYYY.")
    sex: str | None = strawberry.field(default=None, description="female, male or other, as recorded.")
    postcode: str | None = None
    unborn: UnbornSearch | None = strawberry.field(
        default=None, description="A child who is not born yet, instead of everything above."
    )


@strawberry.input(description="The decision this purpose depends on: by which post, and when.")
class DecisionInput:
    by: str = strawberry.field(description="The post of the named manager who decided.")
    at: datetime.datetime

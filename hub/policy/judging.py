"""Checks a decision somebody wants to record, and makes the judgement of it. Pure.

Whatever would make a judgement silently not apply is refused here: a holder, agency, kind of record or field that does
not exist. So is what would make it a standing rule: no end, no review, no reasons about this child, no named person.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hub.domain.identifiers import CaseReference, NHSNumber
from hub.domain.organisations import Sector
from hub.errors import BadRequest
from hub.policy.bundle import Bundle, Effect, JudgementKind, Rejected
from hub.policy.files import Strict
from hub.policy.judgements import Judgement, Request, Withdrawal

REASONS_MIN = 20
REASONS_MAX = 4_000
NAME_MAX = 120
LOCAL_ID_MAX = 200
DECIDED_DAYS_MAX = 28
"""A decision taken longer ago is taken again, on what is known now, before it is recorded."""

_NOT_A_PERSON = frozenset({"team", "desk", "unit", "department", "office"})
_STOPS = frozenset({Effect.WITHHOLD, Effect.ASK, Effect.MASK, Effect.NOT_BUILT})


class GivenRequest(Strict, frozen=True, kw_only=True):
    """The one request a decision is about, as it was typed."""

    organisation: str
    case_reference: str
    purpose: str


class Given(Strict, frozen=True, kw_only=True):
    """A decision as it was typed; the keys of ``judgement.toml`` (``docs/decisions.md``). Times need an offset.

    ``decided_at`` is now when it is not given.
    """

    kind: str
    custodian: str
    decided_by: str
    post: str
    reasons: str
    review_at: datetime
    expires_at: datetime
    decided_at: datetime | None = None
    nhs_number: str | None = None
    local_id: str | None = None
    record_kinds: frozenset[str] = frozenset()
    record_id: str | None = None
    fields: frozenset[str] = frozenset()
    request: GivenRequest | None = None

    def __repr__(self) -> str:
        return "<Given decision>"  # a traceback must not name the child


@dataclass(frozen=True, slots=True)
class Terms:
    """What a decision is checked against.

    Attributes:
        bundle: the policies in force.
        custodians: id to sector of every agency the hub asks.
        organisations: ids of every agency that may ask.
    """

    bundle: Bundle
    custodians: Mapping[str, Sector]
    organisations: Collection[str]


def new(given: Given, terms: Terms, *, reference: str, at: datetime) -> Judgement:
    """The judgement in ``given``, recorded ``at`` a moment (aware) under ``reference`` (32 hex digits).

    Raises:
        BadRequest: a code ``JUDGEMENT_...`` or ``NHS_NUMBER_INVALID``; the message says how to put it right and never
            repeats what was given.
    """
    kinds = terms.bundle.vocabulary.judgements
    kind = kinds.get(given.kind)
    if kind is None:
        raise BadRequest(
            f"That is not a kind of decision known here. There are: {_list(kinds)}.", code="JUDGEMENT_KIND_UNKNOWN"
        )
    if given.custodian not in terms.custodians:
        raise BadRequest(
            f"The hub asks no agency of that id. It asks: {_list(terms.custodians)}.",
            code="JUDGEMENT_CUSTODIAN_UNKNOWN",
        )
    _check_post(given.post, kind)
    nhs_number, local_id = _child(given)
    _check_records(given, kind, terms)
    _check_fields(given, kind, terms)
    decided_at, review_at, expires_at = _times(given, kind, at.astimezone(UTC))
    return Judgement(
        id=reference,
        kind=given.kind,
        word=kind.gives,
        custodian=given.custodian,
        nhs_number=nhs_number,
        local_id=local_id,
        kinds=given.record_kinds,
        record_id=given.record_id,
        fields=given.fields,
        request=_request(given, kind, terms),
        decided_by=person(given.decided_by),
        post=given.post,
        decided_at=decided_at,
        reasons=_grounds(reasons(given.reasons), kind, terms.bundle),
        review_at=review_at,
        expires_at=expires_at,
    )


def withdrawal(by: str, why: str, *, at: datetime) -> Withdrawal:
    """That ``by`` took a judgement back ``at`` a moment (aware); raises BadRequest as :func:`new` does."""
    return Withdrawal(person(by), at.astimezone(UTC), reasons(why))


def person(text: str) -> str:
    """The name of whoever decided. Whether it is a person cannot be known; a single word or a team is none."""
    name = " ".join(text.split())
    words = [word for word in name.partition(",")[0].split() if any(letter.isalpha() for letter in word)]
    if len(words) < 2 or len(name) > NAME_MAX or not name.isprintable() or _NOT_A_PERSON & {w.lower() for w in words}:
        raise BadRequest(
            "Name the person who decided: given name and family name, not a team or a post alone. At most "
            f"{NAME_MAX} characters.",
            code="JUDGEMENT_DECIDER_INVALID",
        )
    return name


def reasons(text: str) -> str:
    """The reasons, without the space around them."""
    said = text.strip()
    printable = all(each.isprintable() or each in "\n\t" for each in said)
    if not REASONS_MIN <= len(said) <= REASONS_MAX or not printable:
        raise BadRequest(
            f"Give the reasons about this child, in plain text of {REASONS_MIN} to {REASONS_MAX} characters: what "
            "would happen, to whom, and why this decision follows.",
            code="JUDGEMENT_REASONS_INVALID",
        )
    return said


def stops(word: str, bundle: Bundle) -> bool:
    """Whether ``word`` brings a rule to bear that holds something back; other words lift one, or add a notice."""
    return any(rule.effect in _STOPS and word in rule.applies_when.record_has for rule in bundle.rules)


def _grounds(said: str, kind: JudgementKind, bundle: Bundle) -> str:
    """``said``, unless a decision to hold back says nothing more than a ground that is no impediment.

    What is left without the sentences that name such a ground must be reasons by itself.
    """
    if not stops(kind.gives, bundle):
        return said
    named: list[Rejected] = []
    left = []
    for sentence in re.split(r"[.;!?](?=\s|\Z)|\n\s*\n", said):
        text = " ".join(sentence.split())
        grounds = [each for each in bundle.rejected.values() if _names(text, each)]
        named += grounds
        if not grounds:
            left.append(text)
    if named and len(" ".join(left).strip()) < REASONS_MIN:
        impediments = "".join(f"\n  {rule.id}: {rule.title}" for _, rule in sorted(bundle.impediments.items()))
        raise BadRequest(
            f"That ground does not stop sharing. {named[0].say_instead} If something else about this child does, say "
            f"it in a sentence of its own. The impediments there are:{impediments}",
            code="JUDGEMENT_GROUND_REJECTED",
        )
    return said


def _names(text: str, ground: Rejected) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text, re.IGNORECASE) for each in ground.phrases)


def _check_post(post: str, kind: JudgementKind) -> None:
    if post not in kind.made_by:
        raise BadRequest(
            f"That post may not make this decision. These may: {_list(kind.made_by)}.", code="JUDGEMENT_POST_INVALID"
        )


def _child(given: Given) -> tuple[NHSNumber | None, str | None]:
    if given.nhs_number is None and given.local_id is None:
        raise BadRequest(
            "Say which child: the NHS number, the holder's own id of the child (surer), or both.",
            code="JUDGEMENT_CHILD_MISSING",
        )
    if given.local_id is not None and not _is_id(given.local_id):
        raise BadRequest(
            "The holder's own id of the child must be exactly as its system has it, without space around it, at most "
            f"{LOCAL_ID_MAX} characters.",
            code="JUDGEMENT_CHILD_INVALID",
        )
    return (NHSNumber.parse(given.nhs_number) if given.nhs_number is not None else None), given.local_id


def _is_id(text: str) -> bool:
    return 0 < len(text) <= LOCAL_ID_MAX and text.isprintable() and text == text.strip()


def _check_records(given: Given, kind: JudgementKind, terms: Terms) -> None:
    held = terms.bundle.catalogue.of_sector(terms.custodians[given.custodian])
    if not given.record_kinds <= held:
        problem = f"The holder keeps no such kind of record. It keeps: {_list(held)}."
    elif kind.parts and not given.record_kinds:
        problem = f"This decision can cover parts of a record, so say which kinds of record: {_list(held)}."
    elif given.record_id is not None and (len(given.record_kinds) != 1 or not _is_id(given.record_id)):
        problem = "With one record, name its one kind, and its id exactly as the holder's system has it."
    else:
        return
    raise BadRequest(problem, code="JUDGEMENT_RECORDS_INVALID")


def _check_fields(given: Given, kind: JudgementKind, terms: Terms) -> None:
    if not given.fields:
        return
    if not kind.parts:
        problem = "This kind of decision is about whole records: leave the fields out."
    else:
        named = [terms.bundle.catalogue[each].fields for each in sorted(given.record_kinds)]
        common = frozenset.intersection(*(frozenset(each.name for each in fields) for fields in named))
        if given.fields <= common:
            return
        problem = f"Each field must be one of every kind of record named. These are: {_list(common)}."
    raise BadRequest(problem, code="JUDGEMENT_FIELDS_INVALID")


def _request(given: Given, kind: JudgementKind, terms: Terms) -> Request | None:
    request = given.request
    if not kind.one_request:
        if request is None:
            return None
        raise BadRequest(
            "This kind of decision is about every request for the record: leave the request out.",
            code="JUDGEMENT_REQUEST_NOT_ALLOWED",
        )
    if request is None:
        raise BadRequest(
            "This kind of decision is about one request and is never a standing rule: say which agency asked, on which "
            "case, for which purpose.",
            code="JUDGEMENT_REQUEST_MISSING",
        )
    if request.organisation not in terms.organisations:
        problem = f"No agency of that id may ask. These may: {_list(terms.organisations)}."
    elif request.purpose not in terms.bundle.purposes:
        problem = f"That is not a purpose known here. There are: {_list(terms.bundle.purposes)}."
    else:
        return Request(request.organisation, CaseReference.parse(request.case_reference), request.purpose)
    raise BadRequest(problem, code="JUDGEMENT_REQUEST_INVALID")


def _times(given: Given, kind: JudgementKind, at: datetime) -> tuple[datetime, datetime, datetime]:
    """Decided, review, end: checked, in UTC."""
    times = (given.decided_at or at, given.review_at, given.expires_at)
    if any(each.utcoffset() is None for each in times):
        raise BadRequest("Give each time with its offset, as in 2026-11-25T16:40:00Z.", code="JUDGEMENT_TIME_INVALID")
    decided_at, review_at, expires_at = times
    if not at - timedelta(days=DECIDED_DAYS_MAX) <= decided_at <= at:
        raise BadRequest(
            f"The decision must have been taken by now, and at most {DECIDED_DAYS_MAX} days ago; take an older one "
            "again, on what is known now.",
            code="JUDGEMENT_DECIDED_INVALID",
        )
    if not at < expires_at <= decided_at + timedelta(hours=kind.hours_max):
        raise BadRequest(
            f"The decision must end: after now, and at most {kind.hours_max} hours after it was taken. What is to hold "
            "longer is decided again then.",
            code="JUDGEMENT_EXPIRY_INVALID",
        )
    if not at < review_at <= expires_at:
        raise BadRequest(
            "The review must lie ahead, and not after the end of the decision.", code="JUDGEMENT_REVIEW_INVALID"
        )
    return decided_at.astimezone(UTC), review_at.astimezone(UTC), expires_at.astimezone(UTC)


def _list(words: Collection[str]) -> str:
    return ", ".join(sorted(words)) or "none"

"""Decisions that named people record about a child's records, and which of them bear on a record in a question. Pure.

The engine takes a judgement as a fact: while it is in force its word is true of the records it covers. Past its review
date the word is unknown, and what turns on an unknown word is held back. Past its end, or withdrawn, it says nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hub.domain.identifiers import CaseReference, NHSNumber
from hub.policy.facts import NOTHING_JUDGED, Judged


class State(StrEnum):
    """How a judgement stands at a moment."""

    IN_FORCE = "in force"
    REVIEW_OVERDUE = "review overdue"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Request:
    """The one request a judgement is about: who asked, on which case, for which purpose."""

    organisation: str
    case_reference: CaseReference
    purpose: str

    def is_for(self, organisation: str, case_reference: CaseReference, purpose: str) -> bool:
        """Whether a question is this request. A case typed with other spacing or capitals is the same case."""
        return (
            self.organisation == organisation
            and self.purpose == purpose
            and _typed_alike(self.case_reference.value) == _typed_alike(case_reference.value)
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """One recorded decision. Made by :func:`hub.policy.judging.new`, which checks it.

    Attributes:
        id: a random reference, 32 hex digits.
        kind: a word of the vocabulary's judgements; ``word`` is what it gave when it was recorded.
        custodian: who decided; the judgement governs that custodian's records alone.
        nhs_number, local_id: the child; at least one. ``local_id`` is the custodian's own id of the person.
        kinds: kinds of record; empty is every kind the custodian holds.
        record_id: one record, by the custodian's own id; None is every record of ``kinds``.
        fields: the parts of a record it covers; empty is the whole.
        request: the one request it is about; None when it is about every request.
        decided_by: a person's name; ``post``: the vocabulary's word for the post in which they decided.
        decided_at, review_at, expires_at: aware, UTC.
    """

    id: str
    kind: str
    word: str
    custodian: str
    nhs_number: NHSNumber | None = field(repr=False)
    local_id: str | None = field(repr=False)
    kinds: frozenset[str]
    record_id: str | None = field(repr=False)
    fields: frozenset[str]
    request: Request | None
    decided_by: str = field(repr=False)
    post: str
    decided_at: datetime
    reasons: str = field(repr=False)
    review_at: datetime
    expires_at: datetime

    def state(self, at: datetime) -> State:
        """How it stands ``at`` a moment, as long as it is not withdrawn."""
        if at >= self.expires_at:
            return State.EXPIRED
        return State.REVIEW_OVERDUE if at >= self.review_at else State.IN_FORCE

    def covers(self, kind: str, record_id: str) -> bool:
        """Whether a record of the child at the custodian is one of those it is about."""
        return (not self.kinds or kind in self.kinds) and self.record_id in (None, record_id)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """That somebody took a judgement back, and why. ``at``: aware, UTC."""

    by: str = field(repr=False)
    at: datetime
    reasons: str = field(repr=False)


class Book:
    """Judgements that were not withdrawn, indexed by child. Immutable; safe to share."""

    __slots__ = ("_by_child", "_custodians")

    def __init__(self, judgements: Iterable[Judgement] = ()) -> None:
        """Index ``judgements``."""
        by_child: dict[tuple[str, str | NHSNumber], list[Judgement]] = {}
        for each in judgements:
            for child in (each.local_id, each.nhs_number):
                if child is not None:
                    by_child.setdefault((each.custodian, child), []).append(each)
        self._by_child: Mapping[tuple[str, str | NHSNumber], list[Judgement]] = by_child
        self._custodians = frozenset(custodian for custodian, _ in by_child)

    def about(
        self,
        *,
        custodian: str,
        local_id: str | None,
        nhs_numbers: Collection[NHSNumber],
        kind: str,
        record_id: str,
        organisation: str,
        case_reference: CaseReference,
        purpose: str,
        at: datetime,
    ) -> Judged:
        """What people have decided about one record of a child, for a question asked ``at`` a moment (aware).

        Args:
            local_id: the custodian's own id of the child.
            nhs_numbers: every NHS number that is known to be the child's in this question.
        """
        if custodian not in self._custodians:
            return NOTHING_JUDGED
        words: set[str] = set()
        stale: set[str] = set()
        parts: set[tuple[str, str]] = set()
        for each in self._of_child(custodian, local_id, nhs_numbers):
            if not each.covers(kind, record_id):
                continue
            if each.request is not None and not each.request.is_for(organisation, case_reference, purpose):
                continue
            state = each.state(at)
            if state is State.REVIEW_OVERDUE:
                stale.add(each.word)
            elif state is State.IN_FORCE and each.fields:
                parts.update((name, each.word) for name in each.fields)
            elif state is State.IN_FORCE:
                words.add(each.word)
        if not (words or stale or parts):
            return NOTHING_JUDGED
        # Said twice, said once: equal facts are to be equal keys of kept decisions.
        surely = frozenset(words)
        return Judged(surely, frozenset(stale) - surely, frozenset(part for part in parts if part[1] not in surely))

    def _of_child(
        self, custodian: str, local_id: str | None, nhs_numbers: Collection[NHSNumber]
    ) -> Iterable[Judgement]:
        """Judgements about the child; one that names it by both of its identifiers may come twice."""
        if local_id is not None:
            yield from self._by_child.get((custodian, local_id), ())
        for number in nhs_numbers:
            yield from self._by_child.get((custodian, number), ())


def _typed_alike(case_reference: str) -> str:
    return "".join(case_reference.split()).casefold()

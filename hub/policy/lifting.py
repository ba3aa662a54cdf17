"""What would lift a rule on one request, what a refusal under it rests on, and the decisions a release records. Pure.

A release never goes round the rules: somebody at the holder states a fact that the rule itself says lifts it, and that
is a judgement about one record, for one request, with an end. Where a rule names no such fact, none can be recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from hub.policy.bundle import Bundle, Condition, Effect, Rejected, Rule
from hub.policy.judgements import Judgement, Request

CONDITIONS = "release_conditions"
"""The word that brings the notice with a releaser's own conditions to bear."""

KIND = "release"
"""What a judgement is called that was made by answering a request, whichever word it gives."""

_REFUSING = frozenset({Effect.WITHHOLD, Effect.ASK, Effect.MASK})


@dataclass(frozen=True, slots=True)
class Fact:
    """A word of the vocabulary that somebody may state, in plain words.

    Attributes:
        says: what it states of the record or the child.
        because: for a fact that lifts a rule, why it does.
        posts: who may decide it; empty where the vocabulary says nothing.
        hours_max: the longest it may stand; None where the vocabulary says nothing.
    """

    word: str
    says: str
    because: str = ""
    posts: tuple[str, ...] = ()
    hours_max: int | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """What a refusal under a rule rests on: one of ``applies`` is so, and none of ``lifts``.

    ``unavailable`` says why the rule does not stop this request whatever the record is; empty when it may.
    """

    rule: Rule
    applies: tuple[Fact, ...]
    lifts: tuple[Fact, ...]
    unavailable: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """One record at its holder, as a release is about it, and who decided. The ids are the holder's own."""

    reference: str
    custodian: str
    local_id: str = field(repr=False)
    record_id: str = field(repr=False)
    kind: str
    fields: frozenset[str]
    request: Request
    decided_by: str = field(repr=False)
    post: str
    reasons: str = field(repr=False)
    at: datetime
    until: datetime


def refusing_rules(bundle: Bundle) -> tuple[Rule, ...]:
    """Every rule that may stop sharing, by title."""
    return tuple(sorted((rule for rule in bundle.rules if rule.effect in _REFUSING), key=lambda rule: rule.title))


def basis(rule: Rule, bundle: Bundle, purpose: str, role: str) -> Basis:
    """What a refusal of a request for ``purpose`` by somebody of ``role`` under ``rule`` rests on."""
    applies = rule.applies_when
    said = (*_facts(applies.record_has, bundle), *_facts(applies.subject_is, bundle))
    lifts = tuple(lifting_facts(rule, bundle, purpose, role))
    return Basis(rule, said, lifts, _never(rule, purpose, bundle, role))


def lifting_facts(rule: Rule, bundle: Bundle, purpose: str, role: str) -> Iterator[Fact]:
    """The facts about a record each of which lifts ``rule`` by itself, on this request; none, when nothing does."""
    for exception in rule.does_not_apply_when:
        asks_more = exception.subject_is or exception.classification_is
        if exception.record_has and not asks_more and _is_met(exception, bundle, purpose, role):
            yield from _facts(exception.record_has, bundle, exception.because)


def judgements(made: Made, words: Iterable[str]) -> tuple[Judgement, ...]:
    """The decision that each of ``words`` is true of the record, for the one request and until its end.

    Their references follow from the request's and the word, so that what is recorded again is the same.
    """
    return tuple(
        Judgement(
            id=judgement_reference(made.reference, word),
            kind=KIND,
            word=word,
            custodian=made.custodian,
            nhs_number=None,
            local_id=made.local_id,
            kinds=frozenset({made.kind}),
            record_id=made.record_id,
            fields=made.fields,
            request=made.request,
            decided_by=made.decided_by,
            post=made.post,
            decided_at=made.at,
            reasons=made.reasons,
            review_at=made.until,
            expires_at=made.until,
        )
        for word in dict.fromkeys(words)
    )


def judgement_reference(request: str, word: str) -> str:
    """What the decision is called that an answered request records of ``word``: 32 hex digits."""
    return sha256(f"release/{request}/{word}".encode()).hexdigest()[:32]


def rejected_in(text: str, bundle: Bundle) -> tuple[Rejected, ...]:
    """The grounds named in ``text`` that are no impediments, in the order of the file."""
    return tuple(each for each in bundle.rejected.values() if any(_names(text, phrase) for phrase in each.phrases))


def beyond_rejected(text: str, bundle: Bundle) -> str:
    """What is left of ``text`` without the sentences that name such a ground."""
    sentences = re.split(r"[.;!?](?=\s|\Z)|\n\s*\n", text)
    return " ".join(" ".join(each.split()) for each in sentences if not rejected_in(each, bundle)).strip()


def _names(text: str, phrase: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", " ".join(text.split()), re.IGNORECASE) is not None


def _facts(words: Sequence[str], bundle: Bundle, because: str = "") -> Iterator[Fact]:
    vocabulary = bundle.vocabulary
    for word in words:
        known = vocabulary.labels.get(word) or vocabulary.subject_facts.get(word)
        kinds = [each for each in vocabulary.judgements.values() if each.gives == word]
        yield Fact(
            word,
            known.meaning if known else word,
            because,
            tuple(dict.fromkeys(post for each in kinds for post in each.made_by)),
            max((each.hours_max for each in kinds), default=None),
        )


def _never(rule: Rule, purpose: str, bundle: Bundle, role: str) -> str:
    """Why ``rule`` stops nothing that is asked like this; empty when it may."""
    if rule.applies_when.purpose_is and purpose not in rule.applies_when.purpose_is:
        return "it does not apply to what is asked under this purpose"
    for exception in rule.does_not_apply_when:
        about_record = exception.record_has or exception.subject_is or exception.classification_is
        if not about_record and _is_met(exception, bundle, purpose, role):
            return exception.because
    return ""


def _is_met(exception: Condition, bundle: Bundle, purpose: str, role: str) -> bool:
    """Whether the part of ``exception`` that is about who asks and why is so."""
    recipients = {word for word, roles in bundle.vocabulary.recipients.items() if role in roles}
    return (not exception.purpose_is or purpose in exception.purpose_is) and (
        not exception.recipient_is or not recipients.isdisjoint(exception.recipient_is)
    )

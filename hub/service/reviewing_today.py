"""Would today's policies decide the same? As far as the log can tell: it has outcomes and grounds, not the records.

Where the policies are the very same, so is every answer. Else each group of fields is decided again for a record about
which exactly that is stated which its grounds need to apply, and the outcome and first ground are compared. What the
custodian stated besides is not in the log, so "the same" is as good as that, and some groups cannot be tried at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice, product

from hub.audit.entries import FieldGroup, Question, RecordLine
from hub.domain.disclosure import Outcome
from hub.domain.organisations import Sector
from hub.domain.records import RecordPointer
from hub.policy.bundle import Rule
from hub.policy.engine import Policy
from hub.policy.facts import RequestFacts

TRIES_MAX = 64
"""The most combinations of stated words that one record is tried with."""


class Today(StrEnum):
    """What today's policies would make of a group of fields."""

    SAME = "same"
    OTHERWISE = "otherwise"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Tried:
    """A group of fields decided again; ``says`` is why, in words for the reviewer."""

    today: Today
    says: str


_SAME_POLICIES = "The policies in force are the ones it was decided under."
_NO_KIND = "Today's policies know no such kind of record."
_GONE = "Today's policies have no rule {rule}."
_LEFT_OUT = "What was missing then is not in the log."


def is_same(asked: Question, policy: Policy) -> bool:
    """Whether the policies in force are byte for byte those of the question, on law in force the same day or not."""
    return policy.digest.removeprefix("sha256:") == asked.policy


def tried(asked: Question, sector: Sector | None, record: RecordLine, policy: Policy) -> tuple[Tried, ...]:
    """Each group of a record, decided again today.

    Args:
        asked: the question; its purpose and role are taken as they were.
        sector: of the agency that asked; None when the register does not list it any more.
        record: as the answer's entry has it.
        policy: in force now.
    """
    if is_same(asked, policy):
        return tuple(Tried(Today.SAME, _SAME_POLICIES) for _ in record.groups)
    if sector is None:
        return tuple(Tried(Today.UNKNOWN, "The register lists the agency no more.") for _ in record.groups)
    if record.kind not in policy.bundle.catalogue.kinds:
        gap = Tried(Today.UNKNOWN, _LEFT_OUT)
        return tuple(
            gap if group.outcome is Outcome.GAP else Tried(Today.OTHERWISE, _NO_KIND) for group in record.groups
        )
    rules = {rule.id: rule for rule in (*policy.bundle.rules, *policy.bundle.limits.values())}
    gone = [ground for each in record.groups if each.outcome is not Outcome.GAP for ground in each.grounds]
    gone = [ground for ground in gone if ground not in rules]
    named = [rules[ground] for group in record.groups for ground in group.grounds if ground in rules]
    best: dict[int, Tried] = {}
    waiting, seen = list(_worlds(asked, sector, record, named)), set[frozenset[str]]()
    for _ in range(TRIES_MAX):
        if not waiting or (best and all(each.today is not Today.OTHERWISE for each in best.values())):
            break
        facts, pointer = waiting.pop(0)
        for number, group in enumerate(record.groups):
            found = _compared(group, facts, pointer, policy, gone)
            if number not in best or found.today is not Today.OTHERWISE:
                best[number] = found
        for stated in _with_exceptions(policy, facts, pointer, rules):
            if stated not in seen:
                seen.add(stated)
                waiting.append((facts, replace(pointer, labels=stated)))
    return tuple(best[number] for number in range(len(record.groups)))


def _worlds(
    asked: Question, sector: Sector, record: RecordLine, rules: Iterable[Rule]
) -> Iterator[tuple[RequestFacts, RecordPointer]]:
    """Questions and records about which no more is stated than the rules need; of several words any one may do."""
    conditions = {rule.id: rule.applies_when for rule in rules}.values()
    labels_of = product(*(one.record_has for one in conditions if one.record_has))
    about = product(*(one.subject_is for one in conditions if one.subject_is))
    for labels, subject in islice(product(islice(labels_of, TRIES_MAX), islice(about, TRIES_MAX)), TRIES_MAX):
        facts = RequestFacts(
            purpose=asked.purpose,
            role=asked.asker.role,
            recipient_sector=sector,
            decision_recorded=asked.decision is not None,
            subject_facts=frozenset(subject),
        )
        yield facts, RecordPointer(record.custodian, record.kind, "record", frozenset(labels), frozenset())


def _with_exceptions(
    policy: Policy, facts: RequestFacts, pointer: RecordPointer, rules: Mapping[str, Rule]
) -> Iterator[frozenset[str]]:
    """What may have been stated besides: a word of which one must be chosen, and what lifts a rule that stops it."""
    true = pointer.labels | policy.bundle.catalogue[pointer.kind].labels
    for when, words in policy.bundle.vocabulary.choices:
        if when in true and not true.intersection(words):
            yield from (pointer.labels | {word} for word in words)
    decided = policy.decide(facts, pointer).fields.values()
    for ground in dict.fromkeys(ground for each in decided for ground in each.grounds):
        exceptions = rules[ground].does_not_apply_when if ground in rules else ()
        for word in (word for exception in exceptions for word in exception.record_has):
            yield pointer.labels | {word}


def _compared(group: FieldGroup, facts: RequestFacts, pointer: RecordPointer, policy: Policy, gone: list[str]) -> Tried:
    if group.outcome is Outcome.GAP:
        return Tried(Today.UNKNOWN, _LEFT_OUT)
    if any(limit.carried_out_by != "rule" and limit.id in group.grounds for limit in policy.bundle.limits.values()):
        return Tried(Today.UNKNOWN, "How old the record was is not in the log.")
    lost = next((ground for ground in group.grounds if ground in gone), None)
    if lost is not None:
        return Tried(Today.OTHERWISE, _GONE.format(rule=lost))
    decided = policy.decide(facts, pointer).fields
    names = tuple(decided) if group.fields == ("*",) else group.fields
    found = [decided.get(name) for name in names]
    if not found or None in found:
        return Tried(Today.OTHERWISE, "Today's policies do not know every one of these fields.")
    stop = next((each for each in found if each is not None and each.outcome is not group.outcome), None)
    if stop is None:
        return Tried(Today.SAME, "Decided again on what the log says, it comes out the same.")
    because = stop.grounds or stop.handling
    why = f" ({', '.join(because)})" if because else ""
    return Tried(Today.OTHERWISE, f"Decided again on what the log says, it would be {stop.outcome.value}{why}.")

"""How many changes to the policies the case tables would notice, and for the others a row that would.

A mutant is killed when a row that holds for the policies does not hold for it. Only rows it can touch are decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from hub.domain.disclosure import Outcome
from hub.policy.bundle import Bundle, Condition
from hub.policy.engine import Policy
from hub.policy.mutants import Mutant, mutants
from hub.policy.tables import ALL, Answer, Facts, Question, Row, answers, question

FLOOR = 0.95
"""The share of mutants that the tables must kill."""

TRIES_MAX = 4_000
"""Questions tried to find the row that would kill a survivor."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A change that no row notices, and a row that would; None when none was found."""

    says: str
    row: str | None


@dataclass(frozen=True, slots=True)
class Score:
    """How many mutants were killed, and the others."""

    killed: int
    survivors: tuple[Survivor, ...]

    @property
    def share(self) -> float:
        """Killed, of all; 1 when there was none."""
        made = self.killed + len(self.survivors)
        return self.killed / made if made else 1.0


@dataclass(frozen=True, slots=True)
class _Case:
    """A row, as the engine takes it, with the words that are or could be true of it."""

    row: Row
    asked: Question
    words: Mapping[str, frozenset[str]]

    def touched_by(self, mutant: Mutant) -> bool:
        facts = self.asked
        return (
            (not mutant.purposes or facts.request.purpose in mutant.purposes)
            and (not mutant.kinds or facts.pointer.kind in mutant.kinds)
            and (not mutant.rules or any(self._may_hold(rule.applies_when) for rule in mutant.rules))
        )

    def _may_hold(self, condition: Condition) -> bool:
        return all(not self.words[key].isdisjoint(words) for key, words in condition.keys().items())


def score(bundle: Bundle, rows: Iterable[Row]) -> Score:
    """How many mutants of ``bundle`` the rows kill. Rows that do not hold for ``bundle`` count for nothing."""
    policy = Policy(bundle)
    asked = ((row, question(row.facts, bundle.vocabulary)) for row in rows)
    cases = [_Case(row, each, _words(each, bundle)) for row, each in asked if _holds(policy, row, each)]
    killed = 0
    survivors = []
    for mutant in mutants(bundle):
        touched = [case for case in cases if case.touched_by(mutant)]
        changed = Policy(mutant.bundle)
        if all(_holds(changed, case.row, case.asked) for case in touched):
            survivors.append(Survivor(mutant.says, _killing(policy, changed, mutant)))
        else:
            killed += 1
    return Score(killed, tuple(survivors))


def _holds(policy: Policy, row: Row, asked: Question) -> bool:
    return all(row.met_by(answer) for _, answer in answers(policy, asked))


def _words(asked: Question, bundle: Bundle) -> dict[str, frozenset[str]]:
    """Every word that is true or unknown in a question, by the key of a condition that reads it."""
    request, pointer, judged = asked.request, asked.pointer, asked.judged
    kind = bundle.catalogue.kinds.get(pointer.kind)
    record = pointer.labels | pointer.undetermined | judged.words | judged.stale | {word for _, word in judged.parts}
    record |= kind.labels if kind else frozenset()
    for when, one_of in bundle.vocabulary.choices:
        record |= set(one_of) if when in record else set()
    roles = bundle.vocabulary.roles
    fields = kind.fields if kind else ()
    return {
        "record_has": frozenset(record),
        "classification_is": frozenset(
            each.classification for each in fields if not asked.fields or each.name in asked.fields
        ),
        "subject_is": request.subject_facts | request.subject_unknown,
        "purpose_is": frozenset({request.purpose}),
        "recipient_is": frozenset(
            word
            for word, its in bundle.vocabulary.recipients.items()
            if request.role in its or request.role not in roles
        ),
    }


def _killing(policy: Policy, changed: Policy, mutant: Mutant) -> str | None:
    """A row, as a table would write it, that holds for ``policy`` and not for ``changed``; None when none is found."""
    vocabulary = policy.bundle.vocabulary
    for facts in islice(_questions(policy.bundle, mutant), TRIES_MAX):
        asked = question(facts, vocabulary)
        after = {name: answer for names, answer in answers(changed, asked) for name in names}
        for names, answer in answers(policy, asked):
            noticed = [name for name in names if after.get(name) != answer]
            if noticed:
                fields = ALL if len(noticed) == len(after) else " ".join(noticed)
                return _written(facts._replace(fields=fields), answer)
    return None


def _questions(bundle: Bundle, mutant: Mutant) -> Iterator[Facts]:
    """Questions that a mutant may matter to, the plainest first."""
    rules = mutant.rules[:1]
    conditions = [each for rule in rules for each in (rule.applies_when, *rule.does_not_apply_when)]
    purposes = _preferred(mutant.purposes, [each.purpose_is for each in conditions], sorted(bundle.purposes))
    roles = [*bundle.vocabulary.roles, "?somebody"]
    labels = [*((words, "") for words in mutant.shown_by), *_sets(each.record_has for each in conditions)]
    subjects = list(_sets(each.subject_is for each in conditions))
    classes = {word for each in conditions for word in each.classification_is}
    kinds = [
        kind.id
        for kind in bundle.catalogue.kinds.values()
        if (not mutant.kinds or kind.id in mutant.kinds)
        and (not classes or any(field.classification in classes for field in kind.fields))
    ]
    for (stated, unstated), (so, unsure), kind, role, purpose in product(labels, subjects, kinds, roles, purposes):
        yield Facts(kind, ALL, purpose, role, "yes", stated, unstated, so, unsure)
    for kind, role, purpose in product(kinds, roles, purposes):
        yield Facts(kind, ALL, purpose, role, "no")


def _preferred(only: frozenset[str], mentioned: Sequence[tuple[str, ...]], every: Sequence[str]) -> list[str]:
    if only:
        return sorted(only)
    first = [word for words in mentioned for word in words if word in every]
    return list(dict.fromkeys((*first, *every)))


def _sets(mentioned: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Words stated and not stated: none, each of the first condition, each with one more, each with one not stated."""
    first, *others = [*mentioned] or [()]
    more = [word for words in others for word in words]
    yield ("", "")
    yield from ((word, "") for word in first)
    yield from ((f"{word} {other}", "") for word in first or ("",) for other in more)
    yield from (("", word) for word in first)
    yield from ((word, other) for word in first or ("",) for other in more)


def _written(facts: Facts, answer: Answer) -> str:
    told = "" if answer.outcome.releases or answer.outcome is Outcome.OUT_OF_SCOPE else answer.told
    cells = (*facts[:9], str(answer.outcome), " ".join(answer.because), facts.judged, facts.stale, told)
    return ",".join(("...", *(cell.strip() for cell in cells)))

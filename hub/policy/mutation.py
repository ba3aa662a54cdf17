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

TRIES_MAX = 6_000
"""Questions tried to find the row that would kill a survivor."""

RULES_TRIED_MAX = 3
"""Of the rules that a change touches, how many questions are made from."""


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


def score(bundle: Bundle, rows: Iterable[Row], changes: Iterable[Mutant] | None = None) -> Score:
    """How many mutants of ``bundle`` the rows kill: of ``changes``, else of all there are.

    Rows that do not hold for ``bundle`` count for nothing.
    """
    policy = Policy(bundle)
    asked = ((row, question(row.facts, bundle.vocabulary)) for row in rows)
    cases = [_Case(row, each, _words(each, bundle)) for row, each in asked if _holds(policy, row, each)]
    killed = 0
    survivors = []
    for mutant in mutants(bundle) if changes is None else changes:
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
    for rule in mutant.rules[:RULES_TRIED_MAX] or (None,):
        conditions = (rule.applies_when, *rule.does_not_apply_when) if rule else ()
        labels = [*((words, "") for words in mutant.shown_by), *_sets(each.record_has for each in conditions)]
        subjects = list(_sets(each.subject_is for each in conditions))
        kinds = _kinds(bundle, mutant, conditions)
        roles = _roles(bundle, mutant, conditions)
        purposes = _purposes(bundle, mutant, conditions, roles)
        for (stated, unstated), (so, unsure), kind, role, purpose in product(labels, subjects, kinds, roles, purposes):
            yield Facts(kind, ALL, purpose, role, "yes", stated, unstated, so, unsure)
        for kind, role, purpose in product(kinds, roles, purposes):
            yield Facts(kind, ALL, purpose, role, "no")


def _kinds(bundle: Bundle, mutant: Mutant, conditions: Sequence[Condition]) -> list[str]:
    """The kinds touched; for a rule, those that carry its words, then one for each classification it reads, or two."""
    every = [kind for kind in bundle.catalogue.kinds.values() if not mutant.kinds or kind.id in mutant.kinds]
    if not conditions:
        return [kind.id for kind in every]
    words = {word for each in conditions for word in each.record_has}
    classes = [word for each in conditions for word in each.classification_is]
    first = [kind.id for kind in every if kind.labels & words]
    plain = sorted((kind for kind in every if not kind.labels), key=lambda kind: -len(kind.fields))
    for word in classes:
        first += [kind.id for kind in plain if any(field.classification == word for field in kind.fields)][:2]
    return list(dict.fromkeys(first or [kind.id for kind in plain[:2]]))


def _roles(bundle: Bundle, mutant: Mutant, conditions: Sequence[Condition]) -> list[str]:
    """Roles that a rule tells apart, one of each sector, and one that nobody knows; all when a purpose changed."""
    vocabulary = bundle.vocabulary
    if mutant.purposes:
        return [*vocabulary.roles, "?somebody"]
    words = [word for each in conditions for word in each.recipient_is]
    derived = [role for word in words for role in sorted(vocabulary.recipients.get(word, ()))]
    by_sector: dict[str, str] = {}
    for role, sector in vocabulary.roles.items():
        by_sector.setdefault(sector, role)
    return list(dict.fromkeys((*derived, *by_sector.values(), "?somebody")))


def _purposes(bundle: Bundle, mutant: Mutant, conditions: Sequence[Condition], roles: Sequence[str]) -> list[str]:
    """The purposes touched; for a rule, for each role the one that reaches furthest, then those that it names."""
    if mutant.purposes:
        return sorted(mutant.purposes)
    named = [word for each in conditions for word in each.purpose_is if word in bundle.purposes]
    widest = sorted(bundle.purposes.values(), key=lambda each: -sum(level.rank + 1 for level in each.detail.values()))
    sectors = bundle.vocabulary.roles
    ours = [
        next((each.id for each in widest if each.open_to(sectors[role], role)), widest[0].id)
        for role in roles
        if role in sectors
    ]
    return list(dict.fromkeys((*ours, *named)))


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

"""What a bundle says becomes of one field, read from its text alone: no masks, no cache, nothing of the engine.

Every fact is two propositions, that it is true and that it is not known, and every rule two, that it surely applies and
that it cannot be ruled out. Written once over :class:`~hub.policy.assurance.logic.Logic`, so that a solver proves what
Python can also try out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Generic

from hub.domain.disclosure import Outcome
from hub.policy.assurance.logic import B, Logic
from hub.policy.assurance.question import NONE, Question
from hub.policy.bundle import Bundle, Condition, Detail, Effect, Purpose, Rule

_STOPS = (Effect.WITHHOLD, Effect.MASK)


class Reading(Generic[B]):
    """The decision on a field, each part of it a proposition, in the order of ``docs/how-a-field-is-decided.md``."""

    def __init__(self, bundle: Bundle, asked: Question[B], logic: Logic[B]) -> None:
        """Read ``bundle`` for the question ``asked``."""
        self.bundle, self.asked, self.logic = bundle, asked, logic
        self._verdicts: dict[str, tuple[B, B]] = {}

    # ---- one rule ----------------------------------------------------------------------------------------------

    def is_about(self, rule: Rule) -> B:
        """What the rule is about is surely there, whatever lifts it."""
        return self._table(rule.applies_when, may=False)

    def sure(self, rule: Rule) -> B:
        """The rule surely applies."""
        return self.verdict(rule)[0]

    def maybe(self, rule: Rule) -> B:
        """The rule is not sure, and cannot be ruled out."""
        sure, possible = self.verdict(rule)
        return self.all_of(possible, self.logic.negated(sure))

    def lifted(self, rule: Rule, number: int) -> B:
        """The rule would surely apply, and its exception of that number lifts it; the others do not."""
        others = [each for index, each in enumerate(rule.does_not_apply_when) if index != number]
        lifts = self._table(rule.does_not_apply_when[number], may=False)
        return self.all_of(self.is_about(rule), lifts, *self._none(others, may=True))

    def verdict(self, rule: Rule) -> tuple[B, B]:
        """That the rule surely applies, and that it does or might."""
        if rule.id not in self._verdicts:
            given, exceptions = rule.applies_when, rule.does_not_apply_when
            self._verdicts[rule.id] = (
                self.all_of(self._table(given, may=False), *self._none(exceptions, may=True)),
                self.all_of(self._table(given, may=True), *self._none(exceptions, may=False)),
            )
        return self._verdicts[rule.id]

    def _none(self, conditions: Iterable[Condition], *, may: bool) -> list[B]:
        return [self.logic.negated(self._table(each, may=may)) for each in conditions]

    def _table(self, condition: Condition, *, may: bool) -> B:
        """The condition holds; with ``may``, or might."""
        return self.all_of(*(self.word_of(key, words, may=may) for key, words in condition.keys().items()))

    def word_of(self, key: str, words: Iterable[str], *, may: bool) -> B:
        """One of ``words`` is so; with ``may``, or might be. ``key`` is that of a policy table."""
        asked, any_of = self.asked, self.logic.any_of
        if key == "purpose_is":
            return any_of([asked.purpose[word] for word in words])
        if key == "classification_is":
            return any_of([asked.classification[word] for word in words])
        if key == "recipient_is":
            roles = {role for word in words for role in self.bundle.vocabulary.recipients[word]}
            return any_of([asked.role[role] for role in sorted(roles)] + ([asked.role[NONE]] if may else []))
        facts: Mapping[str, tuple[B, B]] = asked.record if key == "record_has" else asked.child
        return any_of([each for word in words for each in (facts[word] if may else facts[word][:1])])

    # ---- what becomes of the field -----------------------------------------------------------------------------

    @cached_property
    def reached(self) -> B:
        """Some gateway reaches the field."""
        return self.logic.any_of([self._reached(purpose) for purpose in self.bundle.purposes.values()])

    @cached_property
    def in_scope(self) -> B:
        """Some gateway reaches the field, and no limit surely ends it."""
        return self.all_of(self.reached, *(self._not(self.sure(each)) for each in self._limits))

    @cached_property
    def _classified_up_to(self) -> dict[Detail, B]:
        """For each level of detail, that the field's class is reached at that level or below."""
        order, levels = tuple(Detail), self.bundle.vocabulary.levels
        return {
            detail: self.logic.any_of(
                [self.asked.classification[name] for name, level in levels.items() if level in order[: number + 1]]
            )
            for number, detail in enumerate(order)
        }

    @cached_property
    def entitled(self) -> B:
        """The purpose is one that the searcher may state, whatever it reaches."""
        return self.logic.any_of([self._open(purpose) for purpose in self.bundle.purposes.values()])

    def _open(self, purpose: Purpose) -> B:
        asked, any_of = self.asked, self.logic.any_of
        open_to = [any_of([asked.sector[each] for each in sorted(purpose.recipient_sectors)])]
        if purpose.recipient_roles:
            open_to.append(any_of([asked.role[each] for each in sorted(purpose.recipient_roles)]))
        return self.all_of(asked.purpose[purpose.id], *open_to)

    def _reached(self, purpose: Purpose) -> B:
        asked, any_of = self.asked, self.logic.any_of
        needed = []
        for detail, classified in self._classified_up_to.items():
            kinds = [asked.kind[kind] for kind, reached in purpose.detail.items() if reached is detail]
            needed.append(self.all_of(any_of(kinds), classified))
        return self.all_of(self._open(purpose), any_of(needed))

    @cached_property
    def withheld(self) -> B:
        """An impediment or a mask surely applies."""
        return self.all_of(self.in_scope, self._sure_of(*_STOPS))

    @cached_property
    def veiled(self) -> B:
        """It is withheld, and no ground is told."""
        veiled = [self.sure(each) for each in self.bundle.rules if each.effect in _STOPS and each.veiled]
        return self.all_of(self.withheld, self.logic.any_of(veiled))

    @cached_property
    def ask(self) -> B:
        """Only an originator's condition surely applies."""
        return self.all_of(self.in_scope, self._not(self.withheld), self._sure_of(Effect.ASK))

    @cached_property
    def _may_be_veiled(self) -> B:
        rules = self.bundle.rules
        maybe = [self.maybe(each) for each in rules if each.veiled and each.effect is Effect.WITHHOLD]
        return self.logic.any_of([self.asked.odd, *maybe])

    @cached_property
    def hidden(self) -> B:
        """Not even the kind of record is told, should nothing of it be released."""
        return self.all_of(self.in_scope, self.logic.any_of([self.veiled, self._may_be_veiled]))

    @cached_property
    def released(self) -> B:
        """The field is shared, with or without handling."""
        asked, vocabulary = self.asked, self.bundle.vocabulary
        undecided = [asked.purpose[each.id] for each in self.bundle.purposes.values() if each.decision is not None]
        stopped = [
            self.withheld,
            self.ask,
            *(self.maybe(each) for each in (*self._limits, *self.bundle.rules)),
            asked.odd,
            *(each for name, each in asked.classification.items() if name not in vocabulary.classifications),
            self.all_of(self.logic.any_of(undecided), self._not(asked.decided)),
            self._sure_of(Effect.NOT_BUILT),
        ]
        return self.all_of(self.in_scope, self._not(self.logic.any_of(stopped)))

    def outcome(self, name: str) -> B:
        """That the field's outcome is the one called ``name``; see :data:`OUTCOMES`."""
        handled = self._sure_of(Effect.NOTICE)
        settled = self.logic.any_of([self.withheld, self.ask, self.released])
        return {
            "shared": self.all_of(self.released, self._not(handled)),
            "shared_with_handling": self.all_of(self.released, handled),
            "withheld": self.withheld,
            "ask": self.ask,
            "gap": self.all_of(self.in_scope, self._not(settled)),
            "out_of_scope": self._not(self.in_scope),
            "released": self.released,
            "veiled": self.veiled,
            "open": self.logic.any_of([self.all_of(self.withheld, self._not(self.veiled)), self.ask]),
            "hidden": self.hidden,
        }[name]

    @property
    def _limits(self) -> tuple[Rule, ...]:
        return self.bundle.limiting_rules

    def _sure_of(self, *effects: Effect) -> B:
        return self.logic.any_of([self.sure(each) for each in self.bundle.rules if each.effect in effects])

    def _not(self, value: B) -> B:
        return self.logic.negated(value)

    def all_of(self, *values: B) -> B:
        """Conjunction of ``values``."""
        return self.logic.all_of(values)


OUTCOMES = (*(str(each) for each in Outcome), "released", "veiled", "open", "hidden")
"""What a statement may say becomes of a field: its outcome; ``released`` is either kind of shared; ``open`` and
``veiled`` are how a refusal is told; ``hidden``: not even the kind of record is told when nothing is released."""

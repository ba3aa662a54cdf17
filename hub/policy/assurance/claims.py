"""Looking for a question of which something is so: by a solver, which also shows that there is none, or by trying.

Both are asked the same: a claim is a function from a reading of a question to the proposition that it makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from hub.policy.assurance.cases import Case
from hub.policy.assurance.question import NONE
from hub.policy.assurance.reading import Reading
from hub.policy.bundle import Effect, Rule

Claim = Callable[[Reading[Any]], Any]
PairClaim = Callable[[Reading[Any], Reading[Any]], Any]


class Finder(Protocol):
    """Finds questions."""

    proves: bool
    """Whether finding none shows that there is none."""

    def find(self, claim: Claim, about: Collection[str] = (), *, short: bool = False) -> Case | None:
        """A question of which ``claim`` holds, None when none was found.

        ``about`` are words that matter to it; ``short`` asks for one with as few facts as may be, for people to read.
        """

    def find_pair(self, claim: PairClaim, about: Collection[str] = ()) -> tuple[Case, Case] | None:
        """Two questions of which ``claim`` holds."""


def primary(rule: Rule) -> Claim:
    """The rule is the ground that an open refusal names."""

    def claim(reading: Reading[Any]) -> Any:
        effects = (Effect.ASK,) if rule.effect is Effect.ASK else (Effect.WITHHOLD, Effect.MASK)
        rules = reading.bundle.rules
        before = [reading.sure(each) for each in rules[: rules.index(rule)] if each.effect in effects]
        refused = reading.ask if rule.effect is Effect.ASK else reading.withheld
        veiled_or_later = reading.logic.any_of([reading.veiled, *before])
        return reading.all_of(refused, reading.sure(rule), reading.logic.negated(veiled_or_later))

    return claim


def surely(*rules: Rule, but_not: Sequence[Rule] = ()) -> Claim:
    """All the rules, and none of the others, surely apply to a field in scope."""

    def claim(reading: Reading[Any]) -> Any:
        others = reading.logic.any_of([reading.sure(each) for each in but_not])
        return reading.all_of(reading.in_scope, *(reading.sure(each) for each in rules), reading.logic.negated(others))

    return claim


def left_open(rule: Rule) -> Claim:
    """The rule cannot be ruled out, and nothing else decides the field."""
    return lambda reading: reading.all_of(reading.outcome("gap"), reading.maybe(rule))


def shared_while_open(rule: Rule) -> Claim:
    """The field is shared although the rule cannot be ruled out."""
    return lambda reading: reading.all_of(reading.released, reading.maybe(rule))


def limited(rule: Rule) -> Claim:
    """A limit surely ends what a gateway reaches."""
    return lambda reading: reading.all_of(reading.reached, reading.sure(rule))


def lifted_by(rule: Rule, number: int) -> Claim:
    """The rule would apply to a field that a gateway reaches, but for its exception of that number."""
    return lambda reading: reading.all_of(reading.reached, reading.lifted(rule, number))


def bites_under(rule: Rule, purpose: str) -> Claim:
    """The rule surely applies to a field in scope of ``purpose``."""
    return lambda reading: reading.all_of(reading.in_scope, reading.asked.purpose[purpose], reading.sure(rule))


def lifted_without(rule: Rule, purpose: str, words: tuple[str, ...]) -> Claim:
    """What the rule is about is there, and it surely does not apply although none of ``words`` is so."""

    def claim(reading: Reading[Any]) -> Any:
        negated = reading.logic.negated
        lifted = [negated(reading.verdict(rule)[1]), negated(reading.word_of("record_has", words, may=True))]
        return reading.all_of(reading.in_scope, reading.asked.purpose[purpose], reading.is_about(rule), *lifted)

    return claim


def completes(before: Reading[Any], after: Reading[Any]) -> Any:
    """The second question is the first with some, or all, of what was not known now known."""
    logic, one, other = before.logic, before.asked, after.asked
    said = [same(before, after, ("purpose", "sector", "kind", "classification", "decided"))]
    for facts, settled in ((one.record, other.record), (one.child, other.child)):
        for word, (true, unknown) in facts.items():
            false = logic.negated(logic.any_of([true, unknown]))
            said.append(logic.any_of([logic.negated(true), settled[word][0]]))
            said.append(logic.any_of([logic.negated(false), logic.negated(logic.any_of(settled[word]))]))
    for role, so in one.role.items():
        said.append(logic.any_of([logic.negated(so), other.role[role], one.role[NONE]]))
    return logic.all_of([*said, logic.any_of([one.odd, logic.negated(other.odd)])])


def same(one: Reading[Any], other: Reading[Any], facts: tuple[str, ...]) -> Any:
    """Both questions agree on ``facts``."""
    logic = one.logic
    pairs: list[tuple[Any, Any]] = []
    for name in facts:
        pairs += zip(_propositions(getattr(one.asked, name)), _propositions(getattr(other.asked, name)), strict=True)
    alike = [
        logic.any_of([logic.all_of(pair), logic.negated(logic.any_of(pair))])  # both or neither
        for pair in pairs
    ]
    return logic.all_of(alike)


def _propositions(facts: Any) -> list[Any]:
    if not isinstance(facts, Mapping):
        return [facts]
    return [each for fact in facts.values() for each in (fact if isinstance(fact, tuple) else (fact,))]

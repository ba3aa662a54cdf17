"""Rules compiled to bit masks, and evaluated in Kleene's strong three-valued logic.

Every fact a rule may read is one bit. What is known of a question is two integers: the bits that are true, and the bits
nobody stated. Model: XACML's Indeterminate{D}: an impediment that cannot be ruled out withholds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.policy.bundle import Condition, Rule

FALSE, UNKNOWN, TRUE = 0, 1, 2
"""Kleene's values, ordered so that AND is the least and OR the greatest of them."""

Fact = tuple[str, str]
"""The key of a policy table and one of its words, such as ``("record_has", "privileged")``."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is true and what is unknown, as bits. Disjoint; every other bit is false."""

    true: int
    unknown: int


class Bits:
    """Gives each fact that any rule reads its bit."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Number the facts of ``rules`` in the order they are mentioned."""
        facts: dict[Fact, int] = {}
        for rule in rules:
            for condition in (rule.applies_when, *rule.does_not_apply_when):
                for key, words in condition.keys().items():
                    for word in words:
                        facts.setdefault((key, word), 1 << len(facts))
        self._facts: Mapping[Fact, int] = facts

    def mask(self, key: str, words: Iterable[str]) -> int:
        """The bits of ``words``; words no rule reads have none."""
        bits = 0
        for word in words:
            bits |= self._facts.get((key, word), 0)
        return bits

    def words(self, bits: int) -> tuple[Fact, ...]:
        """The facts whose bits are set, in the order rules mention them."""
        return tuple(fact for fact, bit in self._facts.items() if bit & bits)


@dataclass(frozen=True, slots=True)
class Reading:
    """How one rule was read: its verdict, and the reason of the first exception that lifts it."""

    rule: Rule
    verdict: int
    lifted_because: str | None


@dataclass(frozen=True, slots=True)
class Compiled:
    """One rule: ``applies`` holds a mask for each key of its table, ``exceptions`` the same for each exception."""

    rule: Rule
    applies: tuple[int, ...]
    exceptions: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, rule: Rule, bits: Bits) -> Compiled:
        """``rule`` in the bits of ``bits``."""

        def masks(condition: Condition) -> tuple[int, ...]:
            return tuple(bits.mask(key, words) for key, words in condition.keys().items())

        return cls(rule, masks(rule.applies_when), tuple(masks(each) for each in rule.does_not_apply_when))

    def verdict(self, known: Known) -> int:
        """Whether the rule applies: FALSE, UNKNOWN or TRUE."""
        applies = _all(self.applies, known)
        for exception in self.exceptions:
            if applies == FALSE:
                break
            applies = min(applies, TRUE - _all(exception, known))  # AND NOT
        return applies

    def reading(self, known: Known) -> Reading | None:
        """How the rule was read, for people; None when what it is about is not there at all."""
        if _all(self.applies, known) == FALSE:
            return None
        lifted = (each.because for each, masks in self._excepting() if _all(masks, known) == TRUE)
        return Reading(self.rule, self.verdict(known), next(lifted, None))

    def _excepting(self) -> Iterable[tuple[Condition, tuple[int, ...]]]:
        return zip(self.rule.does_not_apply_when, self.exceptions, strict=True)

    def unknown_bits(self, known: Known) -> int:
        """The unknown bits that keep the rule from being decided; only meaningful when its verdict is UNKNOWN."""
        bits = 0
        for table in (self.applies, *self.exceptions):
            if _all(table, known) == UNKNOWN:
                for mask in table:
                    bits |= 0 if mask & known.true else mask & known.unknown
        return bits


def _all(masks: tuple[int, ...], known: Known) -> int:
    """AND over keys of OR over their words."""
    value = TRUE
    for mask in masks:
        if mask & known.true:
            continue
        if not mask & known.unknown:
            return FALSE
        value = UNKNOWN
    return value

"""Kleene's logic on bit masks, table by table."""

from __future__ import annotations

from datetime import date

import pytest

from hub.domain.disclosure import Confidence
from hub.policy.bundle import Condition, Effect, Review, Rule
from hub.policy.compile import FALSE, TRUE, UNKNOWN, Bits, Compiled, Known

REVIEW = Review("IG", date(2026, 11, 1), date(2027, 11, 1))


def rule(applies: Condition, *exceptions: Condition) -> Rule:
    return Rule("r", "R", Effect.WITHHOLD, False, 0, "Act s.1", Confidence.GENERAL, applies, exceptions, REVIEW)


def read(given: Rule, true: str, unknown: str) -> tuple[Compiled, Bits, Known]:
    """``given`` compiled, and what is known, with words of any key."""
    bits = Bits([given])

    def mask(words: str) -> int:
        keys = ("record_has", "subject_is", "classification_is", "purpose_is", "recipient_is")
        return sum(bits.mask(key, words.split()) for key in keys)

    return Compiled.of(given, bits), bits, Known(mask(true), mask(unknown))


OR = rule(Condition(record_has=("a", "b")))
AND = rule(Condition(record_has=("a",), subject_is=("b",)))
BOTH = rule(Condition(record_has=("a", "b"), subject_is=("c",)))
UNLESS = rule(
    Condition(record_has=("a",)), Condition(record_has=("b",), because="b"), Condition(purpose_is=("c",), because="c")
)


@pytest.mark.parametrize(
    ("given", "true", "unknown", "verdict", "missing"),
    [
        (OR, "", "", FALSE, ""),
        (OR, "b", "", TRUE, ""),
        (OR, "b", "a", TRUE, ""),
        (OR, "", "a", UNKNOWN, "a"),
        (OR, "", "a b", UNKNOWN, "a b"),
        (AND, "a b", "", TRUE, ""),
        (AND, "a", "", FALSE, ""),
        (AND, "", "a", FALSE, ""),
        (AND, "a", "b", UNKNOWN, "b"),
        (AND, "b", "a", UNKNOWN, "a"),
        (AND, "", "a b", UNKNOWN, "a b"),
        (BOTH, "a", "b c", UNKNOWN, "c"),
        (BOTH, "b", "a c", UNKNOWN, "c"),
        (BOTH, "c", "a b", UNKNOWN, "a b"),
        (UNLESS, "a", "", TRUE, ""),
        (UNLESS, "a b", "", FALSE, ""),
        (UNLESS, "a c", "", FALSE, ""),
        (UNLESS, "a", "b", UNKNOWN, "b"),
        (UNLESS, "a", "b c", UNKNOWN, "b c"),
        (UNLESS, "a c", "b", FALSE, ""),
        (UNLESS, "c", "a b", FALSE, ""),
        (UNLESS, "", "a", UNKNOWN, "a"),
        (UNLESS, "", "a b", UNKNOWN, "a b"),
        (UNLESS, "", "b c", FALSE, ""),
        (UNLESS, "b", "", FALSE, ""),
    ],
)
def test_verdicts_and_what_they_miss(given: Rule, true: str, unknown: str, verdict: int, missing: str) -> None:
    compiled, bits, known = read(given, true, unknown)
    assert compiled.verdict(known) == verdict
    if verdict == UNKNOWN:
        assert [word for _, word in bits.words(compiled.unknown_bits(known))] == missing.split()
        assert compiled.unknown_bits(known) & ~known.unknown == 0


@pytest.mark.parametrize(
    ("true", "unknown", "verdict", "because"),
    [
        ("a", "", TRUE, None),
        ("a b", "", FALSE, "b"),
        ("a c", "", FALSE, "c"),
        ("a b c", "", FALSE, "b"),
        ("a", "b", UNKNOWN, None),
        ("", "a", UNKNOWN, None),
        ("c", "a b", FALSE, "c"),
    ],
)
def test_a_reading_says_why_a_rule_does_not_apply(true: str, unknown: str, verdict: int, because: str | None) -> None:
    compiled, _, known = read(UNLESS, true, unknown)
    reading = compiled.reading(known)
    assert reading is not None
    assert (reading.rule, reading.verdict, reading.lifted_because) == (UNLESS, verdict, because)


def test_a_rule_about_something_else_has_no_reading() -> None:
    compiled, _, known = read(UNLESS, "b c", "")
    assert compiled.reading(known) is None


def test_a_word_no_rule_reads_has_no_bit_and_one_that_several_keys_share_has_several() -> None:
    bits = Bits([AND, rule(Condition(subject_is=("a",)))])
    assert bits.mask("record_has", ["z"]) == 0
    assert bits.mask("record_has", ["a"]) & bits.mask("subject_is", ["a"]) == 0
    assert bits.words(bits.mask("subject_is", ["a", "b"])) == (("subject_is", "b"), ("subject_is", "a"))

"""Mistakes that make sense to the loader and to nobody else: rules that contradict themselves or each other.

Only what is surely a mistake is refused. Each is decided from the conditions alone, for any record and any question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hub.policy.bundle import Condition, Effect, Rule
from hub.policy.files import PolicyFault

_ONE_AT_A_TIME = ("purpose_is", "classification_is")
"""A question has one purpose and a field has one classification, so two words of these keys never hold together."""

_DECIDED = {
    Effect.OUT_OF_SCOPE: 0,
    Effect.WITHHOLD: 1,
    Effect.MASK: 1,
    Effect.ASK: 2,
    Effect.NOT_BUILT: 3,
    Effect.NOTICE: 4,
}
"""The place of an effect in the order of ``docs/how-a-field-is-decided.md``: what is decided first hides the rest."""


def lint(rules: Sequence[Rule], recipients: Mapping[str, frozenset[str]]) -> list[PolicyFault]:
    """What is surely a mistake in ``rules``; ``recipients`` is the vocabulary's recipient word to its roles."""
    faults = [PolicyFault(rule.file, key, problem) for rule in rules for key, problem in _rule(rule, recipients)]
    return faults + list(_shadowed(rules))


def repeats(name: str, value: Any, key: str = "") -> Iterator[PolicyFault]:
    """A fault for every word that a list in the TOML of the file ``name`` holds twice."""
    if isinstance(value, dict):
        for inner_key, inner in value.items():
            yield from repeats(name, inner, f"{key}.{inner_key}".lstrip("."))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from repeats(name, inner, f"{key}[{number}]")
            if isinstance(inner, str) and inner in value[:number]:
                yield PolicyFault(name, f"{key}[{number}]", f"{inner!r} stands twice in this list: take one out")


def _rule(rule: Rule, recipients: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, str]]:
    given = rule.applies_when.keys()
    if "recipient_is" in given and not any(recipients.get(word, True) for word in given["recipient_is"]):
        yield "applies_when.recipient_is", "no role gives any of these words, so the rule never applies"
    earlier: list[Condition] = []
    for number, exception in enumerate(rule.does_not_apply_when):
        key = f"does_not_apply_when[{number}]"
        yield from ((f"{key}{where}", problem) for where, problem in _exception(rule.applies_when, exception))
        for before, wider in enumerate(earlier):
            if _implies(exception, wider):
                yield key, f"does_not_apply_when[{before}] already lifts the rule then: take this one out"
                break
        earlier.append(exception)


def _exception(applies: Condition, exception: Condition) -> Iterator[tuple[str, str]]:
    """What is wrong with one exception, by the key below it."""
    given, lifted = applies.keys(), exception.keys()
    if _implies(applies, exception):
        yield "", "lifts the rule whenever it applies, so the rule never stops anything: narrow it, or delete the rule"
        return
    if len(lifted) == 1:
        ((name, words),) = lifted.items()
        for word in words:
            if word in given.get(name, ()):
                yield f".{name}", f"{word!r} both brings the rule to bear and lifts it: take it out of one of the two"
    for name in _ONE_AT_A_TIME:
        idle = [word for word in lifted.get(name, ()) if name in given and word not in given[name]]
        for word in idle:
            yield f".{name}", f"{word!r} never matters: the rule applies only with `{name}` = {', '.join(given[name])}"


def _implies(narrow: Condition, wide: Condition) -> bool:
    """Whether ``wide`` holds whenever ``narrow`` does."""
    given = narrow.keys()
    wanted = wide.keys()
    return bool(wanted) and all(name in given and set(given[name]) <= set(words) for name, words in wanted.items())


def _shadowed(rules: Iterable[Rule]) -> Iterator[PolicyFault]:
    """Rules about exactly the same thing: only those decided first ever count."""
    alike: dict[object, list[Rule]] = {}
    for rule in rules:
        if rule.applies_when.keys():
            alike.setdefault(_form(rule), []).append(rule)
    for group in alike.values():
        first = min(group, key=lambda rule: _DECIDED[rule.effect])
        for rule in group:
            if _DECIDED[rule.effect] > _DECIDED[first.effect]:
                problem = f"{first.id!r} has exactly the same conditions and is decided first: this rule never counts"
                yield PolicyFault(rule.file, "applies_when", f"{problem}. Change the conditions of one of the two")


def _form(rule: Rule) -> tuple[object, ...]:
    """A rule's conditions, whatever the order they are written in."""
    exceptions = frozenset(_sets(each) for each in rule.does_not_apply_when)
    return _sets(rule.applies_when), exceptions


def _sets(condition: Condition) -> frozenset[tuple[str, frozenset[str]]]:
    return frozenset((name, frozenset(words)) for name, words in condition.keys().items())

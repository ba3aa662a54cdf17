"""Proofs of statements that are about all rules at once, by name. Each answers what is wrong, for people, or None."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from hub.domain.disclosure import Outcome
from hub.policy.assurance import claims
from hub.policy.assurance.cases import Case
from hub.policy.assurance.claims import Finder
from hub.policy.assurance.logic import Plain
from hub.policy.assurance.reading import Reading
from hub.policy.bundle import Condition, Effect, Rule
from hub.policy.decision import Line
from hub.policy.engine import Policy

Proof = Callable[[Policy, Finder, tuple[str, ...]], str | None]


def told(policy: Policy, case: Case) -> str:
    """``case`` and what is decided, for people. Where the engine decides otherwise than the policies read, that too."""
    decided = case.decided_by(policy)
    because = f" because of {', '.join(decided.grounds)}" if decided.grounds else ""
    said = f"{case.told(policy.bundle)}: {_spaced(decided.outcome)}{because}"
    reading = Reading(policy.bundle, case.asked(policy.bundle), Plain())
    (read,) = (each for each in Outcome if reading.outcome(each))
    return said if read is decided.outcome else f"{said} (by the engine; the policies read as {_spaced(read)})"


def refusals_are_named(policy: Policy, looking: Finder, words: tuple[str, ...]) -> str | None:
    """Wherever a refusal is open, it names an impediment with its law, who can lift it, whom to ask and what to do."""
    del words
    for rule in _bars(policy):
        case = looking.find(claims.primary(rule), _words_of(rule))
        if case is None:
            continue
        blank = [
            what
            for what, value in (
                ("title", rule.title),
                ("citation", rule.citation),
                ("who can lift it", rule.who_can_lift_it),
                ("post", rule.post),
                ("next step", rule.next_step),
            )
            if not (value or "").strip()
        ]
        line = _line(policy, case)
        if line.impediment is None or line.impediment.id != rule.id:
            return f"{told(policy, case)}, and the refusal does not name {rule.id}"
        if blank:
            return f"{told(policy, case)}, and the refusal has no {', no '.join(blank)}"
    return None


def one_veil(policy: Policy, looking: Finder, words: tuple[str, ...]) -> str | None:
    """Every veiled refusal reads the same, alone or beside an open ground, and no open line names a veiled rule."""
    del words
    seen: Line | None = None
    veils = tuple(each for each in policy.bundle.rules if each.veiled)
    for rule in veils:
        others = [each for each in veils if each is not rule]
        for beside in ((), *((other,) for other in _bars(policy) if not other.veiled)):
            case = looking.find(claims.surely(rule, *beside, but_not=others), _words_of(rule))
            if case is None:
                continue
            line = replace(_line(policy, case), fields=(), grounds=())
            if not line.veiled or line.impediment is not None or line.kind is not None:
                return f"{told(policy, case)}, and it is told openly although {rule.id} is veiled"
            if seen is not None and line != seen:
                return f"{told(policy, case)}, and the veiled line reads differently from others"
            seen = line
    return None


def unknown_is_never_shared(policy: Policy, looking: Finder, words: tuple[str, ...]) -> str | None:
    """Nothing is shared while a limit, an impediment or a handling rule cannot be ruled out."""
    del words
    for rule in (*policy.bundle.limiting_rules, *policy.bundle.rules):
        case = looking.find(claims.shared_while_open(rule), _words_of(rule))
        if case is not None:
            return f"{told(policy, case)}, although {rule.id} cannot be ruled out"
        case = looking.find(claims.left_open(rule), _words_of(rule))
        if case is not None and case.decided_by(policy).outcome.releases:
            return f"{told(policy, case)}, although {rule.id} cannot be ruled out"
    return None


def gaps_name_no_impediment(policy: Policy, looking: Finder, words: tuple[str, ...]) -> str | None:
    """What is held back because a fact is missing is told as a fault, never as a refusal."""
    del words
    for rule in (*policy.bundle.limiting_rules, *policy.bundle.rules):
        case = looking.find(claims.left_open(rule), _words_of(rule))
        if case is not None and not case.decided_by(policy).outcome.releases:
            line = _line(policy, case)
            if line.impediment is not None or line.veiled or line.reply_days is not None:
                return f"{told(policy, case)}, and it is told as a refusal"
    return None


def limits_are_no_impediments(policy: Policy, looking: Finder, words: tuple[str, ...]) -> str | None:
    """What a purpose does not reach is never told as stopped by law."""
    del words
    for rule in policy.bundle.limiting_rules:
        if rule.effect is not Effect.OUT_OF_SCOPE:
            return f"{rule.id} is a limit, and its effect is {rule.effect}"
        case = looking.find(claims.limited(rule), _words_of(rule))
        if case is not None:
            line = _line(policy, case)
            if line.impediment is not None or set(line.grounds) & policy.bundle.impediments.keys():
                return f"{told(policy, case)}, and it is told as stopped by an impediment"
    wrong = [each.id for each in policy.bundle.rules if each.effect is Effect.OUT_OF_SCOPE]
    return f"{wrong[0]} is an impediment or a handling rule, and its effect is that of a limit" if wrong else None


def learning_only_closes_gaps(policy: Policy, looking: Finder, words: tuple[str, ...]) -> str | None:
    """However what is not known turns out, what was shared is, and what was refused is or is not reached."""
    del words

    def taken_back(before: Reading[Any], after: Reading[Any]) -> Any:
        any_of, negated = before.logic.any_of, before.logic.negated
        refused = any_of([before.withheld, before.ask])
        still = any_of([after.withheld, after.ask, negated(after.in_scope)])
        wrong = [
            before.all_of(before.released, negated(after.released)),
            before.all_of(refused, negated(still)),
            before.all_of(before.withheld, after.ask),
        ]
        return before.all_of(claims.completes(before, after), any_of(wrong))

    return _pair_told(policy, looking.find_pair(taken_back), "and when more is known")


def absolute_is_absolute(policy: Policy, looking: Finder, words: tuple[str, ...]) -> str | None:
    """An absolute impediment applies whoever asks, and for every purpose that reaches the field."""
    del words
    for rule in policy.bundle.impediments.values():
        if rule.strength != "absolute":
            continue

        def lifted(one: Reading[Any], other: Reading[Any], rule: Rule = rule) -> Any:
            same_record = claims.same(one, other, ("record", "child", "kind", "classification"))
            shared = one.all_of(other.in_scope, one.logic.negated(other.sure(rule)))
            return one.all_of(same_record, one.sure(rule), shared)

        problem = _pair_told(policy, looking.find_pair(lifted, _words_of(rule)), f"{rule.id} is absolute, and yet")
        if problem is not None:
            return problem
    return None


def every_rule_matters(policy: Policy, looking: Finder, words: tuple[str, ...]) -> str | None:
    """Every rule decides some question in scope, and every exception lifts its rule in one."""
    del words
    if not looking.proves:
        return None  # not found by trying is not the same as not there
    for rule in (*policy.bundle.limiting_rules, *policy.bundle.rules):
        if looking.find(claims.limited(rule) if rule.id in policy.bundle.limits else claims.surely(rule)) is None:
            return f"{rule.id} never applies to anything that a purpose reaches"
        for number, exception in enumerate(rule.does_not_apply_when):
            if not _derivable(policy, exception):
                continue
            if looking.find(claims.lifted_by(rule, number)) is None:
                return f"{rule.id} is never lifted by its exception {exception.because!r} alone"
    return None


def consent_is_no_key(policy: Policy, looking: Finder, words: tuple[str, ...]) -> str | None:
    """No impediment applies because of ``words``, and under a duty each that they lift is lifted otherwise too."""
    for rule in policy.bundle.impediments.values():
        if because := set(words).intersection(rule.applies_when.record_has):
            return f"{rule.id} applies because of {', '.join(sorted(because))}"
    duties = [each.id for each in policy.bundle.purposes.values() if each.kind == "duty"]
    for rule in policy.bundle.impediments.values():
        turning = [each for each in rule.does_not_apply_when if set(words) & set(each.record_has)]
        for duty in duties if turning else ():
            if looking.find(claims.bites_under(rule, duty), _words_of(rule)) is None or not looking.proves:
                continue
            if looking.find(claims.lifted_without(rule, duty, words), _words_of(rule)) is None:
                return f"purpose {duty}: {rule.id} can only be lifted by {', '.join(words)}"
    return None


PROOFS: Mapping[str, Proof] = {
    each.__name__.replace("_", "-"): each
    for each in (
        refusals_are_named,
        one_veil,
        unknown_is_never_shared,
        gaps_name_no_impediment,
        limits_are_no_impediments,
        learning_only_closes_gaps,
        absolute_is_absolute,
        every_rule_matters,
        consent_is_no_key,
    )
}


def _spaced(outcome: Outcome) -> str:
    return outcome.replace("_", " ")


def _line(policy: Policy, case: Case) -> Line:
    """The line that holds the field of ``case`` back."""
    return next(line for line in case.record_decision(policy).lines if case.field in line.fields)


def _pair_told(policy: Policy, pair: tuple[Case, Case] | None, between: str) -> str | None:
    return f"{told(policy, pair[0])}; {between}, {told(policy, pair[1])}" if pair else None


def _bars(policy: Policy) -> tuple[Rule, ...]:
    return tuple(each for each in policy.bundle.rules if each.effect in (Effect.WITHHOLD, Effect.MASK, Effect.ASK))


def _words_of(rule: Rule) -> tuple[str, ...]:
    return tuple(word for each in (rule.applies_when, *rule.does_not_apply_when) for word in each.record_has)


def _derivable(policy: Policy, exception: Condition) -> bool:
    """Whether some role gives the exception's recipient words; some words wait for a role to be registered."""
    recipients = policy.bundle.vocabulary.recipients
    return not exception.recipient_is or any(recipients[word] for word in exception.recipient_is)

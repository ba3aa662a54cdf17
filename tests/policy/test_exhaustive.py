"""Every state of the facts that one rule reads: true, false and not known, for every purpose, class and recipient.

Each rule stands alone in a catalogue with one field of each class it could meet, so that nothing else decides.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

import pytest

from hub.domain.catalogue import Catalogue, FieldSpec, KindSpec, Section, ValueType
from hub.domain.disclosure import Outcome
from hub.domain.organisations import Sector
from hub.domain.records import RecordPointer
from hub.policy.bundle import Bundle, Condition, Detail, Effect, Rule
from hub.policy.engine import Policy
from hub.policy.facts import RequestFacts
from tests.policy import naive
from tests.policy.cases import bundle

RULES = (*bundle().rules, *bundle().limiting_rules)
STATES_MIN = 400_000
"""Fewer would mean that rules, or words in them, went missing."""

EXPECTED = {
    Effect.WITHHOLD: Outcome.WITHHELD,
    Effect.MASK: Outcome.WITHHELD,
    Effect.ASK: Outcome.ASK,
    Effect.NOTICE: Outcome.SHARED_WITH_HANDLING,
    Effect.NOT_BUILT: Outcome.GAP,
    Effect.OUT_OF_SCOPE: Outcome.OUT_OF_SCOPE,
}


def words(rule: Rule, key: str) -> list[str]:
    conditions: tuple[Condition, ...] = (rule.applies_when, *rule.does_not_apply_when)
    return sorted({word for condition in conditions for word in getattr(condition, key)})


CLASSES = tuple(bundle().vocabulary.classifications)


def purposes(rule: Rule) -> list[str]:
    spoken = words(rule, "purpose_is")
    return [*spoken, *[each for each in bundle().purposes if each not in spoken][:1]]


def roles() -> list[str]:
    """For every recipient word a role that gives it, one that gives none, and one nobody knows."""
    recipients, known = bundle().vocabulary.recipients, bundle().vocabulary.roles
    giving = [min(given) for given in recipients.values() if given]
    others = [role for role in known if not any(role in given for given in recipients.values())]
    return list(dict.fromkeys([*giving, others[0], "locum"]))


ROLES = roles()


def alone(rule: Rule) -> Bundle:
    """The project's words and purposes with one rule, no choices, and a kind of record that has one field of each class."""
    of = bundle()
    everywhere = frozenset(of.purposes)
    fields = tuple(FieldSpec(name, name, ValueType.TEXT, name, "x.y", everywhere) for name in CLASSES)
    kind = KindSpec("thing", "Thing", Section.IDENTITY, Sector.COUNCIL, "Test", fields)
    open_to_all = {
        name: dataclasses.replace(
            purpose,
            recipient_sectors=frozenset(Sector),
            recipient_roles=frozenset(),
            detail={"thing": Detail.FULL},
        )
        for name, purpose in of.purposes.items()
    }
    return dataclasses.replace(
        of,
        catalogue=Catalogue({"thing": kind}),
        vocabulary=dataclasses.replace(of.vocabulary, choices=()),
        purposes=open_to_all,
        impediments={rule.id: rule} if rule.id in of.impediments else {},
        handling={rule.id: rule} if rule.id in of.handling else {},
        limits={rule.id: rule} if rule.id in of.limits else {},
    )


def settled(facts: Sequence[str]) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Every way of each fact being false, true or not known: (true, not known)."""
    for values in itertools.product("FTU", repeat=len(facts)):
        pairs = list(zip(facts, values, strict=True))
        yield frozenset(w for w, v in pairs if v == "T"), frozenset(w for w, v in pairs if v == "U")


def states(rule: Rule) -> int:
    """How many there are."""
    facts = len(words(rule, "record_has")) + len(words(rule, "subject_is"))
    return 3**facts * len(purposes(rule)) * len(ROLES) * len(CLASSES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_state_of_one_rule(rule: Rule) -> None:
    of = alone(rule)
    engine, seen, count = Policy(of), set(), 0
    for (true, unknown), (child, child_unknown) in itertools.product(
        settled(words(rule, "record_has")), settled(words(rule, "subject_is"))
    ):
        record = RecordPointer("council", "thing", "r-1", true, unknown)
        for purpose, role in itertools.product(purposes(rule), ROLES):
            facts = RequestFacts(purpose, role, Sector.COUNCIL, True, child, child_unknown)
            decided = engine.decide(facts, record).fields
            for name, applies in naive.verdicts(of, rule, facts, record).items():
                count += 1
                seen.add(applies)
                outcome = decided[name].outcome
                if applies is None:
                    assert outcome is Outcome.GAP, (facts, record, name)
                elif applies:
                    assert outcome is EXPECTED[rule.effect], (facts, record, name)
                    named = decided[name].handling if outcome.releases else decided[name].grounds
                    assert named == (rule.id,)
                else:
                    assert outcome is Outcome.SHARED, (facts, record, name)
    assert count == states(rule)
    could_be_unknown = any(words(rule, key) for key in ("record_has", "subject_is", "recipient_is"))
    assert seen == ({True, False, None} if could_be_unknown else {True, False})


def test_there_are_as_many_states_as_there_should_be() -> None:
    assert sum(states(rule) for rule in RULES) >= STATES_MIN

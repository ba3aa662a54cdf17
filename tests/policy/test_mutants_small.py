"""Every change there is of a small set of policies: which are made, in which order, and what each changes.

What was changed is written here by hand, so that no line of what makes them answers for itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from hub.domain.catalogue import Catalogue
from hub.domain.organisations import Sector
from hub.policy.bundle import Bundle, Condition, Effect, Rule
from hub.policy.mutants import Mutant, mutants
from tests.policy.small import AGREED, HANDLING, IMPEDIMENTS, KINDS, LATER, LIMITS, PURPOSES, SMALL, VOCABULARY, WIDER

RULES = {each.id: each for each in (*SMALL.rules, *SMALL.limiting_rules)}
CHANGED: dict[str, dict[str, Any]] = {
    # What is said of a rule, and the parts of it that differ; none where it is gone.
    "bar-order removed": {},
    "bar-order asks instead of withholding": {"effect": Effect.ASK},
    "bar-order veiled": {"veiled": True},
    "bar-other removed": {},
    "bar-other without `record_has`": {"applies_when": Condition(subject_is=("grown",))},
    "bar-other without 'sealed' in `record_has`": {
        "applies_when": Condition(record_has=("shut",), subject_is=("grown",))
    },
    "bar-other without 'shut' in `record_has`": {
        "applies_when": Condition(record_has=("sealed",), subject_is=("grown",))
    },
    "bar-other without `subject_is`": {"applies_when": Condition(record_has=("sealed", "shut"))},
    "bar-other without its exception 'agreed'": {"does_not_apply_when": ()},
    "bar-other asks instead of withholding": {"effect": Effect.ASK},
    "bar-other veiled": {"veiled": True},
    "ask-high removed": {},
    "ask-high without `record_has`": {"applies_when": Condition(recipient_is=("outer",))},
    "ask-high without `recipient_is`": {"applies_when": Condition(record_has=("high",))},
    "ask-high withholds instead of asking": {"effect": Effect.WITHHOLD},
    "bar-second removed": {},
    "bar-second asks instead of withholding": {"effect": Effect.ASK},
    "bar-second veiled": {"veiled": True},
    "bar-statute removed": {},
    "bar-statute without `record_has`": {"applies_when": Condition(classification_is=("deep", "plain"))},
    "bar-statute without 'shut' in `record_has`": {
        "applies_when": Condition(record_has=("own",), classification_is=("deep", "plain"))
    },
    "bar-statute without 'own' in `record_has`": {
        "applies_when": Condition(record_has=("shut",), classification_is=("deep", "plain"))
    },
    "bar-statute without `classification_is`": {"applies_when": Condition(record_has=("shut", "own"))},
    "bar-statute without 'deep' in `classification_is`": {
        "applies_when": Condition(record_has=("shut", "own"), classification_is=("plain",))
    },
    "bar-statute without 'plain' in `classification_is`": {
        "applies_when": Condition(record_has=("shut", "own"), classification_is=("deep",))
    },
    "bar-statute without its exception 'agreed'": {"does_not_apply_when": (WIDER, LATER)},
    "bar-statute without its exception 'their work'": {"does_not_apply_when": (AGREED, LATER)},
    "bar-statute without `purpose_is` in its exception 'their work'": {
        "does_not_apply_when": (AGREED, replace(WIDER, purpose_is=()), LATER)
    },
    "bar-statute without 'wide' in `purpose_is` in its exception 'their work'": {
        "does_not_apply_when": (AGREED, replace(WIDER, purpose_is=("all", "later")), LATER)
    },
    "bar-statute without `recipient_is` in its exception 'their work'": {
        "does_not_apply_when": (AGREED, replace(WIDER, recipient_is=()), LATER)
    },
    "bar-statute without 'inner' in `recipient_is` in its exception 'their work'": {
        "does_not_apply_when": (AGREED, replace(WIDER, recipient_is=("nobody", "outer")), LATER)
    },
    "bar-statute without 'outer' in `recipient_is` in its exception 'their work'": {
        "does_not_apply_when": (AGREED, replace(WIDER, recipient_is=("inner", "nobody")), LATER)
    },
    "bar-statute asks instead of withholding": {"effect": Effect.ASK, "veiled": False},
    "bar-statute told openly": {"veiled": False},
    "ask-low removed": {},
    "ask-low without its exception 'whoever it is'": {"does_not_apply_when": ()},
    "ask-low withholds instead of asking": {"effect": Effect.WITHHOLD},
    "hide-who removed": {},
    "hide-who veiled": {"veiled": True},
    "tell-them removed": {},
    "end-deep removed": {},
    "end-deep without `classification_is`": {"applies_when": Condition(purpose_is=("narrow", "wide"))},
    "end-deep without `purpose_is`": {"applies_when": Condition(classification_is=("deep",))},
    "end-deep without 'wide' in `purpose_is`": {
        "applies_when": Condition(classification_is=("deep",), purpose_is=("narrow",))
    },
    "end-deep without its exception 'inner'": {"does_not_apply_when": ()},
}


def _rules(now: Mapping[str, Rule]) -> Bundle:
    """The set with other rules, in the places where they were."""
    return replace(
        SMALL,
        impediments={name: now[name] for name in IMPEDIMENTS if name in now},
        handling={name: now[name] for name in HANDLING if name in now},
        limits={name: now[name] for name in LIMITS if name in now},
    )


def _of_rule(says: str, parts: Mapping[str, Any]) -> Mutant:
    every = {**IMPEDIMENTS, **HANDLING, **LIMITS}
    was = every.pop(says.split(" ", maxsplit=1)[0])
    if not parts:
        return Mutant(says, _rules(every), (was,))
    is_now = replace(was, **parts)
    return Mutant(says, _rules({**every, was.id: is_now}), (was, is_now))


def _of_ranks(says: str, one: int, other: int, *shown: str) -> Mutant:
    now = {one: other, other: one}
    swapped = {name: replace(rule, rank=now.get(rule.rank, rule.rank)) for name, rule in IMPEDIMENTS.items()}
    return Mutant(says, replace(SMALL, impediments=swapped), shown_by=shown)


def _words(**changed: Any) -> Bundle:
    return replace(SMALL, vocabulary=replace(VOCABULARY, **changed))


def _of_label(label: str) -> Mutant:
    """``visit`` without one of the words that it has by its nature."""
    visit = replace(KINDS[1], labels=KINDS[1].labels - {label})
    kinds = Catalogue.of((KINDS[0], visit, *KINDS[2:]))
    says = f"visit without its own label {label!r}"
    return Mutant(says, replace(SMALL, catalogue=kinds), kinds=frozenset({"visit"}))


def _of_role(role: str, word: str, readers: str) -> Mutant:
    recipients = {**VOCABULARY.recipients, word: VOCABULARY.recipients[word] - {role}}
    rules = tuple(RULES[each] for each in readers.split())
    return Mutant(f"{role} no longer counts as {word}", _words(recipients=recipients), rules)


def _of_purpose(purpose: str, what: str, **changed: Any) -> Mutant:
    others = {name: each for name, each in PURPOSES.items() if name != purpose}
    if changed:
        others[purpose] = replace(PURPOSES[purpose], **changed)
    return Mutant(f"{purpose} {what}", replace(SMALL, purposes=others), purposes=frozenset({purpose}))


def _of_reach(says: str, purposes: str, kinds: str, **reached: str) -> Mutant:
    """``reached``: ``kind_field`` to the purposes that now reach it, as words."""

    def reach(kind: str, field: str, now: frozenset[str]) -> frozenset[str]:
        told = reached.get(f"{kind}_{field}")
        return now if told is None else frozenset(told.split())

    changed = (
        replace(
            kind,
            fields=tuple(replace(each, needed_for=reach(kind.id, each.name, each.needed_for)) for each in kind.fields),
        )
        for kind in KINDS
    )
    bundle = replace(SMALL, catalogue=Catalogue.of(changed))
    return Mutant(says, bundle, purposes=frozenset(purposes.split()), kinds=frozenset(kinds.split()))


ALL = (
    *(_of_rule(says, parts) for says, parts in CHANGED.items()),
    _of_ranks("statute named before order", 0, 1, "sealed shut", "sealed barred"),
    _of_ranks("privilege named before statute", 1, 2, "shut shut", "barred shut"),
    Mutant("'heard' without its choice of low, high", _words(choices=VOCABULARY.choices[1:]), shown_by=("heard",)),
    Mutant("'mild' without its choice of low, agreed", _words(choices=VOCABULARY.choices[:1]), shown_by=("mild",)),
    _of_label("heard"),
    _of_label("own"),
    _of_role("leader", "inner", "bar-statute end-deep"),
    _of_role("worker", "inner", "bar-statute end-deep"),
    _of_role("constable", "outer", "ask-high bar-statute"),
    _of_purpose("wide", "removed"),
    _of_purpose("wide", "without the need of 'minuted'", decision=None, needs_decision=False),
    _of_purpose("wide", "closed to council", recipient_sectors=frozenset({Sector.POLICE, Sector.EDUCATION})),
    _of_purpose("wide", "closed to police", recipient_sectors=frozenset({Sector.COUNCIL, Sector.EDUCATION})),
    _of_purpose(
        "wide",
        "open to health too",
        recipient_sectors=frozenset({Sector.COUNCIL, Sector.POLICE, Sector.EDUCATION, Sector.HEALTH}),
    ),
    _of_reach("wide reaches key_facts instead of full of note", "wide", "note", note_said=""),
    _of_reach("wide reaches existence instead of full of event", "wide", "event", event_what=""),
    _of_reach("wide reaches key_facts instead of nothing of letter", "wide", "letter", letter_text="wide"),
    _of_purpose("narrow", "removed"),
    _of_purpose("narrow", "closed to constable", recipient_roles=frozenset({"worker"})),
    _of_purpose("narrow", "closed to worker", recipient_roles=frozenset({"constable"})),
    _of_purpose("narrow", "open to every role of its sectors", recipient_roles=frozenset()),
    _of_purpose("narrow", "closed to council", recipient_sectors=frozenset({Sector.POLICE})),
    _of_purpose("narrow", "closed to police", recipient_sectors=frozenset({Sector.COUNCIL})),
    _of_reach("narrow reaches full instead of key_facts of note", "narrow", "note", note_said="wide narrow"),
    _of_reach("narrow reaches existence instead of key_facts of note", "narrow", "note", note_seen="wide"),
    _of_reach(
        "narrow reaches existence instead of nothing of visit", "narrow", "visit", visit_day="wide narrow single"
    ),
    _of_reach("narrow reaches existence instead of nothing of event", "narrow", "event", event_when="wide all narrow"),
    _of_reach("narrow reaches key_facts instead of nothing of letter", "narrow", "letter", letter_text="narrow"),
    _of_purpose("all", "removed"),
    _of_purpose("all", "closed to leader", recipient_roles=frozenset({"worker"})),
    _of_purpose("all", "closed to worker", recipient_roles=frozenset({"leader"})),
    _of_purpose("all", "closed to council", recipient_sectors=frozenset()),
    _of_reach("all reaches key_facts instead of existence of note", "all", "note", note_seen="wide narrow all"),
    _of_reach("all reaches nothing instead of existence of note", "all", "note", note_held="wide narrow single"),
    _of_reach("all reaches existence instead of nothing of visit", "all", "visit", visit_day="wide all single"),
    _of_reach("all reaches key_facts instead of existence of event", "all", "event", event_what="wide all"),
    _of_reach("all reaches nothing instead of existence of event", "all", "event", event_when="wide"),
    _of_reach("all reaches key_facts instead of nothing of letter", "all", "letter", letter_text="all"),
    _of_purpose("single", "removed"),
    _of_purpose("single", "closed to health", recipient_sectors=frozenset()),
    _of_reach(
        "single reaches key_facts instead of existence of note, visit",
        "single",
        "note visit",
        note_seen="wide narrow single",
        visit_who="wide single",
    ),
    _of_reach(
        "single reaches nothing instead of existence of note, visit",
        "single",
        "note visit",
        note_held="wide narrow all",
        visit_day="wide",
    ),
    _of_reach("single reaches existence instead of nothing of event", "single", "event", event_when="wide all single"),
    _of_reach("single reaches key_facts instead of nothing of letter", "single", "letter", letter_text="single"),
    _of_reach(
        "'bare' counts as key_facts instead of existence",
        "all single",
        "note visit event",
        note_held="wide narrow",
        visit_day="wide",
        event_when="wide",
    ),
    _of_reach(
        "'plain' counts as existence instead of key_facts",
        "all single",
        "note visit event",
        note_seen="wide narrow all single",
        visit_who="wide single",
        event_what="wide all",
    ),
    _of_reach("'plain' counts as full instead of key_facts", "narrow", "note", note_seen="wide"),
    _of_reach("'deep' counts as key_facts instead of full", "narrow", "note", note_said="wide narrow"),
)


def test_these_and_no_others_are_made() -> None:
    said = [each.says for each in mutants(SMALL)]
    assert sorted(said) == sorted(each.says for each in ALL)
    assert said[: len(CHANGED)] == list(CHANGED), "rules first, primary first"


@pytest.mark.parametrize("expected", ALL, ids=lambda each: each.says)
def test_it_changes_what_it_says_and_says_what_it_can_matter_to(expected: Mutant) -> None:
    (made,) = (each for each in mutants(SMALL) if each.says == expected.says)
    assert made == expected


def test_what_has_no_level_is_reached_last() -> None:
    """As the loader has it, so that a class that was forgotten is not reached by accident."""
    levels = {word: level for word, level in VOCABULARY.levels.items() if word != "deep"}
    bundle = _words(levels=levels)
    expected = [each.says for each in ALL if "'deep' counts" not in each.says]
    assert sorted(each.says for each in mutants(bundle)) == sorted(expected)

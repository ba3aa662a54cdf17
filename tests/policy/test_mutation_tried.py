"""Which questions are tried to show a change of the small policies, and in which order: the plainest first."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from hub.policy import mutation
from hub.policy.bundle import Bundle, Condition, Detail, Rule, Vocabulary
from hub.policy.mutants import Mutant
from hub.policy.mutation import score
from hub.policy.tables import ALL, Facts, Question, question
from tests.policy.small import IMPEDIMENTS, LIMITS, PURPOSES, SMALL

NONE = ("", "")


def tried(monkeypatch: pytest.MonkeyPatch, bundle: Bundle = SMALL, **touches: Any) -> list[Facts]:
    """Every question, for a change that changes nothing and is said to touch this."""
    seen: list[Facts] = []

    def record(facts: Facts, vocabulary: Vocabulary) -> Question:
        seen.append(facts)
        return question(facts, vocabulary)

    monkeypatch.setattr(mutation, "question", record)
    (left,) = score(bundle, [], [Mutant("nothing", bundle, **touches)]).survivors
    assert left.row is None
    return seen


def of_rule(rule: Rule, **parts: Any) -> Rule:
    """The rule with other conditions."""
    return replace(rule, **parts)


SEALED = IMPEDIMENTS["bar-order"]
OF_ROLE = Condition(recipient_is=("outer", "inner"), because="role")


@pytest.mark.parametrize(
    ("touches", "labels", "child", "kinds", "roles", "purposes"),
    [
        pytest.param(
            {"rules": (SEALED,)},
            [NONE, ("sealed", ""), ("", "sealed")],
            [NONE],
            "note event",
            "worker constable nurse ?somebody",
            "wide single",
            id="a word of a record",
        ),
        pytest.param(
            {"rules": (IMPEDIMENTS["bar-other"],)},
            [
                NONE,
                ("sealed", ""),
                ("shut", ""),
                ("sealed agreed", ""),
                ("shut agreed", ""),
                ("", "sealed"),
                ("", "shut"),
                ("sealed", "agreed"),
                ("shut", "agreed"),
            ],
            [NONE, ("grown", ""), ("", "grown")],
            "note event",
            "worker constable nurse ?somebody",
            "wide single",
            id="words of an exception beside those of the rule",
        ),
        pytest.param(
            {
                "rules": (
                    of_rule(
                        IMPEDIMENTS["bar-second"],
                        applies_when=Condition(classification_is=("plain",)),
                        does_not_apply_when=(
                            Condition(record_has=("agreed", "idle"), because="record"),
                            Condition(subject_is=("grown",), because="child"),
                        ),
                    ),
                )
            },
            [NONE, (" agreed", ""), (" idle", ""), ("", "agreed"), ("", "idle")],
            [NONE, (" grown", ""), ("", "grown")],
            "visit note event",
            "worker constable nurse ?somebody",
            "wide single",
            id="words of exceptions alone, a class",
        ),
        pytest.param(
            {"rules": (of_rule(SEALED, applies_when=Condition(classification_is=("deep", "bare"))),)},
            [NONE],
            [NONE],
            "note event",
            "worker constable nurse ?somebody",
            "wide single",
            id="classes: two kinds for each at most, each once",
        ),
        pytest.param(
            {"rules": (of_rule(SEALED, applies_when=Condition(record_has=("own",), classification_is=("deep",))),)},
            [NONE, ("own", ""), ("", "own")],
            [NONE],
            "visit note",
            "worker constable nurse ?somebody",
            "wide single",
            id="a kind that has the word by its nature first",
        ),
        pytest.param(
            {"rules": (of_rule(SEALED, applies_when=Condition(purpose_is=("later", "narrow", "wide"))),)},
            [NONE],
            [NONE],
            "note event",
            "worker constable nurse ?somebody",
            "wide single narrow",
            id="purposes that it names, once, and only those there are",
        ),
        pytest.param(
            {"rules": (of_rule(SEALED, applies_when=Condition(), does_not_apply_when=(OF_ROLE,)),)},
            [NONE],
            [NONE],
            "note event",
            "constable leader worker nurse ?somebody",
            "wide single",
            id="roles that it tells apart first",
        ),
        pytest.param(
            {"rules": (of_rule(SEALED, applies_when=Condition(recipient_is=("strangers",))),)},
            [NONE],
            [NONE],
            "note event",
            "worker constable nurse ?somebody",
            "wide single",
            id="a recipient word that stands for nobody",
        ),
        pytest.param(
            {"rules": (LIMITS["end-old"],), "kinds": frozenset({"visit", "letter"})},
            [NONE],
            [NONE],
            "letter",
            "worker constable nurse ?somebody",
            "wide single",
            id="only kinds that it touches, plain ones where the rule says nothing of them",
        ),
        pytest.param(
            {"kinds": frozenset({"event", "visit"})},
            [NONE],
            [NONE],
            "visit event",
            "worker constable nurse ?somebody",
            "wide single",
            id="kinds, in their order",
        ),
        pytest.param(
            {"purposes": frozenset({"wide", "all"})},
            [NONE],
            [NONE],
            "note visit event letter",
            "worker leader constable sergeant nurse ?somebody",
            "all wide",
            id="purposes: every role, and one that nobody knows",
        ),
        pytest.param(
            {"shown_by": ("sealed shut", "barred")},
            [("sealed shut", ""), ("barred", ""), NONE],
            [NONE],
            "note visit event letter",
            "worker constable nurse ?somebody",
            "wide single",
            id="words that show it, before any others",
        ),
        pytest.param(
            {"rules": (SEALED,), "shown_by": ("idle",)},
            [("idle", ""), NONE, ("sealed", ""), ("", "sealed")],
            [NONE],
            "note event",
            "worker constable nurse ?somebody",
            "wide single",
            id="and before the rule's own",
        ),
    ],
)
def test_in_this_order(
    monkeypatch: pytest.MonkeyPatch,
    touches: dict[str, Any],
    labels: list[tuple[str, str]],
    child: list[tuple[str, str]],
    kinds: str,
    roles: str,
    purposes: str,
) -> None:
    """``labels`` and ``child``: words stated, and words not stated. Last, all of it without a recorded decision."""
    every = product(labels, child, kinds.split(), roles.split(), purposes.split())
    stated = [Facts(kind, ALL, why, role, "yes", *words, *of_child) for words, of_child, kind, role, why in every]
    plain = product(kinds.split(), roles.split(), purposes.split())
    assert tried(monkeypatch, **touches) == [
        *stated,
        *(Facts(kind, ALL, why, role, "no") for kind, role, why in plain),
    ]


def test_rule_after_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = (SEALED, IMPEDIMENTS["bar-second"])
    one_by_one = [facts for rule in rules for facts in tried(monkeypatch, rules=(rule,))]
    assert tried(monkeypatch, rules=rules) == one_by_one


@pytest.mark.parametrize(
    ("broad", "first"),
    [
        pytest.param("note visit", "narrow", id="all of one kind is more than that there are two"),
        pytest.param("note visit event", "all", id="three are as much, and it is the first"),
    ],
)
def test_the_purpose_that_reaches_furthest(monkeypatch: pytest.MonkeyPatch, broad: str, first: str) -> None:
    """A level counts one more than those below it, a kind that is reached counts."""
    purposes = {
        "all": replace(PURPOSES["all"], detail=dict.fromkeys(broad.split(), Detail.EXISTENCE)),
        "narrow": replace(PURPOSES["narrow"], detail={"note": Detail.FULL}),
    }
    seen = tried(monkeypatch, replace(SMALL, purposes=purposes), rules=(SEALED,))
    assert (seen[0].role, seen[0].purpose) == ("worker", first)


def test_where_nobody_may_ask_the_widest_purpose_is_tried_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is out of scope, which is an answer too."""
    only = replace(SMALL, purposes={"narrow": PURPOSES["narrow"]})
    assert {facts.purpose for facts in tried(monkeypatch, only, rules=(SEALED,))} == {"narrow"}

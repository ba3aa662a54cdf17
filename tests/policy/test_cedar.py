"""The engine against Cedar: the same policies as Cedar text, decided by an engine that shares no code with ours."""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from random import Random

import cedarpy
import pytest

from hub.domain.disclosure import Outcome
from hub.policy.assurance.cedar import Answer, answer, cedar_entities, cedar_policies, cedar_request
from hub.policy.bundle import Bundle, Detail, Effect, Rule
from hub.policy.engine import Policy
from tests.policy.cases import bundle, pointer, request
from tests.policy.draws import Draw, Drawer

FIXED_SEED = 20261122
REQUESTS = 26_000
"""For each of two seeds: 52,000 a run."""
BATCH = 2_000


class Cedar:
    """Cedar with one bundle's policies, read once."""

    def __init__(self, of: Bundle) -> None:
        self._bundle = of
        self._policies = cedarpy.PolicySet.from_str(cedar_policies(of))
        self._entities = cedarpy.Entities.from_json_str(json.dumps(cedar_entities(of)))

    def ids(self, drawn: Iterable[Draw]) -> list[list[str]]:
        """The ids of the policies that determined each answer."""
        asked = [cedar_request(self._bundle, each.request, each.pointer, each.name, each.judged) for each in drawn]
        found = cedarpy.is_authorized_batch(asked, self._policies, self._entities)
        for each in found:
            assert each.diagnostics.errors == []  # Cedar skips a policy whose condition errors: none may
        return [sorted(each.diagnostics.id_annotations_by_reason.values()) for each in found]


def ours(compiled: Policy, drawn: Draw) -> Answer:
    decided = compiled.decide(drawn.request, drawn.pointer, drawn.judged).fields[drawn.name]
    rules = decided.handling if decided.outcome.releases else decided.grounds
    return Answer(decided.outcome, frozenset(rules), decided.veiled)


def rules_named(ids: Iterable[str]) -> set[str]:
    return {each.split(".", 3)[3] for each in ids}


def without_exceptions(of: Bundle) -> Bundle:
    def bare(rules: Mapping[str, Rule]) -> dict[str, Rule]:
        return {name: dataclasses.replace(rule, does_not_apply_when=()) for name, rule in rules.items()}

    return dataclasses.replace(of, impediments=bare(of.impediments), handling=bare(of.handling), limits=bare(of.limits))


def could_be_open(rule: Rule) -> bool:
    """Purposes and classes are always known; words, facts of the child and recipients may not be."""
    conditions = (rule.applies_when, *rule.does_not_apply_when)
    return any(each.record_has or each.subject_is or each.recipient_is for each in conditions)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [FIXED_SEED, secrets.randbits(32)], ids=["a fixed seed", "a fresh seed"])
def test_cedar_and_the_engine_agree(seed: int) -> None:
    of = bundle()
    cedar, bare, compiled, drawer = Cedar(of), Cedar(without_exceptions(of)), Policy(of), Drawer(of, Random(seed))
    seen: dict[str, set[str]] = defaultdict(set)
    outcomes: set[Outcome] = set()
    for _ in range(REQUESTS // BATCH):
        drawn = [drawer.draw() for _ in range(BATCH)]
        for each, ids in zip(drawn, cedar.ids(drawn), strict=True):
            said = answer(ids)
            assert said == ours(compiled, each), f"seed {seed}: {each}"
            outcomes.add(said.outcome)
            for step, *_, rule in (found.split(".", 3) for found in ids):
                seen[rule].add("open" if step == "5" else "sure")
        lifted = [each for each in drawn if each.aim == "lifted" and "lifted" not in seen[each.rule.id]]
        for each, ids, otherwise in zip(lifted, cedar.ids(lifted), bare.ids(lifted), strict=True):
            if each.rule.id in rules_named(otherwise) - rules_named(ids):
                seen[each.rule.id].add("lifted")
    assert outcomes == set(Outcome)
    for rule in (*of.rules, *of.limiting_rules):
        due = {"sure", *(["open"] if could_be_open(rule) else []), *(["lifted"] if rule.does_not_apply_when else [])}
        assert due <= seen[rule.id], f"seed {seed}: {rule.id} was only {sorted(seen[rule.id])}"


def replaced(rule_id: str, **changes: object) -> Callable[[Bundle], Bundle]:
    def change(of: Bundle) -> Bundle:
        rule = dataclasses.replace(of.impediments[rule_id], **changes)  # type: ignore[arg-type]
        return dataclasses.replace(of, impediments={**of.impediments, rule_id: rule})

    return change


def lost(rule_id: str) -> Callable[[Bundle], Bundle]:
    return lambda of: dataclasses.replace(
        of, impediments={name: rule for name, rule in of.impediments.items() if name != rule_id}
    )


def reworded(**changes: object) -> Callable[[Bundle], Bundle]:
    return lambda of: dataclasses.replace(of, vocabulary=dataclasses.replace(of.vocabulary, **changes))  # type: ignore[arg-type]


def repurposed(purpose: str, **changes: object) -> Callable[[Bundle], Bundle]:
    def change(of: Bundle) -> Bundle:
        return dataclasses.replace(
            of,
            purposes={**of.purposes, purpose: dataclasses.replace(of.purposes[purpose], **changes)},  # type: ignore[arg-type]
        )

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lost("imp-lpp"), id="an impediment is lost"),
        pytest.param(replaced("imp-court-order", effect=Effect.ASK), id="a bar becomes a question"),
        pytest.param(replaced("imp-adoption-s57", veiled=False), id="a veil is lifted"),
        pytest.param(replaced("imp-lpp", does_not_apply_when=()), id="a sure exception is lost"),
        pytest.param(replaced("imp-family-proceedings", does_not_apply_when=()), id="an exception by role is lost"),
        pytest.param(replaced("imp-gillick", does_not_apply_when=()), id="an exception by purpose is lost"),
        pytest.param(reworded(choices=()), id="a choice is lost"),
        pytest.param(
            repurposed("ca2004-s16la", detail=dict.fromkeys(bundle().catalogue.kinds, Detail.EXISTENCE)),
            id="a purpose needs less",
        ),
        pytest.param(repurposed("ca1989-s47", decision=None, needs_decision=False), id="no decision is needed"),
        pytest.param(repurposed("ca2004-s16la", recipient_sectors=frozenset()), id="nobody may state a purpose"),
        pytest.param(
            repurposed("ca2004-s16la", recipient_roles=frozenset({"mash_nurse"})),
            id="only one role may state a purpose",
        ),
    ],
)
def test_the_comparison_notices_when(change: Callable[[Bundle], Bundle]) -> None:
    """Cedar given other policies than ours soon says something else."""
    of = bundle()
    cedar, compiled, drawer = Cedar(change(of)), Policy(of), Drawer(of, Random(FIXED_SEED))

    def differs() -> bool:
        drawn = [drawer.draw() for _ in range(250)]
        return any(answer(ids) != ours(compiled, each) for each, ids in zip(drawn, cedar.ids(drawn), strict=True))

    assert any(differs() for _ in range(40))


def test_a_kind_nobody_catalogued_is_a_gap_for_cedar_too() -> None:
    of = bundle()
    asked = cedar_request(of, request(), pointer("horoscope"), "*")
    found = cedarpy.is_authorized(asked, cedar_policies(of), cedar_entities(of))
    assert found.decision is cedarpy.Decision.Deny
    assert answer(found.diagnostics.id_annotations_by_reason.values()) == Answer(Outcome.GAP, frozenset(), veiled=False)


def test_the_text_has_every_rule_and_purpose() -> None:
    text = cedar_policies(bundle())
    for each in (*bundle().rules, *bundle().limiting_rules):
        assert text.count(f'.{each.id}")') == 2, each.id
    for purpose in bundle().purposes:
        assert f'@id("8.shared.plain.{purpose}")' in text


def test_no_policy_at_all_is_no_answer() -> None:
    with pytest.raises(ValueError, match="nothing determined"):
        answer([])

"""A proof is about the reading; here the reading is held to the engine, and the solver to the reading."""

from __future__ import annotations

import secrets
from random import Random
from typing import Any

import pytest

from hub.domain.disclosure import Outcome
from hub.domain.organisations import Sector
from hub.policy.assurance.cases import Case
from hub.policy.assurance.logic import Plain
from hub.policy.assurance.prover import Prover
from hub.policy.assurance.question import NONE, consistent
from hub.policy.assurance.reading import OUTCOMES, Reading
from hub.policy.assurance.trier import TRIES_MAX, Trier
from hub.policy.engine import Policy
from tests.policy.cases import bundle
from tests.policy.draws import Draw, Drawer

QUESTIONS = 2_000
CASES = 25


def case_of(drawn: Draw) -> Case:
    """The facts of a drawn question, each settled: what the engine works out before it reads a rule."""
    of, request, pointer, judged = bundle(), drawn.request, drawn.pointer, drawn.judged
    kind = of.catalogue[pointer.kind]
    words = of.vocabulary.labels
    certain = kind.labels | judged.words | judged.of_field(drawn.name)
    true = (certain | (pointer.labels - pointer.undetermined)) & words.keys()
    unknown = ((pointer.undetermined | judged.stale) - true) & words.keys()
    for when, one_of in of.vocabulary.choices:
        if when in true | unknown and not true.intersection(one_of):
            unknown |= set(one_of)
    child = request.subject_facts - request.subject_unknown
    said = pointer.labels | pointer.undetermined | judged.words | judged.stale | {word for _, word in judged.parts}
    of_child = request.subject_facts | request.subject_unknown
    return Case(
        purpose=request.purpose if request.purpose in of.purposes else NONE,
        role=request.role if request.role in of.vocabulary.roles else NONE,
        sector=request.recipient_sector,
        kind=kind.id,
        classification=kind.field(drawn.name).classification,
        field=drawn.name,
        true=tuple(sorted(true)),
        unknown=tuple(sorted(unknown)),
        child_true=tuple(sorted(child & of.vocabulary.subject_facts.keys())),
        child_unknown=tuple(sorted(request.subject_unknown & of.vocabulary.subject_facts.keys())),
        decided=request.decision_recorded,
        odd=not (said <= words.keys() and of_child <= of.vocabulary.subject_facts.keys()),
    )


def read(case: Case) -> dict[str, bool]:
    reading = Reading(bundle(), case.asked(bundle()), Plain())
    return {name: reading.outcome(name) for name in OUTCOMES}


@pytest.mark.parametrize("seed", [20261122, secrets.randbits(32)], ids=["a fixed seed", "a fresh seed"])
def test_the_reading_and_the_engine_agree(seed: int) -> None:
    drawer, engine = Drawer(bundle(), Random(seed)), Policy(bundle())
    seen: set[str] = set()
    for _ in range(QUESTIONS // 2):
        drawn = drawer.draw()
        case = case_of(drawn)
        decided = engine.decide(drawn.request, drawn.pointer, drawn.judged).fields[drawn.name]
        refused = decided.outcome in (Outcome.WITHHELD, Outcome.ASK)
        expected = {
            **{str(each): decided.outcome is each for each in Outcome},
            "released": decided.outcome.releases,
            "veiled": decided.veiled,
            "open": refused and not decided.veiled,
            "hidden": decided.hidden,
        }
        assert read(case) == expected, f"seed {seed}: {drawn}"
        assert consistent(bundle(), case.asked(bundle()), Plain()), f"seed {seed}: {drawn}"
        seen |= {name for name, so in expected.items() if so}
    assert seen == set(OUTCOMES)


@pytest.fixture(scope="module")
def prover() -> Prover:
    return Prover(bundle())


def like(reading: Reading[Any], case: Case) -> Any:
    """That the question is the one of ``case``."""
    asked, so = reading.asked, case.asked(bundle())
    said = []
    for name in ("purpose", "role", "sector", "kind", "classification"):
        said += [each for key, each in getattr(asked, name).items() if getattr(so, name)[key]]
    for name in ("record", "child"):
        for key, pair in getattr(asked, name).items():
            wanted = getattr(so, name)[key]
            said += [each if yes else reading.logic.negated(each) for each, yes in zip(pair, wanted, strict=True)]
    for each, yes in ((asked.decided, so.decided), (asked.odd, so.odd)):
        said.append(each if yes else reading.logic.negated(each))
    return reading.all_of(*said)


def test_the_solver_reads_as_python_does(prover: Prover) -> None:
    drawer = Drawer(bundle(), Random(7))
    for _ in range(CASES):
        case = case_of(drawer.draw())
        for name, so in read(case).items():
            found = prover.find(
                lambda reading, case=case, name=name: reading.all_of(like(reading, case), reading.outcome(name))
            )
            assert (found is not None) == so
            assert found is None or found.asked(bundle()) == case.asked(bundle())


@pytest.mark.parametrize("name", OUTCOMES)
def test_what_the_solver_finds_is_so(name: str, prover: Prover) -> None:
    """For the engine too: what is found is a question that can be asked, and it is decided as claimed."""
    for short in (False, True):
        found = prover.find(lambda reading: reading.outcome(name), short=short)
        assert found is not None
        assert read(found)[name]
        decided = found.decided_by(Policy(bundle()))
        assert str(decided.outcome) == name or name not in set(Outcome)


def test_a_short_find_has_nothing_that_does_not_matter(prover: Prover) -> None:
    found = prover.find(lambda reading: reading.ask, short=True)
    assert found is not None
    assert len(found.true) <= 1 + len(bundle().catalogue[found.kind].labels)
    assert (found.unknown, found.child_true, found.child_unknown, found.odd) == ((), (), (), False)
    assert found.decided
    assert found.role != NONE


def test_what_cannot_be_is_not_found(prover: Prover) -> None:
    assert prover.find(lambda reading: reading.all_of(reading.released, reading.withheld)) is None
    assert prover.find(lambda reading: reading.all_of(*reading.asked.record["privileged"])) is None
    assert prover.find_pair(lambda one, other: one.all_of(one.released, one.ask, other.ask)) is None


def test_finding_leaves_nothing_behind(prover: Prover) -> None:
    assert prover.find(lambda reading: reading.all_of(reading.released, reading.withheld)) is None
    assert prover.find(lambda reading: reading.released, short=True) is not None
    assert prover.find(lambda reading: reading.withheld, short=True) is not None


def test_a_pair_is_two_questions(prover: Prover) -> None:
    found = prover.find_pair(lambda one, other: one.all_of(one.released, other.withheld))
    assert found is not None
    assert read(found[0])["released"]
    assert read(found[1])["withheld"]


def test_trying_tries_questions_that_can_be_asked_and_the_same_ones_every_time() -> None:
    def tried(trier: Trier) -> list[Case]:
        cases: list[Case] = []

        def note(reading: Reading[Any]) -> bool:
            cases.append(Case.of(bundle(), reading.asked))
            assert consistent(bundle(), reading.asked, Plain())
            return False

        assert trier.find(note, ("privileged",)) is None
        return cases

    first = tried(Trier(bundle()))
    assert len(first) > TRIES_MAX
    assert first == tried(Trier(bundle()))
    assert any("privileged" in each.true for each in first)
    assert any("privileged" in each.unknown for each in first)


def test_trying_pairs_tries_questions_that_can_be_asked() -> None:
    def note(one: Reading[Any], other: Reading[Any]) -> bool:
        assert consistent(bundle(), one.asked, Plain())
        assert consistent(bundle(), other.asked, Plain())
        return False

    assert Trier(bundle()).find_pair(note) is None


def test_a_case_is_told_in_words() -> None:
    case = Case(
        purpose="ca1989-s47",
        role="",
        sector=Sector.COUNCIL,
        kind="case_document",
        classification="social_care_detail",
        field="summary",
        true=("privileged",),
        unknown=("court_order",),
        child_true=(),
        child_unknown=("restricted_location",),
        decided=False,
        odd=True,
    )
    assert case.told(bundle()) == (
        "purpose ca1989-s47, role (unknown) in the council sector, summary (social_care_detail) of case_document, "
        "the record has privileged, not known whether it has court_order, not known whether the child is "
        "restricted_location, with a word the vocabulary does not know, the decision it needs is not recorded"
    )

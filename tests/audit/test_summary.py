"""What an answer comes to: counts, custodian by custodian, who was silent, and when no case was found."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from hub.audit.entries import Asked, FieldGroup, MatchLine, MatchResult, RecordLine, SourceLine
from hub.audit.summary import CASE_KINDS, Counts, CustodianLine, count, found_no_case, lines, silent
from hub.domain.disclosure import Outcome
from hub.domain.sources import SourceState
from tests.audit import samples

COUNCIL, NHS, POLICE = "testshire-council", "testshire-nhs", "testshire-police"


def record(*groups: FieldGroup, custodian: str = COUNCIL, kind: str = "assessment") -> RecordLine:
    return RecordLine(custodian, kind, 1, groups)


def group(outcome: Outcome, *grounds: str, veiled: bool = False) -> FieldGroup:
    return FieldGroup(outcome, ("notes",), grounds, veiled)


SHARED, HANDLED = group(Outcome.SHARED), group(Outcome.SHARED_WITH_HANDLING)
GAP, OUT = group(Outcome.GAP), group(Outcome.OUT_OF_SCOPE)


@pytest.mark.parametrize(
    ("records", "counts"),
    [
        pytest.param([], Counts(), id="no records"),
        pytest.param([record()], Counts(records=1), id="a record of which nothing is said"),
        pytest.param([record(SHARED, HANDLED)], Counts(records=1, shared=1), id="a record is shared once"),
        pytest.param([record(HANDLED), record(SHARED)], Counts(records=2, shared=2), id="shared, with handling or not"),
        pytest.param([record(OUT), record(GAP)], Counts(records=2, gaps=1), id="a gap is nobody's refusal"),
        pytest.param(
            [record(SHARED, group(Outcome.WITHHELD, "imp-b", "imp-a"), group(Outcome.WITHHELD, "imp-a"))],
            Counts(records=1, shared=1, withheld=2, grounds=("imp-a", "imp-b")),
            id="every ground once, in order",
        ),
        pytest.param(
            [record(group(Outcome.ASK, "imp-a"))], Counts(records=1, asks=1, grounds=("imp-a",)), id="to ask about"
        ),
        pytest.param(
            [record(group(Outcome.WITHHELD, "imp-s", veiled=True), group(Outcome.ASK, "imp-a"))],
            Counts(records=1, withheld=1, asks=1, veiled=True, grounds=("imp-a",), sealed=("imp-s",)),
            id="a veiled ground is sealed",
        ),
        pytest.param(
            [record(group(Outcome.ASK, "imp-s", "imp-r", veiled=True)), record(group(Outcome.ASK, "imp-s"))],
            Counts(records=2, asks=2, veiled=True, grounds=("imp-s",), sealed=("imp-r", "imp-s")),
            id="veiled here and told there",
        ),
        pytest.param(
            [record(group(Outcome.GAP, "not-a-ground"), group(Outcome.SHARED, "lawful-basis"))],
            Counts(records=1, shared=1, gaps=1),
            id="what a shared field rests on is no impediment",
        ),
    ],
)
def test_counts(records: list[RecordLine], counts: Counts) -> None:
    assert count(iter(records)) == counts


def test_a_line_for_each_custodian_in_the_order_of_the_answer() -> None:
    answer = samples.answer(
        3,
        sources=(SourceLine(NHS, SourceState.NO_ANSWER, "slow", 4_000), SourceLine(COUNCIL, SourceState.ANSWERED)),
        matches=(MatchLine(COUNCIL, MatchResult.SAME, 2), MatchLine("elsewhere-police", MatchResult.REVIEW, 1)),
        records=(record(SHARED), record(GAP), record(GAP, custodian=POLICE)),
    )
    assert lines(answer) == (
        CustodianLine(NHS, "no_answer", "slow", 4_000, None, None, Counts()),
        CustodianLine(COUNCIL, "answered", None, None, "same", 2, Counts(records=2, shared=1, gaps=1)),
        CustodianLine("elsewhere-police", "not_stated", None, None, "review", 1, Counts()),
        CustodianLine(POLICE, "not_stated", None, None, None, None, Counts(records=1, gaps=1)),
    )


@pytest.mark.parametrize(
    ("states", "number"),
    [
        pytest.param([], 0, id="nobody"),
        pytest.param(["answered", "not_held", "possible_match", "not_asked"], 0, id="who was not asked is not silent"),
        pytest.param(["no_answer", "answered", "no_answer"], 2, id="two gave no answer"),
    ],
)
def test_who_was_silent(states: list[str], number: int) -> None:
    sources = tuple(SourceLine(f"agency-{at}", SourceState(state)) for at, state in enumerate(states))
    assert silent(samples.answer(3, sources=sources)) == number


def sourced(**states: str) -> tuple[SourceLine, ...]:
    return tuple(SourceLine(f"testshire-{name}", SourceState(state)) for name, state in states.items())


@pytest.mark.parametrize(
    ("asked", "answer", "no_case"),
    [
        pytest.param(
            {COUNCIL: "assessment"}, {"sources": sourced(council="not_held")}, True, id="it does not know her"
        ),
        pytest.param({COUNCIL: "referral"}, {"sources": sourced(council="answered")}, True, id="it knows her, no case"),
        pytest.param(
            {COUNCIL: "referral"},
            {"sources": sourced(council="answered"), "records": (record(GAP, kind="school"),)},
            True,
            id="another record is no case",
        ),
        pytest.param(
            {COUNCIL: "referral"},
            {"sources": sourced(council="answered"), "records": (record(GAP, kind="school"), record(GAP))},
            False,
            id="a record of a case, whatever of it was shared",
        ),
        pytest.param(
            {COUNCIL: "school early_help"}, {"sources": sourced(council="not_held")}, True, id="one kind of several"
        ),
        pytest.param(
            {COUNCIL: "school"}, {"sources": sourced(council="not_held")}, False, id="nobody was asked for a case"
        ),
        pytest.param({}, {"sources": sourced(council="not_held")}, False, id="nobody was asked"),
        pytest.param({COUNCIL: "referral"}, {"sources": ()}, False, id="it is not said what it answered"),
        *(
            pytest.param({COUNCIL: "referral"}, {"sources": sourced(council=state)}, False, id=state)
            for state in ("no_answer", "not_asked", "possible_match")
        ),
        pytest.param(
            {COUNCIL: "referral", "testshire-neighbour": "referral"},
            {"sources": sourced(council="not_held", neighbour="no_answer")},
            False,
            id="one of two councils was silent",
        ),
        pytest.param(
            {COUNCIL: "referral", POLICE: "incident"},
            {"sources": sourced(council="not_held", police="no_answer")},
            True,
            id="the police hold no cases",
        ),
    ],
)
def test_when_no_case_was_found(asked: dict[str, str], answer: dict[str, Any], no_case: bool) -> None:
    question = samples.question(asked=tuple(Asked(name, tuple(kinds.split())) for name, kinds in asked.items()))
    made = samples.answer(3, **({"matches": (), "records": ()} | answer))
    assert found_no_case(question, made) is no_case


def test_a_case_s_records_are_kinds_a_council_has() -> None:
    council = tomllib.loads((Path(__file__).parents[2] / "policies/fields/council.toml").read_text(encoding="utf-8"))
    assert CASE_KINDS - council.keys() == set()


CASES = [
    "council_involvement",
    "early_help",
    "referral",
    "assessment",
    "section47_enquiry",
    "conference",
    "protection_plan",
    "child_in_need_plan",
    "looked_after_episode",
    "pre_proceedings",
    "care_leaver",
]


@pytest.mark.parametrize("kind", CASES)
def test_each_kind_of_a_case_is_one(kind: str) -> None:
    question = samples.question(asked=(Asked(COUNCIL, (kind,)),))
    sources = sourced(council="answered")
    assert found_no_case(question, samples.answer(3, sources=sources, matches=(), records=()))
    assert not found_no_case(question, samples.answer(3, sources=sources, matches=(), records=(record(kind=kind),)))

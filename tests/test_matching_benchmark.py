"""The matching benchmark runs without the packages it can do without, and its truth is the truth."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from benchmarks.matching import main
from benchmarks.matching_cases import Case, OnFile, outcomes
from benchmarks.matching_households import household_cases, lone_twins, with_absent
from hub.domain.people import Candidate, ChildSearch, Identity
from hub.matching.resolution import Basis, NotHeld, Resolution, Same
from tests.matching.people import BORN, HOME, MIA, who


def test_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick", "--without-splink"]) == 0
    out = capsys.readouterr().out
    assert "| the hub, measured | 0.00 % |" in out
    assert "Splink, p >= 0.999, published" in out
    assert "eighteen are strangers: " in out


def first(_: ChildSearch, candidates: Sequence[Candidate]) -> Resolution:
    return Same(candidates[0], Basis.DEMOGRAPHICS, (), 0.0) if candidates else NotHeld(0)


def test_every_search_is_counted_for_what_became_of_it() -> None:
    twin = who("Ava", "Okafor", BORN, "F", HOME)
    file = OnFile({"mia": MIA, "ava": twin})
    cases = [Case(MIA, "mia"), Case(twin, None), Case(who("Jo", "Reid", "2001-01-01"), "gone")]
    tally = outcomes(cases, file, first)
    assert (tally.right, tally.wrong, tally.not_held, tally.not_offered, tally.missed) == (1, 1, 1, 1, 0)


def test_whoever_is_absent_is_not_on_file() -> None:
    people = {
        str(n): Identity(given_names=("Mia",), family_names=("Reid",), birth_date=MIA.birth_date) for n in range(500)
    }
    cases, file = with_absent(people, people, Random(1))
    held = [case.truth for case in cases if case.truth is not None]
    assert set(held) == set(file.people)
    assert 0.5 < len(held) / 500 < 0.7


def test_of_a_lone_twin_only_the_other_is_on_file() -> None:
    cases, file = lone_twins(20, 3)
    assert all(case.truth is None for case in cases)
    assert len([name for name in file.people if name.startswith("twin-")]) == 20
    assert household_cases(20, 3)[0] == household_cases(20, 3)[0], "a seed gives the same people again"

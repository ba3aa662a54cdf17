"""The matching benchmark runs without the packages it can do without, and its truth is the truth."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from benchmarks.matching import main
from benchmarks.matching_cases import Case, OnFile, outcomes
from benchmarks.matching_households import household_cases, is_childs, lone_twins, twin_groups, with_absent
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.matching.resolution import Basis, NotHeld, Resolution, Same
from hub.matching.resolve import resolve
from tests.matching.people import BORN, HOME, MIA, who


def test_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick", "--without-splink"]) == 0
    out = capsys.readouterr().out
    assert "| the hub, measured | 0.00 % |" in out
    assert "Splink, p >= 0.999, published" in out
    assert "eighteen are strangers: " in out
    assert "| our own households | " in out
    assert "| What does not agree, in reviews | " in out


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


def census(simulant: str, household: str, born: str, age: str = "7") -> dict[str, object]:
    return {"simulant_id": simulant, "household_id": household, "date_of_birth": born, "age": age}


def test_twins_are_children_of_one_household_born_on_one_day() -> None:
    rows = [
        census("b", "1", "2013-05-05"),
        census("a", "1", "2013-05-05"),
        census("elder", "1", "2010-01-01"),
        census("namesake", "2", "2013-05-05"),
        census("mother", "3", "1980-02-02", "40"),
        census("father", "3", "1980-02-02", "40"),
    ]
    assert twin_groups(rows) == [["a", "b"]]


def test_of_twins_one_is_absent_and_the_other_is_not() -> None:
    people = {
        str(n): Identity(given_names=("Mia",), family_names=("Reid",), birth_date=MIA.birth_date) for n in range(400)
    }
    pairs = [[str(n), str(n + 1)] for n in range(0, 400, 2)]
    _, file = with_absent(people, people, Random(1), pairs)
    assert all(len(set(pair) & set(file.people)) == 1 for pair in pairs)


@pytest.mark.parametrize(
    ("born", "is_one"),
    [("2001-12-31", False), ("2002-01-01", True), ("2020-12-31", True), ("2021-01-01", False)],
)
def test_a_childs_birth_date(born: str, *, is_one: bool) -> None:
    assert is_childs(PartialDate.parse(born)) is is_one


def test_reviews_are_counted_by_what_does_not_agree() -> None:
    file = OnFile({"mia": who("Mia", "Okafor", "2011-09-17", "F", HOME), "ava": who("Ava", "Reid", BORN, "F", HOME)})
    absent = Case(who("Ruth", "Reid", BORN, "F", HOME), None)
    tally = outcomes([Case(MIA, "mia"), absent], file, resolve)
    assert tally.kinds == {("date of birth differ", True): 1, ("given name differ", False): 1}
    assert (tally + tally).kinds == {("date of birth differ", True): 2, ("given name differ", False): 2}
    assert (tally + tally).review == 4

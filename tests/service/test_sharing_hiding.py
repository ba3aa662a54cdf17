"""Small numbers: what is shown is right, and nobody can work out what is hidden, from totals or from other periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import product

import pytest
import z3
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hub.service.sharing_hiding import (
    FEW,
    FEWER,
    HIDDEN,
    NONE,
    TOTAL,
    Counts,
    Figure,
    Key,
    Shown,
    protect,
    together,
)

GROUPS = {"shared": "shared", "imp-a": "refused", "imp-b": "refused", "imp-c": "refused", "fact": "gap"}
AGENCIES = ("council", "nhs", "police")
PURPOSES = ("s17", "s47")


def group_of(column: str) -> str:
    return GROUPS[column]


def counts(**rows: tuple[int, ...]) -> dict[tuple[str, str], int]:
    return {(row, column): times for row, every in rows.items() for column, times in zip(GROUPS, every, strict=False)}


# -------------------------------------------------------------------------------------------------------- by example


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        pytest.param(Figure(1204, 1204), "1,204", id="told"),
        pytest.param(NONE, "0", id="none"),
        pytest.param(FEWER, "fewer than 5", id="few"),
        pytest.param(HIDDEN, "not shown", id="hidden"),
        pytest.param(Figure(10, 10) + FEWER, "11 to 14", id="few beside what is told"),
        pytest.param(Figure(10, 10) + HIDDEN, "10 or more", id="hidden beside what is told"),
    ],
)
def test_a_figure_in_words(figure: Figure, text: str) -> None:
    assert str(figure) == text


def test_a_total_does_not_give_a_small_number_away() -> None:
    shown = protect(counts(council=(90, 20, 30), nhs=(80, 3, 40), police=(70, 60, 50)), group_of)
    assert str(shown.at(("nhs",), ("imp-a",))) == "fewer than 5"
    assert str(shown.at(TOTAL, ("imp-a",))) == "83"
    hidden = {cell for cell, figure in shown.figures.items() if figure.exact is None}
    assert hidden == {
        (("nhs",), ("imp-a",)), (("council",), ("imp-a",)), (("nhs",), ("imp-b",)), (("council",), ("imp-b",)),
    }  # fmt: skip
    assert {figure.exact is None for figure in shown.subtotals.values()} == {False}


def test_what_is_rare_is_put_together() -> None:
    shown = protect(counts(council=(90, 20, 2, 1), nhs=(80, 30, 1), police=(1, 2)), group_of)
    assert ("imp-b", "imp-c") not in shown.columns["refused"]
    assert shown.columns["refused"] == (("imp-a", "imp-b", "imp-c"),)
    assert shown.rows == (("council",), ("nhs", "police"))


def test_a_small_kind_of_outcome_hides_itself_and_what_would_give_it_away() -> None:
    shown = protect(counts(council=(90, 20, 30, 0, 3), nhs=(80, 30, 40), police=(70, 60, 50)), group_of)
    assert [str(shown.of_group(TOTAL, each)) for each in ("shared", "refused", "gap")] == [
        "not shown", "230", "fewer than 5",
    ]  # fmt: skip
    assert str(shown.total) == "473"


@pytest.mark.parametrize(
    ("table", "total"),
    [
        pytest.param({}, "0", id="nothing"),
        pytest.param(counts(council=(1, 1, 1)), "fewer than 5", id="fewer than 5 in all"),
        pytest.param(counts(council=(3, 4), nhs=(1,)), "8", id="nothing large to hide behind"),
    ],
)
def test_too_little_to_show(table: Counts, total: str) -> None:
    shown = protect(table, group_of)
    assert (str(shown.total), shown.rows, shown.columns) == (total, (), {})


def test_a_quarter_is_what_its_months_show() -> None:
    large = counts(council=(90, 20, 30), nhs=(80, 10, 40), police=(70, 60, 50))
    small = counts(council=(90, 20, 30), nhs=(80, 3, 40), police=(70, 60, 50))
    quarter = together([protect(each, group_of) for each in (large, small, {})])
    assert str(quarter.at(("nhs",), ("imp-a",))) == "11 to 14"
    assert str(quarter.at(("council",), ("imp-a",))) == "20 or more"
    assert str(quarter.at(("police",), ("imp-a",))) == "120"
    assert str(quarter.total) == str(sum(large.values()) + sum(small.values()))


def test_what_is_together_in_every_month_stays_together_in_the_quarter() -> None:
    often = counts(council=(90, 20, 30), nhs=(2, 1), police=(80, 20, 6))
    quarter = together([protect(often, group_of), protect(often, group_of), protect({}, group_of)])
    assert ("nhs", "police") in quarter.rows
    assert str(quarter.at(("nhs", "police"), TOTAL)) == "218"
    once = together([protect(often, group_of), protect(counts(nhs=(9, 9, 9)), group_of)])
    assert str(once.at(("nhs",), TOTAL)) == "27 or more"


# --------------------------------------------------------------------------------------------------------- by attack

_some = st.one_of(st.integers(0, 6), st.integers(0, 6), st.just(0), st.integers(5, 40))
_cubes = st.dictionaries(
    st.tuples(st.sampled_from(AGENCIES), st.sampled_from(list(GROUPS)), st.sampled_from(PURPOSES)), _some
)

Cube = Mapping[tuple[str, str, str], int]


def by_agency(cube: Cube) -> Counts:
    summed: dict[tuple[str, str], int] = defaultdict(int)
    for (agency, column, _), times in cube.items():
        summed[agency, column] += times
    return summed


def by_purpose(cube: Cube) -> Counts:
    summed: dict[tuple[str, str], int] = defaultdict(int)
    for (_, column, purpose), times in cube.items():
        summed[purpose, group_of(column)] += times
    return summed


class Attacker:
    """Somebody who has every figure of the report, and a solver."""

    def __init__(self) -> None:
        self.solver = z3.Solver()
        self.unknown: dict[tuple[str, str, str, str], z3.ArithRef] = {}
        for month, *cell in product(("m1", "m2", "m3"), AGENCIES, GROUPS, PURPOSES):
            name = (month, cell[0], cell[1], cell[2])
            self.unknown[name] = z3.Int("/".join(name))
            self.solver.add(self.unknown[name] >= 0)

    def sum(self, month: str, rows: Key, columns: list[str], *, is_by_purpose: bool) -> z3.ArithRef:
        return z3.Sum(
            [
                unknown
                for (when, agency, column, purpose), unknown in self.unknown.items()
                if month in (when, "all")
                and column in columns
                and (rows == TOTAL or (purpose if is_by_purpose else agency) in rows)
            ]
        )

    def read(self, month: str, shown: Shown, *, is_by_purpose: bool = False) -> None:
        for rows, columns, figure in cells(shown, is_by_purpose=is_by_purpose):
            summed = self.sum(month, rows, columns, is_by_purpose=is_by_purpose)
            self.solver.add(summed >= figure.low)
            if figure.high is not None:
                self.solver.add(summed <= figure.high)

    def knows(self, month: str, rows: Key, columns: list[str], times: int) -> bool:
        """Whether a count can be nothing but what it is."""
        self.solver.push()
        self.solver.add(self.sum(month, rows, columns, is_by_purpose=False) != times)
        is_known = self.solver.check() == z3.unsat
        self.solver.pop()
        return is_known


def cells(shown: Shown, *, is_by_purpose: bool) -> Iterator[tuple[Key, list[str], Figure]]:
    """Each figure, with the rows and columns of the true table that it is the sum of."""

    def of(column: str) -> list[str]:
        return [each for each, group in GROUPS.items() if group == column] if is_by_purpose else [column]

    for (row, column), figure in shown.figures.items():
        yield row, [each for name in column for each in of(name)] or list(GROUPS), figure
    for (row, group), figure in shown.subtotals.items():
        yield row, [each for each in GROUPS if GROUPS[each] == group], figure


def small_counts(cube: Cube) -> Iterator[tuple[Key, list[str], int]]:
    """Every small count somebody could be after: of an agency, of all; by ground, by kind of outcome, in all."""
    sets = [[each] for each in GROUPS] + [["imp-a", "imp-b", "imp-c"], list(GROUPS)]
    for row, columns in product((TOTAL, *((each,) for each in AGENCIES)), sets):
        times = sum(
            n for (agency, column, _), n in cube.items() if column in columns and (row == TOTAL or agency in row)
        )
        if 0 < times < FEW:
            yield row, columns, times


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(cube=_cubes)
def test_no_small_number_can_be_worked_out_of_a_month(cube: Cube) -> None:
    wanted = list(small_counts(cube))
    assume(wanted)
    attacker = Attacker()
    attacker.read("m1", protect(by_agency(cube), group_of))
    attacker.read("m1", protect(by_purpose(cube), lambda group: group), is_by_purpose=True)
    assert not [each for each in wanted if attacker.knows("m1", *each)]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(cubes=st.lists(_cubes, min_size=3, max_size=3))
def test_no_small_number_can_be_worked_out_of_a_quarter_and_its_months(cubes: list[Cube]) -> None:
    attacker = Attacker()
    for tabled, group, is_by_purpose in ((by_agency, group_of, False), (by_purpose, lambda name: name, True)):
        shown = [protect(tabled(cube), group) for cube in cubes]
        for month, each in zip(("m1", "m2", "m3"), shown, strict=True):
            attacker.read(month, each, is_by_purpose=is_by_purpose)
        attacker.read("all", together(shown), is_by_purpose=is_by_purpose)
    wanted = [(f"m{number}", *each) for number, cube in enumerate(cubes, 1) for each in small_counts(cube)]
    assert not [each for each in wanted if attacker.knows(*each)]


@settings(max_examples=200, deadline=None)
@given(cubes=st.lists(_cubes, min_size=1, max_size=3))
def test_what_is_shown_is_true(cubes: list[Cube]) -> None:
    shown = [protect(by_agency(cube), group_of) for cube in cubes]
    for true, table in [
        *((by_agency(cube), each) for cube, each in zip(cubes, shown, strict=True)),
        (None, together(shown)),
    ]:
        whole = true if true is not None else added([by_agency(cube) for cube in cubes])
        for rows, columns, figure in cells(table, is_by_purpose=False):
            times = sum(n for (row, column), n in whole.items() if column in columns and (rows == TOTAL or row in rows))
            assert figure.low <= times
            assert figure.high is None or times <= figure.high
            if true is not None and 0 < times < FEW:
                assert figure.exact is None


def added(tables: list[Counts]) -> Counts:
    summed: dict[tuple[str, str], int] = defaultdict(int)
    for table in tables:
        for cell, times in table.items():
            summed[cell] += times
    return summed

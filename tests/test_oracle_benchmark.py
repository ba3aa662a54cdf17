"""The statistics of ``benchmarks.oracle``: right on what is known, and honest about what a run could have seen."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.oracle import Measured, Samples, auc, sensitivity, standard_error

TIMES = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=30)


@given(TIMES, TIMES)
def test_the_area_is_what_counting_every_pair_gives(one: list[float], other: list[float]) -> None:
    wins = sum((a > b) + (a == b) / 2 for a in one for b in other)
    assert auc(one, other) == pytest.approx(wins / (len(one) * len(other)))


def test_no_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="both"):
        auc([], [1.0])


def drawn(shift: float, seed: int = 1, pairs: int = 250) -> Samples:
    random = Random(seed)
    return Samples([random.gauss(50 + shift, 5) for _ in range(pairs)], [random.gauss(50, 5) for _ in range(pairs)])


def row(shift: float, *, name: str = "out of reach", must_not: bool = True) -> Measured:
    return Measured(name, drawn(shift), drawn(shift, 2), must_not)


@pytest.mark.parametrize(
    ("shift", "holds"), [(0.0, True), (5.0, False), (-5.0, False)], ids=["alike", "slower", "quicker"]
)
def test_a_row_holds_when_it_is_near_chance(shift: float, *, holds: bool) -> None:
    assert row(shift).holds is holds
    assert row(shift).time.is_told_apart is not holds
    assert row(shift, must_not=False).holds


def test_drift_from_pair_to_pair_hides_from_the_area_and_not_from_the_pairs() -> None:
    drifting = Samples([n + 0.5 for n in range(250)], [float(n) for n in range(250)])
    assert not drifting.is_told_apart
    assert drifting.slower_of_pair == 1.0


@pytest.mark.parametrize(
    ("shift", "said"), [(5.0, "it would be seen"), (0.2, "would be missed too")], ids=["large", "small"]
)
def test_a_run_says_what_it_could_have_seen(shift: float, said: str) -> None:
    control = row(shift, name="within reach: the control", must_not=False)
    assert said in sensitivity([row(0.0), control])


def test_the_standard_error() -> None:
    assert standard_error(250, 250) == pytest.approx(0.0258, abs=0.0001)

"""Marks of entries: a set of numbers that takes a bit each, and its first one."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from hub.audit.marks import Marks


def marks(numbers: set[int]) -> Marks:
    made = Marks()
    for number in numbers:
        made.mark(number)
    return made


@given(st.sets(st.integers(0, 80)), st.integers(0, 90), st.sets(st.integers(0, 80)))
@example(set(range(64)), 0, set(range(63)))
@example({7, 8, 15, 16, 23, 24}, 16, set())
def test_it_is_a_set_with_a_first(numbers: set[int], start: int, but: set[int]) -> None:
    made = marks(numbers)
    assert [number in made for number in range(120)] == [number in numbers for number in range(120)]
    assert made.first(start) == min((each for each in numbers if each >= start), default=None)
    assert made.first(but=marks(but)) == min(numbers - but, default=None)
    assert made.first(start, but=marks(but)) == min((each for each in numbers - but if each >= start), default=None)


def test_every_number_by_itself() -> None:
    for number in range(70):
        made = marks({number})
        assert [each for each in range(100) if each in made] == [number]
        assert [made.first(start) for start in range(100)] == [
            number if start <= number else None for start in range(100)
        ]


def test_a_mark_takes_a_bit() -> None:
    """A log of a billion entries must fit in memory."""
    made = Marks()
    for number in range(8_001):
        made.mark(number)
    made.mark(8_000)
    assert len(made._bits) == 1_001

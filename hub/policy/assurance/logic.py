"""One way to write what policies mean, for two readers: a solver that takes formulas, and Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

B = TypeVar("B")


class Logic(Protocol[B]):
    """Two-valued logic over values of type ``B``."""

    def all_of(self, values: Sequence[B]) -> B:
        """Conjunction; of nothing, true."""

    def any_of(self, values: Sequence[B]) -> B:
        """Disjunction; of nothing, false."""

    def exactly_one(self, values: Sequence[B]) -> B:
        """One of them is true, and no more."""

    def negated(self, value: B) -> B:
        """Negation."""


class Plain:
    """The logic of Python's own booleans."""

    def all_of(self, values: Sequence[bool]) -> bool:
        """Conjunction; of nothing, true."""
        return all(values)

    def any_of(self, values: Sequence[bool]) -> bool:
        """Disjunction; of nothing, false."""
        return any(values)

    def exactly_one(self, values: Sequence[bool]) -> bool:
        """One of them is true, and no more."""
        return sum(values) == 1

    def negated(self, value: bool) -> bool:
        """Negation."""
        return not value

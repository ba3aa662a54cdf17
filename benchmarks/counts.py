"""How many requests each measurement makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SLOW_MS = 100.0
"""The slow agency's whole delay, divided over its three calls."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests that are timed, by number of callers at once, and those before them that are not.

    Attributes:
        remembered: with agencies that answer from memory.
        real: with the pretend agencies in their own processes.
        warm_up: requests before each count that are not timed.
        slow: requests per slow agency.
        steps: requests of which each step is timed.
        bare: pairs of bare commits.
        logs: the databases to keep the log in.
        slowed: the agencies to slow down, each in its turn.
    """

    remembered: Mapping[int, int]
    real: Mapping[int, int]
    warm_up: int
    slow: int
    steps: int
    bare: int
    logs: Sequence[str] = ("sqlite", "postgresql")
    slowed: Sequence[str] = ("testshire-council", "testshire-police", "testshire-nhs")


FULL = Counts({1: 300, 16: 480, 64: 512}, {1: 100, 16: 128, 64: 128}, 32, 100, 200, 300)
QUICK = Counts({1: 8, 16: 32, 64: 64}, {1: 4, 16: 16, 64: 64}, 4, 4, 8, 8)

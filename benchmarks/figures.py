"""Figures: percentiles, and values that carry their unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypedDict


class Figure(TypedDict):
    """A value with its unit."""

    value: float
    unit: str


def figure(value: float, unit: str) -> Figure:
    """``value`` rounded to what a benchmark can know: four significant digits."""
    digits = 3 - math.floor(math.log10(abs(value))) if value else 0
    return {"value": round(value, max(0, digits)), "unit": unit}


def percentile(samples: Sequence[float], part: float) -> float:
    """The smallest sample that at least ``part`` (0 to 1) of ``samples`` do not exceed (nearest rank).

    Raises:
        ValueError: there is no sample, or ``part`` is not a part.
    """
    if not samples or not 0 < part <= 1:
        raise ValueError("a percentile needs samples, and a part above 0 and up to 1")
    return sorted(samples)[math.ceil(part * len(samples)) - 1]


def spread(samples: Sequence[float], unit: str = "ms") -> dict[str, Figure]:
    """p50, p99 and the largest; nothing of no samples, so that a failed run shows no time rather than a good one."""
    if not samples:
        return {}
    return {
        "p50": figure(percentile(samples, 0.50), unit),
        "p99": figure(percentile(samples, 0.99), unit),
        "max": figure(max(samples), unit),
    }

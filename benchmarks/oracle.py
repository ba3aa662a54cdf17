"""``python -m benchmarks.oracle``: can a searcher tell from the time what she may not learn? ``docs/no-oracle.md``.

Children in pairs that differ in one record, asked about one after the other in an order drawn by lot. For each row
the area under the ROC curve: how often a question about the one took longer than one about the other, 0.5 being chance.
What is not a time is compared in ``tests/e2e/test_no_oracle.py``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.figures import figure, percentile
from benchmarks.machine import machine, versions
from benchmarks.oracle_town import Town, open_town
from benchmarks.oracle_world import ROWS, TOLD_APART, Pair, pairs_of, world_of

PAIRS = 250
WARM_UP = 10
AUC_FROM_CHANCE_MAX = 0.1
"""How far from 0.5 the area may lie: with 250 pairs its standard error is 0.026."""

SEEN_STANDARD_ERRORS = 3.0
"""A control this far from chance was told apart. A run that misses its controls would miss a leak of their size too."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What the questions about the one and about the other of each pair took, in milliseconds."""

    one: list[float] = field(default_factory=list)
    other: list[float] = field(default_factory=list)

    @property
    def area(self) -> float:
        """The area under the ROC curve."""
        return auc(self.one, self.other)

    @property
    def slower_of_pair(self) -> float:
        """In how many of the pairs the one took longer: drift from pair to pair is not in it, as it is in the area."""
        longer = sum((a > b) + (a == b) / 2 for a, b in zip(self.one, self.other, strict=True))
        return longer / len(self.one)

    @property
    def is_told_apart(self) -> bool:
        """Whether the area is further from chance than luck explains."""
        return abs(self.area - 0.5) > SEEN_STANDARD_ERRORS * standard_error(len(self.one), len(self.other))

    def shown(self) -> dict[str, Any]:
        """As it is written to JSON."""
        return {
            "auc": figure(self.area, "ratio"),
            "slower_of_pair": figure(self.slower_of_pair, "ratio"),
            "is_told_apart": self.is_told_apart,
            "standard_error": figure(standard_error(len(self.one), len(self.other)), "ratio"),
            "p50_one": figure(percentile(self.one, 0.5), "ms"),
            "p50_other": figure(percentile(self.other, 0.5), "ms"),
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """One row: the time until the answer, which the searcher sees, and the processor time, which she does not."""

    row: str
    time: Samples
    work: Samples
    must_not_be_told_apart: bool

    @property
    def holds(self) -> bool:
        """Whether the row is as it must be."""
        areas = (self.time.area, self.work.area)
        return not self.must_not_be_told_apart or all(abs(area - 0.5) <= AUC_FROM_CHANCE_MAX for area in areas)

    def shown(self) -> dict[str, Any]:
        """As it is written to JSON."""
        return {
            "row": self.row,
            "pairs": len(self.time.one),
            "time": self.time.shown(),
            "work": self.work.shown(),
            "must_not_be_told_apart": self.must_not_be_told_apart,
            "holds": self.holds,
        }


def auc(one: Sequence[float], other: Sequence[float]) -> float:
    """How likely one of ``one`` is larger than one of ``other``, ties counting half (Mann and Whitney's U).

    Raises:
        ValueError: there is nothing to compare.
    """
    if not one or not other:
        raise ValueError("an area needs samples of both")
    drawn = sorted([(value, True) for value in one] + [(value, False) for value in other])
    ranks, place = 0.0, 0
    while place < len(drawn):
        end = place
        while end < len(drawn) and drawn[end][0] == drawn[place][0]:
            end += 1
        ranks += sum(mine for _, mine in drawn[place:end]) * (place + 1 + end) / 2
        place = end
    return (ranks - len(one) * (len(one) + 1) / 2) / (len(one) * len(other))


def standard_error(one: int, other: int) -> float:
    """Of the area, where the two are alike."""
    return math.sqrt((one + other + 1) / (12 * one * other))


async def measure(directory: Path, each: int, seed: int) -> list[Measured]:
    """Every row, ``each`` pairs of it (and some before, to warm up), in a new town in ``directory``."""
    rows = (*ROWS, *TOLD_APART)
    pairs = pairs_of(rows, each + WARM_UP)
    order, found = Random(seed), []
    async with open_town(directory, world_of(pairs)) as town:
        for row in rows:
            mine = [pair for pair in pairs if pair.row == row]
            await _times(town, mine[:WARM_UP], order)
            found.append(Measured(row.name, *await _times(town, mine[WARM_UP:], order), row in ROWS))
            _say(_line(found[-1]))
    return found


async def _times(town: Town, pairs: Iterable[Pair], order: Random) -> tuple[Samples, Samples]:
    time, work = Samples(), Samples()
    for place, pair in enumerate(pairs):
        if place % 50 == 0:  # a token is good for five minutes
            token = await town.token(pair.row.worker)
        for which in order.sample(("one", "other"), 2):
            reply = await town.ask(pair.row, getattr(pair, which), token)
            if reply.status != 200:
                raise RuntimeError(f"a question got {reply.status}: {reply.body[:300]!r}")
            getattr(time, which).append(reply.milliseconds)
            getattr(work, which).append(reply.work)
    return time, work


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 1 if a row can be told apart that must not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.oracle", description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS, help="for each row (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=2026, help="of the order of questions")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here too")
    options = parser.parse_args(arguments)
    if options.pairs < 1:
        parser.error("--pairs is 1 or more")
    with tempfile.TemporaryDirectory(prefix="hub-oracle-") as directory:
        found = asyncio.run(measure(Path(directory), options.pairs, options.seed))
    if options.json is not None:
        result = {
            "format": 1,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "versions": versions(),
            "rows": [each.shown() for each in found],
        }
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    _say(sensitivity(found))
    told = [each.row for each in found if not each.holds]
    _say(f"Told apart by their times: {'; '.join(told)}." if told else "None that must not be was told apart.")
    return 1 if told else 0


def sensitivity(found: Iterable[Measured]) -> str:
    """What this run could have seen: how many controls it told apart, by time and by work."""
    controls = [each for each in found if each.row.endswith("the control")]
    by_time = sum(each.time.is_told_apart for each in controls)
    by_work = sum(each.work.is_told_apart for each in controls)
    said = f"Of {len(controls)} controls, {by_time} were told apart by time and {by_work} by work"
    missed = min(by_time, by_work) < len(controls)
    return f"{said}: {'a leak as small as one that was missed would be missed too' if missed else 'it would be seen'}."


def _line(measured: Measured) -> str:
    """One row, for people."""
    areas = f"{measured.time.area:.3f} {measured.work.area:.3f}"
    error = standard_error(len(measured.time.one), len(measured.time.other))
    word = "" if measured.must_not_be_told_apart else " (may be)"
    return f"time, work {areas} +- {error:.3f}  {measured.row}{word}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

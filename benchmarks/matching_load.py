"""How much a person must look at, and what: over many seeds, since one run of 2,000 searches moves by half a per cent.

The review load is the share of *all* searches that end in review. The rules were chosen on other seeds than these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import add

from benchmarks.matching_cases import Case, OnFile, Outcomes, outcomes
from benchmarks.matching_households import household_cases, is_childs, lone_twins, pseudopeople_cases
from hub.matching.resolve import resolve

SEEDS = range(31, 71, 2)
"""Every other one: a run uses a seed and the next."""

KINDS_SHOWN = 10

Run = tuple[list[Case], OnFile]


def run(seeds_max: int, households: int, twins: int) -> Iterator[str]:
    """As lines of Markdown: a row for each population, then what is reviewed of the first."""
    seeds = SEEDS[:seeds_max]
    yield f"\n## What a person must look at: {len(seeds)} seeds, {seeds[0]} to {seeds[-1]}\n"
    yield "| | searches | right child linked | wrong child linked | review | seed by seed | not held (missed) |"
    yield "|---|---|---|---|---|---|---|"
    sampled = [sample for seed in seeds if (sample := pseudopeople_cases(seed)) is not None]
    everybody = [outcomes(*each, resolve) for each in sampled]
    if sampled:
        yield _row("pseudopeople, one of each twins absent", everybody)
        yield _row("of these, asked with a child's birth date", [outcomes(*_childs(each), resolve) for each in sampled])
    made = [outcomes(*household_cases(households, seed), resolve) for seed in seeds]
    yield _row("our own households", made)
    yield _row("only the twin of the same sex on file", [outcomes(*lone_twins(twins, seed), resolve) for seed in seeds])
    yield from _kinds(reduce(add, everybody or made))


def _childs(sample: Run) -> Run:
    """Only the searches that state a birth date a child can have: the errors also write down a parent's."""
    cases, file = sample
    return [case for case in cases if is_childs(case.asked.birth_date)], file


def _row(name: str, runs: Sequence[Outcomes]) -> str:
    whole = reduce(add, runs)
    shares = sorted(100 * each.review / each.searches for each in runs)
    review = f"**{100 * whole.review / whole.searches:.1f} %** ({whole.shown})"
    spread = f"{shares[0]:.1f} to {shares[-1]:.1f} %"
    linked = f"{whole.right} | **{whole.wrong}**"
    return f"| {name} | {whole.searches} | {linked} | {review} | {spread} | {whole.not_held} ({whole.missed}) |"


def _kinds(whole: Outcomes) -> Iterator[str]:
    yield "\n| What does not agree, in reviews | the child is there | somebody else |"
    yield "|---|---|---|"
    kinds = sorted(
        {kind for kind, _ in whole.kinds}, key=lambda kind: -whole.kinds[kind, True] - whole.kinds[kind, False]
    )
    for kind in kinds[:KINDS_SHOWN]:
        yield f"| {kind} | {whole.kinds[kind, True]} | {whole.kinds[kind, False]} |"
    there, others = (sum(whole.kinds[kind, right] for kind in kinds[KINDS_SHOWN:]) for right in (True, False))
    yield f"| {len(kinds[KINDS_SHOWN:])} more | {there} | {others} |"

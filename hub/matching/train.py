"""Weights estimated from pairs of records: the EM algorithm for Fellegi and Sunter's model. Pure.

``u`` comes from strangers: the first records of pairs beside the second records of other pairs. ``m`` comes from the
pairs themselves: those that people marked are counted, and for the others expectation-maximisation weighs each by how
likely it is one child under the estimate so far (Winkler, "Using the EM Algorithm for Weight Computation in the
Fellegi-Sunter Model of Record Linkage", 1988). The shipped table counts as some pairs of evidence, so that an outcome
which no pair happens to show is not impossible.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from hub.errors import BadRequest
from hub.matching.compare import Prepared, compare
from hub.matching.examples import Example
from hub.matching.resolution import Compared
from hub.matching.weights import WEIGHTS, Level, Weight, Weights

PAIRS_MIN = 50
"""Fewer pairs say nothing that the shipped weights do not say better."""

STRANGERS_MAX = 200_000
SHIPPED_COUNTS = 20.0
"""The shipped table weighs as much as so many pairs."""

ROUNDS_MAX = 500
SETTLED = 1e-6

Pattern = tuple[Level, ...]
"""How a pair compares, in the order of :data:`~hub.matching.weights.WEIGHTS`."""

Chances = dict[Compared, dict[Level, float]]


@dataclass(frozen=True, slots=True)
class Trained:
    """What training gave.

    Attributes:
        share: how many of the pairs are one child, by the estimate.
        rounds: of expectation-maximisation.
        marked: how many pairs people had marked.
    """

    weights: Weights
    pairs: int
    marked: int
    strangers: int
    share: float
    rounds: int


def train(pairs: Sequence[Example]) -> Trained:
    """Estimate weights from ``pairs``.

    Raises:
        BadRequest: ``TRAINING_FAILED``: too few pairs, no end after ``ROUNDS_MAX`` rounds, or weights by which to agree
            speaks against a match.
    """
    if len(pairs) < PAIRS_MIN:
        raise _failed(f"{PAIRS_MIN} pairs are needed at least, and there are {len(pairs)}")
    strangers = _strangers(pairs)
    u = _chances(_counts(strangers), "u")
    patterns: dict[bool | None, Counter[Pattern]] = {None: Counter(), True: Counter(), False: Counter()}
    for pair in pairs:
        patterns[pair.same][_pattern(pair.a, pair.b)] += 1
    m, share, rounds = _maximise(patterns, u)
    weights = Weights(
        {
            compared: {level: Weight(m[compared][level], u[compared][level]) for level in rows}
            for compared, rows in WEIGHTS.items()
        }
    )
    for compared, bits in weights.bits.items():
        if not bits[Level.DIFFER] < 0 < bits[Level.EXACT]:
            raise _failed(f"by these pairs, {compared.value} that agrees would speak against a match")
    marked = patterns[True].total() + patterns[False].total()
    return Trained(weights, len(pairs), marked, strangers.total(), share, rounds)


def _pattern(a: Prepared, b: Prepared) -> Pattern:
    levels = compare(a, b).levels
    return tuple(levels[compared] for compared in WEIGHTS)


def _strangers(pairs: Sequence[Example]) -> Counter[Pattern]:
    """How records of different pairs compare: each first record with the second records of pairs far from it.

    Far, because a file is often sorted, and its neighbours are namesakes or one child again.
    """
    size, found = len(pairs), Counter[Pattern]()
    steps = min(size - 1, -(-STRANGERS_MAX // size))
    for step in range(1, steps + 1):
        far = step * size // (steps + 1)
        for n in range(size):
            found[_pattern(pairs[n].a, pairs[(n + far) % size].b)] += 1
    return found


def _counts(patterns: Mapping[Pattern, float]) -> Chances:
    """How often each level is seen, over all patterns. What is missing or known in part only is not counted."""
    counts: Chances = {compared: dict.fromkeys(rows, 0.0) for compared, rows in WEIGHTS.items()}
    for pattern, times in patterns.items():
        for compared, level in zip(WEIGHTS, pattern, strict=True):
            if level in counts[compared]:
                counts[compared][level] += times
    return counts


def _chances(counts: Chances, shipped: str) -> Chances:
    """Counts as shares of one, with the shipped ``m`` or ``u`` as ``SHIPPED_COUNTS`` pairs more.

    What was never seen may be as rare as once in all of them, or as the shipped table says, and is no rarer.
    """
    chances: Chances = {}
    for compared, rows in counts.items():
        before = {level: getattr(WEIGHTS[compared][level], shipped) for level in rows}
        total = sum(rows.values()) + SHIPPED_COUNTS
        found = {level: (times + SHIPPED_COUNTS * before[level]) / total for level, times in rows.items()}
        found = {level: max(chance, min(before[level], 1 / total)) for level, chance in found.items()}
        chances[compared] = {level: chance / sum(found.values()) for level, chance in found.items()}
    return chances


def _maximise(patterns: Mapping[bool | None, Mapping[Pattern, int]], u: Chances) -> tuple[Chances, float, int]:
    """``m``, the share of pairs that are one child, and the rounds it took."""
    marked, open_ = patterns[True], patterns[None]
    m, share = _chances(_counts(marked), "m"), 0.5
    for rounds in range(1, ROUNDS_MAX + 1):
        likely = {pattern: times * _chance(pattern, m, u, share) for pattern, times in open_.items()}
        whole: dict[Pattern, float] = dict(marked)
        for pattern, times in likely.items():
            whole[pattern] = whole.get(pattern, 0.0) + times
        better = _chances(_counts(whole), "m")
        # Neither none nor all of them: that would be certain, and nothing could be learnt from then on.
        better_share = (sum(likely.values()) + 0.5) / (sum(open_.values()) + 1)
        change = max(abs(better[field][level] - m[field][level]) for field in m for level in m[field])
        m, share, change = better, better_share, max(change, abs(better_share - share))
        if change < SETTLED:
            everybody = sum(sum(each.values()) for each in patterns.values())
            return m, (sum(likely.values()) + sum(marked.values())) / everybody, rounds
    raise _failed(f"after {ROUNDS_MAX} rounds the estimate still moves")


def _chance(pattern: Pattern, m: Chances, u: Chances, share: float) -> float:
    """How likely a pair of this pattern is one child."""
    known = [(compared, level) for compared, level in zip(WEIGHTS, pattern, strict=True) if level in m[compared]]
    one = share * prod(m[compared][level] for compared, level in known)
    two = (1 - share) * prod(u[compared][level] for compared, level in known)
    return one / (one + two)


def _failed(problem: str) -> BadRequest:
    return BadRequest(f"Nothing was trained: {problem}.", code="TRAINING_FAILED")

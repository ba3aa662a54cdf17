"""Which of a custodian's candidates is the child, if any.

A candidate is linked without a person only

1. on a verified NHS number and an agreeing date of birth; or
2. on a verified NHS number, when no date of birth can be compared (see :func:`_certain_basis`); or
3. on a score over the threshold, when the given names agree, nothing contradicts and the runner-up is far behind.

Everything else that is more likely than not goes to a person (:class:`~hub.matching.resolution.Review`); the rest is
somebody else. Given names that differ never link, whatever else agrees: with only the same-sex twin on file, a score
accepts the wrong child nearly always.

What a person has said of a candidate (:mod:`hub.matching.confirmations`) settles a review, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.domain.people import Candidate, ChildSearch
from hub.matching.compare import Prepared
from hub.matching.confirmations import Confirmed
from hub.matching.cross_check import cross_check
from hub.matching.pair import Pair, best_pair, out_of_reach
from hub.matching.resolution import Basis, Compared, Doubt, NotHeld, Resolution, Review, ScoredCandidate
from hub.matching.weights import GAP_MIN_BITS, SHIPPED, Level, Weights

__all__ = ["cross_check", "resolve"]

_TOLD = frozenset({Doubt.PERSON_DISAGREES, Doubt.SOURCES_DISAGREE})
"""What a person was told of who said "not this child" all the same: it is not asked a second time."""


def resolve(
    search: ChildSearch,
    candidates: Sequence[Candidate],
    confirmed: Confirmed | None = None,
    weights: Weights = SHIPPED,
) -> Resolution:
    """Decide what ``candidates``, all of one custodian, mean for the child of ``search``.

    Each candidate is compared with every identity of the search and judged by the one that fits it best; fields are
    never mixed across identities. A person the custodian sent twice counts once. The order of candidates makes no
    difference.

    Args:
        confirmed: what people have said of possible matches.
        weights: what each comparison is worth.
    """
    identities = [Prepared.of(identity) for identity in search.identities]
    people: dict[str, Pair] = {}
    for candidate in candidates:
        word = confirmed.about(search, candidate) if confirmed is not None else None
        if word is None and out_of_reach(identities, candidate, weights):
            continue
        pair = best_pair(identities, candidate, weights).heard(word)
        known = people.get(candidate.local_id)
        if known is None or pair.rank > known.rank:
            people[candidate.local_id] = pair
    pairs = sorted(people.values(), key=lambda pair: (-pair.score, pair.candidate.local_id))
    return _settled(pairs, _linked(pairs), seen=len({candidate.local_id for candidate in candidates}))


def _settled(pairs: Sequence[Pair], linked: Pair | None, *, seen: int) -> Resolution:
    """What the details decided (``linked``) and what people said, together. Where the two part, a person looks."""
    disputed: list[Pair] = []
    denied = [pair for pair in pairs if pair.is_denied]
    sure = [pair for pair in pairs if pair.is_confirmed]
    basis = Basis.DEMOGRAPHICS if linked is None else linked.certain_basis or Basis.DEMOGRAPHICS
    if linked in denied:
        if not _was_told(linked):
            disputed.append(linked)
            denied.remove(linked)
        linked = None
    elif linked is not None and any(pair is not linked for pair in sure):
        disputed += [linked, *(pair for pair in sure if pair is not linked)]
    if linked is None and not disputed and len(sure) == 1 and not _outdone(sure[0], pairs):
        linked, basis = sure[0], Basis.CONFIRMED
    left = [pair for pair in pairs if pair.is_plausible and pair not in denied]
    dropped = tuple(pair.word for pair in denied if pair.word is not None and pair.is_plausible)
    if linked is not None and not disputed:
        others = tuple(pair.scored() for pair in left if pair is not linked and not pair.given_names_part)
        return linked.same(basis, others, dropped, seen=seen)
    if left:
        return Review(tuple(_scored(pair, pair in disputed) for pair in left), seen, dropped)
    return NotHeld(seen, dropped)


def _was_told(pair: Pair) -> bool:
    return pair.word is not None and not _TOLD.isdisjoint(pair.word.contradictions)


def _outdone(confirmed: Pair, pairs: Sequence[Pair]) -> bool:
    """Whether a verified number points at others, and not at the one a person confirmed."""
    return confirmed.certain_basis is None and any(pair.certain_basis is not None for pair in pairs)


def _scored(pair: Pair, is_disputed: bool) -> ScoredCandidate:
    return pair.scored(Doubt.PERSON_DISAGREES if is_disputed else None)


def _linked(pairs: Sequence[Pair]) -> Pair | None:
    """The one pair to link, best score first in ``pairs``; ``None`` when there is none, or more than one.

    A brother or sister is no runner-up: somebody whose given name differs could not be linked, and beside a twin the
    child would hardly ever be (in the generated population of the tests the right child of two twins on file is linked
    92 times in 100 rather than 76, and the wrong one no oftener). Whoever has the number asked for always is.
    """
    certain = [pair for pair in pairs if pair.certain_basis is not None]
    if certain:
        return certain[0] if len(certain) == 1 else None
    rivals = [pair for pair in pairs if pair.same_number or not pair.is_at(Compared.GIVEN_NAME, Level.DIFFER)]
    if not rivals or not rivals[0].fits_on_demographics:
        return None
    runner_up = rivals[1].score if len(rivals) > 1 else float("-inf")
    return rivals[0] if rivals[0].score - runner_up >= GAP_MIN_BITS else None

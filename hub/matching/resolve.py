"""Which of a custodian's candidates is the child, if any.

A candidate is linked without a person only

1. on a verified NHS number and an agreeing date of birth; or
2. on a verified NHS number, when no date of birth can be compared (see :func:`_certain_basis`); or
3. on a score over the threshold, when the given names agree, nothing contradicts and the runner-up is far behind.

Everything else that is more likely than not goes to a person (:class:`~hub.matching.resolution.Review`); the rest is
somebody else. Given names that differ never link, whatever else agrees: with only the same-sex twin on file, a score
accepts the wrong child nearly always.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.domain.people import Candidate, ChildSearch
from hub.matching.compare import Comparison, Prepared, compare
from hub.matching.cross_check import cross_check
from hub.matching.resolution import Basis, Compared, Doubt, NotHeld, Resolution, Review, Same, ScoredCandidate
from hub.matching.weights import GAP_MIN_BITS, GIVEN_NAMES_AGREE, LINK_MIN_BITS, REVIEW_MIN_BITS, Level

__all__ = ["cross_check", "resolve"]

_COULD_BE_THE_SAME_DAY = frozenset({Level.EXACT, Level.RANGE})
_BIRTH_DATE_FITS = _COULD_BE_THE_SAME_DAY | {Level.NEAR}
_GIVEN_NAMES_PART = frozenset({Level.LIKE, Level.DIFFER})


def resolve(search: ChildSearch, candidates: Sequence[Candidate]) -> Resolution:
    """Decide what ``candidates``, all of one custodian, mean for the child of ``search``.

    Each candidate is compared with every identity of the search and judged by the one that fits it best; fields are
    never mixed across identities. A person the custodian sent twice counts once. The order of candidates makes no
    difference.
    """
    identities = [Prepared.of(identity) for identity in search.identities]
    people: dict[str, _Pair] = {}
    for candidate in candidates:
        pair = _best_pair(identities, candidate)
        known = people.get(candidate.local_id)
        if known is None or pair.rank > known.rank:
            people[candidate.local_id] = pair
    pairs = sorted(people.values(), key=lambda pair: (-pair.score, pair.candidate.local_id))
    plausible = [pair for pair in pairs if pair.is_plausible]
    linked = _linked(pairs)
    if linked is not None:
        others = tuple(pair.scored() for pair in plausible if pair is not linked and not pair.given_names_part)
        basis = linked.certain_basis or Basis.DEMOGRAPHICS
        return Same(linked.candidate, basis, linked.comparison.evidence, linked.score, others, seen=len(pairs))
    if plausible:
        return Review(tuple(pair.scored() for pair in plausible), seen=len(pairs))
    return NotHeld(seen=len(pairs))


@dataclass(frozen=True, slots=True)
class _Pair:
    """A candidate beside the one identity of the search it was compared with.

    The last four are about all identities of the search together: an alias that fits cannot talk away a contradiction
    with another. ``told_apart``: a given name or a birth date differs from one of them.
    """

    candidate: Candidate
    comparison: Comparison
    certain_basis: Basis | None
    same_number: bool
    number_contradicted: bool
    restricted_contradicted: bool
    told_apart: bool

    @property
    def score(self) -> float:
        return self.comparison.score

    @property
    def rank(self) -> tuple[bool, bool, bool, float]:
        """How well the identity fits the candidate. A number in common is shown, even beside a better fit without."""
        number_agrees = self.is_at(Compared.NHS_NUMBER, Level.EXACT)
        return (self.certain_basis is not None, self.fits_on_demographics, number_agrees, self.score)

    def is_at(self, compared: Compared, level: Level) -> bool:
        return self.comparison.levels[compared] is level

    @property
    def given_names_part(self) -> bool:
        return self.comparison.levels[Compared.GIVEN_NAME] in _GIVEN_NAMES_PART

    @property
    def is_plausible(self) -> bool:
        """Worth a person's look. The same number always is; another number and another name is another child."""
        if self.same_number:
            return True
        is_another = self.number_contradicted and self.is_at(Compared.GIVEN_NAME, Level.DIFFER)
        return self.score >= REVIEW_MIN_BITS and not is_another

    @property
    def fits_on_demographics(self) -> bool:
        """All the conditions of the third rule but the gap to the runner-up.

        Without a birth date a name is not enough: sons are called after their fathers.
        """
        levels = self.comparison.levels
        return (
            self.score >= LINK_MIN_BITS
            and levels[Compared.GIVEN_NAME] in GIVEN_NAMES_AGREE
            and levels[Compared.BIRTH_DATE] in _BIRTH_DATE_FITS
            and levels[Compared.SEX] is not Level.DIFFER
            and not self.number_contradicted
            and not self.restricted_contradicted
        )

    def scored(self) -> ScoredCandidate:
        return ScoredCandidate(self.candidate, self.score, self.comparison.evidence, self._doubt())

    def _doubt(self) -> Doubt:
        birth_date_differs = self.is_at(Compared.BIRTH_DATE, Level.DIFFER)
        doubts = (
            (self.same_number and self.told_apart, Doubt.NUMBER_CONFLICT),
            (self.number_contradicted, Doubt.NUMBER_DIFFERS),
            (self.given_names_part, Doubt.GIVEN_NAME),
            (self.is_at(Compared.SEX, Level.DIFFER), Doubt.SEX),
            (birth_date_differs, Doubt.BIRTH_DATE),
            (self.restricted_contradicted, Doubt.RESTRICTED),
            (self.certain_basis is not None or self.fits_on_demographics, Doubt.SEVERAL),
        )
        return next((doubt for applies, doubt in doubts if applies), Doubt.NOT_ENOUGH)


def _best_pair(identities: Sequence[Prepared], candidate: Candidate) -> _Pair:
    held = Prepared.of(candidate.identity)
    comparisons = [compare(identity, held) for identity in identities]
    numbers = {identity.nhs_number for identity in identities if identity.nhs_number}
    same_number = held.nhs_number in numbers
    number_contradicted = bool(numbers) and held.nhs_number is not None and not same_number
    restricted_contradicted = held.restricted is not None and any(
        identity.restricted is not None and identity.restricted is not held.restricted for identity in identities
    )
    given = {comparison.levels[Compared.GIVEN_NAME] for comparison in comparisons}
    other_name = Level.DIFFER in given and given <= {Level.DIFFER, Level.MISSING}
    told_apart = any(_tells_apart(comparison) for comparison in comparisons)
    pairs = [
        _Pair(
            candidate,
            comparison,
            None if other_name else _certain_basis(identity, held, comparison, told_apart=told_apart),
            same_number,
            number_contradicted,
            restricted_contradicted,
            told_apart,
        )
        for identity, comparison in zip(identities, comparisons, strict=True)
    ]
    return max(pairs, key=lambda pair: pair.rank)  # the first of equals, so what the searcher stated


def _tells_apart(comparison: Comparison) -> bool:
    levels = comparison.levels
    return Level.DIFFER in (levels[Compared.GIVEN_NAME], levels[Compared.BIRTH_DATE])


def _certain_basis(identity: Prepared, held: Prepared, comparison: Comparison, *, told_apart: bool) -> Basis | None:
    """The basis on which a verified NHS number makes the link certain, if it does.

    Either side may have verified it: an alias learnt from the NHS carries its verification to a custodian that never
    checks. A given name that differs is a conflict even where the birth date agrees, since it is how a number copied
    to the wrong twin looks. (The caller has ruled out a name that no identity of the search has.)

    The number stands alone only when there is no birth date to compare: the searcher stated nothing else, or the
    custodian withholds the rest (PDS removes name and birth date from a child labelled V), or the given names agree.
    To demand a birth date then would turn away the most careful question, a number and nothing more, and the child
    with most to fear. It is refused when any identity of the search, aliases included, tells the two apart.
    """
    levels = comparison.levels
    verified = identity.verified or held.verified
    given = levels[Compared.GIVEN_NAME]
    if levels[Compared.NHS_NUMBER] is not Level.EXACT or not verified or given is Level.DIFFER:
        return None
    if levels[Compared.BIRTH_DATE] in _COULD_BE_THE_SAME_DAY:
        return Basis.VERIFIED_NUMBER_AND_BIRTH_DATE
    if levels[Compared.BIRTH_DATE] is not Level.MISSING or told_apart or levels[Compared.SEX] is Level.DIFFER:
        return None
    withheld = held.restricted is True and held.is_number_alone
    names_agree = given in GIVEN_NAMES_AGREE
    return Basis.VERIFIED_NUMBER if identity.is_number_alone or withheld or names_agree else None


def _linked(pairs: Sequence[_Pair]) -> _Pair | None:
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

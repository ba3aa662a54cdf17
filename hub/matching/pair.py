"""One candidate beside who is asked about: all that is needed to decide, and nothing decided yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hub.domain.people import Candidate
from hub.matching.compare import Comparison, Prepared, compare, reaches
from hub.matching.resolution import CONTRADICTIONS, Basis, Compared, Doubt, Lapse, Said, Same, ScoredCandidate, Word
from hub.matching.weights import GIVEN_NAMES_AGREE, LINK_MIN_BITS, REVIEW_MIN_BITS, Level, Weights

_COULD_BE_THE_SAME_DAY = frozenset({Level.EXACT, Level.RANGE})
_BIRTH_DATE_FITS = _COULD_BE_THE_SAME_DAY | {Level.NEAR}
_NUMBER_AGREES = frozenset({Level.EXACT, Level.SUPERSEDED})
_GIVEN_NAMES_PART = frozenset({Level.LIKE, Level.DIFFER})
_ALL_BUT_SEX = (Compared.GIVEN_NAME, Compared.FAMILY_NAME, Compared.BIRTH_DATE, Compared.POSTCODE)


@dataclass(frozen=True, slots=True)
class Pair:
    """A candidate beside the one identity of the search it was compared with, and what a person said of it (``word``).

    ``same_number`` to ``told_apart`` are about all identities of the search together: an
    alias that fits cannot talk away a contradiction with another. ``told_apart``: a given name or a birth date differs
    from one of them. ``withheld``: the custodian names the candidate without a name or birth date.
    """

    candidate: Candidate
    comparison: Comparison
    certain_basis: Basis | None
    same_number: bool
    number_contradicted: bool
    restricted_contradicted: bool
    told_apart: bool
    withheld: bool = False
    word: Word | None = None

    @property
    def score(self) -> float:
        """The comparison's, in bits."""
        return self.comparison.score

    @property
    def rank(self) -> tuple[bool, bool, bool, float]:
        """How well the identity fits the candidate. A number in common is shown, even beside a better fit without."""
        number_agrees = self.comparison.levels[Compared.NHS_NUMBER] in _NUMBER_AGREES
        return (self.certain_basis is not None, self.fits_on_demographics, number_agrees, self.score)

    def is_at(self, compared: Compared, level: Level) -> bool:
        """Whether one comparison came out so."""
        return self.comparison.levels[compared] is level

    @property
    def given_names_part(self) -> bool:
        """Two given names, however alike."""
        return self.comparison.levels[Compared.GIVEN_NAME] in _GIVEN_NAMES_PART

    @property
    def is_plausible(self) -> bool:
        """Worth a person's look. The same number always is, and whoever was once confirmed, whatever has changed since;
        another number and another name is another child. So is somebody whose name and birth date are withheld: the
        custodian, which knows them, says that they fit, and to drop the candidate would say that nobody does.
        """
        if self.same_number or self.withheld or (self.word is not None and self.word.said is Said.SAME):
            return True
        is_another = self.number_contradicted and self.is_at(Compared.GIVEN_NAME, Level.DIFFER)
        return self.score >= REVIEW_MIN_BITS and not is_another

    @property
    def sex_fits(self) -> bool:
        """Whether the sex speaks against no link: it does not differ, or nothing else differs by as much as a letter.

        Names that are alike may be a boy's and a girl's (Daniel, Danielle). Of the same given name, birth date, family
        name and postcode there is one child, for twins are not given one name: then a sex that differs is a slip.
        """
        return not self.is_at(Compared.SEX, Level.DIFFER) or all(
            self.is_at(compared, Level.EXACT) for compared in _ALL_BUT_SEX
        )

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
            and self.sex_fits
            and not self.number_contradicted
            and not self.restricted_contradicted
        )

    @property
    def is_confirmed(self) -> bool:
        """A person said that this is the child, of both sides as they are; nothing new contradicts it."""
        return self.word is not None and self.word.said is Said.SAME and self.word.lapse is None

    @property
    def is_denied(self) -> bool:
        """A person said that this is not the child, of both sides as they are."""
        return self.word is not None and self.word.said is Said.DIFFERENT and self.word.lapse is None

    def heard(self, word: Word | None) -> Pair:
        """The same, with what a person said of it, which does not count against what has become known since."""
        if word is None:
            return self
        if word.lapse is not None:
            return replace(self, word=word)
        if word.said is Said.SAME:
            is_news = not self.contradictions <= word.contradictions
        else:
            is_news = self.same_number and not word.number_agreed
        return replace(self, word=replace(word, lapse=Lapse.CONTRADICTED) if is_news else word)

    @property
    def contradictions(self) -> frozenset[Doubt]:
        """All that speaks against it."""
        return CONTRADICTIONS.intersection(self._doubts())

    def scored(self, doubt: Doubt | None = None) -> ScoredCandidate:
        """It as one of those a person must look at; ``doubt`` outranks those of its own."""
        doubts = tuple(self._doubts())
        against = CONTRADICTIONS.intersection(doubts) | ({doubt} if doubt else set())
        first = doubt or (doubts[0] if doubts else Doubt.NOT_ENOUGH)
        return ScoredCandidate(self.candidate, self.score, self.comparison.evidence, first, against, self.word)

    def same(self, basis: Basis, others: tuple[ScoredCandidate, ...], dropped: tuple[Word, ...], *, seen: int) -> Same:
        """It as the child."""
        evidence = self.comparison.evidence
        return Same(self.candidate, basis, evidence, self.score, others, seen, self.contradictions, self.word, dropped)

    def _doubts(self) -> Iterator[Doubt]:
        """The gravest first."""
        doubts = (
            (self.same_number and self.told_apart, Doubt.NUMBER_CONFLICT),
            (self.number_contradicted, Doubt.NUMBER_DIFFERS),
            (self.given_names_part, Doubt.GIVEN_NAME),
            (self.is_at(Compared.SEX, Level.DIFFER), Doubt.SEX),
            (self.is_at(Compared.BIRTH_DATE, Level.DIFFER), Doubt.BIRTH_DATE),
            (self.restricted_contradicted, Doubt.RESTRICTED),
            (self.certain_basis is not None or self.fits_on_demographics, Doubt.SEVERAL),
            (self.withheld, Doubt.WITHHELD),
        )
        return (doubt for applies, doubt in doubts if applies)


def out_of_reach(identities: Sequence[Prepared], candidate: Candidate, weights: Weights) -> bool:
    """Whether ``candidate`` is surely not plausible, whatever the names: so surely that nothing turns on it."""
    who = candidate.identity
    if not (who.given_names or who.family_names or who.birth_date):
        return False
    numbers = who.numbers
    for asked in identities:
        if not numbers.isdisjoint(asked.numbers) or reaches(asked, who, REVIEW_MIN_BITS, weights):
            return False
    return True


def best_pair(identities: Sequence[Prepared], candidate: Candidate, weights: Weights) -> Pair:
    """``candidate`` beside the one of ``identities`` that fits it best, the first of equals."""
    held = Prepared.of(candidate.identity)
    comparisons = [compare(identity, held, weights) for identity in identities]
    numbers = frozenset[str]().union(*(identity.numbers for identity in identities))
    same_number = not held.numbers.isdisjoint(numbers)
    number_contradicted = bool(numbers) and held.nhs_number is not None and not same_number
    restricted_contradicted = held.restricted is not None and any(
        identity.restricted is not None and identity.restricted is not held.restricted for identity in identities
    )
    given = {comparison.levels[Compared.GIVEN_NAME] for comparison in comparisons}
    other_name = Level.DIFFER in given and given <= {Level.DIFFER, Level.MISSING}
    told_apart = any(_tells_apart(comparison) for comparison in comparisons)
    pairs = [
        Pair(
            candidate,
            comparison,
            None if other_name else _certain_basis(identity, held, comparison, told_apart=told_apart),
            same_number,
            number_contradicted,
            restricted_contradicted,
            told_apart,
            held.withholds,
        )
        for identity, comparison in zip(identities, comparisons, strict=True)
    ]
    if len(pairs) == 1:
        return pairs[0]
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
    if levels[Compared.NHS_NUMBER] not in _NUMBER_AGREES or not verified or given is Level.DIFFER:
        return None
    if levels[Compared.BIRTH_DATE] in _COULD_BE_THE_SAME_DAY:
        return Basis.VERIFIED_NUMBER_AND_BIRTH_DATE
    if levels[Compared.BIRTH_DATE] is not Level.MISSING or told_apart or levels[Compared.SEX] is Level.DIFFER:
        return None
    names_agree = given in GIVEN_NAMES_AGREE
    return Basis.VERIFIED_NUMBER if identity.is_number_alone or held.withholds or names_agree else None

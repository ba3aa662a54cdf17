"""Which of a custodian's candidates is the child not yet born, if any. Pure.

Before the birth there is neither name nor number nor birth date to compare: there is the mother whom the custodian
recorded, and when it expects the birth. A candidate is linked without a person only when the recorded mother has the
number asked for, the expected dates are at most :data:`DAYS_APART_MAX` days apart (or the held one lies in the month
asked for), and nobody else there fits: of twins, neither is linked. A child who has been born is never linked.

What a person has said (:mod:`hub.matching.confirmations`) stands for the date, or for the number's being verified: a
record confirmed fits like one whose dates agree, one denied is left out. It never chooses between two that fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, ChildSearch, PartialDate, Unborn
from hub.matching.confirmations import Confirmed
from hub.matching.resolution import (
    NEXT_STEPS_UNBORN,
    Agreement,
    Basis,
    ComparedUnborn,
    Doubt,
    Evidence,
    NotHeld,
    Resolution,
    Review,
    Said,
    Same,
    ScoredCandidate,
    Word,
)

DAYS_APART_MAX = 21
"""Days between two expected dates that may be of one pregnancy: what a scan moves the date by, and some more."""

EARLY_DAYS_MAX = 126
"""How long before the expected date a child may have been born: 18 weeks, the earliest that anybody survives."""

_EVENS = 0.0
"""Nothing is scored here, so no candidate is likelier than another."""


@dataclass(frozen=True, slots=True)
class _Beside:
    """A candidate beside the child asked about: how the two comparisons came out, what stands in the way, and what a
    person said of it.
    """

    candidate: Candidate
    evidence: tuple[Evidence, ...]
    doubt: Doubt | None
    word: Word | None = None

    def heard(self, word: Word | None) -> _Beside:
        """It with what a person said; while that counts, nothing that a person may judge stands in its way."""
        settles = _counts(word, Said.SAME) and self.doubt not in NEXT_STEPS_UNBORN
        return replace(self, word=word, doubt=None if settles else self.doubt)

    @property
    def is_denied(self) -> bool:
        return self.doubt is not None and self.doubt not in NEXT_STEPS_UNBORN and _counts(self.word, Said.DIFFERENT)

    @property
    def basis(self) -> Basis:
        """On what it is linked."""
        if _counts(self.word, Said.SAME):
            return Basis.CONFIRMED
        return Basis.MOTHER if self.candidate.is_mother else Basis.MOTHER_AND_EXPECTED_DATE

    def scored(self, doubt: Doubt | None = None) -> ScoredCandidate:
        """It as one of those a person must look at."""
        why = self.doubt or doubt or Doubt.NOT_ENOUGH
        return ScoredCandidate(self.candidate, _EVENS, self.evidence, why, word=self.word)


def resolve_unborn(
    search: ChildSearch, candidates: Sequence[Candidate], confirmed: Confirmed | None = None
) -> Resolution:
    """Decide what ``candidates``, all of one custodian, mean for the unborn child of ``search``.

    A candidate who is the mother (:attr:`Candidate.is_mother`) is taken for her on her verified NHS number alone.
    ``confirmed``: what people have said of possible matches.
    """
    asked = search.unborn
    assert asked is not None, "the question is about an unborn child"
    people = {each.local_id: each for each in candidates}
    every = [
        beside.heard(confirmed.about(search, who) if confirmed is not None else None)
        for who in people.values()
        if (beside := _beside(asked, who)) is not None
    ]
    every.sort(key=lambda each: each.candidate.local_id)
    found = [each for each in every if not each.is_denied]
    dropped = tuple(each.word for each in every if each.is_denied and each.word is not None)
    fits = [each for each in found if each.doubt is None]
    born = [each for each in found if each.doubt is Doubt.ALREADY_BORN]
    if len(fits) == 1 and not born:
        (one,) = fits
        others = tuple(each.scored() for each in found if each is not one)
        return Same(one.candidate, one.basis, one.evidence, _EVENS, others, len(people), word=one.word, dropped=dropped)
    if found:
        first = [*born, *fits, *(each for each in found if each not in born and each not in fits)]
        return Review(tuple(each.scored(Doubt.SEVERAL) for each in first), len(people), dropped)
    return NotHeld(len(people), dropped)


def _counts(word: Word | None, said: Said) -> bool:
    return word is not None and word.said is said and word.lapse is None


def _beside(asked: Unborn, who: Candidate) -> _Beside | None:
    """``who`` beside the child asked about; None for somebody else: of another mother, or long born."""
    if who.is_mother:
        return _mother(asked, who)
    held = who.identity.unborn
    if held is None or held.mother != asked.mother:
        return None
    apart = _expected(asked.expected, held.expected)
    evidence = (Evidence(ComparedUnborn.MOTHER, Agreement.AGREE), Evidence(ComparedUnborn.EXPECTED_DATE, apart))
    born = who.identity.birth_date
    if born is not None:  # a birth date can be mistyped as well: where the expected dates agree, it is not long born
        is_it = apart in (Agreement.AGREE, Agreement.CLOSE) or _may_be_this_birth(asked.expected, born)
        return _Beside(who, evidence, Doubt.ALREADY_BORN) if is_it else None
    doubts = {Agreement.DIFFER: Doubt.EXPECTED_DATE, Agreement.MISSING: Doubt.NOT_ENOUGH}
    return _Beside(who, evidence, doubts.get(apart))


def _mother(asked: Unborn, who: Candidate) -> _Beside | None:
    agreed = _number(asked.mother, who.identity.nhs_number, who.identity.former_numbers)
    if agreed is None:
        return None
    evidence = (Evidence(ComparedUnborn.MOTHER, agreed),)
    return _Beside(who, evidence, None if who.identity.nhs_number_verified else Doubt.MOTHER_UNVERIFIED)


def _number(asked: NHSNumber, held: NHSNumber | None, former: Iterable[NHSNumber]) -> Agreement | None:
    if asked == held:
        return Agreement.AGREE
    return Agreement.SUPERSEDED if asked in former else None


def _expected(asked: PartialDate | None, held: PartialDate | None) -> Agreement:
    if asked is None or held is None:
        return Agreement.MISSING
    if asked.overlaps(held):
        return Agreement.AGREE
    if not asked.is_exact:  # a month is wide enough by itself
        return Agreement.DIFFER
    near = timedelta(days=DAYS_APART_MAX)
    widened = PartialDate(asked.earliest - near, asked.latest + near)
    return Agreement.CLOSE if widened.overlaps(held) else Agreement.DIFFER


def _may_be_this_birth(expected: PartialDate | None, born: PartialDate) -> bool:
    if expected is None:
        return True
    early, late = timedelta(days=EARLY_DAYS_MAX), timedelta(days=DAYS_APART_MAX)
    return PartialDate(expected.earliest - early, expected.latest + late).overlaps(born)

"""What became of one custodian's candidates: the same child, somebody a person must look at, or nobody.

No value in this module holds what was compared, only the words for how it compared; candidates hide theirs from
``repr``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.domain.people import Candidate


class Compared(StrEnum):
    """What two identities are compared on."""

    NHS_NUMBER = "NHS number"
    BIRTH_DATE = "date of birth"
    GIVEN_NAME = "given name"
    FAMILY_NAME = "family name"
    SEX = "sex"
    POSTCODE = "postcode"


class ComparedUnborn(StrEnum):
    """What a child not yet born is compared on."""

    MOTHER = "mother's NHS number"
    EXPECTED_DATE = "expected date of birth"


class Agreement(StrEnum):
    """How one comparison came out.

    ``MISSING``: one side or the other does not say. ``SUPERSEDED``: an NHS number that was given up for the other.
    """

    AGREE = "agree"
    CLOSE = "close"
    DIFFER = "differ"
    MISSING = "missing"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line of the evidence shown with a match, such as ``date of birth: agree``."""

    compared: Compared | ComparedUnborn
    outcome: Agreement


class Basis(StrEnum):
    """On what a candidate was taken to be the child."""

    VERIFIED_NUMBER_AND_BIRTH_DATE = "verified NHS number and date of birth"
    VERIFIED_NUMBER = "verified NHS number"
    DEMOGRAPHICS = "names, date of birth and other details"
    CONFIRMED = "a person's confirmation"
    MOTHER_AND_EXPECTED_DATE = "the recorded mother's NHS number and the expected date of birth"
    MOTHER = "the mother's verified NHS number: this is her own record"


class Doubt(StrEnum):
    """Why a person must look: the first of these that applies, the gravest first."""

    NUMBER_CONFLICT = "same NHS number, but other details disagree"
    NUMBER_DIFFERS = "different NHS number"
    GIVEN_NAME = "given names do not agree: this may be a brother, sister or twin"
    SEX = "sex differs"
    BIRTH_DATE = "dates of birth do not agree"
    RESTRICTED = "one source marks the child's record as restricted and another as unrestricted"
    PERSON_DISAGREES = "what a person confirmed and what the details say cannot both be right"
    SOURCES_DISAGREE = "what this source and another hold cannot be one child"
    SEVERAL = "more than one person here fits"
    WITHHELD = "the name and date of birth are withheld there: only the NHS number can tell"
    ALREADY_BORN = "already born: ask by the child's own NHS number, or name and date of birth"
    EXPECTED_DATE = "expected dates of birth are too far apart to be of one pregnancy"
    MOTHER_UNVERIFIED = "the mother's NHS number is not verified there"
    NOT_ENOUGH = "too little agrees to be sure"


CONTRADICTIONS = frozenset(
    {
        Doubt.NUMBER_CONFLICT,
        Doubt.NUMBER_DIFFERS,
        Doubt.GIVEN_NAME,
        Doubt.SEX,
        Doubt.BIRTH_DATE,
        Doubt.RESTRICTED,
    }
)
"""The doubts that speak against a match. The others only do not speak for it."""


class Said(StrEnum):
    """What a person said of a possible match."""

    SAME = "same"
    DIFFERENT = "different"


class Lapse(StrEnum):
    """Why what a person said does not count any more."""

    EXPIRED = "the confirmation has expired"
    RECORD_CHANGED = "the record has changed since"
    CHILD_CHANGED = "what is known of the child has changed since"
    CONTRADICTED = "something that contradicts it has become known since"


NEXT_STEPS_UNBORN = {
    Doubt.ALREADY_BORN: "This child has been born: ask by the child's own NHS number, or name and date of birth.",
    Doubt.SEVERAL: "More than one record there fits this pregnancy, as of twins. That cannot be settled here: ring the "
    "agency.",
    Doubt.SOURCES_DISAGREE: "What two agencies hold cannot be one child. That cannot be settled here: ring both.",
}
"""What to do about a possible match of an unborn child where a person's word would not settle it.

A child who was born is another question's. Of two that fit, each may be a twin: a word on one would join her to
whoever asks about the other, or hide the other from whoever asks about her.
"""

_SAID = {Said.SAME: "the same child", Said.DIFFERENT: "not this child"}


@dataclass(frozen=True, slots=True)
class Word:
    """What a person said of one candidate, and whether it counts.

    Attributes:
        reference: the confirmation's own, random.
        at: when it was said (aware, UTC).
        lapse: why it does not count any more; None while it does.
        number_agreed, contradictions: what was known then.
    """

    reference: str
    said: Said
    at: datetime
    lapse: Lapse | None
    number_agreed: bool
    contradictions: frozenset[Doubt]

    @property
    def shown(self) -> str:
        """It in words, as evidence: "the same child, confirmed on 3 Feb 2026; the record has changed since"."""
        on = f"{_SAID[self.said]}, confirmed on {self.at.day} {self.at:%b %Y}"
        return on if self.lapse is None else f"{on}; {self.lapse.value}"


@dataclass(frozen=True, slots=True)
class ScoredCandidate:
    """A candidate who may be the child.

    Attributes:
        score: log2 of the odds that this is the child, by the weights in :mod:`hub.matching.weights`: 0 is evens,
            10 about a thousand to one on. It orders candidates; it never decides alone.
        doubt: why the hub did not decide.
        contradictions: all that speaks against it.
        word: what a person said of it, counting or not.
    """

    candidate: Candidate
    score: float
    evidence: tuple[Evidence, ...]
    doubt: Doubt
    contradictions: frozenset[Doubt] = frozenset()
    word: Word | None = None

    @property
    def next_step(self) -> str | None:
        """Where nobody can say in the hub whether this is the child: what to do instead."""
        is_unborn = any(isinstance(line.compared, ComparedUnborn) for line in self.evidence)
        return NEXT_STEPS_UNBORN.get(self.doubt) if is_unborn else None


@dataclass(frozen=True, slots=True)
class Same:
    """The custodian holds the child, as ``candidate``.

    ``others`` may be further records of the same child at this custodian (duplicates): they are not joined, and an
    answer that leaves them out should say that there may be more. ``seen`` counts all candidates, for the log.
    ``dropped`` is what people said of those who were left out because of it; so in the other resolutions.
    """

    candidate: Candidate
    basis: Basis
    evidence: tuple[Evidence, ...]
    score: float
    others: tuple[ScoredCandidate, ...] = ()
    seen: int = 1
    contradictions: frozenset[Doubt] = frozenset()
    word: Word | None = None
    dropped: tuple[Word, ...] = ()

    def doubted(self) -> Review:
        """What this becomes when another custodian's "same" contradicts it: something for a person to look at."""
        against = self.contradictions | {Doubt.SOURCES_DISAGREE}
        doubtful = ScoredCandidate(
            self.candidate, self.score, self.evidence, Doubt.SOURCES_DISAGREE, against, self.word
        )
        return Review((doubtful, *self.others), self.seen, self.dropped)


@dataclass(frozen=True, slots=True)
class Review:
    """The custodian holds somebody who may be the child; a person must look. Best first, never empty."""

    candidates: tuple[ScoredCandidate, ...]
    seen: int = 0
    dropped: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class NotHeld:
    """The custodian searched and does not hold the child; ``seen`` candidates were looked at and discarded."""

    seen: int
    dropped: tuple[Word, ...] = ()


Resolution = Same | Review | NotHeld

"""How much each comparison is worth: Fellegi-Sunter weights in bits.

For each outcome, ``m`` is how often it is seen when both records are of one child, ``u`` how often when they are of two
children drawn at random; the weight is log2(m / u), and the score of a pair is the prior plus the sum of its weights
(Fellegi and Sunter, "A Theory for Record Linkage", JASA 64, 1969). The sum assumes that fields are independent. They
are not for brothers and sisters, who share a surname and an address, nor for twins, who also share a birth date: that
is why :mod:`hub.matching.resolve` never links on the score alone.

The numbers are set by judgement from the published ranges for English health and care data and by the scenario tables
in the tests, not fitted to real children. ``hub match train`` estimates a partnership's own (``docs/matching.md``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import log2

from hub.matching.resolution import Agreement, Compared


class Level(StrEnum):
    """How two values compare, more finely than the words shown as evidence."""

    EXACT = "exact"
    SPELLING = "spelling"  # the same name spelt otherwise: Sean, Shaun
    NICKNAME = "nickname"  # a name and its short form: Eleanor, Ellie
    NEAR = "near"  # a slip of the pen: one or two letters or digits
    PART = "part"  # one of several surnames: Smith-Jones, Jones
    SWAPPED = "swapped"  # given and family name changed places
    RANGE = "range"  # a birth date known in part that could be the same day
    SUPERSEDED = "superseded"  # an NHS number given up for the other
    AREA = "area"  # the first half of the postcode
    LIKE = "like"  # alike, but two names all the same: Ella, Ellie
    DIFFER = "differ"
    MISSING = "missing"


_WORDS = {
    Level.EXACT: Agreement.AGREE,
    Level.SWAPPED: Agreement.AGREE,
    Level.DIFFER: Agreement.DIFFER,
    Level.MISSING: Agreement.MISSING,
    Level.SUPERSEDED: Agreement.SUPERSEDED,
}

GIVEN_NAMES_AGREE = frozenset({Level.EXACT, Level.SPELLING, Level.NICKNAME, Level.NEAR, Level.SWAPPED})
"""The levels at which given names count as agreeing for an automatic link (``LIKE`` does not)."""


def word(level: Level) -> Agreement:
    """The word shown to people for ``level``: everything between agreeing and differing is close."""
    return _WORDS.get(level, Agreement.CLOSE)


@dataclass(frozen=True, slots=True)
class Weight:
    """One row: how often this outcome is seen for one child (``m``) and for two (``u``)."""

    m: float
    u: float

    @property
    def bits(self) -> float:
        """The weight, log2(m / u)."""
        return log2(self.m / self.u)


BIRTH_DATES = 6_575
"""Days in eighteen years: how many birth dates a child can have."""

BIRTH_DATE_RIGHT = 0.955
"""How often both records of one child have birth dates that could be the same day."""

WEIGHTS: dict[Compared, dict[Level, Weight]] = {
    # Two children share a number only by error; a child has two when one was superseded or a sibling's was copied.
    Compared.NHS_NUMBER: {Level.EXACT: Weight(0.985, 0.000001), Level.DIFFER: Weight(0.015, 0.999999)},
    # About one child in 550 has the given name sought. Children known by another name altogether: 1.5 %.
    Compared.GIVEN_NAME: {
        Level.EXACT: Weight(0.860, 0.0018),
        Level.NEAR: Weight(0.050, 0.0007),
        Level.NICKNAME: Weight(0.040, 0.0005),
        Level.SPELLING: Weight(0.020, 0.00025),
        Level.SWAPPED: Weight(0.003, 0.00002),
        Level.LIKE: Weight(0.012, 0.02),
        Level.DIFFER: Weight(0.015, 0.97673),
    },
    # One in 770 has the surname. Children change surname with their household: 10.7 % differ.
    Compared.FAMILY_NAME: {
        Level.EXACT: Weight(0.800, 0.0013),
        Level.PART: Weight(0.060, 0.0008),
        Level.NEAR: Weight(0.030, 0.0008),
        Level.SWAPPED: Weight(0.003, 0.00002),
        Level.DIFFER: Weight(0.107, 0.99708),
    },
    # RANGE is worth less the wider the range: see birth_date_bits. NEAR: some thirty dates are one slip away.
    Compared.BIRTH_DATE: {
        Level.EXACT: Weight(BIRTH_DATE_RIGHT, 1 / BIRTH_DATES),
        Level.NEAR: Weight(0.030, 0.0046),
        Level.DIFFER: Weight(0.015, 0.995248),
    },
    Compared.SEX: {Level.EXACT: Weight(0.985, 0.5), Level.DIFFER: Weight(0.015, 0.5)},
    # Families at risk move often, and agencies learn of it at different times: a quarter differ.
    Compared.POSTCODE: {
        Level.EXACT: Weight(0.620, 0.001),
        Level.AREA: Weight(0.120, 0.05),
        Level.DIFFER: Weight(0.260, 0.949),
    },
}


@dataclass(frozen=True, slots=True)
class Weights:
    """A table of weights, worked out.

    Attributes:
        rows: as :data:`WEIGHTS`, the same fields and levels.
        bits: each weight in bits; what is missing says nothing either way.
        most_bits: what two names are worth at most, together.
    """

    rows: Mapping[Compared, Mapping[Level, Weight]]
    bits: Mapping[Compared, Mapping[Level, float]] = field(init=False, compare=False, repr=False)
    most_bits: float = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        worked_out = {
            compared: {Level.MISSING: 0.0, **{level: weight.bits for level, weight in rows.items()}}
            for compared, rows in self.rows.items()
        }
        object.__setattr__(self, "bits", worked_out)
        names = (Compared.GIVEN_NAME, Compared.FAMILY_NAME)
        object.__setattr__(self, "most_bits", sum(max(worked_out[name].values()) for name in names))

    def birth_date_bits(self, days: int) -> float:
        """The weight of two birth dates that overlap, out of ``days`` distances at which they still would.

        Two exact dates overlap at one distance, an exact date and a known month at 28 to 31, two known years at some
        730.
        """
        exact = self.rows[Compared.BIRTH_DATE][Level.EXACT]
        return log2(exact.m / min(1.0, exact.u * days))


SHIPPED = Weights(WEIGHTS)
"""The weights in force where an installation has trained none of its own."""

PRIOR_BITS = log2(0.3 / 10_000)
"""Before anything is compared: a custodian with 10,000 children, asked three times in ten about one it knows.

"This child is not known here" is the normal answer at a police force; a prior of evens would find somebody.
"""

LINK_MIN_BITS = 12.0
"""The score an automatic link on demographics needs, besides the conditions in :mod:`hub.matching.resolve`."""

REVIEW_MIN_BITS = 0.0
"""From evens upward a person looks; below, the candidate is somebody else."""

GAP_MIN_BITS = 6.0
"""How far ahead of the runner-up an automatic link must be: 64 times as likely."""

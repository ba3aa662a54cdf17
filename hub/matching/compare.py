"""Two identities compared, field by field. Every comparison says how it came out and what it is worth, and no value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import ne

from hub.domain.people import Identity, PartialDate
from hub.matching.names import FamilyName, GivenName, compare_family, compare_given, misspells
from hub.matching.resolution import Compared, Evidence
from hub.matching.weights import PRIOR_BITS, SHIPPED, Level, Weights, word

_SEXES = {"f": "F", "female": "F", "2": "F", "m": "M", "male": "M", "1": "M"}
"""Codes in use: FHIR administrative gender, and the NHS Data Dictionary's PERSON STATED GENDER CODE (1 male, 2 female).

Anything else (unknown, other, indeterminate) is missing: it neither agrees nor contradicts.
"""

_NOT_A_POSTCODE = "ZZ99"
"""The pseudo postcodes of the NHS Postcode Directory: no fixed abode, address not known, abroad."""

_INWARD_CHARACTERS = 3  # the second half of a United Kingdom postcode
_POSTCODE_CHARACTERS_MIN = 5

_BY_WORTH = (
    Level.EXACT,
    Level.SPELLING,
    Level.NICKNAME,
    Level.NEAR,
    Level.PART,
    Level.SWAPPED,
    Level.LIKE,
    Level.DIFFER,
)
_WORTH = {level: -place for place, level in enumerate(_BY_WORTH)}


@dataclass(frozen=True, slots=True)
class Prepared:
    """An identity made ready for comparing: parsed once, compared with many. ``numbers`` are the identity's."""

    nhs_number: str | None = field(repr=False)
    verified: bool
    given: tuple[GivenName, ...] = field(repr=False)
    family: tuple[FamilyName, ...] = field(repr=False)
    birth_date: PartialDate | None = field(repr=False)
    sex: str | None = field(repr=False)
    postcode: str | None = field(repr=False)
    restricted: bool | None
    numbers: frozenset[str] = field(repr=False)

    @classmethod
    def of(cls, who: Identity) -> Prepared:
        """``who``, with placeholders ("Twin 1", ZZ99 postcodes) taken for what they are: missing."""
        return cls(
            nhs_number=who.nhs_number.value if who.nhs_number else None,
            verified=who.nhs_number_verified,
            given=tuple([given for text in who.given_names if (given := GivenName.parse(text))]),
            family=tuple([family for text in who.family_names if (family := FamilyName.parse(text))]),
            birth_date=who.birth_date,
            sex=_sex(who.sex),
            postcode=_postcode(who.postcode),
            restricted=who.restricted,
            numbers=who.numbers,
        )

    @property
    def is_number_alone(self) -> bool:
        """Whether nothing but an NHS number tells this child from others."""
        return self.nhs_number is not None and not (self.given or self.family or self.birth_date)

    @property
    def withholds(self) -> bool:
        """Whether the source took name and birth date away (PDS label V): what was asked by it has already compared."""
        return self.restricted is True and self.is_number_alone


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two identities compare: a level for each field, and the score in bits."""

    levels: dict[Compared, Level]
    score: float

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The comparison in the words people are shown, one line a field."""
        return tuple(map(_EVIDENCE.__getitem__, self.levels.items()))


_EVIDENCE = {(compared, level): Evidence(compared, word(level)) for compared in Compared for level in Level}


def compare(a: Prepared, b: Prepared, weights: Weights = SHIPPED) -> Comparison:
    """Compare ``a`` with ``b``; the order makes no difference. The levels are the same with any weights."""
    sex = _equality(a.sex, b.sex)
    given, family = _compare_names(a, b, same_sex=sex is Level.EXACT)
    birth_date, birth_bits = compare_birth_dates(a.birth_date, b.birth_date, weights)
    number = _compare_numbers(a, b)
    postcode = _compare_postcodes(a.postcode, b.postcode)
    levels = {
        Compared.NHS_NUMBER: number,
        Compared.BIRTH_DATE: birth_date,
        Compared.GIVEN_NAME: given,
        Compared.FAMILY_NAME: family,
        Compared.SEX: sex,
        Compared.POSTCODE: postcode,
    }
    worth = weights.bits
    names = worth[Compared.GIVEN_NAME][given] + worth[Compared.FAMILY_NAME][family]
    worth_as = Level.EXACT if number is Level.SUPERSEDED else number
    others = worth[Compared.NHS_NUMBER][worth_as] + worth[Compared.SEX][sex] + worth[Compared.POSTCODE][postcode]
    return Comparison(levels, PRIOR_BITS + birth_bits + names + others)


def reaches(asked: Prepared, held: Identity, bits: float, weights: Weights = SHIPPED) -> bool:
    """Whether ``asked`` and ``held``, who have no NHS number in common, could score ``bits`` or more by their names.

    Names are what takes the time, and most candidates are strangers: these need not be read any further.
    """
    _, best = compare_birth_dates(asked.birth_date, held.birth_date, weights)
    best += PRIOR_BITS + weights.most_bits
    if best >= bits:
        return True
    best += weights.bits[Compared.POSTCODE][_compare_postcodes(asked.postcode, _postcode(held.postcode))]
    return best + weights.bits[Compared.SEX][_equality(asked.sex, _sex(held.sex))] >= bits


def compare_birth_dates(
    a: PartialDate | None, b: PartialDate | None, weights: Weights = SHIPPED
) -> tuple[Level, float]:
    """How two birth dates compare, and what it is worth: each may be a range of days."""
    if a is None or b is None:
        return Level.MISSING, 0.0
    if a.earliest <= b.latest and b.earliest <= a.latest:
        days = (a.latest - a.earliest).days + (b.latest - b.earliest).days + 1
        return (Level.EXACT if days == 1 else Level.RANGE), weights.birth_date_bits(days)
    are_exact = a.earliest == a.latest and b.earliest == b.latest
    level = Level.NEAR if are_exact and _one_slip_apart(a.earliest, b.earliest) else Level.DIFFER
    return level, weights.bits[Compared.BIRTH_DATE][level]


def _one_slip_apart(one: date, other: date) -> bool:
    """Whether day and month changed places, one digit is wrong, or a conversion of time zones moved the day by one."""
    if abs((one - other).days) == 1:
        return True
    if one.year != other.year:
        return one.month == other.month and one.day == other.day and _one_digit_apart(one, other)
    return (one.month, one.day) == (other.day, other.month) or _one_digit_apart(one, other)


def _one_digit_apart(one: date, other: date) -> bool:
    differing: int = sum(map(ne, one.isoformat(), other.isoformat()))
    return differing == 1


def _compare_names(a: Prepared, b: Prepared, *, same_sex: bool) -> tuple[Level, Level]:
    given = _best([compare_given(one, other, same_sex=same_sex) for one in a.given for other in b.given])
    family = _best([compare_family(one, other) for one in a.family for other in b.family])
    if given in (Level.LIKE, Level.DIFFER) and family is not Level.EXACT:
        if _given_is_family(a, b) and _given_is_family(b, a):
            return Level.SWAPPED, Level.SWAPPED
        if _given_is_like_family(a, b) and _given_is_like_family(b, a):
            return Level.LIKE, Level.NEAR
    return given, family


def _given_is_family(a: Prepared, b: Prepared) -> bool:
    return any(other.joined in (name.lead, name.joined) for name in a.given for other in b.family)


def _given_is_like_family(a: Prepared, b: Prepared) -> bool:
    """The same with a slip of the pen, or among middle names: too far to link on, near enough to look at."""
    return any(
        misspells(word, other.joined) for name in a.given for word in (name.lead, *name.rest) for other in b.family
    )


def _best(levels: Sequence[Level]) -> Level:
    """The best over all versions of a name; ``MISSING`` when one side has none."""
    if len(levels) == 1:
        return levels[0]
    return max(levels, key=_WORTH.__getitem__, default=Level.MISSING)


def _equality(a: str | None, b: str | None) -> Level:
    if a is None or b is None:
        return Level.MISSING
    return Level.EXACT if a == b else Level.DIFFER


def _compare_numbers(a: Prepared, b: Prepared) -> Level:
    """A number that a source says was superseded by the other is the same child's."""
    level = _equality(a.nhs_number, b.nhs_number)
    return Level.SUPERSEDED if level is Level.DIFFER and a.numbers & b.numbers else level


def _sex(text: str | None) -> str | None:
    return _SEXES.get(text.strip().casefold()) if text else None


def _postcode(text: str | None) -> str | None:
    if not text:
        return None
    postcode = text.replace(" ", "").upper()
    if not postcode.isalnum():
        postcode = "".join(filter(str.isalnum, postcode))
    known = len(postcode) >= _POSTCODE_CHARACTERS_MIN and not postcode.startswith(_NOT_A_POSTCODE)
    return postcode if known else None


def _compare_postcodes(a: str | None, b: str | None) -> Level:
    level = _equality(a, b)
    if level is Level.DIFFER and a and b and a[:-_INWARD_CHARACTERS] == b[:-_INWARD_CHARACTERS]:
        return Level.AREA
    return level

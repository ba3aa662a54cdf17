"""Who somebody is, as far as matching needs to know: match fields only, never case content."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date

from hub.domain.identifiers import NHSNumber
from hub.errors import BadRequest

_PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class PartialDate:
    """A date of which the day, or the day and month, may be unknown: a range of days, FHIR ``date`` syntax.

    >>> PartialDate.parse("2014-02").earliest, PartialDate.parse("2014-02").latest
    (datetime.date(2014, 2, 1), datetime.date(2014, 2, 28))
    """

    earliest: date = field(repr=False)
    latest: date = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Read ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``.

        Raises:
            BadRequest: code ``DATE_INVALID``; the message states the form and never echoes the text.
        """
        found = _PARTIAL_DATE.fullmatch(text.strip())
        try:
            if found is None:
                raise ValueError
            year, month, day = (int(part) if part else None for part in found.groups())
            assert year is not None
            if month is None:
                return cls(date(year, 1, 1), date(year, 12, 31))
            if day is None:
                return cls(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
            return cls(date(year, month, day), date(year, month, day))
        except ValueError:
            raise BadRequest(
                "Write the date as YYYY-MM-DD, or YYYY-MM or YYYY when the rest is not known.", code="DATE_INVALID"
            ) from None

    @classmethod
    def exactly(cls, day: date) -> PartialDate:
        """The range of one known day."""
        return cls(day, day)

    @property
    def is_exact(self) -> bool:
        """Whether the day is known."""
        return self.earliest == self.latest

    def overlaps(self, other: PartialDate) -> bool:
        """Whether both could be the same day."""
        return self.earliest <= other.latest and other.earliest <= self.latest

    def isoformat(self) -> str:
        """``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY``, whichever is as exact as what is known."""
        if self.is_exact:
            return self.earliest.isoformat()
        whole_year = self.earliest.month == 1 and self.latest.month == 12
        return self.earliest.isoformat()[: 4 if whole_year else 7]


@dataclass(frozen=True, slots=True)
class Unborn:
    """All that a child who is not born yet can be known by: the mother's NHS number, and when the birth is expected.

    ``mother_born`` is when a custodian that recorded the mother says that she was born.
    """

    mother: NHSNumber = field(repr=False)
    expected: PartialDate | None = field(default=None, repr=False)
    mother_born: PartialDate | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """The match fields of one person, as one source states them. All may be missing; none is trusted.

    ``given_names`` and ``family_names`` hold every known version (aliases, previous names), the current one first.
    ``restricted`` is PDS's confidentiality label R or V (``None``: the source cannot say).
    ``former_numbers`` are NHS numbers that its source says ``nhs_number`` has superseded. ``unborn`` is what is
    known of a child before the birth; a record that has it beside a birth date is of a child who has been born.
    """

    nhs_number: NHSNumber | None = None
    nhs_number_verified: bool = False
    given_names: tuple[str, ...] = field(default=(), repr=False)
    family_names: tuple[str, ...] = field(default=(), repr=False)
    birth_date: PartialDate | None = field(default=None, repr=False)
    sex: str | None = None
    postcode: str | None = field(default=None, repr=False)
    restricted: bool | None = None
    former_numbers: tuple[NHSNumber, ...] = field(default=(), repr=False)
    unborn: Unborn | None = field(default=None, repr=False)

    @property
    def numbers(self) -> frozenset[str]:
        """The digits of the NHS number and of those it superseded."""
        if self.former_numbers:
            return frozenset(number.value for number in (self.nhs_number, *self.former_numbers) if number)
        return frozenset() if self.nhs_number is None else frozenset((self.nhs_number.value,))


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person a custodian holds who may be the subject: its own id for them, and match fields only.

    ``is_mother``: the question is about an unborn child, and this is the mother whom it names; what is held of her is
    her own record and not the child's.
    """

    custodian: str
    local_id: str = field(repr=False)
    identity: Identity
    is_mother: bool = False


@dataclass(frozen=True, slots=True)
class ChildSearch:
    """Who the searcher asks about: an NHS number, or names with a birth date, or both; or a child not born yet.

    ``aliases`` are further identities learnt during this question from a custodian that knows the child for certain
    (the police hold no NHS number, so theirs is always a match on these).
    """

    stated: Identity
    aliases: tuple[Identity, ...] = ()

    @property
    def has_demographics(self) -> bool:
        """Whether a source without NHS numbers can be asked: a given name, a family name and a birth date are known."""
        return any(
            who.given_names and who.family_names and who.birth_date is not None for who in (self.stated, *self.aliases)
        )

    @property
    def unborn(self) -> Unborn | None:
        """The unborn child the question is about; None where it is about a child who has been born."""
        return self.stated.unborn

    @property
    def identities(self) -> tuple[Identity, ...]:
        """Every identity to ask with, the one the searcher stated first."""
        return (self.stated, *self.aliases)

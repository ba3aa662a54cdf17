"""The shape of the pretend world: what really is the case, before any agency wrote down its part of it.

One :class:`World` is generated from a seed; each pretend agency loads the part its real counterpart would hold.
Nobody in it exists. NHS numbers are from the 999 range, which is never issued; telephone numbers are from Ofcom's
range for drama (01632 960xxx).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address in the invented town of Testshire."""

    line: str
    town: str
    postcode: str


@dataclass(frozen=True, slots=True)
class Adult:
    """A grown-up in a household. ``labels`` are sensitivity words that agencies put on the link with the children."""

    key: str
    given_name: str
    family_name: str
    birth_date: date
    sex: str  # "F" or "M"
    relationship: str  # to the household's children: "mother", "father", "step-father", "grandmother", ...
    phone: str
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that some agency recorded about a child.

    ``kind`` is a kind of the field catalogue (``policies/fields/*.toml``), which also fixes the agency;
    ``values`` are that kind's fields by name, in the catalogue's types, except that coded fields hold the
    published *code* (for example abuse category ``NEG``) under the field's name;
    ``labels`` are sensitivity words the agency's system has on the record; ``assessed`` is False when the agency
    never said whether any apply.
    """

    kind: str
    values: dict[str, Any]
    labels: frozenset[str] = frozenset()
    assessed: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """How one agency knows a child: which may differ from what is so (old surname, no NHS number, old address)."""

    local_id: str
    given_name: str
    family_name: str
    birth_date: date
    sex: str
    nhs_number: str | None
    address: Address | None
    school: str | None = None
    previous_family_names: tuple[str, ...] = ()
    label: str = "U"  # PDS confidentiality: U, R or V
    gp_practice: tuple[str, str] | None = None  # (ODS code, name)
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """One child, and what each agency knows. An agency that does not know the child has None."""

    key: str
    given_name: str
    family_name: str
    birth_date: date
    sex: str
    nhs_number: str
    council: Known | None
    health: Known | None
    police: Known | None
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Household:
    """People who live together."""

    key: str
    address: Address
    adults: tuple[Adult, ...]
    children: tuple[Child, ...]


@dataclass(frozen=True, slots=True)
class Expecting:
    """A mother whose child is not born yet, as the NHS knows her and as the council recorded it before the birth.

    Attributes:
        mother: her own record; ``local_id`` is the council's.
        unborn_ids: the council's ids of the pre-birth records, more than one for twins; none where it has none.
        due: when the birth is expected.
        booked_on: when her maternity care began.
        provider: who provides it.
        events: what the council recorded of the first of ``unborn_ids``.
    """

    mother: Known
    unborn_ids: tuple[str, ...]
    due: date
    booked_on: date
    provider: str
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """Everybody, and ``cast``: the parts of the documented table, by name, to the child's key.

    ``expecting`` are beside the households: no agency knows their children by name yet.
    """

    seed: int
    today: date
    extracted_at: datetime  # when the council's nightly copy was taken (aware, UTC)
    households: tuple[Household, ...]
    cast: dict[str, str] = field(default_factory=dict)
    expecting: tuple[Expecting, ...] = ()

    @property
    def children(self) -> dict[str, Child]:
        """Every child by key."""
        return {child.key: child for household in self.households for child in household.children}

    def played_by(self, part: str) -> Child:
        """The child who plays ``part`` of the cast table; KeyError when there is no such part."""
        return self.children[self.cast[part]]

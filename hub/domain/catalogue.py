"""The field catalogue: every field the hub can ever show, described once.

Connectors may only produce what is catalogued, policies may only speak of what is catalogued, and the GraphQL types
are checked against it. The entries themselves are reviewed text in ``policies/fields/*.toml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hub.domain.organisations import Sector


class Section(StrEnum):
    """The part of the joined view a kind of record is shown in."""

    IDENTITY = "identity"
    HOUSEHOLD = "household"
    INVOLVEMENT = "involvement"
    SOCIAL_CARE = "social_care"
    POLICE = "police"
    HEALTH = "health"
    EDUCATION = "education"


READ_WHEN_NAMED = frozenset({"cpis_information", "cpis_access"})
"""Kinds of which every read is an event at the holder, who tells others of it. Whatever asks for "everything there is"
(a page, a check of a connector) leaves them out: they are read where a question names them."""


class ValueType(StrEnum):
    """What a field's released value is in Python: str, date, datetime (aware, UTC), int, bool, tuple of str."""

    TEXT = "text"
    DATE = "date"
    DATETIME = "datetime"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXT_LIST = "text_list"


class DerivedAs(StrEnum):
    """What the hub works out of another field, so that less is shared: an age in years, a postcode's outward half."""

    AGE = "age"
    AREA = "area"


@dataclass(frozen=True, slots=True)
class Derived:
    """A field that no custodian states: the hub derives it from the field called ``source`` when it is released."""

    source: str
    how: DerivedAs


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of one kind of record.

    Attributes:
        name: snake_case, unique in its kind.
        label: what people call it.
        type: the type of a value; every value may also be absent.
        classification: the vocabulary's word for what sort of information this is; policies speak of these.
        source: where the published standard keeps it, such as ``ssd_cp_plans.cppl_cp_plan_start_date``.
        needed_for: ids of the purposes whose scope this field is in.
    """

    name: str
    label: str
    type: ValueType
    classification: str
    source: str
    needed_for: frozenset[str]
    derived: Derived | None = None


@dataclass(frozen=True, slots=True)
class TimelineSpec:
    """How a record appears on the timeline: the first of ``on`` that is known, and ``summary`` fields joined.

    ``until`` is the field that says when it was over, for kinds that last: without a value the record is current, and
    however long ago it began, no look-back ends before it.
    """

    on: tuple[str, ...]
    summary: tuple[str, ...]
    until: str | None = None


@dataclass(frozen=True, slots=True)
class KindSpec:
    """One kind of record, such as a child protection plan."""

    id: str
    title: str
    section: Section
    sector: Sector
    standard: str
    fields: tuple[FieldSpec, ...]
    labels: frozenset[str] = frozenset()
    """Labels every record of this kind carries by its nature, such as ``ehc_plan``."""
    timeline: TimelineSpec | None = None

    def field(self, name: str) -> FieldSpec:
        """The field called ``name``; KeyError when the kind has none."""
        for spec in self.fields:
            if spec.name == name:
                return spec
        raise KeyError(f"{self.id} has no field {name}")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All kinds, by id."""

    kinds: Mapping[str, KindSpec] = field(default_factory=dict)

    @classmethod
    def of(cls, kinds: Iterable[KindSpec]) -> Catalogue:
        """A catalogue of ``kinds``; ValueError when two share an id."""
        by_id: dict[str, KindSpec] = {}
        for kind in kinds:
            if kind.id in by_id:
                raise ValueError(f"kind {kind.id} is catalogued twice")
            by_id[kind.id] = kind
        return cls(by_id)

    def __getitem__(self, kind: str) -> KindSpec:
        return self.kinds[kind]

    def of_sector(self, sector: Sector) -> frozenset[str]:
        """Ids of the kinds that custodians of ``sector`` hold."""
        return frozenset(kind.id for kind in self.kinds.values() if kind.sector is sector)

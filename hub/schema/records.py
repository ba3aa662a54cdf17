"""Record and section types, made from the field catalogue so that neither can have a field the other lacks."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import strawberry

from hub.domain.catalogue import Catalogue, FieldSpec, KindSpec, Section, ValueType
from hub.domain.disclosure import ReleasedRecord
from hub.domain.view import JoinedView
from hub.schema.names import SECTION_TYPES, list_name, type_name
from hub.schema.types import Custodian, Handling, Source, Withheld

_PYTHON_TYPES: Mapping[ValueType, Any] = {
    ValueType.TEXT: str,
    ValueType.DATE: datetime.date,
    ValueType.DATETIME: datetime.datetime,
    ValueType.INTEGER: int,
    ValueType.BOOLEAN: bool,
    ValueType.TEXT_LIST: list[str],
}

_EVERY_RECORD: Mapping[str, tuple[Any, str]] = {
    "custodian": (Custodian, "The agency whose record this is."),
    "as_of": (datetime.datetime, "When the agency's copy was current."),
    "withheld": (
        list[Withheld],
        "What was held back. A null not listed here is one the agency holds nothing for.",
    ),
    "handling": (list[Handling], "Conditions that travel with what is shared."),
}


SECTION_HOLDERS: Mapping[Section, str] = {
    Section.SOCIAL_CARE: "councils",
    Section.POLICE: "police forces",
    Section.HEALTH: "NHS bodies",
    Section.EDUCATION: "schools and colleges",
}
"""Who holds the records of each section, in words."""


@dataclass(frozen=True, slots=True)
class SectionType:
    """One section's GraphQL type, and for each kind of record its list's Python name and its type."""

    python_type: type[Any]
    lists: Mapping[str, tuple[str, type[Any]]]


def section_types(catalogue: Catalogue) -> dict[Section, SectionType]:
    """The types of the sections that are lists of records."""
    return {section: _section_type(section, catalogue) for section in SECTION_TYPES}


def _section_type(section: Section, catalogue: Catalogue) -> SectionType:
    kinds = [kind for kind in catalogue.kinds.values() if kind.section is section]
    lists = {kind.id: (f"list_{kind.id}", _record_type(kind)) for kind in kinds}
    fields: dict[str, tuple[Any, Any]] = {}
    for kind in kinds:
        attribute, record = lists[kind.id]
        fields[attribute] = (
            list[record] | None,  # type: ignore[valid-type]
            strawberry.field(
                name=list_name(kind.id),
                description=f"{kind.title}. Null when out of scope, or a gap as a whole: `withheld` beside it says "
                "which. Empty: none may be shown; whole records held back are in `withheld` of the view.",
            ),
        )
    fields["withheld"] = (list[Withheld], strawberry.field(description="Lists that are null, and why."))
    fields["unanswered"] = (
        list[Source],
        strawberry.field(description="Agencies of this section that have not answered: what they hold is not here."),
    )
    return SectionType(
        _make(SECTION_TYPES[section], f"What {SECTION_HOLDERS[section]} hold about the child.", fields), lists
    )


def _record_type(kind: KindSpec) -> type[Any]:
    fields: dict[str, tuple[Any, Any]] = {spec.name: _value(spec) for spec in kind.fields}
    for name, (annotation, description) in _EVERY_RECORD.items():
        fields[name] = (annotation, strawberry.field(description=description))
    return _make(type_name(kind.id), f"{kind.title}. Source: {kind.standard}.", fields)


def _value(spec: FieldSpec) -> tuple[Any, Any]:
    """A catalogued field: always nullable, so that one agency's gap blanks nothing above it."""
    described = strawberry.field(description=f"{spec.label}. Source: {spec.source}.", default=None)
    return _PYTHON_TYPES[spec.type] | None, described


def _make(name: str, description: str, fields: Mapping[str, tuple[Any, Any]]) -> type[Any]:
    body = {attribute: field for attribute, (_, field) in fields.items()}
    body["__annotations__"] = {attribute: annotation for attribute, (annotation, _) in fields.items()}
    made: type[Any] = strawberry.type(type(name, (), body), description=description)
    return made


def section_of(view: JoinedView, section: SectionType, unanswered: Iterable[Source]) -> Any:
    """The section of the view with its records: a list per kind; null, and listed, where the kind is not reached."""
    by_kind: dict[str, list[Any] | None] = {kind: [] for kind in section.lists}
    withheld = []
    for kind in section.lists:
        if kind in view.out_of_scope:
            by_kind[kind] = None
            withheld.append(Withheld.of(view.out_of_scope[kind], view.log_entry, names={"*": list_name(kind)}))
    for record in view.records:
        records = by_kind.get(record.kind)
        if records is not None:
            records.append(_record(record, section.lists[record.kind][1], view.log_entry))
    values = {attribute: by_kind[kind] for kind, (attribute, _) in section.lists.items()}
    return section.python_type(**values, withheld=withheld, unanswered=list(unanswered))


def _record(record: ReleasedRecord, made: type[Any], log_entry: int) -> Any:
    return made(
        **record.values,
        custodian=Custodian.of(record.custodian),
        as_of=record.as_of,
        withheld=[Withheld.of(line, log_entry) for line in record.withheld],
        handling=[Handling.of(notice) for notice in record.handling],
    )

"""Reads ``fields/*.toml``, the field catalogue, and checks it against the vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.domain.catalogue import Catalogue, Derived, DerivedAs, FieldSpec, KindSpec, TimelineSpec, ValueType
from hub.domain.organisations import Sector
from hub.policy.bundle import Detail, Purpose
from hub.policy.files import FieldFile, KindFile, PolicyFault, shaped
from hub.policy.hints import meant
from hub.policy.words import VocabularyFile

_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_DERIVED_TYPES = {
    DerivedAs.AGE: (ValueType.DATE, ValueType.INTEGER),
    DerivedAs.AREA: (ValueType.TEXT, ValueType.TEXT),
}
"""What is derived: the type of the field it is derived from, and its own."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds of record as written: ``files`` by id in the catalogue's order, and whose they are."""

    files: Mapping[str, KindFile]
    sectors: Mapping[str, Sector]

    def catalogue(self, words: VocabularyFile, purposes: Mapping[str, Purpose]) -> Catalogue:
        """The catalogue, each field with the purposes whose detail reaches its classification."""
        return Catalogue(
            {
                kind_id: _spec(kind_id, kind, self.sectors[kind_id], words, purposes)
                for kind_id, kind in self.files.items()
            }
        )


def read(tables: Mapping[str, Mapping[str, Any]], words: VocabularyFile, faults: list[PolicyFault]) -> Kinds:
    """The kinds in ``tables``, the policy files as TOML by name; what is wrong with them is added to ``faults``."""
    kinds: dict[str, KindFile] = {}
    sectors: dict[str, Sector] = {}
    for name in sorted(each for each in tables if each.startswith("fields/")):
        given = dict(tables[name])
        try:
            sector = shaped(name, "sector", given.pop("sector", None), Sector)
        except PolicyFault as fault:
            faults.append(fault)
            continue
        for kind_id, value in given.items():
            try:
                kind = shaped(name, kind_id, value, KindFile)
            except PolicyFault as fault:
                faults.append(fault)
                continue
            problems = [*_kind_problems(kind_id, kind, words), *_field_problems(kind, words)]
            if kind_id in kinds:
                problems.append(("", "this kind is catalogued in another file too"))
            faults += [PolicyFault(name, f"{kind_id}.{key}" if key else kind_id, problem) for key, problem in problems]
            kinds[kind_id], sectors[kind_id] = kind, sector
    return Kinds(kinds, sectors)


def _kind_problems(kind_id: str, kind: KindFile, words: VocabularyFile) -> Iterator[tuple[str, str]]:
    if _NAME.fullmatch(kind_id) is None:
        yield "", "a kind's name is snake_case"
    for label in kind.labels:
        if label in words.silent:
            yield "labels", f"{label!r} is a silent class: such records are never connected"
        elif label not in words.labels:
            yield "labels", f"{label!r} is not a word of the vocabulary{meant(label, words.labels)}"
    if kind.timeline is not None:
        until = (kind.timeline.until,) if kind.timeline.until is not None else ()
        named = {*kind.timeline.on, *kind.timeline.summary, *until}
        for field in sorted(named - kind.fields.keys()):
            yield "timeline", f"{field!r} is a field this kind does not have{meant(field, kind.fields)}"


def _field_problems(kind: KindFile, words: VocabularyFile) -> Iterator[tuple[str, str]]:
    for name, each in kind.fields.items():
        key = f"fields.{name}"
        if _NAME.fullmatch(name) is None:
            yield key, "a field's name is snake_case"
        known = words.classifications.get(each.classification)
        if each.classification in words.silent:
            yield key, f"{each.classification!r} is a silent class: such fields are never connected"
        elif known is None:
            say = f"{each.classification!r} is not a word of the vocabulary"
            yield key, say + meant(each.classification, words.classifications)
        elif known.requires_label is not None and known.requires_label not in kind.labels:
            yield key, f"only kinds labelled {known.requires_label!r} may hold {each.classification!r}"
        if each.derived is not None:
            source = kind.fields.get(each.derived.source)
            if source is None or source.derived is not None:
                yield key, "is derived from a field this kind does not state"
            elif (source.type, each.type) != _DERIVED_TYPES[each.derived.how]:
                yield key, f"{each.derived.how.value!r} is derived from another type of field, or is of another type"


def _spec(
    kind_id: str, kind: KindFile, sector: Sector, words: VocabularyFile, purposes: Mapping[str, Purpose]
) -> KindSpec:
    def field(name: str, each: FieldFile) -> FieldSpec:
        known = words.classifications.get(each.classification)
        level = known.level if known is not None else Detail.FULL
        needed = frozenset(
            purpose.id
            for purpose in purposes.values()
            if (detail := purpose.detail.get(kind_id)) is not None and level.rank <= detail.rank
        )
        derived = Derived(each.derived.source, each.derived.how) if each.derived else None
        return FieldSpec(name, each.label, each.type, each.classification, each.source, needed, derived)

    timeline = kind.timeline
    return KindSpec(
        id=kind_id,
        title=kind.title,
        section=kind.section,
        sector=sector,
        standard=kind.standard,
        fields=tuple(field(name, each) for name, each in kind.fields.items()),
        labels=frozenset(kind.labels),
        timeline=TimelineSpec(timeline.on, timeline.summary, timeline.until) if timeline else None,
    )

"""Is a mapping file true to the field catalogue, and to itself? Every mistake is found at once."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Protocol
from zoneinfo import ZoneInfo

from hub.connectors.rest_file import (
    EVERY_KIND,
    PERSON,
    KindFile,
    LabelsFile,
    MappingFile,
    PlaceFile,
    above_official,
    full,
)
from hub.domain.catalogue import Catalogue, KindSpec, ValueType

_NAMES = {"given_name", "family_name"}
_DATES = (ValueType.DATE, ValueType.DATETIME)
_WORDED = (ValueType.TEXT, ValueType.TEXT_LIST)


def faults_in(file: MappingFile, catalogue: Catalogue, vocabulary: AbstractSet[str] | None) -> Iterator[str]:
    """Everything that is wrong with ``file``, as sentences that begin with the key; see :func:`rest_mapping.build`."""
    yield from zone_faults(file.system.timezone)
    yield from _endpoint_faults(file)
    yield from label_faults(file, vocabulary)
    yield from kind_faults(file, catalogue)


class Described(Protocol):
    """What the mapping files of every kind of system have in common."""

    @property
    def labels(self) -> list[LabelsFile]:
        """Where a record says how it may be handled."""

    @property
    def kinds(self) -> dict[str, KindFile]:
        """The kinds of record."""

    @property
    def words(self) -> dict[str, dict[str, str]]:
        """Tables of codes."""


def zone_faults(timezone: str) -> Iterator[str]:
    """What is wrong with a time zone's name."""
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        yield "system.timezone: not a time zone this machine knows; write one like Europe/London"


def kind_faults(file: Described, catalogue: Catalogue) -> Iterator[str]:
    """What is wrong with the kinds of record and their fields."""
    taken: dict[str, str] = {}
    for kind, mapped in file.kinds.items():
        for type_ in mapped.types:
            if taken.setdefault(type_, kind) != kind or mapped.types.count(type_) > 1:
                yield f"kinds.{kind}.types: {type_} is mapped already, to {taken[type_]}"
        if kind not in catalogue.kinds:
            yield f"kinds.{kind}: the field catalogue has no such kind"
            continue
        yield from _field_faults(catalogue[kind], file)


def _endpoint_faults(file: MappingFile) -> Iterator[str]:
    for key, path, times in (
        ("match.path", file.match.path, 0),
        ("find.path", file.find.path, 1),
        ("fetch.path", file.fetch.path, 1),
    ):
        if path.count(PERSON) != times or path.replace(PERSON, "").count("{"):
            yield f"{key}: must hold {PERSON} {'once' if times else 'nowhere'}, and no other braces"
        if "//" in path or ".." in path.split("/"):
            yield f"{key}: must not hold // or a segment .."
    asked = sorted(file.match.ask.values())
    if asked not in (sorted(_NAMES | {"birth_date"}), sorted(_NAMES | {"birth_date_earliest", "birth_date_latest"})):
        yield (
            "match.ask: a search is asked with family_name, given_name, and either birth_date or both of "
            "birth_date_earliest and birth_date_latest, each once"
        )
    sex = file.match.candidate.sex
    if isinstance(sex, PlaceFile) and sex.words is not None and sex.words not in file.words:
        yield f"match.candidate.sex: there is no table words.{sex.words}"


def label_faults(file: Described, vocabulary: AbstractSet[str] | None) -> Iterator[str]:
    """What is wrong with the places of markings."""
    for place, label in enumerate(file.labels, 1):
        where = f"labels[{place}] ({label.path})"
        if label.required_for and not label.words:
            yield f"{where}.words: what is required must say what it decides"
        for kind in label.required_for:
            if kind != EVERY_KIND and kind not in file.kinds:
                yield f"{where}.required_for: {kind} is not mapped in this file"
        for marking in sorted(label.words.keys() & set(label.ignore)):
            yield f"{where}.ignore: {marking} has a word too"
        for marking in sorted(filter(above_official, {*label.words, *label.ignore})):
            yield f"{where}: {marking} is above OFFICIAL-SENSITIVE and never connected: take it out"
        for word in sorted(set(label.words.values()) - vocabulary) if vocabulary is not None else ():
            yield f"{where}.words: {word} is not in the policies' vocabulary"


def _field_faults(spec: KindSpec, file: Described) -> Iterator[str]:
    mapped, where = file.kinds[spec.id], f"kinds.{spec.id}"
    catalogued = {field.name: field.type for field in spec.fields if field.derived is None}
    for name in sorted((mapped.fields.keys() | set(mapped.not_held)) - catalogued.keys()):
        yield f"{where}.fields.{name}: the field catalogue has no such field"
    for name in sorted(mapped.fields.keys() & set(mapped.not_held)):
        yield f"{where}.not_held: {name} is mapped too"
    for name in sorted(catalogued.keys() - mapped.fields.keys() - set(mapped.not_held)):
        yield f"{where}.fields.{name}: missing; where the system holds nothing like it, list it in {where}.not_held"
    for name, place in mapped.fields.items():
        long = full(place)
        if long.words is not None and long.words not in file.words:
            yield f"{where}.fields.{name}.words: there is no table words.{long.words}"
        if long.words is not None and catalogued.get(name) not in (*_WORDED, None):
            yield f"{where}.fields.{name}.words: only for text, and this is {catalogued[name]}"
        if long.format is not None and catalogued.get(name) not in (*_DATES, None):
            yield f"{where}.fields.{name}.format: only for dates, and this is {catalogued[name]}"

"""Reads ``fields/*.toml``, the field catalogue, and checks it against the vocabulary."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hub.domain.catalogue import Catalogue, FieldSpec, KindSpec, TimelineSpec
from hub.domain.organisations import Sector
from hub.policy.files import KindFile, PolicyFault, shaped, table
from hub.policy.words import VocabularyFile

_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


def catalogue(
    files: Mapping[str, bytes], words: VocabularyFile, purposes: frozenset[str], faults: list[PolicyFault]
) -> Catalogue:
    """The catalogue in ``files``; what is wrong with it is added to ``faults``."""
    kinds: dict[str, KindSpec] = {}
    for name in sorted(each for each in files if each.startswith("fields/")):
        for kind in _read(name, files[name], words, purposes, faults):
            if kind.id in kinds:
                faults.append(PolicyFault(name, kind.id, "this kind is catalogued in another file too"))
            kinds[kind.id] = kind
    return Catalogue(kinds)


def _read(
    name: str, body: bytes, words: VocabularyFile, purposes: frozenset[str], faults: list[PolicyFault]
) -> list[KindSpec]:
    kinds: list[KindSpec] = []
    try:
        tables = table(name, body)
        sector = shaped(name, "sector", tables.pop("sector", None), Sector)
    except PolicyFault as fault:
        faults.append(fault)
        return kinds
    for kind_id, value in tables.items():
        try:
            kind = shaped(name, kind_id, value, KindFile)
        except PolicyFault as fault:
            faults.append(fault)
            continue
        problems = [*_kind_problems(kind_id, kind, words, purposes), *_field_problems(kind, words, purposes)]
        faults += [PolicyFault(name, f"{kind_id}.{key}" if key else kind_id, problem) for key, problem in problems]
        kinds.append(_spec(kind_id, kind, sector))
    return kinds


def _kind_problems(
    kind_id: str, kind: KindFile, words: VocabularyFile, purposes: frozenset[str]
) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    if _NAME.fullmatch(kind_id) is None:
        problems.append(("", "a kind's name is snake_case"))
    for label in kind.labels:
        if label in words.silent:
            problems.append(("labels", f"{label!r} is a silent class: such records are never connected"))
        elif label not in words.labels:
            problems.append(("labels", f"{label!r} is not a word of the vocabulary"))
    if not set(kind.needed_for) <= purposes:
        problems.append(("needed_for", "names a purpose that has no gateway file"))
    if kind.timeline is not None and not {*kind.timeline.on, *kind.timeline.summary} <= kind.fields.keys():
        problems.append(("timeline", "names a field this kind does not have"))
    return problems


def _field_problems(kind: KindFile, words: VocabularyFile, purposes: frozenset[str]) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    for name, each in kind.fields.items():
        key = f"fields.{name}"
        if _NAME.fullmatch(name) is None:
            problems.append((key, "a field's name is snake_case"))
        known = words.classifications.get(each.classification)
        if each.classification in words.silent:
            problems.append((key, f"{each.classification!r} is a silent class: such fields are never connected"))
        elif known is None:
            problems.append((key, f"{each.classification!r} is not a word of the vocabulary"))
        elif known.requires_label is not None and known.requires_label not in kind.labels:
            problems.append((key, f"only kinds labelled {known.requires_label!r} may hold {each.classification!r}"))
        if each.needed_for is not None and not set(each.needed_for) <= set(kind.needed_for) & purposes:
            problems.append((key, "a field may narrow its kind's `needed_for`, not widen it"))
    return problems


def _spec(kind_id: str, kind: KindFile, sector: Sector) -> KindSpec:
    def needed(narrower: tuple[str, ...] | None) -> frozenset[str]:
        return frozenset(kind.needed_for if narrower is None else narrower)

    return KindSpec(
        id=kind_id,
        title=kind.title,
        section=kind.section,
        sector=sector,
        standard=kind.standard,
        fields=tuple(
            FieldSpec(name, each.label, each.type, each.classification, each.source, needed(each.needed_for))
            for name, each in kind.fields.items()
        ),
        labels=frozenset(kind.labels),
        timeline=TimelineSpec(kind.timeline.on, kind.timeline.summary) if kind.timeline else None,
    )

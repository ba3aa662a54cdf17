"""A mapping file made ready: what a REST connector needs to know of one system."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, tzinfo
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.connectors.rest_check import faults_in
from hub.connectors.rest_file import FetchFile, FindFile, MappingFile, MatchFile, Place, full, parse, refused
from hub.domain.catalogue import Catalogue, ValueType

Steps = tuple[str, ...]
"""Keys of nested JSON objects, outermost first."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How one value is read: from where, as what, and what its codes mean (None: it is not a code)."""

    name: str
    steps: Steps
    type: ValueType
    words: Mapping[str, str] | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True)
class LabelReading:
    """How one marking is read. See :class:`~hub.connectors.rest_file.LabelsFile`."""

    steps: Steps
    words: Mapping[str, str]
    ignore: frozenset[str]
    required_for: frozenset[str]


@dataclass(frozen=True, slots=True)
class CandidateReading:
    """How a candidate is read."""

    id: Steps
    given_names: tuple[Steps, ...]
    family_names: tuple[Steps, ...]
    birth_date: Steps
    sex: Reading | None
    postcode: Steps | None


@dataclass(frozen=True, slots=True)
class AnswerReading:
    """How an answer about one person is read: whom it is about, when it was current, its list of records."""

    person: Steps
    as_of: Steps
    records: Steps


@dataclass(frozen=True, slots=True)
class RestMapping:
    """A system's mapping. Make one with :func:`load`, :func:`shipped` or :func:`build`."""

    name: str
    timezone: tzinfo
    echoes_request_id: bool
    match: MatchFile
    candidates: Steps
    truncated: Steps | None
    candidate: CandidateReading
    find: FindFile
    index: AnswerReading
    next: Steps | None
    fetch: FetchFile
    content: AnswerReading
    record_id: Steps
    record_person: Steps
    record_type: Steps
    labels: tuple[LabelReading, ...]
    types: Mapping[str, tuple[str, ...]]
    """The system's types by kind."""
    kinds: Mapping[str, str]
    """The kind by the system's type."""
    readings: Mapping[str, tuple[Reading, ...]]
    """The fields by kind."""


def load(path: Path, catalogue: Catalogue, vocabulary: AbstractSet[str] | None = None) -> RestMapping:
    """The mapping in the file at ``path``; see :func:`build`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise refused([f"{path.name}: the mapping file cannot be read: check the path and that it is UTF-8"]) from None
    return build(path.name, text, catalogue, vocabulary)


def shipped(name: str, catalogue: Catalogue, vocabulary: AbstractSet[str] | None = None) -> RestMapping:
    """The mapping that comes with the hub under ``name``, such as ``pole-demo``; see :func:`build`."""
    folder = resources.files("hub.connectors") / "mappings"
    names = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    if name not in names:
        raise refused([f"no mapping file called {name} comes with the hub; there are: {', '.join(names)}"])
    return build(f"{name}.toml", (folder / f"{name}.toml").read_text(encoding="utf-8"), catalogue, vocabulary)


def build(name: str, text: str, catalogue: Catalogue, vocabulary: AbstractSet[str] | None = None) -> RestMapping:
    """The mapping written in ``text``.

    Args:
        name: the file's name, for messages.
        text: TOML; see ``docs/mapping-files.md``.
        catalogue: every kind and field mapped must be in it, and every field of a mapped kind must be mapped.
        vocabulary: the policies' words for records; when given, markings may only be turned into these.

    Raises:
        ConfigurationError: code ``MAPPING_INVALID``, every mistake on a line of its own with file and key.
    """
    file = parse(name, text)
    faults = [f"{name}: {fault}" for fault in faults_in(file, catalogue, vocabulary)]
    if faults:
        raise refused(faults)
    return RestMapping(
        name=file.system.name,
        timezone=UTC if file.system.timezone == "UTC" else ZoneInfo(file.system.timezone),
        echoes_request_id=file.system.echoes_request_id,
        match=file.match,
        candidates=_steps(file.match.candidates),
        truncated=_steps_if(file.match.truncated),
        candidate=_candidate(file),
        find=file.find,
        index=AnswerReading(_steps(file.find.person), _steps(file.find.as_of), _steps(file.find.records)),
        next=_steps_if(file.find.next),
        fetch=file.fetch,
        content=AnswerReading(_steps(file.fetch.person), _steps(file.fetch.as_of), _steps(file.fetch.records)),
        record_id=_steps(file.record.id),
        record_person=_steps(file.record.person),
        record_type=_steps(file.record.type),
        labels=tuple(
            LabelReading(_steps(label.path), label.words, frozenset(label.ignore), frozenset(label.required_for))
            for label in file.labels
        ),
        types={kind: tuple(mapped.types) for kind, mapped in file.kinds.items()},
        kinds={type_: kind for kind, mapped in file.kinds.items() for type_ in mapped.types},
        readings={
            kind: tuple(
                _reading(field, place, catalogue[kind].field(field).type, file)
                for field, place in mapped.fields.items()
            )
            for kind, mapped in file.kinds.items()
        },
    )


def _steps(path: str) -> Steps:
    """``event.location.address`` as its keys."""
    return tuple(path.split("."))


def _steps_if(path: str | None) -> Steps | None:
    return None if path is None else _steps(path)


def _candidate(file: MappingFile) -> CandidateReading:
    candidate = file.match.candidate
    return CandidateReading(
        id=_steps(candidate.id),
        given_names=tuple(_steps(path) for path in candidate.given_names),
        family_names=tuple(_steps(path) for path in candidate.family_names),
        birth_date=_steps(candidate.birth_date),
        sex=None if candidate.sex is None else _reading("sex", candidate.sex, ValueType.TEXT, file),
        postcode=_steps_if(candidate.postcode),
    )


def _reading(name: str, place: Place, type_: ValueType, file: MappingFile) -> Reading:
    long = full(place)
    return Reading(name, _steps(long.path), type_, file.words[long.words] if long.words else None, long.format)

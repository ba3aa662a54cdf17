"""A GraphQL mapping file made ready: what the connector needs to know of one system."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.connectors.graphql.check import faults_in
from hub.connectors.graphql.document import Document
from hub.connectors.graphql.file import (
    AboutFile,
    FetchFile,
    FindFile,
    GraphqlFile,
    ListFile,
    OperationFile,
    parse,
    told,
)
from hub.connectors.rest_file import Place, full, refused
from hub.connectors.rest_mapping import CandidateReading, LabelReading, Reading, Steps
from hub.domain.catalogue import Catalogue, ValueType
from hub.domain.sources import NoAnswerReason


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as it is sent: ``persisted`` instead of its text, and of ``entity`` by ``_entities``."""

    document: Document
    persisted: str | None
    entity: str | None


@dataclass(frozen=True, slots=True)
class Search:
    """One way to search: variable to the hub's word, the list of candidates (None: the entity is one), a flag."""

    operation: Operation
    ask: Mapping[str, str]
    candidates: Steps | None
    more: Steps | None

    @property
    def by_number(self) -> bool:
        """Whether an NHS number is all it takes."""
        return set(self.ask.values()) == {"nhs_number"}


@dataclass(frozen=True, slots=True)
class About:
    """Where an answer says whom it is about."""

    id: Steps
    nhs_number: Steps | None
    birth_date: Steps | None


@dataclass(frozen=True, slots=True)
class RecordList:
    """Where a list of records is; ``kind`` where it holds no other."""

    steps: Steps
    kind: str | None


@dataclass(frozen=True, slots=True)
class Answers:
    """How an answer about one person is read."""

    operation: Operation
    person: str
    about: About
    as_of: Steps | None
    lists: tuple[RecordList, ...]


@dataclass(frozen=True, slots=True)
class Pages:
    """How the list at ``of`` goes on: the variable for the cursor, where the next is, and whether there is one."""

    of: Steps
    variable: str
    next: Steps
    more: Steps


@dataclass(frozen=True, slots=True)
class GraphqlMapping:
    """A system's mapping. Make one with :func:`load` or :func:`build`."""

    name: str
    path: str
    timezone: tzinfo
    echoes_request_id: bool
    searches: tuple[Search, ...]
    candidate: CandidateReading
    candidate_number: Steps | None
    candidate_number_verified: Steps | None
    find: Answers
    types_variable: str | None
    find_more: Steps | None
    pages: Pages | None
    fetch: Answers
    ids: str
    batch_max: int
    repeats_labels: bool
    record_id: Steps
    record_person: Steps
    record_type: Steps
    labels: tuple[LabelReading, ...]
    types: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, str]
    readings: Mapping[str, tuple[Reading, ...]]
    redacted: frozenset[str]
    redacted_reason: Steps | None
    redacted_words: Mapping[str, str]
    errors: Mapping[str, NoAnswerReason]


def load(path: Path, catalogue: Catalogue, vocabulary: AbstractSet[str] | None = None) -> GraphqlMapping:
    """The mapping in the file at ``path``; see :func:`build`."""
    return build(path.name, text_of(path), catalogue, vocabulary)


def text_of(path: Path) -> str:
    """The text of a mapping file; ConfigurationError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise refused([f"{path.name}: the mapping file cannot be read: check the path and that it is UTF-8"]) from None


def build(name: str, text: str, catalogue: Catalogue, vocabulary: AbstractSet[str] | None = None) -> GraphqlMapping:
    """The mapping written in ``text``.

    Args:
        name: the file's name, for messages.
        text: TOML; see ``docs/mapping-files.md``.
        catalogue: every kind and field mapped must be in it, and every field of a mapped kind must be mapped.
        vocabulary: the policies' words for records; when given, markings may only be turned into these.

    Raises:
        ConfigurationError: code ``MAPPING_INVALID``, every mistake on a line of its own with file, line and key.
    """
    file: GraphqlFile = parse(name, text)
    documents, faults = faults_in(file, catalogue, vocabulary)
    if faults:
        raise told(name, text, faults)
    find, fetch, candidate = file.find, file.fetch, file.candidate
    pages = find.pages
    redacted = file.redacted
    return GraphqlMapping(
        name=file.system.name,
        path=file.system.path,
        timezone=UTC if file.system.timezone == "UTC" else ZoneInfo(file.system.timezone),
        echoes_request_id=file.system.echoes_request_id,
        searches=tuple(
            Search(_operation(each, documents[f"match[{place}]"]), each.ask, _if(each.candidates), _if(each.more))
            for place, each in enumerate(file.match)
        ),
        candidate=_candidate(file),
        candidate_number=_if(candidate.nhs_number),
        candidate_number_verified=_if(candidate.nhs_number_verified),
        find=_answers(find, documents["find"]),
        types_variable=find.types,
        find_more=_if(find.more),
        pages=Pages(_steps(pages.of), pages.variable, _steps(pages.next), _steps(pages.more)) if pages else None,
        fetch=_answers(fetch, documents["fetch"]),
        ids=fetch.ids,
        batch_max=fetch.batch_max,
        repeats_labels=fetch.repeats_labels,
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
        redacted=frozenset(redacted.types) if redacted else frozenset(),
        redacted_reason=_if(redacted.reason) if redacted else None,
        redacted_words=redacted.words if redacted else {},
        errors={code: NoAnswerReason(word) for code, word in file.errors.items()},
    )


def _steps(path: str) -> Steps:
    return tuple(path.split("."))


def _if(path: str | None) -> Steps | None:
    return None if path is None else _steps(path)


def _operation(file: OperationFile, document: Document) -> Operation:
    return Operation(document, file.persisted, file.entity)


def _about(file: AboutFile) -> About:
    return About(_steps(file.id), _if(file.nhs_number), _if(file.birth_date))


def _answers(file: FindFile | FetchFile, document: Document) -> Answers:
    lists = tuple(
        RecordList(_steps(each.path), each.kind) if isinstance(each, ListFile) else RecordList(_steps(each), None)
        for each in file.records
    )
    return Answers(_operation(file, document), file.person, _about(file.about), _if(file.as_of), lists)


def _candidate(file: GraphqlFile) -> CandidateReading:
    candidate = file.candidate
    return CandidateReading(
        id=_steps(candidate.id),
        given_names=tuple(_steps(path) for path in candidate.given_names),
        family_names=tuple(_steps(path) for path in candidate.family_names),
        birth_date=_steps(candidate.birth_date),
        sex=None if candidate.sex is None else _reading("sex", candidate.sex, ValueType.TEXT, file),
        postcode=_if(candidate.postcode),
    )


def _reading(name: str, place: Place, type_: ValueType, file: GraphqlFile) -> Reading:
    long = full(place)
    return Reading(name, _steps(long.path), type_, file.words[long.words] if long.words else None, long.format)

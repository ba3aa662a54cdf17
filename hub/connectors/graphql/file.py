"""The shape of a GraphQL mapping file, and how its mistakes are told. The keys: ``docs/mapping-files.md``."""

from __future__ import annotations

import re
import tomllib
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hub.connectors.rest_file import CandidateFile, Endpoint, JsonPath, Key, KindFile, LabelsFile, Place, Text, refused
from hub.errors import ConfigurationError
from hub.policy.lines import line_of

AskWord = Literal["nhs_number", "given_name", "family_name", "birth_date", "birth_date_earliest", "birth_date_latest"]
"""What Match is asked with; see :data:`hub.connectors.rest_file.SearchWord`."""

GraphqlName = Annotated[str, Meta(pattern=r"^[A-Za-z_]\w*\Z", max_length=100)]
Fault = tuple[str, str]
"""A key of the file, and what is wrong with it: what to do about it, where that is not plain."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """No key that nobody reads."""


class SystemFile(_Strict, frozen=True):
    """The system as a whole. ``live``: its answers are current when they are given, and state no time of their own."""

    name: Text
    path: Endpoint = "/graphql"
    timezone: Text = "UTC"
    live: bool = False
    echoes_request_id: bool = False


class RedactedFile(_Strict, frozen=True):
    """Types that stand for something the system itself does not show: ``reason`` is a path within one."""

    types: Annotated[list[GraphqlName], Meta(min_length=1)]
    reason: JsonPath | None = None
    words: dict[Text, Key] = {}


class OperationFile(_Strict, frozen=True):
    """An operation: the reviewed text, the id it is registered by, and the entity it is asked of by ``_entities``."""

    operation: Annotated[str, Meta(min_length=1, max_length=50_000)]
    persisted: Text | None = None
    entity: GraphqlName | None = None


class MatchFile(OperationFile, frozen=True, kw_only=True):
    """One way to search: its variables (or the entity's keys) in the hub's words, and the list of candidates."""

    ask: Annotated[dict[GraphqlName, AskWord], Meta(min_length=1)]
    candidates: JsonPath | None = None
    more: JsonPath | None = None


class CandidateWithNumber(CandidateFile, frozen=True, kw_only=True):
    """Where a candidate's match fields are, the NHS number among them, and whether it is said to be traced."""

    nhs_number: JsonPath | None = None
    nhs_number_verified: JsonPath | None = None


class AboutFile(_Strict, frozen=True):
    """Whom an answer is about: the id, and what is compared with what Match gave."""

    id: JsonPath
    nhs_number: JsonPath | None = None
    birth_date: JsonPath | None = None


class ListFile(_Strict, frozen=True):
    """A list of records of one kind only, so that one of which the system shows nothing is known to be of that kind."""

    path: JsonPath
    kind: Key | None = None


class PagesFile(_Strict, frozen=True):
    """Pages of one list, ``of``, by cursor: the variable that takes it, where the next is, and whether there is one."""

    of: JsonPath
    variable: GraphqlName
    next: JsonPath
    more: JsonPath


class FindFile(OperationFile, frozen=True, kw_only=True):
    """The index of a person's records."""

    person: GraphqlName
    types: GraphqlName | None = None
    about: AboutFile
    as_of: JsonPath | None = None
    records: Annotated[list[JsonPath | ListFile], Meta(min_length=1)]
    more: JsonPath | None = None
    pages: PagesFile | None = None


class FetchFile(OperationFile, frozen=True, kw_only=True):
    """The records themselves."""

    person: GraphqlName
    ids: GraphqlName
    batch_max: Annotated[int, Meta(ge=1, le=1_000)]
    about: AboutFile
    as_of: JsonPath | None = None
    records: Annotated[list[JsonPath], Meta(min_length=1)]
    repeats_labels: bool


class RecordFile(_Strict, frozen=True):
    """What every record says of itself, in the index and in full."""

    id: JsonPath
    person: JsonPath
    type: JsonPath = "__typename"


class GraphqlFile(_Strict, frozen=True):
    """The whole file."""

    system: SystemFile
    match: Annotated[list[MatchFile], Meta(min_length=1, max_length=4)]
    candidate: CandidateWithNumber
    find: FindFile
    fetch: FetchFile
    record: RecordFile
    labels: list[LabelsFile]
    kinds: Annotated[dict[str, KindFile], Meta(min_length=1)]
    words: dict[str, dict[Text, Text]] = {}
    redacted: RedactedFile | None = None
    errors: dict[Text, Literal["refused", "down", "slow", "too_large"]] = {}


def parse(name: str, text: str, shape: Any = GraphqlFile) -> Any:
    """Read the text of the mapping file called ``name`` as ``shape``.

    Raises:
        ConfigurationError: code ``MAPPING_INVALID``; the message names the file, the line and the key.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise refused([f"{name}: not TOML: {fault}"]) from None
    # Kind by kind and field by field first: of a key that people chose, msgspec's message says only "[...]".
    kinds = tables.get("kinds")
    if shape is GraphqlFile and isinstance(kinds, dict):
        for kind, mapped in kinds.items():
            fields = mapped.get("fields") if isinstance(mapped, dict) else None
            for field, place in fields.items() if isinstance(fields, dict) else ():
                _shaped(name, text, f"kinds.{kind}.fields.{field}", place, Place)
            _shaped(name, text, f"kinds.{kind}", mapped, KindFile)
    return _shaped(name, text, "", tables, shape)


def told(name: str, text: str, faults: list[Fault]) -> ConfigurationError:
    """All that is wrong with the file, a line each: file, line, key, and what to do."""
    body = text.encode()
    said = []
    for key, what in faults:
        line = line_of(body, key)
        said.append(f"{name}{f', line {line}' if line is not None else ''}: {key}: {what}")
    return refused(said)


def _shaped(name: str, text: str, key: str, value: object, shape: Any) -> Any:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as fault:
        what, _, where = str(fault).partition(" - at `")
        inner = re.sub(r"^key in |[$`]", "", where).lstrip(".")
        raise told(name, text, [(".".join(part for part in (key, inner) if part) or "the file", what)]) from None

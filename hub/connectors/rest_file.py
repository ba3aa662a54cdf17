"""The shape of a mapping file, and how its mistakes are told. What each key is for: ``docs/mapping-files.md``."""

from __future__ import annotations

import re
import tomllib
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hub.errors import ConfigurationError

PERSON = "{person}"
"""Stands for the custodian's id of the person in an endpoint's path."""

EVERY_KIND = "*"

_ABOVE_OFFICIAL = re.compile(r"(?:^|[^a-z])(?:top)?secret(?:$|[^a-z])", re.IGNORECASE | re.ASCII)

JsonPath = Annotated[str, Meta(pattern=r"^[A-Za-z_@][\w@-]*(\.[A-Za-z_@][\w@-]*)*\Z", max_length=200)]
"""Keys of nested JSON objects, joined with dots."""

Key = Annotated[str, Meta(pattern=r"^[A-Za-z_@][\w@-]*\Z", max_length=100)]
Endpoint = Annotated[str, Meta(pattern=r"^/[A-Za-z0-9/_.~{}-]*\Z", max_length=200)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]

SearchWord = Literal["given_name", "family_name", "birth_date", "birth_date_earliest", "birth_date_latest"]
"""What Match is asked with. Not sex, not postcode: a system that narrows by these reports the child it holds under
another as not held."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """No key that nobody reads: a misspelt one must not pass for an absent one."""


class PlaceFile(_Strict, frozen=True):
    """Where a value is, when more than a path must be said.

    ``words`` names a table of ``[words]`` that turns codes into words; ``format`` is a date format of Python's
    ``strptime`` where the system does not write ISO 8601.
    """

    path: JsonPath
    words: Key | None = None
    format: Text | None = None


Place = JsonPath | PlaceFile


def above_official(marking: str) -> bool:
    """Whether ``marking`` is SECRET or TOP SECRET, however it is written: such material is never connected."""
    return _ABOVE_OFFICIAL.search(marking) is not None


def full(place: Place) -> PlaceFile:
    """``place`` in its long form."""
    return place if isinstance(place, PlaceFile) else PlaceFile(path=place)


class SystemFile(_Strict, frozen=True):
    """The system as a whole."""

    name: Text
    timezone: Text = "UTC"
    echoes_request_id: bool = False


class CandidateFile(_Strict, frozen=True):
    """Where a candidate's match fields are."""

    id: JsonPath
    given_names: list[JsonPath]
    family_names: list[JsonPath]
    birth_date: JsonPath
    sex: Place | None = None
    postcode: JsonPath | None = None


class MatchFile(_Strict, frozen=True):
    """The search: where it is, what it is asked with, where its answer is."""

    path: Endpoint
    ask: dict[Key, SearchWord]
    candidates: JsonPath
    candidate: CandidateFile
    truncated: JsonPath | None = None


class FindFile(_Strict, frozen=True):
    """The index of a person's records."""

    path: Endpoint
    types: Key
    person: JsonPath
    as_of: JsonPath
    records: JsonPath
    next: JsonPath | None = None


class FetchFile(_Strict, frozen=True):
    """The records themselves."""

    path: Endpoint
    ids: Key
    batch_max: Annotated[int, Meta(ge=1, le=1_000)]
    person: JsonPath
    as_of: JsonPath
    records: JsonPath
    repeats_labels: bool


class RecordFile(_Strict, frozen=True):
    """What every record says of itself, in the index and in full."""

    id: JsonPath
    person: JsonPath
    type: JsonPath


class LabelsFile(_Strict, frozen=True):
    """One place where a record says how it may be handled: a code, a list of markings, or true or false."""

    path: JsonPath
    words: dict[Text, Key]
    ignore: list[Text] = []
    required_for: list[Text] = []


class KindFile(_Strict, frozen=True):
    """One kind of the field catalogue: the system's types for it, and where each field is."""

    types: Annotated[list[Text], Meta(min_length=1)]
    fields: dict[str, Place]
    not_held: list[str] = []


class MappingFile(_Strict, frozen=True):
    """The whole file."""

    system: SystemFile
    match: MatchFile
    find: FindFile
    fetch: FetchFile
    record: RecordFile
    labels: list[LabelsFile]
    kinds: Annotated[dict[str, KindFile], Meta(min_length=1)]
    words: dict[str, dict[Text, Text]] = {}


def parse(name: str, text: str) -> MappingFile:
    """Read the text of the mapping file called ``name``.

    Raises:
        ConfigurationError: code ``MAPPING_INVALID``; the message names the file and the key.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise refused([f"{name}: not TOML: {fault}"]) from None
    # Kind by kind and field by field first: of a key that people chose, msgspec's message says only "[...]".
    kinds = tables.get("kinds")
    for kind, mapped in kinds.items() if isinstance(kinds, dict) else ():
        fields = mapped.get("fields") if isinstance(mapped, dict) else None
        for field, place in fields.items() if isinstance(fields, dict) else ():
            _shaped(name, f"kinds.{kind}.fields.{field}", place, Place)
        _shaped(name, f"kinds.{kind}", mapped, KindFile)
    whole: MappingFile = _shaped(name, "", tables, MappingFile)
    return whole


def refused(faults: list[str]) -> ConfigurationError:
    """All that is wrong with a mapping, as one error, a line each."""
    return ConfigurationError("\n".join(faults), code="MAPPING_INVALID")


def _shaped(name: str, key: str, value: object, shape: Any) -> Any:
    """``value`` as ``shape``, or an error that names the key."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as fault:
        what, _, where = str(fault).partition(" - at `")
        inner = re.sub(r"^key in |[$`]", "", where).lstrip(".")
        raise refused([f"{name}: {'.'.join(part for part in (key, inner) if part) or 'the file'}: {what}"]) from None

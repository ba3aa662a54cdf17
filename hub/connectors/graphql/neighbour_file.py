"""The mapping file of another hub: which agency behind it this custodian is, and what its schema calls things."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from hub.connectors.graphql.document import Document, read
from hub.connectors.graphql.file import GraphqlName, parse, told
from hub.connectors.rest_file import Endpoint, Text
from hub.domain.catalogue import Catalogue, KindSpec, Section

SECTIONS: Mapping[Section, tuple[str, str]] = {
    Section.SOCIAL_CARE: ("socialCare", "SocialCareRecord"),
    Section.POLICE: ("police", "PoliceRecord"),
    Section.HEALTH: ("health", "HealthRecord"),
    Section.EDUCATION: ("education", "EducationRecord"),
}
"""Section to its field and type in the public schema (``docs/schema.graphql``). The other sections join what several
agencies say and are not lists of one agency's records, so they are not asked for."""

KINDS_MAX = 12
"""Kinds of record in one question: a hub refuses a longer document (``hub.schema.guard``)."""

_LINE = "custodian { id } state noAnswerReason notAskedReason retryAfterSeconds asOf"
_WHY = "...Why"
_FRAGMENTS = """
fragment Why on Withheld {
  __typename fields outcome kind custodian { id } impediment { id title citation confidence note }
  contact { role phone } reference nextStep replyBy
}"""
_HOW = """
fragment How on Handling { __typename id notice citation confidence fields }"""
_STATED = "value custodian { id }"


class HubFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The other hub, and the id by which its ``sources`` name the agency that this custodian stands for.

    ``states_restriction``: that agency is told of every child whose whereabouts are restricted, as PDS is.
    """

    name: Text
    agency: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,62}\Z")]
    path: Endpoint = "/graphql"
    states_restriction: bool = False


class NeighbourFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file. ``lists``: kind of record to the list in its section; ``purposes``: ours to theirs."""

    hub: HubFile
    lists: Annotated[dict[str, GraphqlName], Meta(min_length=1)]
    purposes: dict[Text, GraphqlName] = {}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A neighbour's mapping, made ready with :func:`build`."""

    name: str
    agency: str
    path: str
    lists: Mapping[str, str]
    purposes: Mapping[str, str]
    states_restriction: bool = False


def build(name: str, text: str, catalogue: Catalogue) -> Neighbour:
    """The mapping written in ``text``.

    Raises:
        ConfigurationError: code ``MAPPING_INVALID``, every mistake with file, line and key.
    """
    file: NeighbourFile = parse(name, text, NeighbourFile)
    faults = [
        (f"lists.{kind}", "the field catalogue has no such kind" if kind not in catalogue.kinds else _NOT_LISTED)
        for kind in file.lists
        if kind not in catalogue.kinds or catalogue[kind].section not in SECTIONS
    ]
    if faults:
        raise told(name, text, faults)
    hub = file.hub
    return Neighbour(hub.name, hub.agency, hub.path, file.lists, file.purposes, hub.states_restriction)


_NOT_LISTED = "the other hub joins this section from several agencies, and has no list of it: leave it out"


def purpose_of(purpose: str, neighbour: Neighbour) -> str:
    """What the other hub calls a purpose: ``ca1989-s47`` is ``CA1989_S47`` unless the file says otherwise."""
    return neighbour.purposes.get(purpose) or purpose.upper().replace("-", "_")


def camel(name: str) -> str:
    """``started_on`` as GraphQL writes it."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def stated_fields(spec: KindSpec) -> Iterator[str]:
    """The fields of a kind that are asked for: what a hub derives, this one derives itself."""
    return (field.name for field in spec.fields if field.derived is None)


def who_document() -> Document:
    """Match: who the child is, by the word of the agencies there, and what became of each."""
    return read(f"""query ChildKnown($find: ChildSearch!, $enquiry: EnquiryInput!) {{
  child(find: $find, enquiry: $enquiry) {{
    __typename
    ... on JoinedView {{
      sources {{ {_LINE} }}
      alerts {{ kind state }}
      {_identity("names")}
      withheld {{ {_WHY} }}
      logEntry {{ number }}
    }}
    ... on PossibleMatches {{ sources {{ {_LINE} }} logEntry {{ number }} }}
    ... on NoMatch {{ sources {{ {_LINE} }} logEntry {{ number }} }}
  }}
}}{_FRAGMENTS}""")


def records_document(catalogue: Catalogue, neighbour: Neighbour, kinds: frozenset[str]) -> Document:
    """Find: the records of ``kinds``, all of one section, as the other hub decided to release them to this one.

    At most :data:`KINDS_MAX` kinds.
    """
    field, type_ = SECTIONS[catalogue[min(kinds)].section]
    lists = "\n        ".join(_list(catalogue[kind], neighbour.lists[kind]) for kind in sorted(kinds))
    return read(f"""query ChildRecords($find: ChildSearch!, $enquiry: EnquiryInput!) {{
  child(find: $find, enquiry: $enquiry) {{
    __typename
    ... on JoinedView {{
      sources {{ {_LINE} }}
      {_identity()}
      {field} {{
        __typename
        ... on {type_} {{
        {lists}
          withheld {{ {_WHY} }}
        }}
        ... on NotHeld {{ __typename }}
        ... on NoAnswer {{ __typename }}
        ... on NotAsked {{ __typename }}
        ... on UnsureMatch {{ __typename }}
      }}
      withheld {{ {_WHY} }}
      logEntry {{ number }}
    }}
    ... on PossibleMatches {{ sources {{ {_LINE} }} logEntry {{ number }} }}
    ... on NoMatch {{ sources {{ {_LINE} }} logEntry {{ number }} }}
  }}
}}{_FRAGMENTS}{_HOW}""")


def _identity(*more: str) -> str:
    stated = " ".join(f"{each} {{ {_STATED} }}" for each in ("dateOfBirth", "nhsNumber", *more))
    return f"identity {{ {stated} withheld {{ {_WHY} }} }}"


def _list(spec: KindSpec, name: str) -> str:
    fields = " ".join(camel(each) for each in stated_fields(spec))
    return f"{name} {{ {fields} custodian {{ id }} asOf withheld {{ {_WHY} }} handling {{ ...How }} }}"

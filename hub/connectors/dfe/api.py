"""The two questions of the custodian API, and what is checked of every answer.

Source: the published document "Custodians API" v1. The person is named in the body of a POST (``Find/manifest``) and
not in an address, which every system on the way would write down.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Awaitable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar

from hub.connectors.base import Deadline, Fetched, Found, Matched, UpstreamFault
from hub.connectors.dfe.types import type_name
from hub.connectors.dfe.values import Payload, folded
from hub.connectors.http import JsonClient
from hub.connectors.http_address import segment
from hub.connectors.rest_values import malformed
from hub.domain.sources import NoAnswer, NoAnswerReason

CONTENT_TYPES = frozenset({"application/json", "text/json", "application/problem+json"})
FIND = "/api/v1/Find/manifest"
LISTED_MAX = 100
"""Records listed for one child: five types, from a handful of systems."""

Given = TypeVar("Given", Matched, Found, Fetched)
Call = Awaitable[Given | NoAnswer]

_NOT_FOUND = (
    "it answered that there is no such thing, which may be the child or the organisation it is asked about: it is not "
    "known whether it holds anything"
)
_WRONG = "it answered about somebody else: all of it was thrown away"


@dataclass(frozen=True, slots=True)
class Listed:
    """A record Find listed. ``written`` is its type as the agency writes it; ``type`` is the type it is."""

    written: str
    id: str = field(repr=False)

    @property
    def type(self) -> str:
        """As :func:`hub.connectors.dfe.types.type_name`."""
        return type_name(self.written)


@dataclass(frozen=True, slots=True)
class Part:
    """One row of one listed record, written as a record id that never leaves the hub."""

    listed: Listed
    kind: str
    key: str = field(repr=False)

    @property
    def written(self) -> str:
        """Each part quoted, so that none can hold the mark between them."""
        parts = (self.listed.written, self.listed.id, self.kind, self.key)
        return "/".join(urllib.parse.quote(part, safe="") for part in parts)

    @classmethod
    def parse(cls, written: str) -> Part:
        """Read what :attr:`written` made; MALFORMED otherwise."""
        parts = [urllib.parse.unquote(part) for part in written.split("/")]
        if len(parts) != 4:
            raise malformed("it was asked for a record that cannot be read")
        return cls(Listed(parts[0], parts[1]), parts[2], parts[3])


@dataclass(frozen=True, slots=True)
class Api:
    """One agency's interface. ``not_found_is_not_held``: see ``DfeOptions``."""

    client: JsonClient
    organisation: str
    not_found_is_not_held: bool

    async def find(self, person: str, deadline: Deadline) -> tuple[Listed, ...]:
        """What is listed for the person; nothing when the agency says that there is nothing."""
        asked = {"orgId": self.organisation, "personId": person, "recordType": None}
        reply = await self.client.post(FIND, json=asked, deadline=deadline, allow=frozenset({HTTPStatus.NOT_FOUND}))
        if reply.status == HTTPStatus.NOT_FOUND:
            check_problem(reply.body)
            if self.not_found_is_not_held:
                return ()
            raise malformed(_NOT_FOUND)
        if not isinstance(reply.body, list):
            raise malformed("its answer lacks the list of records")
        if len(reply.body) > LISTED_MAX:
            raise UpstreamFault(NoAnswerReason.TOO_LARGE, f"it lists more than {LISTED_MAX} records of one child")
        listed = tuple(_listed(row) for row in reply.body)
        if len({(each.type, each.id) for each in listed}) != len(listed):
            raise malformed("it listed a record twice")
        return listed

    async def fetch(self, person: str, listed: Listed, deadline: Deadline) -> Payload:
        """The payload of a listed record, its envelope checked to be of that record and of that person."""
        path = f"/api/v1/Fetch/{segment(self.organisation)}/{segment(listed.written)}/{segment(listed.id)}"
        reply = await self.client.get(path, deadline=deadline, allow=frozenset({HTTPStatus.NOT_FOUND}))
        if reply.status == HTTPStatus.NOT_FOUND:
            raise malformed("it left out a record that was asked for")
        envelope = folded(reply.body)
        about = envelope.get("personid")
        if not isinstance(about, str) or not about:
            raise malformed("its answer lacks whom it is about")
        if about.replace(" ", "") != person:
            raise UpstreamFault(NoAnswerReason.WRONG_PERSON, _WRONG)
        kind = envelope.get("recordtype")
        if envelope.get("recordid") != listed.id or not isinstance(kind, str) or type_name(kind) != listed.type:
            raise malformed("it sent a record that was not asked for")
        if str(envelope.get("version")) != "1":
            raise malformed("it sent a version of a record that the hub does not read")
        payload = folded(envelope.get("payload"))
        _check_numbers(payload, person)
        return payload

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()


def _listed(row: object) -> Listed:
    item = folded(row)
    written, record_id, url = item.get("recordtype"), item.get("recordid"), item.get("recordurl")
    if not isinstance(written, str) or not written:
        raise malformed("it lists a record without its type")
    if record_id is None and isinstance(url, str):  # published as nullable; the address is never followed
        record_id = urllib.parse.unquote(url.split("?")[0].rsplit("/", 1)[-1])
    if not isinstance(record_id, str) or not record_id:
        raise malformed("it lists a record without its id")
    return Listed(written, record_id)


def check_problem(body: object) -> None:
    """Pass the published problem details: a proxy's page says nothing about what the agency holds."""
    problem = folded(body)
    if not problem.keys() & {"title", "status", "type", "problemdetails"}:
        raise malformed("its answer is not shaped as published")


def _check_numbers(payload: Payload, person: str) -> None:
    """WRONG_PERSON where the payload itself names another person's number, as some agencies' payloads do."""
    for key in ("sui", "nhsnumber"):
        stated = payload.get(key)
        if isinstance(stated, str) and stated.replace(" ", "") not in ("", person):
            raise UpstreamFault(NoAnswerReason.WRONG_PERSON, _WRONG)

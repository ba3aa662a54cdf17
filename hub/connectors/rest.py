"""The connector for record systems that speak REST and JSON, each described by a mapping file.

Made for police systems, whose vendors publish no schema: the mapping (``docs/mapping-files.md``) says where things are,
this module asks and checks. Match is by demographics only: the police hold no NHS numbers.
"""

from __future__ import annotations

import copy
import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from hub.connectors.base import (
    CANDIDATES_MAX,
    RECORDS_MAX,
    Connector,
    Deadline,
    Fetched,
    Found,
    Matched,
    UpstreamFault,
    as_value,
    together,
)
from hub.connectors.checking import Finding, Report
from hub.connectors.http import BYTES_MAX, Credentials, JsonClient, Reply
from hub.connectors.http_address import segment
from hub.connectors.rest_compare import Heard, compared
from hub.connectors.rest_file import PERSON
from hub.connectors.rest_listen import Listener, reached
from hub.connectors.rest_mapping import AnswerReading, RestMapping, Steps
from hub.connectors.rest_values import at, labels_of, list_at, malformed, moment_at, text_at, value_at
from hub.connectors.rest_who import candidate_in, questions
from hub.domain.catalogue import Catalogue
from hub.domain.organisations import Custodian
from hub.domain.people import Candidate, ChildSearch
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason


class RestConnector:
    """One custodian's REST system; implements :class:`~hub.connectors.base.Connector`.

    Args:
        custodian: whose system it is.
        base_url: where, from the settings.
        mapping: what its answers mean; checked against ``catalogue`` when it was built.
        credentials: what to authenticate with.
        catalogue: the kinds it may supply: of the mapping's kinds, those of the custodian's sector.
        tls: trust store and client certificate; the system's trust store when None.
        bytes_max: decoded bytes accepted in one answer.

    Raises:
        ConfigurationError: for a base URL that may not be used.
    """

    matches_nhs_number = False
    never_restricts = True

    def __init__(
        self,
        custodian: Custodian,
        base_url: str,
        mapping: RestMapping,
        credentials: Credentials | None,
        catalogue: Catalogue,
        *,
        tls: ssl.SSLContext | None = None,
        bytes_max: int = BYTES_MAX,
    ) -> None:
        self.custodian = custodian
        self.kinds = frozenset(mapping.readings.keys() & catalogue.of_sector(custodian.sector))
        self._mapping = mapping
        self._words = frozenset(word for label in mapping.labels for word in label.words.values())
        self._client = JsonClient(
            base_url,
            credentials=credentials,
            tls=tls,
            bytes_max=bytes_max,
            echoes_request_id=mapping.echoes_request_id,
        )

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched | NoAnswer:
        """Who here may be the child, by every name and birth date known of them, asked at once."""
        return await as_value(self._match(search, deadline), deadline)

    async def find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found | NoAnswer:
        """Which records of ``kinds`` exist for ``who``; kinds that are not this system's are not asked for."""
        return await as_value(self._find(who, kinds & self.kinds, deadline), deadline)

    async def fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched | NoAnswer:
        """The records pointed at, sealed, in order: all of them, or a failure."""
        return await as_value(self._fetch(who, pointers, deadline), deadline)

    async def check(self, deadline: Deadline) -> Report:
        """Whether it is there and takes the credential, and what it says of a person who is none."""
        return Report(await reached(self._client, self._mapping, deadline))

    def listening(self) -> tuple[Connector, Callable[[], Sequence[Finding]]]:
        """This connector keeping what it hears, and how that compares with the mapping."""
        heard: list[Heard] = []
        asking = copy.copy(self)
        listener = Listener(self._client, self._mapping, heard)
        asking._client = listener  # type: ignore[assignment]  # noqa: SLF001  # its own copy
        return asking, lambda: compared(self._mapping, heard)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _match(self, search: ChildSearch, deadline: Deadline) -> Matched:
        asked = questions(search, self._mapping.match.ask)
        replies = await together(
            self._client.post(self._mapping.match.path, json=question, deadline=deadline) for question in asked
        )
        found: dict[str, Candidate] = {}
        for reply in replies:
            for candidate in self._candidates(reply):
                found.setdefault(candidate.local_id, candidate)
        if len(found) > CANDIDATES_MAX:
            raise _too_many_candidates()
        return Matched(tuple(found.values()))

    def _candidates(self, reply: Reply) -> Iterator[Candidate]:
        mapping = self._mapping
        rows = list_at(reply.body, mapping.candidates, "the list of candidates")
        truncated = mapping.truncated is not None and at(reply.body, mapping.truncated)
        if truncated not in (None, False) or len(rows) > CANDIDATES_MAX:
            raise _too_many_candidates()
        return (candidate_in(row, mapping.candidate, self.custodian.id) for row in rows)

    async def _find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found:
        find, types = self._mapping.find, sorted(type_ for kind in kinds for type_ in self._mapping.types[kind])
        first = await self._client.post(_path(find.path, who), json={find.types: types}, deadline=deadline)
        pointers: dict[str, RecordPointer] = {}
        moments: list[datetime] = []
        async for page in self._client.pages(first, self._next, deadline=deadline):
            as_of, rows = self._checked(page, self._mapping.index, who)
            moments.append(as_of)
            for record_id, row in rows:
                if record_id in pointers:
                    raise malformed("it listed a record twice")
                pointers[record_id] = self._pointer(record_id, row, kinds)
            if len(pointers) > RECORDS_MAX:
                raise UpstreamFault(NoAnswerReason.TOO_LARGE, f"it holds more than {RECORDS_MAX:,} records")
        return Found(tuple(pointers.values()), min(moments))

    async def _fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched:
        fetch = self._mapping.fetch
        batches = [pointers[start : start + fetch.batch_max] for start in range(0, len(pointers), fetch.batch_max)]
        held = await together(self._batch(who, batch, deadline) for batch in batches)
        return Fetched(tuple(record for batch in held for record in batch))

    async def _batch(self, who: Candidate, batch: Sequence[RecordPointer], deadline: Deadline) -> list[HeldRecord]:
        fetch, wanted = self._mapping.fetch, {pointer.record_id: pointer for pointer in batch}
        asked = {fetch.ids: list(wanted)}
        reply = await self._client.post(_path(fetch.path, who), json=asked, deadline=deadline)
        as_of, rows = self._checked(reply, self._mapping.content, who)
        got: dict[str, HeldRecord] = {}
        for record_id, row in rows:
            if record_id not in wanted or record_id in got:
                raise malformed("it sent a record that was not asked for")
            got[record_id] = self._held(wanted[record_id], row, as_of)
        if len(got) != len(wanted):
            raise malformed("it left out a record that was asked for")
        return [got[pointer.record_id] for pointer in batch]

    def _checked(self, reply: Reply, reading: AnswerReading, who: Candidate) -> tuple[datetime, list[tuple[str, Any]]]:
        """When the answer was current, and its records by id, all of them about ``who``."""
        mapping = self._mapping
        _same_person(reply.body, reading.person, who)
        rows = list_at(reply.body, reading.records, "the list of records")
        for row in rows:
            _same_person(row, mapping.record_person, who)
        as_of = moment_at(reply.body, reading.as_of, mapping.timezone)
        return as_of, [(text_at(row, mapping.record_id, "a record's id"), row) for row in rows]

    def _pointer(self, record_id: str, row: object, kinds: frozenset[str]) -> RecordPointer:
        kind = self._kind(row)
        if kind not in kinds:
            raise malformed("it listed a type of record that was not asked for")
        labels, undetermined = labels_of(row, kind, self._mapping.labels)
        return RecordPointer(self.custodian.id, kind, record_id, labels, undetermined)

    def _held(self, pointer: RecordPointer, row: object, as_of: datetime) -> HeldRecord:
        mapping = self._mapping
        if self._kind(row) != pointer.kind:
            raise malformed("a record is not of the type its index says")
        if mapping.fetch.repeats_labels:
            labels, undetermined = labels_of(row, pointer.kind, mapping.labels)
            decided = frozenset(word for word in pointer.labels if word in self._words or word.startswith("unmapped:"))
            if labels != decided or undetermined != pointer.undetermined:
                # What was decided on the index's markings would be shown under others.
                raise malformed("a record's markings changed while it was read: ask again")
        values = {
            reading.name: value_at(row, reading, mapping.timezone, pointer.kind)
            for reading in mapping.readings[pointer.kind]
        }
        return HeldRecord(pointer, as_of, values)

    def _kind(self, row: object) -> str | None:
        return self._mapping.kinds.get(text_at(row, self._mapping.record_type, "a record's type"))

    def _next(self, page: Reply) -> str | None:
        link = None if self._mapping.next is None else at(page.body, self._mapping.next)
        if link is not None and not isinstance(link, str):
            raise malformed("its next page is not a link")
        return link


def _path(template: str, who: Candidate) -> str:
    return template.replace(PERSON, segment(who.local_id))


def _same_person(body: object, person: Steps, who: Candidate) -> None:
    if text_at(body, person, "whom it is about") != who.local_id:
        raise UpstreamFault(NoAnswerReason.WRONG_PERSON, "it answered about somebody else: all of it was thrown away")


def _too_many_candidates() -> UpstreamFault:
    detail = f"it holds more than {CANDIDATES_MAX} people like that: ask with more names or a whole birth date"
    return UpstreamFault(NoAnswerReason.TOO_LARGE, detail)

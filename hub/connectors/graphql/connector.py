"""The connector for record systems that speak GraphQL, each described by a mapping file.

Match, Find and Fetch are three operations: existence is decided before content is asked for, so one query that brought
both would bring what may not be shared.
"""

from __future__ import annotations

import copy
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
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
from hub.connectors.graphql import checking
from hub.connectors.graphql.asking import request_of
from hub.connectors.graphql.check import ENTITIES
from hub.connectors.graphql.comparing import Heard, compared
from hub.connectors.graphql.held_back import lines_about, redacted_record, unsaid
from hub.connectors.graphql.mapping import Answers, GraphqlMapping, Operation, RecordList
from hub.connectors.graphql.reading import Hidden, Redaction, Why, data_of, hidden, look, sure, without_hidden
from hub.connectors.graphql.who import Asked, asked_of, candidate_of, check_about, same_person
from hub.connectors.http import BYTES_MAX, PAGES_MAX, Credentials, JsonClient
from hub.connectors.rest_values import labels_of, malformed, moment_at, text_at, value_at
from hub.domain.catalogue import Catalogue
from hub.domain.organisations import Custodian
from hub.domain.people import Candidate, ChildSearch
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason

CONTENT_TYPES = frozenset({"application/json", "application/graphql-response+json"})
"""GraphQL over HTTP: the media types of an answer."""


class GraphqlConnector:
    """One custodian's GraphQL system; implements :class:`~hub.connectors.base.Connector`.

    Args:
        custodian: whose system it is.
        base_url: where, from the settings; the mapping's ``system.path`` is below it.
        mapping: what to ask and what the answers mean; checked against ``catalogue`` when it was built.
        credentials: what to authenticate with.
        catalogue: the kinds it may supply: of the mapping's kinds, those of the custodian's sector.
        tls: trust store and client certificate; the system's trust store when None.
        bytes_max: decoded bytes accepted in one answer.

    Raises:
        ConfigurationError: for a base URL that may not be used.
    """

    never_restricts = True

    def __init__(
        self,
        custodian: Custodian,
        base_url: str,
        mapping: GraphqlMapping,
        credentials: Credentials | None,
        catalogue: Catalogue,
        *,
        tls: ssl.SSLContext | None = None,
        bytes_max: int = BYTES_MAX,
    ) -> None:
        self.custodian = custodian
        self.kinds = frozenset(mapping.readings.keys() & catalogue.of_sector(custodian.sector))
        self.matches_nhs_number = any(search.by_number for search in mapping.searches)
        self._mapping = mapping
        self._heard: list[Heard] | None = None
        self._redaction = Redaction(mapping.redacted, mapping.redacted_reason)
        self._words = frozenset(word for label in mapping.labels for word in label.words.values())
        self._client = JsonClient(
            base_url,
            credentials=credentials,
            content_types=CONTENT_TYPES,
            tls=tls,
            bytes_max=bytes_max,
            echoes_request_id=mapping.echoes_request_id,
        )

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched | NoAnswer:
        """Who here may be the child, by every way to search that what is known allows, asked at once."""
        return await as_value(self._match(search, deadline), deadline)

    async def find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found | NoAnswer:
        """Which records of ``kinds`` exist for ``who``; a record that the system redacts is one of them."""
        return await as_value(self._find(who, kinds & self.kinds, deadline), deadline)

    async def fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched | NoAnswer:
        """The records pointed at, sealed, in order: all of them, or a failure."""
        return await as_value(self._fetch(who, pointers, deadline), deadline)

    async def check(self, deadline: Deadline) -> Report:
        """Compare its schema with the mapping, and ask every operation about nobody; see :mod:`.checking`."""
        return await checking.check(self._client, self._mapping, self._redaction, deadline)

    def listening(self) -> tuple[Connector, Callable[[], Sequence[Finding]]]:
        """This connector keeping what it hears, and how that compares with the mapping."""
        heard: list[Heard] = []
        asking = copy.copy(self)
        asking._heard = heard  # noqa: SLF001  # its own copy
        return asking, lambda: compared(self._mapping, heard)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _match(self, search: ChildSearch, deadline: Deadline) -> Matched:
        asked = asked_of(search, self._mapping.searches)
        found: dict[str, Candidate] = {}
        for candidates in await together(self._candidates(one, deadline) for one in asked):
            for candidate in candidates:
                found.setdefault(candidate.local_id, candidate)
        if len(found) > CANDIDATES_MAX:
            raise _too_many_candidates()
        return Matched(tuple(found.values()))

    async def _candidates(self, asked: Asked, deadline: Deadline) -> list[Candidate]:
        way, given = asked
        root = await self._asked(way.operation, given, {}, deadline)
        if way.candidates is None:
            rows = [] if root is None else [root]
        else:
            rows = self._rows(root, way.candidates, "the list of candidates")
        if (way.more is not None and sure(root, way.more) not in (None, False)) or len(rows) > CANDIDATES_MAX:
            raise _too_many_candidates()
        sought = {ours: given[theirs] for theirs, ours in way.ask.items()}
        return [candidate_of(row, self._mapping, self.custodian.id, sought) for row in rows]

    async def _find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found:
        mapping, find = self._mapping, self._mapping.find
        more: dict[str, Any] = {}
        if mapping.types_variable is not None:
            more[mapping.types_variable] = sorted(type_ for kind in kinds for type_ in mapping.types[kind])
        pointers: dict[str, RecordPointer] = {}
        moments: list[datetime] = []
        cursors: set[str | None] = {None}
        cursor: str | None = None
        while True:
            if mapping.pages is not None:
                more[mapping.pages.variable] = cursor
            root = await self._about(find, who, more, deadline)
            moments.append(self._as_of(root, find))
            for place in find.lists:
                if cursor is None or (
                    mapping.pages is not None and place.steps == mapping.pages.of
                ):  # the other lists are on every page alike
                    self._list(root, place, who, kinds, pointers)
            if len(pointers) > RECORDS_MAX:
                raise UpstreamFault(NoAnswerReason.TOO_LARGE, f"it holds more than {RECORDS_MAX:,} records")
            if mapping.find_more is not None and sure(root, mapping.find_more) not in (None, False):
                raise UpstreamFault(NoAnswerReason.TOO_LARGE, "it says that there are more records than it sent")
            cursor = self._cursor(root)
            if cursor is None:
                return Found(tuple(pointers.values()), min(moments))
            if cursor in cursors:
                raise malformed("its pages go round in a circle")
            cursors.add(cursor)
            if len(cursors) > PAGES_MAX:
                raise UpstreamFault(NoAnswerReason.TOO_LARGE, f"its answer has more than {PAGES_MAX} pages")

    def _list(
        self,
        root: Any,
        place: RecordList,
        who: Candidate,
        kinds: frozenset[str],
        into: dict[str, RecordPointer],
    ) -> None:
        """The pointers of one list; a list that is redacted as a whole counts as one record."""
        value = look(root, place.steps)
        rows = [value] if isinstance(value, Hidden) else self._rows(root, place.steps, "the list of records")
        for row in rows:
            if isinstance(row, Hidden):
                if row.why is Why.FAULT:
                    raise hidden(row)
                if place.kind is None or place.kind in kinds:
                    words = self._mapping.redacted_words
                    pointer = redacted_record(row, self.custodian, place.kind, len(into), words)
                    into[pointer.record_id] = pointer
                continue
            same_person(row, self._mapping.record_person, who)
            pointer = self._pointer(row)
            if pointer.record_id in into:
                raise malformed("it listed a record twice")
            if place.kind is not None and pointer.kind != place.kind:
                raise malformed("it listed a record in the list of another kind")
            if pointer.kind in kinds:
                into[pointer.record_id] = pointer
            elif self._mapping.types_variable is not None:
                raise malformed("it listed a type of record that was not asked for")

    def _cursor(self, root: Any) -> str | None:
        pages = self._mapping.pages
        if pages is None or sure(root, pages.more) in (None, False):
            return None
        cursor = sure(root, pages.next)
        if not isinstance(cursor, str) or not cursor:
            raise malformed("it says that there is a next page, and not where")
        return cursor

    async def _fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched:
        most = self._mapping.batch_max
        batches = [pointers[start : start + most] for start in range(0, len(pointers), most)]
        held = await together(self._batch(who, batch, deadline) for batch in batches)
        return Fetched(tuple(record for batch in held for record in batch))

    async def _batch(self, who: Candidate, batch: Sequence[RecordPointer], deadline: Deadline) -> list[HeldRecord]:
        fetch, wanted = self._mapping.fetch, {pointer.record_id: pointer for pointer in batch}
        root = await self._about(fetch, who, {self._mapping.ids: list(wanted)}, deadline)
        as_of = self._as_of(root, fetch)
        got: dict[str, HeldRecord] = {}
        for place in fetch.lists:
            for row in self._rows(root, place.steps, "the list of records"):
                if isinstance(row, Hidden):
                    raise hidden(row)  # its index showed it
                same_person(row, self._mapping.record_person, who)
                record_id = self._id(row)
                if record_id not in wanted or record_id in got:
                    raise malformed("it sent a record that was not asked for")
                got[record_id] = self._held(wanted[record_id], row, as_of)
        if len(got) != len(wanted):
            raise malformed("it left out a record that was asked for")
        return [got[pointer.record_id] for pointer in batch]

    async def _about(self, answers: Answers, who: Candidate, more: Mapping[str, Any], deadline: Deadline) -> Any:
        """The answer of an operation about ``who``, checked to be about nobody else."""
        root = await self._asked(answers.operation, {answers.person: who.local_id}, more, deadline)
        if root is None:
            raise malformed("it does not know the person it named itself")
        check_about(root, answers.about, who)
        return root

    async def _asked(
        self, operation: Operation, given: Mapping[str, str], more: Mapping[str, Any], deadline: Deadline
    ) -> Any:
        """The answer's data, or of an entity that. None: the subgraph does not know the entity."""
        root = await self._answered(operation, given, more, deadline)
        if self._heard is not None:
            self._heard.append(Heard(operation, root))
        return root

    async def _answered(
        self, operation: Operation, given: Mapping[str, str], more: Mapping[str, Any], deadline: Deadline
    ) -> Any:
        sent = request_of(operation, given, more)
        reply = await self._client.post(self._mapping.path, json=sent, deadline=deadline)
        data = data_of(reply.body, operation.document, self._redaction, self._mapping.errors)
        if operation.entity is None:
            return data
        entities = self._rows(data, (ENTITIES,), "the entity asked for")
        if len(entities) != 1:
            raise malformed("it was asked for one entity and sent another number")
        if isinstance(entities[0], Hidden):
            raise hidden(entities[0])
        return entities[0]

    def _rows(self, root: Any, steps: Sequence[str], what: str) -> list[Any]:
        """The list at ``steps``: a missing one is not an empty one."""
        rows = sure(root, steps)
        if not isinstance(rows, list):
            raise malformed(f"its answer lacks {what}")
        return rows

    def _as_of(self, root: Any, answers: Answers) -> datetime:
        if answers.as_of is None:
            return datetime.now(UTC)
        return moment_at({"as_of": sure(root, answers.as_of)}, ("as_of",), self._mapping.timezone)

    def _pointer(self, row: Any) -> RecordPointer:
        kind = self._kind(row)
        labels, undetermined = self._labels(row, kind)
        return RecordPointer(self.custodian.id, kind, self._id(row), labels, undetermined)

    def _id(self, row: Any) -> str:
        return text_at({"id": sure(row, self._mapping.record_id)}, ("id",), "a record's id")

    def _labels(self, row: Any, kind: str) -> tuple[frozenset[str], frozenset[str]]:
        labels, undetermined = labels_of(without_hidden(row), kind, self._mapping.labels)
        return labels, undetermined | unsaid(row, self._mapping.labels)

    def _held(self, pointer: RecordPointer, row: Any, as_of: datetime) -> HeldRecord:
        mapping = self._mapping
        if self._kind(row) != pointer.kind:
            raise malformed("a record is not of the type its index says")
        if mapping.repeats_labels:
            labels, undetermined = self._labels(row, pointer.kind)
            decided = frozenset(word for word in pointer.labels if word in self._words or word.startswith("unmapped:"))
            if labels != decided or undetermined != pointer.undetermined:
                # What was decided on the index's markings would be shown under others.
                raise malformed("a record's markings changed while it was read: ask again")
        readings = mapping.readings[pointer.kind]
        lines = tuple(lines_about(row, pointer.kind, readings, self.custodian))
        missing = {name for line in lines for name in line.fields}
        plain = without_hidden(row)
        values = {
            reading.name: value_at(plain, reading, mapping.timezone, pointer.kind)
            for reading in readings
            if reading.name not in missing
        }
        return HeldRecord(pointer, as_of, values, held_back=lines)

    def _kind(self, row: Any) -> str:
        type_ = text_at({"type": sure(row, self._mapping.record_type)}, ("type",), "a record's type")
        kind = self._mapping.kinds.get(type_)
        if kind is None:
            raise malformed("it listed a type of record that nobody mapped")
        return kind


def _too_many_candidates() -> UpstreamFault:
    detail = f"it holds more than {CANDIDATES_MAX} people like that: ask with more names or a whole birth date"
    return UpstreamFault(NoAnswerReason.TOO_LARGE, detail)

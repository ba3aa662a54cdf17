"""The connector for an agency behind another hub of this software, asked through that hub's own ``child``.

One custodian of the settings stands for one agency there, so that its line in ``sources`` becomes this hub's line and
nothing is counted twice. Two questions reach the other hub: who the child is (Match), and the records (Find). It
decides every field under its own policies, as this hub does again; what it holds back is told as held back there. Its
records bear no ids, so a second question could not tell which was which: Fetch asks nothing, and what Find brought
travels with the pointers, sealed, for as long as the one question lasts.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from hub.connectors.base import (
    ENQUIRY,
    RECORDS_MAX,
    RELAYED,
    Deadline,
    Fetched,
    Found,
    Matched,
    UpstreamFault,
    as_value,
    together,
)
from hub.connectors.checking import Report
from hub.connectors.graphql import neighbour_checking
from hub.connectors.graphql.connector import CONTENT_TYPES
from hub.connectors.graphql.document import Document
from hub.connectors.graphql.held_back import UNKNOWN_KIND
from hub.connectors.graphql.neighbour_file import (
    KINDS_MAX,
    SECTIONS,
    Neighbour,
    camel,
    purpose_of,
    records_document,
    stated_fields,
    who_document,
)
from hub.connectors.graphql.neighbour_reading import (
    HELD_BACK_LABEL,
    PURPOSE_MISSING,
    codes_in,
    handling_in,
    identity_in,
    line_in,
    once,
    refusal_in,
    state_of,
)
from hub.connectors.graphql.reading import Redaction, data_of
from hub.connectors.http import BYTES_MAX, Credentials, JsonClient
from hub.connectors.rest_mapping import Reading
from hub.connectors.rest_values import list_at, malformed, moment_at, text_at, value_at
from hub.domain.catalogue import Catalogue, KindSpec
from hub.domain.organisations import Custodian, Sector
from hub.domain.people import Candidate, ChildSearch, Identity
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason

RELAYED_HEADER = "X-Hub-Relayed"
"""Says that another hub asks. A hub that is asked so asks its own agencies and no further hub: two that are each
other's neighbours would otherwise ask for ever."""

_STATUSES = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN})
"""What a hub refuses a question with; the code in the body says why."""


@dataclass(frozen=True, slots=True)
class Brought(RecordPointer):
    """A pointer that has its record with it: ``open`` makes it, sealed, for the pointer it is asked for."""

    open: Callable[[RecordPointer], HeldRecord] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class _Part:
    """One answer to Find: pointers, the lines about records held back whole, and the number of its entry there."""

    pointers: tuple[RecordPointer, ...]
    lines: Sequence[Any]
    entry: int
    as_of: datetime


class NeighbourConnector:
    """One agency behind another hub; implements :class:`~hub.connectors.base.Connector`.

    Args:
        custodian: the agency, as this hub shows it.
        base_url: where the other hub is.
        neighbour: what it calls things.
        credentials: this hub's own client at the other hub; its register there says what it may ask.
        catalogue: the kinds it may supply: of the mapping's kinds, those of the custodian's sector.
        tls: trust store and client certificate; the system's trust store when None.
        bytes_max: decoded bytes accepted in one answer.

    Raises:
        ConfigurationError: for a base URL that may not be used.
    """

    matches_nhs_number = True
    needs_purpose = True
    """A check states none, so it cannot ask about a test patient either."""

    def __init__(
        self,
        custodian: Custodian,
        base_url: str,
        neighbour: Neighbour,
        credentials: Credentials | None,
        catalogue: Catalogue,
        *,
        tls: ssl.SSLContext | None = None,
        bytes_max: int = BYTES_MAX,
    ) -> None:
        self.custodian = custodian
        self.states_restriction = neighbour.states_restriction
        self.kinds = frozenset(neighbour.lists.keys() & catalogue.of_sector(custodian.sector))
        self._neighbour = neighbour
        self._catalogue = catalogue
        self._who = who_document()
        self._client = JsonClient(
            base_url,
            credentials=credentials,
            headers={RELAYED_HEADER: "1"},
            content_types=CONTENT_TYPES,
            tls=tls,
            bytes_max=bytes_max,
        )

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched | NoAnswer:
        """Whether the agency there surely holds the child, and as whom. "Perhaps" is no answer: only they can tell."""
        return await as_value(self._match(search, deadline), deadline)

    async def find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found | NoAnswer:
        """The records of ``kinds`` the other hub releases, and one pointer for each that it holds back whole."""
        return await as_value(self._find(who, kinds & self.kinds, deadline), deadline)

    async def fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched | NoAnswer:
        """The records that came with the pointers. Nobody is asked."""
        return await as_value(self._fetch(who, pointers), deadline)

    async def check(self, deadline: Deadline) -> Report:
        """Whether it knows this hub and understands its questions; see :mod:`.neighbour_checking`. It logs them."""

        async def ask(document: Document, variables: Mapping[str, Any]) -> Any:
            return await self._sent(document, variables, deadline)

        def about(kinds: frozenset[str]) -> Document:
            return records_document(self._catalogue, self._neighbour, kinds)

        return await neighbour_checking.check(ask, self._who, self._parts(self.kinds), about)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _match(self, search: ChildSearch, deadline: Deadline) -> Matched:
        asked = next((one for one in search.identities if one.nhs_number is not None or _is_whole(one)), None)
        if asked is None:
            raise UpstreamFault(NoAnswerReason.REFUSED, "it is searched by NHS number, or by name and birth date")
        child, source = await self._child(self._who, asked, deadline)
        if source is None:
            return Matched(())
        identity = identity_in(child, self._neighbour.agency, is_health=self.custodian.sector is Sector.HEALTH)
        if asked.nhs_number is not None and identity.nhs_number not in (None, asked.nhs_number):
            raise UpstreamFault(
                NoAnswerReason.WRONG_PERSON, "it answered about somebody else: all of it was thrown away"
            )
        number = _entry(child)
        return Matched((Candidate(self.custodian.id, f"entry-{number}", identity),))

    async def _find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found:
        found = await together(self._found(who, part, deadline) for part in self._parts(kinds))
        told = once([one.lines for one in found])
        held_back = [self._held_back(line, f"{found[part].entry}-withheld-{place}") for part, place, line in told]
        pointers = (*(pointer for one in found for pointer in one.pointers), *held_back)
        if len(pointers) > RECORDS_MAX:
            raise UpstreamFault(NoAnswerReason.TOO_LARGE, f"it holds more than {RECORDS_MAX:,} records")
        return Found(pointers, min(one.as_of for one in found))

    async def _found(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> _Part:
        document = records_document(self._catalogue, self._neighbour, kinds)
        child, source = await self._child(document, who.identity, deadline)
        if source is None:
            raise malformed("it no longer knows the child it named itself")
        again = identity_in(child, self._neighbour.agency, is_health=False)
        _same(again, who.identity)
        number = _entry(child)
        as_of = datetime.now(UTC) if source.get("asOf") is None else moment_at(source, ("asOf",), UTC)
        section_field, type_ = SECTIONS[self._catalogue[min(kinds)].section]
        section = child[section_field]
        if section is None or section["__typename"] != type_:
            raise malformed("it says that the agency answered, and shows no records of it")
        pointers: list[RecordPointer] = []
        for kind in sorted(kinds):
            rows = section[self._neighbour.lists[kind]]
            if rows is None:
                pointers.append(self._out_of_scope(kind, section["withheld"], f"{number}-{kind}"))
                continue
            for place, row in enumerate(rows):
                if text_at(row, ("custodian", "id"), "whose record it is") == self._neighbour.agency:
                    pointers.append(self._brought(kind, row, f"{number}-{kind}-{place}"))
        lines = list_at(child, ("withheld",), "what is held back")
        ours = [
            line for line in lines if line["custodian"] is None or line["custodian"]["id"] == self._neighbour.agency
        ]
        return _Part(tuple(pointers), ours, number, as_of)

    async def _fetch(self, who: Candidate, pointers: Sequence[RecordPointer]) -> Fetched:
        records = []
        for pointer in pointers:
            if not isinstance(pointer, Brought) or pointer.open is None or pointer.custodian != who.custodian:
                raise malformed("it was asked for a record that it does not show")
            records.append(pointer.open(pointer))
        return Fetched(tuple(records))

    async def _child(self, document: Document, who: Identity, deadline: Deadline) -> tuple[Any, Any]:
        """The other hub's answer, and the agency's line in it; None for the line when the agency holds nobody."""
        enquiry = ENQUIRY.get()
        if enquiry is None:
            raise UpstreamFault(NoAnswerReason.REFUSED, "it is asked only under a purpose, and none is known here")
        if RELAYED.get():
            raise UpstreamFault(NoAnswerReason.REFUSED, "this question came from another hub, which must ask it itself")
        stated: dict[str, Any] = {
            "purpose": purpose_of(enquiry.purpose, self._neighbour),
            "caseReference": enquiry.case_reference.value,
        }
        if enquiry.decision is not None:
            stated["decision"] = {"by": enquiry.decision.by, "at": enquiry.decision.at.isoformat()}
        if enquiry.look_back is not None:
            reason = enquiry.look_back.reason.upper().replace("-", "_")
            stated["lookBack"] = {"years": enquiry.look_back.years, "reason": reason}
        variables = {"find": _find(who), "enquiry": stated}
        data = data_of(await self._sent(document, variables, deadline), document, Redaction(), {})
        child = data["child"]
        if not isinstance(child, Mapping):
            raise malformed("it did not answer the question")
        return child, state_of(list_at(child, ("sources",), "its sources"), self._neighbour.agency)

    async def _sent(self, document: Document, variables: Mapping[str, Any], deadline: Deadline) -> Any:
        """The body of the answer; an UpstreamFault with the reason when the question was refused."""
        sent = {"query": document.text, "operationName": document.name, "variables": variables}
        reply = await self._client.post(self._neighbour.path, json=sent, deadline=deadline, allow=_STATUSES)
        if reply.status != HTTPStatus.OK and PURPOSE_MISSING not in codes_in(reply.body):
            raise refusal_in(reply.body, reply.status)
        return reply.body

    def _parts(self, kinds: frozenset[str]) -> list[frozenset[str]]:
        every = sorted(kinds)
        return [frozenset(every[start : start + KINDS_MAX]) for start in range(0, len(every), KINDS_MAX)]

    def _brought(self, kind: str, row: Any, record_id: str) -> RecordPointer:
        """A pointer with its record, read now, so that an odd value is found out while it can be said."""
        spec = self._catalogue[kind]
        names = {camel(name): name for name in stated_fields(spec)}
        values = {name: value_at(row, _reading(spec, name), UTC, kind) for name in names.values()}
        lines = tuple(
            line_in(line, self.custodian, self._neighbour, self._catalogue, kind=kind, names=names)
            for line in list_at(row, ("withheld",), "what is held back")
        )
        notices = tuple(handling_in(each, names) for each in list_at(row, ("handling",), "its conditions"))
        as_of = moment_at(row, ("asOf",), UTC)

        def opened(pointer: RecordPointer) -> HeldRecord:
            return HeldRecord(pointer, as_of, values, held_back=lines, handling=notices)

        return Brought(self.custodian.id, kind, record_id, open=opened)

    def _held_back(self, line: Any, record_id: str) -> RecordPointer:
        told = line_in(line, self.custodian, self._neighbour, self._catalogue)
        labels = frozenset({HELD_BACK_LABEL})
        return RecordPointer(self.custodian.id, told.kind or UNKNOWN_KIND, record_id, labels, held_back=told)

    def _out_of_scope(self, kind: str, lines: Any, record_id: str) -> RecordPointer:
        """A list that is null there: not an empty one. The line about it is the other hub's."""
        line = next((each for each in lines or () if each["kind"] == kind), None)
        if line is None:
            raise malformed("it leaves out a list and does not say why")
        told = line_in(line, self.custodian, self._neighbour, self._catalogue, kind=kind)
        return RecordPointer(self.custodian.id, kind, record_id, frozenset({HELD_BACK_LABEL}), held_back=told)


def _is_whole(who: Identity) -> bool:
    return bool(who.given_names and who.family_names and who.birth_date is not None)


def _find(who: Identity) -> dict[str, str]:
    """The search as the other hub takes it."""
    found = {}
    if who.nhs_number is not None:
        found["nhsNumber"] = who.nhs_number.value
    if who.given_names and who.family_names and who.birth_date is not None:
        found |= {
            "givenName": who.given_names[0],
            "familyName": who.family_names[0],
            "dateOfBirth": who.birth_date.isoformat(),
        }
    return found


def _same(again: Identity, before: Identity) -> None:
    """Pass the same number and birth date as Match gave, where both are stated."""
    numbers = (again.nhs_number, before.nhs_number)
    days = (again.birth_date, before.birth_date)
    if (None not in numbers and numbers[0] != numbers[1]) or (None not in days and days[0] != days[1]):
        raise UpstreamFault(NoAnswerReason.WRONG_PERSON, "it answered about somebody else: all of it was thrown away")


def _entry(child: Any) -> int:
    """The number of the entry in the other hub's log: new with each answer, so that no id is ever used for two."""
    number = child["logEntry"]["number"] if isinstance(child["logEntry"], dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise malformed("its answer names no entry of its log")
    return number


def _reading(spec: KindSpec, name: str) -> Reading:
    return Reading(name, (camel(name),), spec.field(name).type)

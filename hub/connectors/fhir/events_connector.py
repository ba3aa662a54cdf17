"""The connector for a store of child-health events: FHIR STU3 messages, found by the child's NHS number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from hub.connectors.base import RECORDS_MAX, Deadline, Fetched, Found, Matched, UpstreamFault, as_value
from hub.connectors.checking import NOBODY, Report, failed, mend, well
from hub.connectors.fhir import labels, mapping
from hub.connectors.fhir.connector import CONTENT_TYPES
from hub.connectors.fhir.elements import Element
from hub.connectors.fhir.events import KINDS_READ, Event, current, read_event
from hub.connectors.fhir.exchange import Exchange, Params, SearchBy, together
from hub.connectors.fhir.patients import candidate
from hub.connectors.fhir.references import NHS_NUMBER, wrong_person
from hub.connectors.fhir.taking import PART
from hub.connectors.http import Credentials, JsonClient
from hub.domain.catalogue import Catalogue
from hub.domain.organisations import Custodian
from hub.domain.people import Candidate, ChildSearch
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason

NO_NUMBER = "it is searched by NHS number, and none is known"
PAGE_SIZE_MAX = 50
"""Messages asked for on one page: one is some 15 kB."""


class EventsConnector:
    """One custodian's store of the events it was sent. See :class:`hub.connectors.base.Connector`.

    A message comes whole or not at all, so that a record exists and what it says are told in one: Find keeps the first
    and gives up the second, and Fetch asks again.

    Args:
        custodian: whose store it is.
        base_url: its base, from the settings.
        credentials: what to authenticate with, or None.
        catalogue: the field catalogue; ConfigurationError when it and this connector differ.
        kinds: the kinds it holds; None for all that events tell of.
        search_by: ``post`` keeps NHS numbers out of URLs.
        echoes_request_id: whether the store returns our ``X-Request-ID``.
        clock: now, aware, UTC.
    """

    matches_nhs_number = True
    goes_by_number_alone = True
    states_restriction = False

    def __init__(
        self,
        custodian: Custodian,
        base_url: str,
        credentials: Credentials | None,
        catalogue: Catalogue,
        *,
        kinds: frozenset[str] | None = None,
        search_by: SearchBy = "post",
        echoes_request_id: bool = True,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.custodian = custodian
        held = KINDS_READ & catalogue.of_sector(custodian.sector)
        self.kinds = held if kinds is None else held & kinds
        mapping.check(catalogue, self.kinds)
        self._client = JsonClient(
            base_url, credentials=credentials, content_types=CONTENT_TYPES, echoes_request_id=echoes_request_id
        )
        self._exchange = Exchange(self._client, search_by, clock, "STU3")

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched | NoAnswer:
        """Of whom, by the NHS numbers known of the child, it was sent anything; as the last message names them."""

        async def ask() -> Matched:
            numbers = dict.fromkeys(who.nhs_number.value for who in search.identities if who.nhs_number)
            if not numbers:
                raise UpstreamFault(NoAnswerReason.REFUSED, NO_NUMBER)
            found = await together([self._candidate(number, deadline) for number in numbers])
            return Matched(tuple(who for who in found if who is not None))

        return await as_value(ask(), deadline)

    async def find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found | NoAnswer:
        """Which records the events about ``who`` tell of, with the labels of all that came in the same message."""

        async def ask() -> Found:
            records, at = await self._records(who, deadline)
            wanted = kinds & self.kinds
            pointers = tuple(record.pointer for record in records if record.pointer.kind in wanted)
            if len(pointers) > RECORDS_MAX:
                raise UpstreamFault(
                    NoAnswerReason.TOO_LARGE, f"it holds more than {RECORDS_MAX:,} records of one child"
                )
            return Found(pointers, at)

        return await as_value(ask(), deadline)

    async def fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched | NoAnswer:
        """The records pointed at; none if one of them has since been taken back, or is marked as it was not."""

        async def ask() -> Fetched:
            records, _ = await self._records(who, deadline)
            held = {record.pointer: record for record in records}
            if not all(pointer in held for pointer in pointers):  # a pointer is its labels too
                raise UpstreamFault(
                    NoAnswerReason.MALFORMED, "its events changed while they were being read: ask again"
                )
            return Fetched(tuple(held[pointer] for pointer in pointers))

        return await as_value(ask(), deadline)

    async def check(self, deadline: Deadline) -> Report:
        """Whether it takes the search, from a question about a number that is none."""
        try:
            page = await self._exchange.search("Bundle", _of(NOBODY), deadline, _nothing)
        except UpstreamFault as fault:
            return Report((failed(fault.no_answer, "Bundle, asked for the events of a number that is none"),))
        if page.taken:
            return Report(
                (
                    mend(
                        "Bundle: it gave events to a question about nobody, so it ignores `patient:identifier`",
                        "ask the custodian to support it (docs/fhir.md); until then the hub throws these answers away",
                    ),
                )
            )
        return Report((well("Bundle: the credential is accepted, and no events are held of a number that is none"),))

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def _events(self, number: str, deadline: Deadline) -> tuple[list[Event], datetime]:
        page = await self._exchange.search("Bundle", _of(number), deadline, lambda bundle: read_event(bundle, number))
        return list(page.taken), page.at

    async def _candidate(self, number: str, deadline: Deadline) -> Candidate | None:
        events, _ = await self._events(number, deadline)
        if not events:
            return None
        found = candidate(self.custodian.id, {**max(events, key=lambda event: event.at).patient, "id": number})
        if found.identity.nhs_number is None or found.identity.nhs_number.value != number:
            raise wrong_person()
        return found

    async def _records(self, who: Candidate, deadline: Deadline) -> tuple[list[HeldRecord], datetime]:
        events, at = await self._events(who.local_id, deadline)
        restricted = who.identity.restricted is True or any(labels.is_restricted(each.patient) for each in events)
        more = {labels.RESTRICTED} if restricted else frozenset[str]()
        return [
            HeldRecord(
                RecordPointer(self.custodian.id, record.kind, f"{event.message_id}{PART}{part}", event.labels | more),
                min(event.at.astimezone(UTC), at),
                record.values,
            )
            for event in current(events)
            for part, record in enumerate(event.records)
        ], at


def _of(number: str) -> Params:
    """The messages about one child: as CP-IS does, since STU3 has no search of a Bundle by whom it is about."""
    return [("type", "message"), ("patient:identifier", f"{NHS_NUMBER}|{number}"), ("_count", str(PAGE_SIZE_MAX))]


def _nothing(_bundle: Element) -> None:
    return None

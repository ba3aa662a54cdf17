"""The connector for a record locator: pointers to documents held elsewhere, found by the child's NHS number alone.

The National Record Locator knows no Patient: it is asked ``DocumentReference?subject:identifier=`` and says that a
document exists and who holds it. The document itself is neither asked for nor followed.

Source: NRL consumer FHIR API: a search states ``subject:identifier``, and optionally custodian and type; the caller's
ODS code is a required header; there is no CapabilityStatement. It could not be tried against the real service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from hub.connectors.base import Deadline, Fetched, Found, Matched, UpstreamFault, as_value
from hub.connectors.checking import NOBODY, Report, failed, mend, well
from hub.connectors.fhir import taking
from hub.connectors.fhir.connector import CONTENT_TYPES
from hub.connectors.fhir.elements import Element
from hub.connectors.fhir.exchange import Exchange, Page, SearchBy, Taken, together
from hub.connectors.fhir.mapping import KINDS
from hub.connectors.fhir.references import NHS_NUMBER, About
from hub.connectors.http import Credentials, JsonClient
from hub.domain.catalogue import Catalogue
from hub.domain.identifiers import NHSNumber
from hub.domain.organisations import Custodian
from hub.domain.people import Candidate, ChildSearch, Identity
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason

KIND = "health_document"
NO_NUMBER = "it is searched by NHS number, and none is known"
ORGANISATION_HEADER = "NHSD-End-User-Organisation-ODS"

Sighted = tuple[Element, taking.Sighting]


class LocatorConnector:
    """One record locator. See :class:`hub.connectors.base.Connector`.

    Args:
        custodian: whose it is.
        base_url: its base, from the settings.
        credentials: what to authenticate with, or None.
        catalogue: the field catalogue; without :data:`KIND` in the custodian's sector it supplies nothing.
        numbers_are_verified: the NHS numbers in it were traced, so that one alone says who it is about.
        organisation: the ODS code of whoever asks, which the national one demands; None to send none.
        search_by: ``post`` keeps NHS numbers out of URLs.
        echoes_request_id: whether it returns our ``X-Request-ID``.
        clock: now, aware, UTC.
    """

    matches_nhs_number = True
    goes_by_number_alone = True
    states_restriction = False
    never_restricts = True

    def __init__(
        self,
        custodian: Custodian,
        base_url: str,
        credentials: Credentials | None,
        catalogue: Catalogue,
        *,
        numbers_are_verified: bool = False,
        organisation: str | None = None,
        search_by: SearchBy = "post",
        echoes_request_id: bool = True,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.custodian = custodian
        self.kinds = frozenset({KIND}) & catalogue.of_sector(custodian.sector)
        self._verified = numbers_are_verified
        self._base_url = base_url
        self._client = JsonClient(
            base_url,
            credentials=credentials,
            headers={ORGANISATION_HEADER: organisation} if organisation is not None else {},
            content_types=CONTENT_TYPES,
            echoes_request_id=echoes_request_id,
        )
        self._exchange = Exchange(self._client, search_by, clock)

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched | NoAnswer:
        """Of whom, by the NHS numbers known of the child, it has a pointer. It states nothing else about anybody."""

        async def ask() -> Matched:
            numbers = list(dict.fromkeys(who.nhs_number for who in search.identities if who.nhs_number is not None))
            if not numbers:
                raise UpstreamFault(NoAnswerReason.REFUSED, NO_NUMBER)
            pages = await together([self._page(number.value, deadline) for number in numbers])
            return Matched(
                tuple(self._candidate(number) for number, page in zip(numbers, pages, strict=True) if _held(page))
            )

        return await as_value(ask(), deadline)

    async def find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found | NoAnswer:
        """A pointer for each document, with the labels of both."""

        async def ask() -> Found:
            if not kinds & self.kinds:
                return Found((), self._exchange.now())
            page = await self._page(who.local_id, deadline)
            return Found(tuple(self._pointers(page)), page.at)

        return await as_value(ask(), deadline)

    async def fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched | NoAnswer:
        """What the pointers say: asked for again, since it has no search by id."""

        async def ask() -> Fetched:
            page = await self._page(who.local_id, deadline)
            by_id: Mapping[str, Element] = {seen.record_id: resource for resource, seen in page.taken}
            held = []
            for pointer in pointers:
                resource = by_id.get(pointer.record_id.rpartition(taking.PART)[0])
                if resource is None:
                    raise UpstreamFault(NoAnswerReason.MALFORMED, "it left out a record that was asked for")
                held += [HeldRecord(one, page.at, read) for one, read in taking.values(resource, [pointer])]
            return Fetched(tuple(held))

        return await as_value(ask(), deadline)

    async def check(self, deadline: Deadline) -> Report:
        """Whether it takes the search, from a question about a number that is none."""
        try:
            page = await self._search(NOBODY, deadline, lambda resource: resource)
        except UpstreamFault as fault:
            return Report((failed(fault.no_answer, "DocumentReference, asked for a number that is none"),))
        if page.taken:
            lost = "DocumentReference: it gave pointers to a question about nobody, so it ignores `subject:identifier`"
            return Report((mend(lost, "ask the custodian to support it; until then the hub throws such answers away"),))
        return Report(
            (well("DocumentReference: the credential is accepted, and a number that is none has no pointers"),)
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    def _candidate(self, number: NHSNumber) -> Candidate:
        return Candidate(
            self.custodian.id, number.value, Identity(nhs_number=number, nhs_number_verified=self._verified)
        )

    def _pointers(self, page: Page[Sighted]) -> list[RecordPointer]:
        return [each for _, seen in page.taken for each in seen.pointers(self.custodian.id, restricted=False)]

    async def _page(self, number: str, deadline: Deadline) -> Page[Sighted]:
        """Every pointer about ``number``, each checked to be."""
        person, about = About(number, number, self._base_url), KINDS[KIND].about
        assert about is not None

        def take(resource: Element) -> Sighted:
            person.require(resource, about)
            return resource, taking.sighting(resource, [KIND])

        return await self._search(number, deadline, take)

    async def _search(self, number: str, deadline: Deadline, take: Callable[[Element], Taken]) -> Page[Taken]:
        params = [("subject:identifier", f"{NHS_NUMBER}|{number}")]
        return await self._exchange.search(KINDS[KIND].resource, params, deadline, take)


def _held(page: Page[Sighted]) -> bool:
    """Whether any pointer is there that was not entered in error."""
    return any(seen.parts for _, seen in page.taken)

"""The connector for FHIR R4 servers: Match, Find and Fetch for every kind of ``policies/fields/health.toml``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime

from hub.connectors.base import RECORDS_MAX, Deadline, Fetched, Found, Matched, UpstreamFault, as_value
from hub.connectors.checking import Report
from hub.connectors.fhir import bundles, checking, mapping, maternity, taking
from hub.connectors.fhir.cpis import Cpis
from hub.connectors.fhir.elements import Element
from hub.connectors.fhir.exchange import Exchange, Page, together
from hub.connectors.fhir.ladder import Ladder
from hub.connectors.fhir.mapping import BY_CPIS, CPIS, KINDS
from hub.connectors.fhir.maternity import MATERNITY, Maternity
from hub.connectors.fhir.options import FhirOptions
from hub.connectors.fhir.references import About, wrong_person
from hub.connectors.http import Credentials, JsonClient
from hub.domain.catalogue import Catalogue
from hub.domain.organisations import Custodian
from hub.domain.people import Candidate, ChildSearch
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason

CONTENT_TYPES = frozenset({"application/fhir+json", "application/json"})
PAGE_SIZE_MAX = 200
"""Records asked for on one page; a server may send fewer."""

IDS_MAX = 100
"""Records asked for by id in one request: in a URL, 100 ids are 3.7 kB of the 8 kB that servers accept."""


class FhirConnector:
    """One NHS custodian's FHIR R4 server. See :class:`hub.connectors.base.Connector`.

    Args:
        custodian: whose server it is.
        base_url: its base, from the settings.
        credentials: what to authenticate with, or None.
        catalogue: the field catalogue; ConfigurationError when it and this connector differ.
        options: how this server differs from the next.
        clock: now, aware, UTC.
    """

    matches_nhs_number = True

    def __init__(
        self,
        custodian: Custodian,
        base_url: str,
        credentials: Credentials | None,
        catalogue: Catalogue,
        *,
        options: FhirOptions | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        options = options or FhirOptions()
        self.custodian = custodian
        stated = options.states_restriction
        self.states_restriction = options.pds_search if stated is None else stated
        held = frozenset(KINDS) & catalogue.of_sector(custodian.sector)
        self.kinds = held if options.kinds is None else held & options.kinds
        self._cpis: Cpis | None = None
        if options.cpis_url is not None:
            self._cpis = Cpis(options.cpis_url, credentials, unscheduled=options.cpis_unscheduled, clock=clock)
            by_cpis = BY_CPIS if options.cpis_accesses else {CPIS}
            self.kinds |= by_cpis & catalogue.of_sector(custodian.sector)
        mapping.check(catalogue, self.kinds)
        open_to_hub = catalogue.of_sector(custodian.sector) if options.kinds is None else options.kinds
        self.unborn_kinds = frozenset({MATERNITY}) & open_to_hub & catalogue.of_sector(custodian.sector)
        maternity.check(catalogue, self.unborn_kinds)
        self._base_url = base_url
        self._options = options
        self._client = JsonClient(
            base_url,
            credentials=credentials,
            content_types=CONTENT_TYPES,
            echoes_request_id=options.echoes_request_id,
        )
        self._exchange = Exchange(self._client, options.search_by, clock)
        self._maternity = Maternity(self._exchange, custodian.id, base_url)
        self._ladder = Ladder(self._exchange, custodian.id, knows_pds=options.pds_search)

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched | NoAnswer:
        """Who may be the child: by NHS number, else by names and birth date, never by postcode or practice.

        Of a child not yet born: who the mother is, by her number alone.
        """

        async def ask() -> Matched:
            if search.unborn is not None:
                return Matched(await self._ladder.mother(search.unborn.mother, deadline))
            return Matched(await self._ladder.climb(search, deadline))

        return await as_value(ask(), deadline)

    async def find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found | NoAnswer:
        """Which records exist for ``who``, with the labels each resource carries.

        Only ids, labels, statuses and the elements that tell one kind from another are asked for. Records entered in
        error do not exist. A restricted patient's GP registration is pointed at although PDS takes it off the record:
        otherwise an empty section would say that the child has no GP.
        """
        if who.is_mother:
            return await as_value(self._maternity.find(who, deadline), deadline)
        return await as_value(self._find(who, kinds & self.kinds, deadline), deadline)

    async def fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched | NoAnswer:
        """The records pointed at, each checked to be about ``who`` and to carry no label that Find did not see."""
        if who.is_mother:
            return await as_value(self._maternity.fetch(who, pointers, deadline), deadline)
        return await as_value(self._fetch(who, pointers, deadline), deadline)

    async def check(self, deadline: Deadline) -> Report:
        """Compare what it says it can do with what is asked of it; see :mod:`.checking`. Nobody is asked about."""
        resources = sorted(_by_resource(self.kinds - BY_CPIS))
        resources += maternity.RESOURCES if self.unborn_kinds else ()
        return await checking.check(self._client, self._exchange, self._options, resources, deadline)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()
        if self._cpis is not None:
            await self._cpis.close()

    async def _find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found:
        wanted = _by_resource(kinds - BY_CPIS)
        pages = await together([self._find_type(who, name, wanted[name], deadline) for name in sorted(wanted)])
        seen = [sighting for page in pages for sighting in page.taken]
        restricted = who.identity.restricted is True or any(sighting.restricts for sighting in seen)
        pointers = [
            pointer for sighting in seen for pointer in sighting.pointers(self.custodian.id, restricted=restricted)
        ]
        if self._cpis is not None:
            told = sorted(kinds & BY_CPIS)
            pointers += [self._cpis.pointer(kind, self.custodian.id, who, restricted=restricted) for kind in told]
        if len(pointers) > RECORDS_MAX:
            raise UpstreamFault(NoAnswerReason.TOO_LARGE, f"it holds more than {RECORDS_MAX:,} records of one child")
        return Found(tuple(pointers), min((page.at for page in pages), default=self._exchange.now()))

    async def _find_type(
        self, who: Candidate, name: str, kinds: Sequence[str], deadline: Deadline
    ) -> Page[taking.Sighting]:
        found_by = {element for kind in kinds for element in KINDS[kind].found_by}
        if name == "Patient":
            patient, at = await self._patient(who, ("id", "meta", *sorted(found_by)), deadline)
            return Page((taking.sighting(patient, kinds),), (who.local_id,), at)
        about = KINDS[kinds[0]].about
        assert about is not None
        wanted = ",".join(("id", "meta", about, *sorted(found_by)))
        params = [_of(who), ("_elements", wanted), ("_count", str(PAGE_SIZE_MAX))]
        person = self._about(who)

        def take(resource: Element) -> taking.Sighting:
            person.require(resource, about)
            return taking.sighting(resource, kinds)

        return await self._exchange.search(name, params, deadline, take)

    async def _fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched:
        wanted: dict[str, dict[str, list[RecordPointer]]] = {}
        told = [pointer for pointer in pointers if pointer.kind in BY_CPIS]
        for pointer in pointers:
            if pointer.kind not in BY_CPIS:
                of_type = wanted.setdefault(KINDS[pointer.kind].resource, {})
                of_type.setdefault(pointer.record_id.split(taking.PART)[0], []).append(pointer)
        chunks = [(name, chunk) for name, of_type in wanted.items() for chunk in _chunks(of_type)]
        pages = await together([self._fetch_ids(who, name, chunk, deadline) for name, chunk in chunks])
        held = {record.pointer: record for records in pages for record in records}
        if self._cpis is not None:  # last: if the rest fails nobody is told that the child was looked up
            held |= {record.pointer: record for record in await self._cpis.read(told, who, deadline)}
        return Fetched(tuple(held[pointer] for pointer in pointers))

    async def _fetch_ids(
        self, who: Candidate, name: str, wanted: dict[str, list[RecordPointer]], deadline: Deadline
    ) -> list[HeldRecord]:
        if name == "Patient":
            if list(wanted) != [who.local_id]:
                raise wrong_person()
            patient, at = await self._patient(who, (), deadline)
            return [HeldRecord(pointer, at, read) for pointer, read in taking.values(patient, wanted[who.local_id])]
        about = next(kind.about for kind in KINDS.values() if kind.resource == name)
        assert about is not None
        params = [_of(who), ("_id", ",".join(wanted)), ("_count", str(IDS_MAX))]
        if only := mapping.elements_of(name):
            params.append(("_elements", ",".join(("id", "meta", about, *only))))
        person = self._about(who)

        def take(resource: Element) -> list[tuple[RecordPointer, taking.Values]]:
            person.require(resource, about)
            return taking.values(resource, wanted.get(bundles.resource_id(resource), ()))

        page = await self._exchange.search(name, params, deadline, take)
        if sorted(page.ids) != sorted(wanted):
            raise UpstreamFault(NoAnswerReason.MALFORMED, "it did not send exactly the records it was asked for")
        return [HeldRecord(pointer, page.at, read) for taken in page.taken for pointer, read in taken]

    async def _patient(self, who: Candidate, elements: Sequence[str], deadline: Deadline) -> tuple[Element, datetime]:
        """The Patient resource of ``who``, checked to be theirs, and when the server said it."""
        patient, at = await self._exchange.patient(who.local_id, elements, deadline)
        if bundles.resource_id(patient) != who.local_id:
            raise wrong_person()
        return patient, at

    def _about(self, who: Candidate) -> About:
        number = who.identity.nhs_number
        return About(who.local_id, number.value if number else None, self._base_url)


def _of(who: Candidate) -> tuple[str, str]:
    """The search parameter that names the patient, with the type.

    FHIR R4 §3.1.1.4.12 allows the id alone, which not every server understands: it then says that nothing is held.
    """
    return "patient", f"Patient/{who.local_id}"


def _by_resource(kinds: Iterable[str]) -> dict[str, list[str]]:
    """Resource type to the kinds read from it, so that each is asked for once."""
    found: dict[str, list[str]] = {}
    for kind in sorted(kinds):
        found.setdefault(KINDS[kind].resource, []).append(kind)
    return found


def _chunks(wanted: dict[str, list[RecordPointer]]) -> Iterator[dict[str, list[RecordPointer]]]:
    ids = list(wanted)
    for start in range(0, len(ids), IDS_MAX):
        yield {record_id: wanted[record_id] for record_id in ids[start : start + IDS_MAX]}

"""The connector for the Department for Education's custodian API: Find by person id, Fetch by record id.

The person id is the child's NHS number. Find says which of five types of record there are and nothing of what is in
them, so what exists of the catalogue's kinds is known only from the records themselves: a type is read at Find when
the purpose reaches one of its kinds, and read again at Fetch. The interface has no place for markings
(``docs/dfe.md``).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hub.connectors.base import (
    RECORDS_MAX,
    Deadline,
    Fetched,
    Found,
    Matched,
    UpstreamFault,
    as_value,
    together,
)
from hub.connectors.checking import Report, mend
from hub.connectors.dfe import api, checking, people, telling
from hub.connectors.dfe.api import Listed, Part
from hub.connectors.dfe.rows import Read, Row, numbered
from hub.connectors.dfe.token import issued
from hub.connectors.dfe.types import PERSONAL_DETAILS, SAFEGUARDING_FILE, TYPES, RecordType
from hub.connectors.dfe.values import Payload
from hub.connectors.http import BYTES_MAX, Credentials, JsonClient
from hub.connectors.rest_values import malformed
from hub.connectors.rest_who import QUESTIONS_MAX
from hub.connectors.token import AgreedToken, IssuedToken
from hub.domain.catalogue import Catalogue
from hub.domain.identifiers import NHSNumber
from hub.domain.organisations import Custodian
from hub.domain.people import Candidate, ChildSearch, Identity
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason

NO_NUMBER = "it is searched by NHS number, and none is known"


@dataclass(frozen=True, slots=True)
class DfeOptions:
    """What differs between agencies that speak this interface.

    Attributes:
        organisation: the agency's ``orgId``.
        client_id: with it the credential is a client secret, and a token is asked for; without it, a fixed token.
        nhs_numbers_verified: the agency traces the NHS numbers it goes by.
        not_found_is_not_held: a 404 to Find says that it does not know the child. By default it is no answer, because
            an agency that does not know its own ``orgId`` says the same.
        markings_applied: the agency leaves off this interface what its own markings bar.
        echoes_request_id: it returns ``X-Request-ID``, so that connections are used again.
    """

    organisation: str
    client_id: str | None = None
    nhs_numbers_verified: bool = False
    not_found_is_not_held: bool = False
    markings_applied: bool = False
    echoes_request_id: bool = False


class DfeConnector:
    """One custodian's side of the custodian API; implements :class:`~hub.connectors.base.Connector`.

    Args:
        custodian: whose system it is.
        base_url: where, from the settings, without ``/api/v1``.
        credential: gives the client's secret, or a fixed token (see ``options``); with True it looks again even where
            nothing seems to have changed. None for no authentication.
        catalogue: the kinds it may supply: of those the published records become, those of the custodian's sector.
        options: see :class:`DfeOptions`.
        unassessed: gives the words that may be true of a narrative whose sensitivity nobody assessed; asked each time,
            because the rules in force may change.
        tls: trust store and client certificate; the system's trust store when None.
        bytes_max: decoded bytes accepted in one answer.

    Raises:
        ConfigurationError: for a base URL that may not be used.
    """

    matches_nhs_number = True
    goes_by_number_alone = True
    """Names find nobody here: where no number is known yet, it is asked once another agency has said it."""

    never_restricts = True

    def __init__(
        self,
        custodian: Custodian,
        base_url: str,
        credential: Callable[[bool], str] | None,
        catalogue: Catalogue,
        *,
        options: DfeOptions,
        unassessed: Callable[[], frozenset[str]],
        tls: ssl.SSLContext | None = None,
        bytes_max: int = BYTES_MAX,
    ) -> None:
        self.custodian = custodian
        ours = catalogue.of_sector(custodian.sector)
        self._types: Mapping[str, RecordType] = {
            name: type_ for name, type_ in TYPES.items() if type_.kinds(custodian.sector) & ours
        }
        self.kinds = frozenset(kind for each in self._types.values() for kind in each.kinds(custodian.sector) & ours)
        self._catalogue = catalogue
        self._options = options
        self._unassessed = unassessed

        def client(credentials: Credentials | None) -> JsonClient:
            return JsonClient(
                base_url,
                credentials=credentials,
                content_types=api.CONTENT_TYPES,
                bytes_max=bytes_max,
                tls=tls,
                echoes_request_id=options.echoes_request_id,
            )

        self._issued: IssuedToken | None = None
        if options.client_id is not None and credential is not None:
            self._issued = issued(client(None), options.client_id, credential)
        agreed = None if credential is None else AgreedToken(credential)
        self._api = api.Api(client(self._issued or agreed), options.organisation, options.not_found_is_not_held)

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched | NoAnswer:
        """Who here has one of the NHS numbers known of the child, with the match fields the agency states."""
        return await self._value(as_value(self._match(search, deadline), deadline))

    async def find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found | NoAnswer:
        """Which records of ``kinds`` exist for ``who``, and what the interface leaves unsaid of them."""
        return await self._value(as_value(self._find(who, kinds & self.kinds, deadline), deadline))

    async def fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched | NoAnswer:
        """The records pointed at, sealed, in order: all of them, or a failure."""
        return await self._value(as_value(self._fetch(who, pointers, deadline), deadline))

    async def check(self, deadline: Deadline) -> Report:
        """Try the token, Find and Fetch without asking about anybody; see :mod:`.checking`."""
        nothing = mend(
            f"no published type of record becomes a kind of a {self.custodian.sector} body: nothing is read from it",
            "correct `sector`, or connect it in another way",
        )
        return (Report(()) if self.kinds else Report((nothing,))) + await checking.check(self._api, deadline)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def _value(self, call: api.Call[api.Given]) -> api.Given | NoAnswer:
        answer = await call
        if self._issued is not None and isinstance(answer, NoAnswer) and answer.reason is NoAnswerReason.REFUSED:
            self._issued.forget()
        return answer

    async def _match(self, search: ChildSearch, deadline: Deadline) -> Matched:
        numbers = dict.fromkeys(who.nhs_number for who in search.identities if who.nhs_number is not None)
        if not numbers:
            raise UpstreamFault(NoAnswerReason.REFUSED, NO_NUMBER)
        if len(numbers) > QUESTIONS_MAX:
            raise UpstreamFault(NoAnswerReason.TOO_LARGE, f"more than {QUESTIONS_MAX} NHS numbers are known")
        found = await together(self._candidate(number, deadline) for number in numbers)
        return Matched(tuple(one for one in found if one is not None))

    async def _candidate(self, number: NHSNumber, deadline: Deadline) -> Candidate | None:
        listed = await self._api.find(number.value, deadline)
        if not listed:
            return None
        verified = self._options.nhs_numbers_verified
        identity = Identity(nhs_number=number, nhs_number_verified=verified)
        details = [each for each in listed if each.type == PERSONAL_DETAILS]
        read = await together(self._payload(number.value, each, deadline) for each in details)
        if read:
            stated = [people.identity(body, number, is_verified=verified) for body in read]
            identity = stated[0]
            if any(other != identity for other in stated[1:]):
                raise malformed("it has several people under one number")
        return Candidate(self.custodian.id, number.value, identity)

    async def _find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found:
        listed = await self._api.find(who.local_id, deadline)
        read = await together(self._rows(who, each, kinds, deadline) for each in listed)
        pointers: dict[str, RecordPointer] = {}
        unsaid, unplaced = set[str](), False
        for each, found in zip(listed, read, strict=True):
            unsaid |= found.unsaid & kinds
            unplaced |= found.unplaced
            for row in found.rows:
                if row.kind in kinds:
                    pointer = self._pointer(each, row)
                    pointers[pointer.record_id] = pointer
        if SAFEGUARDING_FILE in kinds and not any(pointer.kind == SAFEGUARDING_FILE for pointer in pointers.values()):
            unsaid.add(SAFEGUARDING_FILE)  # no published type says that there is none
        made = [*pointers.values(), *(telling.unsaid(self.custodian, kind) for kind in sorted(unsaid))]
        made += [telling.unplaced(self.custodian)] if unplaced else []
        if len(made) > RECORDS_MAX:
            raise UpstreamFault(NoAnswerReason.TOO_LARGE, f"it holds more than {RECORDS_MAX:,} records")
        return Found(tuple(made), datetime.now(UTC))

    async def _rows(self, who: Candidate, listed: Listed, kinds: frozenset[str], deadline: Deadline) -> Read:
        """What a listed record is: not read where none of its kinds is wanted, unplaced where it has none here."""
        type_ = self._types.get(listed.type)
        if type_ is None:
            return Read(unplaced=True)
        if not type_.kinds(self.custodian.sector) & kinds:
            return Read()
        return await self._read(who, listed, type_, deadline)

    async def _read(self, who: Candidate, listed: Listed, type_: RecordType, deadline: Deadline) -> Read:
        if type_.read is None:
            return Read((Row(SAFEGUARDING_FILE, "file", {}),))
        body = await self._payload(who.local_id, listed, deadline)
        read = type_.read(body, self.custodian.sector)
        return Read(numbered(read.rows), read.unsaid, read.unplaced)

    async def _payload(self, person: str, listed: Listed, deadline: Deadline) -> Payload:
        return await self._api.fetch(person, listed, deadline)

    async def _fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched:
        parts = [Part.parse(pointer.record_id) for pointer in pointers]
        wanted = dict.fromkeys(part.listed for part in parts)
        types = [self._types.get(each.type) for each in wanted]
        if None in types:
            raise malformed("it was asked for a record that cannot be read")
        read = await together(
            self._read(who, each, type_, deadline) for each, type_ in zip(wanted, types, strict=True) if type_
        )
        as_of = datetime.now(UTC)
        rows = {(each, row.kind, row.key): row for each, found in zip(wanted, read, strict=True) for row in found.rows}
        held = []
        for pointer, part in zip(pointers, parts, strict=True):
            row = rows.get((part.listed, pointer.kind, part.key))
            if row is None:  # its key holds all that its markings are read from
                raise malformed("a record changed while it was read: ask again")
            held.append(self._held(pointer, row, as_of))
        return Fetched(tuple(held))

    def _pointer(self, listed: Listed, row: Row) -> RecordPointer:
        labels, undetermined = self._marked(row)
        part = Part(listed, row.kind, row.key)
        return RecordPointer(self.custodian.id, row.kind, part.written, labels, undetermined)

    def _marked(self, row: Row) -> tuple[frozenset[str], frozenset[str]]:
        """Labels and undetermined words: what bars a narrative may be true of one that nobody assessed."""
        unassessed = row.is_narrative and not self._options.markings_applied
        return row.labels, row.undetermined | (self._unassessed() - row.labels if unassessed else frozenset())

    def _held(self, pointer: RecordPointer, row: Row, as_of: datetime) -> HeldRecord:
        fields = self._catalogue[row.kind].fields
        missing = tuple(spec.name for spec in fields if spec.derived is None and spec.name not in row.values)
        lines = (telling.not_carried(self.custodian, row.kind, missing),) if missing else ()
        return HeldRecord(pointer, as_of, row.values, held_back=lines)

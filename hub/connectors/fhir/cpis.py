"""CP-IS, Child Protection Information Sharing: what councils told the NHS about plans and looked-after children.

Source: NHS England, CP-IS API consumer implementation guide (FHIR R4): ``GET /CareTeam?patient:identifier=`` with a
verified NHS number, and the header ``IsUnscheduledAccessEvent``; ``GET /AuditEvent``, with the same, for who looked
before.

To read it is an act: the council is told that the child was looked up, and whoever looks later sees that somebody did.
So each is asked once, when the content is fetched and never before, and not again when it fails. What came of it is a
record in every case, since an empty section would read as "no plan". The council stays the source of plans and
looked-after status: what is said here is what the NHS was told.

Whether the second call is itself told and listed, the guide does not say. So it takes the operator's word as well as
the question's, and is made only after the first was answered: nobody is told of a look that was not asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from hub.connectors.base import Deadline, UpstreamFault
from hub.connectors.fhir import bundles, cpis_accesses, labels
from hub.connectors.fhir.cpis_accesses import Values
from hub.connectors.fhir.elements import Element, concepts_words, day, element, elements, text
from hub.connectors.fhir.mapping import CPIS, CPIS_ACCESS, is_in_error
from hub.connectors.fhir.readers import phones
from hub.connectors.fhir.references import NHS_NUMBER, About, wrong_person
from hub.connectors.http import Credentials, JsonClient, Reply
from hub.domain.people import Candidate
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import NoAnswerReason

RECORD_IDS = {CPIS: "cp-is", CPIS_ACCESS: "cp-is-accesses"}
_FIELDS = {
    CPIS: ("asked_on", "answer", "council", "phone"),
    CPIS_ACCESS: ("asked_on", "answer", "looked_on", "people", "places"),
}
UNVERIFIED = "cpis_number_not_verified"
"""On the pointer of a child whose NHS number is not verified. No word of the vocabulary, on purpose: CP-IS cannot be
asked then, and a gap says so."""

_SHARE = 0.8  # of the time that is left, so that a slow CP-IS does not cost the records that are already here
_PERHAPS = "It may have told the council all the same. Ask the council, which is the source."

NOT_ALONE = "Not asked: who looked is asked only after what is on file. Ask what the NHS was told as well."
NOT_AFTER = "Not asked: there was no answer to what is on file."
_ASK = {"_include": "AuditEvent:entity-type=http://terminology.hl7.org/CodeSystem/v3-RoleClass|ASSIGNED"}

NOTHING = "Nothing is on file there now. The council is the source: ask the council."


class Cpis:
    """CP-IS of one NHS custodian.

    Args:
        url: its base address.
        credentials: what to authenticate with, or None.
        unscheduled: what the header ``IsUnscheduledAccessEvent`` says.
        clock: now (aware, UTC).
    """

    def __init__(
        self, url: str, credentials: Credentials | None, *, unscheduled: bool, clock: Callable[[], datetime]
    ) -> None:
        self._url = url
        self._headers = {"IsUnscheduledAccessEvent": "true" if unscheduled else "false"}
        self._clock = clock
        self._client = JsonClient(
            url,
            credentials=credentials,
            content_types=frozenset({"application/fhir+json", "application/json"}),
            echoes_request_id=False,
            repeats=False,  # CP-IS tells the council of each time that it is asked
        )

    def pointer(self, kind: str, custodian: str, who: Candidate, *, restricted: bool) -> RecordPointer:
        """That CP-IS can be asked for ``kind``, without asking it."""
        found = {labels.RESTRICTED} if restricted else set()
        if who.identity.nhs_number is None or not who.identity.nhs_number_verified:
            found.add(UNVERIFIED)
        return RecordPointer(custodian, kind, RECORD_IDS[kind], frozenset(found))

    async def read(self, pointers: Sequence[RecordPointer], who: Candidate, deadline: Deadline) -> list[HeldRecord]:
        """Ask once for each of ``pointers``, one of a kind at most. A failure is what its record says.

        It must cost neither the other records nor the truth. Who looked is asked only where what is on file was
        answered, in this same question.

        Raises:
            UpstreamFault: WRONG_PERSON alone, which throws the whole answer away.
        """
        by_kind = {pointer.kind: pointer for pointer in pointers}
        records, refusal = [], NOT_ALONE
        if CPIS in by_kind:
            values, is_answered = await self._tried(self._teams, who, deadline)
            records.append(self._record(by_kind[CPIS], values))
            refusal = "" if is_answered else NOT_AFTER
        if CPIS_ACCESS in by_kind:
            values = {"answer": refusal}
            if not refusal:
                values, _ = await self._tried(self._accesses, who, deadline)
            records.append(self._record(by_kind[CPIS_ACCESS], values))
        return records

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    def _record(self, pointer: RecordPointer, values: Values) -> HeldRecord:
        return HeldRecord(pointer, self._clock(), {name: values.get(name) for name in _FIELDS[pointer.kind]})

    async def _tried(
        self, ask: Callable[[str, Deadline], Awaitable[Values]], who: Candidate, deadline: Deadline
    ) -> tuple[Values, bool]:
        """What ``ask`` was told, or why it was not; and whether it was."""
        asked: Values = {"asked_on": self._clock().date()}
        number = who.identity.nhs_number
        if number is None or not who.identity.nhs_number_verified:
            return {"answer": "Not asked: it can be asked by a verified NHS number alone."}, False
        try:
            async with asyncio.timeout(deadline.left_seconds * _SHARE):
                return asked | await ask(number.value, deadline), True
        except TimeoutError:
            return asked | {"answer": f"No answer: it was too slow. {_PERHAPS}"}, False
        except UpstreamFault as fault:
            if fault.no_answer.reason is NoAnswerReason.WRONG_PERSON:
                raise
            return asked | {"answer": f"No answer: {fault.no_answer.detail}. {_PERHAPS}"}, False

    async def _teams(self, number: str, deadline: Deadline) -> Values:
        reply = await self._get("/CareTeam", number, deadline, {})
        bundles.require_release(reply)
        teams = bundles.matches(reply, "CareTeam")
        bundles.require_total(reply, len(teams))
        for team in teams:
            _require_named(team, number, self._url)
        return _told([team for team in teams if not is_in_error(team)])

    async def _accesses(self, number: str, deadline: Deadline) -> Values:
        return cpis_accesses.told(await self._get("/AuditEvent", number, deadline, _ASK), number)

    async def _get(self, path: str, number: str, deadline: Deadline, more: Mapping[str, str]) -> Reply:
        params = [("patient:identifier", f"{NHS_NUMBER}|{number}"), *more.items()]
        return await self._client.get(path, params=params, deadline=deadline, headers=self._headers)


def _require_named(team: Element, number: str, url: str) -> None:
    """Pass a CareTeam whose subject has this NHS number: CP-IS names nobody otherwise."""
    identifier = element(element(team.get("subject"), "subject").get("identifier"), "subject.identifier")
    if not identifier and not team.get("contained"):
        raise wrong_person()
    About("", number, url).require(team, "subject")


def _told(teams: list[Element]) -> Values:
    """What the NHS was told, of each plan; marked content is left for the council to tell."""
    if any(labels.record_labels(team) for team in teams):
        return {"answer": "Something is on file there that is marked as sensitive. Ask the council."}
    numbers = [phone for team in teams if (phone := phones(team, "CareTeam.telecom"))]
    return {
        "answer": "; ".join(dict.fromkeys(map(_plan, teams))) or NOTHING,
        "council": "; ".join(dict.fromkeys(name for team in teams for name in _councils(team))) or None,
        "phone": "; ".join(dict.fromkeys(numbers)) or None,
    }


def _plan(team: Element) -> str:
    """``NHS was told of: child protection plan, from 2026-01-05 until 2026-07-01``."""
    kind = concepts_words(team.get("category"), "CareTeam.category") or text(team.get("name"), "CareTeam.name")
    period = element(team.get("period"), "CareTeam.period")
    start, end = (day(period.get(end), f"CareTeam.period.{end}") for end in ("start", "end"))
    said = f"NHS was told of: {kind or 'a plan of a kind it does not name'}"
    return said + (f", from {start.isoformat()}" if start else "") + (f" until {end.isoformat()}" if end else "")


def _councils(team: Element) -> list[str]:
    listed = elements(team.get("managingOrganization"), "CareTeam.managingOrganization")
    return [name for each in listed if (name := text(each.get("display"), "CareTeam.managingOrganization.display"))]

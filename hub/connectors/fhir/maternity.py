"""Maternity care that is going on, of a mother whose unborn child was asked about.

Read from an EpisodeOfCare of a type in :data:`TYPES`, and the expected date of birth from an Observation beside it: an
EpisodeOfCare has no place for one. NHS Digital's maternity record keeps the two apart in the same way (Digital
Maternity 1.0.0, "Pregnancy Episode Details", in STU3), and we found none published for FHIR R4; so this reads what FHIR
itself says, and was tried against invented records alone.

It is the mother's own record. Whether the child's being hers is recorded anywhere, this server cannot say, and nor is
it asked: see :mod:`hub.service.linking`. What has ended is not read: it is of a child who was born, or of a loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hub.connectors.base import Deadline, Fetched, Found, UpstreamFault
from hub.connectors.fhir import labels, readers
from hub.connectors.fhir.elements import Element, day, element, elements, malformed, text
from hub.connectors.fhir.exchange import Exchange, Page, Params, together
from hub.connectors.fhir.mapping import is_in_error
from hub.connectors.fhir.references import About
from hub.domain.catalogue import Catalogue
from hub.domain.people import Candidate, PartialDate
from hub.domain.records import HeldRecord, RecordPointer, Value
from hub.domain.sources import NoAnswerReason
from hub.errors import ConfigurationError

MATERNITY = "maternity_episode"
RESOURCES = ("EpisodeOfCare", "Observation")

_SNOMED = "http://snomed.info/sct"
TYPES = frozenset({(_SNOMED, "424525001"), ("urn:safeguarding-hub:episode-type", "maternity")})
"""SNOMED CT "Antenatal care", and the hub's own word for a server that has another."""

DUE_CODES = ("161714006", "289206005", "738070007")
"""SNOMED CT "Estimated date of delivery"; from the last period; from an antenatal ultrasound scan."""

_GOING_ON = frozenset({"planned", "waitlist", "active", "onhold"})
_OVER = frozenset({"finished", "cancelled"})
_NOT_KNOWN = frozenset({"registered", "cancelled", "unknown"})  # statuses of an Observation that states nothing
_ADULT_YEARS = 18
_OBJECTS = "yp_objection"
_COUNT = ("_count", "200")

_FIELDS: Mapping[str, readers.Reader] = {
    "booked_on": readers.period_of("start"),
    "status": readers.text_of("status"),
    "service": readers.concepts_of("type"),
    "care_provider": lambda episode, _: _provider(episode),
}
EXPECTED = "expected_date_of_birth"


@dataclass(frozen=True, slots=True)
class _Due:
    """What one Observation says: the date, and when it was found out. ``labels`` may be all that was asked for."""

    labels: frozenset[str]
    on: date | None = field(repr=False)
    stated: date | None


def check(catalogue: Catalogue, kinds: frozenset[str]) -> None:
    """Pass a catalogue whose fields of the kind are exactly those this module reads; ConfigurationError otherwise."""
    read = {*_FIELDS, EXPECTED}
    if MATERNITY in kinds and (different := {spec.name for spec in catalogue[MATERNITY].fields} ^ read):
        raise ConfigurationError(
            f"The field catalogue and the FHIR connector differ on {MATERNITY}: {', '.join(sorted(different))}.",
            code="POLICY_INVALID",
        )


class Maternity:
    """The maternity care of one server's patients."""

    def __init__(self, exchange: Exchange, custodian: str, base_url: str) -> None:
        self._exchange = exchange
        self._custodian = custodian
        self._base_url = base_url

    async def find(self, mother: Candidate, deadline: Deadline) -> Found:
        """Which of it there is. A label on a statement of the expected date counts for every episode."""
        episodes, dues = await together(
            [
                self._episodes(mother, (), ("status", "type"), deadline),
                self._dues(mother, ("status", "code"), deadline),
            ]
        )
        beside = frozenset[str]().union(*(each.labels for each in dues.taken))
        own = {labels.RESTRICTED} if mother.identity.restricted else set[str]()
        unsaid = frozenset[str]() if self._is_adult(mother) else frozenset({_OBJECTS})
        pointers = []
        for key, episode in zip(episodes.ids, episodes.taken, strict=True):
            if _is_read(episode):
                stated = labels.record_labels(episode) | beside | own
                pointers.append(RecordPointer(self._custodian, MATERNITY, key, stated, unsaid - stated))
        return Found(tuple(pointers), min(episodes.at, dues.at))

    async def fetch(self, mother: Candidate, wanted: Sequence[RecordPointer], deadline: Deadline) -> Fetched:
        """The records of ``wanted``, in their order.

        Raises:
            UpstreamFault: MALFORMED when one is no longer there, has ended, or has gained a label since.
        """
        keys = tuple(each.record_id for each in wanted)
        episodes, dues = await together(
            [
                self._episodes(mother, keys, (), deadline),
                self._dues(mother, ("status", "code", "effectiveDateTime", "valueDateTime"), deadline),
            ]
        )
        held = dict(zip(episodes.ids, episodes.taken, strict=True))
        if sorted(held) != sorted(keys):
            raise UpstreamFault(NoAnswerReason.MALFORMED, "it did not send exactly the records it was asked for")
        at = min(episodes.at, dues.at)
        return Fetched(tuple(HeldRecord(each, at, _values(held[each.record_id], each, dues.taken)) for each in wanted))

    async def _episodes(
        self, mother: Candidate, keys: Sequence[str], only: Sequence[str], deadline: Deadline
    ) -> Page[Any]:
        person = self._about(mother)
        params: Params = [_of(mother), _COUNT]
        params += [("_id", ",".join(keys))] if keys else []
        params += [("_elements", ",".join(("id", "meta", "patient", *only)))] if only else []

        def take(episode: Element) -> Element:
            person.require(episode, "patient")
            return episode

        return await self._exchange.search("EpisodeOfCare", params, deadline, take)

    async def _dues(self, mother: Candidate, only: Sequence[str], deadline: Deadline) -> Page[Any]:
        person = self._about(mother)
        codes = ",".join(f"{_SNOMED}|{code}" for code in DUE_CODES)
        wanted = ",".join(("id", "meta", "subject", *only))

        def take(stated: Element) -> _Due:
            person.require(stated, "subject")
            return _due(stated)

        params = [_of(mother), ("code", codes), ("_elements", wanted), _COUNT]
        return await self._exchange.search("Observation", params, deadline, take)

    def _is_adult(self, mother: Candidate) -> bool:
        """Whether she surely is. Of a girl, and of whoever may be one, nobody has said whether she objects."""
        born = mother.identity.birth_date
        return born is not None and _years(born, self._exchange.now().date()) >= _ADULT_YEARS

    def _about(self, mother: Candidate) -> About:
        number = mother.identity.nhs_number
        return About(mother.local_id, number.value if number else None, self._base_url)


def _of(mother: Candidate) -> tuple[str, str]:
    return "patient", f"Patient/{mother.local_id}"


def _years(born: PartialDate, today: date) -> int:
    """Whole years that somebody has surely lived."""
    latest = born.latest
    return today.year - latest.year - ((today.month, today.day) < (latest.month, latest.day))


def _is_read(episode: Element) -> bool:
    """Whether it is maternity care, and going on.

    Raises:
        UpstreamFault: MALFORMED when it is maternity care and has no status that FHIR knows: it may be going on.
    """
    if is_in_error(episode) or not _is_maternity(episode):
        return False
    status = text(episode.get("status"), "EpisodeOfCare.status")
    if status not in _GOING_ON | _OVER:
        raise malformed("EpisodeOfCare.status")
    return status in _GOING_ON


def _is_maternity(episode: Element) -> bool:
    concepts = elements(episode.get("type"), "EpisodeOfCare.type")
    codings = [coding for each in concepts for coding in elements(each.get("coding"), "EpisodeOfCare.type.coding")]
    return any((coding.get("system"), coding.get("code")) in TYPES for coding in codings)


def _due(stated: Element) -> _Due:
    """What one Observation says; nothing when it is in error or states nothing yet. Its labels count in any case.

    Raises:
        UpstreamFault: MALFORMED when it is of another code than was asked for.
    """
    concept = element(stated.get("code"), "Observation.code")
    codings = elements(concept.get("coding"), "Observation.code.coding")
    if not any(each.get("system") == _SNOMED and each.get("code") in DUE_CODES for each in codings):
        raise malformed("Observation.code")
    if is_in_error(stated):
        return _Due(frozenset(), None, None)
    status = text(stated.get("status"), "Observation.status")
    on = None if status in _NOT_KNOWN else day(stated.get("valueDateTime"), "Observation.valueDateTime")
    return _Due(labels.record_labels(stated), on, day(stated.get("effectiveDateTime"), "Observation.effectiveDateTime"))


def _values(episode: Element, pointer: RecordPointer, dues: Sequence[_Due]) -> dict[str, Value | None]:
    found = labels.record_labels(episode).union(*(each.labels for each in dues))
    if not _is_read(episode) or found - pointer.labels:
        raise UpstreamFault(NoAnswerReason.MALFORMED, "a record changed while it was being read: ask again")
    values = {name: read(episode, 0) for name, read in _FIELDS.items()}
    return {**values, EXPECTED: _expected(values["booked_on"], dues)}


def _expected(booked: date | None, dues: Sequence[_Due]) -> date | None:
    """The expected date as it was stated last. One before the booking is of an earlier pregnancy."""
    ours = [each for each in dues if each.on is not None and (booked is None or each.on >= booked)]
    return max(ours, key=lambda each: each.stated or date.min).on if ours else None


def _provider(episode: Element) -> Value | None:
    """Who provides the care."""
    what = "EpisodeOfCare.managingOrganization"
    return text(element(episode.get("managingOrganization"), what).get("display"), f"{what}.display")

"""Child-health events: FHIR STU3 messages by which NHS systems tell each other what happened, read as records.

Source: NHS England, National Events Management Service: a Bundle of type ``message`` that begins with a MessageHeader,
whose ``focus`` is what happened. A later message about the same thing, by the focus's ``identifier``, takes the place
of the earlier one ("update") or takes it back ("delete"); ``MessageHeader.meta.lastUpdated`` gives the order.

No event is passed over: one of which nothing can be read is still shown, as a contact that says what it is of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub.connectors.base import UpstreamFault
from hub.connectors.fhir import labels, stu3
from hub.connectors.fhir.bundles import resource_id
from hub.connectors.fhir.elements import Element, coding_words, element, elements, malformed, text
from hub.connectors.fhir.mapping import KINDS, is_in_error
from hub.connectors.fhir.references import NHS_NUMBER, wrong_person
from hub.domain.records import Value
from hub.domain.sources import NoAnswerReason

KINDS_READ = frozenset({"attendance", "immunisation", "allergy", "care_team_member"})

_ACTION = "MessageEventType-1"
_ROUTING = "Extension-RoutingDemographics-1"
_NEW, _UPDATE, _DELETE = "new", "update", "delete"
_SUBJECT = {
    "Encounter": "subject",
    "Immunization": "patient",
    "AllergyIntolerance": "patient",
    "EpisodeOfCare": "patient",
}
_BESIDE = frozenset({
    "MessageHeader", "Patient", "RelatedPerson", "Organization", "HealthcareService", "Location", "Practitioner",
    "PractitionerRole", "CareTeam",
})  # fmt: skip
"""What the read resources refer to: it tells of nothing by itself."""

_UNREAD = {
    "Observation": "observations", "Procedure": "procedures", "DiagnosticReport": "test results",
    "Communication": "a comment or notice", "Condition": "a diagnosis or need", "Specimen": "a sample",
    "QuestionnaireResponse": "answers to questions", "FamilyMemberHistory": "family history",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One record that an event tells of: its kind, and the catalogue's fields of it."""

    kind: str
    values: Mapping[str, Value | None] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Event:
    """One message about the child asked for.

    Attributes:
        message_id: the store's id of it.
        about: what it tells of, the same in every message about that; its own id where the publisher gives none.
        at: when the publisher changed what it tells (aware).
        is_withdrawn: it takes back what was told before.
        labels: of all that is in it: what one resource is marked with, the others beside it would give away.
        patient: the child's Patient, as R4 has it.
        records: what it tells of.
    """

    message_id: str
    about: tuple[str, ...] = field(repr=False)
    at: datetime
    is_withdrawn: bool
    labels: frozenset[str]
    patient: Element = field(repr=False)
    records: tuple[EventRecord, ...]


def read_event(bundle: Element, number: str) -> Event:
    """One message, which must be about the child with this NHS number.

    Raises:
        UpstreamFault: WRONG_PERSON when anything in it that is read is about somebody else; MALFORMED otherwise.
    """
    if bundle.get("type") != "message":
        raise malformed("Bundle.type (message)", "STU3")
    message = _Message(bundle)
    patient = message.require_about(number)
    action = message.action()
    identifiers = _identifiers(message.focus)
    message_id = resource_id(bundle)
    if action == _DELETE and not identifiers:
        raise UpstreamFault(NoAnswerReason.MALFORMED, "it takes back an event without saying which")
    marked = [labels.record_labels(resource) for resource in (bundle, *message.resources)]
    return Event(
        message_id,
        identifiers or (message_id,),
        message.at(),
        action == _DELETE,
        frozenset().union(*marked),
        patient,
        tuple(message.records()) if action != _DELETE else (),
    )


def current(events: Iterable[Event]) -> list[Event]:
    """Of each thing told of, the last that was told, unless it was then taken back.

    Two messages of one moment are both kept: which came last cannot be told, and one too many is better than a record
    that is missing.
    """
    by_thing: dict[tuple[str, ...], list[Event]] = {}
    for event in events:
        by_thing.setdefault(event.about, []).append(event)
    kept = []
    for told in by_thing.values():
        last = max(event.at for event in told)
        kept += [event for event in told if event.at == last and not event.is_withdrawn]
    return kept


class _Message:
    """One message, taken apart."""

    def __init__(self, bundle: Element) -> None:
        entries = elements(bundle.get("entry"), "Bundle.entry")
        self.resources = [element(entry.get("resource"), "Bundle.entry.resource") for entry in entries]
        if not self.resources or self.resources[0].get("resourceType") != "MessageHeader":
            raise malformed("Bundle.entry (MessageHeader first)", "STU3")
        self.header = self.resources[0]
        self._by_url: dict[str, Element] = {}
        for entry, resource in zip(entries, self.resources, strict=True):
            names = (entry.get("fullUrl"), f"{resource.get('resourceType')}/{resource.get('id')}")
            for name in filter(None, (text(each, "Bundle.entry.fullUrl") for each in names)):
                if self._by_url.setdefault(name, resource) is not resource:
                    raise malformed("Bundle.entry.fullUrl", "STU3")
        focus = elements(self.header.get("focus"), "MessageHeader.focus")
        self.focus = self.resolve(focus[0]) if focus else {}

    def resolve(self, reference: Element) -> Element:
        """The resource of this message that ``reference`` leads to; empty when it leads elsewhere."""
        return self._by_url.get(text(reference.get("reference"), "reference.reference") or "", {})

    def require_about(self, number: str) -> Element:
        """The child's Patient.

        Raises:
            UpstreamFault: WRONG_PERSON when there is none, or the header or a resource that is read names another.
        """
        for routing in _extensions(self.header, _ROUTING):
            for part in elements(routing.get("extension"), "MessageHeader.extension"):
                stated = element(part.get("valueIdentifier"), "MessageHeader.extension.valueIdentifier")
                if stated.get("system") == NHS_NUMBER and stated.get("value") != number:
                    raise wrong_person()
        ours = [
            resource
            for resource in self.resources
            if resource.get("resourceType") == "Patient" and stu3.has_number(resource, number)
        ]
        for resource in self.resources:
            key = _SUBJECT.get(str(resource.get("resourceType")))
            if key is not None and self.resolve(element(resource.get(key), key)) not in ours:
                raise wrong_person()
        if len(ours) != 1:
            raise wrong_person()
        return stu3.patient(ours[0])

    def action(self) -> str:
        """``new``, ``update`` or ``delete``."""
        for extension in _extensions(self.header, _ACTION):
            concept = element(extension.get("valueCodeableConcept"), "MessageHeader.extension")
            codes = [coding.get("code") for coding in elements(concept.get("coding"), "MessageHeader.extension")]
            if len(codes) != 1 or codes[0] not in (_NEW, _UPDATE, _DELETE):
                raise malformed("MessageHeader.extension (MessageEventType)", "STU3")
            return str(codes[0])
        return _NEW

    def at(self) -> datetime:
        """When what is told was changed: ``meta.lastUpdated``, or else when the message was sent."""
        meta = element(self.header.get("meta"), "MessageHeader.meta")
        written = text(meta.get("lastUpdated"), "MessageHeader.meta.lastUpdated")
        written = written or text(self.header.get("timestamp"), "MessageHeader.timestamp")
        try:
            at = datetime.fromisoformat(written or "")
        except ValueError:
            raise malformed("MessageHeader.meta.lastUpdated", "STU3") from None
        if at.tzinfo is None:
            raise malformed("MessageHeader.meta.lastUpdated", "STU3")
        return at

    def records(self) -> Iterator[EventRecord]:
        """All that is read of it; when that is nothing, and nothing was withdrawn, that it was told of."""
        read = [resource for resource in self.resources if resource.get("resourceType") in _SUBJECT]
        kept = [resource for resource in read if not is_in_error(self._as_r4(resource)[0])]
        made = [record for resource in kept for record in self._read(resource)]
        yield from made
        if self.focus.get("status") == "entered-in-error":
            return
        is_unread = self._unread() is not None and not any(_is(resource, "Encounter") for resource in kept)
        if is_unread or (not made and (kept or not read)):
            yield EventRecord("attendance", self._told_of())

    def _read(self, resource: Element) -> Iterator[EventRecord]:
        kind = _KIND[str(resource.get("resourceType"))]
        for made in self._as_r4(resource):
            for part in range(KINDS[kind].parts(made)):
                yield EventRecord(kind, {name: read(made, part) for name, read in KINDS[kind].fields.items()})

    def _as_r4(self, resource: Element) -> list[Element]:
        if _is(resource, "Encounter"):
            return [stu3.encounter(resource, self._event(), self._unread(), self.resolve)]
        if _is(resource, "EpisodeOfCare"):
            return stu3.episode(resource, self.resolve)
        return [_AS_R4[str(resource.get("resourceType"))](resource)]

    def _event(self) -> str:
        return (
            coding_words(element(self.header.get("event"), "MessageHeader.event"), "MessageHeader.event") or "An event"
        )

    def _unread(self) -> str | None:
        """What the message tells that no kind of the catalogue holds."""
        types = {str(resource.get("resourceType")) for resource in self.resources} - _BESIDE - _SUBJECT.keys()
        if not types:
            return None
        words = ", ".join(sorted({_UNREAD.get(each, "something else") for each in types}))
        return f"The event also tells what the hub does not read ({words}): ask who published it"

    def _told_of(self) -> Mapping[str, Value | None]:
        """The event itself, as a contact: what happened and when, and that there is more."""
        focus = self.focus
        period = element(focus.get("period"), "period")
        publisher = element(self.header.get("responsible"), "MessageHeader.responsible")
        unread = self._unread() or "The event tells no more that the hub reads: ask who published it"
        made = {
            "status": focus.get("status"),
            "period": {"start": period.get("start") or self.header.get("timestamp")},
            "serviceProvider": publisher,
        }
        shown = stu3.encounter(made, self._event(), unread, self.resolve)
        return {name: read(shown, 0) for name, read in KINDS["attendance"].fields.items()}


_KIND = {
    "Encounter": "attendance", "Immunization": "immunisation", "AllergyIntolerance": "allergy",
    "EpisodeOfCare": "care_team_member",
}  # fmt: skip
_AS_R4: dict[str, Callable[[Element], Element]] = {
    "Immunization": stu3.immunization,
    "AllergyIntolerance": stu3.allergy,
}


def _is(resource: Element, name: str) -> bool:
    return resource.get("resourceType") == name


def _identifiers(focus: Element) -> tuple[str, ...]:
    """What the publisher calls the thing told of; empty when it has no name for it."""
    for identifier in elements(focus.get("identifier"), "identifier"):
        system, value = (text(identifier.get(name), f"identifier.{name}") for name in ("system", "value"))
        if value:
            return str(focus.get("resourceType")), system or "", value
    return ()


def _extensions(resource: Element, name: str) -> list[Element]:
    """Extensions of this name, whatever the address before it: it has changed between versions."""
    found = elements(resource.get("extension"), "extension")
    return [each for each in found if (text(each.get("url"), "extension.url") or "").endswith(name)]

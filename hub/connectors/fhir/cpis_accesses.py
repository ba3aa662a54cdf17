"""Who looked at CP-IS before: an answer of ``GET /AuditEvent``, read into the values of the catalogue.

Sources: NHS England, CP-IS API consumer implementation guide ("Interactions", "Use case - Get AuditEvent"): a searchset
with at most 25 accesses, and what they include; FHIR R4 AuditEvent. No example answer was published, so nothing is
taken for granted: what is there is read, what is missing is said to be missing, and what contradicts R4 is no answer.

A professional and a place are told apart, because a restricted child's whereabouts show in where they were seen. What
could be either counts as a place, which is the stricter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hub.connectors.base import UpstreamFault
from hub.connectors.fhir import bundles, labels
from hub.connectors.fhir.elements import (
    Element,
    concepts_words,
    element,
    elements,
    malformed,
    text,
    texts,
)
from hub.connectors.fhir.references import NHS_NUMBER, wrong_person
from hub.connectors.http import Reply
from hub.domain.records import Value
from hub.domain.sources import NoAnswerReason

LISTED_MAX = 25
"""Accesses that CP-IS lists of one child; there may have been more."""

NOBODY = "No access is listed there. It lists accesses from unscheduled care alone, so others may have looked."
MARKED = "Something is listed there that is marked as sensitive. Ask the council."

INCLUDED = frozenset({
    "PractitionerRole", "Practitioner", "Organization", "Location", "HealthcareService", "Patient", "Device"
})  # fmt: skip
"""What may come beside the accesses: whatever their references may lead to."""

_PEOPLE = frozenset({"Practitioner", "PractitionerRole"})
_SUCCEEDED = (None, "0")
_UNSAID = "not said"

Values = dict[str, Value | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """What one reference says to people: professionals with what they are, and places."""

    people: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    def __add__(self, other: Shown) -> Shown:
        return Shown(self.people + other.people, self.places + other.places)


@dataclass(frozen=True, slots=True)
class Access:
    """One access: when (aware, UTC), why it was made where that is said, by whom and where."""

    at: datetime
    why: str | None
    by: Shown = field(repr=False)


def told(reply: Reply, number: str) -> Values:
    """The values of ``cpis_access`` that an answer about the child with this NHS number gives.

    Raises:
        UpstreamFault: WRONG_PERSON when an access is of another child; MALFORMED when the answer is not what R4 says,
            or does not say of which child an access is.
    """
    bundles.require_release(reply)
    events, included = bundles.with_included(reply, "AuditEvent", INCLUDED)
    bundles.require_total(reply, len(events))
    book = _Book(included, number)
    for event in events:
        book.require_about(event)
    if any(map(_is_marked, (*events, *book.resources))):
        return {"answer": MARKED}
    accesses = sorted((_access(event, book) for event in events), key=lambda access: access.at, reverse=True)
    if not accesses:
        return {"answer": NOBODY}
    more = bundles.next_link(reply) is not None or len(accesses) >= LISTED_MAX
    return {
        "answer": f"It lists {len(accesses)} access{'es' if len(accesses) > 1 else ''} from unscheduled care"
        + (". There may have been more: these are all that it gave." if more else "."),
        "looked_on": tuple(_when(each) + (f": {each.why}" if each.why else "") for each in accesses),
        "people": tuple(f"{_when(each)}: {'; '.join(each.by.people) or _UNSAID}" for each in accesses),
        "places": tuple(f"{_when(each)}: {'; '.join(each.by.places) or _UNSAID}" for each in accesses),
    }


class _Book:
    """The resources that came along, to look references up in, and whose accesses they should be."""

    def __init__(self, resources: Sequence[tuple[str | None, Element]], number: str) -> None:
        self.resources = [resource for _, resource in resources]
        self._number = number
        self._by_reference = {f"{each['resourceType']}/{each.get('id')}": each for each in self.resources}
        self._by_reference |= {url: each for url, each in resources if url is not None}

    def require_about(self, event: Element) -> None:
        """Pass an access that says which child it is of, and says so of nobody else."""
        numbers = [self._number_of(named, event) for named in _named(event) if self.kind(named, event) == "Patient"]
        if any(number not in (None, self._number) for number in numbers):
            raise wrong_person()
        if not numbers or None in numbers:
            raise UpstreamFault(NoAnswerReason.MALFORMED, "it does not say which child its accesses are of")

    def kind(self, reference: Element, event: Element) -> str | None:
        """The type of resource that is referred to; None when nothing says it."""
        if (stated := text(reference.get("type"), "reference.type")) is not None:
            return stated
        if element(reference.get("identifier"), "reference.identifier").get("system") == NHS_NUMBER:
            return "Patient"
        if (found := self.resource(reference, event)) is not None:
            return text(found.get("resourceType"), "resourceType")
        parts = (text(reference.get("reference"), "reference.reference") or "").split("/_history/")[0].split("/")
        return parts[-2] if len(parts) > 1 else None

    def resource(self, reference: Element, event: Element) -> Element | None:
        """The resource that is referred to, if it is contained or came along."""
        target = text(reference.get("reference"), "reference.reference") or ""
        if not target.startswith("#"):
            return self._by_reference.get(target)
        inside = elements(event.get("contained"), "AuditEvent.contained")
        return next((each for each in inside if each.get("id") == target[1:]), None)

    def _number_of(self, named: Element, event: Element) -> str | None:
        """The NHS number of a patient who is named; None when it is not said."""
        found = self.resource(named, event) or {}
        identifiers = [element(named.get("identifier"), "reference.identifier")]
        identifiers += elements(found.get("identifier"), "Patient.identifier")
        numbers = [each.get("value") for each in identifiers if each.get("system") == NHS_NUMBER]
        if len(set(map(str, numbers))) > 1:
            raise wrong_person()
        if numbers:
            return text(numbers[0], "identifier.value")
        last = (text(named.get("reference"), "reference.reference") or "").split("/_history/")[0].rpartition("/")[2]
        return last if re.fullmatch(r"\d{10}", last, re.ASCII) else None


def _named(event: Element) -> Iterator[Element]:
    """Every reference to somebody or something that took part."""
    for agent in elements(event.get("agent"), "AuditEvent.agent"):
        yield element(agent.get("who"), "AuditEvent.agent.who")
    for entity in elements(event.get("entity"), "AuditEvent.entity"):
        yield element(entity.get("what"), "AuditEvent.entity.what")


def _access(event: Element, book: _Book) -> Access:
    shown = Shown()
    agents = elements(event.get("agent"), "AuditEvent.agent")
    if not agents:  # R4: one at least
        raise malformed("AuditEvent.agent")
    for agent in agents:
        shown += _agent(agent, event, book)
    for entity in elements(event.get("entity"), "AuditEvent.entity"):  # the professional is an entity that is included
        what = element(entity.get("what"), "AuditEvent.entity.what")
        if book.kind(what, event) in _PEOPLE:
            shown += _who(what, event, book)
    once = Shown(tuple(dict.fromkeys(shown.people)), tuple(dict.fromkeys(shown.places)))
    return Access(_instant(event.get("recorded")), _why(event), once)


def _agent(agent: Element, event: Element, book: _Book) -> Shown:
    who = element(agent.get("who"), "AuditEvent.agent.who")
    kind = book.kind(who, event)
    name = text(agent.get("name"), "AuditEvent.agent.name")
    if kind in ("Patient", "Device"):  # the child, or the computer it was done on
        return Shown()
    place = text(element(agent.get("location"), "AuditEvent.agent.location").get("display"), "agent.location.display")
    role = concepts_words(agent.get("role"), "AuditEvent.agent.role")
    said = _who(who, event, book)
    if name is not None:
        said += Shown(people=(name,)) if kind in _PEOPLE else Shown(places=(name,))
    return said + Shown(_filled(role), _filled(place))


def _who(reference: Element, event: Element, book: _Book) -> Shown:
    """A professional or a place, from the reference itself and from what it leads to."""
    found = book.resource(reference, event) or {}
    shown = _shown(reference, event, book)
    if book.kind(reference, event) not in _PEOPLE:
        return Shown(places=_filled(shown))
    of_which = [element(found.get("organization"), "PractitionerRole.organization")]
    of_which += elements(found.get("location"), "PractitionerRole.location")
    person = _shown(element(found.get("practitioner"), "PractitionerRole.practitioner"), event, book)
    role = concepts_words(found.get("code"), "PractitionerRole.code")
    return Shown(_filled(shown, person, role), _filled(*(_shown(each, event, book) for each in of_which)))


def _shown(reference: Element, event: Element, book: _Book) -> str | None:
    return text(reference.get("display"), "reference.display") or _name(book.resource(reference, event) or {})


def _filled(*words: str | None) -> tuple[str, ...]:
    return tuple(each for each in words if each)


def _name(resource: Element) -> str | None:
    """The name of an organisation or place, or of a practitioner, as one text."""
    name = resource.get("name")
    if not isinstance(name, list):
        return text(name, "name")
    for each in elements(name, "Practitioner.name"):
        parts = [*texts(each.get("prefix"), "name.prefix"), *texts(each.get("given"), "name.given")]
        family = text(each.get("family"), "name.family")
        if words := text(each.get("text"), "name.text") or " ".join([*parts, *([family] if family else [])]):
            return words
    return None


def _why(event: Element) -> str | None:
    """The purpose, and that the access failed if it did."""
    said = [concepts_words(event.get("purposeOfEvent"), "AuditEvent.purposeOfEvent")]
    said.append(None if event.get("outcome") in _SUCCEEDED else "did not succeed")
    return ", ".join(words for words in said if words) or None


def _instant(value: object) -> datetime:
    """A FHIR instant, which always says its time zone; aware, UTC."""
    written = text(value, "AuditEvent.recorded")
    try:
        at = datetime.fromisoformat(written or "")
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise malformed("AuditEvent.recorded")


def _when(access: Access) -> str:
    return f"{access.at:%Y-%m-%d %H:%M} UTC"


def _is_marked(resource: Element) -> bool:
    """Whether the resource, or what an access says it was about, carries a label."""
    entities = elements(resource.get("entity"), "AuditEvent.entity")
    inner = elements(resource.get("contained"), "contained")
    bearers = [resource, *inner, *({"meta": {"security": each.get("securityLabel")}} for each in entities)]
    return any(labels.record_labels(each) for each in bearers)

"""Readers for appointments, documents held elsewhere and care teams; see :mod:`hub.connectors.fhir.readers`."""

from __future__ import annotations

from hub.connectors.fhir.elements import Element, concept_words, concepts_words, day, element, elements, malformed, text
from hub.connectors.fhir.readers import WORKERS, Reader, phones
from hub.domain.records import Value

_MISSED = {"noshow": "missed (was not brought, or did not attend)", "fulfilled": "kept"}
_NOT_NOW = frozenset({"proposed", "inactive"})


def kept_or_missed(appointment: Element, _: int) -> Value | None:
    """The status in words: FHIR has one for not coming, and a young child does not miss an appointment alone."""
    status = text(appointment.get("status"), "Appointment.status")
    return _MISSED.get(status, status) if status else None


def appointment_type(appointment: Element, _: int) -> Value | None:
    """The service, or the type of the appointment when no service is stated."""
    said = concepts_words(appointment.get("serviceType"), "Appointment.serviceType")
    return said or concept_words(appointment.get("appointmentType"), "Appointment.appointmentType")


def appointment_place(appointment: Element, _: int) -> Value | None:
    """The place, from the participant that is one."""
    for listed in elements(appointment.get("participant"), "Appointment.participant"):
        actor = element(listed.get("actor"), "Appointment.participant.actor")
        if _kind(actor) == "Location":
            return text(actor.get("display"), "Appointment.participant.actor.display")
    return None


def document_day(document: Element, _: int) -> Value | None:
    """When the pointer was made, or the care it tells of began."""
    context = element(document.get("context"), "DocumentReference.context")
    begun = element(context.get("period"), "DocumentReference.context.period").get("start")
    return day(document.get("date"), "DocumentReference.date") or day(begun, "DocumentReference.context.period.start")


def document_custodian(document: Element, _: int) -> Value | None:
    """Who holds the document: by name, or by its code in the Organisation Data Service."""
    custodian = element(document.get("custodian"), "DocumentReference.custodian")
    identifier = element(custodian.get("identifier"), "DocumentReference.custodian.identifier")
    name = text(custodian.get("display"), "DocumentReference.custodian.display")
    return name or text(identifier.get("value"), "DocumentReference.custodian.identifier.value")


def members_now(team: Element) -> int:
    """How many professionals are in the team; none in one that is proposed or has ended."""
    return 0 if text(team.get("status"), "CareTeam.status") in _NOT_NOW else len(_members(team))


def member_name(team: Element, part: int) -> Value | None:
    """The professional's name."""
    return text(_member(team, part).get("display"), "CareTeam.participant.member.display")


def member_role(team: Element, part: int) -> Value | None:
    """What the professional is to the child, or is by trade."""
    said = concepts_words(_participant(team, part).get("role"), "CareTeam.participant.role")
    return said or concepts_words(_contained(team, part).get("code"), "PractitionerRole.code")


def member_phone(team: Element, part: int) -> Value | None:
    """How to reach the professional, or else the team."""
    return phones(_contained(team, part), "PractitionerRole.telecom") or phones(team, "CareTeam.telecom")


def member_period(end: str) -> Reader:
    """A reader of when the professional's part in the team has its ``end``, or else the team's own."""

    def read(team: Element, part: int) -> Value | None:
        own = element(_participant(team, part).get("period"), "CareTeam.participant.period").get(end)
        of_team = element(team.get("period"), "CareTeam.period").get(end)
        return day(own, f"CareTeam.participant.period.{end}") or day(of_team, f"CareTeam.period.{end}")

    return read


def _members(team: Element) -> list[Element]:
    """Participants that are professionals."""
    return [
        listed
        for listed in elements(team.get("participant"), "CareTeam.participant")
        if _member_kind(team, element(listed.get("member"), "CareTeam.participant.member")) in WORKERS
    ]


def _member_kind(team: Element, member: Element) -> object:
    """The resource type of a member, contained or not."""
    return _kind(member) or _inner(team, member).get("resourceType")


def _inner(team: Element, reference: Element) -> Element:
    """The contained resource that ``reference`` leads to; empty when it leads elsewhere."""
    target = text(reference.get("reference"), "CareTeam.participant.member.reference") or ""
    inner = elements(team.get("contained"), "CareTeam.contained")
    return next((each for each in inner if target == f"#{each.get('id')}"), {})


def _participant(team: Element, part: int) -> Element:
    found = _members(team)
    if part >= len(found):
        raise malformed("CareTeam.participant")
    return found[part]


def _member(team: Element, part: int) -> Element:
    return element(_participant(team, part).get("member"), "CareTeam.participant.member")


def _contained(team: Element, part: int) -> Element:
    """The contained resource that a participant refers to; empty when it refers to none."""
    return _inner(team, _member(team, part))


def _kind(reference: Element) -> str | None:
    """The resource type a reference leads to: as stated, or from ``Type/id``; None when neither says."""
    target = text(reference.get("reference"), "reference.reference") or ""
    return text(reference.get("type"), "reference.type") or target.rpartition("/")[0].rpartition("/")[2] or None

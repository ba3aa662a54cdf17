"""How one catalogued field is read out of one FHIR resource.

A reader gets the resource and the number of the part it is to read (a practice, a contributor), 0 where there is only
one; it gives a value of the catalogue's type, or None where the NHS holds nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.connectors.fhir.elements import (
    Element,
    coding_words,
    concept_words,
    concepts_words,
    day,
    element,
    elements,
    malformed,
    text,
    texts,
)
from hub.connectors.fhir.patients import current_addresses, current_first, given_names, nhs_number
from hub.domain.records import Value

ODS_CODE = "https://fhir.nhs.uk/Id/ods-organization-code"

WORKERS = frozenset({"Practitioner", "PractitionerRole"})

Reader = Callable[[Element, int], Value | None]


def text_of(name: str) -> Reader:
    """A reader of the text element ``name``."""
    return lambda resource, _: text(resource.get(name), name)


def concept_of(name: str) -> Reader:
    """A reader of the CodeableConcept ``name``, in words."""
    return lambda resource, _: concept_words(resource.get(name), name)


def concepts_of(name: str) -> Reader:
    """A reader of the list of CodeableConcepts ``name``, in words."""
    return lambda resource, _: concepts_words(resource.get(name), name)


def period_of(end: str) -> Reader:
    """A reader of the day on which ``period`` has its ``end``, which is start or end."""
    return lambda resource, _: day(element(resource.get("period"), "period").get(end), f"period.{end}")


def day_of(name: str) -> Reader:
    """A reader of the date or dateTime ``name``, as a day."""
    return lambda resource, _: day(resource.get(name), name)


def given(patient: Element, _: int) -> Value | None:
    """The given names of the current name."""
    names = current_first(patient)
    return given_names(names[0]) if names else None


def family(patient: Element, _: int) -> Value | None:
    """The family name of the current name."""
    names = current_first(patient)
    return text(names[0].get("family"), "Patient.name.family") if names else None


def number(patient: Element, _: int) -> Value | None:
    """The NHS number in use."""
    number, _verified = nhs_number(patient)
    return number.value if number else None


def address(patient: Element, _: int) -> Value | None:
    """Each address on one line, with its use when it is not home and its end when it has one."""
    said = []
    for address in current_addresses(patient):
        lines = texts(address.get("line"), "Patient.address.line")
        city = text(address.get("city"), "Patient.address.city")
        if city and city not in lines:
            lines.append(city)
        words = ", ".join(lines) or text(address.get("text"), "Patient.address.text")
        if words:
            use = address.get("use", "home")
            said.append((f"{use}: " if use != "home" else "") + words + _ended(address))
    return "; ".join(said) or None


def postcode(patient: Element, _: int) -> Value | None:
    """Every current postcode, home first."""
    postcodes = [
        text(address.get("postalCode"), "Patient.address.postalCode") for address in current_addresses(patient)
    ]
    return "; ".join(dict.fromkeys(postcode for postcode in postcodes if postcode)) or None


def phone(resource: Element, _: int) -> Value | None:
    """Every telephone number."""
    return phones(resource, "telecom")


def phones(resource: Element, what: str) -> str | None:
    """Every telephone number of a resource with ``telecom``, as one text."""
    said = [
        f"{value}{_ended(way)}"
        for way in elements(resource.get("telecom"), what)
        if way.get("system") in ("phone", "sms") and way.get("use") != "old" and (value := text(way.get("value"), what))
    ]
    return "; ".join(dict.fromkeys(said)) or None


def _ended(part: Element) -> str:
    """`` (until 2021-12-31)`` for a part that has an end: an old address must not read as today's."""
    end = text(element(part.get("period"), "period").get("end"), "period.end")
    return f" (until {end[:10]})" if end else ""


def _practice_part(patient: Element, part: int) -> Element:
    practices = elements(patient.get("generalPractitioner"), "Patient.generalPractitioner")
    return practices[part] if part < len(practices) else {}


def practice(patient: Element, part: int) -> Value | None:
    """The practice's name; PDS sends its code alone."""
    return text(_practice_part(patient, part).get("display"), "Patient.generalPractitioner.display")


def practice_code(patient: Element, part: int) -> Value | None:
    """The practice's code in the Organisation Data Service."""
    identifier = element(_practice_part(patient, part).get("identifier"), "Patient.generalPractitioner.identifier")
    if identifier.get("system") != ODS_CODE:
        return None
    return text(identifier.get("value"), "Patient.generalPractitioner.identifier.value")


def practice_since(patient: Element, part: int) -> Value | None:
    """When the registration began."""
    what = "Patient.generalPractitioner.identifier.period"
    identifier = element(_practice_part(patient, part).get("identifier"), what)
    return day(element(identifier.get("period"), what).get("start"), what)


def worker_name(plan: Element, part: int) -> Value | None:
    """The contributor's name."""
    return text(_contributor(plan, part).get("display"), "CarePlan.contributor.display")


def worker_role(plan: Element, part: int) -> Value | None:
    """What the contributor is, from the contained PractitionerRole."""
    return concepts_words(_role(plan, part).get("code"), "PractitionerRole.code")


def worker_phone(plan: Element, part: int) -> Value | None:
    """How to reach the contributor, from the contained PractitionerRole."""
    return phones(_role(plan, part), "PractitionerRole.telecom")


def _contributor(plan: Element, part: int) -> Element:
    found = contributors(plan)
    if part >= len(found):
        raise malformed("CarePlan.contributor")
    return found[part]


def _role(plan: Element, part: int) -> Element:
    """The contained PractitionerRole that a contributor refers to; empty when it refers to none."""
    reference = text(_contributor(plan, part).get("reference"), "CarePlan.contributor.reference") or ""
    for inner in elements(plan.get("contained"), "CarePlan.contained"):
        if reference == f"#{inner.get('id')}":
            return inner
    return {}


def attendance_type(encounter: Element, _: int) -> Value | None:
    """The type of the encounter, or its class when it has none."""
    said = concepts_words(encounter.get("type"), "Encounter.type")
    return said or coding_words(element(encounter.get("class"), "Encounter.class"), "Encounter.class")


def place(encounter: Element, _: int) -> Value | None:
    """The service that saw the child."""
    provider = element(encounter.get("serviceProvider"), "Encounter.serviceProvider")
    return text(provider.get("display"), "Encounter.serviceProvider.display")


def discharge(encounter: Element, _: int) -> Value | None:
    """How the encounter ended."""
    hospitalization = element(encounter.get("hospitalization"), "Encounter.hospitalization")
    return concept_words(hospitalization.get("dischargeDisposition"), "Encounter.hospitalization.dischargeDisposition")


def given_or_not(immunization: Element, _: int) -> Value | None:
    """The status, with the reason when it was not given."""
    status = text(immunization.get("status"), "Immunization.status")
    reason = concept_words(immunization.get("statusReason"), "Immunization.statusReason")
    return f"{status}: {reason}" if status and reason else status


def relative_name(person: Element, _: int) -> Value | None:
    """The current name as one text."""
    for name in current_first(person):
        family = text(name.get("family"), "RelatedPerson.name.family")
        parts = [part for part in (given_names(name), family) if part]
        if said := text(name.get("text"), "RelatedPerson.name.text") or " ".join(parts):
            return said
    return None


def relationship(person: Element, _: int) -> Value | None:
    """Every relationship: PDS gives role, type and next of kin as codings of one concept."""
    said: list[str] = []
    for concept in elements(person.get("relationship"), "RelatedPerson.relationship"):
        words = text(concept.get("text"), "RelatedPerson.relationship.text")
        codings = elements(concept.get("coding"), "RelatedPerson.relationship.coding")
        said += [words] if words else [coding_words(coding, "RelatedPerson.relationship") or "" for coding in codings]
    return "; ".join(dict.fromkeys(word for word in said if word)) or None


def contributors(plan: Element) -> list[Element]:
    """Contributors that are professionals, by ``type`` or by the reference itself."""
    found = []
    for listed in elements(plan.get("contributor"), "CarePlan.contributor"):
        reference = text(listed.get("reference"), "CarePlan.contributor.reference") or ""
        kind = text(listed.get("type"), "CarePlan.contributor.type") or (
            reference.split("/")[-2] if "/" in reference else "PractitionerRole"
        )
        if kind in WORKERS:
            found.append(listed)
    return found

"""The FHIR Patient as match fields."""

from __future__ import annotations

from contextlib import suppress

from hub.connectors.fhir.bundles import resource_id
from hub.connectors.fhir.elements import Element, element, elements, malformed, partial_date, text, texts
from hub.connectors.fhir.labels import is_restricted
from hub.connectors.fhir.references import NHS_NUMBER
from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, Identity
from hub.errors import BadRequest

VERIFICATION = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
_VERIFIED = "01"  # UK Core NHSNumberVerificationStatus: "Number present and verified"
_SEXES = {"female": "F", "male": "M"}


def candidate(custodian: str, patient: Element) -> Candidate:
    """A Patient as somebody who may be the child.

    Raises:
        UpstreamFault: MALFORMED when an element that is read is not what FHIR says.
    """
    number, verified = nhs_number(patient)
    names = current_first(patient)
    gender = text(patient.get("gender"), "Patient.gender")
    return Candidate(
        custodian=custodian,
        local_id=resource_id(patient),
        identity=Identity(
            nhs_number=number,
            nhs_number_verified=verified,
            given_names=_distinct([given_names(name) for name in names]),
            family_names=_distinct([text(name.get("family"), "Patient.name.family") for name in names]),
            birth_date=partial_date(patient.get("birthDate"), "Patient.birthDate"),
            sex=_SEXES.get(gender or ""),
            postcode=_home_postcode(patient),
            restricted=is_restricted(patient),
            former_numbers=_former_numbers(patient),
        ),
    )


def nhs_number(patient: Element) -> tuple[NHSNumber | None, bool]:
    """The NHS number in use, and whether the server says it is verified."""
    for identifier in elements(patient.get("identifier"), "Patient.identifier"):
        value = text(identifier.get("value"), "Patient.identifier.value")
        if identifier.get("system") != NHS_NUMBER or identifier.get("use") == "old" or value is None:
            continue
        try:
            return NHSNumber.parse(value), _is_verified(identifier)
        except BadRequest:
            raise malformed("Patient.identifier (NHS number)") from None
    return None, False


def _former_numbers(patient: Element) -> tuple[NHSNumber, ...]:
    """NHS numbers that this Patient's record says it has replaced (``identifier.use`` old, ``link`` replaces)."""
    old = [
        identifier
        for identifier in elements(patient.get("identifier"), "Patient.identifier")
        if identifier.get("use") == "old"
    ]
    for link in elements(patient.get("link"), "Patient.link"):
        if link.get("type") == "replaces":
            other = element(link.get("other"), "Patient.link.other")
            old.append(element(other.get("identifier"), "Patient.link.other.identifier"))
    return _numbers(old)


def replaced_by(patient: Element) -> str | None:
    """The NHS number that a superseded record says has taken its place (``link`` replaced-by); None when it is current.

    Raises:
        UpstreamFault: MALFORMED when the record is replaced and does not say by which number, or by several.
    """
    others = [
        element(link.get("other"), "Patient.link.other")
        for link in elements(patient.get("link"), "Patient.link")
        if link.get("type") == "replaced-by"
    ]
    if not others:
        return None
    identifiers = [element(other.get("identifier"), "Patient.link.other.identifier") for other in others]
    numbers = _numbers(identifiers)
    if len(numbers) != 1:
        raise malformed("Patient.link (replaced-by)")
    return numbers[0].value


def current_first(patient: Element) -> list[Element]:
    """The names, the usual one first and old ones last."""
    order = {"usual": 0, "official": 1, "old": 3, "maiden": 3}
    return sorted(
        elements(patient.get("name"), "Patient.name"), key=lambda name: order.get(str(name.get("use", "usual")), 2)
    )


def given_names(name: Element) -> str | None:
    """All given names of one name in their order: the first is the one people go by."""
    return " ".join(texts(name.get("given"), "name.given")) or None


def current_addresses(patient: Element) -> list[Element]:
    """The addresses, home first, without old ones and invoicing ones."""
    addresses = elements(patient.get("address"), "Patient.address")
    held = [address for address in addresses if address.get("use") not in ("old", "billing")]
    return sorted(held, key=lambda address: address.get("use", "home") != "home")


def _home_postcode(patient: Element) -> str | None:
    for address in current_addresses(patient):
        if address.get("use", "home") == "home":
            return text(address.get("postalCode"), "Patient.address.postalCode")
    return None


def _is_verified(identifier: Element) -> bool:
    for extension in elements(identifier.get("extension"), "Patient.identifier.extension"):
        if extension.get("url") == VERIFICATION:
            concept = element(extension.get("valueCodeableConcept"), "Patient.identifier.extension.value")
            codings = elements(concept.get("coding"), "Patient.identifier.extension.value.coding")
            return any(coding.get("code") == _VERIFIED for coding in codings)
    return False


def _numbers(identifiers: list[Element]) -> tuple[NHSNumber, ...]:
    """The different NHS numbers among them; what was given up and cannot be one identifies nobody."""
    found = []
    for identifier in identifiers:
        value = text(identifier.get("value"), "Patient.identifier.value")
        if identifier.get("system") == NHS_NUMBER and value:
            with suppress(BadRequest):
                found.append(NHSNumber.parse(value))
    return tuple(dict.fromkeys(found))


def _distinct(names: list[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))

"""The published personal details record: who the child is, and the people linked with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hub.connectors.dfe import values
from hub.connectors.dfe.rows import Read, Row
from hub.connectors.dfe.values import Payload
from hub.connectors.rest_values import malformed
from hub.domain.identifiers import NHSNumber
from hub.domain.organisations import Sector
from hub.domain.people import Identity, PartialDate
from hub.domain.records import Value
from hub.errors import BadRequest

PERSON: Mapping[Sector, str] = {
    Sector.COUNCIL: "council_person",
    Sector.POLICE: "police_person",
    Sector.HEALTH: "patient",
    Sector.EDUCATION: "pupil",
}
_LINKED: Mapping[Sector, str] = {Sector.COUNCIL: "linked_person", Sector.HEALTH: "related_person"}
RESIDENT = "lives at the child's main address"


def identity(body: Payload, number: NHSNumber, *, is_verified: bool) -> Identity:
    """The match fields of a personal details record; it may state none of them."""
    given, family = values.text(body, "firstName"), values.text(body, "lastName")
    born = values.text(body, "dateOfBirth")
    sex = (values.text(body, "birthAssignedSex") or "").casefold()
    home = values.address(body, "address")
    try:
        birth_date = PartialDate.parse(born[:10]) if born else None
    except BadRequest:
        raise malformed("the field dateOfBirth of its record cannot be read") from None
    return Identity(
        nhs_number=number,
        nhs_number_verified=is_verified,
        given_names=(given,) if given else (),
        family_names=(family,) if family else (),
        birth_date=birth_date,
        sex=sex if sex in ("female", "male") else None,
        postcode=home[1] if home else None,
    )


def personal_details(body: Payload, sector: Sector) -> Read:
    """PersonalDetailsRecordV1."""
    rows = list(_rows(body, sector))
    stated = values.objects(body, "relatedPeople")
    related, unsaid = stated or (), frozenset[str]()
    # Why a linked person is dangerous is more than the hub's records of linked people have a field for.
    unplaced = any(values.texts(each, "risk") for each in related)
    if sector in _LINKED:
        linked = list(_linked(body, related, _LINKED[sector]))
        unsaid = frozenset({_LINKED[sector]}) if stated is None and not linked else unsaid
        rows += linked
    else:
        unplaced |= bool(related or values.texts(body, "namesOfIndividualsResidingAtMainAddress"))
    return Read(tuple(rows), unsaid, unplaced)


def _rows(body: Payload, sector: Sector) -> Iterator[Row]:
    home = values.address(body, "address")
    where: dict[str, Value] = {"address": home[0], "postcode": home[1]} if home else {"address": None, "postcode": None}
    who: dict[str, Value] = {
        "given_name": values.text(body, "firstName"),
        "family_name": values.text(body, "lastName"),
        "date_of_birth": values.day(body, "dateOfBirth"),
    }
    if sector is not Sector.EDUCATION:
        who["sex"] = values.text(body, "birthAssignedSex")
    if sector is Sector.COUNCIL:
        who["ethnicity"] = values.text(body, "ethnicity")
        if home:
            yield Row("council_address", "main", where)
    else:
        who |= where
    if any(value is not None for value in who.values()):
        yield Row(PERSON[sector], "person", who)


def _linked(body: Payload, related: tuple[Payload, ...], kind: str) -> Iterator[Row]:
    for person in related:
        stated: dict[str, Value] = {
            "name": values.text(person, "name"),
            "relationship": values.text(person, "relationshipToTheChild"),
        }
        born = values.day(person, "dob")
        if kind == "linked_person":
            stated["date_of_birth"] = born
        yield Row(kind, f"related {stated['name']}", stated)
    for name in values.texts(body, "namesOfIndividualsResidingAtMainAddress"):
        yield Row(kind, f"resident {name}", {"name": name, "relationship": RESIDENT})

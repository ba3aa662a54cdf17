"""Who the child is, from what each agency released: side by side, nothing merged, nothing picked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.domain.catalogue import Section
from hub.domain.disclosure import ReleasedRecord
from hub.domain.view import IDENTITY_FIELDS, NoMatch, PossibleMatches, identity_of
from hub.policy.load import default_policies_directory, load_bundle
from tests.domain.samples import AS_OF, CATALOGUE, POLICE, TODAY, record, source, view


def stated(*records: ReleasedRecord) -> dict[str, list[Any]]:
    known = identity_of(view(*records), CATALOGUE)
    return {entry: [one.value for one in values] for entry, values in known.stated.items()}


BORN = date(2014, 2, 7)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param((), {}, id="nothing released"),
        pytest.param(
            (record("council_person", given_name="Amelia", family_name="Hart"),), {"names": ["Amelia Hart"]}, id="a name"
        ),
        pytest.param((record("council_person", given_name="Amelia"),), {"names": ["Amelia"]}, id="no family name"),
        pytest.param((record("council_person", family_name="Hart"),), {"names": ["Hart"]}, id="no given name"),
        pytest.param(
            (record("council_person", given_name="", family_name=""),), {}, id="empty names are no name"
        ),
        pytest.param(
            (
                record("council_person", given_name="Amelia", family_name="Hart"),
                record("police_person", POLICE, given_name="Amelia", family_name="Hart-Price"),
            ),
            {"names": ["Amelia Hart", "Amelia Hart-Price"]},
            id="agencies that disagree stand side by side",
        ),
        pytest.param(
            (
                record("police_person", POLICE, given_name="Amelia", family_name="Hart"),
                record("council_person", given_name="Amelia", family_name="Hart"),
            ),
            {"names": ["Amelia Hart", "Amelia Hart"]},
            id="agencies that agree stand side by side too, in the view's order",
        ),
        pytest.param(
            (record("council_person", date_of_birth=BORN, sex="female", nhs_number="9990004021"),),
            {"date_of_birth": [BORN], "sex": ["female"], "nhs_number": ["9990004021"]},
            id="what stands by itself",
        ),
        pytest.param(
            (record("council_address", address="1 Mill Lane", postcode="TS1 4ZZ"),),
            {"addresses": ["1 Mill Lane, TS1 4ZZ"]},
            id="an address with its postcode",
        ),
        pytest.param((record("council_address", postcode="TS1 4ZZ"),), {"addresses": ["TS1 4ZZ"]}, id="a postcode alone"),
        pytest.param((record("council_address", address="1 Mill Lane"),), {"addresses": ["1 Mill Lane"]}, id="no postcode"),
        pytest.param((record("council_address", from_date=BORN),), {}, id="dates of no address"),
        pytest.param(
            (record("police_person", POLICE, school="Mill Lane School", phone="01632 960 001"),),
            {"telephones": ["01632 960 001"], "schools": ["Mill Lane School"]},
            id="telephone and school",
        ),
        pytest.param(
            (record("linked_person", name="Ruth Hart", phone="01632 960 002"),), {}, id="somebody linked is not the child"
        ),
        pytest.param((record("assessment", outcome="further action"),), {}, id="a record of another section"),
    ],
)  # fmt: skip
def test_what_is_stated(records: tuple[ReleasedRecord, ...], expected: dict[str, list[Any]]) -> None:
    assert stated(*records) == expected


def test_each_value_keeps_its_custodian_and_its_date() -> None:
    known = identity_of(view(record("police_person", POLICE, sex="female")), CATALOGUE)
    (sex,) = known.stated["sex"]
    assert (sex.custodian, sex.as_of, sex.handling, sex.from_date, sex.to_date) == (POLICE, AS_OF, (), None, None)
    assert "female" not in repr(known)


FROM, TO = date(2020, 1, 1), date(2021, 1, 1)


@pytest.mark.parametrize(
    "dates", [{}, {"from_date": FROM}, {"to_date": TO}, {"from_date": FROM, "to_date": TO}], ids=" ".join
)
def test_the_dates_of_an_address(dates: dict[str, date]) -> None:
    known = identity_of(view(record("council_address", address="1 Mill Lane", **dates)), CATALOGUE)
    (address,) = known.stated["addresses"]
    assert (address.from_date, address.to_date) == (dates.get("from_date"), dates.get("to_date"))


def test_only_addresses_have_dates() -> None:
    person = ReleasedRecord(POLICE, "police_person", AS_OF, {"sex": "female", "from_date": FROM, "to_date": TO})
    (sex,) = identity_of(view(person), CATALOGUE).stated["sex"]
    assert (sex.from_date, sex.to_date) == (None, None)


@pytest.mark.parametrize(
    ("notice", "on"),
    [
        pytest.param("address", {"addresses"}, id="the address"),
        pytest.param("postcode", {"addresses"}, id="a part of the address"),
        pytest.param("school address", {"addresses", "schools"}, id="two fields"),
        pytest.param("given_name", {"names"}, id="a part of the name"),
        pytest.param("horoscope", set(), id="a field that is no part of who somebody is"),
    ],
)
def test_a_handling_notice_travels_with_the_value_it_is_about(notice: str, on: set[str]) -> None:
    person = record(
        "police_person", POLICE, notice=notice, given_name="Amelia", school="Mill Lane School", address="1 Mill Lane"
    )
    known = identity_of(view(person), CATALOGUE)
    assert {entry for entry, values in known.stated.items() if values[0].handling} == on
    assert all(one.handling in ((), person.handling) for values in known.stated.values() for one in values)


def test_what_was_held_back_of_identity_records_and_of_no_other() -> None:
    council = record("council_person", withheld="sex", given_name="Amelia")
    police = record("police_person", POLICE, withheld="address postcode")
    other = record("assessment", withheld="outcome")
    known = identity_of(view(council, other, police), CATALOGUE)
    assert known.withheld == council.withheld + police.withheld
    assert "addresses" not in known.stated


def test_every_catalogued_field_of_an_identity_record_becomes_part_of_the_view() -> None:
    kinds = load_bundle(default_policies_directory(), TODAY).catalogue.kinds.values()
    fields = {field.name for kind in kinds if kind.section is Section.IDENTITY for field in kind.fields}
    assert fields <= IDENTITY_FIELDS.keys()


def test_records_of_some_kinds_and_the_number_of_the_entry() -> None:
    first, second, third = record("council_person"), record("assessment"), record("council_person", POLICE)
    joined = view(first, second, third)
    assert joined.of_kinds(["council_person"]) == [first, third]
    assert joined.of_kinds(iter(("assessment", "council_person"))) == [first, second, third]
    assert joined.of_kinds([]) == []
    assert joined.recorded_as(5).log_entry == 5
    assert joined.log_entry == 18442


@pytest.mark.parametrize(
    "found", [PossibleMatches((), (source(POLICE),)), NoMatch((source(POLICE),))], ids=["possible", "none"]
)
def test_every_answer_gets_the_number_of_its_entry(found: PossibleMatches | NoMatch) -> None:
    assert (found.recorded_as(5).log_entry, found.log_entry) == (5, 0)
    assert found.recorded_as(5).sources == found.sources

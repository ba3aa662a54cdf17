"""The parts that join what all agencies say: identity, involvement, household, each under the names GraphQL uses."""

from __future__ import annotations

from datetime import date

from hub.schema import types
from hub.schema.joined import household, identity, involvement, log_entry
from tests.domain.samples import CATALOGUE, COUNCIL, NHS, POLICE, record, view

BORN = date(2014, 2, 7)


def test_identity_has_every_agencys_version_under_one_name() -> None:
    found = identity(
        view(
            record("council_person", given_name="Amelia", family_name="Hart", date_of_birth=BORN),
            record("police_person", POLICE, given_name="Amelia", family_name="Price", school="Mill Lane School"),
            record("council_address", address="1 Mill Lane", from_date=BORN),
        ),
        CATALOGUE,
    )
    assert [(one.value, one.custodian.id) for one in found.names] == [
        ("Amelia Hart", COUNCIL.id),
        ("Amelia Price", POLICE.id),
    ]
    assert [one.value for one in found.date_of_birth] == [BORN]
    assert type(found.date_of_birth[0]) is types.StatedDate
    assert [(one.value, one.from_date, one.to_date) for one in found.addresses] == [("1 Mill Lane", BORN, None)]
    assert [one.value for one in found.schools] == ["Mill Lane School"]
    assert found.ethnicity == found.date_of_death == found.telephones == found.withheld == []


def test_what_was_held_back_of_identity_is_named_as_the_view_names_it() -> None:
    veiled = record(
        "police_person", POLICE, withheld="address postcode given_name sex", notice="address school", school="Mill"
    )
    found = identity(view(veiled), CATALOGUE)
    assert [(each.fields, each.reference) for each in found.withheld] == [(["addresses", "names", "sex"], "18442-7")]
    (school,) = found.schools
    assert [each.fields for each in school.handling] == [["addresses", "schools"]]


def test_a_worker_and_how_to_reach_them() -> None:
    full = record(
        "council_involvement", worker_name="Sam Ford", worker_role="Social worker", team="Assessment 2", since=BORN,
        phone="01632 960 200",
    )  # fmt: skip
    bare = record("council_involvement", withheld="worker_name phone team since", notice="team")
    person = record("council_person", sex="female")
    first, second = involvement(view(full, person, bare), CATALOGUE)
    assert first.worker == types.Worker(name="Sam Ford", role="Social worker", phone="01632 960 200")
    assert (first.service, first.since, first.until, first.withheld) == ("Assessment 2", BORN, None, [])
    assert second.worker == types.Worker(name=None, role=None, phone=COUNCIL.contact.phone)
    assert second.withheld[0].fields == ["name", "phone", "service", "since"]
    assert second.handling[0].fields == ["service"]


def test_the_household_with_who_recorded_each_link() -> None:
    mother = record(
        "linked_person", withheld="date_of_birth", notice="date_of_birth", name="Ruth Hart", relationship="Mother"
    )
    (found,) = household(view(mother, record("attendance", NHS)), CATALOGUE)
    assert found.person == types.Person(
        name="Ruth Hart", relationship="Mother", date_of_birth=None, age=None, phone=None
    )
    assert (found.link_recorded_by.id, found.withheld[0].fields) == (COUNCIL.id, ["dateOfBirth"])
    assert found.handling[0].fields == ["dateOfBirth"]


def test_the_log_entry_says_where_its_proof_is() -> None:
    assert log_entry(7) == types.LogEntry(number=7, proof_url="/log/entries/7/proof")

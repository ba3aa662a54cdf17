"""Small parts that everything rests on: the catalogue by id, whom to ring, what a record holds besides its values."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.domain.catalogue import Catalogue
from hub.domain.disclosure import HandlingNotice
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.view import identity_of
from tests.domain.samples import AS_OF, CATALOGUE, DESK, POLICE, line, record, view

KINDS = tuple(CATALOGUE.kinds.values())
LEGAL = Contact("Council legal", "01632 960 120")
COUNCIL = Custodian("council", "Testshire Council", Sector.COUNCIL, DESK, {"legal": LEGAL, "": LEGAL})


def test_a_catalogue_has_each_kind_by_its_id() -> None:
    assert dict(Catalogue.of(KINDS).kinds) == {kind.id: kind for kind in KINDS}
    assert Catalogue.of(KINDS)[KINDS[1].id] is KINDS[1]


def test_two_kinds_of_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match=f"^kind {KINDS[1].id} is catalogued twice$"):
        Catalogue.of((*KINDS, KINDS[1]))


@pytest.mark.parametrize(
    ("post", "contact"),
    [
        pytest.param("legal", LEGAL, id="who holds the post"),
        pytest.param("send", DESK, id="a post that nobody holds here"),
        pytest.param(None, DESK, id="no post"),
        pytest.param("", DESK, id="a blank post is none"),
    ],
)
def test_whom_to_ring(post: str | None, contact: Contact) -> None:
    assert COUNCIL.contact_for(post) == contact


def test_what_a_record_holds_besides_its_values() -> None:
    pointer = RecordPointer("council", "assessment", "r-1")
    lines, notices = (line("outcome"),), (HandlingNotice("restricted-location", "Keep it.", ("factors",)),)
    held = HeldRecord(pointer, AS_OF, {}, held_back=lines, handling=notices)
    assert (held.pointer, held.as_of, held.held_back, held.handling) == (pointer, AS_OF, lines, notices)
    bare = HeldRecord(pointer, AS_OF, {})
    assert (bare.held_back, bare.handling) == ((), ())


def test_a_records_shape_says_nothing_of_what_is_in_it() -> None:
    values = {"outcome": "plan", "factors": ("neglect",), "started_on": date(2026, 3, 1), "completed_on": None}
    shape = HeldRecord(RecordPointer("council", "assessment", "r-1"), AS_OF, values).shape()
    assert shape == {"outcome": ("str", 4), "factors": ("tuple", 1), "started_on": ("date", None)}


@pytest.mark.parametrize(
    ("values", "addresses"),
    [
        pytest.param({"area": "TS1"}, ["TS1 (area only)"], id="an area stands for an address"),
        pytest.param({"area": "TS1", "postcode": "TS1 4ZZ"}, ["TS1 4ZZ"], id="not where a part of it is known"),
        pytest.param({"area": ""}, [], id="no area"),
        pytest.param({"area": "TS1", "given_name": ""}, ["TS1 (area only)"], id="and not for a name"),
    ],
)
def test_an_area_instead_of_an_address(values: dict[str, Any], addresses: list[str]) -> None:
    known = identity_of(view(record("police_person", POLICE, **values)), CATALOGUE)
    assert {entry: [one.value for one in each] for entry, each in known.stated.items()} == (
        {"addresses": addresses} if addresses else {}
    )

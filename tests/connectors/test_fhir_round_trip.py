"""What one side wrote down, the other reads: every child and every event of the invented world, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hub.connectors.base import Fetched, Found, Matched
from hub.connectors.fhir.mapping import BY_CPIS, CPIS_ACCESS
from hub.demo.generator import build_world
from hub.demo.nhs_app import create_app
from hub.demo.nhs_resources import load
from hub.domain.catalogue import ValueType
from hub.domain.organisations import Sector
from hub.domain.sealed import unseal
from tests.connectors.fhir_bench import (
    ADA,
    ADAS,
    BEA,
    CATALOGUE,
    CREDENTIAL,
    NOW,
    RAY,
    VAL,
    by_number,
    connector,
    served,
    small_world,
    soon,
)

WORLD = build_world()
HEALTH_KINDS = CATALOGUE.of_sector(Sector.HEALTH) - {"maternity_episode"}  # which a question about a child never asks


@pytest.fixture(scope="module")
def small() -> Iterator[str]:
    with served(create_app(load(small_world()), CREDENTIAL)) as url:
        yield url


@pytest.fixture(scope="module")
def whole() -> Iterator[str]:
    with served(create_app(load(WORLD), CREDENTIAL)) as url:
        yield url


async def everything(url: str, number: str, **options: Any) -> list[tuple[str, frozenset[str], dict[str, Any]]]:
    """Match by number, find all kinds, fetch all: (kind, labels, values) of every record."""
    nhs = connector(url, **options)
    try:
        matched = await nhs.match(by_number(number), soon())
        assert isinstance(matched, Matched)
        (who,) = matched.candidates
        found = await nhs.find(who, nhs.kinds, soon())
        assert isinstance(found, Found)
        fetched = await nhs.fetch(who, found.pointers, soon())
        assert isinstance(fetched, Fetched)
        assert [record.pointer for record in fetched.records] == list(found.pointers)
        return [(record.pointer.kind, record.pointer.labels, dict(unseal(record))) for record in fetched.records]
    finally:
        await nhs.close()


def comparable(records: list[tuple[str, frozenset[str], dict[str, Any]]]) -> list[str]:
    return sorted(f"{kind} {sorted(labels)} {sorted(values.items())}" for kind, labels, values in records)


@pytest.mark.parametrize("search_by", ["post", "get"])
async def test_a_child_comes_through_whole(small: str, search_by: str) -> None:
    records = await everything(small, ADA, search_by=search_by)
    told = [record for record in records if record[0] not in ("patient", "gp_registration", "related_person")]
    assert comparable(told) == comparable([(one.kind, one.labels, dict(one.values)) for one in ADAS])
    by_kind = {kind: values for kind, _, values in records}
    assert by_kind["patient"] == {
        "given_name": "Ada Mary", "family_name": "Quill", "date_of_birth": by_kind["patient"]["date_of_birth"],
        "sex": "female", "nhs_number": ADA, "address": "1 Mill Lane, Testshire", "postcode": "ZZ1 1AA",
        "phone": "01632 960 301",
    }  # fmt: skip
    assert by_kind["gp_registration"]["practice"] == "Weir Road Surgery"
    assert by_kind["gp_registration"]["practice_code"] == "Z99001"
    assert by_kind["related_person"] == {"name": "Rose Quill", "relationship": "mother", "phone": "01632 960 302"}


@pytest.mark.parametrize(
    ("number", "labels", "shown"),
    [
        pytest.param(BEA, set(), {"given_name", "family_name", "date_of_birth", "sex", "nhs_number", "address", "postcode", "phone"}, id="U-everything"),
        pytest.param(RAY, {"restricted"}, {"given_name", "family_name", "date_of_birth", "sex", "nhs_number"}, id="R-no-location"),
        pytest.param(VAL, {"restricted", "very_restricted"}, {"sex", "nhs_number"}, id="V-no-name-or-birth-date-either"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("search_by", ["post", "get"])
async def test_what_a_label_strips(small: str, number: str, labels: set[str], shown: set[str], search_by: str) -> None:
    records = await everything(small, number, search_by=search_by)
    (patient,) = [record for record in records if record[0] == "patient"]
    assert patient[1] == labels
    assert set(patient[2]) == shown
    for kind, on_record, values in records:
        assert ("restricted" in on_record) == bool(labels), kind
        if labels:
            assert not {"phone", "address", "postcode", "practice", "practice_code"} & set(values), kind
    assert "gp_registration" in {kind for kind, _, _ in records}, "a GP taken off the record is not a child without one"


async def test_every_child_of_the_invented_world(whole: str) -> None:
    patients = load(WORLD).patients
    for one in WORLD.children.values():
        if one.health is None:
            continue
        number = one.health.nhs_number or one.nhs_number
        restricted = {"restricted"} if patients[number].label != "U" else set()
        records = await everything(whole, number)
        told = [record for record in records if record[0] not in ("patient", "gp_registration", "related_person")]
        events = [
            (
                each.kind,
                each.labels | restricted,
                {name: value for name, value in each.values.items() if value is not None},
            )
            for each in one.events
            if each.kind in HEALTH_KINDS
        ]
        assert comparable(told) == comparable(events), one.key


async def test_values_have_the_catalogued_types(whole: str) -> None:
    star = WORLD.played_by("protection_plan").nhs_number
    types = {ValueType.TEXT: str, ValueType.DATE: type(NOW.date())}
    for kind, _, values in await everything(whole, star):
        for name, value in values.items():
            assert type(value) is types[CATALOGUE[kind].field(name).type], f"{kind}.{name}"


async def test_a_large_record_takes_several_pages(whole: str) -> None:
    large = WORLD.played_by("large_record")
    expected = sum(each.kind in HEALTH_KINDS for each in large.events)
    assert expected > 100, "the cast promises more than one page"
    records = await everything(whole, large.nhs_number)
    assert sum(record[0] not in ("patient", "gp_registration", "related_person") for record in records) == expected


async def test_as_of_is_the_servers_date_but_never_later_than_now(small: str) -> None:
    nhs = connector(small)
    matched = await nhs.match(by_number(ADA), soon())
    assert isinstance(matched, Matched)
    found = await nhs.find(matched.candidates[0], frozenset({"attendance"}), soon())
    assert isinstance(found, Found)
    assert found.as_of <= NOW
    await nhs.close()


def test_kinds_are_all_of_the_catalogue_or_those_the_settings_name() -> None:
    cpis = "http://127.0.0.1:2"
    assert connector("http://127.0.0.1:1").kinds == HEALTH_KINDS - BY_CPIS
    assert connector("http://127.0.0.1:1", cpis_accesses=True).kinds == HEALTH_KINDS - BY_CPIS
    assert connector("http://127.0.0.1:1", cpis_url=cpis).kinds == HEALTH_KINDS - {CPIS_ACCESS}
    assert connector("http://127.0.0.1:1", cpis_url=cpis, cpis_accesses=True).kinds == HEALTH_KINDS
    assert connector("http://127.0.0.1:1", kinds=frozenset({"patient"})).kinds == {"patient"}
    assert connector("http://127.0.0.1:1").matches_nhs_number

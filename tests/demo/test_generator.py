"""The invented world: deterministic, catalogued, consistent with itself, and nobody in it real."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.demo.cast_records import LARGE_RECORD_EVENTS
from hub.demo.cast_unborn import due_on
from hub.demo.generator import build_world
from hub.demo.world import Child, World
from hub.domain.identifiers import NHSNumber

FIELDS = Path(__file__).parents[2] / "policies" / "fields"
PYTHON_TYPES: dict[str, type] = {
    "text": str, "date": date, "datetime": datetime, "integer": int, "boolean": bool, "text_list": tuple,
}  # fmt: skip
PARTS = (
    "protection_plan", "looked_after", "twin_known", "twin_unknown", "unknown_to_police", "no_nhs_number_at_council",
    "restricted", "protected_adoption", "court_papers", "court_order", "privileged_advice", "intelligence", "objection",
    "ehc_plan", "ehc_plan_released", "confidence", "originator", "conflicting_names", "large_record", "unknown_label",
    "unlabelled", "health_only", "police_only", "not_known_anywhere", "wrong_child_source", "two_identities",
    "earlier_identity", "protected_history", "objection_exploited",
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return build_world()


@pytest.fixture(scope="module")
def catalogue() -> dict[str, tuple[str, dict[str, Any]]]:
    kinds: dict[str, tuple[str, dict[str, Any]]] = {}
    for sector in ("council", "health", "police"):
        for kind, spec in tomllib.loads((FIELDS / f"{sector}.toml").read_text(encoding="utf-8")).items():
            if isinstance(spec, dict):
                kinds[kind] = (sector, spec["fields"])
    return kinds


def test_it_is_the_same_every_time_and_differs_by_seed(world: World) -> None:
    assert build_world() == world
    other = build_world(seed=7)
    assert other != world
    assert [other.played_by(part) for part in PARTS] == [world.played_by(part) for part in PARTS]


@pytest.mark.parametrize("seed", [2026, 1, 2, 3])
def test_it_is_large_enough(seed: int) -> None:
    world = build_world(seed)
    assert len(world.children) >= 60
    assert len(world.households) >= 25


def test_every_part_is_played(world: World) -> None:
    assert set(world.cast) == set(PARTS)
    assert all(world.played_by(part).key == part for part in PARTS)


def test_numbers_are_from_the_range_never_issued_and_unique(world: World) -> None:
    numbers = [child.nhs_number for child in world.children.values()]
    assert len(set(numbers)) == len(numbers)
    assert all(number.startswith("999") and NHSNumber.parse(number).value == number for number in numbers)


@pytest.mark.parametrize("agency", ["council", "health", "police"])
def test_local_ids_are_unique(world: World, agency: str) -> None:
    ids = [getattr(child, agency).local_id for child in world.children.values() if getattr(child, agency)]
    assert len(set(ids)) == len(ids)


def test_postcodes_and_telephones_are_nobodys(world: World) -> None:
    text = repr(world)
    assert set(re.findall(r"postcode='(..)", text)) == {"ZZ"}
    assert all(phone.startswith("01632 960 ") for phone in re.findall(r"phone='([^']+)'", text))


def test_police_hold_no_nhs_number(world: World) -> None:
    assert not [child.key for child in world.children.values() if child.police and child.police.nhs_number]


@pytest.mark.parametrize("part", PARTS)
def test_events_fit_the_catalogue(world: World, catalogue: dict[str, tuple[str, dict[str, Any]]], part: str) -> None:
    check_events(world.played_by(part), catalogue, world.today)


@pytest.mark.parametrize("seed", [2026, 11, 12])
def test_background_events_fit_the_catalogue(seed: int, catalogue: dict[str, tuple[str, dict[str, Any]]]) -> None:
    world = build_world(seed)
    for child in world.children.values():
        check_events(child, catalogue, world.today)


def check_events(child: Child, catalogue: dict[str, tuple[str, dict[str, Any]]], today: date) -> None:
    for event in child.events:
        sector, fields = catalogue[event.kind]
        assert getattr(child, sector) is not None, f"{child.key}: {event.kind} at an agency that does not know them"
        for name, value in event.values.items():
            assert type(value) is PYTHON_TYPES[fields[name]["type"]], f"{child.key}: {event.kind}.{name}"
            if isinstance(value, datetime):
                assert value.tzinfo is not None
        for name in ("on", "started_on"):
            assert event.values.get(name, child.birth_date) <= today
            assert event.values.get(name, child.birth_date) >= child.birth_date, f"{child.key}: {event.kind}"


def test_council_address_agrees_with_what_the_council_knows(world: World) -> None:
    for child in world.children.values():
        current = [e for e in child.events if e.kind == "council_address" and "to_date" not in e.values]
        assert len(current) == (child.council is not None), child.key
        if child.council is not None and child.council.address is not None:
            assert current[0].values["postcode"] == child.council.address.postcode


@pytest.mark.parametrize(
    ("part", "labels"),
    [
        ("protection_plan", {"family_court_document", "privileged", "adoption_s56"}),
        ("protected_adoption", {"adoption_s56"}),
        ("court_papers", {"family_court_document", "court_permission"}),
        ("court_order", {"court_order"}),
        ("privileged_advice", {"privileged"}),
        ("intelligence", {"handling_code_p", "handling_code_c", "intelligence_released", "sanitised_line"}),
        ("objection", {"yp_objection"}),
        ("objection_exploited", {"yp_objection", "exploitation_indicators"}),
        ("two_identities", {"adoption_s56"}),
        ("earlier_identity", {"adoption_s56"}),
        ("ehc_plan", set()),
        ("ehc_plan_released", {"interests_decision"}),
        ("confidence", {"confidence_heightened"}),
        ("originator", {"originator_condition"}),
        ("unknown_label", {"local_code_77"}),
    ],
)
def test_labels_of_the_cast(world: World, part: str, labels: set[str]) -> None:
    assert set().union(*(event.labels for event in world.played_by(part).events)) == labels


def test_the_odd_ones_of_the_cast(world: World) -> None:
    known, unknown = world.played_by("twin_known"), world.played_by("twin_unknown")
    assert known.birth_date == unknown.birth_date
    assert known.sex == unknown.sex
    assert known.police is not None
    assert unknown.police is None
    assert world.played_by("unknown_to_police").police is None
    no_number = world.played_by("no_nhs_number_at_council").council
    assert no_number is not None
    assert no_number.nhs_number is None
    restricted = world.played_by("restricted")
    assert restricted.health is not None
    assert restricted.health.label == "R"
    assert restricted.police is not None
    assert restricted.police.school is not None
    assert (world.today - world.played_by("objection").birth_date).days // 365 == 16
    assert len(world.played_by("large_record").events) == LARGE_RECORD_EVENTS
    assert [event.kind for event in world.played_by("unlabelled").events if not event.assessed] == ["case_document"]
    nobody = world.played_by("not_known_anywhere")
    assert (nobody.council, nobody.health, nobody.police) == (None, None, None)
    conflicting = world.played_by("conflicting_names")
    assert conflicting.council is not None
    assert conflicting.health is not None
    assert conflicting.council.family_name != conflicting.health.family_name
    assert conflicting.council.address != conflicting.health.address


@pytest.mark.parametrize(
    ("now", "due"),
    [
        pytest.param("2026-11-20", "2027-01-18", id="the demo's own day"),
        pytest.param("2026-01-01", "2027-01-18", id="a clock that is behind"),
        pytest.param("2027-01-18", "2027-01-18", id="the day itself"),
        pytest.param("2027-01-19", "2027-04-28", id="the day after"),
        pytest.param("2027-04-28", "2027-04-28", id="the second day"),
        pytest.param("2032-06-01", "2032-07-10", id="years later"),
    ],
)
def test_a_birth_is_expected_on_a_day_to_come(now: str, due: str) -> None:
    assert due_on(date(2026, 11, 20), date.fromisoformat(now)).isoformat() == due

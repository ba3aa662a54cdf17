"""Everything the council was loaded with comes back, for everybody, from SQLite and from a real PostgreSQL."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import create_engine

from hub.connectors.ssd import SsdConnector, codes
from hub.connectors.ssd.reading import UNASSESSED
from hub.demo.council_load import load
from hub.demo.world import Child, Event
from hub.domain.people import ChildSearch, Identity, PartialDate
from hub.domain.records import Value
from hub.domain.sealed import unseal
from tests.connectors.ssd_samples import COUNCIL, WORLD, by_number, everything, sqlite_council, the_one

FIELDS = tomllib.loads((Path(__file__).parents[2] / "policies" / "fields" / "council.toml").read_text(encoding="utf-8"))
TYPES: Mapping[str, type] = {"text": str, "date": date, "boolean": bool, "text_list": tuple}
CODED: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("contact", "contact_source"): codes.REFERRER,
    ("referral", "referral_source"): codes.REFERRER,
    ("referral", "primary_need"): codes.NEED,
    ("assessment", "factors"): codes.FACTORS,
    ("protection_plan", "category"): codes.ABUSE,
    ("protection_plan", "initial_category"): codes.ABUSE,
    ("looked_after_episode", "start_reason"): codes.START_REASON,
    ("looked_after_episode", "primary_need"): codes.NEED,
    ("placement", "placement_type"): codes.PLACEMENT_TYPE,
    ("placement", "provider"): codes.PLACEMENT_PROVIDER,
    ("placement", "change_reason"): codes.PLACEMENT_CHANGE,
    ("missing_from_care", "episode_type"): codes.MISSING_TYPE,
    ("disability", "disability"): codes.DISABILITY,
    ("legal_status", "status"): codes.LEGAL_STATUS,
    ("education_health_care_plan", "needs"): codes.SEN_NEED,
}
BEYOND_THE_CAST = frozenset(
    {
        "care_leaver",
        "child_in_need_visit",
        "conviction",
        "council_identifier",
        "education_health_care_request",
        "looked_after_health_check",
        "looked_after_immunisations",
        "looked_after_plan",
        "looked_after_review",
        "looked_after_visit",
        "permanence_order",
        "previous_permanence",
        "strengths_and_difficulties",
        "substance_misuse",
        "voice_of_child",
    }
)
"""Kinds that nobody of the invented world has: ``test_ssd_care.py`` reads a row of each."""
HELD = [child for child in WORLD.children.values() if child.council is not None]


@pytest_asyncio.fixture(params=["SQLite", "PostgreSQL"])
async def council(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SsdConnector]:
    if request.param == "SQLite":
        url = sqlite_council(tmp_path)
    else:
        make: Callable[[], str] = request.getfixturevalue("new_database")
        url = make()
        engine = create_engine(url)
        load(engine, WORLD)
        engine.dispose()
    connector = SsdConnector(COUNCIL, url)
    yield connector
    await connector.close()


def search_for(child: Child) -> ChildSearch:
    known = child.council
    assert known is not None
    if known.nhs_number is not None:
        return by_number(known.nhs_number)
    born = PartialDate.exactly(known.birth_date)
    return ChildSearch(Identity(given_names=(known.given_name,), family_names=(known.family_name,), birth_date=born))


def as_shown(event: Event) -> dict[str, Value]:
    """What the connector should make of an event's values: words beside each published code."""
    shown: dict[str, Value] = {}
    for name, value in event.values.items():
        code_set = CODED.get((event.kind, name))
        if code_set is not None:
            shown[name] = (
                tuple(f"{code_set[each]} ({each})" for each in value)
                if isinstance(value, tuple)
                else f"{code_set[value]} ({value})"
            )
        elif name == "outcome" and event.kind != "pre_proceedings":
            shown[name] = codes.OUTCOMES[value]
        else:
            shown[name] = value
    return shown


async def test_the_whole_world_comes_back(council: SsdConnector) -> None:
    for child in HELD:
        records = await everything(council, await the_one(council, search_for(child)))
        loaded = [e for e in child.events if e.kind in council.kinds and e.kind != "council_person"]
        got = [r for r in records if r.pointer.kind not in ("council_person", "linked_person")]
        assert len(got) == len(loaded), child.key
        left = [(r.pointer.kind, r.pointer.labels, dict(unseal(r))) for r in got]
        for event in loaded:
            left.remove((event.kind, event.labels, as_shown(event)))  # ValueError: it did not come back as it went in


async def test_values_are_of_the_catalogued_types(council: SsdConnector) -> None:
    seen = set()
    for child in HELD:
        for record in await everything(council, await the_one(council, search_for(child))):
            seen.add(record.pointer.kind)
            for name, value in unseal(record).items():
                assert type(value) is TYPES[FIELDS[record.pointer.kind]["fields"][name]["type"]]
    assert seen == council.kinds - {"immigration_status"} - BEYOND_THE_CAST


async def test_who_is_linked_and_where_they_stand(council: SsdConnector) -> None:
    records = await everything(council, await the_one(council, by_number("9990004021")))
    linked = {(unseal(r)["name"], unseal(r)["relationship"]) for r in records if r.pointer.kind == "linked_person"}
    assert linked == {
        ("Leanne Thornbury", "Mother"),
        ("Shane Garrick", "In the same family group"),
        ("Theo Garrick", "In the same family group"),
    }


async def test_the_time_of_the_copy(council: SsdConnector) -> None:
    records = await everything(council, await the_one(council, by_number("9990004021")))
    assert {record.as_of for record in records} == {datetime(2026, 11, 20, 2, tzinfo=UTC)}


async def test_a_document_nobody_assessed_is_undetermined(council: SsdConnector) -> None:
    child = WORLD.played_by("unlabelled")
    records = await everything(council, await the_one(council, search_for(child)))
    unsaid = {unseal(r)["title"]: r.pointer.undetermined for r in records if r.pointer.kind == "case_document"}
    assert unsaid == {"Letter scanned from paper file": UNASSESSED, "Case note": frozenset()}
    assert not any(r.pointer.undetermined for r in records if r.pointer.kind != "case_document")


async def test_a_large_record_comes_whole(council: SsdConnector) -> None:
    child = WORLD.played_by("large_record")
    records = await everything(council, await the_one(council, search_for(child)))
    assert sum(r.pointer.kind == "contact" for r in records) == sum(e.kind == "contact" for e in child.events) > 100


async def test_both_names_of_the_number_column(tmp_path: Path) -> None:
    connector = SsdConnector(COUNCIL, sqlite_council(tmp_path, "pers_common_child_id"))
    who = await the_one(connector, by_number("9990004021"))
    person = [unseal(r) for r in await everything(connector, who) if r.pointer.kind == "council_person"]
    assert person[0]["nhs_number"] == "9990004021"
    await connector.close()

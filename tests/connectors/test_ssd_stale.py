"""An extract that is too old: what it leaves unsaid counts for nothing, and somebody is told that it is old."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.connectors.ssd import SsdConnector
from hub.connectors.ssd.reading import UNASSESSED, WHEREABOUTS
from hub.domain.disclosure import Outcome
from hub.domain.organisations import Sector
from hub.domain.records import RecordPointer
from hub.policy.engine import Policy
from hub.policy.facts import RequestFacts
from hub.policy.load import default_policies_directory, load_bundle
from tests.connectors.ssd_samples import COUNCIL, STAR, by_number, change, found, sqlite_council, the_one

COPIED = datetime(2026, 11, 20, 2, tzinfo=UTC)


async def pointers(url: str, after: timedelta, stale_days: int | None = 31) -> tuple[RecordPointer, ...]:
    council = SsdConnector(COUNCIL, url, stale_days=stale_days, now=lambda: COPIED + after)
    try:
        return (await found(council, await the_one(council, by_number(STAR)))).pointers
    finally:
        await council.close()


@pytest.mark.parametrize(
    ("after", "stale_days", "stale"),
    [
        pytest.param(timedelta(hours=8), 31, False, id="last night"),
        pytest.param(timedelta(days=31), 31, False, id="to the second"),
        pytest.param(timedelta(days=31, seconds=1), 31, True, id="a second more"),
        pytest.param(timedelta(days=3650), None, False, id="nobody minds"),
        pytest.param(timedelta(days=-1), 31, False, id="a clock that is behind"),
    ],
)
async def test_when_it_is_too_old(tmp_path: Path, after: timedelta, stale_days: int | None, stale: bool) -> None:
    url = sqlite_council(tmp_path)
    change(url, "UPDATE hub_case_documents SET docu_person_id = (SELECT pers_person_id FROM ssd_person "
                f"WHERE pers_single_unique_id = '{STAR}')")  # fmt: skip
    by_kind: dict[str, set[frozenset[str]]] = {}
    for each in await pointers(url, after, stale_days):
        if "sensitivity_assessed" not in each.labels:
            by_kind.setdefault(each.kind, set()).add(each.undetermined | (each.labels & (UNASSESSED | WHEREABOUTS)))
    assert by_kind["council_address"] == {WHEREABOUTS if stale else frozenset()}
    assert by_kind["protection_plan"] == {frozenset()}
    if stale:
        assert by_kind["case_document"] == {UNASSESSED}, "assessed long ago is not assessed"
    else:
        assert frozenset() in by_kind["case_document"] or len(by_kind["case_document"]) > 1


async def test_what_is_stated_holds_however_old(tmp_path: Path) -> None:
    url = sqlite_council(tmp_path)
    change(url, "INSERT INTO hub_record_labels SELECT 'ssd_address', addr_table_id, 'safe_address' FROM ssd_address")
    addresses = [each for each in await pointers(url, timedelta(days=99)) if each.kind == "council_address"]
    assert addresses
    for each in addresses:
        assert each.labels == {"safe_address"}
        assert each.undetermined == WHEREABOUTS - {"safe_address"}


async def test_an_alarm_once_for_each_copy_and_without_a_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = sqlite_council(tmp_path)
    council = SsdConnector(COUNCIL, url, stale_days=31, now=lambda: COPIED + timedelta(days=40))
    with caplog.at_level(logging.WARNING):
        who = await the_one(council, by_number(STAR))
        await found(council, who)
        await found(council, who)
        change(url, "UPDATE ssd_version_log SET created_at = '2026-11-21T02:00:00'")
        await found(council, who)
    await council.close()
    said = [record.getMessage() for record in caplog.records]
    rest = "its documents and addresses are held back"
    assert said == [f"EXTRACT_STALE: the extract of testshire-council is {days} days old: {rest}" for days in (40, 39)]


async def test_what_the_policies_make_of_it(tmp_path: Path) -> None:
    policy = Policy(load_bundle(default_policies_directory(), COPIED.date()))
    facts = RequestFacts("ca1989-s47", "mash_social_worker", Sector.COUNCIL, decision_recorded=True)
    held = {each.kind: each for each in await pointers(sqlite_council(tmp_path), timedelta(days=40))}
    address = policy.decide(facts, held["council_address"])
    outcomes = {name: field.outcome for name, field in address.fields.items()}
    assert outcomes["address"] is outcomes["postcode"] is Outcome.GAP
    assert outcomes["from_date"] is Outcome.SHARED
    plan = policy.decide(facts, held["protection_plan"])
    assert {field.outcome for field in plan.fields.values()} == {Outcome.SHARED}

"""A document nobody assessed may be anything the policies in force bar: a rule that is added reaches it without code."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from hub.connectors.ssd import SsdConnector
from hub.connectors.ssd.reading import UNASSESSED
from hub.policy.load import default_policies_directory, load_bundle
from tests.connectors.ssd_samples import COUNCIL, WORLD, by_number, found, sqlite_council, the_one


def test_the_policies_bar_at_least_what_the_connector_knows_by_itself() -> None:
    bundle = load_bundle(default_policies_directory(), date(2026, 11, 20))
    assert bundle.barring_labels >= UNASSESSED
    for rule in bundle.impediments.values():
        assert set(rule.applies_when.record_has) <= bundle.barring_labels


async def test_a_new_word_that_bars_is_undetermined_too(tmp_path: Path) -> None:
    child = WORLD.played_by("unlabelled")
    connector = SsdConnector(COUNCIL, sqlite_council(tmp_path), unassessed=lambda: UNASSESSED | {"a_new_word"})
    pointers = (await found(connector, await the_one(connector, by_number(child.nhs_number)))).pointers
    await connector.close()
    assert {pointer.undetermined for pointer in pointers} == {frozenset(), UNASSESSED | {"a_new_word"}}

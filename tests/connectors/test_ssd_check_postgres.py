"""The check of an extract in the database most councils' copies are read from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import create_engine

from hub.connectors.checking import Grade, examine
from hub.connectors.ssd import SsdConnector
from hub.demo.council_load import load
from tests.connectors.ssd_samples import COUNCIL, WORLD, change

pytestmark = pytest.mark.postgres


async def test_an_extract_on_postgresql(new_database: Callable[[], str]) -> None:
    url = new_database()
    engine = create_engine(url)
    load(engine, WORLD, "pers_common_child_id")
    engine.dispose()
    change(
        url,
        "UPDATE ssd_version_log SET created_at = now() AT TIME ZONE 'UTC'",
        "DROP TABLE ssd_cp_visits",
        "ALTER TABLE ssd_person ALTER COLUMN pers_is_mother TYPE integer USING 0",
    )
    council = SsdConnector(COUNCIL, url)
    report = await examine(council, 20)
    await council.close()
    wrong = [finding.what for finding in report.findings if finding.grade is Grade.MEND]
    assert wrong == [
        "the extract lacks the table ssd_cp_visits; lost by it: plan_visit: a question for these gets no answer"
    ]
    said = [finding.what for finding in report.findings]
    assert any("NHS numbers are in ssd_person.pers_common_child_id" in what for what in said)
    assert any("number where text is published: ssd_person.pers_is_mother" in what for what in said)

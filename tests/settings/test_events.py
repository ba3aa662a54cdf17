"""A store of child-health events in the settings file: an entry of kind ``fhir`` and one word."""

from __future__ import annotations

from pathlib import Path

from hub.app import load_policies, make_connector
from hub.connectors.fhir import EventsConnector
from hub.settings import load_settings
from tests.settings.test_load import GOOD

STORE = """
[[custodians]]
id = "child-health"
name = "Testshire Child Health Information Service"
sector = "health"
kind = "fhir"
url = "https://events.example.nhs.uk/STU3"
contact = { role = "Safeguarding duty nurse", phone = "01632 960 114" }

[custodians.fhir]
events = true
without = ["allergy"]
"""


async def test_a_settings_entry_alone_connects_it(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f"{GOOD}\n{STORE}", encoding="utf-8")
    bundle = load_policies()
    made = make_connector(load_settings(path).custodians[-1], lambda: bundle)
    assert isinstance(made, EventsConnector)
    assert made.kinds == {"attendance", "immunisation", "care_team_member"}
    assert made.goes_by_number_alone
    await made.close()

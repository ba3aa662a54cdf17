"""A record locator in the settings file: an entry of kind ``fhir`` and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.app import load_policies, make_connector
from hub.connectors.fhir.locator import LocatorConnector
from hub.errors import ConfigurationError
from hub.settings import load_settings
from tests.settings.test_load import GOOD

LOCATOR = """
[[custodians]]
id = "record-locator"
name = "National Record Locator"
sector = "health"
kind = "fhir"
url = "https://locator.example.nhs.uk/FHIR/R4"
nhs_numbers_verified = true
contact = { role = "Safeguarding duty nurse", phone = "01632 960 114" }

[custodians.fhir]
record_locator = true
organisation = "Z99"
"""


def write(place: Path, text: str) -> Path:
    path = place / "settings.toml"
    path.write_text(f"{GOOD}\n{text}", encoding="utf-8")
    return path


async def test_a_settings_entry_alone_connects_it(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, LOCATOR))
    bundle = load_policies()
    made = make_connector(settings.custodians[-1], lambda: bundle)
    assert isinstance(made, LocatorConnector)
    assert made.kinds == {"health_document"}
    await made.close()


async def test_for_a_body_that_holds_no_documents_it_supplies_nothing(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, LOCATOR.replace('sector = "health"', 'sector = "housing"')))
    bundle = load_policies()
    made = make_connector(settings.custodians[-1], lambda: bundle)
    assert made.kinds == frozenset()
    await made.close()


@pytest.mark.parametrize("code", ["z99", "Z9", "Z99\\r\\nX: 1", ""])
def test_what_is_no_ods_code_is_refused(tmp_path: Path, code: str) -> None:
    with pytest.raises(ConfigurationError, match="organisation"):
        load_settings(write(tmp_path, LOCATOR.replace('"Z99"', f'"{code}"')))

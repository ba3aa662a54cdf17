"""CP-IS in the settings file: off unless somebody says where it is, and who looked before unless somebody says so too."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.app import load_policies, make_connector
from hub.connectors.fhir import FhirConnector
from hub.domain.catalogue import READ_WHEN_NAMED
from hub.errors import ConfigurationError
from hub.settings import load_settings
from tests.settings.test_load import GOOD

NHS = """
[[custodians]]
id = "testshire-nhs"
name = "Testshire NHS"
sector = "health"
kind = "fhir"
url = "https://fhir.example.nhs.uk/R4"
contact = { role = "Safeguarding duty nurse", phone = "01632 960 114" }

[custodians.fhir]
"""
WHERE = 'cpis_url = "https://cpis.example.nhs.uk/FHIR/R4"\n'


def write(place: Path, text: str) -> Path:
    path = place / "settings.toml"
    path.write_text(f"{GOOD}\n{NHS}{text}", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        pytest.param("", set(), id="neither-without-a-word"),
        pytest.param(WHERE, {"cpis_information"}, id="what-is-on-file-where-its-address-is-given"),
        pytest.param(WHERE + "cpis_accesses = false\n", {"cpis_information"}, id="not-who-looked-where-it-is-refused"),
        pytest.param(WHERE + "cpis_accesses = true\n", READ_WHEN_NAMED, id="who-looked-where-it-is-allowed"),
    ],
)
async def test_what_may_be_asked_of_it(tmp_path: Path, text: str, kinds: set[str]) -> None:
    bundle = load_policies()
    made = make_connector(load_settings(write(tmp_path, text)).custodians[-1], lambda: bundle)
    assert isinstance(made, FhirConnector)
    assert made.kinds & READ_WHEN_NAMED == kinds
    await made.close()


def test_who_looked_without_an_address_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="testshire-nhs has `cpis_accesses` and needs `cpis_url`"):
        load_settings(write(tmp_path, "cpis_accesses = true\n"))

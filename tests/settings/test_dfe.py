"""An agency of kind ``dfe`` in the settings file."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.app import load_policies, make_connector
from hub.connectors.dfe import DfeConnector
from hub.errors import ConfigurationError
from hub.settings import load_settings
from tests.settings.test_load import GOOD

SCHOOL = """
[[custodians]]
id = "testshire-academy"
name = "Testshire Academy"
sector = "education"
kind = "dfe"
url = "https://custodian.testshire-academy.example"
credential = { file = "academy.secret" }
contact = { role = "Designated safeguarding lead", phone = "01632 960140" }
"""
AGREED = '[custodians.dfe]\norganisation = "ACADEMY-1"\nclient_id = "hub"\n'


def write(place: Path, *parts: str) -> Path:
    (place / "academy.secret").write_text("s3cret\n", encoding="ascii")
    path = place / "settings.toml"
    path.write_text("\n".join((GOOD, *parts)), encoding="utf-8")
    return path


async def test_a_school_is_connected(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, SCHOOL, AGREED))
    bundle = load_policies()
    made = make_connector(settings.custodians[1], lambda: bundle)
    assert isinstance(made, DfeConnector)
    assert "safeguarding_file" in made.kinds
    assert "incident" not in made.kinds
    await made.close()


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        pytest.param((SCHOOL,), "needs \\[custodians.dfe\\]", id="what was agreed is missing"),
        pytest.param((SCHOOL.replace('"dfe"', '"fhir"'), AGREED), "no other kind has it", id="with another kind"),
        pytest.param((SCHOOL.replace("credential", "# credential"), AGREED), "its secret", id="a client without its secret"),
        pytest.param((SCHOOL, AGREED.replace("ACADEMY-1", "../x")), "organisation", id="an orgId that is a path"),
        pytest.param((SCHOOL, AGREED, "person_id = 1\n"), "person_id", id="an unknown key"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, parts: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load_settings(write(tmp_path, *parts))

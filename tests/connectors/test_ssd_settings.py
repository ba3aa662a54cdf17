"""What settings say of a council's extract reaches the connector, and a mistake in them is told by its key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, text

from hub.app import make_connector
from hub.connectors.ssd import SsdConnector
from hub.demo.council_load import load
from hub.errors import ConfigurationError
from hub.policy.bundle import Bundle
from hub.policy.load import default_policies_directory, load_bundle
from hub.settings import CustodianSettings, load_settings
from tests.connectors.ssd_samples import STAR, WORLD, by_number, everything, the_one

SETTINGS = """
environment = "development"
log = {{ database_url = "sqlite:///log.db", key_file = "log.key", origin = "hub.testshire.example/log" }}
access = {{ issuer = "http://127.0.0.1:9000", audience = "http://127.0.0.1:8000", register = "register.toml" }}
[[custodians]]
id = "testshire-council"
name = "Testshire Council"
sector = "council"
kind = "ssd"
url = "{url}"
contact = {{ role = "Desk", phone = "01632 960 121" }}
{more}
"""


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(default_policies_directory(), date(2026, 11, 20))


def entry(directory: Path, more: str, url: str = "sqlite:///council.db") -> CustodianSettings:
    file = directory / "settings.toml"
    file.write_text(SETTINGS.format(url=url, more=more), encoding="utf-8")
    return load_settings(file).custodians[0]


@pytest.mark.parametrize(
    ("more", "named"),
    [
        pytest.param('ssd = { without = ["voices"] }', "voices", id="no such kind"),
        pytest.param('ssd = { zone = "Testshire/Town" }', "ssd.zone", id="no such time zone"),
        pytest.param('ssd = { zone = "../../etc/passwd" }', "ssd.zone", id="a path for a time zone"),
        pytest.param("ssd = { stale_days = -1 }", "stale_days", id="days below nothing"),
        pytest.param("ssd = { pool_size = 0 }", "pool_size", id="no connection"),
        pytest.param('ssd = { schema = "dbo; DROP" }', "schema", id="more than a schema's name"),
        pytest.param("ssd = { sceham = 1 }", "sceham", id="no such key"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, bundle: Bundle, more: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        make_connector(entry(tmp_path, more), lambda: bundle)


async def test_what_is_left_out_and_the_zone(tmp_path: Path, bundle: Bundle) -> None:
    settings = entry(tmp_path, 'ssd = { zone = "Europe/London", without = ["voice_of_child", "care_leaver"] }')
    made = make_connector(settings, lambda: bundle)
    assert isinstance(made, SsdConnector)
    assert {"voice_of_child", "care_leaver"}.isdisjoint(made.kinds)
    assert "conviction" in made.kinds
    assert made._zone == ZoneInfo("Europe/London")
    await made.close()


@pytest.mark.postgres
async def test_a_schema_of_its_own(tmp_path: Path, bundle: Bundle, new_database: Callable[[], str]) -> None:
    url = new_database()
    engine = create_engine(url)
    load(engine, WORLD)
    with engine.begin() as connection:
        connection.execute(text("ALTER SCHEMA public RENAME TO warehouse"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    made = make_connector(entry(tmp_path, 'ssd = { schema = "warehouse", stale_days = 0 }', url), lambda: bundle)
    assert isinstance(made, SsdConnector)
    assert len(await everything(made, await the_one(made, by_number(STAR)))) > 10
    await made.close()

"""The settings and the register of a real partnership load through the real loaders, and make a whole hub."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from hub.access.register_file import load_register
from hub.app import build
from hub.domain.organisations import Sector
from hub.errors import ConfigurationError
from hub.policy.load import default_policies_directory, load_bundle
from hub.settings import Settings, load_settings, read_credential
from tests.deploy.files import DEPLOY, environment, text

TODAY = date(2026, 12, 1)
SIGNED_OFF = date(2026, 12, 1)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """``/etc/hub`` as the runbook has it made, in a temporary place."""
    (tmp_path / "secrets").mkdir()
    for agency in ("nhs", "police"):
        (tmp_path / "secrets" / f"{agency}.token").write_text(f"{agency}-token\n")
    shutil.copy(DEPLOY / "register.example.toml", tmp_path / "register.toml")
    state = text("settings.example.toml").replace("/var/lib/hub", str(tmp_path / "state"))
    (tmp_path / "settings.toml").write_text(state)
    return tmp_path


@pytest.fixture
def settings(installed: Path) -> Settings:
    return load_settings(installed / "settings.toml", environment())


def test_three_custodians_of_three_kinds_in_production(settings: Settings) -> None:
    assert settings.environment == "production"
    assert {(entry.sector, entry.kind) for entry in settings.custodians} == {
        ("council", "ssd"),
        ("health", "fhir"),
        ("police", "rest"),
    }
    assert settings.log.database_url.startswith("postgresql+psycopg://")
    assert settings.access.issuer.startswith("https://")


def test_a_whole_hub_is_built_from_it(settings: Settings, installed: Path) -> None:
    hub = build(settings)
    assert [connector.custodian.id for connector in hub.connectors] == [entry.id for entry in settings.custodians]
    assert (installed / "state" / "log.key").stat().st_mode & 0o777 == 0o600


def test_nothing_leaves_a_machine_unencrypted(settings: Settings) -> None:
    for entry in settings.custodians:
        assert entry.url.startswith("https://") or entry.url.endswith("sslmode=verify-full"), entry.id
    assert settings.log.database_url.endswith("sslmode=verify-full")


def test_every_secret_named_is_in_the_environment_example_and_no_other() -> None:
    keys = re.sub(r"(?m)#.*$", "", text("settings.example.toml"))
    named = set(re.findall(r"\$\{(\w+)\}", keys))
    assert named == set(environment())


@pytest.mark.parametrize("name", sorted(environment()))
def test_a_variable_that_is_not_set_is_named(installed: Path, name: str) -> None:
    rest = {other: value for other, value in environment().items() if other != name}
    with pytest.raises(ConfigurationError, match=name):
        load_settings(installed / "settings.toml", rest)


def test_no_secret_is_written_in_a_file_that_is_copied() -> None:
    for name in ("settings.example.toml", "register.example.toml", "compose.yaml", "hub.service", "nginx.conf"):
        assert not re.search(r"(?i)(password|token|secret)\s*[=:]\s*[\"']?(?!\$|\{)\w{4,}", text(name)), name


def test_tokens_are_read_from_files_beside_the_settings(settings: Settings) -> None:
    tokens = {entry.id: read_credential(entry.credential) for entry in settings.custodians}
    assert tokens == {"testshire-council": None, "testshire-nhs": "nhs-token", "testshire-police": "police-token"}


def test_the_register_grants_only_purposes_the_policies_know_and_is_of_the_settings_issuer(settings: Settings) -> None:
    bundle = load_bundle(default_policies_directory(), TODAY)
    register = load_register(
        Path(settings.access.register),
        known_purposes={purpose.id for purpose in bundle.purposes.values()},
        issuer=settings.access.issuer,
    )
    organisations = {client.organisation for client in register.clients.values()}
    assert organisations == {entry.id for entry in settings.custodians}


def test_every_post_a_policy_sends_people_to_is_answered_by_somebody(settings: Settings) -> None:
    posts = {post for entry in settings.custodians for post in entry.contacts}
    named = {
        found[1]
        for path in sorted((default_policies_directory() / "impediments").glob("*.toml"))
        if (found := re.search(r'^post = "(\w+)"', path.read_text(encoding="utf-8"), re.MULTILINE))
    }
    assert named <= posts


def test_telephone_numbers_are_from_the_range_for_drama() -> None:
    for name in ("settings.example.toml", "register.example.toml"):
        assert all(re.fullmatch(r"01632 960\d{3}", phone) for phone in re.findall(r'phone = "([^"]+)"', text(name)))


def test_the_three_agencies_of_a_safeguarding_partnership_are_there(settings: Settings) -> None:
    """Children Act 2004 s.16E: the council, the integrated care board and the chief officer of police."""
    sectors = {entry.custodian().sector for entry in settings.custodians}
    assert sectors == {Sector.COUNCIL, Sector.POLICE, Sector.HEALTH}

"""The whole hub in process: what its health says of its policies, and what makes it read them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from hub import app
from hub.app import Hub, create_app
from hub.audit.note import SignerKey
from hub.errors import ConfigurationError
from hub.settings import Settings, load_settings
from tests.service.policy_files import LPP, OFFICER, broken, copied, edit, titled, until

SETTINGS = """
environment = "development"
policies = "policies"
policy_check_seconds = 0.02
[log]
database_url = "sqlite:///{place}/log.db"
key_file = "log.key"
origin = "hub.testshire.example/log"
[access]
issuer = "http://127.0.0.1:9"
audience = "http://127.0.0.1:9"
register = "register.toml"
[[custodians]]
id = "testshire-council"
name = "Testshire Council"
sector = "council"
kind = "ssd"
url = "sqlite:///none.db"
contact = {{ role = "Desk", phone = "01632 960 121" }}
"""
REGISTER = """
[[issuers]]
id = "login"
url = "http://127.0.0.1:9"
[[organisations]]
id = "testshire-council"
name = "Testshire Council"
sector = "council"
[[clients]]
id = "mash"
issuer = "login"
organisation = "testshire-council"
[[roles]]
organisation = "testshire-council"
role = "mash_social_worker"
purposes = ["ca1989-s47"]
valid_from = 2026-01-01
valid_until = 2036-01-01
signed_off_by = "Head of service"
signed_off_on = 2026-01-01
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    copied(tmp_path)
    (tmp_path / "register.toml").write_text(REGISTER, encoding="utf-8")
    (tmp_path / "settings.toml").write_text(SETTINGS.format(place=tmp_path), encoding="utf-8")
    return tmp_path


def settings(place: Path, **changes: Any) -> Settings:
    return msgspec.structs.replace(load_settings(place / "settings.toml", {}), **changes)


@asynccontextmanager
async def up(place: Path, **changes: Any) -> AsyncIterator[tuple[Starlette, Hub]]:
    """The application, started in this very loop."""
    built: list[Hub] = []

    def keep(hub: Hub) -> list[Any]:
        built.append(hub)
        return []

    running = create_app(settings(place, **changes), keep)
    async with running.router.lifespan_context(running):
        yield running, built[0]


def wait(client: TestClient, state: str) -> dict[str, Any]:
    """What `/health/ready` says once the policies are in ``state``."""
    for _ in range(1_000):
        reply = client.get("/health/ready")
        assert reply.status_code == 200, "a hub that goes on with its last good policies is ready"
        if reply.json()["policies"]["state"] == state:
            return dict(reply.json()["policies"])
        threading.Event().wait(0.02)
    raise AssertionError(f"the policies never became {state}")


def test_health_shows_the_alarm_until_a_good_set_is_there(place: Path) -> None:
    with TestClient(create_app(settings(place))) as client:
        first = wait(client, "current")
        broken(place / "policies")
        kept = wait(client, "kept")
        assert kept == {**first, "state": "kept", "since": kept["since"], "code": "POLICY_INVALID"}
        edit(place / "policies" / LPP, "strenght = 1\n", "")
        titled(place / "policies", "Mended")
        assert wait(client, "current")["digest"] != first["digest"]


async def test_hang_up_has_them_read_at_once(place: Path) -> None:
    async with up(place, policy_check_seconds=60.0) as (_, hub):
        before = hub.policies.current
        titled(place / "policies", "Reloaded")
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: hub.policies.current is not before)


async def test_the_endpoint_and_the_connectors_use_the_newest(place: Path) -> None:
    async with up(place) as (_, hub):
        view_child = hub.endpoint._view_child
        (council,) = hub.connectors
        edit(place / "policies" / LPP, r'record_has = \["privileged"', 'record_has = ["court_permission", "privileged"')
        await hub.policies.reload()
        assert view_child.newest is not None
        assert view_child.newest() is hub.policies.current
        assert "court_permission" in council._inner._unassessed()  # type: ignore[attr-defined]


def unsigned(_: Path) -> dict[str, Any]:
    return {"policy_signers": [str(OFFICER.verifier)]}


def more_than_there_are(_: Path) -> dict[str, Any]:
    return {"policy_signers": [str(OFFICER.verifier)], "policy_signatures_required": 2}


def spoilt(place: Path) -> dict[str, Any]:
    broken(place / "policies")
    return {}


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        pytest.param(spoilt, "POLICY_INVALID", "strenght", id="a broken set"),
        pytest.param(unsigned, "POLICY_UNSIGNED", "policies.sig", id="an unsigned set"),
        pytest.param(more_than_there_are, "SETTINGS_INVALID", "names 1 keys", id="settings that cannot be met"),
    ],
)
def test_a_hub_does_not_start(place: Path, spoil: Callable[[Path], dict[str, Any]], code: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        app.build(settings(place, **spoil(place)))
    assert refused.value.code == code


def test_a_hub_does_not_take_its_own_logs_key_for_a_signers(place: Path) -> None:
    from hub.service.policy_signature import sign

    digest = app.load_policies(place / "policies").digest
    app.build(settings(place))  # makes the log's key
    key = SignerKey.parse((place / "log.key").read_text(encoding="ascii").strip())
    sign(place / "policies", digest, key, app.load_policies(place / "policies").on)
    with pytest.raises(ConfigurationError, match="log's own key"):
        app.build(settings(place, policy_signers=[str(key.verifier)]))

"""Where the development authorization server refuses to start, how its keys are kept, and what its client says."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from hub.access.devclient import client_key, fetch_client_token, fetch_worker_token
from hub.access.devserver import create_app
from hub.demo.processes import free_ports
from hub.errors import ConfigurationError, IssuerUnavailable, Unauthenticated
from tests.access.devserver_up import SECRET, Running, settings_of, up


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with up(settings_of()) as server:
        yield server


async def test_another_machine_is_refused_even_if_the_app_is_put_on_an_open_socket() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "client": ("192.0.2.7", 1), "path": "/dev/workers", "method": "GET", "headers": []}
    await create_app(settings_of())(scope, None, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 403


REFUSALS: list[Any] = [
    pytest.param({"environment": "production"}, "`environment`", id="production"),
    pytest.param({"environment": ""}, "`environment`", id="no environment"),
    pytest.param({"environment": "Development"}, "`environment`", id="nearly development"),
    pytest.param({"host": "0.0.0.0"}, "127.0.0.1", id="every interface"),
    pytest.param({"host": "::"}, "127.0.0.1", id="every interface, IPv6"),
    pytest.param({"host": "192.0.2.7"}, "127.0.0.1", id="another interface"),
    pytest.param({"host": "login.testshire.example"}, "127.0.0.1", id="a name"),
]


@pytest.mark.parametrize(("changes", "said"), REFUSALS)
def test_it_refuses_to_start(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        create_app(settings_of(**changes))
    assert refusal.value.code == "DEVSERVER_REFUSED"
    assert said in refusal.value.message


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "--environment", id="nothing said"),
        pytest.param(["--environment", "production"], "only starts with", id="production"),
        pytest.param(["--environment", "development", "--host", "0.0.0.0"], "only listens", id="every interface"),
        pytest.param(["--environment", "development", "--file", "nowhere.toml"], "cannot be read", id="no file"),
    ],
)
def test_the_command_refuses_with_a_plain_sentence(arguments: list[str], said: str) -> None:
    command = [sys.executable, "-m", "hub.access.devserver", *arguments]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert found.returncode == 2
    assert said in found.stderr
    assert "Traceback" not in found.stderr


async def test_the_command_serves() -> None:
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "hub.access.devserver", "--environment", "development", "--port", str(port)]
    process = subprocess.Popen([*command, "--audience", "https://hub.testshire.example"])
    try:
        for _ in range(200):
            try:
                token = await fetch_client_token(f"http://127.0.0.1:{port}", "testshire-mash", secret=SECRET)
                break
            except IssuerUnavailable:
                await asyncio.sleep(0.1)
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert (claims["iss"], claims["aud"]) == (f"http://127.0.0.1:{port}", "https://hub.testshire.example")
    finally:
        process.terminate()
        process.wait(10)


CLIENT_FAULTS: list[Any] = [
    pytest.param({"secret": "wrong-secret"}, Unauthenticated, "issue the token", id="a wrong secret"),
    pytest.param({"role": "mash_nurse"}, Unauthenticated, "sign the worker in", id="a wrong role"),
    pytest.param({"secret": None}, ConfigurationError, "one of them", id="neither secret nor key"),
    pytest.param({"key": ECKey.generate_key("P-256")}, ConfigurationError, "one of them", id="both"),
]


@pytest.mark.parametrize(("changes", "error", "said"), CLIENT_FAULTS)
async def test_the_client_says_what_went_wrong(
    running: Running, changes: dict[str, Any], error: type[Exception], said: str
) -> None:
    good = {"worker": "tc-0417", "role": "mash_social_worker", "secret": SECRET}
    with pytest.raises(error, match=said):
        await fetch_worker_token(running.url, "testshire-mash", **{**good, **changes})


async def test_the_client_does_not_send_secrets_in_the_clear() -> None:
    with pytest.raises(ConfigurationError, match="https"):
        await fetch_client_token("http://login.testshire.example", "testshire-mash", secret=SECRET)


def test_a_client_without_a_kept_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no key for the client"):
        client_key(tmp_path, "nhs-portal")


def test_a_kept_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    create_app(settings_of(tmp_path))
    (tmp_path / "signing-key.jwk").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        create_app(settings_of(tmp_path))


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"kty":"OKP"}', '{"kty":"EC","crv":"P-256"}'])
def test_a_kept_key_that_is_damaged_is_refused(tmp_path: Path, text: str) -> None:
    create_app(settings_of(tmp_path))
    (tmp_path / "signing-key.jwk").write_text(text)
    with pytest.raises(ConfigurationError, match="not a private JWK"):
        create_app(settings_of(tmp_path))


def test_secrets_are_not_in_the_repr() -> None:
    settings = settings_of()
    assert "development-only" not in repr(settings)
    assert "development-only" not in repr(settings.people)

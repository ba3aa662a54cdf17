"""Ports, paths, names and limits are written in several files; they must be the same in all of them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hub.access.challenge import WELL_KNOWN
from hub.access.dpop import PROOF_BYTES_MAX
from hub.access.verifier import TOKEN_BYTES_MAX
from hub.settings import Settings, load_settings
from tests.deploy.files import DEPLOY, ROOT, compose, container_stages, environment, nginx, text, unit

SETTINGS = "/etc/hub/settings.toml"
ENVIRONMENT = "/etc/hub/hub.env"
STATE = "/var/lib/hub"


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings(DEPLOY / "settings.example.toml", environment())


def test_the_proxy_speaks_to_where_the_hub_listens(settings: Settings) -> None:
    assert settings.server.host == "127.0.0.1"
    assert nginx()["server"] == [f"{settings.server.host}:{settings.server.port}"]
    assert f"EXPOSE {settings.server.port}" in container_stages()[-1]
    assert f"http://127.0.0.1:{settings.server.port}/health/live" in text("Containerfile")


def test_the_public_name_is_the_proxys(settings: Settings) -> None:
    name = urlsplit(settings.server.public_url).hostname
    assert nginx()["server_name"] == [name]
    assert settings.access.audience.startswith(f"{settings.server.public_url}/graphql")
    assert settings.log.origin.startswith(f"{name}/")


def test_the_published_port_is_the_one_the_proxy_listens_on() -> None:
    ports = {listen.split()[0].rpartition(":")[2] for listen in nginx()["listen"]}
    hub = compose()["services"]["hub"]
    assert [f"{port}:{port}" for port in ports] == hub["ports"]
    assert hub["sysctls"]["net.ipv4.ip_unprivileged_port_start"] in ports
    assert compose()["services"]["proxy"]["network_mode"] == "service:hub"


def test_limits_agree(settings: Settings) -> None:
    kilobytes = f"{settings.server.body_bytes_max // 1024}k"
    assert nginx()["client_max_body_size"] == nginx()["client_body_buffer_size"] == [kilobytes]
    [buffers] = nginx()["large_client_header_buffers"]
    assert (
        int(buffers.split()[1].removesuffix("k")) * 1024
        > TOKEN_BYTES_MAX + len("Authorization: Bearer \r\n")
        > PROOF_BYTES_MAX
    )


def test_the_proxy_waits_longer_than_the_hub_can_take(settings: Settings) -> None:
    custodians = max(entry.deadline_seconds for entry in settings.custodians)
    longest = 2 * settings.log.write_timeout_seconds + custodians * 2 + settings.match_grace_seconds
    [waits] = nginx()["proxy_read_timeout"]
    assert int(waits.removesuffix("s")) > longest


def test_an_idle_connection_is_dropped_by_the_proxy_before_the_hub_drops_it() -> None:
    [hubs] = re.findall(r"timeout_keep_alive=(\d+)", (ROOT / "hub" / "cli" / "serve.py").read_text(encoding="utf-8"))
    proxys = nginx()["keepalive_timeout"][0]
    assert int(proxys.removesuffix("s")) < int(hubs)


def test_the_same_command_with_the_same_files_everywhere() -> None:
    assert unit()["ExecStart"] == [f"/opt/hub/bin/hub serve --settings {SETTINGS}"]
    assert 'ENTRYPOINT ["/opt/hub/bin/hub"]' in container_stages()[-1]
    assert f'CMD ["serve", "--settings", "{SETTINGS}"]' in container_stages()[-1]
    assert unit()["EnvironmentFile"] == [ENVIRONMENT]
    hub = compose()["services"]["hub"]
    assert hub["env_file"] == ENVIRONMENT
    assert "/etc/hub:/etc/hub:ro" in hub["volumes"]


def test_the_signing_key_lies_in_the_one_directory_that_can_be_written(settings: Settings) -> None:
    assert str(Path(settings.log.key_file).parent) == STATE
    assert unit()["StateDirectory"] == [Path(STATE).name]
    assert f"hub-state:{STATE}" in compose()["services"]["hub"]["volumes"]
    assert f'VOLUME ["{STATE}"]' in container_stages()[-1]


def test_the_log_database_of_the_compose_file_is_the_one_the_hub_asks(settings: Settings) -> None:
    services = compose()["services"]
    assert services["hub"]["environment"]["HUB_LOG_HOST"] in services
    url = urlsplit(settings.log.database_url)
    log = services["log-db"]["environment"]
    assert (url.username, url.path) == (log["POSTGRES_USER"], f"/{log['POSTGRES_DB']}")
    assert log["POSTGRES_PASSWORD"].startswith("${HUB_LOG_PASSWORD:?")
    assert set(services["hub"]["environment"]) <= set(environment())


def test_certificates_are_where_the_proxy_looks() -> None:
    for directive in ("ssl_certificate", "ssl_certificate_key"):
        assert nginx()[directive][0].startswith("/etc/hub/tls/")
    assert "/etc/hub/tls:/etc/hub/tls:ro" in compose()["services"]["proxy"]["volumes"]


def test_the_proxy_passes_on_exactly_the_pages_the_hub_has_for_others() -> None:
    served = set(re.findall(r'Route\("(/[^"]+)"', (ROOT / "hub" / "app.py").read_text(encoding="utf-8")))
    only_where_wanted = {"/subgraph"}  # settings and proxy have it commented out
    public = {route for route in served - only_where_wanted if not route.startswith("/health/")}
    assert public == {"/graphql", "/log/entries/{number:int}/proof", "/log/checkpoint"}
    assert set(nginx()["location"]) == {
        "= /graphql",
        "~ ^/log/entries/[0-9]+/proof$",
        "= /log/checkpoint",
        f"^~ {WELL_KNOWN}",
        "/",
    }


@pytest.mark.parametrize("name", ["settings.example.toml", "hub.env.example", "register.example.toml", "hub.service"])
def test_the_runbook_says_where_each_file_goes(name: str) -> None:
    assert f"deploy/{name}" in (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")

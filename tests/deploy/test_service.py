"""The systemd unit, and the proxy's configuration: by their own checkers where the machine has them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.files import nginx, text, unit

EXPOSURE_MAX = 2.0
"""`systemd-analyze security`: 0 is sealed off, 10 is root without limits, and "OK" begins at 4.9."""

HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "MemoryDenyWriteExecute": "yes",
    "CapabilityBoundingSet": "",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "StateDirectoryMode": "0700",
    "UMask": "0077",
    "LimitCORE": "0",
}


@pytest.mark.parametrize(("key", "value"), HARDENED.items(), ids=HARDENED.keys())
def test_the_service_is_shut_in(key: str, value: str) -> None:
    assert unit()[key] == [value]


def test_the_service_is_nobody_in_particular() -> None:
    assert unit()["User"] == unit()["Group"] == ["hub"]


def test_every_key_stands_in_a_section() -> None:
    sections = re.findall(r"^\[(\w+)\]$", text("hub.service"), re.MULTILINE)
    assert sections == ["Unit", "Service", "Install"]
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", key) for key in unit())


@pytest.fixture
def runnable_unit(tmp_path: Path) -> Path:
    """The unit with a program that exists here in place of the hub's."""
    file = tmp_path / "hub.service"
    file.write_text(text("hub.service").replace("/opt/hub/bin/hub", sys.executable))
    return file


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze on this machine")
    return subprocess.run([program, *arguments], capture_output=True, text=True)


def test_systemd_understands_every_line(runnable_unit: Path) -> None:
    checked = _analyze("verify", str(runnable_unit))
    assert not [line for line in checked.stderr.splitlines() if "hub.service" in line]


def test_systemd_finds_little_exposed(runnable_unit: Path) -> None:
    checked = _analyze("security", "--offline=yes", str(runnable_unit))
    found = re.search(r"exposure level for \S+: ([\d.]+)", checked.stdout)
    if found is None:
        pytest.skip("this systemd-analyze cannot look at a file")
    assert float(found[1]) <= EXPOSURE_MAX


PROXY = {
    # directive: its values, and in the comment what would happen otherwise
    "server_tokens": ["off"],
    "gzip": ["off"],  # a secret beside the caller's own words could be guessed by its length
    "ssl_protocols": ["TLSv1.2 TLSv1.3"],  # of the default server, too: nginx takes a port's from there
    "ssl_session_tickets": ["off"],
    "ssl_verify_client": ["off"],
    "ssl_reject_handshake": ["on"],
    "proxy_max_temp_file_size": ["0"],  # an answer would be written to disk
    "proxy_cache": ["off"],
    "proxy_next_upstream": ["off"],  # a question would be asked twice
    "proxy_request_buffering": ["on"],
    "error_log": ["/var/log/nginx/error.log crit"],  # at `error` it quotes request lines
    "access_log": ["/var/log/nginx/access.log hub"],
    "client_header_timeout": ["5s"],
    "client_body_timeout": ["5s"],
}


@pytest.mark.parametrize(("directive", "values"), PROXY.items(), ids=PROXY.keys())
def test_the_proxy(directive: str, values: list[str]) -> None:
    assert nginx()[directive] == values


def test_the_proxys_log_names_nobody_and_no_page() -> None:
    [format_] = re.findall(r"log_format hub '([^']+)';", text("nginx.conf"))
    assert set(re.findall(r"\$(\w+)", format_)) == {
        *("time_iso8601", "request_method", "status", "request_time", "upstream_response_time"),
        *("request_length", "bytes_sent", "ssl_protocol"),
    }


@pytest.mark.parametrize(
    "header", ["Client-Cert", "X-Client-Cert", "X-SSL-Client-Cert", "X-Forwarded-Client-Cert", "Forwarded"]
)
def test_nobody_can_claim_a_certificate_or_an_address_by_a_header(header: str) -> None:
    assert f'{header} ""' in nginx()["proxy_set_header"]


def test_no_port_answers_without_tls() -> None:
    assert all(" ssl" in listen for listen in nginx()["listen"])


def test_nginx_understands_every_line(tmp_path: Path) -> None:
    program = shutil.which("nginx")
    openssl = shutil.which("openssl")
    if program is None or openssl is None:
        pytest.skip("no nginx on this machine")
    certificate = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=hub.testshire.example",
    ]
    subprocess.run(
        [*certificate, "-keyout", tmp_path / "hub.key", "-out", tmp_path / "hub.crt"], check=True, capture_output=True
    )
    site = text("nginx.conf").replace("/etc/hub/tls", str(tmp_path)).replace("/var/log/nginx", str(tmp_path))
    (tmp_path / "site.conf").write_text(site)
    places = "".join(
        f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = tmp_path / "nginx.conf"
    main.write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        f"http {{ access_log off; {places} include {tmp_path}/site.conf; }}\n"
    )
    checked = subprocess.run([program, "-t", "-c", main, "-e", tmp_path / "start.log"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr

"""The signer's systemd unit: shut in further than the hub's, and started with options the program knows."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from hub.cli.main import parser
from tests.deploy.files import text

EXPOSURE_MAX = 1.5


def unit() -> dict[str, list[str]]:
    keys: dict[str, list[str]] = defaultdict(list)
    for line in text("signer.service").splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            keys[key].append(value)
    return dict(keys)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("User", "hub-signer"), ("Group", "hub-signer"), ("PrivateNetwork", "yes"), ("RestrictAddressFamilies", "AF_UNIX"),
        ("StateDirectoryMode", "0700"), ("RuntimeDirectoryMode", "0750"), ("UMask", "0077"), ("LimitCORE", "0"),
        ("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"), ("CapabilityBoundingSet", ""),
    ],
)  # fmt: skip
def test_it_is_shut_in(key: str, value: str) -> None:
    assert unit()[key] == [value]


def test_the_program_knows_its_options() -> None:
    _, *arguments = unit()["ExecStart"][0].split()
    options = parser(arguments).parse_args(arguments)
    assert options.socket == Path("/run/hub-signer/socket")
    begun = re.search(r"bin/hub (signer begin .*)$", text("signer.service"), re.MULTILINE)
    assert begun is not None
    assert parser(begun[1].split()).parse_args(begun[1].split()).key == options.key


@pytest.mark.parametrize("what", [["verify"], ["security", "--offline=yes"]], ids=" ".join)
def test_systemd_is_content(tmp_path: Path, what: list[str]) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze on this machine")
    file = tmp_path / "signer.service"
    file.write_text(text("signer.service").replace("/opt/hub/bin/hub", sys.executable))
    checked = subprocess.run([program, *what, str(file)], capture_output=True, text=True)
    if what == ["verify"]:
        assert not [line for line in checked.stderr.splitlines() if "signer.service" in line]
        return
    found = re.search(r"exposure level for \S+: ([\d.]+)", checked.stdout)
    if found is None:
        pytest.skip("this systemd-analyze cannot look at a file")
    assert float(found[1]) <= EXPOSURE_MAX

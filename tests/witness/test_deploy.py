"""The unit and the page that operators copy from: what they say to type is what the command takes."""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli.main import parser
from tests.deploy.files import ROOT, text

PAGE = (ROOT / "docs" / "witness.md").read_text(encoding="utf-8")
UNIT = text("witness.service")


def started() -> argparse.Namespace:
    command = re.search(r"^ExecStart=(.*?[^\\])$", UNIT, re.MULTILINE | re.DOTALL)
    assert command is not None
    words = shlex.split(command[1].replace("\\\n", " "))
    assert words[0] == "/opt/hub/bin/hub"
    return parser(words[1:]).parse_args(words[1:])


def test_the_unit_starts_a_witness_whose_files_are_in_the_one_place_it_may_write() -> None:
    options = started()
    assert "StateDirectory=hub-witness" in UNIT
    assert {options.key.parent, options.state.parent} == {Path("/var/lib/hub-witness")}
    assert "hub-witness" in PAGE
    assert options.log == ["/etc/hub-witness/log.pub"]


def test_the_commands_of_the_page_are_commands() -> None:
    joined = PAGE.replace("\\\n", " ")
    commands = re.findall(r"/opt/hub/bin/hub (witness .*)$", joined, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        words = shlex.split(command)
        assert parser(words).parse_args(words).run is not None
    container = re.search(r"command: \[(.*?)\]", PAGE, re.DOTALL)
    assert container is not None
    words = [word.strip() for word in container[1].replace("\n", " ").split(",")]
    assert parser(words).parse_args(words).host == "0.0.0.0"


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze on this machine")
    file = tmp_path / "witness.service"
    file.write_text(UNIT.replace("/opt/hub/bin/hub", sys.executable))
    checked = subprocess.run([program, "verify", str(file)], capture_output=True, text=True)
    assert not [line for line in checked.stderr.splitlines() if "witness.service" in line]


def test_the_page_gives_the_limits_the_code_has() -> None:
    from hub.witness.protocol import BODY_MAX
    from hub.witness.server import BODY_SECONDS
    from hub.witness.state import EVIDENCE_MAX

    assert f"over {BODY_MAX:,} bytes, or slower than {BODY_SECONDS:.0f} s" in PAGE
    assert f"the first {EVIDENCE_MAX} of a log" in PAGE

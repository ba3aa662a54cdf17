"""What the demo tells a user to try next works when it is copied and pasted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

NEXT = {
    "check the signed log": "The log checks out",
    "why is this withheld?": "withheld",
}


@pytest.mark.slow
def test_what_is_printed_can_be_pasted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hub", "demo", "--once", "--directory", str(tmp_path / "a long name, with spaces")]
    narrow = {**os.environ, "COLUMNS": "40"}
    ended = subprocess.run(command, capture_output=True, text=True, env=narrow, timeout=120)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stderr.splitlines()
    for what, outcome in NEXT.items():
        line = next(line for line in lines if line.strip().startswith(what)).partition(what)[2]
        pasted = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60)
        assert pasted.returncode == 0, pasted.stderr
        assert outcome in pasted.stdout.partition("For the reviewer")[0] + pasted.stderr
    ask = next(line for line in lines if line.strip().startswith("ask about another child"))
    assert ask.endswith("--directory '" + str(tmp_path / "a long name, with spaces") + "'")

"""What the demo tells a user to type."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.cli.invoked import command_word

HERE = Path("/opt/testshire/hub")

WAYS = {
    "on PATH": ("/usr/local/bin/hub", "/usr/local/bin/hub", "hub"),
    "in an activated environment": (f"{HERE}/.venv/bin/hub", f"{HERE}/.venv/bin/hub", "hub"),
    "by its path from here": (".venv/bin/hub", None, ".venv/bin/hub"),
    "by its whole path, here": (f"{HERE}/.venv/bin/hub", None, ".venv/bin/hub"),
    "by its whole path, elsewhere": ("/opt/safeguarding/bin/hub", None, "/opt/safeguarding/bin/hub"),
    "while another is on PATH": (".venv/bin/hub", "/usr/local/bin/hub", ".venv/bin/hub"),
    "from a path with a space": ("/opt/our hub/bin/hub", None, "'/opt/our hub/bin/hub'"),
    "as a module": (f"{HERE}/hub/__main__.py", None, ".venv/bin/python -m hub"),
    "as a module while another is on PATH": (
        f"{HERE}/hub/__main__.py",
        "/usr/local/bin/hub",
        ".venv/bin/python -m hub",
    ),
}


@pytest.mark.parametrize(("started_as", "on_path", "typed"), WAYS.values(), ids=WAYS.keys())
def test_what_to_type(started_as: str, on_path: str | None, typed: str) -> None:
    assert command_word(started_as, python=f"{HERE}/.venv/bin/python", here=HERE, which=lambda _: on_path) == typed

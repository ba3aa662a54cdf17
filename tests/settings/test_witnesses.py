"""The settings of witnesses: what is left out, what is wrong, and that the example's commented table is a good one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.errors import ConfigurationError
from hub.settings import WitnessSettings, load_settings
from tests.deploy.files import environment, text


def example(place: Path, witnesses: str | None = None) -> Path:
    """The example's settings with its commented table of witnesses, or another."""
    lines = text("settings.example.toml")
    found = re.search(r"(?m)^# \[log\.witnesses\]\n(?:# .*\n)+", lines)
    assert found, "the example shows the table"
    table = re.sub(r"(?m)^# ", "", found[0]) if witnesses is None else f"[log.witnesses]\n{witnesses}\n"
    path = place / "settings.toml"
    path.write_text(lines.replace(found[0], table), encoding="utf-8")
    return path


def read(path: Path) -> WitnessSettings | None:
    return load_settings(path, environment()).log.witnesses


def test_without_the_table_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(text("settings.example.toml"), encoding="utf-8")
    assert read(tmp_path / "settings.toml") is None


def test_the_example_says_the_defaults(tmp_path: Path) -> None:
    policy = str(tmp_path / "witnesses.policy")
    assert read(example(tmp_path)) == WitnessSettings(policy) == WitnessSettings(policy, 60.0, 15.0, 4.0)


@pytest.mark.parametrize(
    ("witnesses", "said"),
    [
        pytest.param("", "policy", id="no policy file"),
        pytest.param('policy = "p"\nevery = 5', "every", id="a key that is none"),
        pytest.param('policy = "p"\nevery_seconds = 0', "every_seconds", id="never"),
        pytest.param('policy = "p"\nstop_hours = 1000', "stop_hours", id="stops after six weeks"),
        pytest.param('policy = "p"\nalarm_minutes = 300', "before `stop_hours`", id="alarm after the stop"),
        pytest.param('policy = "p"\nalarm_minutes = 240', "before `stop_hours`", id="alarm with the stop"),
        pytest.param('policy = "p"\nalarm_minutes = 0.5', "`every_seconds` comes before", id="alarm before a round"),
    ],
)
def test_what_makes_no_sense_is_refused_and_named(tmp_path: Path, witnesses: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        read(example(tmp_path, witnesses))

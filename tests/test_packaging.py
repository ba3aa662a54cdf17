"""The wheel carries what the hub needs to run somewhere else: policies, mapping files, pages, and nothing that it should not."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.test_house_style import tracked

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return next(directory.glob("*.whl"))


def test_every_file_of_the_package_and_every_policy_is_inside(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    package = {name for name in tracked() if name.startswith("hub/")}
    policies = {f"hub/_{name}" for name in tracked() if name.startswith("policies/")}
    assert sorted((package | policies) - inside) == []


def test_nothing_else_is_inside(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"hub", next(top for top in tops if top.endswith(".dist-info"))}


def test_unpacked_elsewhere_it_finds_its_own_policies(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    program = (
        "from datetime import date\n"
        "from hub.policy.load import default_policies_directory, load_bundle\n"
        "place = default_policies_directory()\n"
        "print(place)\n"
        "print(len(load_bundle(place, date(2026, 11, 20)).purposes))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    place, purposes = done.stdout.split()
    assert Path(place) == tmp_path / "hub" / "_policies"
    assert int(purposes) >= 3


def test_the_locks_are_of_what_the_project_asks_for() -> None:
    """A requirement added to pyproject.toml without `make lock` would not be there on a fresh clone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["demo"]]
    names = {requirement.split(";")[0].split("[")[0].split(">")[0].strip().lower() for requirement in asked}
    locked = {
        line.split("==")[0]
        for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    assert sorted(names - locked) == []

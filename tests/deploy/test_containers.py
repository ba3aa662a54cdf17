"""The container files: nobody is root, nothing is writable that need not be, and what is built is what was locked."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY, ROOT, compose, container_stages, text

SERVICES = ["hub", "log-db", "proxy"]


def test_the_containers_are_these() -> None:
    assert sorted(compose()["services"]) == SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_no_container_is_root_or_can_become_it(service: str) -> None:
    settings = compose()["services"][service]
    uid, gid = settings["user"].split(":")
    assert int(uid) > 0
    assert int(gid) > 0
    assert settings["cap_drop"] == ["ALL"]
    assert "cap_add" not in settings
    assert settings["security_opt"] == ["no-new-privileges:true"]
    assert not settings.get("privileged")


@pytest.mark.parametrize("service", SERVICES)
def test_every_root_filesystem_is_read_only(service: str) -> None:
    settings = compose()["services"][service]
    assert settings["read_only"] is True
    binds = [volume for volume in settings["volumes"] if volume.startswith(("/", "."))]
    assert all(volume.endswith(":ro") for volume in binds)


def test_the_log_database_can_be_reached_by_the_hub_alone() -> None:
    networks = compose()["networks"]
    assert networks["log"]["internal"] is True
    on_it = [name for name, service in compose()["services"].items() if "log" in service.get("networks", [])]
    assert sorted(on_it) == ["hub", "log-db"]
    assert "ports" not in compose()["services"]["log-db"]


def test_nothing_weakens_the_log_databases_durability_or_writes_our_values_to_its_own_log() -> None:
    command = compose()["services"]["log-db"]["command"]
    for wanted in ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "log_statement=none"):
        assert f"-c {wanted}" in command
    assert "log_min_error_statement=panic" in command
    assert "log_parameter_max_length_on_error=0" in command


def test_the_image_runs_as_the_user_the_compose_file_names() -> None:
    last = container_stages()[-1]
    [user] = [line.removeprefix("USER ") for line in last if line.startswith("USER ")]
    assert user == compose()["services"]["hub"]["user"]
    after = last[last.index(f"USER {user}") :]
    assert not any(line.startswith(("RUN ", "COPY ", "ADD ")) for line in after)


def test_every_package_is_installed_by_its_hash() -> None:
    installs = [line for stage in container_stages() for line in stage if "pip install" in line]
    assert len(installs) == 2
    assert "--require-hashes -r requirements.txt" in installs[0]
    assert "--no-deps --no-build-isolation" in installs[1]


@pytest.mark.parametrize("name", [path.name for path in sorted(DEPLOY.iterdir())])
def test_no_registry_host_is_pinned(name: str) -> None:
    """Images and packages come from wherever the machine is configured to get them."""
    assert not re.search(
        r"(?i)\b(docker\.io|quay\.io|ghcr\.io|gcr\.io|registry\.|mirror\.|--index-url|pypi)\b", text(name)
    )
    images = re.findall(r"^\s*(?:image:|FROM|ARG PYTHON_IMAGE=)\s*([\w./${}:-]+)", text(name), re.MULTILINE)
    assert not any("." in image.split("/")[0] for image in images if "/" in image)


def test_the_wheel_builds_from_what_is_copied_and_nothing_else(tmp_path: Path) -> None:
    """The build stage has only these files; a wheel without its policies would start and share nothing."""
    pytest.importorskip("hatchling")
    for line in container_stages()[0]:
        if line.startswith("COPY "):
            *sources, target = line.split()[1:]
            for source in sources:
                assert (ROOT / source).exists(), f"Containerfile copies {source}, which is not there"
                _copy(ROOT / source, tmp_path / target / (Path(source).name if target == "./" else ""))
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    [wheel] = (tmp_path / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in ("hub/__main__.py", "hub/_policies/vocabulary.toml", "hub/connectors/mappings/pole-demo.toml"):
        assert wanted in names


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)

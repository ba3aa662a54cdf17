"""Programs from npm that tests run beside the hub: nobody here wrote them, and their lock file says which bytes."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NODE, NPM = shutil.which("node"), shutil.which("npm")
INSTALL_SECONDS = 300
_KEPT = Path(__file__).parents[1] / "var"


def installed(directory: Path, what: str) -> Path:
    """Where the packages of ``directory``'s lock file are installed: once for each lock file, kept between runs.

    Args:
        directory: holds ``package.json`` and ``package-lock.json``, which names no registry
            (``npm install --omit-lockfile-registry-resolved``).
        what: the program in words, for the reason a test is skipped when npm cannot install it.
    """
    if NODE is None or NPM is None:
        pytest.skip(f"node and npm are not installed, so {what} cannot run")
    lock = directory / "package-lock.json"
    named = directory.name.replace("_", "-")
    kept = _KEPT / f"{named}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    with _alone(kept.with_suffix(".lock")):
        if not (kept / "installed").exists():
            _install(directory, kept, what)
    return kept


def _install(directory: Path, kept: Path, what: str) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(directory / name, kept)
    done = subprocess.run(
        [NPM or "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional"],
        cwd=kept, capture_output=True, text=True, timeout=INSTALL_SECONDS,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"npm could not install {what}: {_reason(done.stderr)}")
    (kept / "installed").touch()


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait for every other process of the tests that is in here: they run side by side."""
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _reason(said: str) -> str:
    """npm's code for what went wrong: its text has addresses."""
    found = re.search(r"npm (?:error|ERR!) code (\w+)", said)
    return found[1] if found else "no reason given"

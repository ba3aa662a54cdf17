"""A FHIR server that nobody here wrote, installed by npm once and started with chosen resources."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

HERE = Path(__file__).parent / "fhir_server"
NODE, NPM = shutil.which("node"), shutil.which("npm")
INSTALL_SECONDS = 300


def modules() -> Path:
    """Where the server's packages are installed: a directory for each lock file, kept between runs."""
    if NODE is None or NPM is None:
        pytest.skip("node and npm are not installed, so the third-party FHIR server cannot run")
    lock = HERE / "package-lock.json"
    kept = Path(__file__).parents[2] / "var" / f"fhir-server-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    if not (kept / "installed").exists():
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        for name in ("package.json", lock.name):
            shutil.copy(HERE / name, kept)
        done = subprocess.run(
            [NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional"],
            cwd=kept, capture_output=True, text=True, timeout=INSTALL_SECONDS,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"npm could not install the third-party FHIR server: {_reason(done.stderr)}")
        (kept / "installed").touch()
    return kept


def _reason(said: str) -> str:
    """npm's code for what went wrong: its text has addresses."""
    found = re.search(r"npm (?:error|ERR!) code (\w+)", said)
    return found[1] if found else "no reason given"


@contextmanager
def third_party(resources: list[dict[str, Any]], *options: str) -> Iterator[str]:
    """The server over ``resources``; its URL. ``options``: see ``fhir_server/server.mjs``."""
    place = modules()
    assert NODE is not None
    server = subprocess.Popen(
        [NODE, str(HERE / "server.mjs"), "--modules", str(place), *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(orjson.dumps(resources))
        server.stdin.close()
        line = server.stdout.readline().decode()
        if not line.startswith("ready "):
            assert server.stderr is not None
            raise AssertionError(f"the third-party FHIR server did not start: {server.stderr.read().decode()[-2000:]}")
        yield line.split()[1]
    finally:
        server.kill()
        server.wait(10)

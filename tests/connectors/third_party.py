"""A FHIR server that nobody here wrote, installed by npm once and started with chosen resources."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from tests.npm import NODE, installed

HERE = Path(__file__).parent / "fhir_server"


@contextmanager
def third_party(resources: list[dict[str, Any]], *options: str) -> Iterator[str]:
    """The server over ``resources``; its URL. ``options``: see ``fhir_server/server.mjs``."""
    place = installed(HERE, "the third-party FHIR server")
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

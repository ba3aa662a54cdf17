"""Composers and gateways from npm, run beside the hub."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from tests.npm import NODE, installed

HERE = Path(__file__).parent / "federated_graph"
COMPOSE_SECONDS = 120


@cache
def _modules() -> str:
    return str(installed(HERE, "the composers and gateways"))


def cases_sdl() -> str:
    """The schema of a council's case list."""
    return (HERE / "cases.graphql").read_text(encoding="utf-8")


def composed(subgraphs: Mapping[str, str]) -> dict[str, Any]:
    """What each composer says of ``subgraphs``, and whether Apollo's library can build the first of them."""
    modules = _modules()
    assert NODE is not None
    done = subprocess.run(
        [NODE, str(HERE / "compose.mjs"), "--modules", modules],
        input=orjson.dumps({"subgraphs": dict(subgraphs)}), capture_output=True, timeout=COMPOSE_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@contextmanager
def gateway(which: str, hub: Mapping[str, str], cases: Mapping[str, Any]) -> Iterator[str]:
    """The gateway ``hive`` or ``apollo`` over the hub (sdl, url) and a case list (rows, allocated); its address."""
    modules = _modules()
    assert NODE is not None
    server = subprocess.Popen(
        [NODE, str(HERE / "gateway.mjs"), "--modules", modules, "--gateway", which],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(orjson.dumps({"hub": dict(hub), "cases": {"sdl": cases_sdl(), **cases}}))
        server.stdin.close()
        line = server.stdout.readline().decode()
        if not line.startswith("ready "):
            assert server.stderr is not None
            raise AssertionError(f"the gateway did not start: {server.stderr.read().decode()[-2000:]}")
        yield line.split()[1]
    finally:
        server.kill()
        server.wait(10)

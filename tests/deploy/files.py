"""Reads the deployment examples the way their programs do, as far as the tests need."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"


@cache
def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


@cache
def environment() -> dict[str, str]:
    """``hub.env.example``, by the rules both systemd and compose accept: NAME=value, no quotes, whole-line comments."""
    lines = [line for line in text("hub.env.example").splitlines() if line and not line.startswith("#")]
    found = [re.fullmatch(r"([A-Z][A-Z0-9_]*)=([^\s\"'#$]+)", line) for line in lines]
    assert all(found), "hub.env.example: a line that systemd and compose would read differently"
    return {one[1]: one[2] for one in found if one}


@cache
def unit() -> dict[str, list[str]]:
    """Every key of ``hub.service``, with all its values."""
    keys: dict[str, list[str]] = defaultdict(list)
    for line in text("hub.service").splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            keys[key].append(value)
    return dict(keys)


@cache
def compose() -> dict[str, Any]:
    """``compose.yaml``."""
    loaded: dict[str, Any] = yaml.safe_load(text("compose.yaml"))
    return loaded


@cache
def container_stages() -> tuple[tuple[str, ...], ...]:
    """The instructions of each stage of ``Containerfile``, continued lines joined, comments left out."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text("Containerfile"), flags=re.MULTILINE))
    instructions = [line for line in joined.splitlines() if line.strip()]
    starts = [place for place, line in enumerate(instructions) if line.startswith("FROM ")]
    ends = [*starts[1:], len(instructions)]
    return tuple(tuple(instructions[start:end]) for start, end in zip(starts, ends, strict=True))


@cache
def nginx() -> dict[str, list[str]]:
    """Every directive of ``nginx.conf``, whatever its block, with all its values."""
    directives: dict[str, list[str]] = defaultdict(list)
    for line in re.sub(r"(^|\s)#.*", "", text("nginx.conf")).splitlines():
        found = re.fullmatch(r"\s*(?:location [^{]+\{ )?([a-z_]+)\s+([^{]+?);?\s*(?:\{.*)?", line)
        if found:
            directives[found[1]].append(" ".join(found[2].split()))
    return dict(directives)

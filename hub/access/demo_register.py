"""The demo's register, made out for the address where this run's development server listens."""

from __future__ import annotations

from pathlib import Path

DEMO_ISSUER = "http://127.0.0.1:9400"
"""The issuer that ``hub/demo/data/register.toml`` names."""

_DATA = Path(__file__).parent.parent / "demo" / "data"


def write_demo_register(directory: Path, issuer_url: str) -> Path:
    """Write ``register.toml`` into ``directory`` with ``issuer_url`` for the demo's issuer; returns its path."""
    text = (_DATA / "register.toml").read_text(encoding="utf-8")
    written = directory / "register.toml"
    written.write_text(text.replace(f'url = "{DEMO_ISSUER}"', f'url = "{issuer_url}"'), encoding="utf-8")
    return written

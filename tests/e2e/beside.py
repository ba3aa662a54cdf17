"""One more hub beside a running demo: the same agencies and logins, its own log, other settings of its endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.audit.encoding import decode
from hub.audit.entries import Entry
from hub.demo.processes import Part, Parts, free_ports
from tests.e2e.conftest import Town
from tests.store.tampering import read_all


@dataclass(frozen=True)
class Beside:
    """A running hub. ``token`` is for it as for the town's own: they have one audience."""

    town: Town
    url: str
    part: Part
    database: Path
    said: Path

    def entries(self) -> list[Entry]:
        return [
            decode(row[0])
            for row in read_all(f"sqlite:///{self.database}", 'SELECT body FROM log_entry ORDER BY "index"')
        ]


def settings_beside(
    town: Town, directory: Path, server: str, *, environment: str = "development", test_data: bool = True
) -> Path:
    """The settings of a hub whose ``[server]`` table has ``server`` besides host, port and address."""
    name = directory.name
    place = town.running.settings.parent
    text = town.running.settings.read_text(encoding="utf-8")
    text = text.replace('environment = "development"', f'environment = "{environment}"')
    text = re.sub(r"(?m)^port = \d+$", f"port = {free_ports(1)[0]}\n{server}", text)
    text = re.sub(r"(?m)^database_url = .*$", f'database_url = "sqlite:///{directory / "log.db"}"', text)
    text = text.replace('key_file = "log.key"', f'key_file = "{directory / "log.key"}"')
    text = text.replace('origin = "', f'origin = "{name}.')
    if test_data:
        text = text.replace("[[custodians]]\n", "[[custodians]]\ntest_data = true\n")
    path = place / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def beside(town: Town, directory: Path, server: str = "", *, environment: str = "development") -> Iterator[Beside]:
    """Such a hub, running."""
    path = settings_beside(town, directory, server, environment=environment)
    found = re.search(r"(?m)^port = (\d+)$", path.read_text(encoding="utf-8"))
    assert found is not None
    parts = Parts(directory)
    try:
        part = parts.start("hub", "hub", "serve", "--settings", str(path))
        parts.wait_listening(part, int(found[1]))
        yield Beside(town, f"http://127.0.0.1:{found[1]}", part, directory / "log.db", directory / "hub.log")
    finally:
        parts.stop()

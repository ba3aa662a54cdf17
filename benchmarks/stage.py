"""What the measurements run on: the pretend agencies, a real PostgreSQL, and hubs started one at a time."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from benchmarks.postgres import server
from benchmarks.question import WORKER
from hub.demo import partnership
from hub.demo.partnership import Partnership
from hub.demo.people import KEYS_DIRECTORY, token_for
from hub.demo.processes import Parts, free_ports

SEED = 2026

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub to measure: its process, where it answers, and its settings file and log."""

    pid: int
    url: str
    settings: Path
    database_url: str
    key_file: Path


@dataclass(frozen=True, slots=True)
class Stage:
    """The agencies and the authorization server, running, and a place for the hubs' files."""

    directory: Path
    partnership: Partnership
    postgres: str

    def token(self) -> str:
        """A new access token of the worker who asks; it is good for five minutes."""
        keys = self.partnership.settings.parent / KEYS_DIRECTORY
        return asyncio.run(token_for(self.partnership.state.issuer, WORKER, keys))

    def settings(self, name: str, log: str) -> Hub:
        """Settings for a hub on a new log, with the demo's agencies; the hub is not started (its pid is 0)."""
        port = free_ports(1)[0]
        url = f"http://127.0.0.1:{port}"
        database = f"sqlite:///{self.directory / name}.db" if log == "sqlite" else self._new_database(name)
        key_file = self.directory / f"{name}.key"
        text = self.partnership.settings.read_text(encoding="utf-8")
        for key, value in (("port", str(port)), ("database_url", f'"{database}"'), ("key_file", f'"{key_file}"')):
            text, count = re.subn(rf"(?m)^{key} = .*$", lambda _, line=f"{key} = {value}": line, text)  # type: ignore[misc]
            if count != 1:
                raise RuntimeError(f"the demo's settings have {count} lines for `{key}`; the benchmark expects one")
        path = self.partnership.settings.parent / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return Hub(0, url, path, database, key_file)

    @contextmanager
    def hub(self, name: str, log: str, *, remembered: bool, slow: Mapping[str, float] | None = None) -> Iterator[Hub]:
        """A hub, one worker, until the block ends.

        Args:
            name: of its files.
            log: ``sqlite`` or ``postgresql``.
            remembered: agencies answer from memory inside the hub; otherwise they are asked, in their processes.
            slow: milliseconds by custodian id, for agencies that answer from memory.
        """
        made = self.settings(name, log)
        module = ("benchmarks.serve",) if remembered else ("hub", "serve")
        delays = [word for agency, ms in (slow or {}).items() for word in ("--slow", f"{agency}={ms}")]
        parts = Parts(self.directory)
        try:
            part = parts.start(name, *module, "--settings", str(made.settings), *delays)
            parts.wait_listening(part, int(made.url.rpartition(":")[2]))
            yield Hub(part.pid, made.url, made.settings, made.database_url, made.key_file)
        finally:
            parts.stop()

    def _new_database(self, name: str) -> str:
        database = re.sub(r"\W", "_", name)
        _execute(self.postgres, f"CREATE DATABASE {database}")
        return make_url(self.postgres).set(database=database).render_as_string(hide_password=False)


@contextmanager
def set_up(directory: Path, say: Say) -> Iterator[Stage]:
    """Start everything but the hubs, in a new directory below ``directory``, which goes again at the end."""
    directory.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="run-", dir=directory.resolve()))
    try:
        with server() as postgres:
            say("Starting the pretend agencies and PostgreSQL ...")
            running = partnership.start(place / "demo", seed=SEED, faults={}, say=lambda _: None, port=free_ports(1)[0])
            try:
                yield Stage(place, running, postgres)
            finally:
                running.stop()
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _execute(url: str, statement: str) -> None:
    from sqlalchemy import create_engine, text

    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()

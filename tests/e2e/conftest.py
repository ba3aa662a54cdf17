"""The whole demo as processes: three agencies on real protocols, the authorization server, the hub. Asked over HTTP."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from hub.cli.client import VIEW, Reply, ask, question
from hub.demo import partnership
from hub.demo.generator import build_world
from hub.demo.partnership import Partnership
from hub.demo.people import KEYS_DIRECTORY, token_for
from hub.demo.processes import free_ports
from hub.demo.world import World
from hub.store.verify import verify_database
from tests.e2e.hard.town import HardTown, running

DECISION = {"by": "Team manager, Assessment 2", "at": "2026-11-20T16:40:00Z"}


@dataclass
class Town:
    """A running demo, and how to ask in it."""

    running: Partnership
    world: World

    async def token(self, worker: str = "tc-0417") -> str:
        return await token_for(self.running.state.issuer, worker, self.running.settings.parent / KEYS_DIRECTORY)

    async def ask(
        self,
        part: str | None = None,
        *,
        purpose: str = "CA2004_S16LA",
        worker: str = "tc-0417",
        query: str = VIEW,
        **find: Any,
    ) -> Reply:
        """Ask about the child who plays ``part``, by NHS number unless ``find`` says how."""
        if not find:
            assert part is not None
            find = {"nhsNumber": self.world.played_by(part).nhs_number}
        variables = question(purpose=purpose, case_reference="MASH-2026-0001", **find)
        if purpose == "CA1989_S47":
            variables["enquiry"]["decision"] = DECISION
        return await ask(self.running.state.hub_url, await self.token(worker), variables, query)

    async def child(self, part: str | None = None, **how: Any) -> dict[str, Any]:
        """The child of the answer, which must have come without an error."""
        reply = await self.ask(part, **how)
        assert reply.status == 200, reply.body
        assert "errors" not in reply.body, reply.body["errors"]
        assert reply.child is not None
        return reply.child

    def names(self, part: str) -> dict[str, str]:
        """A search by demographics."""
        child = self.world.played_by(part)
        return {
            "givenName": child.given_name,
            "familyName": child.family_name,
            "dateOfBirth": child.birth_date.isoformat(),
        }


StartTown = Callable[..., Town]


@pytest.fixture(scope="session")
def start_town() -> Iterator[StartTown]:
    """Starts demos; stops them all at the end."""
    started: list[Partnership] = []
    # Not under pytest's directory: see `postgres_url`.
    directories = tempfile.TemporaryDirectory(prefix="hub-town-")

    def start(**how: Any) -> Town:
        directory = Path(directories.name) / f"{len(started)}"
        how = {"seed": 2026, "faults": {}, "say": lambda _: None, "port": free_ports(1)[0], **how}
        running = partnership.start(directory, **how)
        started.append(running)
        return Town(running, build_world())

    yield start
    for each in started:
        each.stop()
    directories.cleanup()


@pytest.fixture(scope="session")
def town(start_town: StartTown) -> Town:
    """The demo, its log in SQLite. Tests must leave it as they find it."""
    return start_town()


@pytest.fixture(scope="session")
def town_on_postgresql(start_town: StartTown, postgres_url: str) -> Town:
    """The demo, its log in PostgreSQL."""
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE hub_log"))
    engine.dispose()
    return start_town(log_url=make_url(postgres_url).set(database="hub_log").render_as_string(hide_password=False))


@pytest.fixture(scope="session")
def hard_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HardTown]:
    """The town of the hard cases: the demo's agencies and a school, in one process. Tests leave it as they find it."""
    with running(tmp_path_factory.mktemp("hard")) as started:
        yield started


def log_checks_out(town: Town) -> bool:
    """Whether the offline verifier accepts the town's log."""
    from hub.settings import load_settings

    log = load_settings(town.running.settings).log
    report = verify_database(log.database_url, Path(f"{log.key_file}.pub").read_text(encoding="utf-8"))
    assert report.ok, report.fault
    return report.checked > 0

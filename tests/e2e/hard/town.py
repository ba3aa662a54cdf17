"""The town of the hard cases: council, police, NHS and a school, the authorization server and the hub, all in threads.

Real protocols, real tokens, the real log and the real command line; what is moved is the hub's clock, because a hold
must be seen to end without waiting for it.
"""

from __future__ import annotations

import contextlib
import io
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import create_engine
from starlette.types import ASGIApp

from hub.access.devclient import client_key, fetch_worker_token
from hub.access.devserver import create_app as login_app
from hub.access.devsettings import DevClient, DevServerSettings, DevWorker, People, load_people
from hub.app import Hub
from hub.app import create_app as hub_app
from hub.audit import entries
from hub.audit.encoding import decode
from hub.cli.client import VIEW, ask, question
from hub.cli.main import main
from hub.cli.schema import schema_text
from hub.demo import nhs, police
from hub.demo.council_load import load as load_council
from hub.demo.generator import build_world
from hub.demo.nhs_app import create_app as nhs_app
from hub.demo.nhs_resources import load as load_nhs
from hub.demo.people import DEVSERVER_FILE
from hub.demo.police_app import create_app as police_app
from hub.demo.police_records import PoliceHoldings
from hub.demo.processes import free_ports
from hub.demo.world import World
from hub.settings import load_settings
from tests.e2e.hard import school
from tests.e2e.hard.everything import queries_for_everything
from tests.e2e.hard.settings import register_text, settings_text
from tests.store.tampering import read_all

AUDIENCE = "https://hub.testshire.example"
DECISION = {"by": "Team manager, Assessment 2", "at": "2026-11-20T16:40:00Z"}
SOCIAL_WORKER, NURSE, POLICE_OFFICER, SCHOOL_LEAD = "tc-0417", "tn-1184", "tp-2290", "ta-0007"

Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One answer: what the searcher got, as JSON."""

    child: Json

    @property
    def text(self) -> str:
        """Every value in it; the names of fields are the schema's, which everybody may read."""
        return "\n".join(values(self.child))

    @property
    def entry(self) -> int:
        """The number of the answer's entry in the log."""
        return int(self.child["logEntry"]["number"])


class CommandFailed(Exception):
    """What a command complained of, instead of doing what it was told."""


class Said(logging.Handler):
    """Every log line of the process, as text: none may say anything of a child."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += f"{record.name} {record.getMessage()} {record.exc_info or ''}\n"


@dataclass
class HardTown:
    """A running town, and how to ask in it, decide in it and read its log."""

    world: World
    url: str
    issuer: str
    people: People
    directory: Path
    hub: Hub
    queries: Sequence[str]
    said: Said

    @property
    def settings(self) -> Path:
        return self.directory / "settings.toml"

    async def ask(
        self, part: str | None, *, worker: str = SOCIAL_WORKER, purpose: str = "CA2004_S16LA",
        case: str = "MASH-2026-0001", **find: str,
    ) -> Asked:  # fmt: skip
        """The answer about the child who plays ``part``, by NHS number unless ``find`` says how."""
        (asked,) = await self._asked([VIEW], part, worker, purpose, case, find)
        return asked

    async def everything(
        self, part: str | None, *, worker: str = SOCIAL_WORKER, purpose: str = "CA2004_S16LA",
        case: str = "MASH-2026-0001", **find: str,
    ) -> str:  # fmt: skip
        """Every value that the public schema has to give about the child, as one text."""
        return "\n".join(each.text for each in await self._asked(self.queries, part, worker, purpose, case, find))

    async def _asked(
        self, queries: Sequence[str], part: str | None, worker: str, purpose: str, case: str, find: dict[str, str]
    ) -> list[Asked]:
        if part is not None:
            find = {"nhsNumber": self.world.children[part].nhs_number}
        variables = question(purpose=purpose, case_reference=case, **find)
        if purpose == "CA1989_S47":
            variables["enquiry"]["decision"] = DECISION
        token, got = await self.token(worker), []
        for query in queries:
            reply = await ask(self.url, token, variables, query)
            assert reply.status == 200, reply.body
            assert "errors" not in reply.body, reply.body["errors"]
            assert reply.child is not None
            got.append(Asked(reply.child))
        return got

    async def token(self, worker_id: str = SOCIAL_WORKER) -> str:
        worker = next(each for each in self.people.workers if each.id == worker_id)
        client = next(each for each in self.people.clients if each.organisation == worker.organisation)
        key = None if client.secret else client_key(self.directory / "keys", client.id)
        role = worker.roles[0]
        return await fetch_worker_token(
            self.issuer, client.id, worker=worker.id, role=role, secret=client.secret, key=key
        )

    @contextmanager
    def decided(self, kind: str, about: str, custodian: str, *, hours: int = 24, **more: Any) -> Iterator[None]:
        """A decision recorded by ``hub decision record`` for as long as the block lasts, and then withdrawn."""
        reference = self.record(kind, about, custodian, hours=hours, **more)
        try:
            yield
        finally:
            self.command(
                "decision",
                "withdraw",
                reference,
                "--by",
                "Imogen Fairweather",
                "--reasons",
                "The test that needed it is over.",
            )

    def record(self, kind: str, about: str, custodian: str, *, hours: int = 24, **more: Any) -> str:
        """Record a decision about the child ``about``; its reference."""
        end = datetime.now(UTC) + timedelta(hours=hours)
        given = {
            "kind": kind,
            "custodian": custodian,
            "local_id": self._local_id(about, custodian),
            "decided_by": "Imogen Fairweather",
            "reasons": "Weighed against what the strategy meeting heard about this child.",
            "review_at": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            "expires_at": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            **more,
        }
        options = [(name.replace("_", "-"), each) for name, value in given.items() for each in _each(value)]
        said = self.command("decision", "record", *(part for name, each in options for part in (f"--{name}", each)))
        return said.split()[2]

    def command(self, *argv: str) -> str:
        """What a ``hub`` command prints, while the hub runs; :class:`CommandFailed` with what it complains of."""
        said, complained, status = io.StringIO(), io.StringIO(), []
        argv = (*argv, "--settings", str(self.settings))
        with (
            redirect_stdout(said),
            redirect_stderr(complained),
        ):  # in a thread of its own: the command starts an event loop
            thread = threading.Thread(target=lambda: status.append(main(argv)))
            thread.start()
            thread.join()
        if status != [0]:
            raise CommandFailed(complained.getvalue())
        return said.getvalue()

    def _local_id(self, about: str, custodian: str) -> str:
        who = self.world.children[about]
        held = {"testshire-council": who.council, "testshire-police": who.police, "testshire-nhs": who.health}
        known = held[custodian]
        assert known is not None
        return known.local_id

    @contextmanager
    def later(self, **much: float) -> Iterator[None]:
        """The hub's clock, moved on by ``much`` for as long as the block lasts."""
        endpoint = self.hub.endpoint
        before = endpoint._view_child
        endpoint._view_child = replace(before, clock=lambda: datetime.now(UTC) + timedelta(**much))
        try:
            yield
        finally:
            endpoint._view_child = before

    def logged(self, asked: Asked) -> entries.Answer:
        """The log's entry of an answer."""
        entry = decode(self._bodies()[asked.entry])
        assert isinstance(entry, entries.Answer)
        return entry

    def question_of(self, asked: Asked) -> entries.Question:
        """The log's entry of the question that ``asked`` answers."""
        entry = decode(self._bodies()[self.logged(asked).question])
        assert isinstance(entry, entries.Question)
        return entry

    def log_text(self) -> str:
        """Every byte of every entry."""
        return "\n".join(body.decode() for body in self._bodies())

    def _bodies(self) -> list[bytes]:
        url = load_settings(self.settings).log.database_url
        return [bytes(body) for (body,) in read_all(url, 'SELECT body FROM log_entry ORDER BY "index"')]


def values(node: Any) -> Iterator[str]:
    """Every value at any depth of ``node``, as text."""
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else None
    if inside is None:
        yield str(node)
    else:
        for each in inside:
            yield from values(each)


def _each(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def hard_world() -> World:
    """The demo's world and the school's pupils."""
    world = build_world()
    return replace(world, households=(*world.households, *school.school_families(world.today)))


def people_with_a_school() -> People:
    """The demo's clients and workers, and a designated safeguarding lead."""
    known = load_people(DEVSERVER_FILE, audience=AUDIENCE)
    client = DevClient("academy-mis", "testshire-academy", "academy-mis-development-only")
    lead = DevWorker(SCHOOL_LEAD, "Petra Quayle, safeguarding lead", "testshire-academy", ["school_safeguarding_lead"])
    return People(known.audience, [*known.clients, client], [*known.workers, lead])


@contextmanager
def running(directory: Path) -> Iterator[HardTown]:
    """The whole town, until the block ends."""
    world, people = hard_world(), people_with_a_school()
    database = f"sqlite:///{directory / 'council.db'}"
    engine = create_engine(database)
    load_council(engine, world)
    engine.dispose()
    (port,) = free_ports(1)
    login = DevServerSettings("development", "127.0.0.1", port, people, directory / "keys")
    kept: list[Hub] = []
    with contextlib.ExitStack() as stack:
        stack.enter_context(served(login_app(login), port))
        urls = {
            "council": database,
            "police": stack.enter_context(served(police_app(PoliceHoldings(world), police.DEMO_CREDENTIAL))),
            "health": stack.enter_context(served(nhs_app(load_nhs(world), nhs.DEMO_CREDENTIAL))),
            "school": stack.enter_context(served(school.school_app(world))),
        }
        for name, credential in (("police", police.DEMO_CREDENTIAL), ("nhs", nhs.DEMO_CREDENTIAL),
                                 ("school", school.CREDENTIAL)):  # fmt: skip
            (directory / f"{name}.credential").write_text(credential, encoding="ascii")
        (directory / "register.toml").write_text(register_text(login.issuer), encoding="utf-8")
        (directory / "school.toml").write_text(school.MAPPING, encoding="utf-8")
        path = directory / "settings.toml"
        path.write_text(settings_text(directory, login.issuer, AUDIENCE, urls), encoding="utf-8")
        url = stack.enter_context(served(hub_app(load_settings(path), lambda hub: kept.append(hub) or [])))  # type: ignore[func-returns-value]
        queries = tuple(queries_for_everything(schema_text()))
        yield HardTown(world, url, login.issuer, people, directory, kept[0], queries, stack.enter_context(_listening()))


@contextmanager
def _listening() -> Iterator[Said]:
    """What the hub and the agencies log, down to their debug lines, until the block ends."""
    said, loggers = Said(), [logging.getLogger(), logging.getLogger("hub")]
    levels = [each.level for each in loggers]
    loggers[0].addHandler(said)
    loggers[1].setLevel(logging.DEBUG)
    try:
        yield said
    finally:
        loggers[0].removeHandler(said)
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)


@contextmanager
def served(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """``app`` on a loopback port, in a thread of its own."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)

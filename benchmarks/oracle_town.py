"""A hub and its agencies over an invented world, all on one event loop, so that what one question costs can be seen.

Real protocols, real tokens, the real log. The agencies count what they are asked; on one loop a question's time holds
all the work that anybody did for it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import aiohttp
import orjson
import uvicorn
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.oracle_world import Row
from hub.access.demo_register import DEMO_ISSUER
from hub.access.devclient import fetch_worker_token
from hub.access.devserver import create_app as login_app
from hub.access.devsettings import DevServerSettings, People, load_people
from hub.app import Hub
from hub.app import create_app as hub_app
from hub.cli.client import VIEW, question
from hub.demo import nhs, police
from hub.demo.council_load import load as load_council
from hub.demo.nhs_app import create_app as nhs_app
from hub.demo.nhs_resources import load as load_nhs
from hub.demo.people import DEVSERVER_FILE
from hub.demo.police_app import create_app as police_app
from hub.demo.police_records import PoliceHoldings
from hub.demo.processes import free_ports
from hub.demo.world import Child, World
from hub.settings import load_settings

AUDIENCE = "https://hub.testshire.example"
REGISTER = Path("hub/demo/data/register.toml")
POLICE, NHS, COUNCIL = "testshire-police", "testshire-nhs", "testshire-council"
QUERY = VIEW.replace(
    "documents {",
    "immigrationStatuses { status withheld { ...Why } } adoptionRecords { decidedOn withheld { ...Why } } documents {",
).replace("incidents {", "warningMarkers { marker withheld { ...Why } } incidents {")
"""The view of `hub ask`, and the kinds of record that these children differ in."""

_PURPOSES = 'purposes = ["ca2004-s16la", "ca1989-s47", "ca1989-s17"]'


@dataclass(frozen=True, slots=True)
class Reply:
    """What the searcher got, in which time (milliseconds), and how much each agency was asked for it.

    ``work`` is the processor time (milliseconds) of everybody here, the hub, the agencies and the searcher: the
    machine's other business is not in it, so that it shows a smaller difference than time does.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    milliseconds: float
    work: float
    asked: Counter[str]


@dataclass(slots=True)
class Town:
    """The running parts, and how to ask."""

    hub: Hub
    url: str
    issuer: str
    people: People
    asked: Counter[str]
    session: aiohttp.ClientSession

    async def token(self, worker_id: str) -> str:
        """A new token of a worker's, good for five minutes."""
        worker = next(each for each in self.people.workers if each.id == worker_id)
        client = next(each for each in self.people.clients if each.organisation == worker.organisation)
        return await fetch_worker_token(
            self.issuer, client.id, worker=worker.id, role=worker.roles[0], secret=client.secret
        )

    async def ask(self, row: Row, who: Child, token: str) -> Reply:
        """One question about ``who``, asked as the row says."""
        find = {"nhsNumber": who.nhs_number}
        if row.by == "name":
            find = {
                "givenName": who.given_name,
                "familyName": who.family_name,
                "dateOfBirth": who.birth_date.isoformat(),
            }
        variables = question(purpose=row.purpose, case_reference="ORACLE-1", **find)
        body = orjson.dumps({"query": QUERY, "variables": variables})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        before, began, worked = self.asked.copy(), perf_counter(), process_time()
        async with self.session.post(f"{self.url}/graphql", data=body, headers=headers) as response:
            read = await response.read()
            took, work = (perf_counter() - began) * 1000, (process_time() - worked) * 1000
            return Reply(response.status, tuple(response.headers.items()), read, took, work, self.asked - before)


@asynccontextmanager
async def open_town(directory: Path, world: World) -> AsyncIterator[Town]:
    """Everything, started, in ``directory``, which must be empty."""
    asked: Counter[str] = Counter()
    database = f"sqlite:///{directory / 'council.db'}"
    engine = create_engine(database)
    load_council(engine, world)
    engine.dispose()
    (port,) = free_ports(1)
    people = load_people(DEVSERVER_FILE, audience=AUDIENCE)
    login = DevServerSettings("development", "127.0.0.1", port, people, directory / "keys")
    async with AsyncExitStack() as stack:
        stack.enter_context(_statements(asked))
        await stack.enter_async_context(_served(login_app(login), port))
        police_url = await stack.enter_async_context(
            _served(_counted(police_app(PoliceHoldings(world), police.DEMO_CREDENTIAL), POLICE, asked))
        )
        nhs_url = await stack.enter_async_context(
            _served(_counted(nhs_app(load_nhs(world), nhs.DEMO_CREDENTIAL), NHS, asked))
        )
        path = _written(directory, login.issuer, {COUNCIL: database, POLICE: police_url, NHS: nhs_url})
        app, hub = _hub(path)
        url = await stack.enter_async_context(_served(app))
        session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
        yield Town(hub, url, login.issuer, people, asked, session)


def _hub(settings: Path) -> tuple[Starlette, Hub]:
    kept: list[Hub] = []

    def keep(hub: Hub) -> list[object]:
        kept.append(hub)
        return []

    app = hub_app(load_settings(settings), keep)  # type: ignore[arg-type]
    return app, kept[0]


def _counted(app: ASGIApp, name: str, asked: Counter[str]) -> ASGIApp:
    """``app``, which counts the requests it gets."""

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            asked[name] += 1
        await app(scope, receive, send)

    return counted


class _statements:  # noqa: N801  used as a function
    """Counts the statements that the council's database runs."""

    def __init__(self, asked: Counter[str]) -> None:
        self._asked = asked

    def _count(self, connection: object, _: object, statement: str, *__: object) -> None:
        if "council.db" in str(getattr(connection, "engine", "")) and "ssd_" in statement:
            self._asked[COUNCIL] += 1

    def __enter__(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._count)

    def __exit__(self, *_: object) -> None:
        event.remove(Engine, "before_cursor_execute", self._count)


@asynccontextmanager
async def _served(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """``app`` on a loopback port of this loop."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())  # noqa: SLF001  without taking the process's signals
    while not server.started:
        if serving.done():
            serving.result()
            raise RuntimeError("a server of the town did not start")
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await serving


def _written(directory: Path, issuer: str, urls: dict[str, str]) -> Path:
    """The settings and what they name."""
    register = REGISTER.read_text(encoding="utf-8").replace(f'url = "{DEMO_ISSUER}"', f'url = "{issuer}"')
    register = register.replace(_PURPOSES, _PURPOSES.replace("]", ', "ca1989-s27"]'), 1)
    (directory / "register.toml").write_text(register, encoding="utf-8")
    for name, credential in (("police", police.DEMO_CREDENTIAL), ("nhs", nhs.DEMO_CREDENTIAL)):
        (directory / f"{name}.credential").write_text(credential, encoding="ascii")
    path = directory / "settings.toml"
    path.write_text(_SETTINGS.format(directory=directory, issuer=issuer, audience=AUDIENCE, **{
        name.removeprefix("testshire-"): url for name, url in urls.items()}), encoding="utf-8")  # fmt: skip
    return path


_SETTINGS = """
environment = "development"
server = {{ public_url = "{audience}" }}
log = {{ database_url = "sqlite:///{directory}/log.db", key_file = "log.key", origin = "hub.testshire.example/log" }}
access = {{ issuer = "{issuer}", audience = "{audience}", register = "register.toml" }}

[[custodians]]
id = "testshire-council"
name = "Testshire Council"
sector = "council"
kind = "ssd"
url = "{council}"
ssd.stale_days = 0
contact = {{ role = "Single point of contact, Testshire Council", phone = "01632 960 121" }}
contacts.legal = {{ role = "Council legal", phone = "01632 960 120" }}
contacts.adoption_agency = {{ role = "Adoption adviser", phone = "01632 960 125" }}

[[custodians]]
id = "testshire-police"
name = "Testshire Police"
sector = "police"
kind = "rest"
url = "{police}"
mapping = "pole-demo.toml"
credential = {{ file = "police.credential" }}
contact = {{ role = "Single point of contact, Testshire Police", phone = "01632 960 131" }}
contacts.intelligence = {{ role = "Force intelligence bureau", phone = "01632 960 132" }}

[[custodians]]
id = "testshire-nhs"
name = "Testshire NHS"
sector = "health"
kind = "fhir"
url = "{nhs}"
credential = {{ file = "nhs.credential" }}
contact = {{ role = "Safeguarding duty nurse, Testshire NHS", phone = "01632 960 114" }}
"""

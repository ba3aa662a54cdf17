"""A hub that is a subgraph, in threads: real agencies on real protocols, real tokens, the real log.

Its settings are those of the hard cases' town and a ``[federation]`` table.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
from joserfc.jwk import ECKey
from sqlalchemy import create_engine

from hub.access.devclient import Wanted, fetch_worker_token
from hub.access.devserver import create_app as login_app
from hub.access.devsettings import DevClient, DevServerSettings, People, load_people
from hub.app import create_app as hub_app
from hub.audit.encoding import decode
from hub.audit.entries import Entry
from hub.demo import nhs, police
from hub.demo.council_load import load as load_council
from hub.demo.faults import FaultSwitch
from hub.demo.nhs_app import create_app as nhs_app
from hub.demo.nhs_resources import load as load_nhs
from hub.demo.people import DEVSERVER_FILE
from hub.demo.police_app import create_app as police_app
from hub.demo.police_records import PoliceHoldings
from hub.demo.processes import free_ports
from hub.demo.world import World
from hub.settings import load_settings
from tests.e2e.hard import school
from tests.e2e.hard.settings import register_text, settings_text
from tests.e2e.hard.town import AUDIENCE, SOCIAL_WORKER, hard_world, served
from tests.store.tampering import read_all

Json = dict[str, Any]
SCOPE = "safeguarding:enquire"
OTHER_SCOPE = "safeguarding:enquires"
STAR = "protection_plan"
GATEWAY = DevClient("testshire-graph", "testshire-council", "testshire-graph-development-only")
"""The gateway's own client: what it sends is a token it exchanged the worker's for."""

REGISTERED = f"""
[[clients]]
id = "{GATEWAY.id}"
issuer = "testshire-login"
organisation = "{GATEWAY.organisation}"
"""
LOUD_CLIENT = "testshire-mash"
"""A client that the register lets state purpose and case itself: not at /subgraph, it does not."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the hub answered."""

    status: int
    headers: Mapping[str, str]
    body: Json
    text: str

    @property
    def codes(self) -> list[str]:
        """The codes of its errors."""
        return [error["extensions"]["code"] for error in self.body.get("errors", ())]

    @property
    def entities(self) -> list[Any]:
        found: list[Any] = self.body["data"]["_entities"]
        return found


@dataclass
class GraphTown:
    """The running hub, how to ask it as a gateway would, and its agencies' switches."""

    world: World
    url: str
    people: People
    issuer: str
    directory: Path
    police: FaultSwitch
    health: FaultSwitch

    def number(self, part: str) -> str:
        """The NHS number of the child who plays ``part``."""
        found = self.world.children[part].nhs_number
        assert found is not None
        return found

    def child(self, part: str = STAR) -> dict[str, str]:
        """The representation of that child."""
        return {"__typename": "Child", "nhsNumber": self.number(part)}

    async def token(
        self,
        *,
        purpose: str | None = "ca2004-s16la",
        case: str = "MASH-2026-0001",
        scope: str | None = SCOPE,
        worker: str = SOCIAL_WORKER,
        client: str = GATEWAY.id,
        dpop_key: ECKey | None = None,
    ) -> str:
        """A worker's token through ``client``, with purpose and case in it unless ``purpose`` is None."""
        known = next(each for each in self.people.workers if each.id == worker)
        by = next(each for each in self.people.clients if each.id == client)
        wanted = Wanted(dpop_key, purpose=purpose, case=None if purpose is None else case, scope=scope)
        return await fetch_worker_token(
            self.issuer, by.id, worker=worker, role=known.roles[0], secret=by.secret, wanted=wanted
        )

    async def send(
        self,
        query: str,
        variables: Json | None = None,
        *,
        token: str | None,
        path: str = "/subgraph",
        scheme: str = "Bearer",
        **headers: str,
    ) -> Reply:
        """Send one request with ``token``, or with none."""
        if token is not None:
            headers["Authorization"] = f"{scheme} {token}"
        sent = {"query": query, "variables": variables or {}}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}{path}", json=sent, headers=headers) as response,
        ):
            text = await response.text()
            return Reply(response.status, dict(response.headers), json.loads(text), text)

    async def entities(self, query: str, *representations: Any, token: str | None = None, **more: Any) -> Reply:
        """Ask for entities: ``query`` has the variable ``$representations``."""
        token = token or await self.token()
        return await self.send(query, {"representations": list(representations), **more}, token=token)

    @property
    def log_url(self) -> str:
        return load_settings(self.directory / "settings.toml").log.database_url

    def entries(self) -> list[Entry]:
        """The log, decoded."""
        return [
            decode(bytes(body)) for (body,) in read_all(self.log_url, 'SELECT body FROM log_entry ORDER BY "index"')
        ]

    def since(self, count: int) -> list[Entry]:
        """What was logged after the first ``count`` entries."""
        return self.entries()[count:]

    def log_text(self) -> str:
        """Every byte of every entry."""
        rows = read_all(self.log_url, 'SELECT body FROM log_entry ORDER BY "index"')
        return "\n".join(bytes(body).decode() for (body,) in rows)


@cache
def _world() -> World:
    return hard_world()


@contextmanager
def running(directory: Path, federation: str = "[federation]") -> Iterator[GraphTown]:
    """The town until the block ends; ``federation`` is that table of its settings."""
    world, known = _world(), load_people(DEVSERVER_FILE, audience=AUDIENCE)
    people = People(known.audience, [*known.clients, GATEWAY], known.workers, known.acr, [SCOPE, OTHER_SCOPE])
    database = f"sqlite:///{directory / 'council.db'}"
    engine = create_engine(database)
    load_council(engine, world)
    engine.dispose()
    (port,) = free_ports(1)
    login = DevServerSettings("development", "127.0.0.1", port, people, directory / "keys")
    at_police, at_health = FaultSwitch(), FaultSwitch()
    with contextlib.ExitStack() as stack:
        stack.enter_context(served(login_app(login), port))
        urls = {
            "council": database,
            "police": stack.enter_context(served(police_app(PoliceHoldings(world), police.DEMO_CREDENTIAL, at_police))),
            "health": stack.enter_context(served(nhs_app(load_nhs(world), nhs.DEMO_CREDENTIAL, at_health))),
            "school": stack.enter_context(served(school.school_app(world))),
        }
        for name, credential in (("police", police.DEMO_CREDENTIAL), ("nhs", nhs.DEMO_CREDENTIAL),
                                 ("school", school.CREDENTIAL)):  # fmt: skip
            (directory / f"{name}.credential").write_text(credential, encoding="ascii")
        (directory / "register.toml").write_text(register_text(login.issuer) + REGISTERED, encoding="utf-8")
        (directory / "school.toml").write_text(school.MAPPING, encoding="utf-8")
        settings = settings_text(directory, login.issuer, AUDIENCE, urls) + federation
        # a hung agency is given up on in a second, and never left alone for failing too often
        settings = settings.replace("\ncontact =", "\ndeadline_seconds = 1\nguard = { failures_max = 100 }\ncontact =")
        (directory / "settings.toml").write_text(settings, encoding="utf-8")
        url = stack.enter_context(served(hub_app(load_settings(directory / "settings.toml"))))
        yield GraphTown(world, url, people, login.issuer, directory, at_police, at_health)

"""Two hubs, each the other's neighbour: Northshire's asks the council there, Southshire's asks the police there.

Each has its own agencies on real protocols, its own authorization server, register and log; the NHS is asked by both.
Everything is in threads of one process. What one hub knows of the other is a settings entry, a mapping file and a token.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from hub.access.devclient import fetch_client_token, fetch_worker_token
from hub.access.devserver import create_app as login_app
from hub.access.devsettings import DevClient, DevServerSettings, People, load_people
from hub.app import create_app as hub_app
from hub.audit.encoding import decode
from hub.audit.entries import Entry, Question
from hub.cli.client import VIEW, ask, question
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
from tests.e2e.hard.settings import REGISTER
from tests.e2e.hard.town import DECISION, SOCIAL_WORKER, served
from tests.store.tampering import edit, read_all

Json = dict[str, Any]
NEIGHBOUR_FILE = Path("hub/connectors/mappings/neighbour-hub.toml")
PURPOSES = {"north": ("ca2004-s16la", "ca1989-s47", "ca1989-s17"), "south": ("ca2004-s16la", "ca1989-s47")}
"""What each hub's register lets the other ask under: the police do not open section 17 to the hub next door."""

SETTINGS = """
environment = "development"
server = {{ public_url = "{audience}" }}
log = {{ database_url = "sqlite:///{directory}/log.db", key_file = "log.key", origin = "{shire}.example/log" }}
access = {{ issuer = "{issuer}", audience = "{audience}", register = "register.toml" }}

[[custodians]]
id = "nhs"
name = "NHS"
sector = "health"
kind = "fhir"
url = "{nhs}"
credential = {{ file = "nhs.credential" }}
contact = {{ role = "Safeguarding duty nurse", phone = "01632 960 114" }}

[[custodians]]
id = "{shire}-{own}"
name = "{shire} {own}"
sector = "{own}"
contact = {{ role = "{shire} {own} desk", phone = "01632 960 121" }}
{how}
guard = {{ failures_max = 100 }}

[[custodians]]
id = "{other}-{theirs}"
name = "{other} {theirs}"
sector = "{theirs}"
kind = "graphql"
url = "{neighbour}"
mapping = "neighbour.toml"
credential = {{ file = "neighbour.credential" }}
contact = {{ role = "{other} {theirs} desk, as {shire} has it", phone = "01632 960 131" }}
deadline_seconds = 10
guard = {{ failures_max = 100 }}
"""

REGISTERED = """
[[organisations]]
id = "{other}-hub"
name = "The hub of {other}"
sector = "council"

[[clients]]
id = "{other}-hub"
issuer = "testshire-login"
organisation = "{other}-hub"
states_purpose = true

[[unattended]]
issuer = "testshire-login"
client = "{other}-hub"
purposes = {purposes}
because = "The neighbouring partnership's hub, asked under the purpose and case of its own searcher."
valid_from = 2025-01-01
valid_until = 2035-12-31
signed_off_by = "Head of Information Governance"
signed_off_on = 2024-12-12
"""


@dataclass
class Shire:
    """One hub: where it listens, who is its neighbour, and how to ask it and read its log."""

    name: str
    own: str
    directory: Path
    login: DevServerSettings
    audience: str
    url: str
    served: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def log_url(self) -> str:
        return f"sqlite:///{self.directory}/log.db"

    async def child(self, nhs_number: str, purpose: str = "CA2004_S16LA", case: str = "MASH-1") -> Json:
        """The answer of this hub to a social worker of its own."""
        (client,) = [each for each in self.login.people.clients if each.id == "testshire-mash"]
        token = await fetch_worker_token(
            self.login.issuer, client.id, worker=SOCIAL_WORKER, role="mash_social_worker", secret=client.secret
        )
        variables = question(purpose=purpose, case_reference=case, nhsNumber=nhs_number)
        if purpose == "CA1989_S47":
            variables["enquiry"]["decision"] = DECISION
        reply = await ask(self.url, token, variables, VIEW)
        assert reply.status == 200, reply.body
        assert "errors" not in reply.body, reply.body["errors"]
        assert reply.child is not None
        return reply.child

    def entries(self) -> list[Entry]:
        """Its log, decoded."""
        return [
            decode(bytes(body)) for (body,) in read_all(self.log_url, 'SELECT body FROM log_entry ORDER BY "index"')
        ]  # type: ignore[call-overload]

    def questions(self) -> list[Question]:
        return [entry for entry in self.entries() if isinstance(entry, Question)]

    def stands_for(self, reference: str) -> object:
        """What a reference in an entry stands for."""
        statement = f"SELECT value FROM log_reference WHERE ref = '{reference}'"  # hex of our own
        ((value,),) = read_all(self.log_url, statement)
        return value

    @contextmanager
    def log_down(self) -> Iterator[None]:
        """Its log's table is gone under the running hub."""
        edit(self.log_url, "ALTER TABLE log_entry RENAME TO log_entry_gone")
        try:
            yield
        finally:
            edit(self.log_url, "ALTER TABLE log_entry_gone RENAME TO log_entry")


@dataclass(frozen=True)
class TwoHubs:
    """``north`` has the council, ``south`` the police; ``council`` is the database of the former."""

    world: World
    north: Shire
    south: Shire
    council: str


@contextmanager
def running(directory: Path) -> Iterator[TwoHubs]:
    """Both hubs, until the block ends."""
    world = build_world()
    database = f"sqlite:///{directory / 'council.db'}"
    engine = create_engine(database)
    load_council(engine, world)
    engine.dispose()
    ports = free_ports(4)
    with contextlib.ExitStack() as stack:
        north, south = (
            _shire(stack, directory / name, name, own, ports[place], ports[place + 2])
            for place, (name, own) in enumerate((("north", "council"), ("south", "police")))
        )
        force = stack.enter_context(served(police_app(PoliceHoldings(world), police.DEMO_CREDENTIAL)))
        health = stack.enter_context(served(nhs_app(load_nhs(world), nhs.DEMO_CREDENTIAL)))
        own = {
            "council": f'kind = "ssd"\nurl = "{database}"\nssd.stale_days = 0',
            "police": f'kind = "rest"\nurl = "{force}"\nmapping = "pole-demo.toml"\ncredential = {{ file = "police.credential" }}',
        }
        for one, other in ((north, south), (south, north)):
            _write(one, other, own[one.own], health)
        for one, port in ((north, ports[0]), (south, ports[1])):
            stack.enter_context(one.served)
            one.served.enter_context(served(hub_app(load_settings(one.directory / "settings.toml")), port))
        yield TwoHubs(world, north, south, database)


def _shire(stack: contextlib.ExitStack, directory: Path, name: str, own: str, port: int, login_port: int) -> Shire:
    """A hub to be, and its authorization server."""
    directory.mkdir()
    audience = f"https://hub.{name}shire.example"
    known = load_people(DEVSERVER_FILE, audience=audience)
    other = {"north": "south", "south": "north"}[name]
    hub = DevClient(f"{other}-hub", f"{other}-hub", f"{other}-hub-development-only")
    people = People(known.audience, [*known.clients, hub], known.workers)
    login = DevServerSettings("development", "127.0.0.1", login_port, people, directory / "keys")
    stack.enter_context(served(login_app(login), login_port))
    return Shire(name, own, directory, login, audience, f"http://127.0.0.1:{port}")


def _write(one: Shire, other: Shire, how: str, health: str) -> None:
    """What the people of ``one`` would write by hand: settings, register, credentials, and the mapping of ``other``."""
    secret = f"{one.name}-hub-development-only"
    token = asyncio.run(fetch_client_token(other.login.issuer, f"{one.name}-hub", secret=secret))
    for name, credential in (("nhs", nhs.DEMO_CREDENTIAL), ("police", police.DEMO_CREDENTIAL), ("neighbour", token)):
        (one.directory / f"{name}.credential").write_text(credential, encoding="ascii")
    agency = f"{other.name}-{other.own}"
    mapping = NEIGHBOUR_FILE.read_text(encoding="utf-8").replace("northshire-police", agency)
    assert f'agency = "{agency}"' in mapping
    (one.directory / "neighbour.toml").write_text(mapping, encoding="utf-8")
    register = REGISTER.read_text(encoding="utf-8").replace("http://127.0.0.1:9400", one.login.issuer)
    more = REGISTERED.format(other=other.name, purposes=json.dumps(PURPOSES[one.name]))
    (one.directory / "register.toml").write_text(register + more, encoding="utf-8")
    text = SETTINGS.format(
        directory=one.directory, audience=one.audience, issuer=one.login.issuer, shire=one.name, own=one.own,
        other=other.name, theirs=other.own, neighbour=other.url, how=how, nhs=health,
    )  # fmt: skip
    (one.directory / "settings.toml").write_text(text, encoding="utf-8")

"""Two hub processes on one database, asked over HTTP with tokens of a pretend issuer: what holds across processes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from hub.audit.acts import RegisterChange
from hub.audit.encoding import decode
from hub.audit.entries import Question, Refused
from hub.cli.client import VIEW, question
from hub.demo.processes import free_ports
from hub.schema.names import enum_name
from tests.access.issuer import JWKS, claims, token
from tests.access.jwks_server import served
from tests.access.prover import JWK, proof, proof_claims, thumb
from tests.access.test_certificate import PEM, THUMBPRINT
from tests.store.tampering import read_all

pytestmark = pytest.mark.slow

PUBLIC = "https://hub.testshire.example"
USES = 20
DETAIL = {"type": "safeguarding_enquiry", "purpose": "ca1989-s17", "case": "MASH-2026-1182"}
SETTINGS = """
environment = "development"
server = {{ public_url = "{public}", port = {port} }}
log = {{ database_url = "{database}", key_file = "log.key", origin = "hub.testshire.example/log" }}
[access]
issuer = "{issuer}"
jwks_uri = "{issuer}/jwks"
audience = "{public}/graphql"
register = "register.toml"
register_check_seconds = 0.2
client_certificate = {{ header = "X-Client-Cert" }}
[[custodians]]
id = "testshire-council"
name = "Testshire Council"
sector = "council"
kind = "ssd"
url = "sqlite:///none.db"
contact = {{ role = "Desk", phone = "01632 960 121" }}
deadline_seconds = 1
"""
STEP_UP = """
[[step_up]]
purposes = ["ca2004-s16la"]
acr_values = ["phr"]
signed_off_by = "x"
signed_off_on = 2026-01-01
"""
DEMO = (Path(__file__).parents[2] / "hub" / "demo" / "data" / "register.toml").read_text("utf-8")


@dataclass
class Pair:
    """Two hubs, and an issuer's tokens for them."""

    place: Path
    database: str
    issuer: str
    urls: list[str]
    session: aiohttp.ClientSession = field(repr=False)

    def token(self, **changes: Any) -> str:
        now = int(time.time())
        good = {"iss": self.issuer, "aud": f"{PUBLIC}/graphql", "iat": now - 1, "exp": now + 200}
        return token(body=claims(**{**good, "jti": f"j-{time.monotonic_ns()}", **changes}))

    def bound(self, **changes: Any) -> str:
        return self.token(cnf={"jkt": thumb(JWK["ES256"])}, **changes)

    def proof(self, compact: str, **changes: Any) -> str:
        good = {"jti": f"p-{time.monotonic_ns()}", "htu": f"{PUBLIC}/graphql", "iat": int(time.time())}
        return proof(body=proof_claims(compact, **{**good, **changes}))

    async def ask(self, authorization: str, hub: int = 0, purpose: str = "ca1989-s17", **headers: str) -> Reply:
        variables = question(purpose=enum_name(purpose), case_reference="MASH-2026-1182", nhsNumber="9990004021")
        body = {"query": VIEW, "variables": variables}
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Authorization": authorization, **names}
        async with self.session.post(f"{self.urls[hub]}/graphql", json=body, headers=sent) as answer:
            errors = (await answer.json()).get("errors") or [{"extensions": {"code": "answered"}}]
            return Reply(answer.status, errors[0]["extensions"]["code"], answer.headers.get("WWW-Authenticate"))

    async def register(self) -> dict[str, str]:
        """The register's state; a hub that goes on with the last good one is ready."""
        async with self.session.get(f"{self.urls[0]}/health/ready") as answer:
            assert answer.status == 200
            return dict((await answer.json())["register"])

    def entries(self) -> list[Any]:
        return [decode(bytes(row[0])) for row in read_all(self.database, 'SELECT body FROM log_entry ORDER BY "index"')]

    def cli(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hub", *words, "--settings", str(self.place / "hub-0.toml")]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)


@dataclass(frozen=True)
class Reply:
    status: int
    code: str
    challenge: str | None


@asynccontextmanager
async def two_hubs(place: Path, database: str) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        issuer = await stack.enter_async_context(served(JWKS))
        (place / "register.toml").write_text(DEMO.replace("http://127.0.0.1:9400", issuer.url), "utf-8")
        ports = free_ports(2)
        for number, port in enumerate(ports):
            text = SETTINGS.format(public=PUBLIC, port=port, database=database, issuer=issuer.url)
            (place / f"hub-{number}.toml").write_text(text, "utf-8")
            serve = [sys.executable, "-m", "hub", "serve", "--settings", str(place / f"hub-{number}.toml")]
            log = stack.enter_context((place / f"hub-{number}.log").open("wb"))
            process = subprocess.Popen(serve, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        async with asyncio.timeout(60):
            for url in urls:
                await _ready(session, url)
        yield Pair(place, database, issuer.url, urls, session)


async def _ready(session: aiohttp.ClientSession, url: str) -> None:
    while True:
        try:
            async with session.get(f"{url}/health/ready") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'log.db'}"
    make: Callable[[], str] = request.getfixturevalue("new_schema")
    return make()


async def test_of_twenty_copies_of_one_request_to_two_processes_one_is_answered(tmp_path: Path, database: str) -> None:
    async with two_hubs(tmp_path, database) as hubs:
        for _ in range(3):
            compact = hubs.bound()
            once = hubs.proof(compact)
            copies = (hubs.ask(f"DPoP {compact}", number % 2, DPoP=once) for number in range(USES))
            replies = Counter((reply.status, reply.code) for reply in await asyncio.gather(*copies))
            assert replies == {(200, "answered"): 1, (401, "DPOP_PROOF_REPLAYED"): USES - 1}
        entries = hubs.entries()
        asked = [entry.asker.token for entry in entries if isinstance(entry, Question)]
        assert asked == ["dpop"] * 3
        refused = Counter(entry.code for entry in entries if isinstance(entry, Refused))
        assert refused == {"DPOP_PROOF_REPLAYED": 3 * (USES - 1)}, "each refusal is in the log"
        loaded = [entry for entry in entries if isinstance(entry, RegisterChange)]
        assert [entry.act for entry in loaded] == ["loaded"], "two processes start with one register: one entry"


async def test_what_the_token_carries_is_what_the_log_says(tmp_path: Path) -> None:
    async with two_hubs(tmp_path, f"sqlite:///{tmp_path / 'log.db'}") as hubs:
        details = hubs.bound(authorization_details=[DETAIL])
        assert (await hubs.ask(f"DPoP {details}", DPoP=hubs.proof(details))).code == "answered"
        other = await hubs.ask(f"DPoP {details}", purpose="ca2004-s16la", DPoP=hubs.proof(details))
        assert (other.status, other.code) == (403, "PURPOSE_NOT_THE_TOKENS")
        certified = f"Bearer {hubs.token(cnf={'x5t#S256': THUMBPRINT})}"
        assert (await hubs.ask(certified, X_Client_Cert=quote(PEM, safe=""))).code == "answered"
        assert (await hubs.ask(certified)).code == "TOKEN_INVALID"
        stolen = await hubs.ask(f"Bearer {details}")
        assert (stolen.status, stolen.code) == (401, "TOKEN_INVALID")
        assert stolen.challenge is not None
        assert f'resource_metadata="{PUBLIC}/.well-known/oauth-protected-resource/graphql"' in stolen.challenge
        words = [entry.asker.token for entry in hubs.entries() if isinstance(entry, Question)]
        assert words == ["dpop:details", "mtls"]
        for path in ("/.well-known/oauth-protected-resource/graphql", "/.well-known/oauth-protected-resource"):
            async with hubs.session.get(f"{hubs.urls[0]}{path}") as answer:
                assert (await answer.json())["resource"] == f"{PUBLIC}/graphql"


async def test_a_register_that_changes_is_followed_by_both_and_logged_once(tmp_path: Path) -> None:
    async with two_hubs(tmp_path, f"sqlite:///{tmp_path / 'log.db'}") as hubs:
        bearer = f"Bearer {hubs.token()}"
        assert (await hubs.ask(bearer)).code == "answered"
        register = tmp_path / "register.toml"
        register.write_text(register.read_text("utf-8").replace("states_purpose = true\n", "") + STEP_UP, "utf-8")
        for hub in (0, 1):
            async with asyncio.timeout(30):
                while (await hubs.ask(bearer, hub)).code != "PURPOSE_NOT_IN_TOKEN":
                    await asyncio.sleep(0.2)
        weak = hubs.token(authorization_details=[{**DETAIL, "purpose": "ca2004-s16la"}])
        stepped = await hubs.ask(f"Bearer {weak}", purpose="ca2004-s16la")
        assert (stepped.status, stepped.code) == (401, "STEP_UP_NEEDED")
        assert stepped.challenge is not None
        assert 'error="insufficient_user_authentication", acr_values="phr"' in stepped.challenge
        acts = [entry.act for entry in hubs.entries() if isinstance(entry, RegisterChange)]
        assert acts == ["loaded", "loaded"]
        good = await hubs.register()
        register.write_text("spoilt", "utf-8")
        async with asyncio.timeout(30):
            while await hubs.register() != {**good, "state": "kept", "code": "REGISTER_INVALID"}:
                await asyncio.sleep(0.2)
        assert (await hubs.ask(f"Bearer {hubs.token(authorization_details=[DETAIL])}")).code == "answered"


async def test_access_taken_away_on_the_command_line_is_gone_from_both_within_a_minute(tmp_path: Path) -> None:
    async with two_hubs(tmp_path, f"sqlite:///{tmp_path / 'log.db'}") as hubs:
        lost, kept = f"Bearer {hubs.token(jti='lost')}", f"Bearer {hubs.token()}"
        assert (await hubs.ask(lost)).code == "answered"
        by = ["--by", "Imogen Fairweather", "--reason", "stolen-laptop"]
        denied = hubs.cli("access", "deny", "--token", "lost", *by)
        assert denied.returncode == 0, denied.stderr
        for hub in (0, 1):
            async with asyncio.timeout(60):
                while (await hubs.ask(lost, hub)).code != "TOKEN_REVOKED":
                    await asyncio.sleep(0.5)
            assert (await hubs.ask(kept, hub)).code == "answered"
        reference = denied.stdout.split("hub access allow ")[1].strip()
        assert hubs.cli("access", "allow", reference, *by).returncode == 0
        acts = [entry.act for entry in hubs.entries() if isinstance(entry, RegisterChange)]
        assert acts == ["loaded", "denied:token", "allowed:token"]

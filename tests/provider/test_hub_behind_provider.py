"""A whole hub whose partnership uses a certified provider: a worker signs in there and asks, and what a thief gets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.access.devclient import dpop_proof
from hub.cli.client import VIEW, question
from hub.demo import partnership
from hub.demo.people import STAR_NHS_NUMBER
from hub.demo.processes import free_ports
from hub.store.verify import verify_database
from tests.provider.running import DETAILS, Provider, provider

pytestmark = pytest.mark.slow

CASE = "MASH-2026-0001"
ASKED = [{**DETAILS[0], "purpose": "ca2004-s16la", "case": CASE}]


@dataclass
class Behind:
    """A running hub and the provider it trusts."""

    url: str
    log: Path
    provider: Provider

    async def ask(self, headers: dict[str, str], case: str = CASE) -> tuple[int, dict[str, Any], str | None]:
        """Status, body and challenge of the answer to the demo's first question."""
        find = {"nhsNumber": STAR_NHS_NUMBER}
        variables = question(purpose="CA2004_S16LA", case_reference=case, **find)
        body = {"query": VIEW, "variables": variables}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/graphql", json=body, headers=headers) as answer,
        ):
            return answer.status, await answer.json(), answer.headers.get("WWW-Authenticate")

    def with_proof(self, token: str) -> dict[str, str]:
        proof = dpop_proof(self.provider.client.dpop_key, "POST", f"{self.url}/graphql", token)
        return {"Authorization": f"DPoP {token}", "DPoP": proof}


@pytest.fixture(scope="module")
def behind() -> Iterator[Behind]:
    port = free_ports(1)[0]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="hub-behind-") as name, provider(audience=url) as certified:
        place = Path(name)
        town = partnership.start(place, seed=2026, faults={}, say=lambda _: None, port=free_ports(1)[0])
        try:
            register, settings = place / "register.toml", place / "behind.toml"
            register.write_text(register.read_text().replace(town.state.issuer, certified.issuer))
            text = town.settings.read_text().replace(town.state.issuer, certified.issuer)
            text = text.replace(town.state.hub_url, url).replace(f"port = {town.state.hub_url[17:]}", f"port = {port}")
            settings.write_text(text.replace("log.db", "behind.db").replace("log.key", "behind.key"))
            hub = town.parts.start("behind", "hub", "serve", "--settings", str(settings))
            town.parts.wait_listening(hub, port)
            yield Behind(url, place / "behind", certified)
        finally:
            town.stop()


def code_of(body: dict[str, Any]) -> str:
    found: str = body["errors"][0]["extensions"]["code"]
    return found


async def test_a_worker_who_signed_in_there_is_answered(behind: Behind) -> None:
    token = (await behind.provider.worker_token(ASKED))["access_token"]
    status, body, _ = await behind.ask(behind.with_proof(token))
    assert status == 200
    assert "errors" not in body
    assert body["data"]["child"] is not None
    key = behind.log.with_name("behind.key.pub").read_text(encoding="utf-8")
    report = verify_database(f"sqlite:///{behind.log}.db", key)
    assert report.ok, report.fault
    assert report.checked >= 2


async def test_the_token_is_for_its_case_alone(behind: Behind) -> None:
    token = (await behind.provider.worker_token(ASKED))["access_token"]
    _, body, _ = await behind.ask(behind.with_proof(token), "MASH-2026-0002")
    assert body["data"] == {"child": None}
    assert code_of(body) == "CASE_NOT_THE_TOKENS"


async def test_a_thief_is_told_to_prove_the_key(behind: Behind) -> None:
    token = (await behind.provider.worker_token(ASKED))["access_token"]
    good = behind.with_proof(token)
    assert (await behind.ask(good))[0] == 200
    for headers, code in (
        (good, "DPOP_PROOF_REPLAYED"),
        ({"Authorization": f"DPoP {token}"}, "DPOP_PROOF_INVALID"),
        ({"Authorization": f"Bearer {token}"}, "TOKEN_INVALID"),
    ):
        status, body, challenge = await behind.ask(headers)
        assert (status, code_of(body)) == (401, code)
        assert challenge is not None
        assert challenge.startswith("DPoP ")
        assert token not in str(body)

"""The whole hub in process: what its health, checkpoint and start say of its witnesses; a policy file that will not do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from hub.app import Hub, create_app
from hub.audit.cosignature import WitnessKey
from hub.audit.cosigned import read_cosigned
from hub.audit.note import SignerKey
from hub.errors import ConfigurationError
from hub.settings import load_settings
from hub.store.keys import load_or_create
from tests.service.test_policies_in_app import REGISTER, SETTINGS
from tests.service.witnesses import Clock, Simulated, policy_of, serving

ORIGIN = "hub.testshire.example/log"
WITNESSES = '[log.witnesses]\npolicy = "witnesses.policy"\nevery_seconds = 0.05\n[access]'
WAIT_SECONDS = 60


def witness_line(name: str, url: str = "https://w.example") -> str:
    return f"witness {name} {WitnessKey.of(SignerKey(f'{name}.example', name.encode().ljust(32, b'-')))} {url}".strip()


def lines(*each: str) -> str:
    return "\n".join((*each, ""))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "register.toml").write_text(REGISTER, encoding="utf-8")
    text = SETTINGS.format(place=tmp_path).replace('policies = "policies"\n', "").replace("[access]", WITNESSES)
    (tmp_path / "settings.toml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
async def three() -> AsyncIterator[list[Simulated]]:
    witnesses = [Simulated(name, Clock(datetime.now(UTC))) for name in ("council", "police", "nhs")]
    async with serving(*witnesses):
        yield witnesses


def built(place: Path) -> tuple[Starlette, Hub]:
    hubs: list[Hub] = []

    def keep(hub: Hub) -> list[Any]:
        hubs.append(hub)
        return []

    return create_app(load_settings(place / "settings.toml", {}), keep), hubs[0]


def write_policy(place: Path, three: list[Simulated]) -> None:
    every = "".join(each.policy_line for each in three)
    text = f"{every}group agencies 2 council police nhs\nquorum agencies\n"
    (place / "witnesses.policy").write_text(text, encoding="utf-8")


async def test_health_and_checkpoint_show_the_witnesses(place: Path, three: list[Simulated]) -> None:
    write_policy(place, three)
    app, hub = built(place)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        client = await stack.enter_async_context(
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://hub")
        )

        async def health(state: str) -> tuple[int, dict[str, Any]]:
            for _ in range(1_000):
                reply = await client.get("/health/ready")
                if reply.json()["witnesses"]["state"] == state:
                    return reply.status_code, reply.json()
                await asyncio.sleep(0.02)
            raise AssertionError(reply.json())

        status, body = await health("witnessed")
        assert (status, body["ready"]) == (200, True)
        assert body["witnesses"]["quorum"]["size"] in (0, 1), "entry 0 is which register is in force"
        assert (await client.post("/graphql", json={"query": "{ a }"})).status_code == 401, "its refusal is entry 1"
        async with asyncio.timeout(WAIT_SECONDS):
            while hub.witnessing.shown()["quorum"] != {"at": body["witnesses"]["quorum"]["at"], "size": 2}:
                body = (await client.get("/health/ready")).json()
                await asyncio.sleep(0.02)

        async def cosigned() -> tuple[int, int]:
            raw = (await client.get("/log/checkpoint")).content
            found = read_cosigned(raw, hub.log.verifier, policy_of(three))
            return found.checkpoint.size, len(found.times)

        async with asyncio.timeout(WAIT_SECONDS):
            while await cosigned() != (2, 3):  # two of three are a quorum; the last may be a moment later
                await asyncio.sleep(0.02)
        three[0].size = 99
        status, body = await health("disputed")
        assert (status, body["ready"], body["witnesses"]["code"]) == (503, False, "WITNESSES_DISAGREE")
        reply = await client.post("/graphql", json={"query": "{ a }"})
        assert reply.status_code == 503
        assert reply.json()["errors"][0]["extensions"]["code"] == "WITNESSES_DISAGREE"
        assert await hub.log.entry(2) is None


async def test_a_hub_that_may_not_start_leaves_nothing_open(place: Path, three: list[Simulated]) -> None:
    write_policy(place, three)
    three[2].size = 7
    app, hub = built(place)
    with pytest.raises(ConfigurationError, match="witness nhs"):
        async with app.router.lifespan_context(app):
            pass
    assert not hub.log._writer.alive


async def test_without_witnesses_health_says_so(place: Path) -> None:
    settings = (place / "settings.toml").read_text(encoding="utf-8")
    (place / "settings.toml").write_text(settings.replace(WITNESSES, "[access]"), encoding="utf-8")
    app, _ = built(place)
    async with app.router.lifespan_context(app):
        client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://hub")
        reply = await client.get("/health/ready")
        assert (reply.status_code, reply.json()["witnesses"]) == (200, {"state": "not witnessed"})
        await client.aclose()


BOTH = (witness_line("council"), witness_line("police"))


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        pytest.param(None, "cannot be read", id="not there"),
        pytest.param(b"\xff\xfe\n", "not UTF-8", id="not text"),
        pytest.param("", "newline", id="empty"),
        pytest.param(lines(*BOTH), "no quorum line", id="no quorum"),
        pytest.param(lines(*BOTH, "quorum nhs"), "line 3", id="a quorum of nobody"),
        pytest.param(lines(*BOTH, "quorum none"), r"\[log.witnesses\]", id="nobody need cosign"),
        pytest.param(lines(witness_line("council", ""), "quorum council"), "a URL", id="nobody can be asked"),
        pytest.param(
            lines(witness_line("council", ""), BOTH[1], "group g all council police", "quorum g"),
            "URL",
            id="too few can",
        ),
        pytest.param(
            lines(witness_line("council", "ftp://w.example"), "quorum council"),
            "URL of the witness council must be",
            id="ftp",
        ),
        pytest.param(
            lines(witness_line("council", "http://w.example"), "quorum council"),
            "witness council must use https",
            id="in clear",
        ),
        pytest.param(
            lines(f"log {SignerKey('other.example/log', b'o' * 32).verifier}", *BOTH, "quorum council"),
            "this log's key",
            id="another log's",
        ),
        pytest.param(lines("log {log}", *BOTH, "quorum council"), None, id="good"),
    ],
)
def test_a_policy_file_that_will_not_do_stops_the_start(place: Path, policy: Any, said: str | None) -> None:
    log = load_or_create(place / "log.key", ORIGIN).verifier
    if policy is not None:
        raw = policy if isinstance(policy, bytes) else policy.replace("{log}", str(log)).encode()
        (place / "witnesses.policy").write_bytes(raw)
    if said is None:
        assert built(place)[1].witnessing.shown()["witnesses"] == dict.fromkeys(("council", "police"), "not asked yet")
        return
    with pytest.raises(ConfigurationError, match=said) as refused:
        built(place)
    assert "witness" in refused.value.message

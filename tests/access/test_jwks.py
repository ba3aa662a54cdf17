"""The issuer's keys: rotation is followed, a failing issuer is outlived but not for ever, and nothing it does hurts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from hub.access.jwks import JwksSource, JwksTimings, require_safe_url
from hub.access.verifier import Verifier
from hub.errors import ConfigurationError, IssuerUnavailable, Unauthenticated
from tests.access.issuer import AUDIENCE, JWKS, NOW, STRANGER_KEY, claims, ec_jwk, ed_jwk, token
from tests.access.jwks_server import JwksServer, served

TIMINGS = JwksTimings(fetch_deadline_seconds=1.0)
QUICK = JwksTimings(fetch_deadline_seconds=0.2)
ROTATED = {"keys": [ed_jwk(STRANGER_KEY, kid="new"), ec_jwk()]}
FAULTS = [
    "slow",
    "redirect",
    "error",
    "not found",
    "html",
    "oversized",
    "compressed",
    "not JSON",
    "a name twice",
    "an array",
    "no keys",
    "hangs up",
]


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def server() -> AsyncIterator[JwksServer]:
    async with served(JWKS) as running:
        yield running


def source_of(server: JwksServer, clock: Clock | None = None, timings: JwksTimings = TIMINGS) -> JwksSource:
    return JwksSource(server.url, f"{server.url}/jwks", timings=timings, clock=clock or Clock())


async def settled() -> None:
    """Let a fetch that was started behind the caller's back land."""
    for task in asyncio.all_tasks() - {asyncio.current_task()}:  # type: ignore[arg-type]
        if task.get_coro().__qualname__ == "JwksSource._fetch":  # type: ignore[union-attr]
            await asyncio.wait({task})


async def test_keys_are_fetched_once_and_kept(server: JwksServer) -> None:
    source = source_of(server)
    assert [(await source.key(kid)).algorithm for kid in ("ed", "ec", "rsa", "ed")] == [
        "Ed25519",
        "ES256",
        "PS256",
        "Ed25519",
    ]
    assert server.calls == ["/jwks"]


async def test_many_callers_share_one_fetch(server: JwksServer) -> None:
    server.fault = "gated"
    source = source_of(server)
    callers = [asyncio.create_task(source.key("ed")) for _ in range(50)]
    await asyncio.sleep(0.05)
    server.gate.set()
    assert {(await caller).kid for caller in callers} == {"ed"}
    assert server.calls == ["/jwks"]


async def test_a_caller_that_goes_away_does_not_spoil_the_fetch_for_the_others(server: JwksServer) -> None:
    server.fault = "gated"
    source = source_of(server)
    first, second = (asyncio.create_task(source.key("ed")) for _ in range(2))
    await asyncio.sleep(0.05)
    first.cancel()
    server.gate.set()
    assert (await second).kid == "ed"


async def test_a_new_key_is_found_at_once_when_a_token_names_it(server: JwksServer) -> None:
    clock = Clock()
    source = source_of(server, clock)
    await source.key("ed")
    server.jwks = ROTATED
    clock.now += 5
    assert (await source.key("new")).kid == "new"
    assert len(server.calls) == 2


async def test_unknown_key_ids_do_not_hammer_the_issuer(server: JwksServer) -> None:
    clock = Clock()
    source = source_of(server, clock)
    for second in range(20):
        for _ in range(10):
            with pytest.raises(Unauthenticated, match="does not publish"):
                await source.key(f"unknown {second}")
        clock.now += 1
    assert len(server.calls) == 4  # 20 seconds at one in five


@pytest.mark.parametrize(
    ("age_seconds", "calls"),
    [
        pytest.param(30, 1, id="30 s old: served"),
        pytest.param(31, 2, id="31 s old: served, and read again behind the caller's back"),
        pytest.param(61, 2, id="61 s old: read again first"),
    ],
)
async def test_keys_are_read_again_as_they_age(server: JwksServer, age_seconds: float, calls: int) -> None:
    clock = Clock()
    source = source_of(server, clock)
    await source.key("ed")
    clock.now += age_seconds
    await source.key("ed")
    await settled()
    assert len(server.calls) == calls


async def test_a_key_taken_away_is_refused_within_a_minute(server: JwksServer) -> None:
    clock = Clock()
    source = source_of(server, clock)
    await source.key("ed")
    server.jwks = ROTATED
    clock.now += 60.5
    with pytest.raises(Unauthenticated, match="does not publish"):
        await source.key("ed")


@pytest.mark.parametrize("fault", FAULTS)
async def test_when_the_keys_were_never_read_no_token_can_be_judged(server: JwksServer, fault: str) -> None:
    server.fault = fault
    source = source_of(server, timings=QUICK)
    with pytest.raises(IssuerUnavailable, match="Try again") as refusal:
        await source.key("ed")
    assert refusal.value.code == "ISSUER_UNAVAILABLE"
    assert set(server.calls) == {"/jwks"}  # a redirect was not followed (aiohttp retries once after a hang-up)


@pytest.mark.parametrize("fault", FAULTS)
async def test_stale_keys_are_served_while_the_issuer_fails_to_a_hard_limit(server: JwksServer, fault: str) -> None:
    clock = Clock()
    source = source_of(server, clock, QUICK)
    await source.key("ed")
    server.fault = fault
    clock.now += 600
    assert (await source.key("ed")).kid == "ed"
    clock.now += 0.5
    with pytest.raises(IssuerUnavailable):
        await source.key("ed")


async def test_while_the_issuer_fails_callers_do_not_wait_for_it(server: JwksServer) -> None:
    clock = Clock()
    source = source_of(server, clock)
    await source.key("ed")
    server.fault = "error"
    clock.now += 61
    await source.key("ed")
    server.fault = "slow"
    clock.now += 2
    async with asyncio.timeout(0.2):
        await source.key("ed")
    await source.close()


async def test_an_unknown_key_of_a_failing_issuer_is_not_called_forged(server: JwksServer) -> None:
    clock = Clock()
    source = source_of(server, clock)
    await source.key("ed")
    server.fault = "error"
    clock.now += 10
    with pytest.raises(IssuerUnavailable):
        await source.key("new")


async def test_a_failing_issuer_is_asked_at_most_once_a_second_and_recovers(server: JwksServer) -> None:
    clock = Clock()
    source = source_of(server, clock)
    server.fault = "error"
    for _ in range(10):
        with pytest.raises(IssuerUnavailable):
            await source.key("ed")
        clock.now += 0.25
    assert len(server.calls) == 3
    server.fault = ""
    clock.now += 1
    assert (await source.key("ed")).kid == "ed"


async def test_the_largest_document_allowed_is_read(server: JwksServer) -> None:
    server.fault = "as large as may be"
    assert (await source_of(server).key("ed")).kid == "ed"


async def test_an_issuer_that_is_not_there() -> None:
    source = JwksSource("http://127.0.0.1:1", "http://127.0.0.1:1/jwks", timings=QUICK)
    with pytest.raises(IssuerUnavailable):
        await source.key("ed")


async def test_the_proxy_of_the_environment_is_not_used(server: JwksServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await source_of(server).key("ed")).kid == "ed"


async def test_what_is_logged_names_the_fault_and_nothing_of_the_answer(
    server: JwksServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.fault = "html"
    with pytest.raises(IssuerUnavailable):
        await source_of(server).key("ed")
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "ISSUER_KEYS_NOT_READ: the issuer's keys could not be read: an unexpected content type"
    ]


METADATA = [
    pytest.param("/.well-known/oauth-authorization-server", "", id="RFC 8414"),
    pytest.param("/.well-known/oauth-authorization-server/tenant", "/tenant", id="RFC 8414, issuer with a path"),
    pytest.param("/.well-known/openid-configuration", "", id="OpenID Connect"),
    pytest.param("/tenant/.well-known/openid-configuration", "/tenant", id="OpenID Connect, issuer with a path"),
]


@pytest.mark.parametrize(("path", "tenant"), METADATA)
async def test_the_address_of_the_keys_is_looked_up_once(server: JwksServer, path: str, tenant: str) -> None:
    issuer = server.url + tenant
    server.metadata = {"path": path, "body": {"issuer": issuer, "jwks_uri": f"{server.url}/jwks"}}
    clock = Clock()
    source = JwksSource(issuer, timings=TIMINGS, clock=clock)
    assert (await source.key("ed")).kid == "ed"
    clock.now += 61
    assert (await source.key("ed")).kid == "ed"
    assert server.calls.count(path) == 1
    assert server.calls.count("/jwks") == 2


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"issuer": "https://other.example", "jwks_uri": "{url}/jwks"}, id="another issuer's"),
        pytest.param({"jwks_uri": "{url}/jwks"}, id="no issuer"),
        pytest.param({"issuer": "{url}"}, id="no jwks_uri"),
        pytest.param({"issuer": "{url}", "jwks_uri": "http://login.testshire.example/jwks"}, id="keys over plain http"),
        pytest.param({"issuer": "{url}", "jwks_uri": "file:///etc/passwd"}, id="keys in a file"),
        pytest.param({"issuer": "{url}", "jwks_uri": 1}, id="jwks_uri a number"),
    ],
)
async def test_metadata_that_is_wrong_is_not_followed(server: JwksServer, body: dict[str, object]) -> None:
    filled = {name: str(value).replace("{url}", server.url) for name, value in body.items()}
    server.metadata = {"path": "/.well-known/oauth-authorization-server", "body": filled}
    with pytest.raises(IssuerUnavailable):
        await JwksSource(server.url, timings=TIMINGS).key("ed")
    assert "/jwks" not in server.calls


async def test_a_token_is_verified_with_keys_from_the_network(server: JwksServer) -> None:
    verifier = Verifier(issuer=server.url, audience=AUDIENCE, keys=source_of(server), clock=lambda: NOW)
    found = await verifier.verify(f"Bearer {token(body=claims(iss=server.url))}")
    assert found.worker == "tc-0417"


URLS = [
    ("https://login.testshire.example", True),
    ("https://login.testshire.example:8443/tenant", True),
    ("http://127.0.0.1:9400", True),
    ("http://[::1]:9400", True),
    ("http://localhost:9400", True),
    ("http://login.testshire.example", False),
    ("http://127.0.0.1.evil.example", False),
    ("http://127.0.0.1@evil.example", False),
    ("https://user:secret@login.testshire.example", False),
    ("https://login.testshire.example/?a=1", False),
    ("https://login.testshire.example/#a", False),
    ("ftp://127.0.0.1", False),
    ("https://", False),
    ("https://[", False),
    ("login.testshire.example", False),
    ("", False),
]


@pytest.mark.parametrize(("url", "safe"), URLS)
def test_addresses_are_https_or_loopback(url: str, safe: bool) -> None:
    if safe:
        assert require_safe_url(url, "it") == url
    else:
        with pytest.raises(ConfigurationError):
            require_safe_url(url, "it")


async def test_closing_stops_a_fetch_that_is_under_way(server: JwksServer) -> None:
    server.fault = "slow"
    source = source_of(server)
    caller = asyncio.create_task(source.key("ed"))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(0.5):
        await source.close()
    with pytest.raises((asyncio.CancelledError, IssuerUnavailable)):
        await caller
    await source.close()  # and again, with nothing under way

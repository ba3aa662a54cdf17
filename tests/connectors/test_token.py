"""Tokens for a custodian: what a token endpoint may do, how the hub proves itself there, and when it asks again."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.access.client_auth import ClientSecret
from hub.access.credential import Credential, KeptCredential
from hub.connectors.base import Deadline, UpstreamFault
from hub.connectors.fhir.cpis import NOT_AFTER, Cpis
from hub.connectors.fhir.mapping import BY_CPIS, CPIS, CPIS_ACCESS
from hub.connectors.http import JsonClient, Reply
from hub.connectors.token import ANSWER_BYTES_MAX, EARLY_SECONDS, LIFE_MAX_SECONDS, AgreedToken, IssuedToken
from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, Identity
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswerReason
from hub.errors import ConfigurationError
from tests.connectors.bendable import Bendable, Request, bendable, response

WORDS = "Thornbury-Secret"
GOOD = {"access_token": "t1", "token_type": "Bearer", "expires_in": 600}
DOWN, SLOW, REFUSED = NoAnswerReason.DOWN, NoAnswerReason.SLOW, NoAnswerReason.REFUSED
MALFORMED, TOO_LARGE = NoAnswerReason.MALFORMED, NoAnswerReason.TOO_LARGE

PROOF = ClientSecret("hub", "s3cret")


@dataclass
class Place:
    """A custodian and its token endpoint on one server; a test changes what either does."""

    token: bytes | Callable[[Request], Any] | None = None
    accepts: set[str] | None = None
    given: list[str] = field(default_factory=list)
    clock: float = 1_000.0

    async def __call__(self, request: Request) -> None:
        if not request.line.startswith("POST /oauth2/token "):
            sent = request.headers.get("authorization", "").removeprefix("Bearer ")
            is_in = self.accepts is None or sent in self.accepts
            request.writer.write(response({"ok": True}) if is_in else response({}, "401 Unauthorized"))
        elif isinstance(self.token, bytes):
            request.writer.write(self.token)
        elif self.token is not None:
            await self.token(request)
        else:
            self.given.append(f"t{len(self.given) + 1}")
            request.writer.write(response({**GOOD, "access_token": self.given[-1]}))

    def now(self) -> float:
        return self.clock


def issued(server: Bendable, place: Place, proof: Any = PROOF, **how: Any) -> IssuedToken:
    return IssuedToken.at(f"{server.url}/oauth2/token", lambda: proof, clock=place.now, **how)


def asked_for_tokens(server: Bendable) -> int:
    return sum(request.line.startswith("POST /oauth2/token ") for request in server.requests)


def asked_for_records(server: Bendable) -> int:
    return len(server.requests) - asked_for_tokens(server)


async def get(client: JsonClient, seconds: float = 5.0) -> Reply:
    return await client.get("/x", deadline=Deadline.after(seconds))


# ---- a token endpoint that misbehaves -------------------------------------------------------------------------------


async def silent(_request: Request) -> None:
    await asyncio.sleep(30)


async def hangs_up(request: Request) -> None:
    request.writer.close()


async def drips(request: Request) -> None:
    for mark in response(GOOD):
        request.writer.write(bytes([mark]))
        await asyncio.sleep(0.05)


async def half(request: Request) -> None:
    request.writer.write(response(GOOD)[:-9])
    await request.writer.drain()
    request.writer.close()


def refusal(error: object) -> bytes:
    return response({"error": error, "error_description": WORDS}, "400 Bad Request")


def without(key: str, **more: object) -> bytes:
    return response({name: value for name, value in {**GOOD, **more}.items() if name != key})


HOSTILE = {
    "says nothing": (silent, SLOW, "no reply within"),
    "a byte at a time": (drips, SLOW, "no reply within"),
    "hangs up": (hangs_up, DOWN, "its token endpoint: the connection broke"),
    "half an answer": (half, DOWN, "its token endpoint: the connection broke"),
    "no HTTP": (f"{WORDS}\r\n\r\n".encode(), MALFORMED, "its token endpoint: its answer is not HTTP"),
    "HTTP 500": (response({"x": WORDS}, "500 Oops"), DOWN, "its token endpoint: it reported a fault of its own (HTTP 500)"),
    "HTTP 503": (response({}, "503 No", Retry_After="7"), DOWN, "its token endpoint: it reported a fault of its own (HTTP 503)"),
    "HTTP 429": (response({}, "429 Slow Down"), DOWN, "its token endpoint: it is asked too often just now"),
    "HTTP 302 to a sign-in page": (response(b"", "302 Found", Location="/oauth2/token"), MALFORMED, "redirect"),
    "HTTP 307": (response(b"", "307 Again", Location="/elsewhere"), MALFORMED, "redirect"),
    "HTTP 401 with words": (response({"error": WORDS}, "401 No"), REFUSED, "it refused the hub's credentials"),
    "HTTP 401 as a web page": (response(b"<p>", "401 No", "text/html"), REFUSED, "it refused the hub's credentials"),
    "HTTP 403": (response({}, "403 No"), REFUSED, "it refused the hub's credentials"),
    "HTTP 404": (response({}, "404 No"), MALFORMED, "it did not understand the hub's question (HTTP 404)"),
    "HTTP 204": (response(b"", "204 Nothing"), MALFORMED, "without an answer"),
    "invalid_client": (refusal("invalid_client"), REFUSED, "does not accept the hub's client id with this secret or key"),
    "unauthorized_client": (refusal("unauthorized_client"), REFUSED, "does not let this client"),
    "invalid_scope": (refusal("invalid_scope"), REFUSED, "the scope that is asked for"),
    "invalid_target": (refusal("invalid_target"), REFUSED, "for that audience"),
    "invalid_request": (refusal("invalid_request"), REFUSED, "the way in which the hub asks"),
    "a refusal in words of its own": (refusal(WORDS), REFUSED, "its token endpoint: it refused the hub's credentials"),
    "a refusal that is a list": (refusal([WORDS]), REFUSED, "its token endpoint: it refused the hub's credentials"),
    "a web page": (response(b"<p>", content_type="text/html"), MALFORMED, "something other than JSON"),
    "a list": (response([GOOD]), MALFORMED, "no access token"),
    "no token": (without("access_token"), MALFORMED, "no access token"),
    "an empty token": (response({**GOOD, "access_token": ""}), MALFORMED, "no access token"),
    "a token that is a number": (response({**GOOD, "access_token": 7}), MALFORMED, "no access token"),
    "a token with a header in it": (response({**GOOD, "access_token": "t\r\nX: y"}), MALFORMED, "no access token"),
    "a token that is not ASCII": (response({**GOOD, "access_token": "tökén"}), MALFORMED, "no access token"),
    "a token of 9 KiB": (response({**GOOD, "access_token": "t" * 9_000}), MALFORMED, "no access token"),
    "no type": (without("token_type"), MALFORMED, "another type than bearer"),
    "a DPoP token": (response({**GOOD, "token_type": "DPoP"}), MALFORMED, "another type than bearer"),
    "one name twice": (response(b'{"access_token":"a","access_token":"b"}'), MALFORMED, "not strict JSON"),
    "no JSON": (response(WORDS.encode()), MALFORMED, "not strict JSON"),
    "huge": (response({**GOOD, "x": "y" * ANSWER_BYTES_MAX}), TOO_LARGE, "its token endpoint: its answer is larger than"),
    "a bomb": (response(gzip.compress(b" " * 9_000_000), Content_Encoding="gzip"), TOO_LARGE, "larger than"),
    "damaged gzip": (response(b"\x1f\x8bxx", Content_Encoding="gzip"), MALFORMED, "packed wrongly"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_token_endpoint_that_misbehaves_is_no_answer_and_nothing_is_asked(name: str) -> None:
    token, reason, said = HOSTILE[name]
    place = Place(token=token)  # type: ignore[arg-type]
    async with bendable(place) as server:
        client = JsonClient(server.url, credentials=issued(server, place))
        with pytest.raises(UpstreamFault) as caught:
            await get(client, 0.4 if reason is SLOW else 10.0)
        assert caught.value.no_answer.reason is reason
        assert said in caught.value.no_answer.detail
        assert WORDS not in caught.value.no_answer.detail
        assert (asked_for_tokens(server), asked_for_records(server)) == (1, 0)
        place.token = None
        assert (await get(client)).body == {"ok": True}, "and the next question is answered"
        await client.close()


async def test_nobody_at_the_token_endpoint() -> None:
    async with bendable(Place()) as gone:
        pass
    client = JsonClient(gone.url, credentials=issued(gone, Place()))
    with pytest.raises(UpstreamFault, match="its token endpoint: no connection could be made"):
        await get(client)
    await client.close()


# ---- when a token is asked for --------------------------------------------------------------------------------------


async def test_a_token_is_asked_for_by_one_caller_and_kept_until_shortly_before_it_ends() -> None:
    place = Place()
    async with bendable(place) as server:
        client = JsonClient(server.url, credentials=issued(server, place))
        await asyncio.gather(*(get(client) for _ in range(8)))
        assert asked_for_tokens(server) == 1
        place.clock += 600 - EARLY_SECONDS - 1
        await get(client)
        assert asked_for_tokens(server) == 1
        place.clock += 1
        await get(client)
        assert asked_for_tokens(server) == 2
        await client.close()


@pytest.mark.parametrize(
    ("says", "seconds"),
    [
        pytest.param("599", 599 - EARLY_SECONDS, id="text, as NHS England writes it"),
        pytest.param(10**9, LIFE_MAX_SECONDS - EARLY_SECONDS, id="for ever"),
        pytest.param(None, 0, id="nothing"),
        pytest.param(-1, 0, id="over"),
        pytest.param(True, 0, id="true"),
    ],
)
async def test_how_long_a_token_serves(says: object, seconds: int) -> None:
    place = Place(token=response({**GOOD, "expires_in": says}))
    async with bendable(place) as server:
        client = JsonClient(server.url, credentials=issued(server, place))
        await get(client)
        place.clock += max(0, seconds - 1)
        await get(client)
        assert asked_for_tokens(server) == (1 if seconds else 2)
        place.clock += 1
        await get(client)
        assert asked_for_tokens(server) == (2 if seconds else 3)
        await client.close()


@pytest.mark.parametrize(
    ("accepts", "repeats", "tokens", "records", "answered"),
    [
        pytest.param({"t2"}, True, 2, 2, True, id="the next token is taken"),
        pytest.param(set(), True, 2, 2, False, id="no token is taken: asked once more and never again"),
        pytest.param({"t2"}, False, 1, 1, False, id="a call that is an event of its own is not repeated"),
    ],
)
async def test_a_custodian_that_refuses_a_token(
    accepts: set[str], repeats: bool, tokens: int, records: int, answered: bool
) -> None:
    place = Place(accepts=accepts)
    async with bendable(place) as server:
        client = JsonClient(server.url, credentials=issued(server, place), repeats=repeats)
        if answered:
            assert (await get(client)).body == {"ok": True}
        else:
            with pytest.raises(UpstreamFault, match="it refused the hub's credentials"):
                await get(client)
        assert (asked_for_tokens(server), asked_for_records(server)) == (tokens, records)
        if not repeats:
            await get(client)
            assert asked_for_tokens(server) == 2, "but the token is not used again"
        await client.close()


async def test_cpis_is_not_asked_again_with_another_token() -> None:
    place = Place(accepts={"t2"})
    who = Identity(nhs_number=NHSNumber.parse("9990000018"), nhs_number_verified=True)
    child = Candidate("nhs", "9990000018", who)
    async with bendable(place) as server:
        cpis = Cpis(server.url, issued(server, place), unscheduled=True, clock=lambda: datetime.now(UTC))
        pointers = [cpis.pointer(kind, "nhs", child, restricted=False) for kind in sorted(BY_CPIS)]
        records = await cpis.read(pointers, child, Deadline.after(10))
        await cpis.close()
    assert (asked_for_tokens(server), asked_for_records(server)) == (1, 1)
    told = {record.pointer.kind: str(unseal(record)["answer"]) for record in records}
    assert "it refused the hub's credentials" in told[CPIS]
    assert told[CPIS_ACCESS] == NOT_AFTER


async def test_several_callers_whose_token_is_refused_ask_for_one_more_between_them() -> None:
    place = Place(accepts={"t2"})
    async with bendable(place) as server:
        credentials = issued(server, place)
        client = JsonClient(server.url, credentials=credentials)
        await credentials.headers(Deadline.after(5))
        await asyncio.gather(*(get(client) for _ in range(6)))
        assert asked_for_tokens(server) == 2
        await client.close()


async def test_a_secret_that_can_no_longer_be_read_is_no_answer() -> None:
    def proof() -> Any:
        raise ConfigurationError(f"/etc/{WORDS}: no such file")

    async with bendable(Place()) as server:
        client = JsonClient(server.url, credentials=IssuedToken.at(f"{server.url}/oauth2/token", proof))
        with pytest.raises(UpstreamFault, match="the hub cannot read the secret or key"):
            await get(client)
        assert server.requests == []
        await client.close()


# ---- a token that was agreed ----------------------------------------------------------------------------------------


async def test_an_agreed_token_is_read_again_when_its_file_changed(tmp_path: Path) -> None:
    path = tmp_path / "neighbour.token"
    path.write_text("t1\n", encoding="ascii")
    place = Place(accepts={"t1"})
    async with bendable(place) as server:
        client = JsonClient(server.url, credentials=AgreedToken(KeptCredential(Credential(file=str(path))).read))
        await get(client)
        path.write_text("", encoding="ascii")
        await get(client)  # it is being written just now: the last token is kept
        place.accepts = {"a-longer-one"}
        path.write_text("a-longer-one\n", encoding="ascii")
        await get(client)
        assert len(server.requests) == 3, "none was refused"
        await client.close()


async def test_an_agreed_token_that_is_refused_is_read_again_even_if_the_file_looks_as_it_did(tmp_path: Path) -> None:
    path = tmp_path / "neighbour.token"
    path.write_text("t1", encoding="ascii")
    os.utime(path, ns=(1, 1))
    place = Place(accepts={"t2"})
    async with bendable(place) as server:
        client = JsonClient(server.url, credentials=AgreedToken(KeptCredential(Credential(file=str(path))).read))
        path.write_text("t2", encoding="ascii")
        os.utime(path, ns=(1, 1))
        await get(client)
        assert len(server.requests) == 2
        place.accepts = set()
        with pytest.raises(UpstreamFault, match="it refused the hub's credentials"):
            await get(client)
        assert len(server.requests) == 3, "the same token is not sent again"
        await client.close()

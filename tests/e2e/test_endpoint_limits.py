"""What stands before a question, in a running hub: rates, budgets, registered documents, methods; each in the log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.audit.entries import Answer, Question, Refused
from hub.cli.client import VIEW, question
from hub.cli.main import main
from hub.schema.trusted import digest
from tests.e2e.beside import Beside, beside
from tests.e2e.conftest import Town

NUMBER = "9990004021"
WHO = "sources { custodian { name } state reason }"
SMALL = (
    "query($find: ChildSearch!, $enquiry: EnquiryInput!) { child(find: $find, enquiry: $enquiry) "
    f"{{ ... on JoinedView {{ {WHO} }} ... on PossibleMatches {{ {WHO} }} ... on NoMatch {{ {WHO} }} }} }}"
)


def several(children: int) -> str:
    asked = " ".join(f"c{n}: {SMALL[SMALL.index('child(') : -2]}" for n in range(children))
    return f"{SMALL[: SMALL.index('child(')]}{asked} }}"


@pytest.fixture(scope="module")
def hub(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """A hub in production with low limits and one registered document."""
    place = tmp_path_factory.mktemp("limited")
    limits = "limits = { children_max = 2, calls_max = 40, client_per_minute = 1000, worker_per_minute = 9 }"
    server = f'{limits}\ndocuments = "trusted"\ndocuments_file = "{place / "documents.json"}"'
    for name, text in {"small": SMALL, "view": VIEW, **{f"several{n}": several(n) for n in (2, 3)}}.items():
        (place / f"{name}.graphql").write_text(text)
    with beside(town, place, server, environment="production") as running:
        files = [str(file) for file in sorted(place.glob("*.graphql"))]
        settings = str(town.running.settings.parent / f"{place.name}.toml")
        assert main(["documents", "register", "--settings", settings, "--client", "testshire-mash", *files]) == 0
        yield running


async def send(
    hub: Beside, body: Any, worker: str = "tc-0417", method: str = "POST"
) -> tuple[int, dict[str, Any], Any]:
    headers = {"Authorization": f"Bearer {await hub.town.token(worker)}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, f"{hub.url}/graphql", json=body) as reply,
    ):
        return reply.status, json.loads(await reply.read() or b"{}"), reply.headers


def asked(**more: Any) -> dict[str, Any]:
    return {"variables": question(purpose="CA2004_S16LA", case_reference="MASH-1", nhsNumber=NUMBER), **more}


def logged_since(hub: Beside, before: int) -> list[str]:
    return [entry.code if isinstance(entry, Refused) else type(entry).__name__ for entry in hub.entries()[before:]]


SENT: dict[str, tuple[dict[str, Any], int, str | None]] = {
    "a registered document": (asked(query=SMALL), 200, None),
    "by its id": (asked(documentId=f"sha256:{digest(SMALL)}"), 200, None),
    "as Apollo names it": (
        asked(extensions={"persistedQuery": {"version": 1, "sha256Hash": digest(SMALL)}}),
        200,
        None,
    ),
    "a document that is not registered": (asked(query=SMALL + " "), 400, "DOCUMENT_NOT_REGISTERED"),
    "an id of nothing": (asked(documentId=f"sha256:{digest('x')}"), 400, "DOCUMENT_UNKNOWN"),
    "another text than its id": (asked(query=SMALL, documentId=f"sha256:{digest(VIEW)}"), 400, "BODY_INVALID"),
    "too many calls": (asked(query=VIEW), 400, "QUERY_TOO_COSTLY"),
    "too many children": (asked(query=several(3)), 400, "QUERY_TOO_COSTLY"),
}


@pytest.mark.parametrize("name", SENT)
async def test_documents_and_budgets(hub: Beside, name: str) -> None:
    body, expected, code = SENT[name]
    before = len(hub.entries())
    status, said, _ = await send(hub, body)
    if code is None:
        assert (status, said.get("errors")) == (expected, None)
        assert logged_since(hub, before) == [Question.__name__, Answer.__name__]
        return
    assert (status, said["errors"][0]["extensions"]["code"]) == (expected, code)
    assert logged_since(hub, before) == [code]


async def test_a_rate_is_kept_and_told(hub: Beside) -> None:
    """Each worker has nine questions a minute; two children are two questions."""
    taken = 0
    while taken < 20:
        before = len(hub.entries())
        status, said, headers = await send(hub, asked(query=several(2)), "tc-0562")
        if status == 429:
            break
        taken += 2
    assert taken == 8
    assert said["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert 1 <= int(headers["Retry-After"]) <= 60
    assert logged_since(hub, before) == ["RATE_LIMITED"]
    refusal = hub.entries()[-1]
    assert isinstance(refusal, Refused)
    assert (refusal.status, refusal.client, refusal.worker is None) == (429, "testshire-mash", False)


async def test_a_rate_is_judged_before_the_body(hub: Beside) -> None:
    while (await send(hub, asked(query=SMALL), "tc-0031"))[0] != 429:
        pass
    token = await hub.town.token("tc-0031")
    reader, writer = await open_raw(hub)
    writer.write(
        f"POST /graphql HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        "Content-Length: 60000\r\n\r\n".encode()
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 429")
    writer.close()


async def open_raw(hub: Beside) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = hub.url.removeprefix("http://").split(":")
    return await asyncio.open_connection(host, int(port))


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_another_method(hub: Beside, method: str) -> None:
    before = len(hub.entries())
    status, said, headers = await send(hub, asked(query=SMALL), method=method)
    assert (status, said["errors"][0]["extensions"]["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert headers["Allow"] == "POST"
    assert not [name for name in headers if name.lower().startswith("access-control")]
    assert logged_since(hub, before) == ["METHOD_NOT_ALLOWED"]


@pytest.mark.parametrize("path", ["/nothing", "/graphql/", "/ide", "/log/entries/x/proof", "/graphql%00"])
async def test_another_address(hub: Beside, path: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(hub.url + path, allow_redirects=False) as reply:
        assert reply.status == 404
        assert (await reply.json())["errors"][0]["extensions"]["code"] == "ADDRESS_UNKNOWN"
        for name in ("Cache-Control", "X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy"):
            assert reply.headers[name]
        assert "Server" not in reply.headers


def test_what_the_hub_wrote_out_names_nobody(hub: Beside) -> None:
    said = Path(hub.said).read_text(encoding="utf-8")
    assert not [secret for secret in (NUMBER, "MASH-1", "child(") if secret in said]

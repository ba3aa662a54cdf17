"""The HTTP client over several calls: nothing left over, nothing sent that should not be, pages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from hub.connectors.base import Deadline, UpstreamFault
from hub.connectors.http import CORRELATION_ID, PAGES_MAX, BearerToken, JsonClient, Reply
from hub.connectors.http_session import BESIDES_BODY_BYTES_MAX
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.bendable import Bendable, Request, bendable, response
from tests.connectors.hostile import reading

R = NoAnswerReason
OK = response({"who": "A"})


async def asked(server: Bendable, seconds: float = 2.0, **options: Any) -> Reply | NoAnswer:
    """The reply to one POST, or the failure."""
    client = JsonClient(server.url, **options)
    try:
        return await client.post("/ask", json={}, deadline=Deadline.after(seconds))
    except UpstreamFault as fault:
        return fault.no_answer
    finally:
        await client.close()


def mine(request: Request, body: object = None) -> bytes:
    """An answer that says which question it is to."""
    return response(body or {"who": "A"}, X_Request_ID=request.headers["x-request-id"])


async def say_nothing(_request: Request) -> None:
    await asyncio.sleep(60)


# ---- one answer must never be read as another's ---------------------------------------------------------------------

STALE = response({"who": "STALE"})


LATE = (["A", "down", "B"],)
"""Where a connection is used again it may break under the next question: no answer, and never the wrong one."""


async def surplus_in_one_packet(request: Request) -> None:
    await request.send(mine(request) + STALE)


async def surplus_with_the_body(request: Request) -> None:
    head, body = mine(request).split(b"\r\n\r\n")
    await request.send(head + b"\r\n\r\n")
    await request.send(body + STALE)


async def surplus_later(request: Request) -> None:
    await request.send(mine(request))
    await request.send(STALE)


async def surplus_error_later(request: Request) -> None:
    await request.send(mine(request))
    await request.send(response({}, "500 Oops"))


async def half_a_surplus(request: Request) -> None:
    await request.send(mine(request))
    await request.send(STALE[:30])


async def surplus_garbage(request: Request) -> None:
    await request.send(mine(request) + b"garbage\r\n\r\n")


@pytest.mark.parametrize(
    "script",
    [surplus_in_one_packet, surplus_with_the_body, surplus_later, surplus_error_later, half_a_surplus, surplus_garbage],
    ids=lambda script: script.__name__,
)
@pytest.mark.parametrize("pause", [0.0, 0.1], ids=["asked again at once", "asked again later"])
@pytest.mark.parametrize("echoes", [True, False], ids=["connections are used again", "each serves one question"])
async def test_surplus_bytes_never_become_the_next_answer(script: Any, echoes: bool, pause: float) -> None:
    async def once_then_well(request: Request) -> None:
        await (script(request) if len(server.requests) == 1 else request.send(mine(request, {"who": "B"})))

    async with bendable(once_then_well) as server:
        client = JsonClient(server.url, echoes_request_id=echoes)
        answers = []
        for _ in range(3):
            try:
                answers.append((await client.post("/ask", json={}, deadline=Deadline.after(2))).body["who"])
            except UpstreamFault as fault:
                answers.append(fault.no_answer.reason.value)
            await asyncio.sleep(pause)
        await client.close()
    assert answers in (["A", "B", "B"], ["A", "malformed", "B"], ["malformed", "B", "B"], *(LATE if echoes else ()))


@pytest.mark.parametrize(
    ("echoes", "connections"),
    [
        pytest.param(True, [1, 1, 1], id="answers say to which question they are"),
        pytest.param(False, [1, 2, 3], id="they do not"),
    ],
)
async def test_a_connection_is_used_again_only_where_answers_say_to_which_question_they_are(
    echoes: bool, connections: list[int]
) -> None:
    async def well(request: Request) -> None:
        await request.send(mine(request))

    async with bendable(well) as server:
        client = JsonClient(server.url, echoes_request_id=echoes)
        for _ in range(3):
            await client.get("/ask", deadline=Deadline.after(2))
        await client.close()
        assert [request.connection for request in server.requests] == connections
        assert {request.headers.get("connection") for request in server.requests} == {None if echoes else "close"}


async def test_what_is_not_the_body_is_counted_for_each_answer_by_itself() -> None:
    answers, padding = 60, "x" * 6_000
    assert answers * len(padding) > BESIDES_BODY_BYTES_MAX

    async def well(request: Request) -> None:
        sent = request.headers["x-request-id"]
        request.writer.write(response({"x": padding}, X_Request_ID=sent, X_Padding=padding))

    async with bendable(well) as server:
        client = JsonClient(server.url, echoes_request_id=True)
        for _ in range(answers):
            await client.get("/ask", deadline=Deadline.after(5))
        await client.close()
        assert {request.connection for request in server.requests} == {1}


async def test_a_large_answer_before_leaves_no_more_room_for_what_is_not_the_body() -> None:
    async def large_then_endless(request: Request) -> None:
        if len(server.requests) == 1:
            request.writer.write(mine(request, {"x": " " * 2_000_000}))
        while len(server.requests) > 1:
            request.writer.write(b"\r\n" * 30_000)
            await request.writer.drain()

    async with bendable(large_then_endless) as server:
        client = JsonClient(server.url, echoes_request_id=True)
        await client.get("/ask", deadline=Deadline.after(5))
        with reading() as read, pytest.raises(UpstreamFault, match="keeps sending what is no answer"):
            await client.get("/ask", deadline=Deadline.after(5))
        assert {request.connection for request in server.requests} == {1}
        await client.close()
    assert read[0] < 1_000_000


async def hang_up(request: Request) -> None:
    request.writer.close()


async def cut(request: Request) -> None:
    request.writer.transport.abort()


async def hang_up_in_the_head(request: Request) -> None:
    await request.send(mine(request)[:20])
    request.writer.close()


async def cut_in_the_body(request: Request) -> None:
    await request.send(mine(request)[:-3])
    request.writer.transport.abort()


@pytest.mark.parametrize("before", [0, 1], ids=["on a new connection", "on one used before"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("script", [hang_up, cut, hang_up_in_the_head, cut_in_the_body], ids=lambda one: one.__name__)
async def test_a_connection_that_breaks_is_no_answer_and_nobody_is_asked_twice(
    script: Any, method: str, before: int
) -> None:
    async def well_then_not(request: Request) -> None:
        await (request.send(mine(request)) if len(server.requests) <= before else script(request))

    async with bendable(well_then_not) as server:
        client = JsonClient(server.url, echoes_request_id=True)
        for _ in range(before):
            await client.get("/before", deadline=Deadline.after(2))
        with pytest.raises(UpstreamFault) as caught:
            await (
                client.get("/ask", deadline=Deadline.after(2))
                if method == "GET"
                else client.post("/ask", json={}, deadline=Deadline.after(2))
            )
        await client.close()
    assert [request.line.split()[1] for request in server.requests] == ["/before"] * before + ["/ask"]
    assert [request.connection for request in server.requests] == [1] * (before + 1)
    assert (caught.value.no_answer.reason, "broke" in (caught.value.no_answer.detail or "")) == (R.DOWN, True)


ECHOES = {
    "ours": (lambda sent: sent, True),
    "ours in capitals": (lambda sent: sent.upper(), True),
    "another's": (lambda _sent: "00000000-0000-4000-8000-000000000000", False),
    "none": (lambda _sent: None, False),
}


@pytest.mark.parametrize(("echo", "good"), ECHOES.values(), ids=ECHOES.keys())
async def test_where_the_request_id_is_echoed_another_id_is_another_answer(echo: Any, good: bool) -> None:
    async def script(request: Request) -> None:
        back = echo(request.headers["x-request-id"])
        await request.send(response({}, **({"X_Request_ID": back} if back else {})))

    async with bendable(script) as server:
        reply = await asked(server, echoes_request_id=True)
    assert isinstance(reply, Reply) is good
    if isinstance(reply, NoAnswer):
        assert (reply.reason, reply.detail) == (R.MALFORMED, "its answer belongs to another question")


# ---- what goes out --------------------------------------------------------------------------------------------------


async def test_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with bendable(response({}, Set_Cookie="session=1")) as server:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        client = JsonClient(server.url + "/base/", credentials=BearerToken("s3cret"), headers={"X-Tenant": "t"})
        token = CORRELATION_ID.set("corr-1")
        await client.get("/a", params={"q": "ä &"}, deadline=Deadline.after(2))
        await client.post("/b", json={"x": 1}, deadline=Deadline.after(2), headers={"X-One": "1"})
        await client.post("/c", form=[("x", "1"), ("x", "2")], deadline=Deadline.after(2))
        CORRELATION_ID.reset(token)
        await client.get("/d", deadline=Deadline.after(2))
        await client.close()
    a, b, c, d = server.requests
    assert [request.line for request in server.requests] == [
        "GET /base/a?q=%C3%A4+%26 HTTP/1.1",
        "POST /base/b HTTP/1.1",
        "POST /base/c HTTP/1.1",
        "GET /base/d HTTP/1.1",
    ]
    assert [request.body for request in (a, b, c)] == [b"", b'{"x":1}', b"x=1&x=2"]
    assert [request.headers.get("x-correlation-id") for request in server.requests] == ["corr-1"] * 3 + [None]
    assert len({request.headers["x-request-id"] for request in server.requests}) == 4
    assert all(request.headers["authorization"] == "Bearer s3cret" for request in server.requests)
    assert not any("cookie" in request.headers for request in server.requests)
    assert (b.headers["content-type"], b.headers["x-one"]) == ("application/json", "1")
    assert c.headers["content-type"] == "application/x-www-form-urlencoded"
    assert d.headers["accept"] == "application/json"
    assert "s3cret" not in repr(BearerToken("s3cret"))


async def test_only_so_many_connections_are_open_at_once() -> None:
    async def slowly(request: Request) -> None:
        await asyncio.sleep(0.05)
        await request.send(mine(request))

    async with bendable(slowly) as server:
        client = JsonClient(server.url, connections_max=2, echoes_request_id=True)
        await asyncio.gather(*(client.get("/x", deadline=Deadline.after(5)) for _ in range(6)))
        await client.close()
        assert {request.connection for request in server.requests} == {1, 2}


async def test_waiting_for_a_connection_counts_against_the_deadline() -> None:
    async with bendable(say_nothing) as server:
        client = JsonClient(server.url, connections_max=1)
        calls = [client.get("/x", deadline=Deadline.after(0.3)) for _ in range(3)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        await client.close()
    reasons = [result.no_answer.reason for result in results if isinstance(result, UpstreamFault)]
    assert reasons == [R.SLOW] * 3


async def test_a_fault_of_the_credentials_is_the_fault() -> None:
    class NoToken:
        async def headers(self, deadline: Deadline) -> Mapping[str, str]:
            raise UpstreamFault(R.REFUSED, "no token could be had")

        def refused(self, sent: Mapping[str, str]) -> bool:
            return False

        async def close(self) -> None:
            pass

    async with bendable(OK) as server:
        failure = await asked(server, credentials=NoToken())
        assert server.requests == []
    assert failure == NoAnswer(R.REFUSED, "no token could be had")


ALLOWED = {
    "allowed": (response({"gone": True}, "404 Not Found"), 404),
    "allowed, but a proxy's page": (response(b"<html>", "404 Not Found", "text/html"), None),
}


@pytest.mark.parametrize(("answer", "status"), ALLOWED.values(), ids=ALLOWED.keys())
async def test_a_status_is_given_back_where_allowed(answer: bytes, status: int | None) -> None:
    async with bendable(answer) as server:
        client = JsonClient(server.url)
        call = client.get("/x", deadline=Deadline.after(2), allow={404})
        if status is None:
            with pytest.raises(UpstreamFault, match="other than JSON"):
                await call
        else:
            assert (await call).status == status
        await client.close()


def test_one_client_works_in_one_loop_after_another() -> None:
    async def once(client: JsonClient) -> object:
        reply = await client.get("/x", deadline=Deadline.after(2))
        await client.close()
        return reply.body

    async def both() -> None:
        async with bendable(OK) as server:
            client = JsonClient(server.url)
            assert await once(client) == {"who": "A"}
            assert await asyncio.to_thread(lambda: asyncio.run(once(client))) == {"who": "A"}

    asyncio.run(both())


# ---- pages ----------------------------------------------------------------------------------------------------------


async def paged(server: Bendable) -> list[object] | NoAnswer:
    client = JsonClient(server.url + "/base")
    try:
        first = await client.post("/list", json={}, deadline=Deadline.after(5))
        pages = client.pages(first, lambda page: page.body.get("next"), deadline=Deadline.after(5))
        return [page.body["n"] async for page in pages]
    except UpstreamFault as fault:
        return fault.no_answer
    finally:
        await client.close()


@pytest.mark.parametrize("count", [1, 2, PAGES_MAX, PAGES_MAX + 1])
async def test_pages_are_followed_up_to_a_limit(count: int) -> None:
    async def script(request: Request) -> None:
        here = int(request.line.split("from=")[1].split()[0]) if "from=" in request.line else 0
        more = {"next": f"?from={here + 1}"} if here + 1 < count else {}
        request.writer.write(response({"n": here, **more}))

    async with bendable(script) as server:
        answer = await paged(server)
    if count <= PAGES_MAX:
        assert answer == list(range(count))
    else:
        assert isinstance(answer, NoAnswer)
        assert answer.reason is R.TOO_LARGE


LINKS = [
    "http://127.0.0.1:9/base/x",
    "//evil.example/base/x",
    "/other/x",
    "/base/../x",
    "list",
    "http://[",
    "/base/x y",
]


@pytest.mark.parametrize("link", LINKS)
async def test_a_page_elsewhere_or_seen_before_is_not_followed(link: str) -> None:
    async with bendable(response({"n": 0, "next": link})) as server:
        answer = await paged(server)
        assert len(server.requests) <= 1 + (link == "list")
    assert isinstance(answer, NoAnswer)
    assert answer.reason is R.MALFORMED

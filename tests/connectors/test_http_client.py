"""The HTTP client against servers that do not keep to the rules."""

from __future__ import annotations

import asyncio
import gzip
import logging
import time
import zlib
from collections.abc import Mapping
from typing import Any

import pytest

from hub.connectors.base import Deadline, UpstreamFault
from hub.connectors.http import CORRELATION_ID, PAGES_MAX, BearerToken, JsonClient, Reply
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.bendable import Bendable, Request, bendable, response

BYTES_MAX = 10_000
SECRET = "Thornbury"
"""Stands for a child's name in an answer: it must not turn up in anything the hub says."""

OK = response({"who": "A"})


async def asked(server: Bendable, seconds: float = 2.0, **options: Any) -> Reply | NoAnswer:
    """The reply to one POST, or the failure."""
    client = JsonClient(server.url, bytes_max=BYTES_MAX, **options)
    try:
        return await client.post("/ask", json={}, deadline=Deadline.after(seconds))
    except UpstreamFault as fault:
        return fault.no_answer
    finally:
        await client.close()


def chunked(*chunks: bytes, end: bool = True) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks)
    return head + body + (b"0\r\n\r\n" if end else b"")


def packed(body: bytes, **headers: str) -> bytes:
    return response(body, Content_Encoding="gzip", **headers)


def spaces(count: int) -> bytes:
    return b'"' + b" " * (count - 2) + b'"'


GOOD: Mapping[str, tuple[bytes, object]] = {
    "plain": (response({"a": [1, None, True, "x"]}), {"a": [1, None, True, "x"]}),
    "with a charset": (response({}, content_type="application/json; charset=UTF-8"), {}),
    "in chunks": (chunked(b'{"a"', b": 1}"), {"a": 1}),
    "gzip": (packed(gzip.compress(b'{"a": 1}')), {"a": 1}),
    "just small enough": (response(spaces(BYTES_MAX)), " " * (BYTES_MAX - 2)),
    "gzip, just small enough": (packed(gzip.compress(spaces(BYTES_MAX))), " " * (BYTES_MAX - 2)),
    "other casing of the type": (response({}, content_type="Application/JSON"), {}),
    "after an informational answer": (b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK, {"who": "A"}),
}


@pytest.mark.parametrize(("answer", "body"), GOOD.values(), ids=GOOD.keys())
async def test_reads_what_keeps_to_the_rules(answer: bytes, body: object) -> None:
    async with bendable(answer) as server:
        reply = await asked(server)
    assert isinstance(reply, Reply)
    assert (reply.status, reply.body) == (200, body)


R = NoAnswerReason
BAD: Mapping[str, tuple[bytes, NoAnswerReason, str]] = {
    "401": (response({"error": SECRET}, "401 Unauthorized"), R.REFUSED, "credentials"),
    "403": (response({"error": SECRET}, "403 Forbidden"), R.REFUSED, "credentials"),
    "400": (response({"error": SECRET}, "400 Bad Request"), R.MALFORMED, "HTTP 400"),
    "404": (response({"error": SECRET}, "404 Not Found"), R.MALFORMED, "HTTP 404"),
    "500": (response({"error": SECRET}, "500 Internal Server Error"), R.DOWN, "HTTP 500"),
    "502 in HTML": (response(b"<html>" + SECRET.encode(), "502 Bad Gateway", "text/html"), R.DOWN, "HTTP 502"),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", R.MALFORMED, "HTTP 204"),
    "206": (response({}, "206 Partial Content"), R.MALFORMED, "HTTP 206"),
    "redirect elsewhere": (response({}, "302 Found", Location=f"http://127.0.0.1:9/{SECRET}"), R.MALFORMED, "redirect"),
    "redirect that keeps the method": (
        response({}, "307 Temporary Redirect", Location="/ask"),
        R.MALFORMED,
        "redirect",
    ),
    "HTML": (response(b"<html>" + SECRET.encode(), content_type="text/html"), R.MALFORMED, "other than JSON"),
    "JSON called text": (response({}, content_type="text/plain"), R.MALFORMED, "other than JSON"),
    "JSON called nothing": (response({}, content_type=None), R.MALFORMED, "other than JSON"),
    "FHIR where JSON was agreed": (response({}, content_type="application/fhir+json"), R.MALFORMED, "other than JSON"),
    "another charset": (response({}, content_type="application/json; charset=utf-16"), R.MALFORMED, "UTF-8"),
    "NaN": (response(b'{"a": NaN}'), R.MALFORMED, "NaN"),
    "duplicate keys": (response(f'{{"a": "{SECRET}", "a": 2}}'.encode()), R.MALFORMED, "a key twice"),
    "deep nesting": (response(b"[" * 2_000 + b"]" * 2_000), R.MALFORMED, "nested too deep"),
    "very deep nesting": (response(b"[" * 5_000 + b"]" * 5_000), R.MALFORMED, "nested too deep"),
    "two documents": (response(b"{}{}"), R.MALFORMED, "not JSON"),
    "an empty body": (response(b""), R.MALFORMED, "not JSON"),
    "Latin-1": (response('{"a": "Zoë"}'.encode("latin-1")), R.MALFORMED, "not JSON"),
    "one byte too large, announced": (response(spaces(BYTES_MAX + 1)), R.TOO_LARGE, "10,000 bytes"),
    "one byte too large, in chunks": (chunked(spaces(BYTES_MAX + 1)), R.TOO_LARGE, "10,000 bytes"),
    "one byte too large, packed": (packed(gzip.compress(spaces(BYTES_MAX + 1))), R.TOO_LARGE, "10,000 bytes"),
    "a bomb": (packed(gzip.compress(b"[" + b" " * 50_000_000)[:9_000]), R.TOO_LARGE, "10,000 bytes"),
    "packed wrongly": (packed(b"not gzip at all"), R.MALFORMED, "packed wrongly"),
    "packed and cut": (packed(gzip.compress(b'{"a": 1}')[:-4]), R.MALFORMED, "packed wrongly"),
    "packed with something after it": (packed(gzip.compress(b"{}") + b"{}"), R.MALFORMED, "packed wrongly"),
    "packed in another way": (response(zlib.compress(b"{}"), Content_Encoding="deflate"), R.MALFORMED, "did not ask"),
    "packed twice": (response(b"{}", Content_Encoding="gzip, gzip"), R.MALFORMED, "did not ask"),
    "not HTTP": (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", R.MALFORMED, "not HTTP"),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", R.MALFORMED, "not HTTP"),
    "a length that is none": (b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}", R.MALFORMED, "not HTTP"),
    "a header without end": (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n{}", R.MALFORMED, "not HTTP"),
}


@pytest.mark.parametrize(("answer", "reason", "detail"), BAD.values(), ids=BAD.keys())
async def test_refuses_what_does_not(
    answer: bytes, reason: NoAnswerReason, detail: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with bendable(answer) as server:
        failure = await asked(server)
        assert len(server.requests) == 1  # no second try, no redirect followed
    assert isinstance(failure, NoAnswer)
    assert (failure.reason, detail in failure.detail) == (reason, True), failure
    assert SECRET not in failure.detail + caplog.text


async def hang_up(request: Request) -> None:
    request.writer.close()


async def hang_up_in_the_body(request: Request) -> None:
    await request.send(response({"a": "x" * 100})[:-50])
    request.writer.close()


async def hang_up_between_chunks(request: Request) -> None:
    await request.send(chunked(b'{"a": 1}', end=False))
    request.writer.close()


async def say_nothing(_request: Request) -> None:
    await asyncio.sleep(60)


async def stop_after_the_head(request: Request) -> None:
    await request.send(OK[: -len('{"who":"A"}')])
    await asyncio.sleep(60)


async def drip(request: Request) -> None:
    for place in range(len(OK)):
        await request.send(OK[place : place + 1])
        await asyncio.sleep(0.05)


BROKEN: Mapping[str, tuple[Any, NoAnswerReason, str]] = {
    "hangs up": (hang_up, R.DOWN, "connection broke"),
    "cut in the body": (hang_up_in_the_body, R.DOWN, "connection broke"),
    "cut between chunks": (hang_up_between_chunks, R.DOWN, "connection broke"),
    "says nothing": (say_nothing, R.SLOW, "no reply within 0.3 s"),
    "stops after the head": (stop_after_the_head, R.SLOW, "no reply within 0.3 s"),
    "drips, always a little more": (drip, R.SLOW, "no reply within 0.3 s"),
}


@pytest.mark.parametrize(("script", "reason", "detail"), BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_or_slow_connection_is_no_answer_within_the_deadline(
    script: Any, reason: NoAnswerReason, detail: str
) -> None:
    async with bendable(script) as server:
        began = time.monotonic()
        failure = await asked(server, seconds=0.3)
        assert time.monotonic() - began < 1.0
    assert isinstance(failure, NoAnswer)
    assert (failure.reason, detail in failure.detail) == (reason, True), failure


async def test_nobody_listening_is_down() -> None:
    async with bendable(OK) as server:
        pass
    failure = await asked(server)
    assert isinstance(failure, NoAnswer)
    assert (failure.reason, failure.detail) == (R.DOWN, "no connection could be made")


async def test_a_deadline_already_past_asks_nobody() -> None:
    async with bendable(OK) as server:
        failure = await asked(server, seconds=-1)
        assert server.requests == []
    assert isinstance(failure, NoAnswer)
    assert failure.reason is R.SLOW


RETRY = {
    "a number": ("120", 120),
    "zero": ("0", 1),
    "an hour": ("3600", 3_600),
    "over an hour": ("3601", 3_600),
    "a very long number": ("9" * 500, 3_600),
    "a date long past": ("Sun, 06 Nov 1994 08:49:37 GMT", 1),
    "a date far off": ("Fri, 31 Dec 2100 23:59:59 GMT", 3_600),
    "negative": ("-5", None),
    "words": ("soon", None),
    "an impossible date": ("Sun, 99 Nov 1994 08:49:37 GMT", None),
}


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
@pytest.mark.parametrize(("stated", "shown"), RETRY.values(), ids=RETRY.keys())
async def test_retry_after_is_clamped(stated: str, shown: int | None, status: str) -> None:
    async with bendable(response({}, status, Retry_After=stated)) as server:
        failure = await asked(server)
    assert isinstance(failure, NoAnswer)
    assert (failure.reason, failure.retry_after_seconds) == (R.DOWN, shown)


# ---- one answer must never be read as another's ---------------------------------------------------------------------

STALE = response({"who": "STALE"})


async def surplus_in_one_packet(request: Request) -> None:
    await request.send(OK + STALE)


async def surplus_with_the_body(request: Request) -> None:
    head, body = OK.split(b"\r\n\r\n")
    await request.send(head + b"\r\n\r\n")
    await request.send(body + STALE)


async def surplus_later(request: Request) -> None:
    await request.send(OK)
    await request.send(STALE)


async def half_a_surplus(request: Request) -> None:
    await request.send(OK)
    await request.send(STALE[:30])


async def surplus_garbage(request: Request) -> None:
    await request.send(OK + b"garbage\r\n\r\n")


@pytest.mark.parametrize(
    "script",
    [surplus_in_one_packet, surplus_with_the_body, surplus_later, half_a_surplus, surplus_garbage],
    ids=lambda script: script.__name__,
)
async def test_surplus_bytes_never_become_the_next_answer(script: Any) -> None:
    async def once_then_well(request: Request) -> None:
        await (script(request) if len(server.requests) == 1 else request.send(response({"who": "B"})))

    async with bendable(once_then_well) as server:
        client = JsonClient(server.url)
        answers = []
        for _ in range(3):
            try:
                answers.append((await client.post("/ask", json={}, deadline=Deadline.after(2))).body["who"])
            except UpstreamFault as fault:
                answers.append(fault.no_answer.reason.value)
            await asyncio.sleep(0.1)
        await client.close()
    assert answers in (["A", "B", "B"], ["A", "malformed", "B"], ["malformed", "B", "B"])


async def test_a_clean_connection_is_used_again() -> None:
    async with bendable(OK) as server:
        client = JsonClient(server.url)
        for _ in range(3):
            await client.get("/ask", deadline=Deadline.after(2))
        await client.close()
        assert [request.connection for request in server.requests] == [1, 1, 1]


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
        await request.send(OK)

    async with bendable(slowly) as server:
        client = JsonClient(server.url, connections_max=2)
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

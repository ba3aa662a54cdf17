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
from hub.connectors.http import JsonClient, Reply
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

"""What an upstream can do wrong below the content, and what the searcher sees of each: the rows of the contract."""

from __future__ import annotations

import asyncio
import codecs
import gzip
from collections.abc import Callable

from hub.connectors.http import BYTES_MAX
from hub.connectors.http_reading import RETRY_AFTER_MAX_SECONDS, VALUES_MAX
from hub.domain.sources import NoAnswerReason
from hub.strict_json import DEPTH_MAX
from tests.connectors.hostile import (
    BROKE,
    MANY_BYTES,
    SECONDS,
    SECRET,
    Asked,
    Behave,
    Behaviour,
    Connection,
    Sees,
    no_answer,
)

SAID = SECRET.encode()
HTML = b"<html><title>" + SAID + b"</title></html>"
BOMB = gzip.compress(b"[" + b" " * 100_000_000)
CHUNKED = "Transfer-Encoding: chunked"

NOT_HTTP = no_answer("malformed", "its answer is not HTTP")
NOT_JSON = no_answer("malformed", "its answer is not strict JSON: not JSON in UTF-8")
NOT_UTF8 = no_answer("malformed", "its answer is not in UTF-8")
OTHER = no_answer("malformed", "it answered with something other than JSON")
REDIRECT = no_answer("malformed", "it answered with a redirect, which the hub does not follow")
REFUSED = no_answer("refused", "it refused the hub's credentials")
SLOW = no_answer("slow", f"no reply within {SECONDS:g} s")
TOO_LARGE = no_answer("too_large", f"its answer is larger than {BYTES_MAX:,} bytes")
TOO_MANY = no_answer("too_large", f"its answer has more than {VALUES_MAX:,} values")
NO_ANSWER = no_answer("too_large", "it keeps sending what is no answer")
PACKED = no_answer("malformed", "its answer is packed wrongly")
PACKING = no_answer("malformed", "its answer is packed in a way the hub did not ask for")
ANSWERED = (None,)
MISSHAPEN = (NoAnswerReason.MALFORMED,)


def strict(what: str) -> Sees:
    return no_answer("malformed", f"its answer is not strict JSON: {what}")


def status(
    code: int, detail: str, retry_after: str | None = None, seconds: int | None = None, name: str | None = None
) -> Behaviour:
    """An answer that is its status, with something to say in its body, its reason and its headers."""
    lines = (f"X-Said: {SECRET}", *(() if retry_after is None else (f"Retry-After: {retry_after}",)))
    reason = {401: "refused", 403: "refused"}.get(code, "down" if code == 429 or code >= 500 else "malformed")
    name = name or f"HTTP {code}" + ("" if retry_after is None else f", `Retry-After: {retry_after}`")
    body = b'{"error": "' + SAID + b'"}'
    sees = no_answer(reason, detail, seconds)
    return Behaviour(name, lambda asked: asked.whole(body, *lines, status=f"{code} {SECRET}"), sees)


def body(make: Callable[[bytes], bytes], *lines: str) -> Behave:
    """A 200 whose body is made of the honest one."""
    return lambda asked: asked.whole(make(asked.good), *lines)


def beside(more: bytes) -> Behave:
    """The honest object, or the first of a list, with one more member at its beginning: nothing else is wrong with it."""
    return body(lambda good: good.replace(b"{", b"{" + more + b",", 1))


def other_head(head: str, length: bool = True) -> Behave:
    """The honest body under another head; ``{type}`` and ``{length}`` are filled in."""

    def behave(asked: Asked) -> bytes:
        made = head.format(type=asked.content_type, length=len(asked.good) if length else "")
        return made.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + asked.good

    return behave


def chunks(asked: Asked) -> bytes:
    """The honest body in two chunks, without the last, empty one."""
    half = len(asked.good) // 2
    parts = (asked.good[:half], asked.good[half:])
    return asked.head(CHUNKED) + b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts)


async def after(asked: Asked, data: bytes, then: Callable[[Asked], None]) -> None:
    await asked.request.send(data)
    then(asked)


async def silence(asked: Asked, data: bytes = b"") -> None:
    await asked.request.send(data)
    await asyncio.sleep(60)


def close(asked: Asked) -> None:
    asked.request.writer.close()


STATUSES = [
    status(400, "it did not understand the hub's question (HTTP 400)"),
    status(401, "it refused the hub's credentials"),
    status(403, "it refused the hub's credentials"),
    status(409, "it did not understand the hub's question (HTTP 409)"),
    status(429, "it is asked too often just now"),
    status(429, "it is asked too often just now", "12", 12),
    status(429, "it is asked too often just now", "999999999999", RETRY_AFTER_MAX_SECONDS),
    status(429, "it is asked too often just now", "-5"),
    status(429, "it is asked too often just now", SECRET, name="HTTP 429, `Retry-After` in words"),
    status(500, "it reported a fault of its own (HTTP 500)"),
    status(502, "it reported a fault of its own (HTTP 502)"),
    status(503, "it reported a fault of its own (HTTP 503)", "0", 1),
    status(504, "it reported a fault of its own (HTTP 504)"),
    status(999, "it reported a fault of its own (HTTP 999)"),
    status(202, "it answered without an answer (HTTP 202)"),
    status(206, "it answered without an answer (HTTP 206)"),
    Behaviour("HTTP 204", lambda asked: asked.head(status=f"204 {SECRET}"), no_answer("malformed", "it answered without an answer (HTTP 204)")),
    Behaviour("HTTP 301 to another host", lambda asked: asked.whole(None, f"Location: http://127.0.0.1:9/{SECRET}", status="301 Moved"), REDIRECT),
    Behaviour("HTTP 302 to itself", lambda asked: asked.whole(None, f"Location: {asked.request.line.split()[1]}", status="302 Found"), REDIRECT),
    Behaviour("HTTP 307, which would repeat the question elsewhere", lambda asked: asked.whole(None, f"Location: {asked.url}/{SECRET}", status="307 Temporary Redirect"), REDIRECT),
    Behaviour("HTTP 304", lambda asked: asked.head(status="304 Not Modified"), REDIRECT),
    Behaviour("HTTP 101, to speak another protocol", lambda asked: asked.head("Upgrade: x", "Connection: Upgrade", status="101 Switching Protocols"), no_answer("malformed", "it answered without an answer (HTTP 101)")),
    Behaviour("HTTP 404 as a web page", lambda _: b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nnone", (*OTHER, *no_answer("malformed", "it did not understand the hub's question (HTTP 404)"))),
    Behaviour("HTTP 502 as a web page", lambda _: b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(HTML), HTML), no_answer("down", "it reported a fault of its own (HTTP 502)")),
]  # fmt: skip

TYPES = [
    Behaviour("a web page with HTTP 200", lambda _: b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(HTML), HTML), OTHER),
    Behaviour("JSON said to be text", other_head("HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: {length}"), OTHER),
    Behaviour("JSON said to be nothing", other_head("HTTP/1.1 200 OK\nContent-Length: {length}"), OTHER),
    Behaviour("JSON said to be in another character set", other_head("HTTP/1.1 200 OK\nContent-Type: {type}; charset=windows-1252\nContent-Length: {length}"), NOT_UTF8),
    Behaviour("JSON said to be in UTF-8, in capitals", other_head('HTTP/1.1 200 OK\nContent-Type: {type}; charset="UTF-8"\nContent-Length: {length}'), ANSWERED),
    Behaviour("a byte order mark before the JSON", body(lambda good: codecs.BOM_UTF8 + good), NOT_JSON),
    Behaviour("UTF-16", body(lambda good: good.decode().encode("utf-16")), NOT_JSON),
    Behaviour("Latin-1", beside('"x":"Zoë"'.encode("latin-1")), NOT_JSON),
]  # fmt: skip

BODIES = [
    Behaviour("an empty body", body(lambda _: b""), NOT_JSON),
    Behaviour("a text instead of an object", body(lambda _: b'"' + SAID + b'"'), MISSHAPEN),
    Behaviour("a number instead of an object", body(lambda _: b"7"), MISSHAPEN),
    Behaviour("null instead of an object", body(lambda _: b"null"), MISSHAPEN),
    Behaviour("a list instead of an object", body(lambda good: b"[" + good + b"]"), MISSHAPEN),
    Behaviour("an object of something else, with an error in it", body(lambda _: b'{"error": "' + SAID + b'"}'), MISSHAPEN),
    Behaviour("JSON cut short, said to be whole", body(lambda good: good[:-7]), NOT_JSON),
    Behaviour("two JSON documents", body(lambda good: good + good), NOT_JSON),
    Behaviour("JSON with something after it", body(lambda good: good + SAID), NOT_JSON),
    Behaviour("a key twice", beside(b'"x":1,"x":"' + SAID + b'"'), strict("a key twice in one object")),
    Behaviour("the same key spelt in two ways", beside(b'"x":1,"\\u0078":2'), strict("a key twice in one object")),
    Behaviour("nested too deep", beside(b'"x":' + b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1)), strict("nested too deep")),
    Behaviour("nested a hundred thousand deep", beside(b'"x":' + b"[" * 100_000 + b"]" * 100_000), strict("nested too deep")),
    Behaviour("NaN", beside(b'"x":NaN'), strict("NaN or an infinity")),
    Behaviour("an infinity", beside(b'"x":-Infinity'), strict("NaN or an infinity")),
    Behaviour("1e999", beside(b'"x":1e999'), strict("a number out of range")),
    Behaviour("an integer beyond 2^53", beside(b'"x":9007199254740993'), strict("an integer out of range")),
    Behaviour("an integer of a million digits", beside(b'"x":' + b"9" * 1_000_000), strict("an integer out of range"), bytes_max=MANY_BYTES),
    Behaviour("half a surrogate pair", beside(b'"x":"\\ud83d"'), strict("half of a surrogate pair")),
    Behaviour("half a surrogate pair as bytes", beside(b'"x":"\xed\xa0\xbd"'), NOT_JSON),
    Behaviour("a raw control character in a text", beside(b'"x":"a\x00b"'), NOT_JSON),
    Behaviour("an escaped NUL in a text nobody reads", beside(b'"x":"a\\u0000b"'), ANSWERED),
    Behaviour("comments in the JSON", body(lambda good: b"/* " + SAID + b" */" + good), NOT_JSON),
    Behaviour("more members than anybody asked for", beside(b'"__proto__":{"x":1},"x":"' + SAID + b'"'), ANSWERED),
    Behaviour("a million results", beside(b'"results":[' + b"{}," * 1_000_000 + b"{}]"), TOO_MANY, bytes_max=MANY_BYTES),
]  # fmt: skip

SIZES = [
    Behaviour("a huge body, announced", lambda asked: asked.forever(asked.head(length=10**12), b" "), TOO_LARGE),
    Behaviour("a huge body, not announced", lambda asked: asked.forever(asked.head("Connection: close"), b" "), TOO_LARGE, bytes_max=MANY_BYTES),
    Behaviour("chunks without end", lambda asked: asked.forever(asked.head(CHUNKED), b"1000\r\n" + b" " * 4096 + b"\r\n"), TOO_LARGE, bytes_max=MANY_BYTES),
    Behaviour("one-byte chunks without end", lambda asked: asked.forever(asked.head(CHUNKED), b"1\r\n \r\n"), NO_ANSWER),
    Behaviour("a chunk of 2^63 bytes", lambda asked: asked.forever(asked.head(CHUNKED) + b"7fffffffffffffff\r\n", b" "), TOO_LARGE, bytes_max=MANY_BYTES),
    Behaviour("a chunk size that overflows", lambda asked: asked.head(CHUNKED) + b"10000000000000002\r\n{}\r\n0\r\n\r\n", NOT_HTTP),
    Behaviour("a chunk size without end", lambda asked: asked.forever(asked.head(CHUNKED), b"0"), NO_ANSWER),
    Behaviour("a chunk extension without end", lambda asked: asked.forever(asked.head(CHUNKED) + b"1;", SAID), NO_ANSWER),
    Behaviour("trailers without end", lambda asked: asked.forever(chunks(asked) + b"0\r\n", b"X: " + SAID + b"\r\n"), (*NOT_HTTP, *NO_ANSWER)),
    Behaviour("headers without end", lambda asked: asked.forever(b"HTTP/1.1 200 OK\r\n", b"X: " + SAID + b"\r\n"), NOT_HTTP),
    Behaviour("one header without end", lambda asked: asked.forever(b"HTTP/1.1 200 OK\r\nX: ", SAID), NOT_HTTP),
    Behaviour("a status line without end", lambda asked: asked.forever(b"HTTP/1.1 200 ", SAID), NOT_HTTP),
    Behaviour("empty lines without end", lambda asked: asked.forever(b"", b"\r\n"), NO_ANSWER),
    Behaviour("early hints without end", lambda asked: asked.forever(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"), NO_ANSWER),
    Behaviour("a gzip bomb", body(lambda _: BOMB, "Content-Encoding: gzip"), TOO_LARGE),
    Behaviour("gzip inside gzip", body(lambda good: gzip.compress(gzip.compress(good)), "Content-Encoding: gzip"), NOT_JSON),
    Behaviour("gzip, said twice", body(gzip.compress, "Content-Encoding: gzip, gzip"), PACKING),
    Behaviour("gzip, as it should be", body(gzip.compress, "Content-Encoding: gzip"), ANSWERED),
    Behaviour("said to be gzip and is not", body(lambda good: good, "Content-Encoding: gzip"), PACKED),
    Behaviour("gzip, cut short", body(lambda good: gzip.compress(good)[:-6], "Content-Encoding: gzip"), PACKED),
    Behaviour("packed by Brotli, which was not asked for", body(lambda good: good, "Content-Encoding: br"), PACKING),
]  # fmt: skip

LENGTHS = [
    Behaviour("a length that is too short", lambda asked: asked.head(length=len(asked.good) - 7) + asked.good, (*NOT_JSON, *NOT_HTTP)),
    Behaviour("a length that is too long, and the line goes quiet", lambda asked: silence(asked, asked.head(length=len(asked.good) + 7) + asked.good), SLOW, seconds=SECONDS),
    Behaviour("a length that is too long, and it hangs up", lambda asked: asked.head(length=len(asked.good) + 7) + asked.good, BROKE, then_closes=True),
    Behaviour("two lengths", lambda asked: asked.head("Content-Length: 2", length=len(asked.good)) + asked.good, NOT_HTTP),
    Behaviour("a length and chunks", lambda asked: asked.head(CHUNKED, length=len(asked.good)) + b"2\r\n{}\r\n0\r\n\r\n", NOT_HTTP),
    Behaviour("a negative length", lambda asked: asked.head("Content-Length: -2") + asked.good, NOT_HTTP),
    Behaviour("a length in words", lambda asked: asked.head(f"Content-Length: {SECRET}") + asked.good, NOT_HTTP),
    Behaviour("a chunk longer than it says", lambda asked: asked.head(CHUNKED) + b"2\r\n" + asked.good + b"\r\n0\r\n\r\n", NOT_HTTP),
    Behaviour("a surplus after the body", lambda asked: asked.whole() + SAID, (*ANSWERED, *NOT_HTTP)),
    Behaviour("a second answer after the first", lambda asked: asked.whole() + asked.whole(b'{"x":"' + SAID + b'"}'), (*ANSWERED, *NOT_HTTP)),
    Behaviour("a second answer a moment later", lambda asked: after(asked, asked.whole(), lambda one: one.request.writer.write(one.whole(b'{"x":1}'))), ANSWERED),
    Behaviour("half a second answer", lambda asked: asked.whole() + asked.whole(SAID)[:30], (*ANSWERED, *NOT_HTTP)),
]  # fmt: skip

LINES = [
    Behaviour("it says nothing", silence, SLOW, seconds=SECONDS),
    Behaviour("a head and then nothing", lambda asked: silence(asked, asked.head(length=9)), SLOW, seconds=SECONDS),
    Behaviour("half a body and then nothing", lambda asked: silence(asked, asked.whole()[:-7]), SLOW, seconds=SECONDS),
    Behaviour("a byte at a time", lambda asked: asked.drip(asked.whole()), SLOW, seconds=SECONDS),
    Behaviour("chunks that keep coming, a little at a time", lambda asked: asked.drip(asked.head(CHUNKED) + b"1\r\n \r\n" * 99), SLOW, seconds=SECONDS),
    Behaviour("it hangs up on the question", lambda _: b"", BROKE, then_closes=True),
    Behaviour("it hangs up within the head", lambda asked: asked.whole()[:20], BROKE, then_closes=True),
    Behaviour("it hangs up within the body", lambda asked: asked.whole()[:-7], BROKE, then_closes=True),
    Behaviour("it hangs up between chunks", chunks, BROKE, then_closes=True),
    Behaviour("it resets the connection on the question", lambda asked: after(asked, b"", Asked.reset), BROKE),
    Behaviour("it resets the connection within the head", lambda asked: after(asked, asked.whole()[:20], Asked.reset), BROKE),
    Behaviour("it resets the connection within the body", lambda asked: after(asked, asked.whole()[:-7], Asked.reset), BROKE),
    Behaviour("it hangs up after the answer", lambda asked: asked.whole(), ANSWERED, then_closes=True),
]  # fmt: skip

NO_TLS = no_answer("down", "no trusted TLS connection could be made")


async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" + SAID)


async def never(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.transport.abort()


CONNECTIONS = [
    Connection("TLS: it speaks without it", plain, NO_TLS),
    Connection("TLS: its certificate is signed by nobody we trust", None, NO_TLS),
    Connection("TLS: it never says hello", never, SLOW, seconds=SECONDS),
    Connection("TLS: it hangs up before it is agreed", hang_up, (*NO_TLS, *no_answer("down", "no connection could be made"), *BROKE)),
    Connection("TLS: it resets before it is agreed", reset, (*NO_TLS, *no_answer("down", "no connection could be made"), *BROKE)),
]  # fmt: skip
"""What goes wrong before there is a connection."""

PROTOCOL = [
    Behaviour("it is not HTTP", lambda _: b"SSH-2.0-OpenSSH_9.6\r\n\r\n", NOT_HTTP),
    Behaviour("JSON without HTTP around it", lambda asked: asked.good + b"\r\n\r\n", NOT_HTTP),
    Behaviour("HTTP/1.0, which ends by hanging up", lambda asked: asked.head(version="1.0") + asked.good, ANSWERED, then_closes=True),
    Behaviour("100 Continue before the answer", lambda asked: b"HTTP/1.1 100 Continue\r\n\r\n" + asked.whole(), ANSWERED),
    Behaviour("early hints before the answer", lambda asked: b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + asked.whole(), ANSWERED),
    Behaviour("a status of four digits", lambda asked: asked.whole(status="2000 OK"), NOT_HTTP),
    Behaviour("a NUL in a header", lambda asked: asked.whole(None, "X: a\x00b"), NOT_HTTP),
    Behaviour("a space before a header's colon", lambda asked: asked.whole(None, "X : y"), NOT_HTTP),
    Behaviour("a header that is no header", lambda asked: asked.whole(None, SECRET), NOT_HTTP),
    Behaviour("a cookie", lambda asked: asked.whole(None, f"Set-Cookie: who={SECRET}"), ANSWERED),
]  # fmt: skip

ROWS = (*STATUSES, *TYPES, *BODIES, *SIZES, *LENGTHS, *LINES, *PROTOCOL)

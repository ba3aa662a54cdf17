"""The protocol over real sockets: slow, split, smuggled, oversized and endless requests, each to its own end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import orjson
import pytest
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from hub.web.protocol import ADDRESS_BYTES_MAX, BODY_BYTES_MAX, HEAD_BYTES_MAX, HEADERS_MAX, Limits, Protocol

PATIENCE = 10.0
"""Seconds until a test gives up; none of them is reached."""


class Quick(Protocol):
    """Deadlines that a test can wait for."""

    limits = Limits(head_seconds=0.3, body_seconds=0.3, send_seconds=0.3, connections_max=6)


class Patient(Protocol):
    """Deadlines that no test reaches."""

    limits = Limits(connections_max=6)


@dataclass
class Server:
    """A server of one small application, and what that saw."""

    port: int = 0
    bodies: list[bytes] = field(default_factory=list)
    cut: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.url.path == "/refused":  # as a request without a token: its body is not read
            return PlainTextResponse("no", 401)
        if request.url.path == "/wait":
            await self.go.wait()
        if request.url.path == "/much":
            return PlainTextResponse("x" * 20_000_000)
        try:
            self.bodies.append(await request.body())
        except ClientDisconnect:
            self.cut += 1
            raise
        return PlainTextResponse("read")

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def send(self, *parts: bytes) -> bytes:
        """Send ``parts``, each by itself; everything that comes until the server closes."""
        reader, writer = await self.connect()
        for part in parts:
            writer.write(part)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            await asyncio.sleep(0.02)
        return await until_closed(reader, writer)


async def until_closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    said = b""
    async with asyncio.timeout(PATIENCE):
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                said += chunk
    writer.close()
    return said


Start = Callable[[type[Protocol]], Awaitable[Server]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    running: list[tuple[uvicorn.Server, asyncio.Task[None]]] = []

    async def begin(protocol: type[Protocol]) -> Server:
        application = Server()
        config = uvicorn.Config(application, port=0, http=protocol, log_level="critical", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(server.serve())
        running.append((server, task))
        async with asyncio.timeout(PATIENCE):
            while not server.started:
                await asyncio.sleep(0.01)
        application.port = server.servers[0].sockets[0].getsockname()[1]
        return application

    yield begin
    for server, task in running:
        server.should_exit = server.force_exit = True
        await task


def post(path: str = "/", body: bytes = b"", *headers: str, version: str = "1.1") -> bytes:
    lines = [f"POST {path} HTTP/{version}", *headers]
    if not any(line.lower().startswith("host:") for line in headers):
        lines.append("Host: hub")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def told(said: bytes) -> tuple[int, str]:
    """Status and code of the one answer there is."""
    assert said.count(b"HTTP/1.1 ") == 1, said[:300]
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    assert b"server:" not in head.lower()
    return int(head.split()[1]), orjson.loads(body)["errors"][0]["extensions"]["code"]


CHUNKED = "Transfer-Encoding: chunked"
REFUSED: dict[str, tuple[bytes, int, str]] = {
    "both lengths": (post("/", b"0\r\n\r\n", "Content-Length: 5", CHUNKED), 400, "FRAMING_INVALID"),
    "both lengths, the other first": (post("/", b"0\r\n\r\n", CHUNKED, "Content-Length: 5"), 400, "FRAMING_INVALID"),
    "two lengths": (post("/", b"abc", "Content-Length: 3", "Content-Length: 4"), 400, "FRAMING_INVALID"),
    "one length twice": (post("/", b"abc", "Content-Length: 3", "Content-Length: 3"), 400, "FRAMING_INVALID"),
    "lengths in a list": (post("/", b"abc", "Content-Length: 3, 3"), 400, "FRAMING_INVALID"),
    "a length with a sign": (post("/", b"abc", "Content-Length: +3"), 400, "FRAMING_INVALID"),
    "a negative length": (post("/", b"abc", "Content-Length: -3"), 400, "FRAMING_INVALID"),
    "a length in hexadecimal": (post("/", b"abc", "Content-Length: 0x3"), 400, "FRAMING_INVALID"),
    "a length beyond counting": (post("/", b"", "Content-Length: " + "9" * 40), 400, "FRAMING_INVALID"),
    "two codings": (post("/", b"0\r\n\r\n", CHUNKED, CHUNKED), 400, "FRAMING_INVALID"),
    "a coding nobody knows": (post("/", b"0\r\n\r\n", "Transfer-Encoding: xchunked"), 400, "FRAMING_INVALID"),
    "chunked, and something else": (post("/", b"", "Transfer-Encoding: chunked, identity"), 400, "FRAMING_INVALID"),
    "compressed, then chunked": (post("/", b"0\r\n\r\n", "Transfer-Encoding: gzip, chunked"), 400, "FRAMING_INVALID"),
    "chunked in HTTP/1.0": (post("/", b"0\r\n\r\n", CHUNKED, version="1.0"), 400, "FRAMING_INVALID"),
    "a header's name with a space": (post("/", b"", "Content-Length : 3"), 400, "FRAMING_INVALID"),
    "a header folded": (post("/", b"", "X: a\r\n\tb"), 400, "FRAMING_INVALID"),
    "a bare line feed": (b"POST / HTTP/1.1\nHost: hub\nContent-Length: 0\n\n", 400, "FRAMING_INVALID"),
    "a null in a header": (post("/", b"", "X: a\0b"), 400, "FRAMING_INVALID"),
    "no host": (b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400, "FRAMING_INVALID"),
    "two hosts": (post("/", b"", "Host: hub", "Host: other", "Content-Length: 0"), 400, "FRAMING_INVALID"),
    "another protocol": (post("/", b"", "Connection: Upgrade", "Upgrade: websocket"), 400, "FRAMING_INVALID"),
    "HTTP/2 on this port": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "FRAMING_INVALID"),
    "a tunnel": (b"CONNECT hub:443 HTTP/1.1\r\nHost: hub\r\n\r\n", 400, "FRAMING_INVALID"),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "FRAMING_INVALID"),
    "a chunk of no length": (post("/", b"zz\r\nabc\r\n0\r\n\r\n", CHUNKED), 400, "FRAMING_INVALID"),
    "a chunk longer than it says": (post("/", b"2\r\nabcdef\r\n0\r\n\r\n", CHUNKED), 400, "FRAMING_INVALID"),
    "a header after the body": (
        post("/", b"1\r\na\r\n0\r\nAuthorization: Bearer b\r\n\r\n", CHUNKED), 400, "FRAMING_INVALID",
    ),
    "a long address": (post("/" + "a" * ADDRESS_BYTES_MAX), 414, "HEADERS_TOO_LARGE"),
    "a long header": (post("/", b"", "X: " + "a" * HEAD_BYTES_MAX), 431, "HEADERS_TOO_LARGE"),
    "a header without end": (b"POST / HTTP/1.1\r\nX: " + b"a" * 4 * HEAD_BYTES_MAX, 431, "HEADERS_TOO_LARGE"),
    "many headers": (post("/", b"", *[f"X{n}: a" for n in range(HEADERS_MAX + 1)]), 431, "HEADERS_TOO_LARGE"),
    "a body without end": (
        post("/", b"f0000\r\n" + b"a" * 0xF0000 + b"\r\n" + (b"f0000\r\n" + b"a" * 0xF0000 + b"\r\n") * 2, CHUNKED),
        413, "REQUEST_TOO_LARGE",
    ),
}  # fmt: skip


@pytest.mark.parametrize("is_split", [False, True], ids=["whole", "split"])
@pytest.mark.parametrize(("sent", "status", "code"), REFUSED.values(), ids=REFUSED)
async def test_refused(start: Start, sent: bytes, status: int, code: str, is_split: bool) -> None:
    server = await start(Patient)
    step = max(1, len(sent) // 7) if is_split else len(sent)
    said = await server.send(*(sent[at : at + step] for at in range(0, len(sent), step)))
    assert told(said) == (status, code)
    assert server.bodies == [], "nothing of it reached the application as a request"
    assert b"read" in await server.send(post("/", b"ok", "Content-Length: 2", "Connection: close"))
    assert server.bodies == [b"ok"], "and the worker goes on"


async def test_what_is_well_formed_is_read_however_it_is_split(start: Start) -> None:
    server = await start(Patient)
    sent = post("/", b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", CHUNKED, "Connection: close")
    assert b"200 OK" in await server.send(*(sent[at : at + 7] for at in range(0, len(sent), 7)))
    assert server.bodies == [b"abcde"]


SLOW: dict[str, tuple[tuple[bytes, ...], bytes]] = {
    "nothing at all": ((), b""),
    "blank lines": ((b"\r\n",) * 3, b""),
    "half a request line": ((b"POST / HT",), b"408"),
    "half a header": ((post("/")[:-2] + b"X: ",), b"408"),
    "half a body": ((post("/", b"abc", "Content-Length: 5"),), b"408"),
    "half a chunk": ((post("/", b"5\r\nab", CHUNKED),), b"408"),
    "a body that does not begin": ((post("/", b"", "Content-Length: 5"),), b"408"),
    "a body nobody waits for": ((post("/refused", b"abc", "Content-Length: 5"),), b"401"),
}


@pytest.mark.parametrize(("parts", "status"), SLOW.values(), ids=SLOW)
async def test_what_does_not_come_is_not_waited_for(start: Start, parts: tuple[bytes, ...], status: bytes) -> None:
    server = await start(Quick)
    said = await server.send(*parts)
    assert said.count(b"HTTP/1.1 ") == (1 if status else 0), "one answer, or none where nothing was asked"
    assert said[9:12] == status


async def test_drops_do_not_move_a_deadline(start: Start) -> None:
    """A byte now and then, of the head and of the body, for as long as it is taken."""
    server = await start(Quick)
    for path in ("/", "/refused"):
        for begun in (b"POST / HTTP/1.1\r\nX: ", post(path, b"", "Content-Length: 9999")):
            reader, writer = await server.connect()
            writer.write(begun)
            reading = asyncio.create_task(until_closed(reader, writer))
            async with asyncio.timeout(PATIENCE):
                while not reading.done():
                    with contextlib.suppress(ConnectionError):
                        writer.write(b"a")
                    await asyncio.sleep(0.05)
            assert (await reading)[9:12] in (b"408", b"401")


async def test_a_body_that_stops_is_known_to_who_reads_it(start: Start) -> None:
    server = await start(Quick)
    assert told(await server.send(post("/", b"abc", "Content-Length: 5"))) == (408, "REQUEST_UNFINISHED")
    assert (server.cut, server.bodies) == (1, [])


async def test_no_request_is_taken_before_the_answer_to_the_one_before(start: Start) -> None:
    server = await start(Patient)
    reader, writer = await server.connect()
    writer.write(post("/wait", b"one", "Content-Length: 3") + post("/", b"two", "Content-Length: 3"))
    await asyncio.sleep(0.1)
    server.go.set()
    said = await until_closed(reader, writer)
    assert said.count(b"HTTP/1.1 ") == 1
    assert said.endswith(b"read")
    assert server.bodies == [b"one"]


async def test_an_answer_in_hand_is_not_cut_by_a_deadline(start: Start) -> None:
    server = await start(Quick)
    reader, writer = await server.connect()
    writer.write(post("/wait", b"one", "Content-Length: 3"))
    await asyncio.sleep(0.1)
    writer.write(b"\r\n")  # a blank line between requests is none yet
    await asyncio.sleep(0.6)
    server.go.set()
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_one_connection_carries_many_requests(start: Start) -> None:
    server = await start(Patient)
    reader, writer = await server.connect()
    for number in range(5):
        writer.write(post("/", b"%d" % number, "Content-Length: 1"))
        async with asyncio.timeout(PATIENCE):
            assert (await reader.readuntil(b"read")).startswith(b"HTTP/1.1 200")
    writer.close()
    assert server.bodies == [b"0", b"1", b"2", b"3", b"4"]


async def test_an_answer_nobody_reads_is_dropped(start: Start) -> None:
    server = await start(Quick)
    reader, writer = await server.connect()
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    writer.write(post("/much", b"", "Content-Length: 0"))
    await asyncio.sleep(1.0)
    writer.transport.resume_reading()  # type: ignore[attr-defined]
    assert len(await until_closed(reader, writer)) < 20_000_000


async def test_who_only_holds_connections_keeps_nobody_out(start: Start) -> None:
    """Twice as many idle connections as there may be: the oldest go, and whoever asks is answered."""
    server = await start(Patient)
    held = [await server.connect() for _ in range(2 * Patient.limits.connections_max)]
    async with asyncio.timeout(PATIENCE):
        assert await held[0][0].read() == b"", "the first went"
    assert b"200 OK" in await server.send(post("/", b"ok", "Content-Length: 2", "Connection: close"))
    for _, writer in held:
        writer.close()


async def test_a_question_in_hand_makes_no_room(start: Start) -> None:
    server = await start(Patient)
    asked = [await server.connect() for _ in range(Patient.limits.connections_max)]
    for _, writer in asked:
        writer.write(post("/wait", b"one", "Content-Length: 3", "Connection: close"))
    await asyncio.sleep(0.2)
    assert await server.send(b"") == b"", "there is no room for a further one"
    server.go.set()
    for reader, writer in asked:
        assert b"200 OK" in await until_closed(reader, writer)


def test_a_body_within_settings_is_within_the_protocols() -> None:
    assert BODY_BYTES_MAX > 1_048_576

"""A contract for every connector that speaks HTTP: what the searcher sees of an upstream that misbehaves.

Give it a :class:`Bench` and subclass :class:`HostileUpstream`: every behaviour of ``hostile_rows.py`` is tried against
Match, Find and Fetch, and every lie of :data:`LIES` must be told or be impossible. The upstream is a raw socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import orjson
import pytest
from aiohttp.client_proto import ResponseHandler

from hub.connectors.base import Connector, Deadline
from hub.connectors.http import BYTES_MAX
from hub.connectors.http_session import BESIDES_BODY_BYTES_MAX
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.bendable import Request, bendable
from tests.connectors.test_http_tls import certificate

SECRET = "Thornbury-Secret"
"""Stands for what the upstream says, wherever it can say something. It must not turn up in anything the hub says."""

CALLS = ("match", "find", "fetch")
SECONDS = 0.15
"""The deadline where the deadline is what ends it."""

LONG_SECONDS = 20.0
STALLED_SECONDS = 30.0
PACKET_BYTES = 256 * 1024  # asyncio reads so much at once, so the hub can be one such step over its limits

FEW_BYTES = BESIDES_BODY_BYTES_MAX + PACKET_BYTES
MANY_BYTES = BYTES_MAX + FEW_BYTES

LIES = (
    "answers about another child",
    "a record of another child among ours",
    "the same record twice",
    "a record that was not asked for",
    "leaves out a record it was asked for",
    "more than may be",
    "says that there is more than it sent",
    "a next page on another host",
    "next pages in a circle",
    "next pages without end",
)


@dataclass(frozen=True)
class Asked:
    """One request that is to be answered badly."""

    request: Request
    url: str
    content_type: str
    honest: Any
    """What the honest answer's JSON would be."""
    count: int
    """Which request of this question it is, from 1."""
    echoes: bool
    """Whether an honest answer says which question it is to."""

    @property
    def good(self) -> bytes:
        """The honest answer's body."""
        return orjson.dumps(self.honest)

    def head(self, *lines: str, status: str = "200 OK", version: str = "1.1", length: int | None = None) -> bytes:
        """A status line and headers; a Content-Length only where ``length`` is given."""
        given = [f"HTTP/{version} {status}", f"Content-Type: {self.content_type}", *lines]
        given += [f"X-Request-ID: {self.request.headers['x-request-id']}"] if self.echoes else []
        given += [] if length is None else [f"Content-Length: {length}"]
        return "\r\n".join([*given, "", ""]).encode("latin-1")

    def whole(self, body: bytes | None = None, *lines: str, status: str = "200 OK") -> bytes:
        """An answer with ``body``, or with the honest one."""
        sent = self.good if body is None else body
        return self.head(*lines, status=status, length=len(sent)) + sent

    async def forever(self, start: bytes, piece: bytes) -> None:
        """Send ``start`` and then ``piece`` again and again until the other side hangs up."""
        self.request.writer.write(start)
        pieces = piece * max(1, 65_536 // len(piece))
        while True:
            self.request.writer.write(pieces)
            await self.request.writer.drain()

    async def drip(self, data: bytes) -> None:
        """Send ``data`` a byte at a time, so that there is always progress."""
        for place in range(len(data)):
            await self.request.send(data[place : place + 1])

    def reset(self) -> None:
        """Break the connection without a goodbye."""
        self.request.writer.transport.abort()


Sees = tuple[NoAnswer | NoAnswerReason | None, ...]
Behave = Callable[[Asked], "bytes | Awaitable[None]"]


@dataclass(frozen=True)
class Behaviour:
    """A row: what the upstream does, and what the searcher sees of it.

    Attributes:
        name: in words, as ``docs/connectors.md`` lists it.
        behave: does it; bytes are sent as they are.
        sees: any of these: a failure word for word, a failure for this reason, or (None) the honest answer.
        then_closes: the connection is closed after the bytes.
        bytes_max: at most so many bytes are read of it.
        seconds: the deadline.
    """

    name: str
    behave: Behave
    sees: Sees
    then_closes: bool = False
    bytes_max: int = FEW_BYTES
    seconds: float = LONG_SECONDS


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Connection:
    """What the upstream does where TLS should begin; with no ``talk`` it shows a certificate that nobody signed."""

    name: str
    talk: Talk | None
    sees: Sees
    seconds: float = LONG_SECONDS


@dataclass(frozen=True)
class Lie:
    """A well-formed answer that is not true: the honest JSON bent, and what the searcher sees of it."""

    bend: Callable[[Any, Asked], Any]
    sees: Sees


@dataclass(frozen=True)
class Bench:
    """One kind of connector, and an honest upstream for it. Each call must take exactly one request.

    Attributes:
        make: the connector at a base URL.
        content_type: what an honest upstream says it sends.
        honest: the JSON it answers a request with.
        calls: ``match``, ``find`` and ``fetch``, asked about the same child every time.
        lies: by call and by the words of :data:`LIES`: the lie, or why it cannot be told.
        echoes: the upstream returns ``X-Request-ID`` and the connector knows it, so that connections are used again.
    """

    make: Callable[[str], Connector]
    content_type: str
    honest: Callable[[Request], Any]
    calls: Mapping[str, Callable[[Connector, Deadline], Awaitable[Any]]]
    lies: Mapping[str, Mapping[str, Lie | str]]
    echoes: bool = False


class HostileUpstream:
    """The contract. A subclass named ``Test...`` gives its ``bench``."""

    bench: ClassVar[Bench]
    rows: ClassVar[Sequence[Behaviour] | None] = None
    """Only these behaviours; None for all."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        from tests.connectors.hostile_rows import CONNECTIONS, ROWS

        if "connection" in metafunc.fixturenames:
            metafunc.parametrize("connection", CONNECTIONS, ids=[row.name for row in CONNECTIONS])
        if "behaviour" in metafunc.fixturenames:
            rows = self.rows or ROWS
            metafunc.parametrize("behaviour", rows, ids=[row.name for row in rows])
        if "lie" in metafunc.fixturenames:
            lies = self.bench.lies
            told = [(call, lie) for call in CALLS for lie in LIES if not isinstance(lies[call][lie], str)]
            metafunc.parametrize(("call", "lie"), told, ids=[f"{call}-{lie}" for call, lie in told])
        elif "call" in metafunc.fixturenames:
            metafunc.parametrize("call", CALLS)

    async def test_a_behaviour(self, call: str, behaviour: Behaviour, caplog: pytest.LogCaptureFixture) -> None:
        async def behave(asked: Asked) -> None:
            done = behaviour.behave(asked)
            if isinstance(done, bytes):
                asked.request.writer.write(done)
            else:
                await done
            if behaviour.then_closes:
                await asked.request.writer.drain()
                asked.request.writer.close()

        await self._try(call, behave, behaviour, caplog)

    async def test_a_lie(self, call: str, lie: str, caplog: pytest.LogCaptureFixture) -> None:
        told = self.bench.lies[call][lie]
        assert isinstance(told, Lie)

        async def behave(asked: Asked) -> None:
            asked.request.writer.write(asked.whole(orjson.dumps(told.bend(asked.honest, asked))))

        row = Behaviour(lie, lambda _: b"", told.sees, bytes_max=MANY_BYTES)
        await self._try(call, behave, row, caplog, requests_max=100)

    async def test_a_connection(self, connection: Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        serving = None
        if connection.talk is None:
            serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            serving.load_cert_chain(*certificate(tmp_path, "127.0.0.1"))

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                await (connection.talk or _silent)(reader, writer)
            writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=serving)
        connector = self.bench.make(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with asyncio.timeout(STALLED_SECONDS):
            answer = await self.bench.calls["match"](connector, Deadline.after(connection.seconds))
            await connector.close()
        server.close()
        assert answer in connection.sees
        assert SECRET not in caplog.text + repr(answer)

    async def test_nobody_is_there(self) -> None:
        connector = self.bench.make("http://127.0.0.1:1")
        answer = await self.bench.calls["match"](connector, Deadline.after(LONG_SECONDS))
        await connector.close()
        assert answer == no_answer("down", "no connection could be made")[0]

    def test_every_lie_is_told_or_cannot_be(self) -> None:
        for call in CALLS:
            assert set(self.bench.lies[call]) == set(LIES), call
            assert all(one for one in self.bench.lies[call].values()), "a lie that cannot be told says why"

    async def _try(
        self,
        call: str,
        behave: Callable[[Asked], Awaitable[None]],
        row: Behaviour,
        caplog: pytest.LogCaptureFixture,
        requests_max: int = 1,
    ) -> None:
        """The question that is answered badly between two that are answered well, all three with one connector."""
        caplog.set_level(logging.DEBUG)
        is_bad = False
        faults: list[Exception] = []

        async def script(request: Request) -> None:
            bench, number = self.bench, len(server.requests) - 1
            asked = Asked(request, server.url, bench.content_type, bench.honest(request), number, bench.echoes)
            try:
                if is_bad:
                    await behave(asked)
                else:
                    request.writer.write(asked.whole())
            except ConnectionError:  # the other side had enough
                raise
            except Exception as fault:
                faults.append(fault)
                raise

        async with bendable(script) as server, asyncio.timeout(STALLED_SECONDS):
            connector = self.bench.make(server.url)
            ask = self.bench.calls[call]
            honest = await ask(connector, Deadline.after(LONG_SECONDS))
            assert not isinstance(honest, NoAnswer), f"the bench's honest answer to {call} is none: {honest}"
            assert len(server.requests) == 1, "each call of the bench takes one request"
            is_bad = True
            with reading() as read:
                answer = await ask(connector, Deadline.after(row.seconds))
            is_bad = False
            assert len(server.requests) <= 1 + requests_max, "asked again, or followed elsewhere"
            again = await ask(connector, Deadline.after(LONG_SECONDS))
            await connector.close()
            await asyncio.sleep(0)
            left = [task for task in asyncio.all_tasks() if "bendable" not in repr(task.get_coro())]
        assert faults == [], "the row itself is wrong"
        late = (*ANOTHERS, *BROKE) if self.bench.echoes else ()
        assert any(_is(answer, sight, honest) for sight in (*row.sees, *late[:1])), answer
        assert any(_is(again, sight, honest) for sight in (None, *late)), again
        assert read[0] <= row.bytes_max * requests_max, f"{read[0]:,} bytes were read"
        assert left == [asyncio.current_task()], "something goes on after the answer"
        if isinstance(answer, NoAnswer):
            assert SECRET not in caplog.text + repr(answer)


@contextmanager
def reading() -> Iterator[list[int]]:
    """Counts the bytes that the HTTP client takes from its sockets, in the list's one item."""
    count, taken = [0], ResponseHandler.data_received

    def counted(self: ResponseHandler, data: bytes) -> None:
        count[0] += len(data)
        taken(self, data)

    ResponseHandler.data_received = counted  # type: ignore[method-assign]
    try:
        yield count
    finally:
        ResponseHandler.data_received = taken  # type: ignore[method-assign]


async def _silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Say nothing."""


def _is(answer: Any, sight: NoAnswer | NoAnswerReason | None, honest: Any) -> bool:
    if isinstance(sight, NoAnswerReason):
        return isinstance(answer, NoAnswer) and answer.reason is sight
    return bool(answer == sight) if sight is not None else _same(answer, honest)


def _same(one: Any, other: Any) -> bool:
    """Whether two answers say the same; held records are sealed, so by their pointers."""
    if type(one) is not type(other) or isinstance(one, NoAnswer):
        return False
    if hasattr(one, "records"):
        return [record.pointer for record in one.records] == [record.pointer for record in other.records]
    if hasattr(one, "pointers"):
        return bool(one.pointers == other.pointers)
    return bool(one == other)


def no_answer(reason: str, detail: str, retry_after_seconds: int | None = None) -> tuple[NoAnswer]:
    """What the searcher sees: one failure."""
    return (NoAnswer(NoAnswerReason(reason), detail, retry_after_seconds),)


BROKE = no_answer("down", "the connection broke before the answer was complete")
ANOTHERS = no_answer("malformed", "its answer belongs to another question")

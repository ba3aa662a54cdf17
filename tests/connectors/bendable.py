"""A server on loopback that answers with exactly the bytes a test tells it to, when it tells it to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson


@dataclass
class Request:
    """One request as it came in, and the connection to answer it on."""

    head: bytes
    body: bytes
    connection: int
    """Which connection it came on, from 1."""
    writer: asyncio.StreamWriter

    @property
    def line(self) -> str:
        """Such as ``POST /x HTTP/1.1``."""
        return self.head.split(b"\r\n", 1)[0].decode()

    @property
    def headers(self) -> dict[str, str]:
        """By lower-case name."""
        pairs = (line.decode().split(":", 1) for line in self.head.split(b"\r\n")[1:] if line)
        return {name.strip().lower(): value.strip() for name, value in pairs}

    async def send(self, data: bytes) -> None:
        """Write ``data`` and let it reach the other side on its own."""
        self.writer.write(data)
        await self.writer.drain()
        await asyncio.sleep(0.03)


Script = Callable[[Request], Awaitable[None]]


@dataclass
class Bendable:
    """A running server: where it is and what it was asked."""

    url: str
    requests: list[Request] = field(default_factory=list)


def response(
    body: bytes | object = b"{}",
    status: str = "200 OK",
    content_type: str | None = "application/json",
    **headers: str,
) -> bytes:
    """A whole HTTP response; a body that is not bytes is written as JSON."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(raw)}"]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + raw


@asynccontextmanager
async def bendable(script: Script | bytes) -> AsyncIterator[Bendable]:
    """Serve ``script`` (bytes: the same answer to everything) until the block ends."""
    tasks: set[asyncio.Task[None]] = set()
    connections = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        mine = connections
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                request = Request(head[:-4], b"", mine, writer)
                request.body = await reader.readexactly(int(request.headers.get("content-length", "0")))
                server.requests.append(request)
                if isinstance(script, bytes):
                    writer.write(script)
                else:
                    await script(request)
        writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(handle(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    server = Bendable(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
    try:
        yield server
    finally:
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

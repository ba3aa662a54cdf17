"""The proxy that makes a line slow, silent or wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hub.demo.proxy import HOST, Line, Proxy


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(b"echo " + line)
        await writer.drain()
    writer.close()


@pytest_asyncio.fixture
async def proxy() -> AsyncIterator[tuple[Proxy, int]]:
    server = await asyncio.start_server(_echo, HOST, 0)
    made = Proxy(server.sockets[0].getsockname()[1])
    port = await made.start()
    yield made, port
    await made.close()
    server.close()


async def say(port: int, text: bytes) -> bytes:
    """What comes back within a second; nothing when the line is cut."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(text + b"\n")
        return (await asyncio.wait_for(reader.readline(), 1)).strip()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_it_passes_bytes(proxy: tuple[Proxy, int]) -> None:
    assert await say(proxy[1], b"hello") == b"echo hello"


async def test_it_holds_back(proxy: tuple[Proxy, int]) -> None:
    proxy[0].latency_seconds = 0.2
    began = time.monotonic()
    assert await say(proxy[1], b"hello") == b"echo hello"
    assert time.monotonic() - began >= 0.2


async def test_it_swaps(proxy: tuple[Proxy, int]) -> None:
    proxy[0].swaps = {b"C1": b"C2", b"C2": b"C1", b"a.c": b"x.z"}
    assert await say(proxy[1], b"C1 and C2, a.c not abc") == b"echo C2 and C1, x.z not abc"


async def test_it_is_down(proxy: tuple[Proxy, int]) -> None:
    proxy[0].line = Line.DOWN
    assert await say(proxy[1], b"hello") == b""


async def test_it_hangs(proxy: tuple[Proxy, int]) -> None:
    proxy[0].line = Line.HANG
    with pytest.raises(TimeoutError):
        await say(proxy[1], b"hello")


async def test_it_cuts_connections_there_are(proxy: tuple[Proxy, int]) -> None:
    reader, writer = await asyncio.open_connection(HOST, proxy[1])
    writer.write(b"hello\n")
    assert await reader.readline() == b"echo hello\n"
    proxy[0].cut()
    with pytest.raises(ConnectionError):
        if await reader.read() == b"":
            raise ConnectionError
    writer.close()
    assert await say(proxy[1], b"again") == b"echo again"


async def test_nothing_behind_it() -> None:
    lonely = Proxy(1)
    port = await lonely.start()
    assert await say(port, b"hello") == b""
    await lonely.close()

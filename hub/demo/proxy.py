"""A TCP proxy in front of a real server, that makes it slow, silent or wrong on request: the edge, simulated.

What is behind it stays real, so the code in front of it cannot tell this from a bad network or a bad day.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

CHUNK_BYTES = 65_536
HOST = "127.0.0.1"


class Line(StrEnum):
    """What the proxy does with a connection."""

    UP = "up"
    DOWN = "down"  # connections are closed at once, those that exist are cut
    HANG = "hang"  # connections are accepted and nothing is ever answered


@dataclass(slots=True)
class Proxy:
    """Passes bytes between its port on 127.0.0.1 and ``upstream_port``. Set the switches at any time.

    Attributes:
        latency_seconds: how long everything the client sends is held back.
        swaps: byte strings in what the client sends, each replaced by another of the same length (so that length
            prefixes stay true): a server that is asked about one person and answers about another.
    """

    upstream_port: int
    latency_seconds: float = 0.0
    line: Line = Line.UP
    swaps: Mapping[bytes, bytes] = field(default_factory=dict)
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self, port: int = 0) -> int:
        """Listen on ``port`` (0 takes a free one); the port it is."""
        self._server = await asyncio.start_server(self._serve, HOST, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
        self.cut()

    def cut(self) -> None:
        """Cut every connection there is; new ones do as :attr:`line` says."""
        for writer in self._open:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        upstream: asyncio.StreamWriter | None = None
        try:
            if self.line is Line.DOWN:
                return
            answers, upstream = await asyncio.open_connection(HOST, self.upstream_port)
            self._open.add(upstream)
            await asyncio.gather(self._ask(reader, upstream), self._answer(answers, writer))
        except OSError:
            pass  # either side went away: the other is told by closing it
        finally:
            for each in (writer, upstream):
                if each is not None:
                    self._open.discard(each)
                    each.close()

    async def _ask(self, reader: asyncio.StreamReader, upstream: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            if self.latency_seconds:
                await asyncio.sleep(self.latency_seconds)
            if self.line is Line.UP:
                upstream.write(self._swapped(chunk))
                await upstream.drain()
        with suppress(OSError):
            upstream.close()

    async def _answer(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await answers.read(CHUNK_BYTES):
            if self.line is Line.UP:
                writer.write(chunk)
                await writer.drain()
        with suppress(OSError):
            writer.close()

    def _swapped(self, chunk: bytes) -> bytes:
        """``chunk`` with the swaps made; one that lies across two chunks is missed, which a demo can live with."""
        if not self.swaps:
            return chunk
        known = b"|".join(re.escape(each) for each in self.swaps)
        return re.sub(known, lambda found: self.swaps[found[0]], chunk)

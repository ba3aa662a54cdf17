"""``python -m benchmarks.hostile``: 16 well-behaved callers beside some who are slow, split, smuggle or send too much.

The attackers hold many connections open byte by byte, and send requests that the protocol or the endpoint refuses, at a
steady pace: what is measured is what they cost those who behave, not how much a processor can refuse in a second.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from benchmarks.figures import figure, percentile
from benchmarks.load import Job, Seen
from benchmarks.machine import machine
from benchmarks.question import BODY
from benchmarks.stage import Hub, set_up

CALLERS = 16
HELD = 64
"""Connections held open, of each kind."""

PAUSE_SECONDS = 0.1
"""Between two requests of one kind that are refused at once."""


@dataclass
class Attack:
    """What was sent, and what came of it: status (0: closed without one) by kind."""

    host: str
    port: int
    token: str
    seen: dict[str, Counter[int]] = field(default_factory=dict)

    def requests(self) -> dict[str, bytes]:
        """Requests that are refused at once, by kind."""
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\nAuthorization: {self.token}\r\n"
        )
        begun = head.encode()
        chunk = b"ffff\r\n" + b"a" * 65_535 + b"\r\n"
        return {
            "smuggled": begun
            + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "two lengths": begun + b"Content-Length: 4\r\nContent-Length: 40\r\n\r\nabcd",
            "oversized": begun + b"Content-Length: 10000000\r\n\r\n" + b"a" * 60_000,
            "oversized in chunks": begun + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 2,
            "large head": begun + b"X: " + b"a" * 60_000,
            "deep": begun + b"Content-Length: 60000\r\n\r\n" + b'{"query":' + b"[" * 59_991,
            "worst query": begun + _sized({"query": "{" + "a{" * 300 + "..." * 30}),
            "no token": begun.replace(self.token.encode(), b"Bearer x") + b"Content-Length: 5\r\n\r\n",
            "no HTTP": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"\x00" * 100,
        }

    def held(self) -> dict[str, bytes]:
        """What connections that are held open begin with; a byte follows now and then."""
        return {
            "slow head": b"POST /graphql HTTP/1.1\r\nHost: hub\r\nX: ",
            "slow body": self.requests()["two lengths"].split(b"Content-Length")[0] + b"Content-Length: 60000\r\n\r\n",
            "silent": b"",
        }

    async def send(self, kind: str, sent: bytes) -> None:
        """One request, in three parts; the status of its answer is counted."""
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(self.host, self.port)
            third = len(sent) // 3 + 1
            with contextlib.suppress(ConnectionError):
                for at in range(0, len(sent), third):
                    writer.write(sent[at : at + third])
                    await writer.drain()
                    await asyncio.sleep(0)
            line = b""
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(20):
                    line = await reader.readline()
            self.seen.setdefault(kind, Counter())[int(line[9:12] or 0)] += 1
            writer.close()

    async def hold(self, kind: str, sent: bytes) -> None:
        """One connection, fed byte by byte until the hub has enough of it."""
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(self.host, self.port)
            writer.write(sent)
            ended = asyncio.ensure_future(reader.read())
            with contextlib.suppress(ConnectionError):
                while not ended.done():
                    await asyncio.wait([ended], timeout=1.0)
                    if sent:
                        writer.write(b"a")
            with contextlib.suppress(ConnectionError):
                line = await ended
                self.seen.setdefault(kind, Counter())[int(line[9:12] or 0)] += 1
            writer.close()


def _sized(body: dict[str, Any]) -> bytes:
    raw = json.dumps(body).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(raw), raw)


@contextlib.asynccontextmanager
async def attacked(url: str, token: str, *, held: int = HELD) -> AsyncIterator[Attack]:
    """Every kind of attack at once, for as long as the block runs."""
    parts = urlsplit(url)
    attack = Attack(parts.hostname or "", parts.port or 0, f"Bearer {token}")

    async def again(kind: str, sent: bytes) -> None:
        while True:
            await attack.send(kind, sent)
            await asyncio.sleep(PAUSE_SECONDS)

    async def hold_again(kind: str, sent: bytes) -> None:
        while True:
            await attack.hold(kind, sent)
            await asyncio.sleep(PAUSE_SECONDS)

    tasks = [asyncio.create_task(again(*each)) for each in attack.requests().items()]
    tasks += [asyncio.create_task(hold_again(*each)) for each in attack.held().items() for _ in range(held)]
    await asyncio.sleep(1.0)
    try:
        yield attack
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def behaved(url: str, token: str, requests: int) -> Seen:
    """What 16 well-behaved callers saw, in a process of their own."""
    job = Job(url, token, CALLERS, requests, CALLERS, BODY)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.load", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    said, _ = await process.communicate(msgspec.json.encode(job))
    return msgspec.json.decode(said, type=Seen)


async def measured(hub: Hub, token: str, requests: int) -> dict[str, Any]:
    """The callers' times alone, and beside the attack."""
    alone = await behaved(hub.url, token, requests)
    async with attacked(hub.url, token) as attack:
        beside = await behaved(hub.url, token, requests)
    return {
        "callers": CALLERS,
        "alone": _figures(alone),
        "attacked": _figures(beside),
        "attack": {kind: dict(counted) for kind, counted in sorted(attack.seen.items())},
    }


def _figures(seen: Seen) -> dict[str, Any]:
    return {
        "p50": figure(percentile(seen.milliseconds, 0.50), "ms"),
        "p95": figure(percentile(seen.milliseconds, 0.95), "ms"),
        "answers": len(seen.milliseconds),
        "not answered": seen.incomplete,
    }


def _told(counted: dict[int, int]) -> str:
    return ", ".join(f"{times} x {status or 'closed'}" for status, times in counted.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write JSON if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here too")
    parser.add_argument("--requests", type=int, default=1_000, help="of the well-behaved (default: %(default)s)")
    options = parser.parse_args(arguments)
    with (
        set_up(Path("var/bench"), lambda line: print(line, file=sys.stderr)) as stage,
        stage.hub("hostile", "sqlite", remembered=True) as hub,
    ):
        result = {"machine": machine(), **asyncio.run(measured(hub, stage.token(), options.requests))}
    for name in ("alone", "attacked"):
        each = result[name]
        print(f"{name:<9} p50 {each['p50']['value']} ms, p95 {each['p95']['value']} ms, {each['answers']} answers, "
              f"{each['not answered']} not")  # fmt: skip
    for kind, counted in result["attack"].items():
        print(f"  {kind:<20} {_told(counted)}")
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0 if result["attacked"]["not answered"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())

"""The callers, in a process of their own: a job as JSON on standard input, what they saw as JSON on standard output.

Closed loop: each caller sends its next request when its last one is answered, over one connection that stays open.
Answers are kept and looked at after the clock has stopped, so that the callers' work is not in the hub's times.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp
import msgspec

from benchmarks.answer import look
from benchmarks.loop import run as run_loop

CALLERS_MAX = 256
DEADLINE_SECONDS = 30.0
FAULTS_MAX = 5


class Job(msgspec.Struct, frozen=True):
    """What to send: ``body`` to the GraphQL endpoint, or without one a GET of ``/health/live``."""

    url: str
    token: str
    callers: int
    requests: int
    warm_up: int
    body: bytes = b""


class Seen(msgspec.Struct, frozen=True):
    """What the callers saw: a time per request, and what was in the answers."""

    milliseconds: list[float]
    seconds: float
    incomplete: int
    released: int
    leaves: int
    body_bytes: int
    slowest_ms: list[int]
    faults: list[str]
    """Why answers were incomplete, each reason once."""


Answer = tuple[float, int, bytes]
"""Milliseconds, HTTP status, body."""


async def run(job: Job) -> Seen:
    """Do a job."""
    if not 1 <= job.callers <= CALLERS_MAX:
        raise ValueError(f"callers are from 1 to {CALLERS_MAX}")
    headers = {"Authorization": f"Bearer {job.token}", "Content-Type": "application/json"}
    timeout = aiohttp.ClientTimeout(total=DEADLINE_SECONDS)
    connector = aiohttp.TCPConnector(limit=job.callers)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False) as session:

        async def ask() -> Answer:
            began = time.perf_counter()
            if job.body:
                pending = session.post(f"{job.url}/graphql", data=job.body, headers=headers)
            else:
                pending = session.get(f"{job.url}/health/live")
            try:
                async with pending as response:
                    body = await response.read()
                    status = response.status
            except (aiohttp.ClientError, TimeoutError):
                status, body = 0, b""
            return (time.perf_counter() - began) * 1000, status, body

        await _all(ask, job.warm_up, job.callers)
        began = time.perf_counter()
        answers = await _all(ask, job.requests, job.callers)
        return _seen(answers, time.perf_counter() - began, is_view=bool(job.body))


async def _all(ask: Callable[[], Awaitable[Answer]], count: int, callers: int) -> list[Answer]:
    """``count`` answers, by ``callers`` at once."""
    left = iter(range(count))

    async def caller() -> list[Answer]:
        return [await ask() for _ in left]

    made = await asyncio.gather(*(caller() for _ in range(callers)))
    return [answer for answers in made for answer in answers]


def _seen(answers: list[Answer], seconds: float, *, is_view: bool) -> Seen:
    if not is_view:
        failed = sum(status != 200 for _, status, _ in answers)
        return Seen([ms for ms, _, _ in answers], seconds, failed, 0, 0, 0, [], [])
    looked = [(ms, look(status, body)) for ms, status, body in answers]
    good = [(ms, each) for ms, each in looked if each.complete]
    return Seen(
        milliseconds=[ms for ms, _ in good],
        seconds=seconds,
        incomplete=len(looked) - len(good),
        released=good[0][1].released if good else 0,
        leaves=good[0][1].leaves if good else 0,
        body_bytes=max((len(body) for _, _, body in answers), default=0),
        slowest_ms=[each.slowest_ms for _, each in good],
        faults=sorted({each.fault for _, each in looked if not each.complete})[:FAULTS_MAX],
    )


def main() -> None:
    """Do the job on standard input."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(run_loop(run(job))))


if __name__ == "__main__":
    main()

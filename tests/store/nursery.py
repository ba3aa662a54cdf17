"""Two processes at a time write the log for searchers; each is killed at a random moment, and another takes its place.

Run as ``python -m tests.store.nursery <url> <key file> <kills> <seed>``. The processes are forked from this one, which
has everything imported, so a life takes milliseconds. When it is over, what they said goes to the standard output, one
line each: ``entry <index> <leaf hash>`` once the log acknowledged it, ``response <index of its question>`` for a byte
that left the hub.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import selectors
import signal
import sys
import time
from dataclasses import dataclass, field

from hub.store.appender import Log
from hub.store.engine import make_engine
from hub.store.keys import load_or_create
from tests.store.making import answer, question

ORIGIN = "testshire.example/log"
SEARCHERS = 4
LIFE_SECONDS_MAX = 0.030
"""A process is killed at most so long after its first word."""

AT_WORK = 0.9
"""The part of them that is let come to its first word; the others are killed while they start."""

PATIENCE_SECONDS = 30.0


@dataclass(slots=True)
class Child:
    """A process, and what it said. Each of its lines is one write shorter than a pipe's, so none is cut in two."""

    pid: int
    pipe: int
    said: bytearray = field(default_factory=bytearray)


def born(url: str, key: str) -> Child:
    """Fork a process that writes until it is killed."""
    reads, writes = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writes)
        os.set_blocking(reads, False)
        return Child(pid, reads)
    try:
        asyncio.run(live(url, key, writes))
    finally:
        os._exit(70)  # it never ends by itself


async def live(url: str, key: str, pipe: int) -> None:
    log = Log(url, load_or_create(key, ORIGIN), wait_seconds=PATIENCE_SECONDS)
    await log.start()

    def say(line: str) -> None:
        os.write(pipe, f"{line}\n".encode())

    async def search() -> None:
        while True:
            asked = await log.append(question(log))
            say(f"entry {asked.index} {asked.leaf_hash.hex()}")
            answered = await log.append(answer(log, asked.index))
            say(f"response {asked.index}")
            say(f"entry {answered.index} {answered.leaf_hash.hex()}")

    await asyncio.gather(*(search() for _ in range(SEARCHERS)))


def hear(children: list[Child], seconds: float) -> None:
    """Take what they say for so long."""
    until = time.monotonic() + seconds
    with selectors.DefaultSelector() as ready:
        for child in children:
            ready.register(child.pipe, selectors.EVENT_READ, child)
        while (left := until - time.monotonic()) > 0:
            for key, _ in ready.select(left):
                some = os.read(key.fd, 65_536)
                if not some:
                    raise RuntimeError("a process ended by itself")
                key.data.said += some


def bury(child: Child) -> bytes:
    """Kill it and give back all it ever said."""
    os.kill(child.pid, signal.SIGKILL)
    _, status = os.waitpid(child.pid, 0)
    if not os.WIFSIGNALED(status):
        raise RuntimeError("a process ended by itself")
    os.set_blocking(child.pipe, True)
    while some := os.read(child.pipe, 65_536):
        child.said += some
    os.close(child.pipe)
    return bytes(child.said)


def main(url: str, key: str, kills: int, seed: int) -> None:
    make_engine(url, PATIENCE_SECONDS).dispose()  # imports the driver once, for all of them
    gc.freeze()
    chance = random.Random(seed)
    children = [born(url, key), born(url, key)]
    said = []
    for number in range(kills):
        doomed = children[number % 2]
        until = time.monotonic() + PATIENCE_SECONDS
        at_work = chance.random() < AT_WORK
        while at_work and not doomed.said and time.monotonic() < until:
            hear(children, 0.002)
        hear(children, chance.uniform(0, LIFE_SECONDS_MAX))
        said.append(bury(doomed))
        children[number % 2] = born(url, key)
    said += [bury(child) for child in children]
    sys.stdout.write(b"".join(said).decode())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))

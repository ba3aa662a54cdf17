"""Appends for ever and prints each index once it is acknowledged: a process to kill.

Run as ``python -m tests.store.appending <url> <key file> <count>``; a count of 0 is for ever.
"""

from __future__ import annotations

import asyncio
import sys

from hub.store.appender import Log
from hub.store.keys import load_or_create
from tests.store.making import ask_and_answer

ORIGIN = "testshire.example/log"


async def _run(url: str, key: str, count: int) -> None:
    log = Log(url, load_or_create(key, ORIGIN))
    await log.start()
    print("ready", flush=True)

    async def one_searcher() -> None:
        done = 0
        while not count or done < count:
            for each in await ask_and_answer(log):
                print(each.index, each.leaf_hash.hex(), flush=True)
            done += 1

    await asyncio.gather(*(one_searcher() for _ in range(8)))
    await log.close()


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], sys.argv[2], int(sys.argv[3])))

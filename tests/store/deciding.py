"""Records decisions as fast as it can and prints each reference once it is kept: a process beside others.

Run as ``python -m tests.store.deciding <url> <key file> <first number> <count>``.
"""

from __future__ import annotations

import asyncio
import sys

from hub.store.appender import Log
from hub.store.judgements import JudgementStore
from hub.store.keys import load_or_create
from tests.policy.judged import AT, judgement
from tests.store.appending import ORIGIN


async def _run(url: str, key: str, first: int, count: int) -> None:
    log = Log(url, load_or_create(key, ORIGIN))
    await log.start()
    store = JudgementStore(url, log)
    print("ready", flush=True)
    for number in range(first, first + count):
        made = judgement(id=f"{number:032x}", local_id=f"P-{number}")
        await store.record(made, AT)
        print(made.id, flush=True)
    await store.close()
    await log.close()


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))

"""Records decisions as fast as it can and prints each reference once it is kept: a process beside others.

Run as ``python -m tests.store.deciding <url> <first number> <count>``.
"""

from __future__ import annotations

import asyncio
import sys

from hub.store.judgements import JudgementStore
from tests.policy.judged import AT, judgement


async def _run(url: str, first: int, count: int) -> None:
    store = JudgementStore(url)
    print("ready", flush=True)
    for number in range(first, first + count):
        made = judgement(id=f"{number:032x}", local_id=f"P-{number}")
        await store.record(made, AT)
        print(made.id, flush=True)
    await store.close()


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))

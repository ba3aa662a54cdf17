"""A DPoP proof is good once, whoever is asked: many workers, two processes, one database."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from hub.errors import AuditUnavailable
from hub.store.appender import Log
from hub.store.replay import FORGET_BATCH_MAX, ReplayStore
from tests.store.conftest import MakeLog

ROOT = Path(__file__).resolve().parents[2]
DIGEST = "ab" * 32
USES = 20


async def test_a_proof_is_new_once_and_another_is_new_too(log: Log) -> None:
    replays = ReplayStore(log)
    assert [await replays.first_use(DIGEST, 100), await replays.first_use(DIGEST, 100)] == [True, False]
    assert await replays.first_use("cd" * 32, 100)


async def test_of_twenty_at_once_through_two_logs_exactly_one_is_first(make_log: MakeLog) -> None:
    logs = [make_log(), make_log()]
    for log in logs:
        await log.start()
    for round_ in range(5):
        digest = f"{round_:064x}"
        uses = (ReplayStore(logs[number % 2]).first_use(digest, 100) for number in range(USES))
        assert sum(await asyncio.gather(*uses)) == 1


WORKER = """
import asyncio, json, sys
from hub.store.appender import Log
from hub.store.keys import load_or_create
from hub.store.replay import ReplayStore

async def main(url, key, uses, rounds):
    log = Log(url, load_or_create(key, "testshire.example/log"))
    await log.start()
    replays = ReplayStore(log)
    print("ready", flush=True)
    first = []
    for number in range(rounds):
        sys.stdin.readline()
        found = await asyncio.gather(*(replays.first_use(f"{number:064x}", 10**10) for _ in range(uses)))
        print(json.dumps(sum(found)), flush=True)
    await log.close()

from pathlib import Path
asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
"""


async def test_of_twenty_at_once_in_two_processes_exactly_one_is_first(log: Log, log_url: str, tmp_path: Path) -> None:
    rounds = 10
    command = [sys.executable, "-c", WORKER, log_url, str(tmp_path / "key"), str(USES // 2), str(rounds)]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(2)
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for _ in range(rounds):
            for worker in workers:
                assert worker.stdin is not None
                worker.stdin.write("go\n")
                worker.stdin.flush()
            counts = [json.loads(worker.stdout.readline()) for worker in workers if worker.stdout is not None]
            assert sum(counts) == 1
        for worker in workers:
            assert worker.wait(20) == 0
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


async def test_what_could_not_be_used_again_is_forgotten_and_nothing_else(log: Log) -> None:
    now = 1_000
    replays = ReplayStore(log, clock=lambda: now)
    for number, forget_at in enumerate((998, 999, 1_000, 1_001)):
        await replays.first_use(f"{number:064x}", forget_at)
    assert await replays.forget_old() == 2
    assert [await replays.first_use(f"{number:064x}", 2_000) for number in range(4)] == [True, True, False, False]


async def test_forgetting_goes_in_steps(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.store.replay.FORGET_BATCH_MAX", 2)
    replays = ReplayStore(log, clock=lambda: 10)
    for number in range(3):
        await replays.first_use(f"{number:064x}", 1)
    assert [await replays.forget_old(), await replays.forget_old(), await replays.forget_old()] == [2, 1, 0]
    assert FORGET_BATCH_MAX > 1_000


async def test_a_database_without_the_table_refuses(log: Log, log_url: str) -> None:
    engine = create_engine(log_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE access_proof"))
    engine.dispose()
    with pytest.raises(AuditUnavailable):
        await ReplayStore(log).first_use(DIGEST, 100)

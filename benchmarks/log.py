"""``python -m benchmarks.log``: what the log costs, beside what its database can do at all, in the same run.

Measurement and limit take turns, so that a machine that is slower for a while is so for both. Read the ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import figure, percentile
from benchmarks.log_entries import ORIGIN, answer_to, questions, refusals, rows
from benchmarks.log_raw import bare_commits, group_commit
from benchmarks.loop import run
from benchmarks.machine import machine
from benchmarks.postgres import server
from hub.store.appender import Log
from hub.store.batch import BatchWriter, Pending
from hub.store.engine import make_engine
from hub.store.keys import load_or_create
from hub.store.verify import verify_database

WAITERS = 1_024
"""Callers at one time: two full batches, so that one queues while the other is written."""

PROCESSES = 4
ROUNDS = 5

PAIR_RATIO_MAX = 1.5
RATE_PART_MIN = 0.7
SHARED_RATE_MIN = 10_000
PROOF_MS_MAX = 1.0

Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, write JSON if asked. The exit status is 0 whatever was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.log", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here too")
    parser.add_argument("--pairs", type=int, default=500, help="questions with their answers (default: %(default)s)")
    parser.add_argument("--entries", type=int, default=20_000, help="entries in each round (default: %(default)s)")
    parser.add_argument("--directory", type=Path, default=Path("var"), help="where the files go (default: %(default)s)")
    options = parser.parse_args(arguments)
    options.directory.mkdir(parents=True, exist_ok=True)
    print(machine()["processor"])
    found = []
    for row in measured(options.directory, options.pairs, options.entries):
        found.append(row)
        aim = f"aim {row['aim']['value']:g}: {'met' if row['met'] else 'MISSED'}" if "aim" in row else ""
        print(f"{row['log']:<10}  {row['what']:<66}  {row['figure']['value']:>9g} {row['figure']['unit']:<9} {aim}")
    if options.json is not None:
        options.json.write_text(json.dumps({"machine": machine(), "rows": found}, indent=1) + "\n", encoding="utf-8")
    return 0


def measured(directory: Path, pairs: int, count: int) -> Iterator[Row]:
    """One row for each figure, SQLite first."""
    with tempfile.TemporaryDirectory(prefix="log-", dir=directory) as place, server() as postgres:
        for name, url in (("sqlite", f"sqlite:///{place}/log.db"), ("postgresql", postgres)):
            key = Path(place) / f"{name}.key"
            yield from ({"log": name, **row} for row in run(_one_log(url, key, pairs, count)))
        yield from ({"log": "postgresql", **row} for row in _shared(postgres, Path(place) / "postgresql.key", count))


async def _one_log(url: str, key: Path, pairs: int, count: int) -> list[Row]:
    log = Log(url, load_or_create(key, ORIGIN), wait_seconds=60)
    await log.start()
    gc.freeze()
    try:
        transactions = await asyncio.to_thread(_transactions, url, key, pairs)
        return [
            *transactions,
            *await _pairs(log, url, pairs),
            *await _rates(log, url, count),
            *await _proofs(log, pairs),
        ]
    finally:
        await log.close()


def _transactions(url: str, key: Path, times: int) -> list[Row]:
    """The log's own transaction by itself, without the way to its thread and back, and a bare one; in turns."""
    batches = BatchWriter(load_or_create(key, ORIGIN))
    engine = make_engine(url, 60)
    bare, ours = [], []
    with bare_commits(url) as two_commits, engine.connect() as connection:
        for leaf, body in rows(refusals(2 * times)):
            bare.append(two_commits(body) / 2)
            began = time.perf_counter()
            with connection.begin():
                batches.write(connection, [Pending((body,), (leaf,))], 0)
            batches.remember()
            ours.append((time.perf_counter() - began) * 1000)
    engine.dispose()
    ratio = percentile(ours[times // 10 :], 0.5) / percentile(bare[times // 10 :], 0.5)
    return [_row("one transaction of the log, by itself, over a bare commit", ratio, "times")]


async def _pairs(log: Log, url: str, times: int) -> list[Row]:
    """A question and its answer, each on disk before the next step, and two bare commits; in turns."""
    bare, ours = [], []
    with bare_commits(url) as two_commits:
        for question, (_, body) in _with_rows(times):
            bare.append(two_commits(body))
            began = time.perf_counter()
            asked = await log.append(question)
            await log.append(answer_to(asked.index))
            ours.append((time.perf_counter() - began) * 1000)
    settled = slice(times // 10, None)  # the first make plans and fill caches
    mine, limit = percentile(ours[settled], 0.5), percentile(bare[settled], 0.5)
    return [
        _row("two bare commits, p50", limit, "ms"),
        _row("two durable appends, p50", mine, "ms"),
        _row("two durable appends, p99", percentile(ours[settled], 0.99), "ms"),
        _row("two appends over two bare commits", mine / limit, "times", most=PAIR_RATIO_MAX),
    ]


def _with_rows(count: int) -> Iterator[tuple[Any, tuple[bytes, bytes]]]:
    made = questions(count)
    return zip(made, rows(made), strict=True)


async def _rates(log: Log, url: str, count: int) -> list[Row]:
    """Entries a second with very many callers, and rows a second of the driver alone; in turns."""
    raw, ours = [], []
    with group_commit(url) as write_rows:
        for _ in range(ROUNDS):
            made = refusals(count)
            raw.append(write_rows(rows(made)))
            began = time.perf_counter()
            await _write(log, made)
            ours.append(count / (time.perf_counter() - began))
    mine, limit = percentile(ours, 0.5), percentile(raw, 0.5)
    return [
        _row("raw group commit, p50", limit, "rows/s"),
        _row("entries with very many callers, p50", mine, "entries/s"),
        _row("entries over raw rows", mine / limit, "times", least=RATE_PART_MIN),
    ]


async def _write(log: Log, entries: Sequence[Any]) -> None:
    async def caller(mine: Sequence[Any]) -> None:
        for entry in mine:
            await log.append(entry)

    await asyncio.gather(*(caller(entries[at::WAITERS]) for at in range(WAITERS)))


async def _proofs(log: Log, times: int) -> list[Row]:
    size = (await log.check()).size
    assert size
    chance = random.Random(7)
    took = []
    for _ in range(times):
        began = time.perf_counter()
        text = await log.proof(chance.randrange(size))
        took.append((time.perf_counter() - began) * 1000)
        assert text is not None
    what = f"a proof in a log of {size}, p50"
    return [_row(what, percentile(took[times // 10 :], 0.5), "ms", most=PROOF_MS_MAX)]


def _shared(url: str, key: Path, count: int) -> Iterator[Row]:
    """Several hubs on one log, each a process; then the whole log is checked."""
    spawn = multiprocessing.get_context("spawn")
    ready, done = spawn.Barrier(PROCESSES + 1), spawn.Barrier(PROCESSES + 1)
    hubs = [spawn.Process(target=_hub, args=(url, str(key), count, ready, done)) for _ in range(PROCESSES)]
    for hub in hubs:
        hub.start()
    ready.wait()
    began = time.perf_counter()
    done.wait()
    took = time.perf_counter() - began
    for hub in hubs:
        hub.join()
    report = verify_database(url, load_or_create(key, ORIGIN).verifier)
    if not report.ok:
        raise RuntimeError(f"the log does not check out, so its speed says nothing: {report.fault}")
    what = f"{PROCESSES} processes on one log, which checks out with {report.checked} entries"
    yield _row(what, PROCESSES * count / took, "entries/s", least=SHARED_RATE_MIN)


def _hub(url: str, key: str, count: int, ready: Any, done: Any) -> None:
    async def write() -> None:
        log = Log(url, load_or_create(key, ORIGIN), wait_seconds=60)
        await log.start()
        made = refusals(count)
        await asyncio.to_thread(ready.wait)
        await _write(log, made)
        await asyncio.to_thread(done.wait)
        await log.close()

    run(write())


def _row(what: str, value: float, unit: str, *, most: float | None = None, least: float | None = None) -> Row:
    row: Row = {"what": what, "figure": figure(value, unit)}
    if most is not None:
        row |= {"aim": figure(most, unit), "met": value <= most}
    if least is not None:
        row |= {"aim": figure(least, unit), "met": value >= least}
    return row


if __name__ == "__main__":
    sys.exit(main())

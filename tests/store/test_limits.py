"""Every limit of the appender, at it and one over; and callers that do not wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from hub.audit.encoding import encode
from hub.audit.verify import Report
from hub.errors import AuditUnavailable
from hub.store import appender, writer
from hub.store.appender import Log
from hub.store.batch import Pending, Result
from tests.store.making import refused

Verify = Callable[..., Report]


@pytest.mark.parametrize("surplus", [0, 1])
async def test_batch_limit(log: Log, monkeypatch: pytest.MonkeyPatch, verified: Verify, surplus: int) -> None:
    monkeypatch.setattr(writer, "BATCH_MAX", 4)
    async with held(log):
        waiting = [asyncio.create_task(log.append(refused(log))) for _ in range(4 + surplus)]
    sizes = {each.size for each in await asyncio.gather(*waiting)}
    assert sizes == ({5, 6} if surplus else {5})
    assert verified().ok


@pytest.mark.parametrize("surplus", [0, 1])
async def test_batch_bytes_limit(log: Log, monkeypatch: pytest.MonkeyPatch, surplus: int) -> None:
    monkeypatch.setattr(writer, "BATCH_BYTES_MAX", 2 * len(encode(refused(log))) + 1 - surplus)
    async with held(log):
        waiting = [asyncio.create_task(log.append(refused(log))) for _ in range(3)]
    sizes = {each.size for each in await asyncio.gather(*waiting)}
    assert sizes == ({3, 4} if surplus else {4})


@pytest.mark.parametrize("surplus", [0, 1])
async def test_queue_limit(log: Log, monkeypatch: pytest.MonkeyPatch, verified: Verify, surplus: int) -> None:
    monkeypatch.setattr(writer, "QUEUE_MAX", 4)
    async with held(log):
        waiting = [asyncio.create_task(log.append(refused(log))) for _ in range(4 + surplus)]
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(each, AuditUnavailable) for each in results].count(True) == surplus
    assert verified().checked == 5


@pytest.mark.parametrize("surplus", [0, 1])
async def test_waiting_reads_limit(log: Log, monkeypatch: pytest.MonkeyPatch, surplus: int) -> None:
    monkeypatch.setattr(appender, "READS_MAX", 4)
    results = await asyncio.gather(*(log.checkpoint() for _ in range(4 + surplus)), return_exceptions=True)
    assert [isinstance(each, AuditUnavailable) for each in results].count(True) == surplus


async def test_an_entry_over_the_limit_is_unavailable_not_an_accident(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.audit.encoding.BODY_MAX", 100)
    with pytest.raises(AuditUnavailable):
        await log.append(refused(log))


async def test_an_entry_nobody_waits_for_any_more_is_not_written(log: Log, verified: Verify) -> None:
    """A caller that gave up before the transaction began was told 'unavailable'; nothing is to be logged for it."""
    async with held(log):
        gone = [asyncio.create_task(log.append(refused(log))) for _ in range(5)]
        kept = asyncio.create_task(log.append(refused(log)))
        await asyncio.sleep(0)
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
    assert (await kept).index == 1
    assert verified().checked == 2


@asynccontextmanager
async def held(log: Log) -> AsyncIterator[None]:
    """Holds the writer inside the transaction of one first entry (index 0), so that what comes meanwhile queues."""
    inside, go = threading.Event(), threading.Event()
    real = log._writer._write

    def wait_then_write(entries: Sequence[Pending]) -> Sequence[Result]:
        inside.set()
        go.wait(5)
        return real(entries)

    log._writer._write = wait_then_write  # type: ignore[method-assign]
    first = asyncio.create_task(log.append(refused(log)))
    await asyncio.to_thread(inside.wait, 5)
    try:
        yield
        await asyncio.sleep(0.05)
    finally:
        go.set()
    assert (await first).index == 0

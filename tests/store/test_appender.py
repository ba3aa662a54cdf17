"""What the hub asks of its log, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvloop

from hub.audit.checkpoint import open_checkpoint
from hub.audit.encoding import encode
from hub.audit.merkle import leaf_hash
from hub.audit.proof import verify_proof
from hub.audit.verify import Report
from hub.errors import AuditUnavailable
from hub.store import reader
from hub.store.appender import Log, QuestionClosed
from hub.store.keys import load_or_create
from tests.store.conftest import ORIGIN, MakeLog
from tests.store.making import abandoned, answer, ask_and_answer, question, refused
from tests.store.tampering import edit

Verify = Callable[..., Report]


async def test_an_entry_comes_back_as_it_was_written(log: Log, verified: Verify) -> None:
    entries = [question(log), refused(log)]
    entries.append(answer(log, 0))
    for number, entry in enumerate(entries):
        appended = await log.append(entry)
        assert (appended.index, appended.size) == (number, number + 1)
        stored = await log.entry(number)
        assert stored is not None
        assert stored.entry == entry
        assert stored.body == encode(entry)
        assert stored.leaf_hash == appended.leaf_hash == leaf_hash(encode(entry))
    assert await log.entry(3) is None
    assert await log.entry(-1) is None
    assert verified().ok


async def test_the_checkpoint_is_of_the_newest_entry(log: Log) -> None:
    for size in range(4):
        checkpoint = open_checkpoint((await log.checkpoint()).encode(), log.verifier)
        assert (checkpoint.origin, checkpoint.size) == (ORIGIN, size)
        await log.append(refused(log))


async def test_many_at_once_are_in_the_log_each_once_and_in_few_transactions(log: Log, verified: Verify) -> None:
    pairs = await asyncio.gather(*(ask_and_answer(log) for _ in range(300)))
    assert sorted(each.index for pair in pairs for each in pair) == list(range(600))
    assert all(asked.index < answered.index for asked, answered in pairs)
    sizes = {each.size for pair in pairs for each in pair}
    assert len(sizes) < 200, "entries that waited together are committed together"
    report = verified()
    assert report.ok
    assert report.counts == {"question": 300, "answer": 300, "refused": 0, "abandoned": 0}


async def test_two_hubs_share_one_log(make_log: MakeLog, verified: Verify) -> None:
    logs = [make_log(), make_log()]
    await asyncio.gather(*(log.start() for log in logs))
    pairs = await asyncio.gather(*(ask_and_answer(logs[number % 2]) for number in range(100)))
    assert sorted(each.index for pair in pairs for each in pair) == list(range(200))
    assert verified().ok


async def test_a_log_goes_on_after_a_restart(make_log: MakeLog, verified: Verify) -> None:
    for number in range(3):
        log = make_log()
        await log.start()
        asked, answered = await ask_and_answer(log)
        assert (asked.index, answered.index) == (2 * number, 2 * number + 1)
        await log.close()
    assert verified().checked == 6


@pytest.mark.parametrize("end", [answer, abandoned], ids=["answer", "abandoned"])
@pytest.mark.parametrize("of", ["ended", "not a question", "not there"])
async def test_a_question_has_one_end(log: Log, verified: Verify, end: Callable[[Log, int], object], of: str) -> None:
    asked, _ = await ask_and_answer(log)
    other = await log.append(refused(log))
    index = {"ended": asked.index, "not a question": other.index, "not there": 99}[of]
    with pytest.raises(QuestionClosed) as caught:
        await log.append(end(log, index))  # type: ignore[arg-type]
    assert caught.value.code == "AUDIT_UNAVAILABLE"
    assert verified().checked == 3


async def test_of_two_ends_at_one_time_one_is_written(log: Log, verified: Verify) -> None:
    """The reaper and a late answer may meet; whoever comes second must not release anything."""
    asked = [await log.append(question(log)) for _ in range(20)]
    ends = [end(log, each.index) for each in asked for end in (answer, abandoned)]
    results = await asyncio.gather(*(log.append(end) for end in ends), return_exceptions=True)  # type: ignore[arg-type]
    for first, second in zip(results[::2], results[1::2], strict=True):
        assert [isinstance(each, QuestionClosed) for each in (first, second)].count(True) == 1
    assert verified().checked == 40


async def test_the_reaper_ends_what_was_forgotten(make_log: MakeLog, verified: Verify) -> None:
    now = datetime.now(UTC)
    log = make_log(clock=lambda: now)
    await log.start()
    old = await log.append(question(log))
    answered = await log.append(question(log))
    await log.append(answer(log, answered.index))
    now += timedelta(seconds=301)
    young = await log.append(question(log))
    assert await log.abandon_stale(300) == 1
    stored = await log.entry(4)
    assert stored is not None
    assert getattr(stored.entry, "question", None) == old.index
    assert getattr(stored.entry, "reason", None) == "stale"
    assert await log.abandon_stale(300) == 0
    now += timedelta(seconds=301)
    assert await log.abandon_stale(300) == 1
    report = verified(now=now)
    assert report.ok
    assert report.open == ()
    assert young.index == 3


async def test_two_reapers_do_not_end_a_question_twice(make_log: MakeLog, verified: Verify) -> None:
    logs = [make_log(), make_log()]
    await asyncio.gather(*(log.start() for log in logs))
    for _ in range(30):
        await logs[0].append(question(logs[0]))
    await asyncio.sleep(0.01)
    ended = await asyncio.gather(*(log.abandon_stale(0) for log in logs))
    assert sum(ended) == 30
    assert verified().counts["abandoned"] == 30


@pytest.mark.parametrize("surplus", [0, 1])
async def test_the_reaper_takes_so_many_at_a_time(log: Log, monkeypatch: pytest.MonkeyPatch, surplus: int) -> None:
    monkeypatch.setattr(reader, "STALE_MAX", 3)
    for _ in range(3 + surplus):
        await log.append(question(log))
    await asyncio.sleep(0.01)
    assert await log.abandon_stale(0) == 3
    assert await log.abandon_stale(0) == surplus


PROOF_SIZES = [1, 2, 3, 255, 256, 257, 512, 513, 700]


@pytest.mark.parametrize("size", PROOF_SIZES)
async def test_any_entry_can_be_proved(log: Log, size: int) -> None:
    await asyncio.gather(*(log.append(refused(log)) for _ in range(size)))
    for index in {0, 1, size // 2, 254, 255, 256, 511, 512, size - 1}:
        text = await log.proof(index)
        if index >= size:
            assert text is None
            continue
        assert text is not None
        stored = await log.entry(index)
        assert stored is not None
        found, checkpoint = verify_proof(text.encode(), log.verifier, body=stored.body)
        assert (found, checkpoint.size) == (index, size)
    assert await log.proof(-1) is None


async def test_health(make_log: MakeLog, log_url: str) -> None:
    log = make_log(wait_seconds=1)
    assert (await log.check()).detail == "the log is not started"
    await log.start()
    appended = await log.append(refused(log))
    health = await log.check()
    assert (health.ok, health.size) == (True, appended.size)
    assert health.at is not None
    assert abs(health.at - datetime.now(UTC)) < timedelta(seconds=5)
    edit(log_url, "DROP TABLE log_head")
    health = await log.check()
    assert not health.ok
    assert health.detail is not None
    await log.close()
    assert (await log.check()).detail == "the log is not started"


async def test_a_log_that_is_not_started_or_is_closed_takes_nothing(make_log: MakeLog) -> None:
    log = make_log()
    with pytest.raises(AuditUnavailable):
        await log.append(refused(log))
    await log.start()
    await log.append(refused(log))
    await log.close()
    with pytest.raises(AuditUnavailable):
        await log.append(refused(log))
    with pytest.raises(AuditUnavailable):
        await log.entry(0)


async def test_closing_writes_what_was_queued(make_log: MakeLog, verified: Verify) -> None:
    log = make_log()
    await log.start()
    waiting = [asyncio.create_task(log.append(refused(log))) for _ in range(50)]
    await asyncio.sleep(0)
    await log.close()
    assert len(await asyncio.gather(*waiting)) == 50
    assert verified().checked == 50


def test_it_works_on_uvloop_and_from_several_loops(make_log_sync: Callable[[], Log], verified: Verify) -> None:
    log = make_log_sync()
    asyncio.run(log.start())
    results: list[int] = []

    def work() -> None:
        async def several() -> None:
            pairs = await asyncio.gather(*(ask_and_answer(log) for _ in range(20)))
            results.extend(each.index for pair in pairs for each in pair)

        uvloop.run(several())

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(log.close())
    assert sorted(results) == list(range(120))
    assert verified().ok


@pytest.fixture
def make_log_sync(log_url: str, tmp_path: Path) -> Callable[[], Log]:
    return lambda: Log(log_url, load_or_create(tmp_path / "key", ORIGIN))


async def test_the_times_of_the_tables_never_run_backwards(make_log: MakeLog, log_url: str) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    log = make_log(clock=lambda: now)
    await log.start()
    await log.append(refused(log))
    now -= timedelta(hours=1)
    await log.append(refused(log))
    assert (await log.check()).at == datetime(2026, 11, 20, tzinfo=UTC)

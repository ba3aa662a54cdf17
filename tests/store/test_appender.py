"""What the hub asks of its log, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvloop
from sqlalchemy import create_engine, text

from hub.audit.checkpoint import open_checkpoint
from hub.audit.encoding import encode
from hub.audit.merkle import leaf_hash
from hub.audit.proof import verify_proof
from hub.audit.verify import Report
from hub.errors import AuditUnavailable, ConfigurationError
from hub.store import appender, reader, writer
from hub.store.appender import Log, QuestionClosed
from hub.store.batch import Pending, Result
from hub.store.keys import load_or_create
from tests.store.conftest import ORIGIN, MakeLog
from tests.store.making import abandoned, answer, ask_and_answer, question, refused

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


@pytest.mark.parametrize("damage", ["DELETE FROM log_tile", "UPDATE log_tile SET hash = leaf_hash"])
async def test_damaged_subtrees_cost_time_and_no_more(log: Log, log_url: str, damage: str) -> None:
    await asyncio.gather(*(log.append(refused(log)) for _ in range(600)))
    edit(log_url, damage.replace("leaf_hash", '(SELECT leaf_hash FROM log_entry WHERE "index" = 0)'))
    text = await log.proof(3)
    assert text is not None
    assert verify_proof(text.encode(), log.verifier)[0] == 3


async def test_no_proof_is_given_of_what_was_not_signed(log: Log, log_url: str) -> None:
    await asyncio.gather(*(log.append(refused(log)) for _ in range(5)))
    edit(log_url, 'UPDATE log_entry SET leaf_hash = (SELECT root FROM log_head) WHERE "index" = 2')
    for index in (2, 3):
        with pytest.raises(AuditUnavailable):
            await log.proof(index)
    assert (await log.check()).ok


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM log_head",
        "UPDATE log_head SET size = 2",
        "UPDATE log_head SET size = 7",
        "UPDATE log_head SET frontier = root",
        'UPDATE log_head SET root = (SELECT leaf_hash FROM log_entry WHERE "index" = 1)',
    ],
)
async def test_nothing_is_appended_to_a_damaged_head(make_log: MakeLog, log_url: str, damage: str) -> None:
    log = make_log()
    await log.start()
    for _ in range(3):
        await log.append(refused(log))
    edit(log_url, damage)
    with pytest.raises(AuditUnavailable):
        await log.append(refused(log))
    if not damage.startswith("DELETE"):
        with pytest.raises(ConfigurationError, match="hub audit verify"):
            await make_log().start()
    assert await log.entry(3) is None


async def test_a_log_rolled_back_under_a_running_hub_is_not_continued(log: Log, log_url: str, verified: Verify) -> None:
    """A lagging copy takes over: its head is genuine and old."""
    await ask_and_answer(log)
    saved = read_all(log_url, "SELECT size, frontier, root, at, note FROM log_head")[0]
    await ask_and_answer(log)
    edit(log_url, 'DELETE FROM log_entry WHERE "index" >= 2')
    edit(
        log_url,
        "UPDATE log_head SET size = :a, frontier = :b, root = :c, at = :d, note = :e",
        **dict(zip("abcde", saved, strict=True)),
    )
    assert verified().ok, "nothing in the database tells"
    with pytest.raises(AuditUnavailable):
        await log.append(refused(log))


async def test_a_restored_backup_is_not_continued_after_a_restart(
    make_log: MakeLog, log_url: str, tmp_path: Path
) -> None:
    log = make_log()
    await log.start()
    await ask_and_answer(log)
    await log.close()
    for table in ("log_entry", "log_head", "log_open"):
        edit(log_url, f"DELETE FROM {table}")
    with pytest.raises(ConfigurationError, match="restored backup"):
        await make_log().start()
    (tmp_path / "key.head").unlink()  # the operator's word that this is meant
    log = make_log()
    await log.start()
    assert (await log.append(refused(log))).index == 0


async def test_another_key_cannot_continue_the_log(log: Log, log_url: str, tmp_path: Path) -> None:
    await ask_and_answer(log)
    other = Log(log_url, load_or_create(tmp_path / "other", ORIGIN))
    with pytest.raises(ConfigurationError, match="not signed by this hub's key"):
        await other.start()
    await other.close()


async def test_tables_of_another_version_are_left_alone(make_log: MakeLog, log_url: str) -> None:
    await make_log().start()
    edit(log_url, "UPDATE schema_version SET version = 2")
    with pytest.raises(ConfigurationError, match="version 2"):
        await make_log().start()


async def test_references_are_random_lasting_and_shared(make_log: MakeLog) -> None:
    logs = [make_log(), make_log()]
    await asyncio.gather(*(log.start() for log in logs))
    first = await logs[0].reference("worker", "council/jane.smith")
    assert len(bytes.fromhex(first)) == 16
    assert await logs[1].reference("worker", "council/jane.smith") == first
    assert await logs[0].reference("case", "council/jane.smith") != first
    assert await logs[0].reference("worker", "council/jane.smitH") != first
    several = await logs[1].references([("case", "a"), ("worker", "council/jane.smith"), ("case", "a"), ("case", "b")])
    assert several[1] == first
    assert several[0] == several[2] != several[3]
    assert await logs[0].references([]) == []


async def test_a_reference_asked_for_by_many_at_once_is_one(make_log: MakeLog) -> None:
    logs = [make_log(), make_log()]
    await asyncio.gather(*(log.start() for log in logs))
    found = await asyncio.gather(*(logs[n % 2].reference("subject", "nhs:9990004021") for n in range(40)))
    assert len(set(found)) == 1


@pytest.mark.parametrize(
    ("kind", "value", "accepted"),
    [
        pytest.param("k" * reader.REFERENCE_KIND_MAX, "v", True, id="longest kind"),
        pytest.param("k" * (reader.REFERENCE_KIND_MAX + 1), "v", False, id="kind too long"),
        pytest.param("a kind", "v", False, id="kind with a space"),
        pytest.param("", "v", False, id="no kind"),
        pytest.param("k", "v" * reader.REFERENCE_VALUE_MAX, True, id="longest value"),
        pytest.param("k", "v" * (reader.REFERENCE_VALUE_MAX + 1), False, id="value too long"),
        pytest.param("k", "\u00e9" * (reader.REFERENCE_VALUE_MAX // 2), True, id="longest accented value"),
        pytest.param("k", "\u00e9" * (reader.REFERENCE_VALUE_MAX // 2 + 1), False, id="accented value too long"),
        pytest.param("k", "", False, id="no value"),
        pytest.param("k", "secret\0", False, id="NUL"),
        pytest.param("k", "secret\ud800", False, id="half a surrogate"),
        pytest.param("k", "'; DROP TABLE log_entry; --", True, id="SQL"),
    ],
)
async def test_what_a_reference_can_stand_for(log: Log, kind: str, value: str, accepted: bool) -> None:
    if accepted:
        assert await log.reference(kind, value) == await log.reference(kind, value)
    else:
        with pytest.raises(ValueError, match="a reference has") as caught:
            await log.reference(kind, value)
        assert "secret" not in str(caught.value)


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


async def test_no_personal_data_in_what_the_log_says_of_itself(
    log: Log, log_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "nhs:9990004021"
    edit(log_url, "DROP TABLE log_reference")
    with pytest.raises(AuditUnavailable) as caught:
        await log.reference("subject", secret)
    seen = caplog.text + repr(caught.value) + str(caught.value) + repr(caught.value.__cause__) + repr(log)
    assert "ProgrammingError" in seen or "OperationalError" in seen
    assert "9990004021" not in seen


async def test_the_times_of_the_tables_never_run_backwards(make_log: MakeLog, log_url: str) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    log = make_log(clock=lambda: now)
    await log.start()
    await log.append(refused(log))
    now -= timedelta(hours=1)
    await log.append(refused(log))
    assert (await log.check()).at == datetime(2026, 11, 20, tzinfo=UTC)


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


def edit(url: str, statement: str, **parameters: object) -> None:
    """Do to the tables what only somebody with the database's password can."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text(statement), parameters)
    finally:
        engine.dispose()


def read_all(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]
    finally:
        engine.dispose()

"""References that no entry names: they go after pruning, and never one that a question is about to name."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, event

from hub.store.accesses import read_names
from hub.store.appender import Log
from hub.store.engine import make_engine
from hub.store.holds import SET, hold, make_hold
from hub.store.pruning import plan_pruning, prune
from hub.store.review_reading import stands_for
from hub.store.subjects import subject_key
from hub.store.unmentioned import Swept, sweep
from hub.store.years import close_year, find_boundary
from tests.matching.people import asked
from tests.store import making
from tests.store.conftest import MakeLog
from tests.store.lives import AMIRA, OFFICER, OTHER, STATED, Lives
from tests.store.tampering import edit, read_all
from tests.store.test_pruning import ARCHIVE, WORDS, Clock


@pytest.fixture
async def lives(make_log: MakeLog, log_url: str, clock: Clock) -> Lives:
    log = make_log(clock=clock)
    await log.start()
    return Lives(log, log_url)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def engine(lives: Lives, log_url: str) -> AsyncIterator[Engine]:
    made = make_engine(log_url, 10)
    yield made
    made.dispose()


def at_once() -> None:
    """Nobody is asking anything."""


def kept(url: str) -> dict[str, str]:
    """What the reference table says: by value, the kind."""
    return {str(value): str(kind) for kind, value in read_all(url, "SELECT kind, value FROM log_reference")}


async def pruned(lives: Lives, engine: Engine, clock: Clock) -> None:
    """Amira was asked about in 2018, Oskar in 2018 and 2019; then 2018 was dropped."""
    for search in (AMIRA, OTHER):
        await lives.ask(asked(search), WORDS)
    clock.at = datetime(2019, 6, 1, tzinfo=UTC)
    await lives.ask(asked(OTHER), WORDS)
    await close_year(lives.log, find_boundary(engine, 2018), OFFICER)
    await prune(lives.log, plan_pruning(engine, 2019), ARCHIVE, OFFICER, "retention_over")


async def test_who_is_in_dropped_entries_alone_goes(lives: Lives, engine: Engine, clock: Clock, log_url: str) -> None:
    await pruned(lives, engine, clock)
    assert sweep(engine, at_once) == Swept(1, 0)
    assert list(kept(log_url)) == [subject_key(asked(OTHER))]
    assert sweep(engine, at_once) == Swept(0, 0)


async def test_nobody_goes_while_every_entry_is_there(lives: Lives, engine: Engine, log_url: str) -> None:
    await lives.ask(asked(AMIRA), WORDS)
    before = kept(log_url)
    assert sweep(engine, pytest.fail) == Swept(0, 0)
    assert kept(log_url) == before


async def test_the_entries_are_not_touched(lives: Lives, engine: Engine, clock: Clock, log_url: str) -> None:
    await pruned(lives, engine, clock)
    before = read_all(log_url, 'SELECT * FROM log_entry ORDER BY "index"')
    sweep(engine, at_once)
    assert read_all(log_url, 'SELECT * FROM log_entry ORDER BY "index"') == before


@pytest.mark.parametrize("log_in_between", [True, False], ids=["logged-in-time", "given-up"])
async def test_a_question_that_has_read_its_reference(
    lives: Lives, engine: Engine, clock: Clock, log_url: str, log_in_between: bool
) -> None:
    """It read the reference before it was retired, and is logged with it while the other waits."""
    await pruned(lives, engine, clock)
    subject = await lives.log.reference("subject", subject_key(asked(AMIRA)))
    entry = making.question(lives.log, subject=subject)

    def settle() -> None:
        assert kept(log_url)[subject_key(asked(AMIRA))] == "retired:subject"
        assert stands_for(engine, subject) == ("subject", subject_key(asked(AMIRA)))  # who looks now still sees whom
        if log_in_between:
            append_in_a_loop_of_its_own(log_url, lives.log, entry)

    assert sweep(engine, settle) == (Swept(0, 1) if log_in_between else Swept(1, 0))
    assert (subject_key(asked(AMIRA)) in kept(log_url)) is log_in_between
    again = await lives.log.reference("subject", subject_key(asked(AMIRA)))
    assert (again == subject) is log_in_between


def append_in_a_loop_of_its_own(url: str, log: Log, entry: object) -> None:
    async def write() -> None:
        other = Log(url, log._signer)  # another hub process on the same log
        await other.start()
        await other.append(entry)  # type: ignore[arg-type]
        await other.close()

    thread = threading.Thread(target=lambda: asyncio.run(write()))
    thread.start()
    thread.join()


async def test_two_references_of_one_person_both_stand_for_her(
    lives: Lives, engine: Engine, clock: Clock, log_url: str
) -> None:
    """One question had read the old one, and another got a new one, while the old was retired: neither is lost."""
    await pruned(lives, engine, clock)
    key = subject_key(asked(AMIRA))
    old = await lives.log.reference("subject", key)
    entry = making.question(lives.log, subject=old)
    new = "7e" * 16

    def settle() -> None:
        edit(log_url, f"INSERT INTO log_reference (kind, value, ref) VALUES ('subject', '{key}', '{new}')")
        append_in_a_loop_of_its_own(log_url, lives.log, entry)
        append_in_a_loop_of_its_own(log_url, lives.log, making.question(lives.log, subject=new))

    assert sweep(engine, settle) == Swept(0, 0)
    for reference in (old, new):
        assert stands_for(engine, reference) == ("subject", key)
    assert sweep(engine, at_once) == Swept(0, 0)


async def test_cut_short_it_is_done_by_the_next(lives: Lives, engine: Engine, clock: Clock, log_url: str) -> None:
    class Killed(BaseException):
        pass

    def killed() -> None:
        raise Killed

    await pruned(lives, engine, clock)
    with pytest.raises(Killed):
        sweep(engine, killed)
    assert kept(log_url)[subject_key(asked(AMIRA))] == "retired:subject"
    assert sweep(engine, at_once) == Swept(1, 0)
    assert list(kept(log_url)) == [subject_key(asked(OTHER))]


async def test_a_database_that_fails_loses_nobody(lives: Lives, engine: Engine, clock: Clock, log_url: str) -> None:
    class Full(Exception):
        pass

    await pruned(lives, engine, clock)

    def fail(*arguments: object) -> None:
        if str(arguments[2]).startswith("DELETE"):
            raise Full

    event.listen(engine, "before_cursor_execute", fail)
    with pytest.raises(Full):
        sweep(engine, at_once)
    event.remove(engine, "before_cursor_execute", fail)
    assert len(kept(log_url)) == 2
    assert sweep(engine, at_once) == Swept(1, 0)


Named = Callable[[Lives, str], object]


def in_a_request(lives: Lives, reference: str) -> None:
    edit(
        lives.url,
        "INSERT INTO release_step (ref, step, act, at, entry, worker, body) "
        f"VALUES ('{'1f' * 16}', 'asked', 'asked', 1, 0, '{reference}', '{{}}')",
    )


def in_the_words_of_a_step(lives: Lives, reference: str) -> None:
    edit(
        lives.url,
        "INSERT INTO release_step (ref, step, act, at, entry, body) "
        f"VALUES ('{'1f' * 16}', 'asked', 'asked', 1, 0, '{{\"worker\":\"{reference}\"}}')",
    )


@pytest.mark.parametrize("names", [in_a_request, in_the_words_of_a_step])
async def test_what_a_release_request_names_stays(lives: Lives, engine: Engine, log_url: str, names: Named) -> None:
    worker = await lives.log.reference("worker", "testshire-council/w-1")
    await lives.log.reference("worker", "testshire-council/w-2")
    names(lives, worker)
    assert sweep(engine, at_once) == Swept(1, 0)
    assert read_names(engine, [worker]) == {worker: "testshire-council/w-1"}


async def test_whom_a_hold_is_about_stays(lives: Lives, engine: Engine, log_url: str) -> None:
    subject = await lives.log.reference("subject", subject_key(asked(STATED)))
    await hold(lives.log, make_hold(lives.log, SET, OFFICER, subject, "inquiry"))
    assert sweep(engine, at_once) == Swept(0, 0)
    assert list(kept(log_url)) == [subject_key(asked(STATED))]

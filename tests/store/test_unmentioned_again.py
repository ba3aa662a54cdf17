"""Pruning over and over: a person with two references, two runs at once, what only a saved filter names."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from hub.store.review_reading import stands_for
from hub.store.subjects import subject_key
from hub.store.unmentioned import Swept, sweep
from tests.matching.people import asked
from tests.store import making
from tests.store.lives import AMIRA, OTHER, Lives
from tests.store.tampering import edit, read_all
from tests.store.test_pruning import Clock
from tests.store.test_unmentioned import append_in_a_loop_of_its_own, at_once, clock, engine, kept, lives, pruned

__all__ = ["clock", "engine", "lives"]

KEY, OSKAR = subject_key(asked(AMIRA)), subject_key(asked(OTHER))


def references(url: str) -> set[tuple[str, str]]:
    """Kind and reference of each of Amira's rows."""
    return {
        (str(kind), str(ref))
        for kind, ref, value in read_all(url, "SELECT kind, ref, value FROM log_reference")
        if value == KEY
    }


def made(url: str, kind: str, reference: str) -> None:
    edit(url, f"INSERT INTO log_reference (kind, value, ref) VALUES ('{kind}', '{KEY}', '{reference}')")


async def test_both_references_of_one_person_go_once_no_entry_names_either(
    lives: Lives, engine: Engine, clock: Clock, log_url: str
) -> None:
    """An earlier run left her two: one retired and named after all, one that took its place. Then both were dropped."""
    await pruned(lives, engine, clock)
    made(log_url, "retired:subject", "7e" * 16)
    assert sweep(engine, at_once) == Swept(2, 0)
    assert kept(log_url) == {OSKAR: "subject"}


async def test_while_an_entry_names_the_older_the_newer_is_left_alone(
    lives: Lives, engine: Engine, clock: Clock, log_url: str
) -> None:
    await pruned(lives, engine, clock)
    made(log_url, "retired:subject", "7e" * 16)
    await lives.log.append(making.question(lives.log, subject="7e" * 16))
    before = references(log_url)
    assert sweep(engine, at_once) == Swept(0, 0)
    assert references(log_url) == before


async def test_the_newer_is_not_dropped_without_having_been_retired(
    lives: Lives, engine: Engine, clock: Clock, log_url: str
) -> None:
    """A question that read it a moment before is logged with it."""
    await pruned(lives, engine, clock)
    newer = await lives.log.reference("subject", KEY)
    made(log_url, "retired:subject", "7e" * 16)
    entry = making.question(lives.log, subject=newer)
    waits: list[str] = []

    def settle() -> None:
        waits.append(kept(log_url).get(KEY, ""))
        if len(waits) == 2:
            append_in_a_loop_of_its_own(log_url, lives.log, entry)

    assert sweep(engine, settle) == Swept(1, 1)
    assert references(log_url) == {("subject", newer)}


@pytest.mark.parametrize("is_asked", [False, True], ids=["nobody-asks", "a-question-is-logged-meanwhile"])
async def test_two_runs_at_once(lives: Lives, engine: Engine, clock: Clock, log_url: str, is_asked: bool) -> None:
    """The second runs from end to end while the first waits."""
    await pruned(lives, engine, clock)
    subject = await lives.log.reference("subject", KEY)
    entry = making.question(lives.log, subject=subject)
    others: list[Swept] = []

    def settle() -> None:
        if is_asked:
            append_in_a_loop_of_its_own(log_url, lives.log, entry)
        others.append(sweep(engine, at_once))

    sweep(engine, settle)
    assert stands_for(engine, subject) == (("subject", KEY) if is_asked else None)
    assert (KEY in kept(log_url)) is is_asked
    assert sweep(engine, at_once) == Swept(0, 0)


async def test_one_that_was_erased_while_it_was_to_come_back(
    lives: Lives, engine: Engine, clock: Clock, log_url: str
) -> None:
    await pruned(lives, engine, clock)
    subject = await lives.log.reference("subject", KEY)
    entry = making.question(lives.log, subject=subject)

    def settle() -> None:
        append_in_a_loop_of_its_own(log_url, lives.log, entry)
        edit(log_url, f"DELETE FROM log_reference WHERE ref = '{subject}'")

    assert sweep(engine, settle) == Swept(0, 0)
    assert kept(log_url) == {OSKAR: "subject"}


async def test_whose_saved_filter_it_is_stays(lives: Lives, engine: Engine, log_url: str) -> None:
    worker = await lives.log.reference("worker", "testshire-council/w-1")
    case = await lives.log.reference("case", "testshire-council/MASH-1")
    await lives.log.reference("case", "testshire-council/MASH-2")
    edit(
        log_url,
        "INSERT INTO review_view (id, officer, name, wanted, at) "
        f"VALUES ('{'2a' * 16}', '{worker}', 'Mine', '{{\"case\":\"{case}\"}}', 1)",
    )
    assert sweep(engine, at_once) == Swept(1, 0)
    assert set(kept(log_url)) == {"testshire-council/w-1", "testshire-council/MASH-1"}

"""A question about an unborn child was put with the mother's number: who looks for her finds it, and it goes with her."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Engine

from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate, Unborn
from hub.matching.resolution import Review
from hub.matching.unborn import resolve_unborn
from hub.store.appender import Log
from hub.store.confirmations import ConfirmationStore
from hub.store.engine import make_engine
from hub.store.erasure import erase, plan
from hub.store.holds import SET, OnHold, hold, make_hold
from hub.store.sides import AskedInWords
from hub.store.subjects import Whom, reached_by_hold, resolve, rows_about, subject_key
from tests.matching.confirming import word
from tests.matching.people import A, B
from tests.store.lives import OFFICER, Lives, making_now
from tests.store.tampering import read_all


def unborn(mother: NHSNumber, expected: str) -> ChildSearch:
    return ChildSearch(Identity(unborn=Unborn(mother, PartialDate.parse(expected))))


@pytest.fixture
async def engine(log: Log, log_url: str) -> AsyncIterator[Engine]:
    made = make_engine(log_url, 10)
    yield made
    made.dispose()


async def ask(lives: Lives, search: ChildSearch) -> str:
    """One question; the reference it has in the log."""
    index = await lives.ask(search, AskedInWords("query { child }", {}))
    stored = await lives.log.entry(index)
    assert stored is not None
    return str(stored.entry.subject)  # type: ignore[union-attr]


def test_what_the_mapping_table_knows_the_child_by() -> None:
    assert subject_key(unborn(A, "2027-01-18")) == f"unborn:{A.value}/2027-01-18"
    assert subject_key(unborn(A, "2027-01")) == f"unborn:{A.value}/2027-01"


async def test_the_same_child_has_one_reference_and_another_pregnancy_another(log: Log, log_url: str) -> None:
    lives = Lives(log, log_url)
    first, again, later = [await ask(lives, unborn(A, day)) for day in ("2027-01-18", "2027-01-18", "2029-01-18")]
    assert first == again != later


async def test_by_her_number_she_finds_both_and_nobody_elses(log: Log, log_url: str, engine: Engine) -> None:
    lives = Lives(log, log_url)
    hers = {await ask(lives, unborn(A, "2027-01-18")), await ask(lives, unborn(A, "2029-01-18"))}
    await ask(lives, unborn(B, "2027-01-18"))
    hers.add(await ask(lives, ChildSearch(Identity(A))))
    with engine.connect() as connection:
        assert resolve(connection, Whom(numbers=frozenset({A}))).references == hers


async def test_by_its_own_reference_the_child_leads_to_nothing_else_of_hers(
    log: Log, log_url: str, engine: Engine
) -> None:
    lives = Lives(log, log_url)
    child = await ask(lives, unborn(A, "2027-01-18"))
    await ask(lives, ChildSearch(Identity(A)))
    with engine.connect() as connection:
        known = resolve(connection, Whom(references=frozenset({child})))
    assert known == Whom(references=frozenset({child}), unborn=frozenset({Unborn(A, PartialDate.parse("2027-01-18"))}))
    assert known.keys == frozenset()


async def test_erased_with_her(log: Log, log_url: str, engine: Engine) -> None:
    lives = Lives(log, log_url)
    await ask(lives, unborn(A, "2027-01-18"))
    kept = await ask(lives, unborn(B, "2027-01-18"))
    await erase(log, engine, plan(engine, Whom(numbers=frozenset({A})), making_now()), OFFICER, "retention_over")
    left = read_all(log_url, "SELECT value, ref FROM log_reference WHERE kind = 'subject'")
    assert [tuple(row) for row in left] == [(f"unborn:{B.value}/2027-01-18", kept)]


@pytest.mark.parametrize("whose", ["hers, by her number", "the child's, by its reference"])
async def test_what_was_shown_and_said_of_the_child_is_found(
    log: Log, log_url: str, engine: Engine, whose: str
) -> None:
    """By her number, and by what the log calls the child; nothing of another mother's, nor by it of another child's."""
    lives, store = Lives(log, log_url), ConfirmationStore(log_url, log)
    said = {}
    for ordinal, mother in enumerate((A, B), 1):
        search = unborn(mother, "2027-01-18")
        reference = await ask(lives, search)
        undated = Candidate("council", f"u{ordinal}", Identity(unborn=Unborn(mother)))
        found = resolve_unborn(search, [undated])
        assert isinstance(found, Review)
        await store.remember(ordinal, search, found.candidates, making_now())
        made = word(search, found.candidates[0], reference=f"{ordinal:032x}")
        await store.record(made)
        said[mother] = (reference, made.id)
    await store.close()
    whom = Whom(numbers=frozenset({A})) if whose.startswith("hers") else Whom(references=frozenset({said[A][0]}))
    with engine.connect() as connection:
        rows = rows_about(connection, resolve(connection, whom), making_now())
    assert (rows.confirmations, rows.shown) == (frozenset({said[A][1]}), frozenset({(1, 1)}))


async def test_a_hold_on_her_reaches_what_is_asked_about_the_child_afterwards(
    log: Log, log_url: str, engine: Engine
) -> None:
    """The question is put with her number; the reference it gets is made after the hold was set."""
    lives = Lives(log, log_url)
    hers = await ask(lives, ChildSearch(Identity(A)))
    await hold(log, make_hold(log, SET, OFFICER, hers, "inquiry"))
    child, another = await ask(lives, unborn(A, "2027-01-18")), await ask(lives, unborn(B, "2027-01-18"))
    with engine.connect() as connection:
        assert reached_by_hold(connection, [hers]) == {hers, child}
        assert reached_by_hold(connection, []) == frozenset()
    with pytest.raises(OnHold) as refused:
        plan(engine, Whom(references=frozenset({child})), making_now())
    assert [each.reference for each in refused.value.held] == [hers]
    assert plan(engine, Whom(references=frozenset({another})), making_now()).whom.references == {another}

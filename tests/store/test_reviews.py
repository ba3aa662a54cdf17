"""Reviews: which step may come after which, at once with its entry, and the same again when the tables are lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, delete, text

from hub.audit.acts import Officer, Review, ReviewAct
from hub.audit.entries import Asker
from hub.errors import AuditUnavailable
from hub.store import reviews
from hub.store.appender import Log
from hub.store.engine import make_engine
from hub.store.review_tables import review_case, review_step
from hub.store.review_words import TEXT_MAX, Written, pack_written, unpack_written
from hub.store.reviews import CaseState, Finding, ReviewChanged, ReviewRefused, Taking, Wanted, rebuild, take
from hub.store.sides import SideAltered, read_side
from tests.store.making import ask_and_answer, question

OFFICER = Officer("hub-pages", "testshire-council", "0ff1" * 8, "ig_officer")
OTHER = Officer("hub-pages", "testshire-police", "0ff2" * 8, "ig_officer")
WORKER = "5f0c" * 8
ASKED_OF = Officer("hub-pages", "testshire-council", WORKER, "mash_social_worker")


@pytest.fixture
def engine(log: Log, log_url: str) -> Any:
    made = make_engine(log_url, 5.0)
    yield made
    made.dispose()


async def step(log: Log, act: ReviewAct, seen: int | None, by: Officer = OFFICER, **more: Any) -> int:
    given: dict[str, Any] = {"entry": 0, "written": Written("words"), "worker": WORKER, **more}
    return await take(log, Taking(officer=by, act=act, seen=seen, **given))


async def walked(log: Log) -> int:
    """A review from its beginning to its end; the last step's number."""
    await ask_and_answer(log)
    due = Written("Look at this", "0ff3" * 8, date(2026, 12, 1))
    last = await step(log, ReviewAct.OPENED, None, written=due)
    last = await step(log, ReviewAct.ASKED, last, written=Written("Why did you ask?"))
    last = await step(log, ReviewAct.ANSWERED, last, ASKED_OF, written=Written("She was on my list."))
    last = await step(log, ReviewAct.NOTED, last)
    return await step(log, ReviewAct.CLOSED, last, outcome=Finding.JUSTIFIED, written=Written("Her own case."))


async def test_a_review_from_beginning_to_end(log: Log, engine: Engine) -> None:
    last = await walked(log)
    found = reviews.case(engine, 0)
    assert found is not None
    assert (found.state, found.outcome, found.worker, found.last) == (CaseState.CLOSED, "justified", WORKER, last)
    assert (found.assigned, found.due, found.owner) == ("0ff3" * 8, date(2026, 12, 1), "testshire-council")
    every = reviews.steps(engine, 0)
    assert [each.act for each in every] == ["opened", "asked", "answered", "noted", "closed"]
    for each in every:
        stored = await log.entry(each.index)
        assert stored is not None
        assert isinstance(stored.entry, Review)
        assert (stored.entry.act, stored.entry.entry, stored.entry.outcome) == (each.act, 0, each.outcome)
    kept = read_side(engine, every[2].index)
    assert kept is not None
    assert kept.body is not None
    assert unpack_written(kept.body).text == "She was on my list."


async def test_the_tables_come_out_the_same_from_the_log_alone(log: Log, engine: Engine) -> None:
    await walked(log)
    await ask_and_answer(log)
    await step(log, ReviewAct.OPENED, None, OTHER, entry=7)
    before = (reviews.cases(engine, Wanted()), reviews.steps(engine, 0), reviews.steps(engine, 7))
    with engine.begin() as connection:
        for table in (review_case, review_step):
            connection.execute(delete(table))
    assert reviews.cases(engine, Wanted()) == ()
    assert rebuild(engine) == 6
    assert (reviews.cases(engine, Wanted()), reviews.steps(engine, 0), reviews.steps(engine, 7)) == before


_FIRST = ReviewAct.OPENED
REFUSED = [
    pytest.param([], (ReviewAct.NOTED, OFFICER, {}), "No review", id="a note where nothing was opened"),
    pytest.param([_FIRST], (_FIRST, OFFICER, {}), "open already", id="opened twice"),
    pytest.param([], (_FIRST, ASKED_OF, {}), "Nobody reviews", id="her own question"),
    pytest.param([_FIRST], (ReviewAct.NOTED, ASKED_OF, {}), "Nobody reviews", id="a note on her own question"),
    pytest.param([_FIRST], (ReviewAct.CLOSED, ASKED_OF, {}), "Nobody reviews", id="closing her own"),
    pytest.param(
        [], (_FIRST, OFFICER, {"written": Written("", WORKER)}), "somebody else", id="given to whom it is about"
    ),
    pytest.param(
        [_FIRST], (ReviewAct.ASSIGNED, OFFICER, {"written": Written("", WORKER)}), "somebody else", id="given on to her"
    ),
    pytest.param([_FIRST], (ReviewAct.CLOSED, OTHER, {}), "Another agency", id="closed by another agency"),
    pytest.param([_FIRST], (ReviewAct.ANSWERED, ASKED_OF, {}), "asked of you", id="answered before it was asked"),
    pytest.param(
        [_FIRST, ReviewAct.ASKED], (ReviewAct.ANSWERED, OTHER, {}), "asked of you", id="answered by somebody else"
    ),
    pytest.param(
        [_FIRST, ReviewAct.CLOSED], (ReviewAct.NOTED, OFFICER, {}), "No review", id="a note after it was closed"
    ),
    pytest.param(
        [_FIRST, ReviewAct.CLOSED], (ReviewAct.ANSWERED, ASKED_OF, {}), "No review", id="answered after it was closed"
    ),
]


@pytest.mark.parametrize(("before", "then", "said"), REFUSED)
async def test_a_step_that_cannot_be_is_no_entry(
    log: Log, engine: Engine, before: list[ReviewAct], then: tuple[ReviewAct, Officer, dict[str, Any]], said: str
) -> None:
    last: int | None = None
    await ask_and_answer(log)
    for act in before:
        last = await step(log, act, last)
    kept, size = reviews.cases(engine, Wanted()), await _size(log)
    act, by, more = then
    with pytest.raises(ReviewRefused, match=said) as refused:
        await step(log, act, last, by, **more)
    assert not isinstance(refused.value, ReviewChanged)
    assert (reviews.cases(engine, Wanted()), await _size(log)) == (kept, size)


async def test_nobody_asks_where_there_is_nobody(log: Log, engine: Engine) -> None:
    asker = Asker("council-feed", "testshire-council", None, "unattended", "bearer")
    await log.append(question(log, asker=asker))
    last = await step(log, ReviewAct.OPENED, None, worker=None)
    with pytest.raises(ReviewRefused, match="nobody to ask"):
        await step(log, ReviewAct.ASKED, last, worker=None)


@pytest.mark.parametrize("seen", [None, 0, 999], ids=["nothing seen", "an older step", "a step that is not there"])
async def test_who_did_not_see_the_newest_step_takes_none(log: Log, seen: int | None) -> None:
    await ask_and_answer(log)
    await step(log, ReviewAct.OPENED, None)
    with pytest.raises(ReviewChanged):
        await step(log, ReviewAct.NOTED, seen)


async def test_of_many_at_once_one_is_first(log: Log, engine: Engine) -> None:
    await ask_and_answer(log)
    first = await step(log, ReviewAct.OPENED, None)
    done = await asyncio.gather(
        *(step(log, ReviewAct.CLOSED, first, outcome=Finding.INCIDENT) for _ in range(8)), return_exceptions=True
    )
    assert sum(isinstance(each, int) for each in done) == 1
    assert sum(isinstance(each, ReviewChanged) for each in done) == 7
    assert [each.act for each in reviews.steps(engine, 0)] == ["opened", "closed"]


async def test_a_closed_review_can_be_opened_again_by_another_agency(log: Log, engine: Engine) -> None:
    last = await walked(log)
    await step(log, ReviewAct.OPENED, last, OTHER)
    found = reviews.case(engine, 0)
    assert found is not None
    assert (found.state, found.owner, found.outcome, found.assigned) == (CaseState.OPEN, "testshire-police", None, None)


async def test_without_the_log_nothing_changes(log: Log, engine: Engine) -> None:
    await ask_and_answer(log)
    first = await step(log, ReviewAct.OPENED, None)
    before = reviews.cases(engine, Wanted())

    def shut(_: object) -> None:
        raise AuditUnavailable

    log.gate = shut
    with pytest.raises(AuditUnavailable):
        await step(log, ReviewAct.NOTED, first)
    assert reviews.cases(engine, Wanted()) == before


async def test_lists(log: Log, engine: Engine) -> None:
    for _ in range(4):
        await ask_and_answer(log)
    for entry, by, due in ((0, OFFICER, 9), (2, OFFICER, 3), (4, OTHER, None), (6, OTHER, 20)):
        day = None if due is None else date(2026, 12, due)
        await step(
            log, ReviewAct.OPENED, None, by, entry=entry, written=Written("", "0ff3" * 8 if due == 3 else None, day)
        )
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO read_party (organisation, at, \"index\", asked) VALUES ('testshire-police', 0, 0, 1)")
        )

    def of(**wanted: Any) -> list[int]:
        found = [each.entry for each in reviews.cases(engine, Wanted(**wanted))]
        assert reviews.count(engine, Wanted(**wanted)) == len(found)
        return found

    assert of() == [2, 0, 6, 4]
    assert of(concerns="testshire-council") == [2, 0]
    assert of(concerns="testshire-police") == [0, 6, 4], "one it reviews, or in which its records were asked for"
    assert of(assigned="0ff3" * 8) == [2]
    assert of(due_before=date(2026, 12, 9)) == [2]
    assert of(states=(CaseState.CLOSED,)) == []
    assert of(worker=WORKER) == [2, 0, 6, 4]
    assert [each.entry for each in reviews.cases(engine, Wanted(), 1, 2)] == [0, 6]
    assert set(reviews.states(engine, [0, 1, 2])) == {0, 2}


@pytest.mark.parametrize(
    "body", [b"", b"\0", b"\0[]", b"\0{}", b'\0{"text":1,"assigned":null,"due":null}',
             b'\0{"text":"","assigned":"Amira","due":null}', b'\0{"text":"","assigned":null,"due":"soon"}', b"\7x"],
)  # fmt: skip
def test_other_bytes_are_no_step(body: bytes) -> None:
    with pytest.raises(SideAltered):
        unpack_written(body)


def test_what_is_written_comes_back() -> None:
    written = Written("Zoë said “no”\n\n", "0ff3" * 8, date(2026, 1, 2))
    assert unpack_written(pack_written(written)) == written
    assert "Zo" not in repr(written)
    with pytest.raises(ValueError, match="characters"):
        pack_written(replace(written, text="x" * (TEXT_MAX + 1)))
    with pytest.raises(ValueError, match="text"):
        pack_written(Written("\ud800"))


async def _size(log: Log) -> str:
    return (await log.checkpoint()).split("\n")[1]

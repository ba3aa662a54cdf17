"""The list, searched: every filter against the plainest reading of it, page by page, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from hub.audit.acts import Review
from hub.audit.entries import Asked, FieldGroup, RecordLine
from hub.domain.disclosure import Outcome
from hub.errors import BadRequest
from hub.store import log_search, read_numbers
from hub.store.engine import make_engine
from hub.store.log_search import PAGE_MAX, PRESETS, Cursor, Filter, Row, count, lines, search
from hub.store.read_model import Caught, catch_up_wholly, reset
from tests.store.histories import OFFICER, START, History, subject, worker

AGENCIES = ("testshire-council", "testshire-police", "testshire-nhs")
PURPOSES = ("ca1989-s47", "ca1989-s17")
MARKS = (
    "out_of_hours", "no_case", "many_children", "veiled", "silent", "withheld", "often", "watched", "first_purpose",
)  # fmt: skip
ASKED: dict[int, frozenset[str]] = {}
"""Whose records each question of the history asked for."""


@pytest.fixture
def engine(log_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    for name, few in (("MANY_CHILDREN", 3), ("MANY_TIMES", 4), ("MANY_WORKERS", 3)):
        monkeypatch.setattr(read_numbers, name, few)
    made = make_engine(log_url, 5.0)
    reset_and_fill(made)
    yield made
    made.dispose()


def reset_and_fill(engine: Engine) -> None:
    """Some hundred rows of every sort; many share a moment, so that order within one is tried too."""
    history = History(engine, at_once=False)
    reset(engine)
    ASKED.clear()
    for number in range(90):
        asked = AGENCIES[number % 2 : number % 3 + 1]  # at times not the agency that asks, at times none
        index = history.ask(
            number % 4,
            number % 7,
            (number % 3) * 97,
            purpose=PURPOSES[number % 5 == 0],
            case=f"{number % 6:032x}",
            asked=tuple(Asked(each, ("referral",)) for each in asked),
        )
        ASKED[index] = frozenset(asked)
        match number % 9:
            case 0:
                history.refuse(organisation="testshire-nhs", worker=worker(number % 3))
            case 1:
                history.add(Review(**history.stamp(), officer=OFFICER, entry=index, act="opened"))
            case 2:
                history.abandon()
            case 3 | 4:
                history.answer(sources=(), records=(), matches=())
            case 5:
                shared = FieldGroup(Outcome.SHARED, ("*",))
                history.answer(sources=(), records=(RecordLine("testshire-police", "incident", 1, (shared,)),))
            case 6:
                history.answer()
    history.flush()
    catch_up_wholly(engine)


def walked(engine: Engine, wanted: Filter, limit: int) -> list[Row]:
    found: list[Row] = []
    after = None
    while True:
        page = search(engine, wanted, after, limit)
        assert len(page.rows) <= limit
        found += page.rows
        if page.after is None:
            return found
        assert len(page.rows) == limit
        after = Cursor.parse(str(page.after))


def is_wanted(row: Row, wanted: Filter) -> bool:
    """What each filter means, said plainly."""
    asked = ASKED.get(row.index, frozenset())
    equal = ("worker", "subject", "case", "client", "organisation", "purpose", "kind", "outcome", "about")
    return (
        all(getattr(wanted, name) in (None, getattr(row, name)) for name in equal)
        and (wanted.custodian is None or wanted.custodian in asked)
        and (wanted.concerns is None or wanted.concerns in asked | {row.organisation})
        and (wanted.since is None or row.at >= wanted.since)
        and (wanted.until is None or row.at < wanted.until)
        and (row.out_of_hours or not wanted.out_of_hours)
        and (row.no_case or not wanted.no_case)
        and (row.many or not wanted.many_children)
        and (row.veiled or not wanted.veiled)
        and (bool(row.no_answer) or not wanted.silent)
        and (bool(row.withheld) or not wanted.withheld)
        and (row.often or not wanted.often)
        and (row.watched or not wanted.watched)
        and (row.first_purpose or not wanted.first_purpose)
    )


_moments = st.integers(-1, 100).map(lambda hours: START + timedelta(hours=hours))
_one: dict[str, st.SearchStrategy[Any]] = {
    "worker": st.integers(1, 4).map(worker),
    "subject": st.integers(0, 7).map(subject),
    "case": st.integers(0, 6).map(lambda number: f"{number:032x}"),
    "client": st.sampled_from(["testshire-mash", "nhs-portal"]),
    "organisation": st.sampled_from(AGENCIES),
    "purpose": st.sampled_from(PURPOSES),
    "kind": st.sampled_from(["question", "refused", "review", "export"]),
    "outcome": st.sampled_from(["open", "joined_view", "abandoned", "refused"]),
    "custodian": st.sampled_from(AGENCIES),
    "concerns": st.sampled_from(AGENCIES),
    "about": st.integers(0, 20),
    "since": _moments,
    "until": _moments,
    **{name: st.booleans() for name in MARKS},
}
_filters = st.fixed_dictionaries({}, optional=_one).map(lambda given: Filter(**given))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=_filters, limit=st.integers(1, 60))
def test_any_filter_on_any_page_size(engine: Engine, wanted: Filter, limit: int) -> None:
    every = walked(engine, Filter(), PAGE_MAX)
    expected = [row for row in every if is_wanted(row, wanted)]
    assert walked(engine, wanted, limit) == expected
    assert count(engine, wanted) == len(expected)
    assert count(engine, wanted, most=2) == min(2, len(expected))


@pytest.mark.parametrize("agency", AGENCIES)
@pytest.mark.parametrize("how", ["custodian", "concerns"])
@pytest.mark.parametrize("few", [0, 5_000], ids=["walked by the rest", "walked by the agency"])
def test_an_agency_beside_every_other_filter(
    engine: Engine, agency: str, how: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_search, "FEW_ROWS", few)
    every = walked(engine, Filter(), PAGE_MAX)
    others = [{}, {"worker": worker(1)}, {"subject": subject(2)}, {"organisation": AGENCIES[0]}, {"kind": "question"}]
    marks = [{name: True} for name in MARKS]
    for other in (*others, *marks, {"custodian": AGENCIES[1]}, {"concerns": AGENCIES[2]}):
        wanted = Filter(**{how: agency} | other)
        assert walked(engine, wanted, 9) == [row for row in every if is_wanted(row, wanted)], other


def test_every_row_is_there_once_newest_first(engine: Engine) -> None:
    every = walked(engine, Filter(), 7)
    assert [(row.at, row.index) for row in every] == sorted(((row.at, row.index) for row in every), reverse=True)
    assert len({row.index for row in every}) == len(every) == 110


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_finds_what_it_says_and_not_all(engine: Engine, name: str) -> None:
    every = walked(engine, Filter(), PAGE_MAX)
    expected = [row for row in every if is_wanted(row, PRESETS[name])]
    assert walked(engine, PRESETS[name], 5) == expected
    in_this_history = name not in ("possible-matches", "no-match")
    assert bool(expected) is in_this_history
    assert len(expected) < len(every)


def test_the_filter_knows_every_way_a_row_can_be_asked_for() -> None:
    assert {each.name for each in fields(Filter)} == set(_one)


def test_a_page_says_how_far_the_list_is(engine: Engine) -> None:
    full = search(engine, Filter(), limit=1).caught
    assert full.up
    with engine.begin() as connection:
        connection.execute(text("UPDATE log_head SET size = size + 5"))
    behind = search(engine, Filter(), limit=1).caught
    assert (behind, behind.up) == (Caught(full.read, full.size + 5), False)


def test_rows_that_come_while_paging_shift_nothing(engine: Engine) -> None:
    first = search(engine, Filter(), limit=10)
    newer = log_search.search(engine, Filter(), limit=1).rows[0]
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO read_row (at, day, kind, outcome, veiled, out_of_hours, no_case, many, often, watched, first_purpose, grounds, "
                f"\"index\") VALUES ({int(newer.at.timestamp() * 1000) + 1}, '2026-01-01', 'review', 'review', 0, 0, 0, 0, 0, 0, 0, '', 9999)"
            )
        )
    second = search(engine, Filter(), first.after, limit=10)
    every = [row for row in walked(engine, Filter(), PAGE_MAX) if row.index != 9999]
    assert [*first.rows, *second.rows] == every[:20]


def test_a_row_is_found_by_its_question_or_its_end(engine: Engine) -> None:
    answered = search(engine, Filter(outcome="joined_view"), limit=1).rows[0]
    assert answered.end is not None
    assert log_search.row(engine, answered.index) == log_search.row(engine, answered.end) == answered
    assert log_search.row(engine, 10_000) is None


def test_the_custodians_of_an_answer(engine: Engine) -> None:
    veiled = search(engine, PRESETS["veiled"], limit=1).rows[0]
    found = lines(engine, veiled.index)
    assert [line.custodian for line in found] == sorted(AGENCIES)
    council, nhs, _ = found[0], found[1], found[2]
    assert (council.state, council.shared, council.withheld, council.match) == ("answered", 1, 1, "same")
    assert (council.veiled, council.grounds, council.sealed) == (True, (), ("imp-adoption-s57",))
    assert (nhs.state, nhs.reason, nhs.ms) == ("no_answer", "slow", 4000)
    assert lines(engine, veiled.index + 1) == ()


def test_no_row_holds_what_was_veiled(engine: Engine) -> None:
    assert "imp-adoption" not in repr(walked(engine, Filter(), PAGE_MAX))


@pytest.mark.parametrize("text", ["", "1", "1.", ".1", "1.2.3", "a.b", "1.-2", "1 .2", "9" * 20 + ".1", "1.2\n", "١.٢"])
def test_a_page_that_is_none(text: str) -> None:
    with pytest.raises(BadRequest, match="page does not exist"):
        Cursor.parse(text)


def test_a_cursor_is_read_back() -> None:
    cursor = Cursor(-62135596800000, 2**53 - 1)
    assert Cursor.parse(str(cursor)) == cursor
    assert replace(cursor, at=5).at == 5

"""One timeline across the agencies: what is on it, in which order, and what it says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.disclosure import ReleasedRecord
from hub.domain.view import timeline_of
from tests.domain.samples import AS_OF, CATALOGUE, COUNCIL, NHS, POLICE, record, view


def attendance(day: int, summary: str = "seen", **values: Any) -> ReleasedRecord:
    return record("attendance", NHS, on=date(2026, 3, day), summary=summary, **values)


def reported(day: int, hour: int, minute: int = 0) -> ReleasedRecord:
    return record("missing_report", POLICE, reported_at=datetime(2026, 3, day, hour, minute, tzinfo=UTC))


def shown(*records: ReleasedRecord, since: date | None = None) -> list[ReleasedRecord]:
    return [entry.record for entry in timeline_of(view(*records), CATALOGUE, since)]


A, B, C = attendance(1), attendance(2), attendance(3)
SAME_DAY = record("protection_plan", COUNCIL, started_on=date(2026, 3, 2))
MORNING, EVENING = reported(2, 9), reported(2, 21, 30)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param((), [], id="nothing"),
        pytest.param((A, C, B), [C, B, A], id="newest first"),
        pytest.param((B, SAME_DAY), [B, SAME_DAY], id="a tie is in the custodians' order"),
        pytest.param((SAME_DAY, B), [SAME_DAY, B], id="whichever that is"),
        pytest.param((MORNING, B, EVENING), [EVENING, MORNING, B], id="moments of a day, then the day without a time"),
        pytest.param((A, EVENING, C), [C, EVENING, A], id="days and moments together"),
    ],
)
def test_the_order(records: tuple[ReleasedRecord, ...], expected: list[ReleasedRecord]) -> None:
    assert shown(*records) == expected


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        pytest.param(None, [C, EVENING, B, A], id="all"),
        pytest.param(date(2026, 3, 1), [C, EVENING, B, A], id="from the first day"),
        pytest.param(date(2026, 3, 2), [C, EVENING, B], id="from a day, that day included"),
        pytest.param(date(2026, 3, 3), [C], id="from the day after a moment"),
        pytest.param(date(2026, 3, 4), [], id="after all of them"),
    ],
)
def test_since(since: date | None, expected: list[ReleasedRecord]) -> None:
    assert shown(A, B, C, EVENING, since=since) == expected


@pytest.mark.parametrize(
    "nowhere",
    [
        pytest.param(record("attendance", NHS, summary="seen"), id="no date"),
        pytest.param(record("attendance", NHS, withheld="on", summary="seen"), id="the date is withheld"),
        pytest.param(record("warning_marker", POLICE, since=date(2026, 3, 1)), id="a kind without a place in time"),
        pytest.param(record("council_person", sex="female"), id="who somebody is"),
        pytest.param(ReleasedRecord(NHS, "attendance", AS_OF, {"on": None}), id="a date that is nothing"),
    ],
)
def test_what_has_no_place(nowhere: ReleasedRecord) -> None:
    assert shown(A, nowhere, B) == [B, A]
    assert shown(A, nowhere, B, since=date(2026, 1, 1)) == [B, A]


STARTED, COMPLETED = date(2026, 2, 1), date(2026, 3, 1)


@pytest.mark.parametrize(
    ("values", "on", "title"),
    [
        pytest.param({"started_on": STARTED, "completed_on": COMPLETED}, COMPLETED, "Assessment", id="its own date"),
        pytest.param({"completed_on": COMPLETED}, COMPLETED, "Assessment", id="its own date alone"),
        pytest.param({"started_on": STARTED}, STARTED, "Assessment (started on)", id="another stands in, and is named"),
    ],
)
def test_the_date_and_the_title(values: dict[str, Any], on: date, title: str) -> None:
    (entry,) = timeline_of(view(record("assessment", **values)), CATALOGUE)
    assert (entry.on, entry.title, entry.kind) == (on, title, "assessment")


@pytest.mark.parametrize(
    ("values", "summary"),
    [
        pytest.param({}, None, id="nothing to say"),
        pytest.param({"outcome": "strategy discussion"}, "strategy discussion", id="one part"),
        pytest.param({"factors": ("neglect", "alcohol")}, "neglect, alcohol", id="a list"),
        pytest.param(
            {"factors": ("neglect",), "outcome": "plan"}, "plan · neglect", id="two parts, in the catalogue's order"
        ),
        pytest.param({"factors": ()}, None, id="an empty list"),
        pytest.param({"factors": (), "outcome": "plan"}, "plan", id="an empty list beside a part"),
    ],
)
def test_the_summary(values: dict[str, Any], summary: str | None) -> None:
    (entry,) = timeline_of(view(record("assessment", completed_on=COMPLETED, **values)), CATALOGUE)
    assert entry.summary == summary
    assert "neglect" not in repr(entry)


def test_a_summary_says_only_what_was_released() -> None:
    held_back = record("attendance", NHS, withheld="summary", on=COMPLETED)
    (entry,) = timeline_of(view(held_back), CATALOGUE)
    assert entry.summary is None
    assert entry.record is held_back


@given(st.lists(st.tuples(st.integers(1, 28), st.none() | st.integers(0, 23)), max_size=12), st.integers(1, 28))
def test_newest_first_whatever_is_on_it(days: list[tuple[int, int | None]], since: int) -> None:
    records = [attendance(day) if hour is None else reported(day, hour) for day, hour in days]
    keys = [(day, -1 if hour is None else hour) for day, hour in days]
    found = [
        (entry.on.day, entry.on.hour if isinstance(entry.on, datetime) else -1)
        for entry in timeline_of(view(*records), CATALOGUE)
    ]
    assert found == sorted(keys, reverse=True)
    assert len(shown(*records, since=date(2026, 3, since))) == sum(day >= since for day, _ in days)

"""Pages of the timeline: every event once, and never a page that silently skips one."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.disclosure import ReleasedRecord
from hub.errors import BadRequest
from hub.schema.joined import TIMELINE_FIRST_MAX, timeline
from hub.schema.types import Timeline
from tests.domain.samples import CATALOGUE, NHS, POLICE, record, view

DAY = date(2026, 1, 1)


def events(count: int, start: int = 0) -> list[ReleasedRecord]:
    return [record("attendance", NHS, on=DAY + timedelta(days=n), summary=str(n)) for n in range(start, start + count)]


def page(
    records: list[ReleasedRecord], first: int = 50, after: str | None = None, since: date | None = None
) -> Timeline:
    return timeline(view(*records), CATALOGUE, since, first, after)


def summaries(found: Timeline) -> list[str | None]:
    return [edge.node.summary for edge in found.edges]


@pytest.mark.parametrize("first", [1, 2, TIMELINE_FIRST_MAX - 1, TIMELINE_FIRST_MAX])
def test_a_page_size_that_may_be(first: int) -> None:
    found = page(events(TIMELINE_FIRST_MAX + 1), first)
    assert (len(found.edges), found.total, found.page_info.has_next_page) == (first, TIMELINE_FIRST_MAX + 1, True)


@pytest.mark.parametrize("first", [-1, 0, TIMELINE_FIRST_MAX + 1, 2**31 - 1])
def test_a_page_size_that_may_not(first: int) -> None:
    with pytest.raises(BadRequest, match=f"between 1 and {TIMELINE_FIRST_MAX}") as refusal:
        page(events(3), first)
    assert refusal.value.code == "PAGE_SIZE_INVALID"


@pytest.mark.parametrize(
    ("count", "first", "next_page"),
    [(0, 1, False), (1, 1, False), (2, 1, True), (3, 3, False), (4, 3, True)],
)
def test_whether_there_is_another_page(count: int, first: int, next_page: bool) -> None:
    found = page(events(count), first)
    assert found.page_info.has_next_page is next_page
    assert found.page_info.end_cursor == (found.edges[-1].cursor if count else None)


@given(st.integers(0, 12), st.integers(1, 5))
def test_following_the_cursors_shows_every_event_once(count: int, first: int) -> None:
    records, after, seen = events(count), None, []
    while True:
        found = page(records, first, after)
        seen += summaries(found)
        after = found.page_info.end_cursor
        if not found.page_info.has_next_page:
            break
    assert seen == [str(n) for n in reversed(range(count))]


def test_every_events_cursor_leads_to_the_one_after_it() -> None:
    found = page(events(5))
    for n, edge in enumerate(found.edges):
        assert summaries(page(events(5), 1, edge.cursor)) == summaries(found)[n + 1 : n + 2]


def test_after_the_last_there_is_nothing_and_no_cursor() -> None:
    beyond = page(events(2), 2, page(events(2), 2).page_info.end_cursor)
    assert (beyond.edges, beyond.page_info.end_cursor, beyond.page_info.has_next_page, beyond.total) == (
        [],
        None,
        False,
        2,
    )


def made(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("x", id="not base64"),
        pytest.param("£££", id="not ASCII"),
        pytest.param(made("1:1"), id="a part is missing"),
        pytest.param(made("1:1:a:b"), id="a part too many"),
        pytest.param(made("2:1:abc"), id="another version"),
        pytest.param(made("1:-1:abc"), id="before the beginning"),
        pytest.param(made("1:0:" + hashlib.sha256().hexdigest()[:12]), id="after nothing"),
        pytest.param(made("1:one:abc"), id="no number"),
        pytest.param(made("1:" + "9" * 5000 + ":abc"), id="a number of great length"),
        pytest.param(base64.urlsafe_b64encode(b"1:1:\xff\xfe").decode(), id="not text"),
    ],
)
def test_a_cursor_this_hub_did_not_give(cursor: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        page(events(3), 2, cursor)
    assert refusal.value.code == "CURSOR_INVALID"
    assert cursor not in refusal.value.message


CURSOR = page(events(3), 2).page_info.end_cursor


@pytest.mark.parametrize(
    ("records", "cursor"),
    [
        pytest.param(events(4), CURSOR, id="a newer event has come"),
        pytest.param(events(2), CURSOR, id="an event has gone"),
        pytest.param(events(1), CURSOR, id="there are fewer than came before"),
        pytest.param([], CURSOR, id="there are none"),
        pytest.param([*events(2), record("attendance", POLICE, on=DAY + timedelta(days=2))], CURSOR, id="another agency's instead"),
        pytest.param(events(3), made("1:2:" + "0" * 12), id="another digest"),
        pytest.param(events(3), made("1:99:abc"), id="beyond the end"),
        pytest.param(events(3), f"{CURSOR}!", id="with something added"),
    ],
)  # fmt: skip
def test_what_came_before_is_not_what_it_was(records: list[ReleasedRecord], cursor: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        page(records, 2, cursor)
    assert refusal.value.code == "CURSOR_STALE"


def test_an_older_event_that_has_come_changes_no_page_before_it() -> None:
    assert summaries(page(events(4, start=-1), 2, CURSOR)) == ["0", "-1"]


def test_another_since_is_another_timeline_only_where_it_cuts_off_what_came_before() -> None:
    assert summaries(page(events(3), 2, CURSOR, DAY)) == ["0"]
    with pytest.raises(BadRequest):
        page(events(3), 2, CURSOR, DAY + timedelta(days=2))


def test_a_cursor_holds_nothing_of_the_record() -> None:
    assert CURSOR is not None
    version, position, digest = base64.urlsafe_b64decode(CURSOR).decode().split(":")
    assert (version, position, len(digest)) == ("1", "2", 12)


def test_an_event_has_its_day_and_where_known_its_moment() -> None:
    moment = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)
    reported = record("missing_report", POLICE, withheld="found_at", notice="reported_at", reported_at=moment)
    found = page([reported, record("attendance", NHS, on=DAY)])
    first, second = (edge.node for edge in found.edges)
    assert (first.on, first.at, first.kind, first.title) == (moment.date(), moment, "missing_report", "Missing report")
    assert (second.on, second.at, second.custodian.id) == (DAY, None, NHS.id)
    assert [(each.fields, each.reference) for each in first.withheld] == [(["foundAt"], "18442-7")]
    assert [each.fields for each in first.handling] == [["reportedAt"]]

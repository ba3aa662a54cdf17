"""What goes into the files: no cell a spreadsheet would run, and a PDF of whatever an agency wrote."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.app import load_policies
from hub.domain.disclosure import ReleasedRecord
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.view import JoinedView, timeline_of
from hub.web.front.child import EVENTS_SHOWN_MAX, FILTERS_MAX, _events, child_of
from hub.web.front.chronology import Choice, Chronology, chronology_of
from hub.web.front.paper import _given, as_pdf
from hub.web.front.sheet import COLUMNS, as_csv, safe
from hub.web.static_files import ASSETS

CATALOGUE = load_policies().catalogue
AT = datetime(2026, 11, 20, 16, 41, tzinfo=UTC)
COUNCIL = Custodian("council", "Council", Sector.COUNCIL, Contact("Duty desk", "01632 960 100"))


ADULT = "By the date of birth you gave, this person is 36 years old. Check the year if you meant a child."


def chronology(summary: str, *notices: str) -> Chronology:
    values = {"on": date(2026, 9, 1), "title": "A note", "summary": summary}
    record = ReleasedRecord(COUNCIL, "case_document", AT, values)
    view = JoinedView((), (), (), (record,), (), {}, False, None, (), AT, 7, notices=notices)
    return chronology_of(view, CATALOGUE, Choice())


def test_what_to_look_at_again_stands_on_top_of_either_file() -> None:
    made = chronology("", ADULT)
    assert list(csv.reader(io.StringIO(as_csv(made).decode("utf-8-sig"))))[2][:4] == [
        "About",
        "",
        "Look at this again",
        ADULT,
    ]
    assert _given(made, "Asked.")["warnings"] == [ADULT]
    assert as_pdf(made, "Asked.").startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        pytest.param("=1+1", "'=1+1", id="equals"),
        pytest.param("+44 1632", "'+44 1632", id="plus"),
        pytest.param("-1", "'-1", id="minus"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="at"),
        pytest.param("\t=1", "'\t=1", id="tab"),
        pytest.param("\r=1", "'=1", id="a carriage return is not kept"),
        pytest.param("  =1", "'  =1", id="spaces before"),
        pytest.param("\n=1", "'\n=1", id="a line before"),
        pytest.param("＝1", "'＝1", id="full-width equals"),
        pytest.param("\x00=1", "'=1", id="NUL before"),
        pytest.param("\ufeff=1", "'=1", id="byte order mark before"),
        pytest.param("Maya", "Maya", id="text stays"),
    ],
)
def test_a_cell_is_text(cell: str, shown: str) -> None:
    assert safe(cell) == shown


@given(st.text())
def test_no_cell_begins_a_formula(cell: str) -> None:
    assert not safe(cell).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\n", "\r"))


@given(st.text(max_size=60))
def test_the_csv_reads_back_with_one_line_for_each_row(summary: str) -> None:
    content = as_csv(chronology(summary))
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [tuple(lines[0]), len(lines)] == [COLUMNS, 3]
    assert all(len(line) == len(COLUMNS) for line in lines)


@pytest.mark.parametrize(
    "summary",
    [
        pytest.param("Zoë Łęcka, Nguyễn Thị Ánh, Ελένη, Наталья", id="letters that its fonts have"),
        pytest.param("#set text(red) $x$ *b* @a <b> `c` // d \\", id="what would be markup"),
        pytest.param("李 محمد \U0001f600", id="letters that its fonts have not"),
        pytest.param("\u202e\u0301\ufffd", id="marks without a letter"),
        pytest.param("x" * 20_000, id="one endless word"),
        pytest.param("a\x1fb \ud800", id="a control character and half a pair"),
        pytest.param("", id="nothing"),
    ],
)
def test_the_pdf_is_made_of_whatever_was_written(summary: str) -> None:
    content = as_pdf(chronology(summary), "Asked under a purpose.")
    assert content.startswith(b"%PDF-")
    assert b"pdfuaid" in content


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=40))
def test_no_text_stops_the_pdf(summary: str) -> None:
    assert as_pdf(chronology(summary), "Asked.").startswith(b"%PDF-")


def test_a_choice_of_days_keeps_what_has_no_day() -> None:
    record = ReleasedRecord(COUNCIL, "case_document", AT, {"title": "Undated"})
    view = JoinedView((), (), (), (record,), (), {}, False, None, (), AT, 7)
    made = chronology_of(view, CATALOGUE, replace(Choice(), since=date(2026, 1, 1)))
    assert [each.title for each in made.undated] == ["Document on the case file"]
    assert made.left_out == 0


def test_the_style_sheet_has_a_rule_for_every_box_of_the_filter() -> None:
    rules = (ASSETS / "front.css").read_text("utf-8")
    for letter in "ak":
        for number in range(1, FILTERS_MAX + 1):
            assert f":has(#show-{letter}{number}:not(:checked)) .{letter}{number}" in rules


def test_more_agencies_than_boxes_share_the_last_one() -> None:
    holders = [Custodian(f"c{n}", f"Agency {n}", Sector.COUNCIL, COUNCIL.contact) for n in range(FILTERS_MAX + 2)]
    records = tuple(
        ReleasedRecord(each, "case_document", AT, {"on": date(2026, 1, 1), "title": "A note"}) for each in holders
    )
    events, agencies, _ = _events(
        timeline_of(JoinedView((), (), (), records, (), {}, False, None, (), AT, 7), CATALOGUE), CATALOGUE, 7
    )
    assert sum(box.events for box in agencies) == len(events) == FILTERS_MAX + 2
    assert max(event.agency for event in events) == FILTERS_MAX
    assert agencies[-1].label == f"Agency {FILTERS_MAX - 1}, Agency {FILTERS_MAX}, Agency {FILTERS_MAX + 1}"


def test_older_events_are_counted_where_they_are_not_shown() -> None:
    note = {"on": date(2026, 1, 1), "title": "A note"}
    records = (ReleasedRecord(COUNCIL, "case_document", AT, note),) * (EVENTS_SHOWN_MAX + 3)
    made = child_of(JoinedView((), (), (), records, (), {}, False, None, (), AT, 7), CATALOGUE)
    assert (len(made.events), made.older) == (EVENTS_SHOWN_MAX, 3)

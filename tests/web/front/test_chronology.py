"""The chronology: what is chosen, who says it and on which conditions; each download asked and recorded anew."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest

from hub.web.front.questions import AskedBy
from tests.service.custodians import DOWN, Bendable, council, health, pointer, police
from tests.service.releases import ADVICE
from tests.web.front.conftest import ASKED, BY_NAME, Front, hidden, said, send

FORMULA = '=HYPERLINK("http://example.test")'
PERSON = pointer("council_person", "p-1", at="council")
FAMILY_COURT = pointer("case_document", "doc-court", "family_court_document", "court_permission", at="council")


def partnership(**police_is: Any) -> tuple[Bendable, ...]:
    held = {
        PERSON: {"given_name": "Zoë", "family_name": "Łęcka", "date_of_birth": date(2017, 3, 9)},
        pointer("protection_plan", "plan-1", at="council"): {"started_on": date(2026, 9, 23), "category": FORMULA},
        ADVICE: {"title": "Counsel's note", "on": date(2026, 9, 1)},
        FAMILY_COURT: {"title": "Statement", "on": date(2026, 8, 1)},
    }
    return council(held=held), police(**police_is), health()


def rows(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_oldest_first_with_provenance_and_handling_on_every_line(front: Front) -> None:
    front.hold(*partnership())
    page = said(send(front.browser(), "/find/chronology", **ASKED))
    assert page.index("10 July 2026") < page.index("1 August 2026") < page.index("23 September 2026")
    assert "10 July 2026 Attendance or contact Health as of 20 November 2026 at 2am" in page
    assert "Legal professional privilege" in page[page.index("Held back") :]
    assert "Counsel" not in page


@pytest.mark.parametrize(
    ("chosen", "there", "gone"),
    [
        pytest.param({"from-day": "1", "from-month": "9", "from-year": "2026"}, "Child protection plan", "Bruising",
                     id="from a day"),
        pytest.param({"from-day": "23", "from-month": "9", "from-year": "2026"}, "23 September 2026", "Argument heard",
                     id="from a day, which is in"),
        pytest.param({"to-day": "10", "to-month": "7", "to-year": "2026"}, "Bruising", "Argument heard",
                     id="to a day, which is in"),
        pytest.param({"kind": ["attendance"]}, "Bruising", "Argument heard", id="a kind"),
    ],
)  # fmt: skip
def test_a_choice_says_what_it_leaves_out(front: Front, chosen: dict[str, Any], there: str, gone: str) -> None:
    front.hold(*partnership())
    page = send(front.browser(), "/find/chronology", **ASKED, **chosen)
    shown = said(page)[said(page).index("Only a part is here") :]
    assert "left out by this choice" in shown
    assert there in shown
    assert gone not in shown


@pytest.mark.parametrize(
    ("chosen", "problem"),
    [
        pytest.param({"from-day": "31", "from-month": "2", "from-year": "2026"}, "real date", id="31 February"),
        pytest.param(
            {"from-day": "2", "from-month": "2", "from-year": "2026", "to-day": "1", "to-month": "2",
             "to-year": "2026"}, "must not be before the first", id="ends before it begins",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/find/chronology", "/find/chronology/file"])
def test_a_bad_choice_asks_nobody(front: Front, path: str, chosen: dict[str, str], problem: str) -> None:
    front.hold(*partnership())
    answer = send(front.browser(), path, **ASKED, **chosen, **{"as": "csv"})
    assert answer.status_code == 400
    assert problem in said(answer)
    assert 'value="999 000 4021"' in answer.text
    assert front.asked == 0
    assert front.entries() == []


def test_silence_opens_it_on_the_page_and_in_the_file(front: Front) -> None:
    front.hold(*partnership(fail={"match": DOWN}))
    browser = front.browser()
    assert "Police: not said. What follows is not the whole picture." in said(
        send(browser, "/find/chronology", **ASKED)
    )
    lines = rows(send(browser, "/find/chronology/file", **ASKED, **{"as": "csv"}).content)
    assert lines[1]["Agency"] == "Police"
    assert lines[1]["Details"] == "Did not answer: cannot be reached"
    assert "Do not read this as nothing known" in lines[1]["Held back, and what to do"]


def test_the_csv_has_every_line_and_no_formula(front: Front) -> None:
    front.hold(*partnership())
    answer = send(front.browser(), "/find/chronology/file", **ASKED, **{"as": "csv"})
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"
    number = front.logged + len(front.entries()) - 1
    assert answer.headers["content-disposition"] == f'attachment; filename="chronology-log-entry-{number}.csv"'
    lines = rows(answer.content)
    assert lines[0]["Details"] == "Zoë Łęcka. Born 9 March 2017"
    kinds = [line["Line"] for line in lines]
    assert kinds.count("Agency") == 3
    assert kinds.count("Event") == 4
    assert kinds.count("Held back") == 1
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in lines for cell in line.values())
    assert {line["Log entry"] for line in lines} == {str(number)}


def test_the_pdf_is_tagged_and_says_nothing_of_anybody_in_its_name(front: Front) -> None:
    front.hold(*partnership())
    answer = send(front.browser(), "/find/chronology/file", **ASKED, **{"as": "pdf"})
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert b"pdfuaid" in answer.content
    assert "chronology-log-entry-" in answer.headers["content-disposition"]


def test_each_download_is_a_question_of_its_own(front: Front) -> None:
    front.hold(*partnership())
    browser = front.browser()
    page = send(browser, "/find/chronology", **ASKED)
    for kind in ("csv", "pdf"):
        assert browser.post("/find/chronology/file", {**hidden(page, "/find/chronology/file"), "as": kind}).is_success
    bodies = front.entries()
    for by in (AskedBy.CHRONOLOGY, AskedBy.CSV, AskedBy.PDF):
        assert sum(by.digest in body for body in bodies) == 1, by


def test_a_download_needs_a_strong_sign_in_and_keeps_what_was_typed(front: Front) -> None:
    front.hold(*partnership())
    browser = front.browser(acr="single-factor")
    asked = send(browser, "/find/chronology/file", **ASKED, **{"as": "csv"})
    assert asked.status_code == 303
    assert front.asked == 0
    back = browser.follow(asked, "tc-0417 mash_social_worker", "multi-factor")
    again = browser.get(back.headers["location"])
    sent = browser.post("/find/chronology/file", hidden(again, "/find/chronology/file"))
    assert rows(sent.content)[0]["Details"].startswith("Zoë")


def test_who_is_not_found_has_no_chronology(front: Front) -> None:
    front.hold(council(people=()), police(people=()))
    browser = front.browser()
    for path in ("/find/chronology", "/find/chronology/file"):
        answer = send(browser, path, **BY_NAME, **{"as": "csv"})
        assert "No agency that answered holds this child" in said(answer)

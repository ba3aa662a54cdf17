"""Finding a child and the child's page: every ask is in the log, silence is always said, nothing typed is lost."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hub.domain.catalogue import READ_WHEN_NAMED
from hub.domain.people import PartialDate
from hub.errors import TooManyRequests
from hub.web.front.questions import AskedBy
from tests.service.custodians import DOWN, MAYA, Bendable, council, health, pointer, police
from tests.service.releases import ADOPTED, ADVICE, ORDERED
from tests.web.front.conftest import ASKED, BY_NAME, Front, hidden, said, send
from tests.web.site_up import NURSE

MARKED = "<script>alert(1)</script>"
NAMES = {"given_name": "Maya", "family_name": "Thornbury", "date_of_birth": date(2017, 3, 9)}
WHO = pointer("council_person", "p-1", at="council")
PLAN = pointer("protection_plan", "plan-1", at="council")


def holding(*records: Any, **values: Any) -> Bendable:
    """A council that holds the child, a plan, and ``records``."""
    plan = {"started_on": date(2026, 9, 23), "category": "Neglect"}
    return council(held={WHO: NAMES, PLAN: plan, **dict.fromkeys(records, values or {"title": "Paper"})})


def test_the_form_has_the_words_of_the_law_beside_each_of_her_purposes(front: Front) -> None:
    page = said(front.browser().get("/find"))
    assert "Child protection enquiry Children Act 1989 s.47(1)-(3) The council must make enquiries" in page
    assert "Channel" not in page, "not a purpose of hers"


def test_the_child_with_who_says_what_and_where_the_log_has_it(front: Front) -> None:
    front.hold(holding(), police(), health())
    answer = send(front.browser(), "/find", **ASKED)
    page = said(answer)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    for words in ("Maya Thornbury", "Born 9 March 2017", "Child protection plan since 23 September 2026", "MASH-1",
                  "same child, on verified NHS number", "Argument heard.", "Bruising."):  # fmt: skip
        assert words in page, words
    assert "<title>What the agencies know" in answer.text, "a browser remembers titles: no name in them"
    question, reply = front.entries()[-2:]
    assert AskedBy.PAGE.digest in question
    number = int(re.search(r"log entry ([\d,]+)", page)[1].replace(",", ""))  # type: ignore[index]
    assert number == front.logged + len(front.entries()) - 1
    assert '"answer"' in reply


@pytest.mark.parametrize("path", ["/find", "/find/chronology"])
def test_what_is_told_to_others_when_it_is_read_is_not_read_for_a_page(front: Front, path: str) -> None:
    told = [pointer(kind, kind, at="health") for kind in sorted(READ_WHEN_NAMED)]
    seen = pointer("attendance", "a-1", at="health")
    said_there = {each: {"answer": "NHS was told of: Plan"} for each in told}
    nhs = health(held={seen: {"on": date(2026, 7, 10)}, **said_there})
    front.hold(holding(), nhs)
    page = said(send(front.browser(), path, **ASKED))
    assert "10 July 2026" in page
    assert nhs.fetched == [seen]
    assert "NHS was told of" not in page


def test_every_look_is_a_question_of_its_own(front: Front) -> None:
    front.hold(holding())
    browser = front.browser()
    first = send(browser, "/find", **ASKED)
    again = browser.post("/find", hidden(first, "/find"))
    assert "Maya Thornbury" in said(again)
    assert sum(AskedBy.PAGE.digest in body for body in front.entries()) == 2


@pytest.mark.parametrize(
    ("silent", "state"),
    [
        pytest.param({"fail": {"match": DOWN}}, "Did not answer", id="down"),
        pytest.param({"hang": frozenset({"match"})}, "Did not answer", id="too slow"),
        pytest.param({"fail": {"find": DOWN}}, "Did not answer", id="breaks off half way"),
    ],
)
def test_silence_is_never_read_as_nothing_known(front: Front, silent: dict[str, Any], state: str) -> None:
    front.hold(holding(), police(**silent), health())
    page = said(send(front.browser(), "/find", **ASKED))
    assert page.index(f"! {state}") < page.index("✓ Answered"), "silent sources first"
    assert "1 of 3 agencies has not said what it holds" in page
    assert "Missing: not known Police has not said. Nothing may be concluded." in page
    assert "Not on it: whatever Police may hold" in page
    assert page.count("Do not read") == 4, "above, in the table, in its section; and of schools, which nobody asked"
    assert "Police ! Did not answer Police" in page, "in the police section too"
    assert "Argument heard" not in page
    assert "found nobody" not in page


def test_held_nothing_and_not_connected_are_told_apart(front: Front) -> None:
    front.hold(holding(), police(people=()), health())
    page = said(send(front.browser(), "/find", **ASKED))
    assert "Holds nobody like this Police searched by NHS number" in page
    assert "found nobody" in page
    assert "Education No agency of this kind is connected to the hub, so nobody was asked." in page


def test_what_was_held_back_stands_in_its_place_with_what_to_do(front: Front) -> None:
    front.hold(holding(ADVICE, title="Counsel's note", on=date(2026, 9, 1)))
    answer = send(front.browser(), "/find", **ASKED)
    page = said(answer)
    section = page[page.index("Social care") :]
    assert "Withheld Document on the case file Legal professional privilege" in section
    assert "01632 960 100" in section
    assert "Counsel's note" not in answer.text
    assert re.search(r'href="/releases/ask/\d+/1"', answer.text)


def test_veiled_lines_are_all_alike(front: Front) -> None:
    shown = []
    browser = front.browser()
    for secret in (ADOPTED, ORDERED):
        front.hold(holding(secret), police(), health())
        body = send(browser, "/find", **ASKED).text
        assert "Restricted" in body
        assert "doption" not in body
        assert "ourt" not in body[body.index("What else each agency holds") :]
        shown.append(re.sub(r"\d+", "0", body))
    assert shown[0] == shown[1]


def test_nothing_of_an_agency_is_markup(front: Front) -> None:
    front.hold(holding(), police(held={pointer("incident", "i-1"): {"on": date(2026, 9, 20), "summary": MARKED}}))
    body = send(front.browser(), "/find", **ASKED).text
    assert MARKED not in body
    assert "&lt;script&gt;alert(1)" in body


def test_agencies_that_differ_stand_side_by_side(front: Front) -> None:
    other = {**NAMES, "family_name": "Thornbury-Hale"}
    front.hold(holding(), police(held={pointer("police_person", "pp"): other}))
    page = said(send(front.browser(), "/find", **ASKED))
    assert "Maya Thornbury / Maya Thornbury-Hale" in page
    assert "Name Agencies differ Maya Thornbury Council, as of" in page
    assert "Date of birth Agencies differ" not in page


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        pytest.param({"nhs_number": "9990004022"}, "The NHS number is not valid", id="number"),
        pytest.param({"case_reference": ""}, "every question is asked on a case", id="case"),
        pytest.param({"purpose": ""}, "there is no default", id="purpose"),
    ],
)
def test_a_bad_form_comes_back_as_it_was_typed_and_nobody_is_asked(
    front: Front, wrong: dict[str, str], problem: str
) -> None:
    front.hold(holding())
    typed = {**ASKED, "postcode": "ZZ1 1AA", "given_name": "Maya", **wrong}
    answer = send(front.browser(), "/find", **typed)
    assert answer.status_code == 400
    assert "<title>Error: Find a child" in answer.text
    assert problem in said(answer)
    for value in filter(None, typed.values()):
        assert f'value="{value}"' in answer.text, value
    assert front.asked == 0
    assert front.entries() == []


def test_a_decision_in_the_future_is_refused_once_beside_its_field(front: Front) -> None:
    front.hold(holding())
    decided = {"decided_by": "Team manager", "decided__day": "1", "decided__month": "1", "decided__year": "2999"}
    answer = send(front.browser(), "/find", **{**ASKED, "purpose": "ca1989-s47"}, **decided, decided__time="16:40")
    assert answer.status_code == 400
    assert "The decision lies in the future." in said(answer)
    assert 'value="2999"' in answer.text
    assert front.asked == 0
    assert sum("PURPOSE_DECISION_INVALID" in body for body in front.entries()) == 1


def test_too_many_questions_lose_nothing_that_was_typed(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def take(self, *_: object) -> None:
            raise TooManyRequests("You have asked a great deal. Wait a minute.", retry_after=40)

    front.hold(holding())
    monkeypatch.setattr(front.up.site, "rates", Full())
    answer = send(front.browser(), "/find", **ASKED)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "40")
    assert 'value="999 000 4021"' in answer.text
    assert front.asked == 0
    assert sum("RATE_LIMITED" in body for body in front.entries()) == 1


def test_change_gives_back_what_was_typed_and_asks_nobody(front: Front) -> None:
    front.hold(council(people=()), police(people=()))
    browser = front.browser()
    nobody = send(browser, "/find", **BY_NAME)
    assert "No agency that answered holds this child" in said(nobody)
    before = front.asked
    form = browser.post("/find/change", hidden(nobody, "/find/change"))
    assert 'value="Thornbury"' in form.text
    assert front.asked == before


def test_nobody_found_says_who_has_not_said(front: Front) -> None:
    front.hold(council(people=()), police(fail={"match": DOWN}))
    page = said(send(front.browser(), "/find", **BY_NAME))
    assert "No agency that answered holds this child" in page
    assert "Police has not said. That is not the same as “nothing known”." in page


def test_nothing_personal_is_in_addresses_or_log_lines(front: Front, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    front.hold(holding())
    answer = send(front.browser(), "/find", **BY_NAME, nhs_number="9990004021")
    assert answer.status_code == 200
    assert re.findall(r'(?:href|action)="[^"]*(?:Maya|Thornbury|999 ?000|MASH-1)', answer.text) == []
    assert not re.search("Maya|Thornbury|9990004021|MASH-1", caplog.text)
    assert not any(re.search("Maya|Thornbury|9990004021|MASH-1", body) for body in front.entries())


def test_an_officer_without_purposes_is_offered_none(front: Front) -> None:
    front.hold(holding())
    browser = front.browser("tc-0031 ig_officer")
    assert send(browser, "/find", **ASKED).status_code == 400
    assert front.asked == 0


def test_another_agency_sees_its_own_purposes(front: Front) -> None:
    front.hold(council(people=(MAYA,)))
    assert send(front.browser(NURSE), "/find", **ASKED).status_code == 200


@pytest.mark.parametrize(
    "path", ["change", "match", "match/said", "chronology", "chronology/file"], ids=lambda path: path.replace("/", " ")
)
def test_an_address_she_kept_leads_to_the_form(front: Front, path: str) -> None:
    front.hold(holding())
    answer = front.browser().get(f"/find/{path}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/find")
    assert front.asked == 0


def test_head_asks_nobody(front: Front) -> None:
    front.hold(holding())
    assert front.browser().client.head("/find").status_code == 200
    assert front.asked == 0


@pytest.mark.parametrize("held", [True, False], ids=["somebody", "nobody"])
def test_an_adults_birth_date_is_answered_with_a_word_beside_it(front: Front, held: bool) -> None:
    front.hold(council(held={WHO: NAMES}, people=(replace(MAYA, birth_date=PartialDate.parse("1990")),) * held))
    page = send(front.browser(), "/find", **{**BY_NAME, "birth-day": "", "birth-month": "", "birth-year": "1990"})
    assert page.status_code == 200
    assert re.search(r"this person is \d\d or \d\d years old\. Check the year if you meant a child\.", said(page))
    assert "years old" not in said(send(front.browser(), "/find", **BY_NAME))


def test_a_chronology_of_an_adult_says_so_too(front: Front) -> None:
    front.hold(council(held={WHO: NAMES}, people=(replace(MAYA, birth_date=PartialDate.parse("1990")),)))
    asked = {**BY_NAME, "birth-day": "", "birth-month": "", "birth-year": "1990"}
    assert "Check the year if you meant a child." in said(send(front.browser(), "/find/chronology", **asked))


def test_a_birth_date_in_the_future_leads_to_the_unborn_childs_fields(front: Front) -> None:
    front.hold(council())
    page = send(front.browser(), "/find", **{**BY_NAME, "birth-year": "2999"})
    assert page.status_code == 400
    assert "If the child is not born yet, empty everything here and open" in said(page)
    assert front.asked == 0

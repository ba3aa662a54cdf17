"""The pages of a child not yet born: asked for without JavaScript, and read as what it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.domain.people import PartialDate, Unborn
from tests.service import unborn
from tests.service.custodians import pointer, police
from tests.service.unborn import MOTHER, council, nhs
from tests.web.front.conftest import Front, hidden, said, send
from tests.web.front.test_matching import forget

DUE = datetime.now(UTC).date() + timedelta(days=57)
"""The pages go by the clock on the wall, and take an expected date that can be meant."""

LONG_DATE = f"{DUE.day} {DUE:%B %Y}"
UNBORN = replace(unborn.UNBORN, unborn=Unborn(MOTHER, PartialDate.exactly(DUE)))
ASKED = {
    "mother_nhs_number": "999 000 5524", "expected-day": str(DUE.day), "expected-month": str(DUE.month),
    "expected-year": str(DUE.year), "purpose": "ca2004-s16la", "case_reference": "MASH-1",
}  # fmt: skip


def ask(front: Front, *custodians: Any) -> Any:
    front.hold(*custodians)
    return send(front.browser(), "/find", **ASKED)


def test_the_form_has_a_place_for_it(front: Front) -> None:
    page = front.browser().get("/find")
    assert "The child is not born yet" in said(page)
    assert 'name="mother_nhs_number"' in page.text


def test_the_page_says_that_the_child_is_unborn_and_whose_record_it_shows(front: Front) -> None:
    page = ask(front, council(UNBORN), police(), nhs())
    words = said(page)
    assert page.status_code == 200
    assert "Unborn child" in words
    assert "same child" not in words
    assert "Maternity care of an unborn child" in words
    assert "That the law reaches it was not verified" in words
    assert "(law not verified)" in words
    assert "it has no way to look for a child who is not born yet" in words


def test_the_expected_date_stands_where_the_birth_date_would(front: Front) -> None:
    person = pointer("council_person", "p-1", at="council")
    held = {person: {"expected_date_of_birth": DUE, "family_name": "Marsh"}}
    words = said(ask(front, council(UNBORN, held=held), nhs()))
    assert f"Expected {LONG_DATE}" in words
    assert "Date of birth not shared" not in words


def test_without_the_councils_word_the_page_says_why_there_is_nothing_of_hers(front: Front) -> None:
    words = said(ask(front, council(), nhs()))
    assert "is shown only where a council recorded whose mother she is" in words
    assert "This purpose or your role does not reach: maternity" not in words
    assert "Booked" not in words


def test_twins_are_shown_and_cannot_be_confirmed_here(front: Front) -> None:
    page = ask(front, council(UNBORN, UNBORN))
    words = said(page)
    assert words.count("More than one record there fits this pregnancy, as of twins. That cannot be settled here") == 2
    assert "/find/match" not in page.text
    assert words.count("Mother's NHS number") == 2


def test_a_child_who_was_born_is_a_possible_match_with_what_to_do(front: Front) -> None:
    born = replace(UNBORN, birth_date=PartialDate.exactly(DUE - timedelta(days=8)))
    assert "already born: ask by the child" in said(ask(front, council(born)))


def test_the_chronology_carries_the_question_on(front: Front) -> None:
    person = pointer("council_person", "p-1", at="council")
    held = {person: {"expected_date_of_birth": DUE}}
    front.hold(council(UNBORN, held=held), nhs())
    browser = front.browser()
    fields = hidden(send(browser, "/find", **ASKED), "/find/chronology")
    assert fields["mother_nhs_number"] == ["999 000 5524"]
    made = browser.post("/find/chronology", fields)
    assert made.status_code == 200
    assert f"Expected {LONG_DATE}" in said(made)
    file = browser.post(
        "/find/chronology/file", {**fields, "csrf": hidden(made, "/find/chronology/file")["csrf"], "as": "csv"}
    )
    assert f"Name not shared. Expected {LONG_DATE}" in file.content.decode("utf-8-sig")


def test_of_a_child_who_was_born_the_page_asks_for_no_mothers_record(front: Front) -> None:
    front.hold(nhs(mothers=False))
    page = send(front.browser(), "/find", nhs_number=MOTHER.value, purpose="ca2004-s16la", case_reference="MASH-1")
    assert "aternity" not in said(page)


def test_the_mothers_number_is_in_no_entry(front: Front) -> None:
    ask(front, council(UNBORN), nhs())
    assert len(front.entries()) >= 2
    assert not any(MOTHER.value in entry for entry in front.entries())


UNDATED = replace(UNBORN, unborn=Unborn(MOTHER))
WHY = "Compared the expected date on file with the midwife, on the telephone."


@pytest.mark.parametrize(
    ("word", "then"),
    [
        pytest.param("same", "found, on a person's confirmation", id="it is: what they hold joins the page"),
        pytest.param("different", "somebody like the child is on file here", id="it is not: and that is told"),
    ],
)
def test_a_record_whose_date_does_not_tell_is_confirmed_by_a_person(front: Front, word: str, then: str) -> None:
    front.hold(council(UNDATED))
    browser = front.browser()
    page = send(browser, "/find", **ASKED)
    assert "Say whether this is of this pregnancy" in said(page)
    look = browser.post("/find/match", hidden(page, "/find/match"))
    for words in ("Is this of the pregnancy you asked about?", "not longer than 3 weeks after the expected date",
                  "It is not of this pregnancy", "Expected date of birth – not stated"):  # fmt: skip
        assert words in said(look), words
    sent = {**hidden(look, "/find/match/said"), "said": word, "reasons": WHY}
    answer = said(browser.post("/find/match/said", sent))
    assert "of this pregnancy. It holds for 90 days, though not longer than 3 weeks" in answer
    assert then in answer.replace("Somebody", "somebody")
    assert not any(MOTHER.value in entry or DUE.isoformat() in entry for entry in front.entries())
    forget(front)

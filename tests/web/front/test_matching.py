"""Saying of a possible match that it is the child, or is not: logged, once she was shown it, and then asked again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.matching.confirmations import Withdrawn
from hub.web.front.questions import AskedBy
from tests.service.custodians import MAYA, council, police
from tests.web.front.conftest import BY_NAME, Front, hidden, said, send
from tests.web.site_up import MASH, NURSE, Browser

WHY = "Compared the address and the mother's name with the officer in the case."
ALMOST = replace(MAYA, nhs_number=None, nhs_number_verified=False, given_names=("Maia",), postcode="ZZ9 9ZZ")


def shown(front: Front, browser: Browser, **more: Any) -> dict[str, Any]:
    """What the button beside the possible match sends."""
    front.hold(council(people=(ALMOST,)), police(people=()))
    page = send(browser, "/find", **{**BY_NAME, **more})
    assert "Possible matches: look before you join" in said(page)
    return hidden(page, "/find/match")


def test_the_evidence_is_shown_and_nothing_that_was_compared(front: Front) -> None:
    browser = front.browser()
    look = browser.post("/find/match", shown(front, browser))
    assert "Given name ≈ is close" in said(look)
    assert "Is this the child you asked about?" in said(look)
    assert "Maia" not in look.text
    assert "ZZ9" not in look.text


@pytest.mark.parametrize(
    ("word", "then"),
    [
        pytest.param("same", "Child protection plan", id="it is the child: her page, with what they hold"),
        pytest.param("different", "No agency that answered holds this child", id="it is not: offered no more"),
    ],
)
def test_what_she_says_is_in_the_log_and_counts_at_once(front: Front, word: str, then: str) -> None:
    browser = front.browser()
    sent = shown(front, browser, postcode=f"ZZ1 {len(word)}AA", case_reference=f"M-{word}")
    answer = browser.post("/find/match/said", {**sent, "said": word, "reasons": WHY})
    page = said(answer)
    assert "Recorded: that record at council" in page
    assert then in page
    bodies = front.entries()
    act = next(number for number, body in enumerate(bodies) if '"confirmed"' in body or '"denied"' in body)
    assert any(AskedBy.CONFIRMED.digest in body for body in bodies[act:])
    assert not any(WHY in body or "Amina" in body for body in bodies)
    forget(front)


def forget(front: Front) -> None:
    """Take back what was said, so that another test starts anew."""

    async def take_back() -> None:
        store = front.up.site.confirmations
        for kept in await store.every():
            if kept.withdrawn is None:
                await store.withdraw(kept.confirmation.id, Withdrawn("Rowan Achebe", datetime.now(UTC), WHY))

    asyncio.run(take_back())


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        pytest.param({"reasons": WHY}, "Choose what you say", id="nothing said"),
        pytest.param({"said": "maybe", "reasons": WHY}, "Choose what you say", id="a word of her own"),
        pytest.param({"said": "same"}, "Say why", id="no reason"),
        pytest.param({"said": "same", "reasons": "It is her."}, "at least 20", id="too short a reason"),
        pytest.param({"said": "same", "reasons": "x" * 4001}, "at most 4000", id="too long a reason"),
        pytest.param({"said": "same", "reasons": WHY, "candidate": "9999-c1"}, "no such", id="no such answer"),
        pytest.param({"said": "same", "reasons": WHY, "candidate": "<b>"}, "no such", id="no reference"),
    ],
)
def test_a_bad_form_comes_back_and_records_nothing(front: Front, fields: dict[str, str], problem: str) -> None:
    browser = front.browser()
    sent = shown(front, browser)
    before = len(front.entries())
    answer = browser.post("/find/match/said", {**sent, **fields})
    assert answer.status_code == 400
    assert problem in said(answer)
    assert "Given name ≈ is close" in said(answer), "the evidence is still there"
    assert fields.get("reasons", "") in answer.text.replace("&#39;", "'")
    assert len(front.entries()) == before


def test_what_somebody_else_was_shown_is_not_hers_to_confirm(front: Front) -> None:
    sent = shown(front, front.browser(MASH))
    nurse = front.browser(NURSE)
    answer = send(nurse, "/find/match/said", **{**sent, "csrf": nurse.csrf(), "said": "same", "reasons": WHY})
    assert answer.status_code == 400
    assert "no such possible match" in said(answer)


def test_a_child_who_could_not_be_told_again_is_not_confirmed(front: Front) -> None:
    browser = front.browser()
    front.hold(council(people=(replace(ALMOST, given_names=("Maya",)),)), police(people=()))
    page = send(browser, "/find", **{**BY_NAME, "birth-day": "", "birth-month": ""})
    assert "You asked with a part of the date of birth." in said(page)
    assert "/find/match" not in page.text
    reference = said(page).split("Quote ")[1].split(".")[0]
    sent = {**BY_NAME, "birth-day": "", "birth-month": "", "candidate": reference, "said": "same", "reasons": WHY}
    assert "Ask with the NHS number or the whole date of birth first" in said(send(browser, "/find/match/said", **sent))


def test_evidence_that_the_hub_has_no_words_for_is_not_shown(front: Front) -> None:
    browser = front.browser()
    sent = {**shown(front, browser), "evidence": ["given name:agree", "given name:<b>", "her father:agree", "x"]}
    page = said(browser.post("/find/match", sent))
    assert "Given name ✓ agrees" in page
    assert "father" not in page
    assert "<b>" not in page

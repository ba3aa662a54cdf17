"""CP-IS from the pages: asked when the worker says so, by a button that says what follows, and never by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from hub.connectors.base import Deadline
from hub.domain.people import Candidate
from hub.web.front import telling
from tests.service.custodians import DOWN, Bendable, council, health, pointer, police
from tests.web.front.conftest import ASKED, Front, hidden, said, send
from tests.web.site_up import Browser

LOOK = pointer("cpis_information", "cpis", at="health")
CPIS = {LOOK: {"asked_on": date(2026, 11, 22), "answer": "No information is on file."}}
BUTTON = "Ask again, CP-IS too"


def nhs(**how: object) -> Bendable:
    return health(held=CPIS, **how)


def test_a_look_at_the_child_asks_nothing_of_it_and_says_so(front: Front) -> None:
    trust = nhs()
    front.hold(council(), police(), trust)
    words = said(send(front.browser(), "/find", **ASKED))
    assert "CP-IS was not asked." in words
    assert "it may tell the council of every look" in words
    assert BUTTON in words
    assert LOOK not in trust.fetched


def button(page: httpx2.Response) -> dict[str, str]:
    """What the button sends."""
    form = page.text[page.text.index("CP-IS was not asked") :]
    found = hidden(type("Part", (), {"text": form}), "/find")  # type: ignore[arg-type]
    return {name: value[0] for name, value in found.items() if name != "csrf"}


def pressed(browser: Browser) -> tuple[dict[str, str], httpx2.Response]:
    """A look at the child, and one press of the button: what it sent, and the page that came."""
    fields = button(send(browser, "/find", **ASKED))
    return fields, send(browser, "/find", **fields)


def test_the_button_asks_once_and_is_then_gone(front: Front) -> None:
    trust = nhs()
    front.hold(council(), police(), trust)
    _, page = pressed(front.browser())
    assert trust.fetched.count(LOOK) == 1
    words = said(page)
    assert "No information is on file." in words
    assert "CP-IS was not asked" not in words
    assert BUTTON not in words


def test_a_page_that_is_sent_again_asks_no_second_time_and_does_not_say_that_nobody_was_asked(front: Front) -> None:
    """A reload, a second click, or a try again after an answer that did not come."""
    trust = nhs()
    front.hold(council(), police(), trust)
    browser = front.browser()
    fields, _ = pressed(browser)
    again = send(browser, "/find", **fields)
    assert trust.fetched.count(LOOK) == 1
    assert "CP-IS was not asked this time. This page was sent twice" in said(again)
    assert "CP-IS may have been asked the first time" in said(again)
    assert BUTTON in said(again)
    send(browser, "/find", **button(again))
    assert trust.fetched.count(LOOK) == 2, "who presses the new button means it"


async def test_two_clicks_at_once_ask_once(front: Front) -> None:
    trust = nhs(latency_seconds=0.1)
    front.hold(council(), police(), trust)
    browser = front.browser()
    fields = button(send(browser, "/find", **ASKED))
    with ThreadPoolExecutor(2) as clicks:
        for each in [clicks.submit(send, browser, "/find", **fields) for _ in range(2)]:
            each.result()
    assert trust.fetched.count(LOOK) == 1


@pytest.mark.parametrize(
    "bend",
    [
        pytest.param(lambda sent: {**sent, "tells_others": "yes"}, id="a word that anybody can write"),
        pytest.param(lambda sent: {**sent, "tells_others": ""}, id="empty"),
        pytest.param(lambda sent: {**sent, "tells_others": sent["tells_others"][:-1] + "x"}, id="a seal that is none"),
        pytest.param(lambda sent: {**sent, "tells_others": "1" + sent["tells_others"]}, id="of another answer"),
        pytest.param(lambda sent: {**sent, "tells_others": "\u0661-1-x"}, id="digits of another script"),
        pytest.param(lambda sent: {**sent, "purpose": "ca1989-s17"}, id="under another purpose"),
        pytest.param(lambda sent: {**sent, "case_reference": "MASH-2"}, id="on another case"),
    ],
)
def test_a_ticket_is_for_the_look_it_was_made_for(front: Front, bend: Callable[[dict[str, str]], Any]) -> None:
    trust = nhs()
    front.hold(council(), police(), trust)
    browser = front.browser()
    sent = button(send(browser, "/find", **ASKED))
    page = send(browser, "/find", **bend(sent))
    assert LOOK not in trust.fetched
    assert "CP-IS was not asked. It tells" in said(page)


def test_a_ticket_is_of_one_session_and_lasts_an_hour(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    trust = nhs()
    front.hold(council(), police(), trust)
    browser = front.browser()
    fields = button(send(browser, "/find", **ASKED))
    send(front.browser(), "/find", **fields)
    monkeypatch.setattr(telling, "GOOD_FOR", timedelta(seconds=-1))
    send(browser, "/find", **fields)
    assert LOOK not in trust.fetched
    monkeypatch.undo()
    send(browser, "/find", **fields)
    assert LOOK in trust.fetched


def test_an_address_asks_nothing(front: Front) -> None:
    trust = nhs()
    front.hold(council(), police(), trust)
    browser = front.browser()
    fields = button(send(browser, "/find", **ASKED))
    calls = len(trust.calls)
    browser.get(f"/find?{urlencode(fields)}")
    browser.post("/find", {**fields, "csrf": "0" * 64})
    assert len(trust.calls) == calls


@pytest.mark.parametrize("path", ["/find", "/find/chronology", "/find/change"])
def test_no_other_button_of_the_page_carries_it_on(front: Front, path: str) -> None:
    trust = nhs()
    front.hold(council(), police(), trust)
    browser = front.browser()
    _, page = pressed(browser)
    assert 'name="tells_others"' not in page.text
    send(browser, path, **{name: value[0] for name, value in hidden(page, "/find").items() if name != "csrf"})
    assert trust.fetched.count(LOOK) == 1


def test_the_log_tells_such_a_look_from_another(front: Front) -> None:
    front.hold(council(), police(), nhs())
    pressed(front.browser())
    without, with_it = [each for each in front.entries() if '"kind":"answer"' in each]
    assert "cpis_information" not in without, "an answer tells what was read"
    assert "cpis_information" in with_it


@pytest.mark.parametrize(
    "custodians",
    [
        pytest.param((council(), police(), health()), id="no-system-has-it"),
        pytest.param((council(), police(), nhs(fail={"match": DOWN})), id="the-system-that-has-it-did-not-answer"),
        pytest.param((council(), police(), nhs(people=())), id="the-child-is-not-held-there"),
    ],
)
def test_where_it_cannot_be_asked_nothing_is_offered(front: Front, custodians: tuple[Bendable, ...]) -> None:
    front.hold(*custodians)
    assert BUTTON not in said(send(front.browser(), "/find", **ASKED))


def test_where_the_log_fails_after_the_look_the_page_does_not_say_that_nobody_was_asked(front: Front) -> None:
    @dataclass
    class Breaks(Bendable):
        async def fetch(self, who: Candidate, pointers: Any, deadline: Deadline) -> Any:
            answer = await super().fetch(who, pointers, deadline)
            if LOOK in pointers:
                renamed("log_entry", "log_entry_gone")
            return answer

    def renamed(table: str, name: str) -> None:
        with sqlite3.connect(f"{front.up.place}/log.db") as database:
            database.execute(f"ALTER TABLE {table} RENAME TO {name}")

    usual = nhs()
    trust = Breaks(usual.custodian, usual.held, states_restriction=True)
    front.hold(council(), police(), trust)
    browser = front.browser()
    fields = button(send(browser, "/find", **ASKED))
    page = send(browser, "/find", **fields)
    renamed("log_entry_gone", "log_entry")
    assert page.status_code == 503
    assert "Agencies were asked, and nothing of what they said is shared." in said(page)
    assert "Nothing was looked up" not in said(page)
    assert "CP-IS may have been asked the first time" in said(send(browser, "/find", **fields))
    assert trust.fetched.count(LOOK) == 1

"""CP-IS from the pages: asked when the worker says so, by a button that says what follows, and never by itself."""

from __future__ import annotations

from datetime import date

import pytest

from tests.service.custodians import DOWN, Bendable, council, health, pointer, police
from tests.web.front.conftest import ASKED, Front, hidden, said, send

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


def test_the_button_asks_once_and_is_then_gone(front: Front) -> None:
    trust = nhs()
    front.hold(council(), police(), trust)
    browser = front.browser()
    first = send(browser, "/find", **ASKED)
    form = first.text[first.text.index("CP-IS was not asked") :]
    fields = {name: value[0] for name, value in hidden(type("Part", (), {"text": form}), "/find").items()}
    assert fields.pop("tells_others") == "yes"
    again = send(browser, "/find", **{**fields, "tells_others": "yes"})
    assert trust.fetched.count(LOOK) == 1
    words = said(again)
    assert "No information is on file." in words
    assert "CP-IS was not asked." not in words
    assert BUTTON not in words


@pytest.mark.parametrize("path", ["/find", "/find/chronology", "/find/change"])
def test_no_other_button_of_the_page_carries_it_on(front: Front, path: str) -> None:
    trust = nhs()
    front.hold(council(), police(), trust)
    browser = front.browser()
    page = send(browser, "/find", **ASKED, tells_others="yes")
    assert 'name="tells_others"' not in page.text
    send(browser, path, **{name: value[0] for name, value in hidden(page, "/find").items() if name != "csrf"})
    assert trust.fetched.count(LOOK) == 1


def test_the_log_tells_such_a_look_from_another(front: Front) -> None:
    front.hold(council(), police(), nhs())
    browser = front.browser()
    for more in ({}, {"tells_others": "yes"}):
        send(browser, "/find", **ASKED, **more)
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

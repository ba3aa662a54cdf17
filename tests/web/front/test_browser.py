"""The front door in a real Chromium, with JavaScript and without: find, read, filter, confirm, take away."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.web.conftest import PartnershipSite, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Look = Callable[["Page", str], None]
scripts = pytest.mark.parametrize("javascript", [True, False], ids=["JavaScript on", "JavaScript off"])
STAR, DIFFERING, NOBODY = "9990004021", "9990004080", "9990004110"


def ask(page: Page, site: PartnershipSite, number: str = "", purpose: str = "ca2004-s16la", **more: str) -> None:
    """Fill in the form and send it, as somebody at a keyboard does."""
    page.goto(f"{site.url}/find")
    for name, value in {"nhs_number": number, "case_reference": "MASH-2026-1182", **more}.items():
        page.fill(f"#{name.replace('__', '-')}", value)
    page.check(f'input[name="purpose"][value="{purpose}"]')
    if purpose == "ca1989-s47":
        page.fill("#decided_by", "Team manager, Assessment 2")
        for part, value in {"day": "20", "month": "11", "year": "2026", "time": "16:40"}.items():
            page.fill(f"#decided-{part}", value)
    page.get_by_role("button", name="Ask the agencies").click()
    page.wait_for_load_state()


@scripts
def test_find_read_and_filter(
    javascript: bool, visitor: Visitor, partnership_site: PartnershipSite, look_at: Look
) -> None:
    page = visitor(javascript=javascript)
    page.goto(f"{partnership_site.url}/find")
    assert not page.locator("#decided_by").is_visible(), "only for a purpose that rests on a decision"
    look_at(page, "find")
    page.get_by_role("button", name="Ask the agencies").click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    look_at(page, "find-problems")
    ask(page, partnership_site, STAR, "ca1989-s47")
    assert page.get_by_role("heading", level=1).inner_text() == "Maya Thornbury"
    assert page.url == f"{partnership_site.url}/find"
    assert page.get_by_text("Child protection plan since").count() == 1
    look_at(page, "child")
    events = page.locator(".front-event:visible")
    everything = events.count()
    page.get_by_text("Choose what the timeline shows").click()
    page.get_by_label("Testshire NHS (").uncheck()
    assert 0 < events.count() < everything
    assert page.get_by_text("You chose to hide some of the timeline.").is_visible()
    look_at(page, "child-filtered")
    page.get_by_label("Testshire NHS (").check()
    assert events.count() == everything


def test_agencies_that_differ_and_nobody_at_all(
    visitor: Visitor, partnership_site: PartnershipSite, look_at: Look
) -> None:
    page = visitor()
    ask(page, partnership_site, DIFFERING)
    assert page.locator(".front-key__row--differs").count() >= 2
    look_at(page, "child-agencies-differ")
    ask(page, partnership_site, NOBODY)
    page.get_by_role("heading", name="No agency that answered holds this child").wait_for()
    look_at(page, "nobody")


@scripts
def test_a_possible_match_is_looked_at_and_confirmed(
    javascript: bool, visitor: Visitor, partnership_site: PartnershipSite, look_at: Look
) -> None:
    page = visitor(javascript=javascript)
    family_name = "Ezze" if javascript else "Ezza"  # whoever was confirmed before is another child
    born = {"birth__day": "23", "birth__month": "7", "birth__year": "2015"}
    ask(page, partnership_site, given_name="Chidera", family_name=family_name, **born)
    page.get_by_role("heading", name="Possible matches: look before you join").wait_for()
    look_at(page, "possible-matches")
    page.get_by_role("button", name="Say whether this is the child").first.click()
    page.get_by_role("button", name="Record this, and ask again").click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    page.get_by_label("It is the child").check()
    page.get_by_label("Why you say so").fill("Compared the address and the mother's name with the agency.")
    look_at(page, "confirm-match")
    page.get_by_role("button", name="Record this, and ask again").click()
    page.get_by_role("heading", name="Chidera Eze").wait_for()
    assert "on a person's confirmation" in page.locator(".front-matches").inner_text()


@scripts
def test_a_chronology_to_print_and_to_take_away(
    javascript: bool, visitor: Visitor, partnership_site: PartnershipSite, look_at: Look
) -> None:
    page = visitor(javascript=javascript, acr="multi-factor")
    ask(page, partnership_site, STAR, "ca1989-s47")
    page.get_by_role("button", name="Make a chronology").click()
    page.get_by_role("heading", name="Chronology: Maya Thornbury").wait_for()
    assert page.get_by_role("button", name="Print this page").count() == (1 if javascript else 0)
    page.get_by_text("Choose dates, agencies and kinds").click()
    page.fill("#from-day", "1")
    page.get_by_role("button", name="Ask again with these").click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    page.fill("#from-month", "9")
    page.fill("#from-year", "2026")
    page.get_by_role("button", name="Ask again with these").click()
    page.get_by_text("Only a part is here:").wait_for()
    look_at(page, "chronology")
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Download as PDF").is_visible()
    page.emulate_media(media="screen")
    for kind, begins in (("CSV", b"\xef\xbb\xbf"), ("PDF", b"%PDF-")):
        with page.expect_download() as coming:
            page.get_by_role("button", name=f"Download as {kind}").click()
        assert coming.value.suggested_filename.startswith("chronology-log-entry-")
        assert coming.value.path().read_bytes().startswith(begins)


def test_by_keyboard_alone(visitor: Visitor, partnership_site: PartnershipSite) -> None:
    page = visitor()
    page.goto(f"{partnership_site.url}/find")
    page.focus("#nhs_number")
    page.keyboard.type(STAR)
    page.focus("#case_reference")
    page.keyboard.type("MASH-2026-1182")
    page.keyboard.press("Tab")
    for _ in range(5):  # arrow keys go through the purposes
        if page.locator('input[value="ca2004-s16la"]').is_checked():
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Maya Thornbury").wait_for()
    page.get_by_text("Choose what the timeline shows").focus()
    page.locator(".front-filter summary").press("Enter")
    page.locator("#show-a1").press("Space")
    assert page.get_by_text("You chose to hide some of the timeline.").is_visible()

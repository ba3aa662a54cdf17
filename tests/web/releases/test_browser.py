"""Item 6 of the pages in a real Chromium, with JavaScript and without: asked, seen with a clock, released or refused."""

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

ARLO, IRIS = "9990004250", "9990004188"
WHY = "The strategy meeting is at four, and what school gives him decides whether he goes home tonight."
REASONS = "The plan says who collects him from school, which is what the meeting has to settle."
CONDITIONS = "For the meeting alone: do not copy it into another file."


def find(page: Page, site: PartnershipSite, number: str, case: str) -> None:
    page.goto(f"{site.url}/find")
    page.fill("#nhs_number", number)
    page.fill("#case_reference", case)
    page.check('input[name="purpose"][value="ca2004-s16la"]')
    page.get_by_role("button", name="Ask the agencies").click()


def ask_for_release(page: Page, about: str) -> str:
    """Follow the link beside what is withheld, and ask; the address of the request."""
    held = page.locator(".front-held", has_text=about).first
    with page.context.expect_page() as opened:
        held.get_by_role("link", name="Ask for release of").click()
    form = opened.value
    form.fill("#reason", WHY)
    form.locator("main form button").click()
    form.get_by_role("heading", name="Waiting for an answer").wait_for()
    address = form.url
    form.close()
    return address


@scripts
def test_released_with_conditions_and_asked_again(
    javascript: bool, visitor: Visitor, partnership_site: PartnershipSite, look_at: Look
) -> None:
    nurse, lead = (
        visitor(*who, javascript=javascript) for who in (("tn-1184", "mash_nurse"), ("tc-0205", "release_lead"))
    )
    case = f"REL-{javascript:d}"
    find(nurse, partnership_site, ARLO, case)
    address = ask_for_release(nurse, "Education, health and care plan")
    lead.get_by_role("link", name="Release requests").first.click()
    look_at(lead, "releases-agency")
    lead.goto(address)
    assert WHY in lead.locator("main").inner_text()
    look_at(lead, "releases-answer")
    lead.get_by_role("button", name="Release it").click()
    lead.locator("main form button").click()
    assert lead.title().startswith("Error: ")
    look_at(lead, "releases-release-problems")
    lead.goto(f"{address}/release")
    lead.check('input[value="with_handling"]')
    lead.fill("#conditions", CONDITIONS)
    lead.check('input[value="interests_decision"]')
    lead.fill("#decided_by", "Imogen Fairweather")
    lead.select_option("#post", "send")
    lead.fill("#reasons", REASONS)
    look_at(lead, "releases-release")
    lead.locator("main form button").click()
    lead.get_by_role("heading", name="The answer").wait_for()
    look_at(lead, "releases-answered")
    nurse.goto(address)
    assert CONDITIONS in nurse.locator("main").inner_text()
    assert REASONS not in nurse.locator("main").inner_text()
    look_at(nurse, "releases-released")
    find(nurse, partnership_site, ARLO, case)
    assert "with conditions. Read them on the page of the request" in nurse.locator("main").inner_text()
    assert nurse.locator(".front-held", has_text="Education, health and care plan").count() == 0
    find(nurse, partnership_site, ARLO, f"{case}-OTHER")
    assert nurse.locator(".front-held", has_text="Education, health and care plan").count() > 0


@scripts
def test_gdpr_is_no_impediment_and_a_veiled_refusal_tells_nothing(
    javascript: bool, visitor: Visitor, partnership_site: PartnershipSite, look_at: Look
) -> None:
    nurse, lead = (
        visitor(*who, javascript=javascript) for who in (("tn-1184", "mash_nurse"), ("tc-0205", "release_lead"))
    )
    find(nurse, partnership_site, IRIS, f"VEIL-{javascript:d}")
    address = ask_for_release(nurse, "Restricted")
    lead.goto(f"{address}/refuse")
    look_at(lead, "releases-refuse")
    lead.check('input[value="other"]')
    lead.fill("#other", "GDPR")
    lead.locator("main form button").click()
    said = lead.locator("main").inner_text()
    assert "Data protection law is a framework for sharing" in said
    assert lead.input_value("#other") == "GDPR"
    look_at(lead, "releases-no-impediment")
    lead.check('input[value="imp-adoption-s57"]')
    lead.locator("main form button").click()
    lead.check('input[value="adoption_s56"]')
    lead.check('input[name="none"]')
    lead.fill("#note", "The adoption agency has not released it.")
    look_at(lead, "releases-facts")
    lead.locator("main form button").click()
    lead.get_by_role("heading", name="The answer").wait_for()
    nurse.goto(address)
    told = nurse.locator("main").inner_text()
    assert "Restricted. Contact the holder" in told
    assert "adopt" not in told.lower()
    look_at(nurse, "releases-refused-veiled")
    nurse.goto(f"{partnership_site.url}/releases")
    assert "adopt" not in nurse.locator("main").inner_text().lower()
    look_at(nurse, "releases-mine")


def test_by_keyboard_alone(visitor: Visitor, partnership_site: PartnershipSite) -> None:
    """A way and its box by the arrow keys; what a way does not need is out of the way."""
    nurse, lead = visitor("tn-1184", "mash_nurse"), visitor("tc-0205", "release_lead")
    find(nurse, partnership_site, ARLO, "REL-KEYS")
    lead.goto(f"{ask_for_release(nurse, 'Education, health and care plan')}/release")
    assert lead.locator("#conditions").is_hidden()
    lead.focus("#how")
    lead.keyboard.press("Space")
    lead.keyboard.press("ArrowDown")
    assert lead.locator("#conditions").is_visible()
    lead.keyboard.press("ArrowDown")
    assert lead.locator("#wording").is_visible()
    assert lead.locator("#conditions").is_hidden()
    assert lead.locator("#days").is_hidden()
    lead.keyboard.press("Tab")
    assert lead.evaluate("() => document.activeElement.id") == "wording"

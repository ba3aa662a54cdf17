"""A child not yet born, asked about in a real Chromium: the form's part, each mistake, the answer, a match to judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from hub.demo.cast_unborn import MOTHER, OF_TWINS
from tests.web.conftest import PartnershipSite, Visitor
from tests.web.front.test_browser import scripts

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Look = Callable[["Page", str], None]
OPEN = "The child is not born yet"


def due(site: PartnershipSite) -> date:
    return site.world.expecting[0].due


def dated(day: date, name: str = "expected") -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


def ask(page: Page, site: PartnershipSite, mother: str = MOTHER, expected: date | None = None, **more: str) -> None:
    """Fill in the form's part for an unborn child and send it."""
    page.goto(f"{site.url}/find")
    page.get_by_text(OPEN).click()
    fields = {"mother_nhs_number": mother, **(dated(expected) if expected else {}), "case_reference": "MASH-2026-1301"}
    for name, value in {**fields, **more}.items():
        page.fill(f"#{name}", value)
    page.check('input[name="purpose"][value="ca2004-s16la"]')
    page.get_by_role("button", name="Ask the agencies").click()
    page.wait_for_load_state()


@scripts
def test_the_form_and_the_answer(
    javascript: bool, visitor: Visitor, partnership_site: PartnershipSite, look_at: Look
) -> None:
    page = visitor(javascript=javascript)
    page.goto(f"{partnership_site.url}/find")
    assert not page.locator("#mother_nhs_number").is_visible(), "most questions are about a child who has been born"
    page.get_by_text(OPEN).click()
    look_at(page, "find-unborn")
    ask(page, partnership_site, expected=due(partnership_site))
    assert page.get_by_role("heading", level=1).inner_text() == "Unborn child"
    said = page.locator("main").inner_text()
    assert f"Expected {due(partnership_site).day} {due(partnership_site):%B %Y}" in said
    for words in (
        "Maternity care of an unborn child’s mother",
        "Referral to children",
        "no way to look for a child who",
    ):
        assert words.replace("’", "'") in said.replace("’", "'"), words
    look_at(page, "child-unborn")
    page.get_by_role("button", name="Ask again").click()
    page.get_by_role("heading", name="Unborn child", exact=True).wait_for()


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is typed, how many days from the demo's expected date (None: no date), and what is said of it, in order."""

    id: str
    fields: dict[str, str]
    days: int | None
    problems: tuple[str, ...]


MISTAKES = (
    Mistake("no expected date", {}, None, ("Enter when the birth is expected",)),
    Mistake("far away", {}, 400, ("The expected date of birth is more than ten months from now",)),
    Mistake("long past", {}, -300, ("The expected date of birth is more than half a year ago. Check the year",)),
    Mistake(
        "no such day", {"expected-day": "31", "expected-month": "2"}, 0, ("The expected date must be a real date",)
    ),
    Mistake("check digit", {"mother_nhs_number": "9990009903"}, 0, ("The mother’s NHS number is not valid",)),
    Mistake("no mother", {"mother_nhs_number": ""}, 0, ("Enter the mother’s NHS number",)),
    Mistake("a born child's name beside it", {"given_name": "Maya"}, 0, ("Ask about one child",)),
    Mistake(
        "all at once",
        {"nhs_number": "9990004021", "birth-year": "2017", "mother_nhs_number": "9990009903"},
        None,
        ("Ask about one child", "The mother’s NHS number is not valid", "Enter when the birth is expected"),
    ),
)


@scripts
def test_each_mistake_is_said_beside_its_field_and_nothing_typed_is_lost(
    javascript: bool, visitor: Visitor, partnership_site: PartnershipSite, look_at: Look
) -> None:
    page = visitor(javascript=javascript)
    for mistake in MISTAKES:
        fields, problems = mistake.fields, mistake.problems
        day = None if mistake.days is None else due(partnership_site) + timedelta(days=mistake.days)
        ask(page, partnership_site, expected=day, **fields)
        summary = page.locator(".govuk-error-summary")
        assert summary.locator("li").count() == len(problems), mistake.id
        assert [place.inner_text()[:8] for place in summary.locator("li").all()] == [each[:8] for each in problems], (
            mistake.id
        )
        for problem in problems:
            assert problem in summary.inner_text(), mistake.id
            link = summary.get_by_role("link", name=problem)
            link.click()
            field = page.locator(f"[id='{(link.get_attribute('href') or '').removeprefix('#')}']")
            assert field.is_visible(), (mistake.id, "a link of the summary must lead to what can be seen")
            assert page.locator(".govuk-error-message", has_text=problem).is_visible(), mistake.id
        for name, value in {"mother_nhs_number": MOTHER, **fields}.items():
            assert page.input_value(f"#{name}") == value, mistake.id
    look_at(page, "find-unborn-problems")


def test_a_birth_date_to_come_leads_there_and_an_adults_is_told(
    visitor: Visitor, partnership_site: PartnershipSite, look_at: Look
) -> None:
    page = visitor()
    born = {"given_name": "Ines", "family_name": "Marchetti", "case_reference": "MASH-2026-1302"}
    for birth, says in ((due(partnership_site) + timedelta(days=400), OPEN), (date(1990, 5, 1), "years old")):
        page.goto(f"{partnership_site.url}/find")
        for name, value in {**born, **dated(birth, "birth")}.items():
            page.fill(f"#{name}", value)
        page.check('input[name="purpose"][value="ca2004-s16la"]')
        page.get_by_role("button", name="Ask the agencies").click()
        page.wait_for_load_state()
        words = page.locator(".govuk-error-summary" if says == OPEN else ".front-warning").first.inner_text()
        assert says in words
    look_at(page, "adult")


@scripts
def test_a_record_is_said_to_be_of_the_pregnancy(
    javascript: bool, visitor: Visitor, partnership_site: PartnershipSite, look_at: Look
) -> None:
    page = visitor(javascript=javascript)
    asked = due(partnership_site) + timedelta(days=40 + javascript)  # what was said before was of another date
    ask(page, partnership_site, expected=asked)
    page.get_by_role("heading", name="Possible matches: a person must look").wait_for()
    page.get_by_role("button", name="Say whether this is of this pregnancy").click()
    page.get_by_role("heading", name="Is this of the pregnancy you asked about?").wait_for()
    page.get_by_label("It is of this pregnancy").check()
    page.get_by_label("Why you say so").fill("Compared the dates of both scans with the midwife, by telephone.")
    look_at(page, "confirm-unborn")
    page.get_by_role("button", name="Record this, and ask again").click()
    page.get_by_text("though not longer than 3 weeks after the expected date").wait_for()
    assert "found, on a person's confirmation" in page.locator(".front-matches").inner_text()


def test_of_twins_nobody_can_say_it_and_the_page_says_what_to_do(
    visitor: Visitor, partnership_site: PartnershipSite, look_at: Look
) -> None:
    page = visitor()
    ask(page, partnership_site, OF_TWINS, due(partnership_site))
    assert page.get_by_text("That cannot be settled here: ring the agency").count() == 2
    assert page.get_by_role("button", name="Say whether").count() == 0
    assert page.get_by_text("No key fact was shared by those who answered. Some agencies have not said.").is_visible()
    look_at(page, "unborn-twins")


def test_by_keyboard_alone(visitor: Visitor, partnership_site: PartnershipSite) -> None:
    page = visitor()
    page.goto(f"{partnership_site.url}/find")
    page.focus("#sex")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for text in (MOTHER, *dated(due(partnership_site)).values(), "MASH-2026-1303"):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Tab")
    for _ in range(5):  # arrow keys go through the purposes
        if page.locator('input[value="ca2004-s16la"]').is_checked():
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Unborn child", exact=True).wait_for()

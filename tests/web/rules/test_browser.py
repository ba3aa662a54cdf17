"""The policies in a real Chromium: from a search to a rule, and why a decision is what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.web.conftest import PartnershipSite, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Look = Callable[["Page", str], None]


@pytest.mark.parametrize("javascript", [True, False], ids=["JavaScript on", "JavaScript off"])
def test_from_a_search_to_an_explanation(
    javascript: bool, visitor: Visitor, partnership_site: PartnershipSite, look_at: Look
) -> None:
    def look(name: str) -> None:
        if javascript:
            look_at(page, name)

    page = visitor(javascript=javascript)
    page.goto(f"{partnership_site.url}/rules")
    look("rules")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Enter a word to search the policies for.").wait_for()
    look("rules-search-problem")
    page.fill("#q", "adoption")
    page.press("#q", "Enter")
    page.wait_for_load_state()
    assert page.url == f"{partnership_site.url}/rules"
    page.get_by_role("heading", name="results for “adoption”").wait_for()
    look("rules-search")
    page.get_by_role("link", name="Protected adoption information", exact=True).press("Enter")
    page.get_by_role("heading", level=1, name="Protected adoption information").wait_for()
    assert "Who can lift it" in page.locator("main").inner_text()
    look("rules-rule")
    page.get_by_role("link", name="What stops sharing").click()
    page.get_by_role("heading", level=1, name="What stops sharing").wait_for()
    look("rules-chapter")
    page.goto(f"{partnership_site.url}/rules/explain")
    page.get_by_role("button", name="Explain").click()
    page.get_by_role("link", name="Choose a kind of record.").wait_for()
    page.select_option("#kind", "case_document")
    page.select_option("#label-1", "privileged")
    page.get_by_role("button", name="Explain").press("Enter")
    page.get_by_role("heading", name="What the searcher is told").wait_for()
    answer = page.locator(".rules-answer").inner_text()
    assert "Legal professional privilege" in answer
    assert "For the reviewer" not in answer
    look("rules-explain")

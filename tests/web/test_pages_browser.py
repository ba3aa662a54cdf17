"""The first pages in a real Chromium, with JavaScript and without: in, about, and out again."""

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


@scripts
def test_in_and_out_again(javascript: bool, visitor: Visitor, look_at: Look) -> None:
    page = visitor(None, javascript=javascript)
    look_at(page, "start")
    page.get_by_role("button", name="Sign in").click()
    page.check('input[value="tc-0417 mash_social_worker"]')
    page.click('button[value="sign in"]')
    assert "MASH social worker" in page.locator(".hub-who").inner_text()
    look_at(page, "home")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("heading", name="You are signed out").wait_for()
    look_at(page, "signed-out")


def test_signing_out_everywhere(visitor: Visitor) -> None:
    one, other = visitor("tn-1184", "mash_nurse"), visitor("tn-1184", "mash_nurse")
    one.get_by_role("button", name="Sign out everywhere").click()
    other.goto(other.url)
    assert other.get_by_role("heading", name="Sign in").or_(other.get_by_role("button", name="Sign in")).count()


def test_what_is_not_there_and_what_is_not_for_one_look_alike(
    visitor: Visitor, partnership_site: PartnershipSite, look_at: Look
) -> None:
    page = visitor()
    seen = []
    for path in ("/review", "/there-is-no-such-page"):
        response = page.goto(f"{partnership_site.url}{path}")
        assert response is not None
        seen.append((response.status, page.locator("main").inner_text()))
    assert seen[0] == seen[1]
    assert seen[0][0] == 404
    look_at(page, "not-here")


def test_by_keyboard_alone(visitor: Visitor, partnership_site: PartnershipSite) -> None:
    """The first stop skips to the content, and every stop can be seen."""
    page = visitor()
    page.goto(f"{partnership_site.url}/find")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent.trim()") == "Skip to main content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.closest('main') !== null")
    page.goto(f"{partnership_site.url}/find")
    for _ in range(12):
        page.keyboard.press("Tab")
        box = page.locator(":focus").bounding_box()
        assert box is not None
        assert box["width"] > 1
        assert box["height"] > 1

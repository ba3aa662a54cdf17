"""The pages in a real Chromium: signing in, and looking at a page with eyes that do not tire (axe, console, weight).

Fixtures are in ``tests/web/conftest.py``: ``partnership_site`` (the demo, once for all tests), ``visitor`` (somebody
signed in, in a browser of her own) and ``look_at``. Tests that use them are marked ``browser`` and are no coroutines.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    Route,
    sync_playwright,
)

from tests.web.chromium import EXECUTABLE
from tests.web.pictures import smaller

SCREENSHOTS = Path(__file__).parents[2] / "docs" / "pages"
WIDTHS = (1280, 320)
COLD_BYTES_MAX, WARM_BYTES_MAX = 250_000, 60_000
"""What a page may weigh with everything it needs, and alone."""

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-lcd-text"]  # the last: letters in pictures have no coloured edges
_AXE = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "resultTypes": ["violations"],
}
_WEIGHT = """() => {
  const [page] = performance.getEntriesByType('navigation');
  const parts = performance.getEntriesByType('resource');
  return [page.encodedBodySize, parts.reduce((sum, each) => sum + each.encodedBodySize, page.encodedBodySize)];
}"""
_WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Watch:
    """What a browser complained of, and which hosts it asked for anything, since the test began."""

    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def over(self, context: BrowserContext) -> None:
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        # What a page with status 400 or 404 is: the browser says so, and nothing is wrong.
        if message.type in {"error", "warning"} and "the server responded with a status of 4" not in message.text:
            self.complaints.append(message.text)

    def _asked(self, request: Request) -> None:
        self.hosts.add(urlsplit(request.url).netloc)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium; its pages come from :func:`context`."""
    playwright: Playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def context(browser: Browser, watch: Watch, *, javascript: bool = True) -> Iterator[BrowserContext]:
    """A browser of somebody's own: no cookie from anybody else."""
    own = browser.new_context(
        java_script_enabled=javascript,
        viewport={"width": WIDTHS[0], "height": 900},
        locale="en-GB",
        reduced_motion="reduce",
    )
    own.set_default_timeout(15_000)
    watch.over(own)
    try:
        yield own
    finally:
        own.close()


def sign_in(page: Page, url: str, worker: str, role: str, acr: str | None = None) -> None:
    """Sign in at the development server, from the hub's first page or from any other that asks for it."""
    page.goto(url)
    if page.get_by_role("button", name="Sign in").count():
        page.get_by_role("button", name="Sign in").first.click()
    at_provider(page, worker, role, acr)


def at_provider(page: Page, worker: str, role: str, acr: str | None = None) -> None:
    """Fill in the development server's form, which is on show, and go back to the hub."""
    page.check(f'input[name="who"][value="{worker} {role}"]')
    if acr is not None:
        page.check(f'input[name="acr"][value="{acr}"]')
    page.click('button[value="sign in"]')


def look(page: Page, name: str) -> None:
    """Look at the page on show at both widths: no violation, no sideways scrolling, no undue weight.

    With ``HUB_SCREENSHOTS`` set, also writes ``docs/pages/<name>.png`` and ``<name>-narrow.png``, of pages whose scripts run.
    """
    warm, cold = page.evaluate(_WEIGHT)
    assert warm <= WARM_BYTES_MAX, f"{name} weighs {warm} bytes by itself"
    assert cold <= COLD_BYTES_MAX, f"{name} weighs {cold} bytes with all it needs"
    with _examined(page) as shown:
        for width in WIDTHS:
            shown.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(shown, options=_AXE)
            assert found.violations_count == 0, f"{name} at {width} px:\n{found.generate_report()}"
            assert shown.evaluate(_WIDER) <= 0, f"{name} scrolls sideways at {width} px"
            if os.environ.get("HUB_SCREENSHOTS") and shown is page:
                narrow = "" if width == WIDTHS[0] else "-narrow"
                _keep(shown, f"{name}{narrow}.png")
        shown.set_viewport_size({"width": WIDTHS[0], "height": 900})


def _keep(page: Page, name: str) -> None:
    assert page.context.browser is not None
    taken = page.screenshot(full_page=True, animations="disabled")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    (SCREENSHOTS / name).write_bytes(smaller(page.context.browser, taken))


@contextmanager
def _examined(page: Page) -> Iterator[Page]:
    """The page; or, where no script runs, the same page in a browser where axe can run and the page's own cannot."""
    if page.evaluate("() => document.body.classList.contains('js-enabled')"):
        yield page
        return
    assert page.context.browser is not None
    content, policy = page.content(), {"Content-Security-Policy": "script-src 'none'"}

    def answer(route: Route) -> None:
        if route.request.is_navigation_request():
            route.fulfill(body=content, content_type="text/html; charset=utf-8", headers=policy)
        else:
            route.continue_()

    other = page.context.browser.new_context(locale="en-GB", reduced_motion="reduce")
    try:
        twin = other.new_page()
        twin.route("**/*", answer)
        twin.goto(page.url)
        yield twin
    finally:
        other.close()

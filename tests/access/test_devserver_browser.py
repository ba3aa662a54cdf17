"""Signing in at the development server in a real Chromium: its policy lets the browser go back to the client."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.access.devserver_browser import BACK, Flow, with_front_doors
from tests.access.devserver_up import Running, up
from tests.web.chromium import EXECUTABLE, open_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(EXECUTABLE is None, reason="no Chromium on this machine"),
]

CHOOSE = "document.querySelector('input[value=\"tc-0031 ig_officer\"]').click() || true"
SEND = "document.querySelector('button[value=\"sign in\"]').click() || true"


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with up(with_front_doors()) as server:
        yield server


async def test_a_worker_signs_in_with_the_page_alone(running: Running) -> None:
    flow = Flow(running)
    async with open_page(f"{running.url}/authorize?{urlencode(flow.parameters())}") as page:
        await page.until("document.querySelector('h1')?.textContent === 'Sign in'")
        assert not await page.evaluate("document.querySelector('form').checkValidity()")  # nobody is chosen yet
        await page.evaluate(CHOOSE)
        assert await page.evaluate("document.querySelector('form').checkValidity()")
        assert await page.evaluate("getComputedStyle(document.querySelector('legend')).fontWeight") == "700"
        assert [said for said in page.complaints if "Content Security Policy" in said] == []
        await page.evaluate(SEND)
        await page.until("!location.href.includes('/authorize')")  # nobody listens there: the address is what counts
        back = next(url for url in page.requested if url.startswith(f"{BACK}?"))
        assert "code=" in back
        assert f"state={flow.state}" in back
        assert [said for said in page.complaints if "Content Security Policy" in said] == []

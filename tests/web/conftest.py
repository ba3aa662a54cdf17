"""The demo partnership with its pages, and people who visit them with a real Chromium (``tests/web/browser.py``)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hub.demo import partnership
from hub.demo.generator import build_world
from hub.demo.partnership import Partnership
from hub.demo.processes import free_ports
from hub.demo.world import World
from tests.access.devserver_browser import with_front_doors
from tests.access.devserver_up import Running
from tests.access.devserver_up import up as server_up
from tests.web.chromium import EXECUTABLE
from tests.web.site_up import Up, site_up

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@dataclass(frozen=True, slots=True)
class PartnershipSite:
    """The running demo: where its pages are, who lives in its world, and where it keeps its log."""

    running: Partnership
    world: World
    directory: Path

    @property
    def url(self) -> str:
        return self.running.state.hub_url

    @property
    def hosts(self) -> set[str]:
        """The only hosts that a browser may ask for anything: the hub, and the one that signs people in."""
        return {self.url.partition("//")[2], self.running.state.issuer.partition("//")[2]}


@pytest.fixture(scope="session")
def partnership_site() -> Iterator[PartnershipSite]:
    """One for all tests; each has workers and children of its own in mind, and takes the log as it finds it."""
    # Not under pytest's directory: see `postgres_url`.
    with tempfile.TemporaryDirectory(prefix="hub-site-", ignore_cleanup_errors=True) as directory:
        how: dict[str, Any] = {"seed": 2026, "faults": {}, "say": lambda _: None, "port": free_ports(1)[0]}
        running = partnership.start(Path(directory), **how)
        try:
            yield PartnershipSite(running, build_world(), Path(directory))
        finally:
            running.stop()
        from tests.web.nothing_kept import check

        check(Path(directory), build_world())


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """The development server that people sign in at."""
    with server_up(with_front_doors()) as running:
        yield running


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory, server: Running) -> Iterator[Up]:
    """A hub with its pages, in this process, once for these tests."""
    with site_up(tmp_path_factory.mktemp("hub"), server) as running:
        yield running


@pytest.fixture
def up(one: Up) -> Up:
    """The same, its clock right."""
    one.ahead = timedelta()
    return one


@pytest.fixture(scope="module")
def chromium_browser() -> Iterator[Browser]:
    """Not for the whole session: while it is up, a coroutine of another test could not run in this thread."""
    if EXECUTABLE is None:
        pytest.skip("no Chromium on this machine")
    from tests.web.browser import chromium

    with chromium() as running:
        yield running


Visitor = Callable[..., "Page"]


@pytest.fixture
def visitor(partnership_site: PartnershipSite, chromium_browser: Browser) -> Iterator[Visitor]:
    """``visitor("tc-0417", "mash_social_worker")``: her browser, on the hub's first page, signed in.

    ``javascript=False``: no page's script runs. ``acr="multi-factor"``: signed in so. ``worker=None``: not signed in.
    When the test ends, no page may have complained of anything, nor asked another host for anything.
    """
    from tests.web.browser import Watch, context, sign_in

    watch = Watch()
    with ExitStack() as open_ones:

        def visit(
            worker: str | None = "tc-0417",
            role: str = "mash_social_worker",
            *,
            javascript: bool = True,
            acr: str | None = None,
        ) -> Page:
            page = open_ones.enter_context(context(chromium_browser, watch, javascript=javascript)).new_page()
            if worker is None:
                page.goto(partnership_site.url)
            else:
                sign_in(page, partnership_site.url, worker, role, acr)
            return page

        yield visit
    assert watch.complaints == []
    assert watch.hosts <= partnership_site.hosts


@pytest.fixture
def look_at() -> Callable[[Page, str], None]:
    """``look_at(page, "name")``: axe at both widths, no sideways scrolling, its weight; a screenshot when asked for."""
    from tests.web.browser import look

    return look

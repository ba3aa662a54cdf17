"""The reviewers' pages, in this process, over a log with questions of two agencies."""

from __future__ import annotations

import asyncio
import html
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from hub.store.appender import Log
from hub.store.keys import load_or_create
from tests.access.devserver_browser import with_front_doors
from tests.access.devserver_up import Running
from tests.access.devserver_up import up as server_up
from tests.service.reviewers import COUNCIL, NHS, POLICE, Office
from tests.web.site_up import OFFICER, Browser, Up, site_up

ORIGIN = "hub.test/log"
LEAD = "tc-0007 partnership_ig_lead"
POLICE_OFFICER = "tp-0118 ig_officer"
STRONG = "multi-factor"


@dataclass
class Pages:
    """The running hub, with a second writer of its log beside it."""

    up: Up

    def office(self, work: Callable[[Office], Coroutine[Any, Any, Any]]) -> Any:
        """What ``work`` does to the hub's own log, from beside it."""
        return asyncio.run(self._with(work))

    async def _with(self, work: Callable[[Office], Coroutine[Any, Any, Any]]) -> Any:
        async with self._log() as log:
            return await work(Office(log))

    @asynccontextmanager
    async def _log(self) -> AsyncIterator[Log]:
        log = Log(f"sqlite:///{self.up.place}/log.db", load_or_create(self.up.place / "log.key", ORIGIN))
        await log.start()
        try:
            yield log
        finally:
            await log.close()

    def signed_in(self, who: str, acr: str | None = None) -> Browser:
        return self.up.browser().signed_in(who, acr)


@pytest.fixture(scope="session")
def review_server() -> Iterator[Running]:
    with server_up(with_front_doors()) as running:
        yield running


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, review_server: Running) -> Iterator[Pages]:
    with site_up(tmp_path_factory.mktemp("review"), review_server) as running:
        yield Pages(running)


@pytest.fixture(scope="module")
def asked(pages: Pages) -> dict[str, int]:
    """Questions by whom they are of interest to."""

    async def ask(office: Office) -> dict[str, int]:
        return {
            "council": await office.ask("tc-0417", COUNCIL, "nhs:9990000018", NHS),
            "police": await office.ask("tp-2290", POLICE, "nhs:9990000018", COUNCIL, NHS),
            "other": await office.ask("tp-2290", POLICE, "nhs:9990000026", NHS),
            "own": await office.ask("tc-0031", COUNCIL, "nhs:9990000026", NHS),
            "open": await office.ask("tc-0562", COUNCIL, "nhs:9990000018", NHS, answered=False),
        }

    return pages.office(ask)


@pytest.fixture(scope="module")
def officer(pages: Pages, asked: dict[str, int]) -> Browser:
    return pages.signed_in(OFFICER, STRONG)


def newest(pages: Pages) -> Any:
    return pages.office(lambda office: office.newest())


def post(browser: Browser, path: str, **fields: str) -> Any:
    return browser.post(path, {"csrf": browser.csrf(), **fields})


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page)
    return found[1] if found else ""


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def checked(content: bytes, place: Path, pages: Pages) -> subprocess.CompletedProcess[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(place)
    program = str(files("hub.audit") / "offline" / "verify.py")
    command = [sys.executable, "-I", program, str(place / "export"), "--key", str(pages.up.place / "log.key.pub")]
    return subprocess.run([*command, "--partial", "--jobs", "1"], capture_output=True, text=True, timeout=60)

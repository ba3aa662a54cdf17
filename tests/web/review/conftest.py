"""The reviewers' pages, in this process, over a log with questions of two agencies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from hub.store.appender import Log
from hub.store.keys import load_or_create
from tests.access.devserver_browser import with_front_doors
from tests.access.devserver_up import Running
from tests.access.devserver_up import up as server_up
from tests.service.reviewers import Office
from tests.web.site_up import Browser, Up, site_up

ORIGIN = "hub.test/log"


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

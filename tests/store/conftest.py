"""A log to test with, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from hub.audit.verify import Report
from hub.store.appender import Log
from hub.store.keys import FileSigner, load_or_create
from hub.store.verify import verify_database

ORIGIN = "testshire.example/log"

MakeLog = Callable[..., Log]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def log_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database (or schema of one) with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'log.sqlite'}"
    make: Callable[[], str] = request.getfixturevalue("new_schema")
    return make()


@pytest.fixture
def signer(tmp_path: Path) -> FileSigner:
    return load_or_create(tmp_path / "key", ORIGIN)


@pytest.fixture
async def make_log(log_url: str, tmp_path: Path) -> AsyncIterator[MakeLog]:
    """Makes logs on the one database, each with its own signer on the one key file; closes them at the end."""
    made: list[Log] = []

    def make(**more: Any) -> Log:
        log = Log(log_url, load_or_create(tmp_path / "key", ORIGIN), **more)
        made.append(log)
        return log

    yield make
    await asyncio.gather(*(log.close() for log in made))


@pytest.fixture
async def log(make_log: MakeLog) -> Log:
    """A started log."""
    log = make_log()
    await log.start()
    return log


@pytest.fixture
def verified(log_url: str, signer: FileSigner) -> Callable[..., Report]:
    """Checks the database as ``hub audit verify`` does."""

    def verify(**more: Any) -> Report:
        return verify_database(log_url, signer.verifier, **more)

    return verify

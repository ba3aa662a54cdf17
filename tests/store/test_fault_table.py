"""Each write of a transaction breaks, in each way it can, on each database: nothing acknowledged is lost or doubled.

Whoever was not acknowledged was told that the log is unavailable, so nothing was released.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Connection, insert

from hub.audit.verify import Report
from hub.errors import AuditUnavailable
from hub.store import batch
from hub.store.appender import Appended, Log
from hub.store.tables import log_reference
from tests.store.breaking import COMMIT, CUT, DONE, FAILED, Breaking, install
from tests.store.making import answer, question
from tests.store.tampering import read_all

Verify = Callable[..., Report]

ALONG = "INSERT INTO log_reference"
WRITES = {
    "sqlite": {
        "begin": "BEGIN IMMEDIATE",
        "lock head": "SELECT size",
        "close question": "DELETE FROM log_open",
        "along": ALONG,
        "insert entries": "INSERT INTO log_entry",
        "open question": "INSERT INTO log_open",
        "insert side row": "INSERT INTO log_side",
        "insert subtree": "INSERT INTO log_tile",
        "update head": "UPDATE log_head",
        "commit": COMMIT,
    },
    "postgresql": {
        "lock head and close question": "SELECT size",
        "along": ALONG,
        "insert all and update head": "WITH entry",
        "commit": COMMIT,
    },
}
TABLE = [
    pytest.param(database, where, how, id=f"{database}-{name}-{how}", marks=marks)
    for database, marks in (("sqlite", ()), ("postgresql", pytest.mark.postgres))
    for name, where in WRITES[database].items()
    for how in ((FAILED, DONE, CUT) if database == "postgresql" else (FAILED, DONE))
]
on_each = pytest.mark.parametrize(("log_url", "where", "how"), TABLE, indirect=["log_url"])


@pytest.fixture(autouse=True)
def small_subtrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stored subtree at every second entry, so that each append of a pair has one to write."""
    monkeypatch.setattr(batch, "TILE_LEVELS", 1)


@pytest.fixture(autouse=True)
def driver(monkeypatch: pytest.MonkeyPatch) -> Breaking:
    """Under every connection of the test."""
    return install(monkeypatch)


@dataclass(slots=True)
class Searcher:
    """Asks and answers; each entry with a row along, the question with a side row too. Keeps what was acknowledged."""

    log: Log
    acknowledged: list[Appended] = field(default_factory=list)
    refused: int = 0

    async def act(self) -> None:
        side = self.log.sealed(b"what she wrote")
        try:
            asked = await self.log.append(question(self.log, side=side.commitment), side=side, along=also_written)
            self.acknowledged.append(asked)
            self.acknowledged.append(await self.log.append(answer(self.log, asked.index), along=also_written))
        except AuditUnavailable:
            self.refused += 1


def also_written(connection: Connection, index: int) -> None:
    connection.execute(insert(log_reference).values(kind="along", value=str(index), ref=secrets.token_hex(16)))


async def all_holds(searcher: Searcher, url: str, verified: Verify) -> None:
    """What must be so after any fault at all."""
    report = verified()
    assert report.ok, "no gap, and the root is that of a rebuild"
    stored = {index: bytes(leaf) for index, leaf in read_all(url, 'SELECT "index", leaf_hash FROM log_entry')}  # type: ignore[arg-type]
    assert len(set(stored.values())) == len(stored) == report.checked, "nothing is there twice"
    told = {each.index: each.leaf_hash for each in searcher.acknowledged}
    assert len(told) == len(searcher.acknowledged)
    assert told.items() <= stored.items(), "nothing acknowledged is lost"
    kinds = {index: bytes(body).split(b'"')[5] for index, body in read_all(url, 'SELECT "index", body FROM log_entry')}  # type: ignore[arg-type]
    along = {int(value) for (value,) in read_all(url, "SELECT value FROM log_reference WHERE kind = 'along'")}  # type: ignore[call-overload]
    assert along == {index for index, kind in kinds.items() if kind != b"abandoned"}
    sides = {index for (index,) in read_all(url, 'SELECT "index" FROM log_side')}
    assert sides == {index for index, kind in kinds.items() if kind == b"question"}
    assert {question for (question,) in read_all(url, "SELECT question FROM log_open")} == set(report.open)


@on_each
async def test_one_fault_is_survived(
    log: Log, log_url: str, verified: Verify, driver: Breaking, where: str, how: str
) -> None:
    """A connection that died while idle costs the searcher nothing."""
    searcher = Searcher(log)
    await searcher.act()
    driver.arm(where, how)
    await searcher.act()
    assert driver.hits == 1, "the fault happened"
    await searcher.act()
    assert [each.index for each in searcher.acknowledged] == list(range(6)), "all acknowledged, none twice, no gap"
    await all_holds(searcher, log_url, verified)
    assert verified().open == ()


@on_each
async def test_a_lasting_fault_is_refused_and_recovered_from(
    log: Log, log_url: str, verified: Verify, driver: Breaking, where: str, how: str
) -> None:
    searcher = Searcher(log)
    await searcher.act()
    driver.arm(where, how, times=10**6)
    for _ in range(3):
        await searcher.act()
    assert driver.hits >= 2
    if where != COMMIT or how == FAILED:  # a commit that was done may be found out to have been
        assert searcher.refused == 3
    driver.disarm()
    await searcher.act()
    assert len(searcher.acknowledged) >= 4
    await all_holds(searcher, log_url, verified)
    # whatever was written and not acknowledged is ended by the reaper, so that the log stays whole
    await asyncio.sleep(0.01)
    await log.abandon_stale(0)
    await all_holds(searcher, log_url, verified)
    assert verified().open == ()


@on_each
async def test_a_fault_hits_all_of_a_batch_alike(
    log: Log, log_url: str, verified: Verify, driver: Breaking, where: str, how: str
) -> None:
    """Searchers whose entries share a transaction are acknowledged together or not at all."""
    searcher = Searcher(log)
    driver.arm(where, how, times=10**6)
    await asyncio.gather(*(searcher.act() for _ in range(20)))
    driver.disarm()
    await asyncio.gather(*(searcher.act() for _ in range(5)))
    assert searcher.refused in (0, 20)
    await all_holds(searcher, log_url, verified)

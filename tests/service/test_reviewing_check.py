"""The box that says whether the log checks out: it names what is wrong, and where."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import text

from hub.service.reviewing_check import LogCheck
from hub.service.witnessing import Unwitnessed
from hub.store import review_check
from hub.store.appender import Log
from hub.store.engine import make_engine
from hub.store.tables import log_entry, log_side
from tests.service.reviewers import Office
from tests.store.conftest import log, log_url, make_log, signer  # noqa: F401  fixtures


@pytest.fixture
async def office(log: Log) -> Office:  # noqa: F811
    return Office(log)


async def test_the_log_checks_out(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.service.reviewing_check.EVERY", timedelta(0))
    for _ in range(5):
        await office.ask()
    check = LogCheck(office.log, Unwitnessed(office.log))
    first = await check.look()
    assert (first.ok, first.size, first.read, first.whole) == (True, 10, 0, first.at)
    await office.ask()
    again = await check.look()
    assert (again.ok, again.size, again.whole) == (True, 12, again.at)


async def test_a_long_log_is_read_again_bit_by_bit(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.service.reviewing_check.EVERY", timedelta(0))
    monkeypatch.setattr(review_check, "PIECE_ROWS", 4)
    for _ in range(5):
        await office.ask()
    check = LogCheck(office.log, Unwitnessed(office.log))
    assert [(each.read, each.whole is None) for each in [await check.look() for _ in range(2)]] == [
        (4, True),
        (8, True),
    ]
    await office.ask()  # it grows while it is read, and the end is reached all the same
    assert [(each.read, each.whole is None) for each in [await check.look() for _ in range(3)]] == [
        (0, False),
        (4, False),
        (8, False),
    ]


DAMAGE = [
    pytest.param('UPDATE log_entry SET body = :bytes WHERE "index" = 3', 3, "bytes", id="an entry edited"),
    pytest.param('UPDATE log_entry SET leaf_hash = :leaf WHERE "index" = 3', 3, "bytes", id="its hash edited"),
    pytest.param(
        'UPDATE log_entry SET body = :bytes, leaf_hash = :of_bytes WHERE "index" = 3', None, "signed", id="both"
    ),
    pytest.param('DELETE FROM log_entry WHERE "index" = 3', 3, "missing", id="an entry taken out"),
    pytest.param('DELETE FROM log_entry WHERE "index" = 9', 9, "missing", id="the newest taken out"),
    pytest.param("UPDATE log_head SET note = substr(note, 2)", None, "checkpoint", id="the checkpoint edited"),
    pytest.param("UPDATE log_head SET root = :leaf", None, "", id="the root edited"),
]


@pytest.mark.parametrize(("damage", "entry", "said"), DAMAGE)
async def test_it_says_what_is_wrong_and_where(
    office: Office,
    log_url: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    damage: str,
    entry: int | None,
    said: str,
) -> None:
    monkeypatch.setattr("hub.service.reviewing_check.EVERY", timedelta(0))
    monkeypatch.setattr(review_check, "PIECE_ROWS", 4)
    for _ in range(5):
        await office.ask()
    check = LogCheck(office.log, Unwitnessed(office.log))
    assert (await check.look()).ok
    engine = make_engine(log_url, 5.0)
    values = {"bytes": b"{}", "leaf": bytes(32), "of_bytes": hashlib.sha256(b"\0{}").digest()}
    with engine.begin() as connection:
        connection.execute(text(damage), {name: value for name, value in values.items() if f":{name}" in damage})
    found = [await check.look() for _ in range(4)][-1]
    assert not found.ok
    assert found.fault is not None
    assert said in found.fault.says
    assert found.fault.entry == entry
    with engine.begin() as connection:
        connection.execute(log_entry.delete().where(log_entry.c.index < 0))
    assert (await check.look()).fault == found.fault, "it stays until somebody has looked into it"
    engine.dispose()


async def test_a_log_that_was_rolled_back(office: Office, log_url: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr("hub.service.reviewing_check.EVERY", timedelta(0))
    await office.ask()
    check = LogCheck(office.log, Unwitnessed(office.log))
    engine = make_engine(log_url, 5.0)
    with engine.connect() as connection:
        head = connection.execute(text("SELECT size, frontier, root, at, note FROM log_head")).one()._asdict()
    await office.ask()
    assert (await check.look()).ok
    with engine.begin() as connection:
        connection.execute(text('DELETE FROM log_entry WHERE "index" >= 2'))
        connection.execute(log_side.delete())
        connection.execute(
            text("UPDATE log_head SET size = :size, frontier = :frontier, root = :root, at = :at, note = :note"), head
        )
    assert "rolled back" in (await check.look()).fault.says  # type: ignore[union-attr]
    engine.dispose()

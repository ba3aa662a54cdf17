"""The table of counts, on both databases."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select, text

from hub.errors import AuditUnavailable, ConfigurationError
from hub.policy.tables import Facts
from hub.store import tally
from hub.store.appender import Log
from hub.store.engine import make_engine
from hub.store.tables import decision_tally
from hub.store.tally import MONTHS_MAX, add, read
from tests.store.conftest import MakeLog

PLAIN = Facts("incident", "*", "ca1989-s47", "mash_social_worker", "yes")
SEALED = PLAIN._replace(labels="court_order privileged", child_not_stated="restricted_location", sector="police")


async def test_counts_add_up_over_flushes_months_and_hubs(log: Log, make_log: MakeLog, log_url: str) -> None:
    other = make_log()
    await other.start()
    assert await log.beside(lambda engine: add(engine, "2026-10", {PLAIN: 2, SEALED: 1})) == 0
    assert await other.beside(lambda engine: add(engine, "2026-10", {PLAIN: 3})) == 0
    assert await other.beside(lambda engine: add(engine, "2026-11", {SEALED: 10})) == 0
    assert read(log_url) == Counter({SEALED: 11, PLAIN: 5})
    assert list(read(log_url)) == [SEALED, PLAIN], "the most frequent first"
    assert read(log_url, "2026-11") == Counter({SEALED: 10})


async def test_two_hubs_that_flush_at_once_lose_nothing(log: Log, make_log: MakeLog, log_url: str) -> None:
    many = {PLAIN._replace(labels=f"word{number}"): 1 for number in range(200)}
    backwards = dict(reversed(many.items()))
    hubs = [log, make_log()]
    await hubs[1].start()
    await asyncio.gather(
        *(
            hub.beside(lambda engine, counted=counted: add(engine, "2026-11", counted))  # type: ignore[misc]
            for hub, counted in zip(hubs * 5, [many, backwards] * 5, strict=True)
        )
    )
    assert set(read(log_url).values()) == {10}


async def test_a_full_table_takes_no_new_rows_and_still_counts_the_known(
    log: Log, log_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "TALLY_ROWS_MAX", 2)
    new = {PLAIN._replace(labels=f"word{number}"): 7 for number in range(3)}
    assert await log.beside(lambda engine: add(engine, "2026-11", new)) == 7
    known = read(log_url)
    assert len(known) == 2
    assert await log.beside(lambda engine: add(engine, "2026-11", {**new, PLAIN: 1})) == 8
    assert set(read(log_url).values()) == {14}
    assert read(log_url).keys() == known.keys()


@pytest.mark.parametrize(
    ("now", "kept"),
    [
        pytest.param("2026-11", {"2025-11", "2025-12", "2026-11"}, id="thirteen months"),
        pytest.param("2026-12", {"2025-12", "2026-11", "2026-12"}, id="over the end of a year"),
        pytest.param("2026-10", {"2025-11", "2025-12", "2026-10", "2026-11"}, id="a clock put back"),
    ],
)
async def test_old_months_are_forgotten(log: Log, now: str, kept: set[str]) -> None:
    def months(engine: object) -> set[str]:
        with engine.connect() as connection:  # type: ignore[attr-defined]
            return set(connection.scalars(select(decision_tally.c.month)))

    for month in ("2025-10", "2025-11", "2025-12", "2026-11", now):
        await log.beside(lambda engine, month=month: add(engine, month, {PLAIN: 1}))  # type: ignore[misc]
    assert MONTHS_MAX == 13
    assert await log.beside(months) == kept


async def test_no_column_could_hold_a_person_or_a_day() -> None:
    assert {column.name for column in decision_tally.columns} == {
        *Facts._fields, "month", "key", "times"
    } - {"fields"}  # fmt: skip


async def test_a_table_that_is_gone_is_unavailable_and_costs_the_log_nothing(log: Log, log_url: str) -> None:
    engine = make_engine(log_url, 1.0)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE decision_tally"))
    engine.dispose()
    with pytest.raises(AuditUnavailable):
        await log.beside(lambda engine: add(engine, "2026-11", {PLAIN: 1}))
    assert (await log.check()).ok
    with pytest.raises(ConfigurationError, match="older"):
        read(log_url)


def test_reading_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not there"):
        read(f"sqlite:///{tmp_path / 'none.db'}")
    assert list(tmp_path.iterdir()) == []

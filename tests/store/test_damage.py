"""A log that was damaged or rolled back under a hub is neither continued nor vouched for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.audit.proof import verify_proof
from hub.audit.verify import Report
from hub.errors import AuditUnavailable, ConfigurationError
from hub.store.appender import Log
from hub.store.keys import load_or_create
from hub.store.tables import SCHEMA_VERSION
from tests.store.conftest import ORIGIN, MakeLog
from tests.store.making import ask_and_answer, refused
from tests.store.tampering import edit, read_all

Verify = Callable[..., Report]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("DELETE FROM log_tile", id="all-gone"),
        pytest.param('DELETE FROM log_tile WHERE "index" = 0', id="the-first-gone"),
        pytest.param('DELETE FROM log_tile WHERE "index" = 1', id="the-last-gone"),
        pytest.param(
            'UPDATE log_tile SET hash = (SELECT leaf_hash FROM log_entry WHERE "index" = 0)', id="other-hashes"
        ),
        pytest.param("UPDATE log_tile SET hash = substr(hash, 1, 31)", id="too-short"),
        pytest.param(
            'UPDATE log_tile SET hash = CASE "index" WHEN 0 THEN substr(hash, 1, 31) ELSE hash || substr(hash, 1, 1) END',
            id="as-long-together",
        ),
    ],
)
async def test_damaged_subtrees_cost_time_and_no_more(log: Log, log_url: str, damage: str) -> None:
    await asyncio.gather(*(log.append(refused(log)) for _ in range(600)))
    edit(log_url, damage)
    for index in (3, 300, 599):
        text = await log.proof(index)
        assert text is not None
        assert verify_proof(text.encode(), log.verifier)[0] == index


async def test_an_entry_that_is_gone_takes_no_proof_of_others_with_it(log: Log, log_url: str) -> None:
    await asyncio.gather(*(log.append(refused(log)) for _ in range(600)))
    edit(log_url, 'DELETE FROM log_entry WHERE "index" = 100')
    for index in (99, 100, 101):
        with pytest.raises(AuditUnavailable):
            await log.proof(index)
    text = await log.proof(300)
    assert text is not None
    assert verify_proof(text.encode(), log.verifier)[0] == 300


async def test_no_proof_is_given_of_what_was_not_signed(log: Log, log_url: str) -> None:
    await asyncio.gather(*(log.append(refused(log)) for _ in range(5)))
    edit(log_url, 'UPDATE log_entry SET leaf_hash = (SELECT root FROM log_head) WHERE "index" = 2')
    for index in (2, 3):
        with pytest.raises(AuditUnavailable):
            await log.proof(index)
    assert (await log.check()).ok


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM log_head",
        "UPDATE log_head SET size = 2",
        "UPDATE log_head SET size = 7",
        "UPDATE log_head SET frontier = root",
        'UPDATE log_head SET root = (SELECT leaf_hash FROM log_entry WHERE "index" = 1)',
    ],
)
async def test_nothing_is_appended_to_a_damaged_head(make_log: MakeLog, log_url: str, damage: str) -> None:
    log = make_log()
    await log.start()
    for _ in range(3):
        await log.append(refused(log))
    edit(log_url, damage)
    with pytest.raises(AuditUnavailable):
        await log.append(refused(log))
    if not damage.startswith("DELETE"):
        with pytest.raises(ConfigurationError, match="hub audit verify"):
            await make_log().start()
    assert await log.entry(3) is None


async def test_a_log_rolled_back_under_a_running_hub_is_not_continued(log: Log, log_url: str, verified: Verify) -> None:
    """A lagging copy takes over: its head is genuine and old."""
    await ask_and_answer(log)
    saved = read_all(log_url, "SELECT size, frontier, root, at, note FROM log_head")[0]
    await ask_and_answer(log)
    edit(log_url, 'DELETE FROM log_entry WHERE "index" >= 2')
    edit(
        log_url,
        "UPDATE log_head SET size = :a, frontier = :b, root = :c, at = :d, note = :e",
        **dict(zip("abcde", saved, strict=True)),
    )
    assert verified().ok, "nothing in the database tells"
    with pytest.raises(AuditUnavailable):
        await log.append(refused(log))


async def test_a_restored_backup_is_not_continued_after_a_restart(
    make_log: MakeLog, log_url: str, tmp_path: Path
) -> None:
    log = make_log()
    await log.start()
    await ask_and_answer(log)
    await log.close()
    for table in ("log_entry", "log_head", "log_open"):
        edit(log_url, f"DELETE FROM {table}")
    with pytest.raises(ConfigurationError, match="restored backup"):
        await make_log().start()
    (tmp_path / "key.head").unlink()  # the operator's word that this is meant
    log = make_log()
    await log.start()
    assert (await log.append(refused(log))).index == 0


async def test_another_key_cannot_continue_the_log(log: Log, log_url: str, tmp_path: Path) -> None:
    await ask_and_answer(log)
    other = Log(log_url, load_or_create(tmp_path / "other", ORIGIN))
    with pytest.raises(ConfigurationError, match="not signed by this hub's key"):
        await other.start()
    await other.close()


async def test_tables_of_another_version_are_left_alone(make_log: MakeLog, log_url: str) -> None:
    await make_log().start()
    edit(log_url, "UPDATE schema_version SET version = 9")
    with pytest.raises(ConfigurationError, match=f"version {SCHEMA_VERSION}"):
        await make_log().start()


async def test_tables_that_only_lack_what_was_added_since_are_brought_up_to_date(
    make_log: MakeLog, log_url: str
) -> None:
    await ask_and_answer(await started(make_log()))
    edit(log_url, "UPDATE schema_version SET version = 1")
    edit(log_url, "DROP TABLE judgement")
    log = await started(make_log())
    assert (await log.append(refused(log))).index == 2
    edit(log_url, "SELECT number FROM judgement")
    edit(log_url, "UPDATE schema_version SET version = 9")
    with pytest.raises(ConfigurationError, match="version 9"):
        await make_log().start()


async def started(log: Log) -> Log:
    await log.start()
    return log

"""Access that is taken away and given back: one transaction with its entry, and the entry tells of nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from hub.audit.acts import Officer, RegisterChange
from hub.audit.verify import Report
from hub.errors import AuditUnavailable, BadRequest
from hub.store import denials
from hub.store.appender import Log
from hub.store.denials import KeptDenial, NoSuchDenial, Wanted, allow, deny, digest, forget_ended, in_force
from hub.store.registered import last_logged, log_register
from tests.store.conftest import MakeLog

OFFICER = Officer("command-line", "testshire-council", None, "log_officer")
ISSUER = "https://login.testshire.example"
WORKER = "tc-0417"


def wanted(kind: str = "worker", value: str = WORKER, until: datetime | None = None) -> Wanted:
    return Wanted(kind, ISSUER, value, until, "left-the-agency")


async def listed(log: Log) -> list[KeptDenial]:
    now, _ = log.stamp()
    return list(await log.beside(lambda engine: in_force(engine, now)))


async def entry_of(log: Log, index: int) -> RegisterChange:
    stored = await log.entry(index)
    assert stored is not None
    assert isinstance(stored.entry, RegisterChange)
    return stored.entry


@pytest.mark.parametrize("kind", ["token", "worker", "client"])
async def test_a_denial_is_kept_with_its_entry(log: Log, kind: str) -> None:
    made = await deny(log, OFFICER, wanted(kind))
    assert await listed(log) == [made]
    entry = await entry_of(log, made.entry)
    assert (entry.act, entry.register) == (f"denied:{kind}", digest([made.ref]))


async def test_no_entry_says_who(log: Log) -> None:
    made = await deny(log, OFFICER, wanted())
    await allow(log, OFFICER, made.ref)
    for index in (made.entry, made.entry + 1):
        stored = await log.entry(index)
        assert stored is not None
        assert WORKER not in str(stored.entry)
    assert WORKER not in repr(made)


async def test_allowed_again_it_is_gone_and_both_entries_tell_the_list(
    log: Log, verified: Callable[..., Report]
) -> None:
    first, second = await deny(log, OFFICER, wanted()), await deny(log, OFFICER, wanted("client", "mash"))
    lifted = await allow(log, OFFICER, first.ref)
    assert await listed(log) == [second]
    entries = [await entry_of(log, index) for index in (first.entry, second.entry, lifted.entry)]
    assert [entry.register for entry in entries] == [
        digest([first.ref]),
        digest([first.ref, second.ref]),
        digest([second.ref]),
    ]
    assert entries[2].act == "allowed:worker"
    assert verified().ok


@pytest.mark.parametrize("ref", ["0" * 32, "", "' OR 1=1 --"])
async def test_what_is_not_denied_cannot_be_allowed(log: Log, ref: str) -> None:
    await deny(log, OFFICER, wanted())
    with pytest.raises(NoSuchDenial, match="hub access list"):
        await allow(log, OFFICER, ref)
    assert await log.entry(1) is None, "nothing was written"


async def test_it_ends_by_itself(log: Log) -> None:
    now = datetime.now(UTC)
    over = await deny(log, OFFICER, wanted("token", "j-1", now - timedelta(seconds=1)))
    lasting = await deny(log, OFFICER, wanted("token", "j-2", now + timedelta(hours=1)))
    assert [each.ref for each in await listed(log)] == [lasting.ref]
    with pytest.raises(NoSuchDenial):
        await allow(log, OFFICER, over.ref)
    assert await log.beside(lambda engine: forget_ended(engine, now)) == 1


async def test_two_commands_at_once_both_count_and_each_entry_tells_the_true_list(make_log: MakeLog) -> None:
    logs = [make_log(), make_log()]
    for each in logs:
        await each.start()
    made = await asyncio.gather(*(deny(logs[n % 2], OFFICER, wanted("token", f"j-{n}")) for n in range(3)))
    assert len(await listed(logs[0])) == 3
    in_order = sorted(made, key=lambda each: each.entry)
    for count, each in enumerate(in_order, start=1):
        assert (await entry_of(logs[0], each.entry)).register == digest(one.ref for one in in_order[:count])


async def test_the_list_has_an_end(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(denials, "DENIALS_MAX", 1)
    await deny(log, OFFICER, wanted())
    with pytest.raises(BadRequest) as refusal:
        await deny(log, OFFICER, wanted("client", "mash"))
    assert refusal.value.code == "DENIALS_TOO_MANY"


async def test_a_log_that_takes_no_entry_changes_nothing(log: Log) -> None:
    def shut(_: object) -> None:
        raise AuditUnavailable

    log.gate = shut
    with pytest.raises(AuditUnavailable):
        await deny(log, OFFICER, wanted())
    assert await listed(log) == []


ONE, TWO = "1" * 64, "2" * 64


async def test_a_register_is_logged_when_it_changes_and_only_then(make_log: MakeLog) -> None:
    first, second = make_log(), make_log()
    await first.start()
    await second.start()
    assert await first.beside(last_logged) is None
    assert await log_register(first, OFFICER, ONE) == 0
    assert await log_register(second, OFFICER, ONE) is None
    assert await log_register(second, OFFICER, TWO, "put") == 1
    assert await log_register(first, OFFICER, ONE) == 2
    assert await first.beside(last_logged) == ONE
    assert [(await entry_of(first, n)).register for n in range(3)] == [ONE, TWO, ONE]
    assert (await entry_of(first, 1)).act == "put"


async def test_processes_that_see_one_change_at_once_log_it_once(make_log: MakeLog) -> None:
    logs = [make_log() for _ in range(3)]
    for each in logs:
        await each.start()
    logged = await asyncio.gather(*(log_register(each, OFFICER, ONE) for each in logs for _ in range(3)))
    assert [index for index in logged if index is not None] == [0]

"""Access that was taken away is gone within a minute, and a list that cannot be read lets nobody in."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from hub.access.denials import BELIEVED_SECONDS, READ_EVERY_SECONDS, Denial, Denials, Denied
from hub.access.token import VerifiedToken
from hub.errors import AuditUnavailable, Unauthenticated

ISSUER = "https://login.testshire.example"
TOKEN = VerifiedToken(ISSUER, "testshire-mash", "tc-0417", "j-1", 0, 300)


class Table:
    """The list as the database has it, and how often it was read."""

    def __init__(self) -> None:
        self.rows: list[Denial] = []
        self.reads = 0
        self.is_down = False
        self.seconds = 0.0

    async def read(self) -> list[Denial]:
        self.reads += 1
        await asyncio.sleep(0)
        if self.is_down:
            raise AuditUnavailable
        return list(self.rows)

    def clock(self) -> float:
        return self.seconds


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def denials(table: Table) -> Denials:
    return Denials(table.read, table.clock)


DENIED = [
    pytest.param(Denial(Denied.TOKEN, ISSUER, "j-1"), True, id="this token"),
    pytest.param(Denial(Denied.WORKER, ISSUER, "tc-0417"), True, id="this worker"),
    pytest.param(Denial(Denied.CLIENT, ISSUER, "testshire-mash"), True, id="this client"),
    pytest.param(Denial(Denied.TOKEN, ISSUER, "j-2"), False, id="another token"),
    pytest.param(Denial(Denied.WORKER, ISSUER, "j-1"), False, id="a worker called like the token"),
    pytest.param(Denial(Denied.CLIENT, ISSUER, "tc-0417"), False, id="a client called like the worker"),
    pytest.param(Denial(Denied.WORKER, "https://other.example", "tc-0417"), False, id="another issuer's worker"),
]


@pytest.mark.parametrize(("denied", "is_refused"), DENIED)
async def test_who_is_denied(table: Table, denials: Denials, denied: Denial, is_refused: bool) -> None:
    table.rows.append(denied)
    if not is_refused:
        await denials.check(TOKEN)
        return
    with pytest.raises(Unauthenticated) as refusal:
        await denials.check(TOKEN)
    assert refusal.value.code == "TOKEN_REVOKED"
    for piece in ("tc-0417", "j-1", "mash"):
        assert piece not in refusal.value.message


async def test_a_system_without_a_worker_is_denied_by_either_name(table: Table, denials: Denials) -> None:
    table.rows.append(Denial(Denied.WORKER, ISSUER, "testshire-mash"))
    with pytest.raises(Unauthenticated):
        await denials.check(dataclasses.replace(TOKEN, subject="testshire-mash"))


async def test_the_list_is_not_read_for_each_token(table: Table, denials: Denials) -> None:
    for _ in range(10):
        await denials.check(TOKEN)
    assert table.reads == 1


async def test_a_denial_is_honoured_once_the_list_is_too_old_to_be_believed(table: Table, denials: Denials) -> None:
    await denials.check(TOKEN)
    table.rows.append(Denial(Denied.TOKEN, ISSUER, "j-1"))
    table.seconds = BELIEVED_SECONDS
    await denials.check(TOKEN)
    table.seconds += 0.1
    with pytest.raises(Unauthenticated):
        await denials.check(TOKEN)
    assert READ_EVERY_SECONDS < BELIEVED_SECONDS < 60


async def test_a_list_that_was_never_read_lets_nobody_in(table: Table, denials: Denials) -> None:
    table.is_down = True
    with pytest.raises(AuditUnavailable):
        await denials.check(TOKEN)


async def test_a_list_that_cannot_be_read_is_believed_for_a_while_and_then_not(table: Table, denials: Denials) -> None:
    await denials.check(TOKEN)
    table.is_down = True
    table.seconds = BELIEVED_SECONDS
    await denials.check(TOKEN)
    table.seconds += 0.1
    with pytest.raises(AuditUnavailable):
        await denials.check(TOKEN)
    table.is_down = False
    await denials.check(TOKEN)


async def test_many_who_wait_share_one_reading(table: Table, denials: Denials) -> None:
    await asyncio.gather(*(denials.check(TOKEN) for _ in range(20)))
    assert table.reads == 1


async def test_in_the_background_it_is_read_again_also_after_a_failure(
    table: Table, denials: Denials, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("hub.access.denials.READ_EVERY_SECONDS", 0.001)
    table.is_down = True
    running = asyncio.create_task(denials.run())
    while table.reads < 2:
        await asyncio.sleep(0.001)
    table.is_down = False
    before = table.reads
    while table.reads < before + 2:
        await asyncio.sleep(0.001)
    running.cancel()
    await denials.check(TOKEN)
    assert "could not be read" in caplog.text

"""What the witnesses said, kept beside the log: the newest stays, whoever was slower, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from sqlalchemy import Engine

from hub.audit.proof import verify_proof
from hub.errors import AuditUnavailable
from hub.store import cosignatures
from hub.store.appender import Log
from hub.store.cosignatures import Kept, Quorum
from tests.store.conftest import MakeLog
from tests.store.making import refused
from tests.store.tampering import edit

T = datetime(2026, 11, 20, 16, 41, tzinfo=UTC)
LATER = T + timedelta(minutes=1)
COUNCIL = "witness.council.example+0123abcd+BA=="
POLICE = "witness.police.example+0123abcd+BA=="

Answer = TypeVar("Answer")


async def do(log: Log, function: Callable[..., Answer], *arguments: object) -> Answer:
    def work(engine: Engine) -> Answer:
        return function(engine, *arguments)

    return await log.beside(work)


async def kept(log: Log) -> dict[str, Kept]:
    return await do(log, cosignatures.read_kept)


async def quorum(log: Log) -> Quorum | None:
    return await do(log, cosignatures.read_quorum)


class TestCosignature:
    async def test_each_witness_has_its_own(self, log: Log) -> None:
        assert await kept(log) == {}
        await do(log, cosignatures.keep_cosignature, COUNCIL, 3, T, "one")
        await do(log, cosignatures.keep_cosignature, POLICE, 4, LATER, "two")
        assert await kept(log) == {COUNCIL: Kept(3, T, "one", None), POLICE: Kept(4, LATER, "two", None)}

    @pytest.mark.parametrize(
        ("size", "at", "stays"),
        [
            pytest.param(3, LATER, "new", id="same size, later"),
            pytest.param(4, T, "new", id="larger"),
            pytest.param(4, T - timedelta(hours=1), "new", id="larger, by a clock put back"),
            pytest.param(2, LATER, "old", id="smaller: another hub was quicker"),
            pytest.param(3, T - timedelta(seconds=1), "old", id="same size, earlier"),
        ],
    )
    async def test_the_newest_stays(self, log: Log, size: int, at: datetime, stays: str) -> None:
        await do(log, cosignatures.keep_cosignature, COUNCIL, 3, T, "old")
        await do(log, cosignatures.keep_cosignature, COUNCIL, size, at, "new")
        assert (await kept(log))[COUNCIL].line == stays

    async def test_a_dispute_stays_beside_it_until_the_witness_cosigns_again(self, log: Log, make_log: MakeLog) -> None:
        await do(log, cosignatures.keep_cosignature, COUNCIL, 3, T, "line")
        await do(log, cosignatures.keep_dispute, COUNCIL, "larger")
        await do(log, cosignatures.keep_dispute, POLICE, "other")
        restarted = make_log()
        await restarted.start()
        assert {name: (one.size, one.dispute) for name, one in (await kept(restarted)).items()} == {
            COUNCIL: (3, "larger"),
            POLICE: (0, "other"),
        }
        await do(log, cosignatures.keep_cosignature, COUNCIL, 4, LATER, "line")
        await do(log, cosignatures.keep_cosignature, POLICE, 4, LATER, "line")
        assert {one.dispute for one in (await kept(log)).values()} == {None}


class TestQuorum:
    async def test_a_new_log_counts_from_its_first_start(self, log: Log, make_log: MakeLog) -> None:
        assert await quorum(log) is None
        assert await do(log, cosignatures.last_quorum, T) == Quorum(T)
        again = make_log()
        await again.start()
        assert await do(again, cosignatures.last_quorum, LATER) == Quorum(T)

    async def test_the_newest_is_kept_over_a_restart(self, log: Log, make_log: MakeLog) -> None:
        await do(log, cosignatures.keep_quorum, Quorum(T, 0, "nothing yet"))
        await do(log, cosignatures.keep_quorum, Quorum(LATER, 5, "five"))
        again = make_log()
        await again.start()
        assert await quorum(again) == Quorum(LATER, 5, "five")

    async def test_of_a_larger_one_only_the_time_changes(self, log: Log) -> None:
        await do(log, cosignatures.keep_quorum, Quorum(T, 5, "five"))
        await do(log, cosignatures.keep_quorum, Quorum(LATER, 4, "four"))
        assert await quorum(log) == Quorum(LATER, 5, "five")

    async def test_the_same_size_again_brings_the_newer_cosignatures(self, log: Log) -> None:
        await do(log, cosignatures.keep_quorum, Quorum(T, 5, "two of three"))
        await do(log, cosignatures.keep_quorum, Quorum(LATER, 5, "three of three"))
        assert await quorum(log) == Quorum(LATER, 5, "three of three")

    async def test_a_clock_put_back_does_not_hide_silence(self, log: Log) -> None:
        await do(log, cosignatures.keep_quorum, Quorum(LATER, 5, "five"))
        assert await do(log, cosignatures.last_quorum, T) == Quorum(T, 5, "five")
        assert await do(log, cosignatures.last_quorum, LATER) == Quorum(T, 5, "five")

    async def test_two_hubs_that_start_at_once_agree(self, log: Log, make_log: MakeLog) -> None:
        other = make_log()
        await other.start()
        both = [do(each, cosignatures.last_quorum, T) for each in (log, other) for _ in range(4)]
        assert set(await asyncio.gather(*both)) == {Quorum(T)}


class TestProof:
    async def test_under_the_quorum_s_checkpoint_where_it_covers_the_entry_else_under_the_head(self, log: Log) -> None:
        for _ in range(3):
            await log.append(refused(log))
        note = await log.checkpoint()
        await do(log, cosignatures.keep_quorum, Quorum(T, 3, note))
        await log.append(refused(log))
        proofs = [await do(log, cosignatures.read_witnessed_proof, index) for index in range(5)]
        assert proofs.pop() is None
        sizes = [verify_proof(str(text).encode(), log.verifier) for text in proofs]
        assert [(index, signed.size) for index, signed in sizes] == [(0, 3), (1, 3), (2, 3), (3, 4)]
        assert str(proofs[0]).endswith(note)

    async def test_under_the_head_where_there_never_was_a_quorum(self, log: Log) -> None:
        await log.append(refused(log))
        for begun in (False, True):
            if begun:
                await do(log, cosignatures.last_quorum, T)
            text = await do(log, cosignatures.read_witnessed_proof, 0)
            assert verify_proof(str(text).encode(), log.verifier)[0] == 0

    @pytest.mark.parametrize(
        "damage",
        [
            pytest.param("UPDATE log_quorum SET note = 'no note'", id="not a checkpoint"),
            pytest.param(
                'UPDATE log_entry SET leaf_hash = (SELECT root FROM log_head) WHERE "index" = 0',
                id="the log is not what was cosigned",
            ),
        ],
    )
    async def test_none_is_given_that_does_not_check_out(self, log: Log, log_url: str, damage: str) -> None:
        for _ in range(3):
            await log.append(refused(log))
        await do(log, cosignatures.keep_quorum, Quorum(T, 3, await log.checkpoint()))
        edit(log_url, damage)
        for index in (0, 1):  # 2 stands beside the subtree of both, and the head still has its hash as it was
            with pytest.raises(AuditUnavailable):
                await do(log, cosignatures.read_witnessed_proof, index)

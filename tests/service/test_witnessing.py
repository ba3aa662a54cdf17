"""The hub's side of witnessing, over simulated witnesses at the HTTP edge and a clock to set."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

import pytest

from hub.audit.cosigned import open_cosigned
from hub.audit.proof import verify_proof
from hub.connectors.base import Deadline, Fetched
from hub.domain.people import Candidate
from hub.errors import AuditUnavailable, Forbidden
from hub.service.witness_state import State, WitnessesSilent
from hub.service.witnessing import Unwitnessed
from tests.service.conftest import Bench, MakeLog
from tests.service.custodians import Bendable, council, health
from tests.service.witnesses import WAYS, Clock, Simulated, grow, policy_of, said, watching
from tests.store.making import abandoned, question, refused
from tests.store.tampering import edit


class TestQuorum:
    async def test_three_cosign_and_anybody_can_check_it(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock
    ) -> None:
        log = make_log()
        hub = watching(log, three, clock)
        await hub.start()
        await grow(log, 5)
        await hub.round()
        await grow(log)
        cosigned = open_cosigned(
            (await hub.checkpoint()).encode(),
            log.verifier,
            policy_of(three),
            now=int(clock.now.timestamp()),
            age_max=300,
        )
        assert (cosigned.checkpoint.size, set(cosigned.times)) == (5, {"council", "police", "nhs"})
        proofs = [verify_proof(str(await hub.proof(index)).encode(), log.verifier)[1].size for index in range(6)]
        assert proofs == [5, 5, 5, 5, 5, 6], "the last entry is not cosigned yet: its proof is under the head"
        assert hub.shown() == {
            "state": "witnessed",
            "quorum": {"at": "2026-11-20T16:41:00Z", "size": 5},
            "witnesses": dict.fromkeys(("council", "police", "nhs"), "cosigned"),
        }

    async def test_a_log_that_did_not_grow_is_cosigned_again(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock
    ) -> None:
        log = make_log()
        hub = watching(log, three, clock)
        await hub.start()
        await grow(log)
        for _ in range(2):
            clock.forward(hours=1)
            await hub.round()
        cosigned = open_cosigned(
            (await hub.checkpoint()).encode(), log.verifier, policy_of(three), now=int(clock().timestamp()), age_max=1
        )
        assert cosigned.checkpoint.size == 1
        assert hub.state is State.WITNESSED

    @pytest.mark.parametrize("fault", WAYS)
    async def test_one_that_fails_costs_its_own_cosignature_and_says_why(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock, fault: str
    ) -> None:
        log = make_log()
        hub = watching(log, three, clock)
        await hub.start()
        await grow(log, 3)
        three[0].fault = fault
        clock.forward(minutes=14)
        await hub.round()
        assert hub.state is State.WITNESSED
        assert "witness.council.example" not in await hub.checkpoint()
        assert (await hub.checkpoint()).count("\n\u2014 ") == 3, "the log's and two witnesses'"
        why = said(hub)["council"]
        assert why not in ("cosigned", "not asked yet", "")
        assert not any(word in why for word in ("127.0.0.1", "html", "Traceback")), "nothing that it sent is repeated"

    @pytest.mark.parametrize("fault", WAYS)
    async def test_two_that_fail_are_no_quorum_and_no_dispute(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock, fault: str
    ) -> None:
        log = make_log()
        hub = watching(log, three, clock)
        await hub.start()
        first = await hub.checkpoint()
        await grow(log, 3)
        three[0].fault = three[1].fault = fault
        clock.forward(minutes=15)
        await hub.round()
        assert hub.state is State.LATE
        assert await hub.checkpoint() == first
        assert hub.serves
        three[0].fault = ""
        await hub.round()
        assert hub.state is State.WITNESSED

    async def test_the_quorum_is_there_while_one_still_hangs(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock
    ) -> None:
        log = make_log()
        hub = watching(log, three, clock, ask_seconds=600.0)
        await hub.start()
        await grow(log)
        three[1].fault = "hangs"
        task = asyncio.create_task(hub.round())
        while "\n1\n" not in await hub.checkpoint():
            assert not task.done()
            await asyncio.sleep(0.01)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def test_those_that_do_not_listen_do_not_keep_the_hub_from_starting(
        self, make_log: MakeLog, clock: Clock
    ) -> None:
        log = make_log()
        hub = watching(log, [Simulated("council", clock, port=9), Simulated("police", clock, port=9)], clock)
        await hub.start()
        await grow(log)
        assert hub.state is State.WITNESSED
        assert await hub.checkpoint() == await log.checkpoint()

    async def test_the_loop_goes_on_whatever_a_round_meets(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        log = make_log()
        hub = watching(log, three, clock)
        await hub.start()
        await grow(log)
        edit(f"sqlite:///{log._engine.url.database}", "ALTER TABLE log_quorum RENAME TO elsewhere")
        await hub.round()
        assert "the witnesses could not be asked" in caplog.text
        edit(f"sqlite:///{log._engine.url.database}", "ALTER TABLE elsewhere RENAME TO log_quorum")
        await hub.round()
        assert hub.shown()["quorum"] == {"at": "2026-11-20T16:41:00Z", "size": 1}


class TestSilence:
    """15 minutes are an alarm, 4 hours the end, and a quorum ends both."""

    async def test_the_states_of_a_long_silence(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        log = make_log()
        hub = watching(log, three, clock)
        await hub.start()
        for each in three[1:]:
            each.fault = "HTTP 500"
        caplog.clear()
        seen = []
        for minutes in (14, 1, 1, 223, 1, 1):
            clock.forward(minutes=minutes)
            await hub.round()
            seen.append((str(hub.state), hub.serves))
        assert seen == [("witnessed", True)] + [("late", True)] * 3 + [("silent", False)] * 2
        alarms = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
        assert [each.split(":")[0] for each in alarms] == ["WITNESSES_LATE", "WITNESSES_SILENT"], "each is told once"
        assert "WITNESS_FAILED police: it answered HTTP 500" in caplog.text
        assert hub.shown()["code"] == "WITNESSES_SILENT"
        three[1].fault = ""
        await hub.round()
        assert (hub.state, hub.serves) == (State.WITNESSED, True)
        assert "the log is witnessed again" in caplog.text

    async def test_it_stops_on_time_though_no_round_comes_to_its_end(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock
    ) -> None:
        log = make_log()
        await watching(log, three, clock).start()
        clock.forward(hours=3, minutes=59)
        await log.append(question(log))
        clock.forward(minutes=1)
        with pytest.raises(WitnessesSilent):
            await log.append(question(log))

    async def test_what_was_begun_is_still_ended_and_refusals_recorded(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock
    ) -> None:
        log = make_log()
        await watching(log, three, clock).start()
        asked = await log.append(question(log))
        clock.forward(hours=4)
        await log.append(refused(log))
        await log.append(abandoned(log, asked.index))

    @pytest.mark.parametrize(
        ("down_for", "state"),
        [({"hours": 3, "minutes": 59}, State.LATE), ({"hours": 4}, State.SILENT), ({"days": 30}, State.SILENT)],
        ids=["3 h 59", "4 h", "a month"],
    )
    async def test_a_restart_does_not_start_the_clock_anew(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock, down_for: dict[str, float], state: State
    ) -> None:
        await watching(make_log(), three, clock).start()
        for each in three:
            each.fault = "HTTP 500"
        clock.forward(**down_for)
        again = watching(make_log(), three, clock)
        await again.start()
        assert again.state is state

    async def test_a_new_log_that_was_never_witnessed_counts_from_its_first_start(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock
    ) -> None:
        for each in three:
            each.fault = "hangs"
        for hours, state in ((0, State.WITNESSED), (2, State.LATE), (2, State.SILENT)):
            clock.forward(hours=hours)
            hub = watching(make_log(), three, clock)
            await hub.start()
            assert hub.state is state

    async def test_a_clock_put_back_does_not_hide_silence(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock
    ) -> None:
        hub = watching(make_log(), three, clock)
        await hub.start()
        for each in three:
            each.fault = "HTTP 500"
        clock.forward(days=-300)
        await hub.round()
        clock.forward(hours=4)
        await hub.round()
        assert hub.state is State.SILENT

    async def test_a_quorum_that_another_hub_got_counts(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock
    ) -> None:
        cut_off = watching(make_log(), [Simulated(each.name, clock, port=9) for each in three], clock)
        await cut_off.start()
        other = watching(make_log(), three, clock)
        await other.start()
        clock.forward(hours=5)
        await other.round()
        await cut_off.round()
        assert cut_off.state is State.WITNESSED


class TestQuestions:
    """Promise 1 with witnesses: nothing fetched and nothing released while they are silent."""

    async def test_silent_nobody_is_asked(self, bench: Bench, three: list[Simulated], clock: Clock) -> None:
        hub = watching(bench.log, three, clock)
        bench.log.gate = hub.gate
        await hub.round()
        clock.forward(hours=4)
        custodian = council()
        with pytest.raises(WitnessesSilent) as told:
            await bench.ask(custodian)
        assert (custodian.calls, await bench.kinds()) == ([], [])
        assert (told.value.http_status, told.value.code) == (503, "WITNESSES_SILENT")
        assert "telephone" in told.value.message
        with pytest.raises(Forbidden):
            await bench.ask(custodian, purposes=frozenset())
        assert await bench.kinds() == ["Refused"]
        await hub.round()
        assert (await bench.ask(custodian)).log_entry == 2

    async def test_silent_while_a_custodian_answers_nothing_is_released(
        self, bench: Bench, three: list[Simulated], clock: Clock
    ) -> None:
        class Slow(Bendable):
            async def fetch(self, who: Candidate, pointers: Any, deadline: Deadline) -> Any:
                clock.forward(hours=4)
                answer = await super().fetch(who, pointers, deadline)
                assert isinstance(answer, Fetched)
                return answer

        hub = watching(bench.log, three, clock)
        bench.log.gate = hub.gate
        await hub.round()
        slow = council()
        with pytest.raises(AuditUnavailable):
            await bench.ask(Slow(slow.custodian, slow.held), health())
        assert await bench.kinds() == ["Question"]
        assert await bench.log.abandon_stale(0) == 1


async def test_without_witnesses_nothing_changes(make_log: MakeLog) -> None:
    log = make_log()
    hub = Unwitnessed(log)
    await hub.start()
    await hub.run()
    await grow(log)
    assert hub.serves
    assert hub.shown() == {"state": "not witnessed"}
    assert await hub.checkpoint() == await log.checkpoint()
    assert verify_proof(str(await hub.proof(0)).encode(), log.verifier)[0] == 0

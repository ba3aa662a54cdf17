"""The hub's side of witnessing, over simulated witnesses at the HTTP edge and a clock to set."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hub.audit.cosigned import open_cosigned
from hub.audit.proof import verify_proof
from hub.connectors.base import Deadline, Fetched
from hub.domain.people import Candidate
from hub.errors import AuditUnavailable, ConfigurationError, Forbidden
from hub.service.witness_state import State, WitnessesDisagree, WitnessesSilent
from hub.service.witnessing import Unwitnessed, Witnessing
from hub.store.appender import Log
from hub.store.keys import load_or_create
from tests.service.conftest import Bench
from tests.service.custodians import Bendable, council, health
from tests.service.witnesses import WAYS, Clock, Simulated, policy_of, serving
from tests.store.making import abandoned, question, refused
from tests.store.tampering import edit, read_all

MakeLog = Callable[[], Log]


@pytest.fixture
async def make_log(tmp_path: Path) -> AsyncIterator[MakeLog]:
    """Makes logs on one database, as several hubs have them, or one hub that starts again."""
    made: list[Log] = []

    def make() -> Log:
        key = load_or_create(tmp_path / "log.key", "hub.test/log")
        made.append(Log(f"sqlite:///{tmp_path / 'log.db'}", key, wait_seconds=2.0))
        return made[-1]

    yield make
    for each in made:
        await each.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def three(clock: Clock) -> AsyncIterator[list[Simulated]]:
    witnesses = [Simulated(name, clock) for name in ("council", "police", "nhs")]
    async with serving(*witnesses):
        yield witnesses


MADE: list[Witnessing] = []


@pytest.fixture(autouse=True)
async def _closed() -> AsyncIterator[None]:
    yield
    while MADE:
        await MADE.pop()._rounds.close()


def watching(log: Log, witnesses: list[Simulated], clock: Clock, *, needed: int = 2, **more: Any) -> Witnessing:
    MADE.append(Witnessing(log, policy_of(witnesses, needed), clock=clock, **{"ask_seconds": 0.3, **more}))
    return MADE[-1]


async def grow(log: Log, by: int = 1) -> None:
    for _ in range(by):
        await log.append(refused(log))


def said(witnessing: Witnessing) -> dict[str, str]:
    shown: Any = witnessing.shown()["witnesses"]
    return dict(shown)


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
        assert "police: it answered HTTP 500" in alarms[0]
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


class TestSeveralHubs:
    async def test_a_witness_that_another_hub_showed_a_newer_head_is_no_rollback(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock
    ) -> None:
        log, other = make_log(), make_log()
        hub, second = watching(log, three, clock), watching(other, three, clock)
        await hub.start()
        await second.start()

        async def quicker() -> None:
            await grow(other, 2)
            await second.round()

        await grow(log)
        three[0].meanwhile = quicker
        await hub.round()
        assert hub.state is State.WITNESSED
        assert hub.shown()["quorum"] == {"at": "2026-11-20T16:41:00Z", "size": 3}
        assert set(said(hub).values()) == {"cosigned"}

    async def test_many_rounds_at_once_agree(self, make_log: MakeLog, three: list[Simulated], clock: Clock) -> None:
        logs = [make_log() for _ in range(3)]
        hubs = [watching(log, three, clock) for log in logs]
        for hub in hubs:
            await hub.start()
        for _ in range(5):
            await asyncio.gather(*(grow(log) for log in logs), *(hub.round() for hub in hubs))
        await hubs[0].round()
        assert {hub.state for hub in hubs} == {State.WITNESSED}
        assert hubs[0].shown()["quorum"] == {"at": "2026-11-20T16:41:00Z", "size": 15}


class TestAnotherLog:
    """A restored backup, a lagging copy, a rewritten log: the witnesses know, and the hub stops at once."""

    @pytest.fixture
    async def grown(self, make_log: MakeLog, three: list[Simulated], clock: Clock) -> Log:
        """A log of five entries that three witnesses have cosigned at three and at five."""
        log = make_log()
        hub = watching(log, three, clock)
        await hub.start()
        await grow(log, 3)
        self.saved = read_all(f"sqlite:///{log._engine.url.database}", "SELECT * FROM log_head")[0]
        await hub.round()
        await grow(log, 2)
        await hub.round()
        return log

    def restore(self, log: Log) -> None:
        """Make the database what a backup taken at three entries would be. The key's own memory goes as well."""
        url = f"sqlite:///{log._engine.url.database}"
        edit(url, 'DELETE FROM log_entry WHERE "index" >= 3')
        edit(url, "DELETE FROM log_cosignature")
        names = ("size", "frontier", "root", "at", "note")
        changes = ", ".join(f"{name} = :{name}" for name in names)
        edit(url, f"UPDATE log_head SET {changes}", **dict(zip(names, self.saved[1:], strict=True)))
        for each in Path(str(log._engine.url.database)).parent.glob("log.key.*"):
            if each.suffix != ".pub":
                each.unlink()

    async def test_a_restored_older_database_does_not_start(
        self, make_log: MakeLog, grown: Log, three: list[Simulated], clock: Clock
    ) -> None:
        await grown.close()
        self.restore(grown)
        log = make_log()
        with pytest.raises(
            ConfigurationError, match=r"more entries than the database holds \(5, and it holds 3\)"
        ) as no:
            await watching(log, three, clock).start()
        assert (no.value.code, "docs/runbook.md" in no.value.message) == ("WITNESSES_DISAGREE", True)
        with pytest.raises(AuditUnavailable):
            await grow(log)

    async def test_one_witness_that_knows_better_is_enough(
        self, make_log: MakeLog, grown: Log, three: list[Simulated], clock: Clock
    ) -> None:
        await grown.close()
        self.restore(grown)
        for each in three[:2]:
            each.fault = "hangs"
        with pytest.raises(ConfigurationError, match="nhs"):
            await watching(make_log(), three, clock).start()

    async def test_an_empty_database_in_place_of_the_log_does_not_start(
        self, tmp_path: Path, grown: Log, three: list[Simulated], clock: Clock
    ) -> None:
        (tmp_path / "log.key.head").unlink(missing_ok=True)
        key = load_or_create(tmp_path / "log.key", "hub.test/log")
        with pytest.raises(ConfigurationError, match=r"\(5, and it holds 0\)"):
            await watching(Log(f"sqlite:///{tmp_path / 'new.db'}", key), three, clock).start()

    @pytest.mark.parametrize(
        ("fault", "smaller"),
        [
            pytest.param("", 0, id="another tree of the same size"),
            pytest.param("says no more", 0, id="another tree of the same size, a witness that does not repeat it"),
            pytest.param("", 2, id="another tree of a smaller size"),
        ],
    )
    async def test_a_fork_does_not_start(
        self,
        make_log: MakeLog,
        grown: Log,
        three: list[Simulated],
        clock: Clock,
        fault: str,
        smaller: int,
    ) -> None:
        three[2].fault, three[2].size, three[2].root = fault, 5 - smaller, b"\x07" * 32
        with pytest.raises(ConfigurationError, match="other entries than the database holds"):
            await watching(make_log(), three, clock).start()

    async def test_found_out_later_it_stops_at_once_and_nothing_at_all_is_written(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        log = make_log()
        hub = watching(log, three, clock)
        await hub.start()
        await grow(log, 3)
        three[1].size = 9
        await hub.round()
        assert (hub.state, hub.serves) == (State.DISPUTED, False)
        for entry in (question(log), refused(log)):
            with pytest.raises(WitnessesDisagree):
                await log.append(entry)
        assert "WITNESSES_DISAGREE: no question is answered: witness police" in caplog.text
        assert hub.shown()["code"] == "WITNESSES_DISAGREE"
        assert await log.entry(3) is None

    async def test_it_is_remembered_though_the_witness_is_out_of_reach_now(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock
    ) -> None:
        hub = watching(make_log(), three, clock)
        await hub.start()
        three[1].size = 9
        await hub.round()
        three[1].fault = "hangs"
        again = make_log()
        with pytest.raises(ConfigurationError, match="police"):
            await watching(again, three, clock).start()
        without = watching(make_log(), [three[0], three[2]], clock)
        await without.start()
        assert without.state is State.WITNESSED, "the partnership took it out of the policy"

    async def test_it_ends_when_the_witness_cosigns_again(
        self, make_log: MakeLog, three: list[Simulated], clock: Clock
    ) -> None:
        hub = watching(make_log(), three, clock)
        await hub.start()
        three[1].size = 9
        await hub.round()
        three[1].size = 0
        await hub.round()
        assert hub.state is State.WITNESSED


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

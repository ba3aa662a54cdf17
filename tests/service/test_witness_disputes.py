"""Several hubs on one log are no rollback; a restored backup, a lagging copy and a rewritten log are found out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.errors import AuditUnavailable, ConfigurationError
from hub.service.witness_state import State, WitnessesDisagree
from hub.store.appender import Log
from hub.store.keys import load_or_create
from tests.service.conftest import MakeLog
from tests.service.witnesses import Clock, Simulated, grow, said, watching
from tests.store.making import question, refused
from tests.store.tampering import edit, read_all


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

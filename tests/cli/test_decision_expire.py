"""``hub decision expire``: what ended long ago goes, what is on hold stays, and the log has it in references."""
# ruff: noqa: F811 - the fixtures

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.audit.acts import Officer
from hub.store.holds import SET, hold, make_hold
from tests.cli.test_decision import Run, recording, run, settings  # noqa: F401  fixtures
from tests.policy.judged import judgement
from tests.store.tampering import read_all


class TestExpire:
    def test_what_ended_long_ago_is_erased_and_the_log_says_so(self, run: Run, settings: Path) -> None:
        now = datetime.now(UTC)

        async def record() -> None:
            async with recording(settings.parent) as store:
                for name, days in (("a", -40), ("b", -20), ("c", 1)):
                    ends = now + timedelta(days=days)
                    await store.record(judgement(id=name * 32, review_at=ends, expires_at=ends), now)

        asyncio.run(record())
        by = ("--by", "Rowan Achebe")
        assert run("expire", "--older-than-days", "30", *by)[:2] == (
            0,
            "1 decisions were erased; 0 are kept by a legal hold.\n",
        )
        assert [line.split()[0] for line in run("list")[1].splitlines()[1:]] == ["b" * 32, "c" * 32]
        url = f"sqlite:///{settings.parent / 'log.db'}"
        (told,) = read_all(url, 'SELECT body FROM log_entry WHERE "index" = 3')
        assert b'"act":"erased","judgement":"aaaa' in bytes(told[0])  # type: ignore[call-overload]
        assert read_all(url, f"SELECT * FROM judgement WHERE ref = '{'a' * 32}'") == []

    def test_what_is_on_hold_is_kept(self, run: Run, settings: Path) -> None:
        past = datetime.now(UTC) - timedelta(days=40)

        async def record() -> None:
            async with recording(settings.parent) as store:
                await store.record(judgement(review_at=past, expires_at=past), past)
                log = store._log
                assert log is not None
                subject = await log.reference("subject", "local:testshire-police/P-77")
                officer = Officer("command-line", "testshire-council", None, "log_officer")
                await hold(log, make_hold(log, SET, officer, subject, "inquest"))

        asyncio.run(record())
        status, out, _ = run("expire", "--older-than-days", "30", "--by", "Rowan Achebe")
        assert (status, out) == (0, "0 decisions were erased; 1 are kept by a legal hold.\n")
        assert judgement().id in run("list")[1]

    def test_not_what_ended_yesterday(self, run: Run) -> None:
        status, out, err = run("expire", "--older-than-days", "1", "--by", "Rowan Achebe")
        assert (status, out) == (2, "")
        assert "kept for 30 days" in err

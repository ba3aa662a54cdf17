"""Slow, split, smuggled and oversized requests: each refused, and sixteen callers who behave are all answered meanwhile.

That they are answered as fast as without is measured by ``python -m benchmarks.hostile``: a test has no clock.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks.hostile import CALLERS, attacked, behaved
from hub.audit.entries import Answer, Question, Refused
from tests.e2e.beside import beside
from tests.e2e.conftest import Town

EXPECTED: dict[str, set[int]] = {
    "smuggled": {400},
    "two lengths": {400},
    "oversized": {413},
    "oversized in chunks": {413},
    "large head": {431},
    "deep": {400},
    "worst query": {400},
    "no token": {401},
    "no HTTP": {400},
    "slow head": {408},
    "slow body": {408},
    "silent": {0},
}


@pytest.mark.slow
async def test_the_well_behaved_are_answered_beside_those_who_are_not(town: Town, tmp_path: Path) -> None:
    with beside(town, tmp_path) as hub:
        async with asyncio.timeout(180), attacked(hub.url, await town.token(), held=24) as attack:
            seen = await behaved(hub.url, await town.token(), 10 * CALLERS)
            while attack.seen.keys() != EXPECTED.keys():  # those who are slow are waited for
                await asyncio.sleep(0.2)
        assert (seen.incomplete, seen.faults, len(seen.milliseconds)) == (0, [], 10 * CALLERS)
        assert {kind: set(counted) for kind, counted in attack.seen.items()} == EXPECTED
        assert hub.part.is_running
        again = await behaved(hub.url, await town.token(), CALLERS)
        assert (again.incomplete, len(again.milliseconds)) == (0, CALLERS)
        logged = [type(entry) for entry in hub.entries()]
        asked = logged.count(Question)
        assert asked == logged.count(Answer) == 13 * CALLERS, "with two warm-ups, and not one more"
        assert logged.count(Refused) >= 4
        said = hub.said.read_text(encoding="utf-8")
        assert "Traceback" not in said
        assert said.count("\n") < 50, "what is refused is not written out each time"

"""The fan-out benchmark measures whole rounds, and nothing else."""

from __future__ import annotations

import pytest

from benchmarks import fan_out
from hub.connectors.base import Deadline, Matched
from hub.domain.people import ChildSearch


async def test_it_measures_rounds_beyond_their_slowest_custodian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan_out, "SLOWEST_SECONDS", 0.006)
    result = await fan_out.measured(3)
    assert (result["custodians"], result["records"], result["questions"]) == (12, 144, 3)
    for spread in (result["over_slowest"], result["over_slowest_without_guards"]):
        assert 0 < spread["p50"]["value"] <= spread["max"]["value"]


async def test_a_round_that_is_not_whole_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(_self: object, _search: ChildSearch, _deadline: Deadline) -> Matched:
        return Matched(())

    monkeypatch.setattr(fan_out.Waiting, "match", nobody)
    with pytest.raises(RuntimeError, match="not whole"):
        await fan_out.measured(1)

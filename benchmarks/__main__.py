"""``python -m benchmarks``: measure everything, print tables, write JSON. ``docs/performance.md`` explains it."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.counts import FULL, QUICK, SLOW_MS, Counts
from benchmarks.figures import figure
from benchmarks.machine import filesystem, machine, versions
from benchmarks.report import as_markdown, as_text
from benchmarks.stage import SEED, Say, Stage, set_up
from hub.errors import HubError

FORMAT = 1
"""Of the JSON; a change that a reader must know of counts it up."""

OVERHEAD_MS_MAX = 15.0
TOTAL_OVER_SLOWEST_MAX = 1.15


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here too")
    parser.add_argument("--quick", action="store_true", help="a few requests each: does it run, not how fast")
    parser.add_argument("--directory", type=Path, default=Path("var/bench"), help="for the logs (default: %(default)s)")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="only print an earlier result's tables as Markdown"
    )
    options = parser.parse_args(arguments)
    if options.markdown is not None:
        sys.stdout.write(as_markdown(json.loads(options.markdown.read_text(encoding="utf-8"))))
        return 0
    try:
        result = run(QUICK if options.quick else FULL, options.directory, _say, quick=options.quick)
    except (HubError, measure.Incomplete) as fault:
        _say(f"Nothing was measured: {fault}")
        return 1
    except subprocess.CalledProcessError:
        return 1  # it has said on standard error what was wrong
    sys.stdout.write(as_text(result))
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        _say(f"Written to {options.json}.")
    return 0


def run(counts: Counts, directory: Path, say: Say, *, quick: bool) -> dict[str, Any]:
    """Measure everything, in ``directory``; the result as it is written to JSON."""
    began = time.monotonic()
    result: dict[str, Any] = {
        "format": FORMAT,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "machine": machine(),
        "versions": versions(),
    }
    with set_up(directory, say) as stage:
        result["settings"] = _settings(counts, directory)
        result.update(_measured(stage, counts, say))
    result["aims"] = aims(result)
    result["took"] = figure(time.monotonic() - began, "s")
    return result


def _measured(stage: Stage, counts: Counts, say: Say) -> dict[str, Any]:
    say("Measuring ...")
    return {
        "two_bare_commits": [measure.bare_commits(stage, counts, log, say) for log in counts.logs],
        "steps": [measure.step_times(stage, counts, log, say) for log in counts.logs],
        "views": [
            view
            for remembered in (True, False)
            for log in counts.logs
            for view in measure.views(stage, counts, log, remembered=remembered, say=say)
        ],
        "slow_agency": measure.slow_agencies(stage, counts, say),
    }


def _settings(counts: Counts, directory: Path) -> dict[str, Any]:
    """How it was measured."""
    return {
        "workers": 1,
        "callers_are": "one other process, closed loop, keep-alive",
        "world_seed": SEED,
        "filesystem": filesystem(directory),
        "filesystem_of_postgresql": filesystem(Path(tempfile.gettempdir())),
        "postgresql_over": "a Unix socket",
        "slow_agency": f"{SLOW_MS:g} ms divided over Match, Find and Fetch",
        "requests": {"agencies from memory": dict(counts.remembered), "agencies in their processes": dict(counts.real)},
        "warm_up_requests": counts.warm_up,
        "percentile": "nearest rank",
    }


def aims(result: dict[str, Any]) -> list[dict[str, Any]]:
    """What was aimed at, and the worst that was measured of it."""
    alone = [each for each in result["views"] if each["callers"] == 1 and each["agencies"] == "from memory"]
    overhead = max(each["time"]["p50"]["value"] for each in alone)
    ratio = max(each["total_over_slowest"]["p50"]["value"] for each in result["slow_agency"])
    return [
        _aim("the hub's own time, p50, one caller, the slower log", OVERHEAD_MS_MAX, overhead, "ms"),
        _aim("total / slowest agency, p50, the worst agency", TOTAL_OVER_SLOWEST_MAX, ratio, "ratio"),
    ]


def _aim(what: str, limit: float, measured: float, unit: str) -> dict[str, Any]:
    return {"what": what, "limit": figure(limit, unit), "measured": figure(measured, unit), "met": measured <= limit}


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())

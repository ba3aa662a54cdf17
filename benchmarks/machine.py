"""On what it was measured: without it a figure says nothing."""

from __future__ import annotations

import os
import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.figures import Figure, figure, percentile

PACKAGES = (
    "safeguarding-hub", "aiohttp", "graphql-core", "httptools", "joserfc", "orjson", "psycopg", "sqlalchemy",
    "starlette", "strawberry-graphql", "uvicorn", "uvloop",
)  # fmt: skip


def machine() -> dict[str, object]:
    """The machine, in the words of its owner: processor, cores, memory, system; no names and no addresses."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "load_average_before": round(os.getloadavg()[0], 2),
        "python_loop": _python_loop(),
    }


def versions() -> dict[str, str]:
    """Python, SQLite and the packages a request passes through."""
    import sqlite3

    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def filesystem(path: Path) -> str:
    """The type of the filesystem ``path`` is on: on tmpfs a commit waits for no disk and the figures mean little."""
    if sys.platform != "linux":
        return "unknown"
    best = ("", "unknown")
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, mounted, kind, *_ = line.split(" ")
        if path.resolve().is_relative_to(mounted) and len(mounted) >= len(best[0]):
            best = (mounted, kind)
    return best[1]


def cpu_seconds(pid: int) -> float | None:
    """Processor time the process has used, all its threads; None where that cannot be read."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _python_loop() -> dict[str, Figure]:
    """A fixed piece of plain Python: how quick the processor is and, by p50 over best, how much others take of it."""
    times = []
    for _ in range(31):
        began = time.perf_counter()
        sum(n * n for n in range(100_000))
        times.append((time.perf_counter() - began) * 1000)
    return {"best": figure(min(times), "ms"), "p50": figure(percentile(times, 0.5), "ms")}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())

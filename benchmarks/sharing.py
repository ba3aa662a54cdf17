"""How fast the sharing report is made: ``python -m benchmarks.sharing``.

It reads what is counted by month, so what it costs does not grow with the log, but with what there is to tell apart:
here two years of a partnership of twelve agencies that used every purpose, met every fourth impediment and gap each, so
that small numbers are many, and answered at all speeds. The slowest of some runs of a quarter, from the counts to the
page's tables, is what counts, on SQLite and PostgreSQL: the aim is 150 ms. A hub keeps what it found for a period, and
is much quicker the second time. Exit status 1 when it is slower.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path

from sqlalchemy import Engine, insert, text

from benchmarks.machine import machine
from benchmarks.postgres import server
from hub.policy.bundle import Bundle
from hub.policy.load import load_bundle
from hub.service.sharing_periods import periods
from hub.service.sharing_report import Report, operations_of, sharing_of
from hub.store import sharing
from hub.store.engine import make_engine
from hub.store.read_model import reset
from hub.store.sharing_facts import Came, Fact, What, rounded
from hub.store.sharing_tables import read_month
from hub.store.tables import log_head, prepare
from hub.web.sharing.tables import Tables

AIM_MS = 150.0
RUNS = 9
AGENCIES = tuple(f"agency-{number}" for number in range(12))
TODAY = date(2026, 11, 22)
QUARTER = ("2026-07", "2026-08", "2026-09")


def facts(bundle: Bundle) -> Iterator[Fact]:
    """What two years of such a partnership would have counted."""
    stops = [("refused", rule.id) for rule in bundle.rules] + [("gap", rule.id) for rule in bundle.rules]
    came = [(Came.SHARED, ""), (Came.RESTRICTED, ""), *stops]
    speeds = sorted({rounded(each) for each in range(10, 20_000, 7)})
    for month in (month for period in periods("2024-11", TODAY) for month in period.months if len(period.months) == 1):
        for number, (agency, (code, detail)) in enumerate(product(AGENCIES, came)):
            if number % 4 == 0 or code == Came.SHARED:
                yield Fact(month, What.RECORD, agency, "", code, detail)
        for number, (purpose, (code, detail)) in enumerate(product(bundle.purposes, came)):
            if number % 4 == 0 or code == Came.SHARED:
                yield Fact(month, What.PURPOSE, "", purpose, code, detail)
        for agency, speed in product(AGENCIES, speeds):
            yield Fact(month, What.SOURCE_MS, agency, detail=speed)
        for agency, state in product(AGENCIES, ("answered", "not_held")):
            yield Fact(month, What.SOURCE, agency, code=state)
        for purpose in bundle.purposes:
            yield Fact(month, What.QUESTION, "", purpose, "joined_view")


def fill(engine: Engine, bundle: Bundle) -> int:
    """Write them; how many."""
    with engine.begin() as connection:
        prepare(connection)
        connection.execute(insert(log_head).values(id=1, size=0, frontier=b"", root=b"", at=0, note=""))
    reset(engine)
    rows = [{**fact._asdict(), "times": 1 + number * 7 % 40} for number, fact in enumerate(facts(bundle))]
    with engine.begin() as connection:
        connection.execute(insert(read_month), rows)
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    return len(rows)


def report(engine: Engine, bundle: Bundle) -> int:
    """A quarter's tables; how many rows they have."""
    first = sharing.months(engine, ()).first
    every = periods(first, TODAY)
    period = next(each for each in every if each.months == QUARTER)
    counted = sharing.months(engine, period.months)
    made = Report(
        period, every, sharing_of(counted, period.months, bundle), *operations_of(counted.facts), caught=counted.up
    )
    return sum(len(table.rows) for table in Tables(made, bundle, {}).every())


def measure(name: str, url: str, bundle: Bundle) -> bool:
    """Print what it takes on the database at ``url``; whether it was quick enough."""
    engine = make_engine(url, 600.0)
    many, times, own = fill(engine, bundle), [], []
    for _ in range(RUNS):
        began, busy = time.perf_counter(), time.process_time()
        rows = report(engine, bundle)
        times.append((time.perf_counter() - began) * 1000)
        own.append((time.process_time() - busy) * 1000)
    engine.dispose()
    print(f"{name}: {many:,} counts, {rows} rows in a quarter's tables;", end=" ")
    print(f"median {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms;", end=" ")
    print(f"of this process's own time {statistics.median(own):.0f} ms")
    return max(times) <= AIM_MS


def main() -> int:
    """Measure on both databases."""
    bundle = load_bundle(Path("policies"), TODAY)
    print(machine())
    with tempfile.TemporaryDirectory() as place:
        good = measure("SQLite", f"sqlite:///{Path(place) / 'log.db'}", bundle)
    with server() as url:
        good &= measure("PostgreSQL", url, bundle)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

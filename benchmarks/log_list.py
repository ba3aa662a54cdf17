"""How fast the list of the log answers: ``python -m benchmarks.log_list [--rows 1000000]``.

A million rows, as a partnership's questions would make them, are written into SQLite and PostgreSQL; then every preset
is asked for its first page, the next one and one far down, and the slowest of some runs is what counts. The aim is
150 ms for any of them. Exit status 1 when one is slower.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert, text

from benchmarks.machine import machine
from benchmarks.postgres import server
from hub.store.engine import make_engine
from hub.store.log_search import PRESETS, Cursor, Filter, count, search
from hub.store.read_model import reset
from hub.store.read_tables import TABLES, read_line, read_party, read_row
from hub.store.tables import log_head, prepare

ROWS = 1_000_000
AIM_MS = 150.0
RUNS = 9
PAGE = 50
BATCH = 20_000
START = datetime(2024, 1, 1, tzinfo=UTC)
SEED = 5
WORKERS, CHILDREN, CASES = 400, 60_000, 80_000
ASKING = {"testshire-council": 70, "testshire-police": 20, "testshire-nhs": 9, "testshire-academy": 1}
"""Agencies that ask, by how often in a hundred."""

PURPOSES = ("ca2004-s16la", "ca1989-s47", "ca1989-s17", "ca1989-s47-9", "ctsa2015-s36")
RARE = "hilltop-school"
"""An agency whose records are asked for once in five thousand questions."""


def rows(many: int) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]]:
    """Rows with their parties and custodians' lines; about every second entry of a log has a row."""
    chance = random.Random(SEED)
    agencies, weights = list(ASKING), list(ASKING.values())
    for number in range(many):
        index, at = number * 2, START + timedelta(seconds=number * 60 + chance.randrange(60))
        agency = chance.choices(agencies, weights)[0]
        kind = "refused" if chance.random() < 0.01 else "question"
        outcome = kind if kind == "refused" else chance.choices(_OUTCOMES, (90, 4, 5, 1))[0]
        answered = kind == "question" and outcome != "abandoned"
        milliseconds = int(at.timestamp() * 1000)
        rare = chance.random() < 1 / 5_000
        veiled = answered and chance.random() < 0.02
        row = {
            "index": index, "at": milliseconds, "day": f"{at:%Y-%m-%d}", "kind": kind, "client": f"{agency}-tool",
            "organisation": agency, "worker": _reference(1, int(chance.triangular(0, WORKERS, 0))),
            "role": "mash_social_worker", "purpose": chance.choices(PURPOSES, (60, 25, 10, 4, 1))[0],
            "case": _reference(2, chance.randrange(CASES)), "subject": _reference(3, chance.randrange(CHILDREN)),
            "outcome": outcome, "detail": "PURPOSE_NOT_ALLOWED" if kind == "refused" else None, "about": None,
            "end": index + 1 if kind == "question" else None, "ended_at": milliseconds + 900,
            "records": 12, "shared": 10, "withheld": int(veiled), "asks": 0, "gaps": 0,
            "no_answer": int(answered and chance.random() < 0.03), "children": 3, "veiled": int(veiled),
            "out_of_hours": int(not (at.weekday() < 5 and 8 <= at.hour < 18)),
            "no_case": int(answered and chance.random() < 0.002), "many": int(chance.random() < 0.0005),
            "times": 2, "workers": 3, "often": int(chance.random() < 0.01), "watched": int(chance.random() < 0.002),
            "first_purpose": int(chance.random() < 0.001),
            "grounds": "imp-confidence" if veiled else "",
        }  # fmt: skip
        asked = {*agencies[:3], *((RARE,) if rare else ())} if kind == "question" else set()
        parties = [
            {"organisation": each, "at": milliseconds, "index": index, "asked": int(each in asked)}
            for each in sorted(asked | {agency})
        ]
        yield row, parties, [_line(index, each) for each in sorted(asked)] if number % 20 == 0 else []


_OUTCOMES = ("joined_view", "possible_matches", "no_match", "abandoned")


def fill(engine: Engine, many: int) -> None:
    """Write the list; its indexes are made afterwards, which is much quicker."""
    with engine.begin() as connection:
        prepare(connection)
        connection.execute(insert(log_head).values(id=1, size=many * 2, frontier=b"", root=b"", at=0, note=""))
    reset(engine)
    indexes = [index for table in TABLES for index in table.indexes]
    with engine.begin() as connection:
        for index in indexes:
            index.drop(connection)
    held: Mapping[Table, list[dict[str, Any]]] = {read_row: [], read_party: [], read_line: []}
    for number, (row, parties, lines) in enumerate(rows(many), 1):
        held[read_row].append(row)
        held[read_party].extend(parties)
        held[read_line].extend(lines)
        if number % BATCH == 0 or number == many:
            with engine.begin() as connection:
                for table, values in held.items():
                    _insert(connection, table, values)
                    values.clear()
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        for index in indexes:
            index.create(connection)
        connection.execute(text("UPDATE read_place SET next = :next"), {"next": many * 2})
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


def presets(many: int) -> Mapping[str, Filter]:
    """What is asked for: those with a name, and those that need to be told of whom or when."""
    middle = START + timedelta(minutes=many // 2)
    month = {"since": middle, "until": middle + timedelta(days=30)}
    busy, quiet = _reference(1, 0), _reference(1, WORKERS - 2)
    council = "testshire-council"
    return {
        "everything": Filter(),
        "questions": Filter(kind="question"),
        "agency, questions": Filter(kind="question", concerns=council),
        "agency with few, questions": Filter(kind="question", concerns=RARE),
        "by a busy worker": Filter(worker=busy),
        "by a worker with few": Filter(worker=quiet),
        "by child": Filter(subject=_reference(3, 77)),
        "by case": Filter(case=_reference(2, 77)),
        "by organisation": Filter(organisation=council),
        "by an organisation with few": Filter(organisation="testshire-academy"),
        "by purpose": Filter(purpose=PURPOSES[0]),
        "by a rare purpose": Filter(purpose=PURPOSES[-1]),
        "by date": Filter(**month),  # type: ignore[arg-type]  # both are moments
        **PRESETS,
        "of nobody": Filter(subject="00" * 16),
        "agency": Filter(concerns=council),
        "agency, one with few": Filter(concerns=RARE),
        "agency's own records": Filter(custodian="testshire-police"),
        **{f"agency, {name}": Filter(concerns=council, **_given(each)) for name, each in PRESETS.items()},
        "agency with few, out-of-hours": Filter(concerns=RARE, out_of_hours=True),
        "agency, a month, out-of-hours": Filter(concerns=council, out_of_hours=True, **month),  # type: ignore[arg-type]
        "busy worker, a month, no-case": Filter(worker=busy, no_case=True, **month),  # type: ignore[arg-type]
    }


def slowest(engine: Engine, wanted: Filter) -> tuple[float, float, int]:
    """Median and slowest of the pages of ``wanted`` in ms, and how many rows the first one has."""
    first = search(engine, wanted, limit=PAGE)
    deep = Cursor(int((START + timedelta(days=90)).timestamp() * 1000), 0)
    places = [None, first.after, deep]
    times = [_timed(partial(search, engine, wanted, at, PAGE)) for _ in range(RUNS) for at in places]
    return statistics.median(times), max(times), len(first.rows)


def measure(name: str, url: str, many: int) -> bool:
    """Print a table for the database at ``url``; whether every preset was quick enough."""
    engine = make_engine(url, 600.0)
    began = time.perf_counter()
    fill(engine, many)
    print(f"\n{name}: {many:,} rows written in {time.perf_counter() - began:.0f} s; ms, {RUNS} runs of three pages")
    good = True
    for preset, wanted in presets(many).items():
        middle, worst, found = slowest(engine, wanted)
        good &= worst <= AIM_MS
        slow = "" if worst <= AIM_MS else "  SLOW"
        print(f"  {preset:34} median {middle:7.2f}  slowest {worst:7.2f}  rows {found:3}{slow}")
    print(f"  counting out-of-hours: {_timed(lambda: count(engine, Filter(out_of_hours=True))):.0f} ms")
    engine.dispose()
    return good


def _given(wanted: Filter) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in Filter.__slots__ if getattr(wanted, name) not in (None, False)}


def _line(index: int, custodian: str) -> dict[str, Any]:
    counts = dict.fromkeys(("records", "shared", "withheld", "asks", "gaps", "veiled"), 1)
    said = {
        "state": "answered",
        "reason": None,
        "ms": 40,
        "match": "same",
        "candidates": 1,
        "grounds": "",
        "sealed": "",
        "tally": "shared:=1",
    }
    return {"index": index, "custodian": custodian, **said, **counts}


def _reference(what: int, number: int) -> str:
    return f"{what:08x}{number:024x}"


def _insert(connection: Connection, table: Table, values: list[dict[str, Any]]) -> None:
    if not values:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), values)
        return
    names = list(values[0])
    quoted = ", ".join(f'"{name}"' for name in names)
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({quoted}) FROM STDIN") as copy:
        for each in values:
            copy.write_row([each[name] for name in names])


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def main() -> int:
    """Measure on both databases."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=ROWS)
    options.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    given = options.parse_args()
    print(machine())
    good = True
    with tempfile.TemporaryDirectory() as place:
        if "sqlite" in (given.database or ("sqlite",)):
            good &= measure("SQLite", f"sqlite:///{Path(place) / 'log.db'}", given.rows)
        if "postgresql" in (given.database or ("postgresql",)):
            with server() as url:
                good &= measure("PostgreSQL", url, given.rows)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

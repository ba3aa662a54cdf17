"""No existence oracle: what a searcher may not learn of leaves no trace in what she gets, nor in what is done for it.

Children in pairs, alike but for one record (``benchmarks/oracle_world.py``). Everything but the time is compared here;
``python -m benchmarks.oracle`` compares the times (``docs/no-oracle.md``).
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from benchmarks.oracle_town import COUNCIL, NHS, POLICE, Reply, Town, open_town
from benchmarks.oracle_world import OUT_OF_REACH, ROWS, S16LA, VEILED, Pair, Row, pairs_of, world_of
from hub.audit import entries
from hub.audit.encoding import decode
from hub.demo.world import Child
from hub.settings import load_settings
from hub.telemetry import steps
from hub.telemetry.opentelemetry import OpenTelemetryTracing
from hub.telemetry.prometheus import PrometheusMetrics
from tests.store.tampering import read_all

EACH = 36
"""Pairs for each row: over 250 pairs in the rows that are out of reach."""

METRICS = PrometheusMetrics([COUNCIL, POLICE, NHS])
SPANS = InMemorySpanExporter()
PROVIDER = TracerProvider()
PROVIDER.add_span_processor(SimpleSpanProcessor(SPANS))

pytestmark = pytest.mark.slow


class Said(logging.Handler):
    """Every line that anything of the process logs, in its own words."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(("hub", "uvicorn", "graphql", "strawberry")):
            self.lines.append(f"{record.levelname} {record.name} {record.getMessage()}")


@dataclass
class Got:
    """All that came of one question: the answer, the lines logged meanwhile, the entries' kinds."""

    reply: Reply
    logged: list[str]
    entries: list[str]
    counted: dict[str, float]
    spans: list[str]
    ready: Any


@dataclass
class Both:
    """What came of the two questions about a pair."""

    pair: Pair
    one: Got
    other: Got


@dataclass
class Observed:
    """The whole run."""

    both: list[Both] = field(default_factory=list)
    controls: dict[str, tuple[Reply, Reply]] = field(default_factory=dict)

    def of(self, row: Row) -> list[Both]:
        return [each for each in self.both if each.pair.row == row]


async def observe(directory: Path) -> Observed:
    pairs = pairs_of(ROWS, EACH)
    order, seen, said = Random(7), Observed(), Said()
    root, loggers = logging.getLogger(), logging.getLogger("hub")
    root.addHandler(said)
    before, _ = loggers.level, loggers.setLevel(logging.DEBUG)
    try:
        async with open_town(directory, world_of(pairs)) as town:
            steps.install(METRICS, OpenTelemetryTracing(PROVIDER))
            for row in ROWS:
                mine = [pair for pair in pairs if pair.row == row]
                token = await town.token(row.worker)
                await town.ask(row, mine[0].one, token)  # what is made at first use is made
                for pair in mine:
                    got = {}
                    for which in order.sample(("one", "other"), 2):
                        got[which] = await _got(town, pair.row, getattr(pair, which), token, said, directory)
                    seen.both.append(Both(pair, got["one"], got["other"]))
                control = replace(row, purpose=S16LA, worker="tc-0417", by="number")
                token = await town.token(control.worker)
                seen.controls[row.name] = (
                    await town.ask(control, mine[0].one, token),
                    await town.ask(control, mine[0].other, token),
                )
    finally:
        steps.install()
        root.removeHandler(said)
        loggers.setLevel(before)
    return seen


async def _got(town: Town, row: Row, who: Child, token: str, said: Said, directory: Path) -> Got:
    from_line, from_entry = len(said.lines), len(_bodies(directory))
    from_count = counts()
    SPANS.clear()
    reply = await town.ask(row, who, token)
    counted = {name: value - from_count[name] for name, value in counts().items()}
    spans = sorted(f"{span.name} {dict(span.attributes or {})}" for span in SPANS.get_finished_spans())
    kinds = [type(decode(body)).__name__ for body in _bodies(directory)[from_entry:]]
    async with town.session.get(f"{town.url}/health/ready") as ready:
        return Got(reply, said.lines[from_line:], kinds, counted, spans, await ready.json())


def counts() -> dict[str, float]:
    """Every metric that is a count."""
    lines = (line for line in METRICS.shown().decode().splitlines() if "_count{" in line or "_total{" in line)
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def _bodies(directory: Path) -> list[bytes]:
    url = load_settings(directory / "settings.toml").log.database_url
    return [bytes(body) for (body,) in read_all(url, 'SELECT body FROM log_entry ORDER BY "index"')]


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    return asyncio.run(observe(tmp_path_factory.mktemp("oracle")))


def masked(text: str, who: Child) -> str:
    """``text`` without who it is about, when, how long it took and its place in the log; lengths are kept."""
    known = who.council
    assert known is not None
    assert known.address is not None
    street = known.address.line.split()[1]
    for name, mask in ((who.given_name, "G"), (who.family_name, "F"), (street, "S")):
        text = text.replace(name, mask * len(name))
    text = re.sub(r'("answeredInMs":|"number":|log/entries/)\d+', r"\1_", text)
    text = re.sub(r'"reference":"\d+-', '"reference":"_-', text)
    text = re.sub(r"(\d\d:\d\d:\d\d)\.\d+", r"\1", text)
    text = re.sub(r'("traceId":|trace )"?[0-9a-f]{32}', r"\1", text)
    return re.sub(r"\d", "9", text)


def body(got: Got, who: Child) -> str:
    return masked(got.reply.body.decode(), who)


def headers(got: Got) -> list[tuple[str, str]]:
    """All of them, but what says how many digits a time had and which request it was."""
    volatile = {"content-length", "date", "x-trace-id", "x-correlation-id", "traceresponse"}
    return [(name.lower(), value) for name, value in got.reply.headers if name.lower() not in volatile]


def names(rows: tuple[Row, ...]) -> list[str]:
    return [row.name for row in rows]


@pytest.mark.parametrize("row", ROWS, ids=names(ROWS))
def test_answers_are_alike_to_the_byte(observed: Observed, row: Row) -> None:
    compared = observed.of(row)
    assert len(compared) == EACH
    for each in compared:
        assert each.one.reply.status == each.other.reply.status == 200
        assert body(each.one, each.pair.one) == body(each.other, each.pair.other)
        assert headers(each.one) == headers(each.other)


@pytest.mark.parametrize("row", ROWS, ids=names(ROWS))
def test_agencies_are_asked_alike(observed: Observed, row: Row) -> None:
    asked = Counter(
        (which, tuple(sorted(got.reply.asked.items())))
        for each in observed.of(row)
        for which, got in (("one", each.one), ("other", each.other))
    )
    assert len({work for _, work in asked}) == 1, asked


@pytest.mark.parametrize("row", ROWS, ids=names(ROWS))
def test_the_same_is_logged_and_counted(observed: Observed, row: Row) -> None:
    for each in observed.of(row):
        assert each.one.entries == each.other.entries == [entries.Question.__name__, entries.Answer.__name__]
        assert [masked(line, each.pair.one) for line in each.one.logged] == [
            masked(line, each.pair.other) for line in each.other.logged
        ]
        assert each.one.counted == each.other.counted
        assert each.one.counted['hub_step_seconds_count{step="answer"}'] == 1
        assert each.one.spans == each.other.spans
        assert "hub.question {}" in each.one.spans
        assert each.one.ready["custodians"] == each.other.ready["custodians"]


def test_there_are_enough_pairs(observed: Observed) -> None:
    assert sum(len(observed.of(row)) for row in OUT_OF_REACH) >= 250


@pytest.mark.parametrize("row", OUT_OF_REACH, ids=names(OUT_OF_REACH))
def test_it_is_told_apart_by_one_who_may(observed: Observed, row: Row) -> None:
    """The control: the record is there, and the comparison can see it."""
    one, other = observed.controls[row.name]
    assert one.status == other.status == 200
    mine = next(each.pair for each in observed.both if each.pair.row == row)
    assert masked(one.body.decode(), mine.one) != masked(other.body.decode(), mine.other)


@pytest.mark.parametrize("row", VEILED, ids=names(VEILED))
def test_something_is_veiled(observed: Observed, row: Row) -> None:
    """The control for veiled records: one line about one, and none of its words."""
    for reply in observed.controls[row.name]:
        child = json.loads(reply.body)["data"]["child"]
        veiled = [line for line in child["withheld"] if line["outcome"] == "WITHHELD"]
        assert [line["impediment"] for line in veiled] == [None]
        assert b"What it says is restricted." not in reply.body

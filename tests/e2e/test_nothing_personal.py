"""Nothing of anybody's in what the hub keeps or says beside its answers: looked for after a run through the whole cast.

Every name, number, address, date of birth, telephone number and text of the invented world is looked for in log lines,
log entries, the bytes of the log's database, what the hub shows of itself, and everything its memory still holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import aiohttp
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from hub.cli.client import VIEW
from hub.demo.world import World
from hub.settings import load_settings
from hub.telemetry import steps
from hub.telemetry.opentelemetry import OpenTelemetryTracing
from hub.telemetry.prometheus import PrometheusMetrics
from hub.telemetry.steps import Call, Step
from tests.e2e.hard.town import NURSE, POLICE_OFFICER, SOCIAL_WORKER, HardTown, running

WORD_LETTERS_MIN = 4
"""Shorter names are words of other things too; their people are found by their other names, numbers and addresses."""

NOT_OF_ANYBODY = frozenset({"Known indirectly to the source, but corroborated (B)"})
"""Texts of records that the hub knows by itself: coded words."""


def personal(world: World) -> set[str]:
    """Everything that somebody could be known by, and every sentence about anybody."""
    found: set[str] = set()
    for household in world.households:
        found |= {household.address.line, household.address.postcode}
        for who in (*household.adults, *household.children):
            found |= {who.given_name, who.family_name, who.birth_date.isoformat(), f"{who.birth_date:%d/%m/%Y}"}
        found |= {who.phone for who in household.adults}
        for child in household.children:
            found.add(child.nhs_number)
            for known in (child.council, child.police, child.health):
                if known is not None:
                    found |= {known.local_id, known.given_name, known.family_name, known.phone or ""}
            for happened in child.events:
                found |= {text for value in happened.values.values() for text in _sentences(value)}
    for expecting in world.expecting:
        her = expecting.mother
        found |= {her.given_name, her.family_name, her.local_id, her.nhs_number or "", her.birth_date.isoformat()}
        found |= {*expecting.unborn_ids, expecting.provider, expecting.due.isoformat()}
    return {text for text in found if len(text) >= WORD_LETTERS_MIN and text not in NOT_OF_ANYBODY}


def _sentences(value: Any) -> Iterator[str]:
    """Free text: codes and coded words have no spaces or are in the catalogue's own lists."""
    if isinstance(value, str) and value.count(" ") >= 3:
        yield value
    elif isinstance(value, date) and not isinstance(value, datetime):
        return


@dataclass(frozen=True)
class Finder:
    """Finds any of many texts, as whole words."""

    pattern: re.Pattern[str]

    @classmethod
    def of(cls, texts: set[str]) -> Finder:
        longest_first = sorted(texts, key=len, reverse=True)
        return cls(re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)"))

    def found(self, text: str) -> set[str]:
        return set(self.pattern.findall(text))


@dataclass(frozen=True)
class Run:
    """The town after the run, and what finds people in a text."""

    town: HardTown
    finder: Finder
    answers: str


@pytest.fixture(scope="module")
def hard_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HardTown]:
    """A town of this module's own: its police come to harm."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(SPANS))
    with running(tmp_path_factory.mktemp("nothing-personal")) as started:
        steps.install(METRICS, OpenTelemetryTracing(provider, continues=True))
        yield started
        steps.install()


@pytest.fixture(scope="module")
def finder(hard_town: HardTown) -> Finder:
    return Finder.of(personal(hard_town.world))


async def run_through(town: HardTown) -> str:
    """Everybody in the cast asked about by number and by name, and questions that are refused."""
    answers = []
    for part, key in town.world.cast.items():
        who = town.world.children[key]
        names = {"givenName": who.given_name, "familyName": who.family_name, "dateOfBirth": who.birth_date.isoformat()}
        for worker, find in ((SOCIAL_WORKER, {}), (NURSE, names), (POLICE_OFFICER, names)):
            case = f"MASH-{part[:6].upper().replace('_', '-')}1"
            asked = await town.ask(None if find else key, worker=worker, case=case, **find)
            answers.append(asked.text)
        await refused(town, who.nhs_number, who.family_name)
    for expecting in town.world.expecting:
        due = expecting.due.isoformat()
        unborn = {"motherNhsNumber": expecting.mother.nhs_number, "expectedDateOfBirth": due}
        answers.append((await town.ask(None, unborn=unborn)).text)
    await with_a_fault(town)
    return "\n".join(answers)


METRICS = PrometheusMetrics(["testshire-council", "testshire-police", "testshire-nhs", "testshire-academy"])
SPANS = InMemorySpanExporter()


class Broken:
    """A record system whose every failure repeats whom it was asked about."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def match(self, search: Any, deadline: Any) -> Any:
        raise ValueError(f"no luck with {search.stated.nhs_number} {search.stated.family_names}")


async def with_a_fault(town: HardTown) -> None:
    """The police's connector fails in a way nobody foresaw, until it is suspended, and is answered again."""
    police = next(each for each in town.hub.connectors if each.custodian.id == "testshire-police")
    inner, police._inner = police._inner, Broken(police._inner)
    who = town.world.played_by("protection_plan")
    names = {"givenName": who.given_name, "familyName": who.family_name, "dateOfBirth": who.birth_date.isoformat()}
    for _ in range(police._limits.failures_max + 1):
        await town.ask(None, **names)
    police._inner = inner


async def refused(town: HardTown, number: str, name: str) -> None:
    """What is refused, with somebody in every place of it."""
    token = await town.token()
    enquiry = {"purpose": "CA2004_S16LA", "caseReference": name}
    bodies = (
        {"query": VIEW, "variables": {"find": {"nhsNumber": number[:-1] + "x"}, "enquiry": enquiry}},
        {"query": VIEW, "variables": {"find": {"familyName": name}, "enquiry": {**enquiry, "purpose": name}}},
        {"query": f'{{ child(find: {{ nhsNumber: "{number}" }}) {{ {name} }} }}'},
        {"query": f"# {name} {number}", "operationName": name},
        {"documentId": name},
    )
    async with aiohttp.ClientSession() as session:
        for body in bodies:
            for bearer in (token, name):
                headers = {"Authorization": f"Bearer {bearer}", "traceparent": name, "baggage": f"who={number}"}
                async with session.post(f"{town.url}/graphql?{name}={number}", json=body, headers=headers) as reply:
                    assert reply.status in (400, 401), await reply.text()
        async with session.get(f"{town.url}/{number}/{name}") as reply:
            assert reply.status == 404


@pytest.fixture(scope="module")
def answers(hard_town: HardTown) -> str:
    return asyncio.run(run_through(hard_town))


def test_the_finder_finds_people(finder: Finder, answers: str) -> None:
    """The control: what leaves as an answer is full of them."""
    assert len(finder.found(answers)) > 150


def test_not_in_log_lines(hard_town: HardTown, finder: Finder, answers: str) -> None:
    assert hard_town.said.text.count("\n") > 5
    assert finder.found(hard_town.said.text) == set()


def test_not_in_log_entries(hard_town: HardTown, finder: Finder, answers: str) -> None:
    text = hard_town.log_text()
    assert len(text) > 100_000
    assert finder.found(text) == set()


def test_not_in_metrics(finder: Finder, answers: str) -> None:
    shown = METRICS.shown().decode()
    for step in Step:
        count = re.search(rf'hub_step_seconds_count{{step="{step.value}"}} ([0-9.]+)', shown)
        assert count is not None
        assert float(count[1]) > 50, step
    assert 'outcome="suspended"} 1.0' in shown
    assert finder.found(shown) == set()


def test_not_in_traces(finder: Finder, answers: str) -> None:
    spans = SPANS.get_finished_spans()
    names = {span.name for span in spans}
    assert names >= {f"hub.{step.value}" for step in Step} | {f"hub.custodian.{call.value}" for call in Call}
    assert finder.found("\n".join(span.to_json() for span in spans)) == set()


PEOPLE_ARE_KEPT_IN = {"log_reference", "match_shown", "release_line"}
"""Tables beside the log that say who a reference or a line of an answer stands for, until they are erased (``docs/retention.md``)."""


def test_not_in_the_database_beside_what_is_for_it(hard_town: HardTown, finder: Finder, answers: str) -> None:
    path = load_settings(hard_town.settings).log.database_url.removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        held = {name: finder.found(str(database.execute(f'SELECT * FROM "{name}"').fetchall())) for name in tables}
    assert {"log_entry", "log_side"} <= held.keys()
    assert {name: found for name, found in held.items() if found and name not in PEOPLE_ARE_KEPT_IN} == {}
    assert held["log_reference"], "the control: there people are found"


async def test_not_in_what_it_shows_of_itself(hard_town: HardTown, finder: Finder, answers: str) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("/health/ready", "/health/live", "/log/checkpoint"):
            async with session.get(f"{hard_town.url}{path}") as reply:
                assert finder.found(await reply.text()) == set(), path


def test_not_in_memory(hard_town: HardTown, finder: Finder, answers: str) -> None:
    """No cache keeps anybody: nothing that the hub's parts hold on to, at any depth, names one."""
    seen = list(texts_held_by(hard_town.hub))
    assert len(seen) > 1_000
    assert finder.found("\n".join(seen)) == set()


NOT_HELD = (type, ModuleType, CodeType, BuiltinFunctionType)


def texts_held_by(root: object) -> Iterator[str]:
    """Every text that can be reached from ``root`` through what it holds, but not through code."""
    gc.collect()
    known, waiting = {id(root)}, [root]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, bytes):
            yield each.decode("latin-1")
        for held in _held(each):
            if id(held) not in known and not isinstance(held, NOT_HELD):
                known.add(id(held))
                waiting.append(held)


def _held(each: object) -> list[Any]:
    if isinstance(each, FunctionType):
        return [cell.cell_contents for cell in each.__closure__ or () if _is_filled(cell)]
    if is_dataclass(each):
        return [getattr(each, field.name) for field in fields(each) if hasattr(each, field.name)]
    return gc.get_referents(each)


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False

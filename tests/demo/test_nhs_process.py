"""The pretend NHS as a process: how it starts, how it breaks on request, and what the hub makes of each fault."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hub.connectors.base import Deadline, Matched
from hub.connectors.fhir import FhirConnector
from hub.connectors.http import BearerToken
from hub.demo.faults import FAULTS, LATENCY_MS_MAX, FaultSwitch
from hub.demo.nhs import DEMO_CREDENTIAL
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.fhir_bench import CATALOGUE, NHS, by_number

STAR = "9990004021"


@contextmanager
def running(*options: str) -> Iterator[str]:
    """The process on a free port; its URL, read from its ``ready`` line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hub.demo.nhs", "--port", "0", *options], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        word, url = process.stdout.readline().split()
        assert word == "ready"
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        process.stdout.close()


@pytest.fixture(scope="module")
def nhs() -> Iterator[str]:
    with running() as url:
        yield url


def switch(url: str, body: Any) -> tuple[int, Any]:
    request = urllib.request.Request(f"{url}/_demo/fault", json.dumps(body).encode(), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


async def match(url: str, seconds: float = 5.0) -> Any:
    connector = FhirConnector(NHS, url, BearerToken(DEMO_CREDENTIAL), CATALOGUE)
    try:
        return await connector.match(by_number(STAR), Deadline.after(seconds))
    finally:
        await connector.close()


EXPECTED = {
    "down": NoAnswerReason.DOWN,
    "slow": NoAnswerReason.SLOW,
    "hang": NoAnswerReason.SLOW,
    "wrong-child": NoAnswerReason.WRONG_PERSON,
    "malformed": NoAnswerReason.MALFORMED,
    "too-large": NoAnswerReason.TOO_LARGE,
}


def test_every_fault_is_expected_to_be_something() -> None:
    assert set(EXPECTED) == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_is_no_answer_and_passes_when_mended(nhs: str, fault: str) -> None:
    assert switch(nhs, {"fault": fault}) == (200, {"fault": fault, "latency_ms": 0})
    broken = await match(nhs, 1.0)
    assert switch(nhs, {"fault": None})[0] == 200
    mended = await match(nhs)
    assert isinstance(broken, NoAnswer)
    assert broken.reason is EXPECTED[fault]
    assert isinstance(mended, Matched)
    assert [who.local_id for who in mended.candidates] == [STAR]


async def test_it_can_start_broken() -> None:
    with running("--fault", "down", "--seed", "7") as url:
        answer = await match(url)
    assert isinstance(answer, NoAnswer)
    assert answer.reason is NoAnswerReason.DOWN


async def test_latency_is_added(nhs: str) -> None:
    switch(nhs, {"latency_ms": 300})
    late, patient = await match(nhs, 0.2), await match(nhs, 5.0)
    switch(nhs, {"latency_ms": 0})
    assert isinstance(late, NoAnswer)
    assert late.reason is NoAnswerReason.SLOW
    assert isinstance(patient, Matched)


@pytest.mark.parametrize(
    "body",
    [{"fault": "flood"}, {"latency_ms": -1}, {"latency_ms": LATENCY_MS_MAX + 1}, {"latency_ms": "x"}, [], "down"],
)
def test_a_switch_that_does_not_exist_changes_nothing(nhs: str, body: Any) -> None:
    assert switch(nhs, body)[0] == 400
    assert switch(nhs, {}) == (200, {"fault": None, "latency_ms": 0})


def test_latency_at_its_limit() -> None:
    assert FaultSwitch(latency_ms=LATENCY_MS_MAX).latency_ms == LATENCY_MS_MAX


@pytest.mark.parametrize(
    "options", [[], ["--port", "x"], ["--port", "0", "--fault", "flood"], ["--port", "0", "--latency-ms", "-1"]]
)
def test_wrong_options_say_so(options: list[str]) -> None:
    ended = subprocess.run([sys.executable, "-m", "hub.demo.nhs", *options], capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
    assert "usage:" in ended.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_without_a_word(how: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "hub.demo.nhs", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("ready ")
    process.send_signal(how)
    _, said = process.communicate(timeout=10)
    assert said == ""
    assert process.returncode in (0, -how)

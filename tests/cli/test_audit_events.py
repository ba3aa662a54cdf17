"""``hub audit events`` and ``hub audit rebuild``: every entry once, from anywhere, and what cannot be read is said."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from hub.audit.entries import Records
from hub.cli.main import main
from hub.store.engine import make_engine
from hub.store.log_search import Filter, search
from tests.audit import samples
from tests.audit.fhir_r4 import faults
from tests.cli.decided import ORIGIN, SETTINGS
from tests.store.histories import History

FORMATS = ("fhir", "jsonl")
Run = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_SETTINGS", raising=False)
    (tmp_path / "settings.toml").write_text(SETTINGS.format(place=tmp_path))
    return tmp_path


@pytest.fixture
def engine(place: Path) -> Iterator[Engine]:
    made = make_engine(f"sqlite:///{place / 'log.db'}", 5.0)
    yield made
    made.dispose()


@pytest.fixture
def history(engine: Engine) -> History:
    """Questions and answers, one in parts, a refusal, a hold; ten entries."""
    made = History(engine)
    made.ask()
    made.answer()
    made.ask(2, 2)
    made.end_with(0, lambda to: _in_parts(made, to))
    made.refuse()
    made.hold()
    made.ask()
    made.abandon()
    assert made.size == 10
    return made


def _in_parts(history: History, to: int) -> list[Any]:
    stamp, records = history.stamp(), samples.answer(to).records
    parts = [Records(**stamp, question=to, records=records) for _ in range(2)]
    return [*parts, samples.answer(to, **stamp, records=records, parts=2)]


@pytest.fixture
def run(place: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    def run(*argv: str) -> tuple[int, list[dict[str, Any]], str]:
        status = main(["audit", "events", *argv])
        said = capsysbinary.readouterr()
        return status, [json.loads(line) for line in said.out.splitlines()], said.err.decode()

    return run


def numbers(made: list[dict[str, Any]]) -> list[int]:
    return [each["index"] if "index" in each else int(each["id"].removeprefix("log-")) for each in made]


def test_a_line_for_every_entry(history: History, run: Run) -> None:
    status, made, said = run("--format", "jsonl")
    assert (status, said, numbers(made)) == (0, "", list(range(10)))
    assert {each["log"] for each in made} == {ORIGIN}
    assert [each["kind"] for each in made] == [
        "question", "answer", "question", "records", "records", "answer", "refused", "hold", "question", "abandoned",
    ]  # fmt: skip
    assert (made[5]["records"], made[5]["worker"]) == (3, made[2]["worker"]), "an answer in parts is told whole"
    assert made[9]["subject"] == made[8]["subject"]


def test_an_audit_event_for_every_event(history: History, run: Run) -> None:
    status, made, _ = run("--format", "fhir")
    assert (status, numbers(made)) == (0, [0, 1, 2, 5, 6, 7, 8, 9])
    assert [each for each in made if faults(each)] == []


@pytest.mark.parametrize("how", FORMATS)
@pytest.mark.parametrize("cut", range(11))
def test_it_goes_on_from_any_entry_to_the_same_lines(history: History, run: Run, how: str, cut: int) -> None:
    _, whole, _ = run("--format", how)
    _, first, _ = run("--format", how, "--to", str(cut))
    _, rest, _ = run("--format", how, "--from", str(cut))
    assert first + rest == whole


@pytest.mark.parametrize("how", FORMATS)
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("UPDATE log_entry SET body = x'7b7d' WHERE \"index\" = 3", id="bytes that are no entry"),
        pytest.param('DELETE FROM log_entry WHERE "index" = 3', id="a row that is missing"),
    ],
)
def test_what_cannot_be_read_is_a_line_and_a_status(
    history: History, engine: Engine, run: Run, how: str, damage: str
) -> None:
    with engine.begin() as connection:
        connection.execute(text(damage))
    status, made, said = run("--format", how)
    assert (status, 3 in numbers(made)) == (1, True)
    assert "hub audit verify" in said


@pytest.mark.parametrize(("how", "first"), [("fhir", 2), ("jsonl", 0)])
def test_what_was_dropped_is_no_fault(history: History, run: Run, how: str, first: int) -> None:
    history.prune(2)
    status, made, _ = run("--format", how)
    assert (status, numbers(made)[0]) == (0, first)
    if how == "jsonl":
        assert [each["kind"] for each in made[:3]] == ["dropped", "dropped", "question"]


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(("--format", "fhir", "--from", "-1"), id="before the first"),
        pytest.param(("--format", "fhir", "--from", "3", "--to", "2"), id="backwards"),
        pytest.param(("--format", "jsonl", "--follow", "--to", "2"), id="for ever, until"),
    ],
)
def test_typed_wrong(history: History, run: Run, argv: tuple[str, ...]) -> None:
    assert run(*argv)[:2] == (2, [])


def test_no_log(place: Path, run: Run) -> None:
    status, made, said = run("--format", "fhir")
    assert (status, made) == (2, [])
    assert "no log" in said


def test_beyond_the_end_is_nothing(history: History, run: Run) -> None:
    assert run("--format", "jsonl", "--from", "99") == (0, [], "")


def test_following_tells_of_new_entries_until_it_is_stopped(history: History, place: Path) -> None:
    command = [sys.executable, "-m", "hub", "audit", "events", "--format", "jsonl", "--from", "9", "--follow"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=place, env=environment, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["index"] == 9
        history.refuse()
        assert json.loads(process.stdout.readline())["index"] == 10
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


def test_memory_does_not_grow_with_the_log(engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(engine, at_once=False)
    for _ in range(3_000):
        history.refuse()
    history.flush()
    out = io.TextIOWrapper(io.BufferedWriter(_Nowhere()))
    monkeypatch.setattr(sys, "stdout", out)
    peaks = []
    for stop in ("1000", "1000", "3000"):  # the first warms caches up
        tracemalloc.start()
        assert main(["audit", "events", "--format", "fhir", "--to", stop]) == 0
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] * 1.3


class _Nowhere(io.RawIOBase):
    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return len(data)


def test_rebuild_makes_the_list_anew(history: History, engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(["audit", "rebuild"]) == 0
        assert "from 10 entries" in capsys.readouterr().out
        page = search(engine, Filter())
        assert (len(page.rows), page.caught.up) == (5, True)
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM read_row"))


def test_rebuild_of_no_log(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "rebuild"]) == 2
    assert "no log" in capsys.readouterr().err

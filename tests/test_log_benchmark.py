"""The log's benchmark measures a log that checks out, beside its database's limits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import log as benchmark
from hub.audit.verify_found import Fault

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

QUICK = ["--pairs", "10", "--entries", "60"]


def test_every_figure_is_there_and_stands_beside_its_limit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "PROCESSES", 2)
    monkeypatch.setattr(benchmark, "ROUNDS", 2)
    out = tmp_path / "out.json"
    assert benchmark.main([*QUICK, "--directory", str(tmp_path), "--json", str(out)]) == 0
    rows: list[dict[str, Any]] = json.loads(out.read_text())["rows"]
    assert [row["log"] for row in rows] == ["sqlite"] * 9 + ["postgresql"] * 10
    assert all(row["figure"]["value"] > 0 for row in rows)
    assert [row["what"] for row in rows if "aim" in row][:3] == [
        "two appends over two bare commits",
        "entries over raw rows",
        f"a proof in a log of {4 * 10 + 2 * 60}, p50",
    ]
    said = capsys.readouterr().out
    assert said.count("aim") == 7
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.json"], "it tidies up"


def test_a_log_that_does_not_check_out_is_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = benchmark.verify_database
    monkeypatch.setattr(benchmark, "verify_database", lambda *given: replace(really(*given), fault=Fault("a gap", 1)))
    monkeypatch.setattr(benchmark, "PROCESSES", 1)
    monkeypatch.setattr(benchmark, "ROUNDS", 1)
    with pytest.raises(RuntimeError, match="does not check out"):
        benchmark.main([*QUICK, "--directory", str(tmp_path)])


@pytest.mark.parametrize(
    ("most", "least", "value", "met"),
    [
        pytest.param(1.5, None, 1.5, True, id="at the most"),
        pytest.param(1.5, None, 1.51, False, id="over the most"),
        pytest.param(None, 0.7, 0.7, True, id="at the least"),
        pytest.param(None, 0.7, 0.69, False, id="under the least"),
    ],
)
def test_an_aim_is_met_or_missed(most: float | None, least: float | None, value: float, met: bool) -> None:
    assert benchmark._row("x", value, "times", most=most, least=least)["met"] is met

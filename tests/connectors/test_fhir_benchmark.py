"""The benchmark of reading reads what the connector reads, all of it."""

from __future__ import annotations

import pytest

from benchmarks import fhir
from hub.connectors.fhir.mapping import KINDS


def test_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert fhir.main(["--quick"]) == 0
    assert "0.05 MB" in capsys.readouterr().out


def test_every_record_is_read_whole() -> None:
    records = fhir.read(fhir.answer(10_000))
    assert len(records) > 2
    for record in records:
        assert set(record) == set(KINDS["attendance"].fields)
        assert None not in record.values()

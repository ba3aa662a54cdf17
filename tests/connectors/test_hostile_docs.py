"""docs/connectors.md says what the tests prove: the tables word for word, the limits by their values."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import fields

from hub.connectors import http, http_reading, http_session
from hub.connectors.base import CANDIDATES_MAX, RECORDS_MAX
from hub.connectors.guarded import _COUNTED, Limits
from hub.domain.sources import NoAnswerReason
from hub.settings import CustodianSettings
from hub.strict_json import DEPTH_MAX
from tests.connectors.hostile_rows import CONNECTIONS, ROWS
from tests.connectors.hostile_table import tables

TEXT = (Path(__file__).parents[2] / "docs" / "connectors.md").read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_tests() -> None:
    assert TEXT.endswith(tables() + "\n"), "run: python -m tests.connectors.hostile_table"
    names = [row.name for row in (*ROWS, *CONNECTIONS)]
    assert len(set(names)) == len(names) >= 100


def test_the_limits_are_those_of_the_code() -> None:
    limits = Limits()
    (deadline,) = [field.default for field in fields(CustodianSettings) if field.name == "deadline_seconds"]
    said = {
        "`deadline_seconds`": f"{deadline:g} s",
        "`guard.calls_max`": str(limits.calls_max),
        "`guard.waiting_max`": str(limits.waiting_max),
        "`guard.failures_max`": str(limits.failures_max),
        "`guard.pause_seconds`": f"{limits.pause_seconds:g} s",
        "connections to one agency": str(http.CONNECTIONS_MAX),
        "one answer, unpacked": f"{http.BYTES_MAX // 1024**2} MiB",
        "besides its body": f"{http_session.BESIDES_BODY_BYTES_MAX // 1024} KiB",
        "values in one answer": f"{http_reading.VALUES_MAX:,}",
        "pages of one answer": str(http.PAGES_MAX),
        "candidates of one Match": str(CANDIDATES_MAX),
        "records of one child": f"{RECORDS_MAX:,}",
        "nesting of JSON": str(DEPTH_MAX),
    }
    rows = [line for line in TEXT.splitlines() if line.startswith("| ")]
    for words, value in said.items():
        (row,) = [line for line in rows if words in line and len(line.split("|")) == 6]
        assert row.split("|")[2].strip() == value, row


def test_every_reason_is_in_the_table_of_what_counts() -> None:
    counted = {reason for reasons in _COUNTED.values() for reason in reasons}
    table = TEXT.split("| What happens |")[1].split("\n\n")[0]
    yes = {
        reason
        for reason in NoAnswerReason
        for line in table.splitlines()
        if f"`{reason}`" in line and "| yes |" in line
    }
    assert yes == counted
    assert all(
        f"`{reason}`" in table for reason in set(NoAnswerReason) - {NoAnswerReason.BUSY, NoAnswerReason.SUSPENDED}
    )

"""Log lines: each is documented and used, says its code first, and has no field that could hold a text."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from hub.domain.sources import NoAnswerReason
from hub.errors import Complaint, ConfigurationError
from hub.telemetry.lines import LOGGER, UNKNOWN, Digest, Id, JsonLines, LogLine, Name, own_words, say
from hub.telemetry.steps import Call
from hub.watching import write_json

PAGE = Path("docs/log-lines.md")
NAME = "Zebedee Thornbury, 9990004021"


class Kind(StrEnum):
    """Some member of an enum."""

    LARGER = "larger"


DIGEST = Digest("sha256:" + "ab" * 32)
WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)

ANY: dict[str, Any] = {
    "before": DIGEST, "call": Call.FIND, "count": 3, "custodian": Id("testshire-nhs"), "day": WHEN.date(), "days": 40,
    "digest": DIGEST, "dispute": Kind.LARGER, "entry": 7, "fault": ValueError, "held": 8, "kind": KeyError,
    "log": Name("testshire.example/log"), "policy": Id("imp-lpp"), "reason": NoAnswerReason.DOWN, "seconds": 15.0,
    "since": WHEN, "size": 9, "start": 7, "status": 404, "times": 5, "trace": Digest("0f" * 16), "what": Kind.LARGER,
    "witness": Name("police"),
}  # fmt: skip


def row(line: LogLine) -> str:
    """A line of the page's table."""
    words = re.sub(r"\{(\w+)\}", r"*\1*", line.words).removeprefix(":").strip()
    return f"| `{line.name}` | {logging.getLevelName(line.level).lower()} | {words} | {line.to_do} |"


def test_the_page_lists_them_all_and_no_others() -> None:
    rows = [text for text in PAGE.read_text(encoding="utf-8").splitlines() if text.startswith("| `")]
    assert rows == sorted(map(row, LogLine))


@pytest.mark.parametrize("line", LogLine)
def test_a_line_begins_with_its_code(line: LogLine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hub")
    say(line, **{name: ANY[name] for name in line.fields})
    (record,) = caplog.records
    assert re.match(rf"{line.name}(: | )\S", record.getMessage())
    assert record.levelno == line.level
    assert "\n" not in record.getMessage()


@pytest.mark.parametrize("line", LogLine)
def test_a_line_is_used(line: LogLine) -> None:
    sources = (path for path in Path("hub").rglob("*.py") if path.name != "lines.py")
    assert any(f"LogLine.{line.name}" in path.read_text(encoding="utf-8") for path in sources)


REFUSED = {
    "a text": NAME, "bytes": NAME.encode(), "an exception": ValueError(NAME), "nothing": None, "a list": [NAME],
    "a truth": True, "an object": object(),
}  # fmt: skip


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_what_could_hold_anything_is_refused(value: Any, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(TypeError) as refused:
        say(LogLine.TALLY_FULL, count=value)
    assert NAME not in str(refused.value)
    assert caplog.records == []


@pytest.mark.parametrize("fields", [{}, {"count": 1, "days": 2}, {"days": 2}], ids=["missing", "more", "another"])
def test_the_fields_are_those_of_the_line(fields: dict[str, int]) -> None:
    with pytest.raises(TypeError, match="count"):
        say(LogLine.TALLY_FULL, **fields)


@pytest.mark.parametrize("kind", [Id, Name, Digest])
def test_what_does_not_look_like_one_is_not_written(kind: type[Id | Name | Digest]) -> None:
    assert [str(kind(text)) for text in (NAME, "", "Zebedee T", "a\nb", "9" * 270)] == [UNKNOWN] * 5


def test_an_installation_s_own_complaint_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    said = ConfigurationError("register.toml:\n  a role\u2028 is missing. " + "x" * 900)
    say(LogLine.TALLY_FULL, count=said)  # type: ignore[arg-type]
    assert len(caplog.records[0].getMessage()) < 600
    assert "\n" not in caplog.records[0].getMessage()


@pytest.mark.parametrize(
    ("value", "shown"),
    [(15.0, 15), (0.25, 0.25), (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00+00:00"),
     (date(2026, 1, 2), "2026-01-02"), (KeyError, "KeyError"), (Call.MATCH, "match")],
    ids=["whole seconds", "part of a second", "a moment", "a day", "a class", "a member"],
)  # fmt: skip
def test_as_json(value: Any, shown: Any, caplog: pytest.LogCaptureFixture) -> None:
    say(LogLine.TALLY_FULL, count=value)
    got = json.loads(JsonLines().format(caplog.records[0]))
    assert datetime.fromisoformat(got.pop("at")).tzinfo
    assert got == {"level": "ERROR", "code": "TALLY_FULL", "count": shown}


def test_of_other_libraries_lines_no_word_is_kept() -> None:
    try:
        raise ValueError(NAME)
    except ValueError:
        fault = sys.exc_info()
    record = logging.LogRecord("aiohttp.access", logging.ERROR, __file__, 1, "GET /%s", (NAME,), fault)
    text = JsonLines().format(record)
    assert json.loads(text) | {"at": ""} == {"at": "", "level": "ERROR", "code": "OTHER", "logger": "aiohttp.access"}


@pytest.mark.parametrize(
    ("fault", "told"),
    [(Complaint("the file is gone"), "the file is gone"), (ConfigurationError("no key"), "no key"),
     (ValueError(NAME), "ValueError")],
    ids=["a complaint", "of the settings", "anything else"],
)  # fmt: skip
def test_of_a_fault_only_the_hub_s_own_words_are_told(
    fault: Exception, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    say(LogLine.LOG_NOT_WRITTEN, fault=own_words(fault))
    assert caplog.records[0].getMessage() == f"LOG_NOT_WRITTEN: the audit log could not be written: {told}"


def test_every_line_of_the_process_is_one_object_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])  # without pytest's own, as in a process that just began
    write_json()
    write_json()
    assert len(root.handlers) == 1, "asked twice, it writes each line once"
    say(LogLine.TALLY_FULL, count=3)
    logging.getLogger("aiohttp.server").error("GET /%s", NAME)
    logging.getLogger("aiohttp.server").info("GET /%s", NAME)
    LOGGER.info("not of a level that is written")
    out, err = capsys.readouterr()
    assert out == ""
    assert [json.loads(each)["code"] for each in err.splitlines()] == ["TALLY_FULL", "OTHER"]
    assert NAME not in err

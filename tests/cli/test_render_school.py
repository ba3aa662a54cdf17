"""What schools hold, in a terminal."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.cli.test_render import captured, shown

ACADEMY = {"custodian": {"name": "Testshire Academy"}, "withheld": []}
UNSAID = "recorded; what it says was not shared or is not held"


@pytest.mark.parametrize(
    ("part", "record", "says"),
    [
        pytest.param("attendance", {"yearBegan": "2025-09-01", "attended": "62.7", "schoolAverage": "95"}, ["from 2025-09-01", "62.7 %, the school 95 %"], id="attendance"),
        pytest.param("attendance", {"yearBegan": None, "attended": None, "schoolAverage": "95"}, ["year not stated", UNSAID], id="attendance that was not shared"),
        pytest.param("exclusions", {"yearBegan": "2025-09-01", "suspensions": 2, "permanentExclusions": 0}, ["2 suspensions, 0 permanent exclusions"], id="none is said too"),
        pytest.param("exclusions", {"yearBegan": "2025-09-01", "suspensions": None, "permanentExclusions": None}, [UNSAID], id="a number that was not shared is not nought"),
        pytest.param("senSupport", {"status": "SEND", "plan": None}, ["School plan", "SEND"], id="support"),
        pytest.param("senSupport", {"status": None, "plan": None}, [UNSAID], id="support that was not shared"),
        pytest.param("safeguardingFiles", {"openedOn": None, "keptBy": None}, ["Safeguarding file", "there is one"], id="a file exists"),
        pytest.param("safeguardingFiles", {"openedOn": None, "keptBy": "Lead"}, ["kept by Lead"], id="and who keeps it"),
    ],
)  # fmt: skip
def test_a_schools_record(part: str, record: dict[str, Any], says: list[str]) -> None:
    child = copy.deepcopy(captured("joined_view"))
    child["education"] = {"__typename": "EducationRecord", part: [{**ACADEMY, **record}]}
    text = shown(child)
    assert all(each in text for each in [*says, "Testshire Academy"])
    assert "None" not in text


@pytest.mark.parametrize("typename", ["NotHeld", "NoAnswer", "NotAsked", "UnsureMatch"])
def test_no_record_is_no_line(typename: str) -> None:
    child = copy.deepcopy(captured("joined_view"))
    child["education"] = {"__typename": typename}
    assert shown(child) == shown(captured("joined_view"))

"""The view in a terminal, over answers captured from the demo: silence first, nothing swallowed, nothing obeyed."""

from __future__ import annotations

import copy
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hub.cli.render import EVENTS_SHOWN_MAX, show

ANSWERS = Path(__file__).parent / "answers"
DO_NOT = 'do not read this as "nothing known"'


def captured(name: str) -> dict[str, Any]:
    """The child of an answer that ``hub ask --json`` or ``hub demo --json`` printed."""
    child: dict[str, Any] = json.loads((ANSWERS / f"{name}.json").read_text(encoding="utf-8"))["data"]["child"]
    return child


def shown(child: dict[str, Any], *, terminal: bool = False) -> str:
    console = Console(file=io.StringIO(), width=200, force_terminal=terminal, highlight=False)
    show(console, child)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


@pytest.fixture
def child() -> dict[str, Any]:
    return copy.deepcopy(captured("joined_view"))


@pytest.mark.parametrize("name", ["joined_view", "possible_matches", "no_match"])
def test_plain_where_there_is_no_terminal(name: str) -> None:
    text = shown(captured(name))
    assert "\x1b" not in text
    assert f"Log entry {captured(name)['logEntry']['number']}" in text
    assert "None" not in text


def test_styled_where_there_is_one() -> None:
    assert "\x1b[" in shown(captured("joined_view"), terminal=True)


def test_a_source_that_did_not_answer_comes_first_with_whom_to_ring(child: dict[str, Any]) -> None:
    table = shown(child).split("Who answered")[1].split("Key facts")[0]
    assert table.index("Testshire Police") < table.index("Testshire Council") < table.index("Testshire NHS")
    assert table.count(DO_NOT) == 1
    assert "NO ANSWER" in table
    assert "01632 960 131" in table
    assert "01632 960 121" not in table, "no need to ring whoever answered"


STATES = ["NO_ANSWER", "POSSIBLE_MATCH", "NOT_ASKED", "NOT_HELD", "ANSWERED"]


@pytest.mark.parametrize("state", STATES)
def test_every_state_looks_like_itself(child: dict[str, Any], state: str) -> None:
    words = {
        "ANSWERED": "answered",
        "NOT_HELD": "not held: searched, nothing",
        "POSSIBLE_MATCH": "possible match: a person must look",
        "NO_ANSWER": "NO ANSWER",
        "NOT_ASKED": "not asked",
    }
    child["sources"] = [{**child["sources"][0], "state": state}]
    table = shown(child).split("Who answered")[1].split("Key facts")[0]
    assert words[state] in table
    assert (DO_NOT in table) is (state not in ("ANSWERED", "NOT_HELD"))


def test_silent_sources_come_first_in_whatever_order_they_were_told(child: dict[str, Any]) -> None:
    one = child["sources"][0]
    child["sources"] = [{**one, "state": state, "custodian": {"name": f"<{state}>"}} for state in reversed(STATES)]
    text = shown(child)
    places = [text.index(f"<{state}>") for state in STATES]
    assert places == sorted(places)


def test_alerts_are_current_or_unknown_and_never_the_same(child: dict[str, Any]) -> None:
    text = shown(child)
    assert re.search(r"! Child protection plan since \d{4}-\d\d-\d\d \(Testshire Council\)", text)
    assert "! Missing: UNKNOWN, Testshire Police has not said" in text


def test_each_agencys_version_stands_with_whoever_says_it(child: dict[str, Any]) -> None:
    name = child["identity"]["names"][0]
    other = {**name, "value": "Amelia Otherwise", "custodian": {"name": "Otherham Police"}}
    same = {**name, "custodian": {"name": "Otherham Council"}}
    child["identity"]["names"] = [name, other, same]
    text = shown(child)
    assert f"{name['value']} / Amelia Otherwise" in text
    assert f"{name['custodian']['name']}, Otherham Council" in text
    assert "Otherham Police" in text


def test_a_name_that_was_not_shared_is_said_not_to_be(child: dict[str, Any]) -> None:
    child["identity"]["names"] = []
    assert "Name not shared" in shown(child)


def lines(**changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "fields": ["*"], "outcome": "WITHHELD", "kind": None, "impediment": None, "reference": "9-1", "replyBy": None,
        "contact": {"role": "Desk", "phone": "01632 960 121"}, "nextStep": "Ring.",
    }  # fmt: skip
    return told | changes


def bar(confidence: str) -> dict[str, str]:
    return {"title": "A bar", "citation": "An Act s.1", "confidence": confidence}


@pytest.mark.parametrize(
    ("line", "says", "never"),
    [
        pytest.param(lines(impediment=bar("VERIFIED")), ["A bar", "An Act s.1"], ["not verified", "secondary"], id="verified law"),
        pytest.param(lines(impediment=bar("GENERAL")), ["A bar", "(law not verified)"], ["secondary"], id="unverified law"),
        pytest.param(lines(impediment=bar("VERIFIED_SECONDARY")), ["(law checked in secondary sources only)"], ["not verified"], id="law read about"),
        pytest.param(lines(replyBy="2026-11-23T16:40:00Z"), ["Restricted", "9-1", "reply by 2026-11-23 16:40"], ["withheld"], id="veiled"),
        pytest.param(lines(outcome="GAP", fields=["place", "on"]), ["gap", "(place, on)"], ["Restricted"], id="a gap, of some fields"),
        pytest.param(lines(outcome="ASK"), ["ask", "01632 960 121", "Ring."], ["Restricted"], id="ask"),
    ],
)  # fmt: skip
def test_what_is_held_back(child: dict[str, Any], line: dict[str, Any], says: list[str], never: list[str]) -> None:
    child["withheld"] = [line]
    table = shown(child).split("Held back")[1]
    assert [word for word in says if word not in table] == []
    assert [word for word in never if word in table] == []


def test_each_line_is_told_once_wherever_it_is_and_what_is_out_of_scope_is_not(child: dict[str, Any]) -> None:
    deep = [lines(reference="9-2"), lines(reference="9-3", outcome="OUT_OF_SCOPE")]
    child["withheld"] = [lines(), lines()]
    child["socialCare"]["withheld"] = deep
    child["timeline"]["edges"][0]["node"]["withheld"] = deep
    table = shown(child).split("Held back")[1]
    assert [table.count(reference) for reference in ("9-1", "9-2", "9-3")] == [1, 1, 0]


def test_nothing_held_back_is_no_table(child: dict[str, Any]) -> None:
    for part in (child, child["identity"]):
        part["withheld"] = []
    assert ("Held back" in shown(child)) is ('"reference"' in json.dumps(child))


@pytest.mark.parametrize(("outcome", "marked"), [("WITHHELD", True), ("GAP", True), ("OUT_OF_SCOPE", False)])
def test_an_event_of_which_part_was_held_back_is_marked(child: dict[str, Any], outcome: str, marked: bool) -> None:
    for edge in child["timeline"]["edges"]:
        edge["node"]["withheld"] = []
    child["timeline"]["edges"][0]["node"]["withheld"] = [lines(outcome=outcome)]
    assert shown(child).count("[part held back]") == marked


@pytest.mark.parametrize("more", [0, 1])
def test_how_many_events_are_not_shown(child: dict[str, Any], more: int) -> None:
    edge = child["timeline"]["edges"][0]
    child["timeline"] = {"total": EVENTS_SHOWN_MAX + more, "edges": [edge] * (EVENTS_SHOWN_MAX + more)}
    text = shown(child)
    assert text.count(edge["node"]["title"]) >= EVENTS_SHOWN_MAX
    assert ("1 more" in text) is bool(more)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[see file] 1 Mill Lane", id="what looks like a style"),
        pytest.param("[/b] 1 Mill Lane", id="what looks like the end of one"),
        pytest.param("1 Mill :house: Lane", id="what looks like a symbol's name"),
        pytest.param("1 Mill Lane [link=http://x.example]here[/link]", id="what looks like a link"),
    ],
)
def test_what_an_agency_wrote_is_shown_as_it_is(child: dict[str, Any], text: str) -> None:
    child["identity"]["addresses"][0]["value"] = text
    child["timeline"]["edges"][0]["node"]["summary"] = text
    child["household"][0]["person"]["name"] = text
    child["withheld"] = [lines(nextStep=text)]
    for terminal in (False, True):
        assert re.sub(r"\x1b\[[\d;]*m", "", shown(child, terminal=terminal)).count(text) == 4


@pytest.mark.parametrize("code", ["\x1b[2J", "\x1b]0;title\x07", "\x9b2J", "\r", "\x08", "\u202e"])
def test_what_a_terminal_would_obey_does_not_reach_it(child: dict[str, Any], code: str) -> None:
    child["identity"]["addresses"][0]["value"] = child["identity"]["names"][0]["value"] = f"Mill{code}Lane"
    text = shown(child)
    assert code[0] not in text
    assert "Mill\N{REPLACEMENT CHARACTER}" in text


@pytest.mark.parametrize(
    ("part", "record", "says"),
    [
        pytest.param("plans", {"category": None, "startedOn": None, "endedOn": None}, "what it says was not shared", id="nothing of a plan"),
        pytest.param("plans", {"category": "neglect", "startedOn": None, "endedOn": "2026-01-02"}, "neglect, ended 2026-01-02", id="part of a plan"),
        pytest.param("flags", {"flag": None, "status": None}, "what it says was not shared", id="nothing of a flag"),
        pytest.param("flags", {"flag": "Child protection plan", "status": "active"}, "Child protection plan (active)", id="a flag"),
    ],
)  # fmt: skip
def test_a_null_is_never_shown_as_a_value(child: dict[str, Any], part: str, record: dict[str, Any], says: str) -> None:
    section = child["socialCare"] if part == "plans" else child["health"]
    section[part] = [{"custodian": {"name": "Testshire"}, "withheld": [], **record}]
    text = shown(child)
    assert says in text
    assert "None" not in text


def test_possible_matches_say_to_look_and_show_no_more_than_the_evidence() -> None:
    child = captured("possible_matches")
    text = shown(child)
    assert "Possible matches: look before you join" in text
    for candidate in child["candidates"]:
        assert candidate["reference"] in text
    assert "missing" not in text, "what was not compared is left out"


def test_no_match_says_of_whom() -> None:
    text = shown(captured("no_match"))
    assert "No agency that answered holds this child" in text
    assert text.count("not held: searched, nothing") == 3

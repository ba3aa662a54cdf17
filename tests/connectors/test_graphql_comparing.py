"""`hub connector check` with a test patient: a GraphQL system's answers against its mapping, all paths at once, no value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hub.connectors.checking import Grade, Listening, Report
from hub.connectors.checking_walk import Known, walk
from tests.connectors.fhir_bench import served
from tests.connectors.graphql_bench import (
    BY_NUMBER,
    CASEWORK,
    CATALOGUE,
    MAYA,
    SECRET,
    SUBGRAPH,
    VOCABULARY,
    Served,
    World,
    child,
    connector,
    redacted,
    subgraph_root,
)

Json = dict[str, Any]
WORLD = World()
CHILDREN: Json = {}
SERVER = Served(CASEWORK, WORLD.root)
PART = Served(SUBGRAPH, lambda: subgraph_root(CHILDREN))


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    with served(SERVER) as casework, served(PART) as subgraph:
        yield {"casework": casework, "subgraph": subgraph}


@pytest.fixture(autouse=True)
def sound() -> None:
    WORLD.__init__()  # type: ignore[misc]
    CHILDREN.clear()
    CHILDREN[MAYA] = child()
    SERVER.bend = PART.bend = lambda body: body


async def walked(url: str, name: str = "casework") -> Report:
    made = connector(url, name)
    assert isinstance(made, Listening)
    report = await walk(made, Known(CATALOGUE, VOCABULARY), BY_NUMBER, 5)
    await made.close()
    told = " ".join(f"{each.what} {each.do}" for each in report.findings)
    for value in (SECRET, "Thornbury", "2017-03-09", "Neglect", MAYA):
        assert value not in told
    return report


def said(report: Report, grade: Grade) -> list[str]:
    return [each.what for each in report.findings if each.grade is grade]


@pytest.mark.parametrize(("name", "paths"), [("casework", "34 of 35"), ("subgraph", "18 of 21")])
async def test_all_that_fits_is_counted(urls: dict[str, str], name: str, paths: str) -> None:
    report = await walked(urls[name], name)
    assert said(report, Grade.MEND) == []
    (counted,) = [each for each in said(report, Grade.WELL) if "mapped paths" in each]
    assert counted == f"{paths} mapped paths were there, and of the type the mapping says"


async def test_what_is_never_there_is_a_note(urls: dict[str, str]) -> None:
    notes = said(await walked(urls["casework"]), Grade.NOTE)
    assert "kinds.protection_plan.fields.ended_on is absent in all 1" in notes


def plan(**more: Any) -> None:
    WORLD.plan |= more


def person(**more: Any) -> None:
    WORLD.person |= more


def notes(**more: Any) -> None:
    WORLD.notes[:] = [note | more for note in WORLD.notes]


ROWS: dict[str, tuple[Any, Json, Grade, str]] = {
    "a marking without a word": (plan, {"markings": ["ODD 7"]}, Grade.MEND, "markings without a word, of the form AAA 9 (1)"),
    "a marking above OFFICIAL": (plan, {"markings": ["SECRET"]}, Grade.MEND, "above OFFICIAL-SENSITIVE in 1"),
    "a code without a word": (notes, {"type": {"code": "Z9"}}, Grade.NOTE, "codes without a word, of the form A9 (3)"),
    "a date that is none": (plan, {"start": "yesterday"}, Grade.MEND, "kinds.protection_plan.fields.started_on is of another type in 1 of 1"),
    "a sex without a word": (person, {"gender": "QQ"}, Grade.NOTE, "candidate.sex: codes without a word, of the form AA (1)"),
    "a birth date that is not there": (person, {"dateOfBirth": None}, Grade.NOTE, "candidate.birth_date is absent in all 1"),
    "a value that is held back": (plan, {"category": redacted("PRIVATE")}, Grade.NOTE, "kinds.protection_plan.fields.category was held back in 1 of 1"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "how", "grade", "says"), ROWS.values(), ids=ROWS)
async def test_what_does_not_fit_is_told_with_its_key_and_never_its_value(
    urls: dict[str, str], change: Any, how: Json, grade: Grade, says: str
) -> None:
    change(**how)
    report = await walked(urls["casework"])
    assert any(says in each for each in said(report, grade)), report


async def test_several_at_once_are_all_told(urls: dict[str, str]) -> None:
    plan(start="yesterday", markings=["ODD 7"])
    notes(on="tomorrow")
    mend = said(await walked(urls["casework"]), Grade.MEND)
    assert sum("is of another type" in each for each in mend) == 2
    assert sum("markings without a word" in each for each in mend) == 1


async def test_a_record_that_is_held_back_whole_is_a_note_and_nothing_absent(urls: dict[str, str]) -> None:
    WORLD.notes[0] = redacted("PRIVATE")
    report = await walked(urls["casework"])
    assert "record (in find) was held back in 1 of 1: there it could not be compared" in said(report, Grade.NOTE)
    assert not any("absent" in each for each in said(report, Grade.MEND)), report


async def test_a_list_that_is_held_back_whole_is_a_note(urls: dict[str, str]) -> None:
    def bend(body: Json) -> Json:
        if "notes" in ((body.get("data") or {}).get("person") or {}):
            body["data"]["person"]["plans"] = None
            body.setdefault("errors", []).append({"message": SECRET, "path": ["person", "plans"]})
        return body

    SERVER.bend = bend
    report = await walked(urls["casework"])
    assert not any(SECRET in each.what for each in report.findings)
    assert not report.is_well, "a fault is no answer"


async def test_a_child_whom_the_subgraph_does_not_know_has_nothing_to_compare(urls: dict[str, str]) -> None:
    CHILDREN[MAYA] = None
    report = await walked(urls["subgraph"], "subgraph")
    assert not any("mapped paths" in each.what for each in report.findings)


async def test_the_connector_itself_keeps_nothing(urls: dict[str, str]) -> None:
    made = connector(urls["casework"])
    listening, compared = made.listening()
    await walk(made, Known(CATALOGUE, VOCABULARY), BY_NUMBER, 5)
    assert len([each for each in compared() if "mapped paths" in each.what]) == 0
    await made.close()
    await listening.close()

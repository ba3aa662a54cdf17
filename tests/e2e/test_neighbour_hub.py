"""A hub that asks a second one, both running: what is said, held back or not said there is that here, and in both logs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from hub.access.devclient import fetch_client_token
from hub.audit.entries import Answer, Question, Refused
from hub.cli.main import main
from hub.store.verify import verify_database
from tests.e2e.two_hubs import Shire, TwoHubs, running
from tests.store.tampering import edit

Json = dict[str, Any]
COUNCIL, POLICE = "north council", "south police"
S47 = "CA1989_S47"


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoHubs]:
    with running(tmp_path_factory.mktemp("hubs")) as started:
        yield started


def number(hubs: TwoHubs, part: str) -> str:
    return hubs.world.children[part].nhs_number


def source(child: Json, name: str) -> Json:
    (line,) = [each for each in child["sources"] if each["custodian"]["name"] == name]
    return line


def new(shire: Shire, before: int) -> list[Any]:
    return shire.entries()[before:]


# ---- what is known there is known here -------------------------------------------------------------------------------


async def test_records_of_the_agency_there_come_as_that_agencys(hubs: TwoHubs) -> None:
    here = await hubs.south.child(number(hubs, "protection_plan"), S47)
    there = await hubs.north.child(number(hubs, "protection_plan"), S47)
    assert {name: source(here, name)["state"] for name in (COUNCIL, POLICE, "NHS")} == dict.fromkeys(
        (COUNCIL, POLICE, "NHS"), "ANSWERED"
    )
    (plan,) = here["socialCare"]["plans"]
    assert plan["custodian"]["name"] == COUNCIL
    assert [each["category"] for each in there["socialCare"]["plans"]] == [plan["category"]]
    assert ("PROTECTION_PLAN", "CURRENT") in {(each["kind"], each["state"]) for each in here["alerts"]}


async def test_police_who_hold_no_numbers_are_found_there_by_the_name_that_hub_learns(hubs: TwoHubs) -> None:
    here = await hubs.north.child(number(hubs, "protection_plan"))
    assert source(here, POLICE)["state"] == "ANSWERED"
    assert len(here["police"]["domesticAbuseIncidents"]) == 3


# ---- what is held back there is held back here -----------------------------------------------------------------------


async def test_each_line_there_is_one_line_here_and_quotes_its_reference(hubs: TwoHubs) -> None:
    """Find asks a long section in several questions, and each answer has every line of the section."""
    before = len(hubs.north.entries())
    here = await hubs.south.child(number(hubs, "protection_plan"))
    assert len([each for each in new(hubs.north, before) if isinstance(each, Question)]) > 2
    bars = [line["impediment"] and line["impediment"]["title"] for line in here["withheld"]]
    assert sorted(map(str, bars)) == ["Legal professional privilege", "None", "None"]
    privilege, veiled, gap = sorted(
        here["withheld"], key=lambda line: (line["outcome"] == "GAP", not line["impediment"])
    )
    assert (privilege["outcome"], privilege["kind"]) == ("WITHHELD", "case_document")
    assert (veiled["outcome"], veiled["kind"], veiled["fields"]) == ("WITHHELD", None, ["*"])
    assert gap["outcome"] == "GAP"
    for line in (privilege, veiled, gap):
        assert line["contact"]["phone"] == "01632 960 121"  # the desk there, which knows the reference
        assert "quote its reference" in line["nextStep"]
    assert "adopt" not in str(here).casefold()


async def test_a_role_that_hub_does_not_know_is_a_gap_there_never_a_share(hubs: TwoHubs) -> None:
    """It knows the searcher's hub and not her: what depends on who receives it is held back, and says so."""
    here = await hubs.south.child(number(hubs, "court_papers"))
    there = await hubs.north.child(number(hubs, "court_papers"))
    held = [line for line in here["withheld"] if line["outcome"] == "GAP"]
    assert len(held) == len(there["socialCare"]["documents"]) - len(here["socialCare"]["documents"])
    assert {line["kind"] for line in held} == {"case_document"}


async def test_how_far_it_looked_back_there_is_told_once(hubs: TwoHubs) -> None:
    here = await hubs.south.child(number(hubs, "protection_plan"), "CA1989_S17")
    since = [line["nextStep"] for line in here["withheld"] if line["outcome"] == "OUT_OF_SCOPE"]
    assert len([step for step in since if "Held back there" in step]) == 1, since
    assert all("Only what happened since" in step for step in since)


# ---- silence ---------------------------------------------------------------------------------------------------------


async def test_searched_and_not_held_there_is_not_held_here(hubs: TwoHubs) -> None:
    here = await hubs.south.child(number(hubs, "health_only"))
    assert source(here, COUNCIL)["state"] == "NOT_HELD"
    assert here["socialCare"]["__typename"] == "NotHeld"


async def test_an_agency_that_did_not_answer_that_hub_is_no_answer_here(hubs: TwoHubs) -> None:
    edit(hubs.council, "ALTER TABLE ssd_person RENAME TO ssd_person_gone")
    try:
        here = await hubs.south.child(number(hubs, "protection_plan"))
    finally:
        edit(hubs.council, "ALTER TABLE ssd_person_gone RENAME TO ssd_person")
    assert source(here, COUNCIL)["state"] == "NO_ANSWER"
    assert "did not answer the hub there" in source(here, COUNCIL)["reason"]
    assert here["socialCare"]["__typename"] == "NoAnswer"


async def test_a_hub_that_cannot_write_its_log_is_no_answer_here_and_gives_nothing(hubs: TwoHubs) -> None:
    before = len(hubs.north.entries())
    with hubs.north.log_down():
        here = await hubs.south.child(number(hubs, "protection_plan"))
    assert source(here, COUNCIL)["state"] == "NO_ANSWER"
    assert here["socialCare"]["__typename"] == "NoAnswer"
    assert "503" in here["socialCare"]["reason"]
    assert source(here, POLICE)["state"] == "ANSWERED"
    assert not [each for each in new(hubs.north, before) if isinstance(each, Answer)]


async def test_a_purpose_that_its_register_does_not_open_to_this_hub(hubs: TwoHubs) -> None:
    before = len(hubs.south.entries())
    here = await hubs.north.child(number(hubs, "protection_plan"), "CA1989_S17")
    assert source(here, POLICE)["state"] == "NO_ANSWER"
    assert here["police"]["reason"] == "its register does not let this hub ask under that purpose"
    (refused,) = new(hubs.south, before)
    assert isinstance(refused, Refused)
    assert refused.code == "PURPOSE_NOT_ALLOWED"


# ---- purpose, case, decision: in both logs ---------------------------------------------------------------------------


async def test_the_log_there_has_the_question_with_its_purpose_case_and_decision(hubs: TwoHubs) -> None:
    before = len(hubs.north.entries())
    await hubs.south.child(number(hubs, "looked_after"), S47, case="MASH-2026-0047")
    asked = hubs.south.questions()[-1]
    entries = new(hubs.north, before)
    questions = [each for each in entries if isinstance(each, Question)]
    assert questions
    for each in questions:
        assert (each.purpose, asked.purpose) == ("ca1989-s47", "ca1989-s47")
        assert hubs.north.stands_for(each.case) == "south-hub/MASH-2026-0047"
        assert hubs.south.stands_for(asked.case) == "testshire-council/MASH-2026-0047"
        assert each.decision is not None
        assert asked.decision is not None
        assert each.decision.at == asked.decision.at
        assert each.asker.organisation == "south-hub"
    assert [type(each) for each in entries].count(Answer) == len(questions)  # each question there has its end


async def test_both_logs_check_out(hubs: TwoHubs) -> None:
    for shire in (hubs.north, hubs.south):
        key = (shire.directory / "log.key.pub").read_text(encoding="utf-8")
        report = verify_database(shire.log_url, key)
        assert report.ok, report.fault
        assert report.checked > 0


# ---- two that are each other's neighbours ----------------------------------------------------------------------------


async def test_a_question_goes_to_the_neighbour_and_does_not_come_back(hubs: TwoHubs) -> None:
    """The police are asked of the south alone: the north is told that its own neighbour was left out."""
    before = {one.name: len(one.entries()) for one in (hubs.north, hubs.south)}
    await hubs.south.child(number(hubs, "twin_known"))
    ours = [each for each in new(hubs.south, before["south"]) if isinstance(each, Question)]
    theirs = [each for each in new(hubs.north, before["north"]) if isinstance(each, Question)]
    assert [each.asker.organisation for each in ours] == [
        "testshire-council"
    ]  # the one question, and none of the north
    assert {each.asker.organisation for each in theirs} == {"south-hub"}
    answers = [each for each in new(hubs.north, before["north"]) if isinstance(each, Answer)]
    states = {(one.custodian, one.state, one.reason) for each in answers for one in each.sources}
    police = {row for row in states if row[0] == "south-police"}
    assert police == {("south-police", "no_answer", "refused"), ("south-police", "not_asked", "not_selected")}


# ---- `hub connector check` of a neighbour ----------------------------------------------------------------------------


def check(shire: Shire, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    agency = {"north": "south-police", "south": "north-council"}[shire.name]
    settings = str(shire.directory / "settings.toml")
    status = main(["connector", "check", agency, "--settings", settings, *more])
    return status, capsys.readouterr().out


def test_a_check_asks_the_hub_there_about_nobody(hubs: TwoHubs, capsys: pytest.CaptureFixture[str]) -> None:
    before = len(hubs.north.entries())
    status, said = check(hubs.south, capsys)
    assert status == 0, said
    assert "its register lists this hub" in said
    assert "it understands the questions about all 35 kinds of record" in said
    logged = new(hubs.north, before)
    assert {type(each) for each in logged} == {Refused}
    assert {each.code for each in logged} == {"PURPOSE_MISSING"}


def test_nor_about_a_test_patient_for_want_of_a_purpose(hubs: TwoHubs, capsys: pytest.CaptureFixture[str]) -> None:
    before = len(hubs.north.entries())
    status, said = check(hubs.south, capsys, "--nhs-number", number(hubs, "protection_plan"))
    assert status == 0, said
    assert "it is asked under a purpose only" in said
    assert {type(each) for each in new(hubs.north, before)} == {Refused}


def test_a_check_names_the_kinds_that_the_hub_there_does_not_know(
    hubs: TwoHubs, capsys: pytest.CaptureFixture[str]
) -> None:
    path = hubs.south.directory / "neighbour.toml"
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound.replace('placement = "placements"', 'placement = "lodgings"'), encoding="utf-8")
    try:
        status, said = check(hubs.south, capsys)
    finally:
        path.write_text(sound, encoding="utf-8")
    assert status == 1
    assert "it does not understand the question about placement: no answer" in said


@pytest.mark.parametrize(
    ("token", "says"),
    [
        pytest.param("made-up", "refused: it refused the hub's credentials", id="no token of theirs"),
        pytest.param(None, "refused: its register does not list this hub", id="a client with no row for it"),
    ],
)
def test_a_check_says_who_must_open_the_door(
    hubs: TwoHubs, capsys: pytest.CaptureFixture[str], token: str | None, says: str
) -> None:
    path = hubs.south.directory / "neighbour.credential"
    sound = path.read_text(encoding="ascii")
    if token is None:  # a client of the north's own council, without a worker
        issuer, client = hubs.north.login.issuer, "testshire-mash"
        token = asyncio.run(fetch_client_token(issuer, client, secret=f"{client}-development-only"))
    path.write_text(token, encoding="ascii")
    try:
        status, said = check(hubs.south, capsys)
    finally:
        path.write_text(sound, encoding="ascii")
    assert status == 1
    assert says in said

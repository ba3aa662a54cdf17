"""A child not yet born, asked about over HTTP, against the demo's council and NHS."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from hub.demo.cast_unborn import MOTHER, OF_TWINS, UNKNOWN_TO_COUNCIL
from hub.settings import load_settings
from tests.e2e.conftest import Town, log_checks_out

COUNCIL, POLICE, HEALTH = "Testshire Council", "Testshire Police", "Testshire NHS"
LINE = "{ fields outcome kind nextStep contact { phone } impediment { id } }"
SOURCE = "{ custodian { name } state reason notAskedReason records }"
QUERY = f"""
query Unborn($find: ChildSearch!, $enquiry: EnquiryInput!) {{
  child(find: $find, enquiry: $enquiry) {{
    __typename
    ... on JoinedView {{
      sources {SOURCE}
      candidates {{ evidence {{ compared outcome }} }}
      withheld {LINE}
      match {{ custodian {{ name }} basis }}
      identity {{ expectedDateOfBirth {{ value custodian {{ name }} }} withheld {LINE} }}
      socialCare {{ ... on SocialCareRecord {{ referrals {{ on withheld {LINE} }} withheld {LINE} }} }}
      police {{ __typename ... on NotAsked {{ reason }} }}
      health {{ __typename ... on HealthRecord {{
        maternityEpisodes {{
          bookedOn status service expectedDateOfBirth careProvider handling {{ id notice confidence }} withheld {LINE}
        }}
        attendances {{ on withheld {LINE} }}
        withheld {LINE}
      }} }}
      logEntry {{ number }}
    }}
    ... on PossibleMatches {{ sources {SOURCE} candidates {{ custodian {{ name }} evidence {{ compared outcome }} }} }}
    ... on NoMatch {{ sources {SOURCE} }}
  }}
}}
"""


def due(town: Town) -> str:
    return town.world.expecting[0].due.isoformat()


async def asked(town: Town, mother: str, expected: str, **how: Any) -> dict[str, Any]:
    unborn = {"motherNhsNumber": mother, "expectedDateOfBirth": expected}
    return await town.child(query=QUERY, unborn=unborn, **how)


def by_name(child: dict[str, Any]) -> dict[str, Any]:
    return {source["custodian"]["name"]: source for source in child["sources"]}


@pytest.mark.parametrize("purpose", ["CA2004_S16LA", "CA1989_S47", "CA1989_S17"])
async def test_the_councils_record_and_the_mothers_care_in_one_view(town: Town, purpose: str) -> None:
    child = await asked(town, MOTHER, due(town), purpose=purpose)
    assert child["__typename"] == "JoinedView"
    assert [one["value"] for one in child["identity"]["expectedDateOfBirth"]] == [due(town)]
    assert len(child["socialCare"]["referrals"]) == 1
    (episode,) = child["health"]["maternityEpisodes"]
    assert (episode["status"], episode["service"]) == ("active", "Antenatal care")
    assert (episode["expectedDateOfBirth"], episode["careProvider"]) == (due(town), "Testshire Maternity Unit")
    (notice,) = episode["handling"]
    assert (notice["id"], notice["confidence"]) == ("unborn-childs-mother", "GENERAL")
    assert {line["custodian"]["name"]: line["basis"].split()[1] for line in child["match"]} == {
        COUNCIL: "recorded",
        HEALTH: "mother's",
    }


async def test_a_month_is_enough(town: Town) -> None:
    child = await asked(town, MOTHER, due(town)[:7])
    assert by_name(child)[COUNCIL]["state"] == "ANSWERED"


async def test_the_police_are_not_asked(town: Town) -> None:
    child = await asked(town, MOTHER, due(town))
    line = by_name(child)[POLICE]
    assert (line["state"], line["notAskedReason"]) == ("NOT_ASKED", "UNBORN")
    assert child["police"] == {"__typename": "NotAsked", "reason": "UNBORN"}


async def test_of_the_mothers_other_records_nothing_is_looked_for(town: Town) -> None:
    child = await asked(town, MOTHER, due(town))
    assert child["health"]["attendances"] is None
    (said,) = [line["nextStep"] for line in child["health"]["withheld"] if line["fields"] == ["attendances"]]
    assert "was not looked for" in said


@pytest.mark.parametrize("mother", [UNKNOWN_TO_COUNCIL, "9990004021"], ids=["who is booked", "who is not"])
async def test_without_the_councils_word_her_care_is_not_told(town: Town, mother: str) -> None:
    child = await asked(town, mother, due(town))
    assert by_name(child)[COUNCIL]["state"] == "NOT_HELD"
    assert by_name(child)[HEALTH]["records"] is None
    assert child["health"]["maternityEpisodes"] is None
    (line,) = [line for line in child["health"]["withheld"] if line["fields"] == ["maternityEpisodes"]]
    assert "a council recorded whose mother she is" in line["nextStep"]
    assert line["contact"]["phone"]


async def test_twins_are_for_a_person_and_the_mothers_care_is_not_told(town: Town) -> None:
    child = await asked(town, OF_TWINS, due(town))
    assert by_name(child)[COUNCIL]["state"] == "POSSIBLE_MATCH"
    assert "more than one" in by_name(child)[COUNCIL]["reason"]
    agreed = [
        {"compared": "mother's NHS number", "outcome": "agree"},
        {"compared": "expected date of birth", "outcome": "agree"},
    ]
    assert child["candidates"] == [{"evidence": agreed}] * 2
    assert by_name(child)[HEALTH]["records"] is None
    assert child["health"]["maternityEpisodes"] is None
    assert [line for line in child["withheld"] if line["kind"] == "maternity_episode"] == []
    (line,) = [line for line in child["health"]["withheld"] if line["fields"] == ["maternityEpisodes"]]
    assert "No council could say for certain" in line["nextStep"]
    assert line["outcome"] == "GAP"


async def test_nobody_holds_the_child(town: Town) -> None:
    child = await asked(town, "9990005524", due(town))
    assert child["__typename"] == "NoMatch"
    assert {name: line["state"] for name, line in by_name(child).items()} == {
        COUNCIL: "NOT_HELD",
        HEALTH: "NOT_HELD",
        POLICE: "NOT_ASKED",
    }


@pytest.mark.parametrize(
    ("find", "code"),
    [
        pytest.param({"nhsNumber": MOTHER}, "SEARCH_INVALID", id="a number beside it"),
        pytest.param({"postcode": "ZZ1 1AA"}, "SEARCH_INVALID", id="a postcode beside it"),
        pytest.param({"expected": "2027"}, "DATE_INVALID", id="a year alone"),
        pytest.param({"expected": "2999-01"}, "DATE_INVALID", id="far away"),
        pytest.param({"expected": "2020-01-18"}, "DATE_INVALID", id="long past"),
    ],
)
async def test_refused(town: Town, find: dict[str, str], code: str) -> None:
    beside = {name: value for name, value in find.items() if name != "expected"}
    unborn = {"motherNhsNumber": MOTHER, "expectedDateOfBirth": find.get("expected", due(town))}
    reply = await town.ask(query=QUERY, unborn=unborn, **beside)
    assert [error["extensions"]["code"] for error in reply.body["errors"]] == [code]


async def test_a_child_who_was_born_has_no_maternity_care_of_their_own(town: Town) -> None:
    child = await town.child("protection_plan", query=QUERY)
    (line,) = [line for line in child["health"]["withheld"] if line["fields"] == ["maternityEpisodes"]]
    assert "only in a question about an unborn child" in line["nextStep"]


async def test_the_log_keeps_a_reference_and_not_the_mother(town: Town) -> None:
    await asked(town, MOTHER, due(town))
    assert log_checks_out(town)
    file = load_settings(town.running.settings).log.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(file) as connection:
        entries = [bytes(body) for (body,) in connection.execute("SELECT body FROM log_entry")]
        kept = [value for (value,) in connection.execute("SELECT value FROM log_reference WHERE kind = 'subject'")]
    assert entries
    assert not any(MOTHER.encode() in body for body in entries)
    assert f"unborn:{MOTHER}/{due(town)}" in kept

"""The pretend police: the protocol it speaks, what it refuses, and its switches."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from hub.demo.generator import build_world
from hub.demo.police import DEMO_CREDENTIAL
from hub.demo.police_app import IDS_MAX, PAGE_SIZE, create_app
from hub.demo.police_records import CANDIDATES_MAX, PoliceHoldings
from tests.demo.police_process import police

WORLD = build_world()
STAR = WORLD.played_by("protection_plan")
AUTH = {"Authorization": f"Bearer {DEMO_CREDENTIAL}"}

Json = dict[str, Any]


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(create_app(PoliceHoldings(WORLD), DEMO_CREDENTIAL), headers=AUTH) as made:
        yield made


def search(**changes: object) -> Json:
    asked = {"surname": STAR.family_name, "givenName": STAR.given_name, "dateOfBirth": STAR.birth_date.isoformat()}
    return {key: value for key, value in {**asked, **changes}.items() if value is not None}


def test_a_search_finds_the_child_and_no_nhs_number_ever(client: TestClient) -> None:
    answer = client.post("/v1/persons/search", json=search())
    assert STAR.police is not None
    assert [row["personId"] for row in answer.json()["candidates"]] == [STAR.police.local_id]
    numbers = {child.nhs_number for child in WORLD.children.values()}
    for person in PoliceHoldings(WORLD).people:
        rows = client.post(f"/v1/persons/{person}/records/index", json={"types": ["PERSON"]}).json()["records"]
        text = client.post(f"/v1/persons/{person}/records", json={"ids": [rows[0]["recordId"]]}).text
        assert not any(number in text for number in numbers)


FINDS = {
    "in capitals": (search(surname=STAR.family_name.upper()), True),
    "with a hyphen": (search(surname=f"Nobody-{STAR.family_name}"), True),
    "only the surname fits": (search(givenName="Nobody"), True),
    "only the given name fits": (search(surname="Nobody"), True),
    "neither name fits": (search(surname="Nobody", givenName="Nobody"), False),
    "a year out, names fit": (search(dateOfBirth=STAR.birth_date.replace(year=STAR.birth_date.year + 1).isoformat()), True),
    "two years out": (search(dateOfBirth=STAR.birth_date.replace(year=STAR.birth_date.year + 2).isoformat()), False),
    "in a range": (search(dateOfBirth=None, dateOfBirthFrom=f"{STAR.birth_date.year}-01-01",
                          dateOfBirthTo=f"{STAR.birth_date.year}-12-31"), True),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "found"), FINDS.values(), ids=FINDS.keys())
def test_how_forgiving_a_search_is(client: TestClient, asked: Json, found: bool) -> None:
    rows = client.post("/v1/persons/search", json=asked).json()["candidates"]
    assert STAR.police is not None
    assert (STAR.police.local_id in {row["personId"] for row in rows}) is found


def test_a_child_unknown_to_the_police_is_not_found(client: TestClient) -> None:
    child = WORLD.played_by("unknown_to_police")
    asked = search(surname=child.family_name, givenName=child.given_name, dateOfBirth=child.birth_date.isoformat())
    answer = client.post("/v1/persons/search", json=asked).json()
    assert (answer["candidates"], answer["truncated"]) == ([], False)


def test_a_loose_search_is_cut_and_says_so() -> None:
    holdings = PoliceHoldings(WORLD)
    person = holdings.people[STAR.police.local_id] if STAR.police else None
    assert person is not None
    for count, more in ((CANDIDATES_MAX, False), (CANDIDATES_MAX + 1, True)):
        holdings.people = {str(place): person for place in range(count)}
        born = (STAR.birth_date, STAR.birth_date)
        found, truncated = holdings.search(STAR.family_name, STAR.given_name, born)
        assert (len(found), truncated) == (CANDIDATES_MAX, more)


REFUSED = {
    "no surname": (search(surname=None), 400, "CRITERIA_MISSING"),
    "blank surname": (search(surname=" "), 400, "CRITERIA_MISSING"),
    "no birth date": (search(dateOfBirth=None), 400, "CRITERIA_MISSING"),
    "half a range": (search(dateOfBirth=None, dateOfBirthFrom="2017-01-01"), 400, "CRITERIA_MISSING"),
    "a birth date that is none": (search(dateOfBirth="March"), 400, "CRITERIA_MISSING"),
    "an NHS number": (search(nhsNumber=STAR.nhs_number), 400, "UNKNOWN_CRITERION"),
    "a number for a name": (search(surname=7), 400, "UNKNOWN_CRITERION"),
    "a list": ([search()], 400, "NOT_JSON"),
}


@pytest.mark.parametrize(("asked", "status", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_search_it_does_not_take(client: TestClient, asked: object, status: int, code: str) -> None:
    answer = client.post("/v1/persons/search", json=asked)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


PATHS = {
    "no such person, index": ("/v1/persons/P0/records/index", {"types": []}, 404),
    "no such person, records": ("/v1/persons/P0/records", {"ids": []}, 404),
    "no such record": (f"/v1/persons/{STAR.police and STAR.police.local_id}/records", {"ids": ["X"]}, 404),
    "too many ids": (
        f"/v1/persons/{STAR.police and STAR.police.local_id}/records",
        {"ids": ["X"] * (IDS_MAX + 1)},
        413,
    ),
    "ids that are numbers": (f"/v1/persons/{STAR.police and STAR.police.local_id}/records", {"ids": [1]}, 400),
}


@pytest.mark.parametrize(("path", "asked", "status"), PATHS.values(), ids=PATHS.keys())
def test_records_it_does_not_give(client: TestClient, path: str, asked: Json, status: int) -> None:
    assert client.post(path, json=asked).status_code == status


@pytest.mark.parametrize("sent", [None, "Bearer wrong", f"Basic {DEMO_CREDENTIAL}", DEMO_CREDENTIAL], ids=str)
def test_only_the_credential_opens_it(client: TestClient, sent: str | None) -> None:
    client.headers.pop("Authorization")
    headers = {"Authorization": sent} if sent else {}
    assert client.post("/v1/persons/search", json=search(), headers=headers).status_code == 401


def test_the_index_comes_in_pages(client: TestClient) -> None:
    large = WORLD.played_by("large_record").police
    assert large is not None
    base = f"/v1/persons/{large.local_id}/records/index"
    page = client.post(base, json={"types": ["PERSON", "OCCURRENCE"]}).json()
    assert len(page["records"]) == PAGE_SIZE
    assert "event" not in page["records"][1]
    seen = [row["recordId"] for row in page["records"]]
    while "next" in page:
        page = client.get(base + page["next"]).json()
        seen += [row["recordId"] for row in page["records"]]
    assert len(seen) == len(set(seen)) > PAGE_SIZE


def test_the_request_id_comes_back(client: TestClient) -> None:
    answer = client.post("/v1/persons/search", json=search(), headers={"X-Request-ID": "abc"})
    assert answer.headers["x-request-id"] == "abc"


def test_markings_as_the_force_writes_them(client: TestClient) -> None:
    child = WORLD.played_by("intelligence").police
    assert child is not None
    index = client.post(f"/v1/persons/{child.local_id}/records/index", json={"types": ["INTELLIGENCE_REPORT"]}).json()
    assert sorted(tuple(row["handling"].values()) for row in index["records"]) == [
        # code, released in this wording, a sanitised line
        ("C", False, False), ("C", False, True), ("C", True, False), ("P", False, False),
    ]  # fmt: skip
    assert not any("sanitisedText" in str(row) for row in index["records"])  # the index says that there is one, no more


def test_the_process_starts_broken_mends_and_breaks_while_it_runs() -> None:
    with police("--fault", "down", "--seed", "7") as url, httpx2.Client(base_url=url, headers=AUTH) as http:
        ask = lambda: http.post("/v1/persons/search", json=search()).status_code  # noqa: E731
        assert ask() == 503
        assert http.post("/_demo/fault", json={"fault": None}).json() == {"fault": None, "latency_ms": 0}
        assert ask() == 200
        assert http.post("/_demo/fault", json={"fault": "no such"}).status_code == 400
        http.post("/_demo/fault", json={"fault": "down"})
        assert ask() == 503


@pytest.mark.parametrize("options", [["--fault", "sulk"], ["--latency-ms", "-1"], []], ids=["fault", "latency", "port"])
def test_options_it_does_not_know(options: list[str]) -> None:
    port = ["--port", "0"] if options else []
    run = subprocess.run([sys.executable, "-m", "hub.demo.police", *port, *options], capture_output=True, text=True)
    assert run.returncode == 2
    assert "usage:" in run.stderr

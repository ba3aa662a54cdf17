"""`hub connector check` of the DfE custodian API: its token, Find and Fetch tried without asking about anybody."""

from __future__ import annotations

from typing import Any

import pytest

from hub.connectors.checking import NOBODY, Grade, Report, examine
from hub.connectors.checking_walk import Known, walk
from hub.connectors.dfe.checking import ANY_TYPE
from hub.domain.organisations import Sector
from tests.connectors.bendable import Request, bendable, response
from tests.connectors.dfe_bench import (
    BUNDLE,
    BY_NUMBER,
    CATALOGUE,
    EDUCATION,
    MAYA,
    PERSONAL,
    SECRET,
    Upstream,
    connector,
    education,
    item,
    personal,
)

PROBLEM = {"title": "Not Found", "status": 404}
NOT_FOUND = response(PROBLEM, "404 Not Found", "application/problem+json")
FIND, FETCH = "/api/v1/Find/manifest", f"/api/v1/Fetch/ORG-1/{ANY_TYPE}/{NOBODY}"


def agency() -> Upstream:
    return Upstream({PERSONAL: personal(), EDUCATION: education()})


async def checked(script: Any, sector: Sector = Sector.EDUCATION, **how: Any) -> Report:
    async with bendable(script) as server:
        made = connector(server.url, sector, **how)
        report = await examine(made, 5)
        await made.close()
    assert SECRET not in " ".join(f"{each.what} {each.do}" for each in report.findings)
    return report


def graded(report: Report, grade: Grade) -> list[str]:
    return [each.what for each in report.findings if each.grade is grade]


def but(path: str, raw: bytes) -> Any:
    """The agency, which answers ``raw`` to one of the questions."""
    upstream = agency()

    async def script(request: Request) -> None:
        if path in request.line:
            request.writer.write(raw)
        else:
            await upstream(request)

    return script


async def test_all_is_well_and_nobody_is_asked_about() -> None:
    upstream = agency()
    report = await checked(upstream)
    assert [each.grade for each in report.findings] == [Grade.WELL] * 3
    assert upstream.asked == [(FIND, {"orgId": "ORG-1", "personId": NOBODY, "recordType": None}), (FETCH, None)]


async def test_a_test_patient_is_counted_and_never_shown() -> None:
    async with bendable(agency()) as server:
        made = connector(server.url, nhs_numbers_verified=True)
        report = await walk(made, Known(CATALOGUE, BUNDLE.vocabulary.labels.keys()), BY_NUMBER, 5)
        await made.close()
    assert report.is_well, report
    assert "1 line(s) stand for what it holds back, or does not say: each is shown as that" in graded(
        report, Grade.NOTE
    )
    assert {each.kind for each in report.samples} >= {"pupil", "school_enrolment", "school_attendance"}
    told = " ".join(f"{each.what} {each.do}" for each in report.findings) + str(report.samples)
    assert not any(word in told for word in ("Thornbury", "Weir Road", MAYA))


SAID: dict[str, tuple[str, bytes, dict[str, Any], Grade, str]] = {
    "a 404, and it is not said what that means": (FIND, NOT_FOUND, {}, Grade.NOTE, "never `not held`"),
    "a 404, agreed to be not held": (FIND, NOT_FOUND, {"not_found_is_not_held": True}, Grade.NOTE, "so would an `organisation` be that is not its own"),
    "a 400 to an id that is none": (FIND, response({"status": 400}, "400 Bad Request"), {}, Grade.NOTE, "does not accept a person who is none"),
    "a 400 to a record that is none": ("/Fetch/", response({"status": 400}, "400 Bad Request"), {}, Grade.NOTE, "does not accept the id of a record"),
    "everybody at Find": (FIND, response([item(PERSONAL)]), {}, Grade.MEND, "Find: it gave something to a question about nobody"),
    "something at Fetch": ("/Fetch/", response({"payload": SECRET}), {}, Grade.MEND, "Fetch: it gave something to a question about nobody"),
    "no list": (FIND, response({"records": [SECRET]}), {}, Grade.MEND, "its answer lacks the list of records"),
    "a proxy's 404 at Find": (FIND, response({"page": SECRET}, "404 Not Found"), {}, Grade.MEND, "not shaped as published"),
    "a proxy's 404 at Fetch": ("/Fetch/", response({"page": SECRET}, "404 Not Found"), {}, Grade.MEND, "not shaped as published"),
    "a web page": (FIND, response(b"<html>Zebedee-Secret", content_type="text/html"), {}, Grade.MEND, "Find, asked about a person who is none: malformed"),
    "one scope of two": ("/Fetch/", response({}, "403 Forbidden"), {}, Grade.MEND, "Fetch, asked for a record that is none: refused"),
    "Fetch down": ("/Fetch/", response({}, "500 Internal Server Error"), {}, Grade.MEND, "Fetch, asked for a record that is none: down"),
    "the token refused": (FIND, response({}, "401 Unauthorized"), {}, Grade.MEND, "refused: it refused the hub's credentials"),
    "down": (FIND, response({}, "503 Service Unavailable"), {}, Grade.MEND, "down: it reported a fault of its own (HTTP 503)"),
    "no token given": ("/Auth/token", response({"error": "invalid_client"}, "400 Bad Request"), {"client_id": "hub"}, Grade.MEND, "refused: its token endpoint: it does not accept the hub's client id"),
    "a token of another type": ("/Auth/token", response({"access_token": "t", "token_type": "mac"}), {"client_id": "hub"}, Grade.MEND, "an access token of another type than bearer"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "raw", "how", "grade", "says"), SAID.values(), ids=SAID.keys())
async def test_what_it_says_of_nobody(path: str, raw: bytes, how: dict[str, Any], grade: Grade, says: str) -> None:
    report = await checked(but(path, raw), **how)
    assert any(says in each for each in graded(report, grade)), report
    assert report.is_well is (grade is not Grade.MEND)


async def test_a_sector_that_no_published_type_is_for() -> None:
    report = await checked(agency(), Sector.HOUSING)
    assert any(
        "no published type of record becomes a kind of a housing body" in each for each in graded(report, Grade.MEND)
    )


async def test_nothing_there() -> None:
    made = connector("http://127.0.0.1:9")
    report = await examine(made, 5)
    await made.close()
    assert [each.what for each in report.findings] == ["down: no connection could be made"]

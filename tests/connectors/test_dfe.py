"""The DfE custodian API over real HTTP: who the child is, what exists, what is shown, and what is said of the rest."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.connectors.base import Fetched, Found, Matched
from hub.connectors.dfe import DfeConnector
from hub.connectors.dfe.connector import NO_NUMBER
from hub.connectors.dfe.telling import UNSAID_LABEL
from hub.domain.identifiers import NHSNumber
from hub.domain.organisations import Sector
from hub.domain.people import ChildSearch, Identity, PartialDate
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason
from hub.matching.resolution import Basis, NotHeld, Review, Same
from hub.matching.resolve import resolve
from tests.connectors.bendable import bendable, response
from tests.connectors.dfe_bench import (
    BY_NUMBER,
    CATALOGUE,
    EDUCATION,
    FILE,
    MAYA,
    OTHER,
    OWNER,
    PERSONAL,
    SEARCH,
    Ask,
    Json,
    Upstream,
    connector,
    education,
    item,
    personal,
    soon,
    who,
    year,
)

EVERYTHING = frozenset(CATALOGUE.kinds)


async def ask(upstream: Upstream, question: Ask, sector: Sector = Sector.EDUCATION, **how: Any) -> Any:
    async with bendable(upstream) as server:
        one = connector(server.url, sector, **how)
        try:
            return await question(one)
        finally:
            await one.close()


async def shown(
    one: DfeConnector, kinds: frozenset[str], sector: Sector
) -> tuple[list[RecordPointer], list[HeldRecord]]:
    """(what exists or is unsaid, the records that can be fetched)"""
    found = await one.find(who(sector=sector), kinds, soon())
    assert isinstance(found, Found)
    there = [pointer for pointer in found.pointers if UNSAID_LABEL not in pointer.labels]
    fetched = await one.fetch(who(sector=sector), there, soon())
    assert isinstance(fetched, Fetched)
    return list(found.pointers), list(fetched.records)


async def read(
    kind: str, payload: Json, sector: Sector = Sector.EDUCATION, kinds: frozenset[str] = EVERYTHING, **how: Any
) -> tuple[list[RecordPointer], list[HeldRecord]]:
    upstream = Upstream({kind: payload})
    found: tuple[list[RecordPointer], list[HeldRecord]] = await ask(
        upstream, lambda one: shown(one, kinds, sector), sector, **how
    )
    return found


# ---- who the child is -----------------------------------------------------------------------------------------------

NAMELESS = {"firstName": None, "lastName": None, "dateOfBirth": None}
SILENT = personal(**NAMELESS, birthAssignedSex=None)

MATCHES = {
    "names and birth date agree": (personal(), SEARCH, False, Same, Basis.DEMOGRAPHICS),
    "a number somebody verified, and the birth date": (
        personal(),
        ChildSearch(Identity(NHSNumber(MAYA), True, ("Maya",), ("Thornbury",), PartialDate.exactly(date(2017, 3, 9)))),
        False,
        Same,
        Basis.VERIFIED_NUMBER_AND_BIRTH_DATE,
    ),
    "the agency traces its numbers": (personal(), SEARCH, True, Same, Basis.VERIFIED_NUMBER_AND_BIRTH_DATE),
    "an id alone": (None, SEARCH, False, Review, None),
    "an id alone, and the rest null": (SILENT, SEARCH, False, Review, None),
    "an id alone, asked by a number nobody verified": (None, ChildSearch(Identity(NHSNumber(MAYA))), False, Review, None),
    "an id alone that the agency traces": (None, ChildSearch(Identity(NHSNumber(MAYA))), True, Same, Basis.VERIFIED_NUMBER),
    "the number of a twin": (personal(firstName="Mina"), SEARCH, True, Review, None),
    "another birth date": (personal(firstName="Maya", dateOfBirth="2009-01-01"), SEARCH, True, Review, None),
}  # fmt: skip


@pytest.mark.parametrize("name", MATCHES)
async def test_who_is_taken_to_be_the_child(name: str) -> None:
    details, search, verified, expected, basis = MATCHES[name]
    upstream = Upstream({EDUCATION: education()} | ({PERSONAL: details} if details else {}))
    matched = await ask(upstream, lambda one: one.match(search, soon()), nhs_numbers_verified=verified)
    assert isinstance(matched, Matched)
    resolution = resolve(search, matched.candidates)
    assert type(resolution) is expected
    assert getattr(resolution, "basis", None) is basis


async def test_match_brings_match_fields_and_nothing_else() -> None:
    details = personal(
        address={"line1": "1 Mill Lane", "postcode": "ZZ1 1AA"}, ethnicity="x", relatedPeople=[{"name": "y"}]
    )
    upstream = Upstream({PERSONAL: details, EDUCATION: education()})
    matched = await ask(upstream, lambda one: one.match(BY_NUMBER, soon()))
    (candidate,) = matched.candidates
    assert candidate.identity == Identity(
        NHSNumber(MAYA), False, ("Maya",), ("Thornbury",), PartialDate.exactly(date(2017, 3, 9)), "female", "ZZ1 1AA"
    )
    assert upstream.paths == ["/api/v1/Find/manifest", f"/api/v1/Fetch/ORG-1/{PERSONAL}/E1"]


async def test_nobody_under_the_number_is_not_held() -> None:
    upstream = Upstream({PERSONAL: personal()}, known=frozenset({OTHER}))
    matched = await ask(upstream, lambda one: one.match(SEARCH, soon()))
    assert matched == Matched(())
    assert isinstance(resolve(SEARCH, matched.candidates), NotHeld)


async def test_names_alone_find_nobody_and_that_is_no_answer() -> None:
    search = ChildSearch(Identity(None, False, ("Maya",), ("Thornbury",), PartialDate.exactly(date(2017, 3, 9))))
    upstream = Upstream()
    answer = await ask(upstream, lambda one: one.match(search, soon()))
    assert answer == NoAnswer(NoAnswerReason.REFUSED, NO_NUMBER)
    assert upstream.asked == []


async def test_every_number_known_is_asked_each_once() -> None:
    numbers = [NHSNumber(MAYA), NHSNumber(OTHER), NHSNumber(MAYA)]
    search = ChildSearch(Identity(numbers[0]), tuple(Identity(each) for each in numbers[1:]))
    upstream = Upstream({EDUCATION: education()}, known=frozenset({MAYA, OTHER}))
    matched = await ask(upstream, lambda one: one.match(search, soon()))
    assert sorted(candidate.local_id for candidate in matched.candidates) == [MAYA, OTHER]
    assert sorted(sent["personId"] for _, sent in upstream.asked) == [MAYA, OTHER]


async def test_two_systems_that_know_two_people_under_one_number() -> None:
    upstream = Upstream(listed=[item(PERSONAL, "E1"), item(PERSONAL, "E2")], records={PERSONAL: personal()})

    def other(body: Json) -> Json:
        return body | {"payload": personal(firstName="Mina")} if body["recordId"] == "E2" else body

    upstream.bend = other
    answer = await ask(upstream, lambda one: one.match(SEARCH, soon()))
    assert answer == NoAnswer(NoAnswerReason.MALFORMED, "it has several people under one number")


async def test_the_number_is_never_in_an_address() -> None:
    upstream = Upstream({PERSONAL: personal(), EDUCATION: education()})
    async with bendable(upstream) as server:
        one = connector(server.url)
        await one.match(SEARCH, soon())
        await shown(one, EVERYTHING, Sector.EDUCATION)
        await one.close()
        assert not any(MAYA in request.line for request in server.requests)
        assert len(server.requests) == 7


NOT_FOUND = {"type": None, "title": "Not Found", "status": 404, "detail": None}


@pytest.mark.parametrize(
    ("body", "kind", "agreed", "held"),
    [
        pytest.param(NOT_FOUND, "application/problem+json", False, "no answer", id="the child or the organisation"),
        pytest.param(NOT_FOUND, "application/problem+json", True, "nobody", id="agreed to be the child"),
        pytest.param({"oops": 1}, "application/json", True, "no answer", id="not the published problem"),
        pytest.param(b"<html>", "text/html", True, "no answer", id="a proxy's page"),
        pytest.param([], "application/json", True, "no answer", id="a list"),
    ],
)
async def test_not_found(body: Any, kind: str, agreed: bool, held: str) -> None:
    async with bendable(response(body, "404 Not Found", kind)) as server:
        one = connector(server.url, not_found_is_not_held=agreed)
        answer = await one.match(SEARCH, soon())
        await one.close()
    assert (answer == Matched(())) is (held == "nobody")
    assert isinstance(answer, NoAnswer) is (held == "no answer")


# ---- credentials ----------------------------------------------------------------------------------------------------


async def test_a_token_is_asked_for_as_published_and_used_again() -> None:
    upstream = Upstream({PERSONAL: personal()}, accepts="t1")
    answer = await ask(upstream, lambda one: one.match(SEARCH, soon()), credential="s3cret", client_id="hub")
    assert isinstance(answer, Matched)
    (asked,) = [sent for path, sent in upstream.asked if path == "/api/v1/Auth/token"]
    assert asked == {
        "grant_type": "client_credentials",
        "client_id": "hub",
        "client_secret": "s3cret",
        "scope": "find-record.read fetch-record.read",
    }
    assert len(upstream.asked) == 3


@pytest.mark.parametrize("seconds", [None, 0, "0", 29, True, "soon", -5])
async def test_a_token_that_says_no_time_serves_once(seconds: object) -> None:
    upstream = Upstream({PERSONAL: personal()}, accepts="t1")
    upstream.tokens["expires_in"] = seconds
    assert isinstance(await ask(upstream, lambda one: one.match(SEARCH, soon()), client_id="hub"), Matched)
    assert upstream.paths.count("/api/v1/Auth/token") == 2


async def test_a_token_that_is_refused_is_asked_for_anew_once() -> None:
    upstream = Upstream({PERSONAL: personal()}, accepts="t1")

    async def thrice(one: DfeConnector) -> tuple[Any, Any, Any]:
        first = await one.match(SEARCH, soon())
        upstream.accepts = "t2"
        refused = await one.match(SEARCH, soon())
        upstream.tokens["access_token"] = "t2"
        return first, refused, await one.match(SEARCH, soon())

    first, refused, answered = await ask(upstream, thrice, client_id="hub")
    assert isinstance(first, Matched)
    assert refused == NoAnswer(NoAnswerReason.REFUSED, "it refused the hub's credentials")
    assert isinstance(answered, Matched)
    assert upstream.paths.count("/api/v1/Auth/token") == 3


BAD_TOKENS = {
    "refused": ({"error": "invalid_client"}, "400 Bad Request", NoAnswerReason.REFUSED),
    "not let in": ({"error": "invalid_client"}, "401 Unauthorized", NoAnswerReason.REFUSED),
    "down": ({}, "503 Service Unavailable", NoAnswerReason.DOWN),
    "none": ({"token_type": "Bearer"}, "200 OK", NoAnswerReason.MALFORMED),
    "with a line in it": ({"access_token": "a\r\nX: y", "token_type": "Bearer"}, "200 OK", NoAnswerReason.MALFORMED),
    "of another type": ({"access_token": "a", "token_type": "mac"}, "200 OK", NoAnswerReason.MALFORMED),
    "a list": ([], "200 OK", NoAnswerReason.MALFORMED),
}


@pytest.mark.parametrize("name", BAD_TOKENS)
async def test_a_token_that_is_none(name: str) -> None:
    body, status, reason = BAD_TOKENS[name]
    upstream = Upstream({PERSONAL: personal()}, tokens=body, token_status=status)
    answer = await ask(upstream, lambda one: one.match(SEARCH, soon()), client_id="hub")
    assert isinstance(answer, NoAnswer)
    assert answer.reason is reason
    assert upstream.paths == ["/api/v1/Auth/token"], "nothing is asked without a token"


# ---- what exists, and what is shown ---------------------------------------------------------------------------------


async def test_an_education_record_as_records_of_the_catalogue() -> None:
    pointers, records = await read(EDUCATION, education())
    values = {(each.pointer.kind, str(unseal(each).get("year_began", ""))): dict(unseal(each)) for each in records}
    assert values["school_attendance", "2025-09-01"] == {
        "year_began": date(2025, 9, 1),
        "year_ended": date(2026, 8, 31),
        "attended": "81.5",
        "unauthorised": "6",
        "school_average": "95",
    }
    assert values["school_exclusion", "2026-09-01"] == {
        "year_began": date(2026, 9, 1),
        "year_ended": date(2027, 8, 31),
        "suspensions": 2,
        "permanent_exclusions": 0,
    }
    assert values["school_move", "2026-09-01"]["moves"] == 1
    assert values["sen_support", ""] == {"status": "SEN support"}
    assert values["school_enrolment", ""] == {
        "school": "Weir Road Academy",
        "address": "Weir Road, Testford, ZZ1 1AA",
        "phone": "01632 960 140",
    }
    assert {pointer.kind for pointer in pointers if UNSAID_LABEL in pointer.labels} == {"safeguarding_file"}


async def test_what_the_interface_has_no_place_for_is_told_and_never_reads_as_nothing() -> None:
    _, records = await read(EDUCATION, education())
    (enrolment,) = [each for each in records if each.pointer.kind == "school_enrolment"]
    (line,) = enrolment.held_back
    assert (line.fields, line.contact) == (("started_on", "ended_on"), OWNER)
    assert "nothing is known" in line.next_step


async def test_a_safeguarding_file_exists_and_nothing_of_it_is_asked_for() -> None:
    upstream = Upstream(listed=[item(FILE, "F1")])
    pointers, (record,) = await ask(upstream, lambda one: shown(one, EVERYTHING, Sector.EDUCATION))
    assert [pointer.kind for pointer in pointers] == ["safeguarding_file"]
    assert dict(unseal(record)) == {}
    assert record.held_back[0].fields == ("opened_on", "closed_on", "kept_by")
    assert upstream.paths == ["/api/v1/Find/manifest"]


UNSAID = {
    "all of it is null": ({}, {"school_attendance", "school_exclusion", "school_move", "sen_support", "school_enrolment"}),
    "no list of years": (education(yearlyEducationAttendances=None), {"school_attendance", "school_exclusion", "school_move"}),
    "an empty list of years says that there are none": (education(yearlyEducationAttendances=[]), set()),
    "a year that does not count suspensions": (education(yearlyEducationAttendances=[year(2025, suspensions=None, exclusions=None)]), {"school_exclusion"}),
    "no list of plans": (education(educationActiveStatusesAndPlans=None), {"sen_support"}),
    "an empty list of plans says that there are none": (education(educationActiveStatusesAndPlans=[]), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSAID)
async def test_what_is_not_said_either_way_is_told(name: str) -> None:
    payload, expected = UNSAID[name]
    pointers, _ = await read(EDUCATION, payload)
    unsaid = [pointer for pointer in pointers if UNSAID_LABEL in pointer.labels]
    assert {pointer.kind for pointer in unsaid} - {"safeguarding_file"} == expected
    assert all(pointer.held_back is not None and pointer.held_back.kind == pointer.kind for pointer in unsaid)


async def test_only_types_that_the_purpose_reaches_are_read() -> None:
    upstream = Upstream({PERSONAL: personal(), EDUCATION: education()})
    await ask(upstream, lambda one: one.find(who(), frozenset({"school_attendance"}), soon()))
    assert upstream.paths == ["/api/v1/Find/manifest", f"/api/v1/Fetch/ORG-1/{EDUCATION}/E1"]


@pytest.mark.parametrize(
    "kind",
    ["EducationDetailsRecordV2", "Biometrics", "HealthDataRecordV1"],
    ids=["a new version", "unknown", "of the NHS"],
)
async def test_a_type_with_no_place_here_is_told_without_its_name(kind: str) -> None:
    upstream = Upstream(listed=[item(kind)])
    found = await ask(upstream, lambda one: one.find(who(), frozenset({"pupil"}), soon()))
    (pointer,) = found.pointers
    assert pointer.held_back.kind is None
    assert "nothing is known" in pointer.held_back.next_step
    assert kind not in repr(pointer.held_back)


async def test_an_id_that_is_null_is_read_off_the_address_which_is_not_followed() -> None:
    upstream = Upstream({EDUCATION: education()}, listed=[item(EDUCATION, None, recordUrl="https://else.example/x/E7")])
    async with bendable(upstream) as server:
        one = connector(server.url)
        found = await one.find(who(), frozenset({"school_move"}), soon())
        await one.close()
    assert isinstance(found, Found)
    assert upstream.paths[-1] == f"/api/v1/Fetch/ORG-1/{EDUCATION}/E7"


@pytest.mark.parametrize(
    "written", ["EducationDetails", "education-details.v1", "EDUCATIONDETAILSRECORDV1", "education_details_record"]
)
async def test_a_type_is_known_however_it_is_written(written: str) -> None:
    upstream = Upstream({written: education()})
    found = await ask(upstream, lambda one: one.find(who(), frozenset({"sen_support"}), soon()))
    assert [pointer.kind for pointer in found.pointers] == ["sen_support"]


CHANGES = {
    "a year that is gone": lambda body: body.update(yearlyEducationAttendances=[year(2025)]),
    "a plan that became an EHC plan": lambda body: body.update(
        educationActiveStatusesAndPlans=[{"status": "SEN support", "plan": "EHC plan"}]
    ),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_what_changes_between_find_and_fetch_is_no_answer(name: str) -> None:
    payload = education()
    upstream = Upstream({EDUCATION: payload})

    async def both(one: DfeConnector) -> Any:
        found = await one.find(who(), frozenset({"school_attendance", "sen_support"}), soon())
        assert isinstance(found, Found)
        CHANGES[name](payload)
        return await one.fetch(who(), found.pointers, soon())

    answer = await ask(upstream, both)
    assert answer == NoAnswer(NoAnswerReason.MALFORMED, "a record changed while it was read: ask again")


async def test_a_record_that_is_listed_and_not_there() -> None:
    upstream = Upstream(listed=[item(EDUCATION)])
    answer = await ask(upstream, lambda one: one.find(who(), EVERYTHING, soon()))
    assert answer == NoAnswer(NoAnswerReason.MALFORMED, "it left out a record that was asked for")

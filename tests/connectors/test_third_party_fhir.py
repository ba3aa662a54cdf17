"""The FHIR connector against a server that nobody here wrote: Medplum's router over its in-memory repository.

Our own pretend NHS shares our reading of FHIR. This one does not, and it can be made to treat a search parameter it does
not know in each of the ways servers do: by its own rule (nothing matches), with a 400, or by dropping it, so that
everybody matches.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import nhs_number
import pytest
import pytest_asyncio

from hub.connectors.base import Fetched, Found, Matched
from hub.connectors.checking import Grade, examine
from hub.connectors.fhir import FhirConnector
from hub.demo.nhs_resources import load
from hub.domain.people import ChildSearch
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.fhir_bench import (
    ADA,
    BEA,
    RAY,
    VAL,
    ZED,
    by_number,
    connector,
    event,
    identity,
    small_world,
    soon,
    who,
)
from tests.connectors.third_party import third_party

PUBLIC = Path(__file__).parents[3] / "shared" / "data" / "nhs"
WRONG = {NoAnswerReason.WRONG_PERSON, NoAnswerReason.MALFORMED, NoAnswerReason.TOO_LARGE}
BORN = "2015-03-04"


def resources() -> list[dict[str, Any]]:
    """What the pretend NHS holds, with nothing taken off: patients first."""
    held = load(small_world())
    patients = [patient.resource for patient in held.patients.values()]
    return patients + [each for by in held.records.values() for found in by.values() for each in found]


def records_of(number: str) -> set[tuple[str, str]]:
    """Type and id of what is held about one patient."""
    held = load(small_world())
    return {(each["resourceType"], each["id"]) for kind in list(held.records) for each in held.of(kind, number)}


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    """The server as it is."""
    with third_party(resources()) as url:
        yield url


@pytest.fixture(scope="module")
def careless() -> Iterator[str]:
    """The server dropping what it does not know, and knowing none of the parameters the connector asks records by."""
    types = ("Flag", "CarePlan", "Encounter", "Immunization", "RelatedPerson")
    without = [f"--without={name}.{parameter}" for name in types for parameter in ("patient", "_id")]
    everybody = [f"--without=Patient.{name}" for name in ("identifier", "_id", "family", "given", "birthdate")]
    with third_party(resources(), "--unknown=ignore", *without, *everybody) as url:
        yield url


@pytest.fixture(scope="module")
def strict() -> Iterator[str]:
    """The server answering 400 to what it does not know."""
    with third_party(resources(), "--unknown=refuse") as url:
        yield url


@pytest_asyncio.fixture
async def nhs(plain: str) -> AsyncIterator[FhirConnector]:
    asking = connector(plain, echoes_request_id=False)
    yield asking
    await asking.close()


@pytest.mark.parametrize(
    "number", [pytest.param(ADA, id="ada"), pytest.param(RAY, id="restricted"), pytest.param(VAL, id="very-restricted")]
)
async def test_match_by_number(nhs: FhirConnector, number: str) -> None:
    found = await nhs.match(by_number(number), soon())
    assert isinstance(found, Matched)
    assert [each.local_id for each in found.candidates] == [number]


@pytest.mark.parametrize("pds_search", [True, False])
@pytest.mark.parametrize(
    ("given", "family", "expected"),
    [
        pytest.param("Ada", "Quill", {ADA}, id="by-both-names"),
        pytest.param("Adah", "Quill", {ADA, BEA}, id="misspelt-given-name-finds-both-twins"),
        pytest.param(None, "Quill", {ADA, BEA}, id="family-name-alone"),
        pytest.param("Ada", "Nobody", set(), id="nobody"),
    ],
)
async def test_match_by_name(plain: str, given: str | None, family: str, expected: set[str], pds_search: bool) -> None:
    """This server says "nobody" to any parameter it does not know, PDS's among them: that must not be believed."""
    asking = connector(plain, echoes_request_id=False, pds_search=pds_search)
    found = await asking.match(ChildSearch(identity(given, family, BORN)), soon())
    await asking.close()
    assert isinstance(found, Matched)
    got = {each.local_id for each in found.candidates}
    assert got >= expected
    assert got <= {ADA, BEA}
    assert bool(got) is bool(expected)


async def test_nobody_is_nobody(nhs: FhirConnector) -> None:
    assert await nhs.match(by_number("9990000018"), soon()) == Matched(())


@pytest.mark.parametrize(
    "number", [pytest.param(ADA, id="ada"), pytest.param(BEA, id="her-twin"), pytest.param(ZED, id="few")]
)
async def test_find_and_fetch_everything_and_nothing_else(nhs: FhirConnector, number: str) -> None:
    found = await nhs.find(who(number), nhs.kinds, soon())
    assert isinstance(found, Found)
    types = {"health_flag": "Flag", "care_plan": "CarePlan", "health_involvement": "CarePlan", "attendance": "Encounter",
             "immunisation": "Immunization", "related_person": "RelatedPerson"}  # fmt: skip
    held = {(types[each.kind], each.record_id.split("#")[0]) for each in found.pointers if each.kind in types}
    assert held == records_of(number)
    fetched = await nhs.fetch(who(number), found.pointers, soon())
    assert isinstance(fetched, Fetched)
    assert [record.pointer for record in fetched.records] == list(found.pointers)
    patient = next(record for record in fetched.records if record.pointer.kind == "patient")
    assert unseal(patient)["nhs_number"] == number


async def test_labels_come_through(nhs: FhirConnector) -> None:
    found = await nhs.find(who(ADA), frozenset({"attendance"}), soon())
    assert isinstance(found, Found)
    assert {word for each in found.pointers for word in each.labels} == {"yp_objection", "local_code_77"}
    found = await nhs.find(who(RAY), frozenset({"patient"}), soon())
    assert isinstance(found, Found)
    assert all("restricted" in each.labels for each in found.pointers)


# What a server gives that dropped the parameter is everybody. Not one of them may become an answer.
SURPLUS = [
    pytest.param(by_number(ADA), id="by-number"),
    pytest.param(ChildSearch(identity("Ada", "Quill", BORN)), id="by-name"),
    pytest.param(ChildSearch(identity("Ada", "Quill", BORN, ADA)), id="by-number-and-name"),
    pytest.param(ChildSearch(identity("No", "Body", "2001-01-01")), id="nobody-like-that"),
]


@pytest.mark.parametrize("search", SURPLUS)
async def test_everybody_is_never_a_match(careless: str, search: ChildSearch) -> None:
    asking = connector(careless, echoes_request_id=False)
    got = await asking.match(search, soon())
    await asking.close()
    assert isinstance(got, NoAnswer)
    assert got.reason in WRONG


@pytest.mark.parametrize(
    "kind", ["patient", "gp_registration", "health_flag", "care_plan", "attendance", "immunisation", "related_person"]
)
async def test_everybodys_records_are_never_found(careless: str, kind: str) -> None:
    asking = connector(careless, echoes_request_id=False)
    got = await asking.find(who(BEA), frozenset({kind}), soon())
    await asking.close()
    assert isinstance(got, NoAnswer)
    assert got.reason in WRONG


async def test_everybodys_records_are_never_fetched(nhs: FhirConnector, careless: str) -> None:
    found = await nhs.find(who(ADA), frozenset({"attendance", "immunisation"}), soon())
    assert isinstance(found, Found)
    asking = connector(careless, echoes_request_id=False)
    got = await asking.fetch(who(ADA), found.pointers, soon())
    await asking.close()
    assert isinstance(got, NoAnswer)
    assert got.reason in WRONG


async def test_a_server_that_refuses_what_it_does_not_know_is_no_answer_until_told_so(strict: str) -> None:
    search = ChildSearch(identity("Ada", "Quill", BORN))
    asking = connector(strict, echoes_request_id=False)
    refused = await asking.match(search, soon())
    assert isinstance(refused, NoAnswer)
    assert refused.reason is NoAnswerReason.MALFORMED
    await asking.close()
    told = connector(strict, echoes_request_id=False, pds_search=False)
    found = await told.match(search, soon())
    await told.close()
    assert isinstance(found, Matched)
    assert {each.local_id for each in found.candidates} == {ADA}


async def test_a_server_that_gives_one_page_of_many_and_no_link_is_no_answer() -> None:
    """This server's total says 201 and its page has 200: the rest would read as not known."""
    world = small_world()
    many = [event("immunisation", on=date(2016, 3, 4), vaccine="MMR vaccine", status="completed")] * 201
    twin = world.households[0].children[1]
    object.__setattr__(twin, "events", tuple(many))
    held = load(world)
    rows = [held.patients[BEA].resource, *held.of("Immunization", BEA)]
    with third_party(rows) as url:
        asking = connector(url, echoes_request_id=False)
        got = await asking.find(who(BEA), frozenset({"immunisation"}), soon())
        await asking.close()
    assert isinstance(got, NoAnswer)
    assert got.reason is NoAnswerReason.MALFORMED


async def test_a_server_that_returns_no_request_id_is_no_answer_by_default(plain: str) -> None:
    asking = connector(plain)
    got = await asking.match(by_number(ADA), soon())
    await asking.close()
    assert isinstance(got, NoAnswer)
    assert got.reason is NoAnswerReason.MALFORMED


@pytest.mark.parametrize(
    ("server", "pds_search", "mend"),
    [
        pytest.param("plain", False, [], id="as-it-is"),
        pytest.param("plain", True, ["it does not state PDS's own search parameter(s) _history, _fuzzy-match"], id="not-pds"),
        pytest.param("careless", False, ["it does not state the search parameter(s) patient, _id of Flag", "Flag: it gave records to a question about nobody", "Patient, asked for a number that is none"], id="careless"),
    ],
)  # fmt: skip
async def test_the_check_of_the_connection_says_so(
    request: pytest.FixtureRequest, server: str, pds_search: bool, mend: list[str]
) -> None:
    asking = connector(request.getfixturevalue(server), echoes_request_id=False, pds_search=pds_search)
    report = await examine(asking, 10)
    await asking.close()
    wrong = [finding.what for finding in report.findings if finding.grade is Grade.MEND]
    assert all(any(what.startswith(words) for what in wrong) for words in mend), wrong
    assert bool(wrong) is bool(mend)


# ------------------------------------------------------------------------------------------------ the NHS's own examples

needs_public = pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public NHS files (../shared/data/nhs) are not here")


def published() -> list[dict[str, Any]]:
    """Every Patient, DocumentReference and Immunization of the NHS's examples, each id once, placeholders left out."""
    held: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted(PUBLIC.rglob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        for each in [body, *(entry.get("resource", {}) for entry in body.get("entry", []))]:
            if each.get("resourceType") in ("Patient", "DocumentReference", "Immunization") and each.get("id"):
                held.setdefault((each["resourceType"], each["id"]), each)
    return list(held.values())


@needs_public
async def test_the_published_examples_served_by_somebody_else() -> None:
    loaded = published()
    patients = [each for each in loaded if each["resourceType"] == "Patient" and nhs_number.is_valid(each["id"])]
    assert len(patients) > 20
    assert {each["resourceType"] for each in loaded} == {"Patient", "DocumentReference", "Immunization"}
    with third_party(loaded) as url:
        asking = connector(url, echoes_request_id=False)
        for patient in patients:
            if not any(each.get("value") == patient["id"] for each in patient.get("identifier", [])):
                continue
            found = await asking.match(by_number(patient["id"]), soon())
            assert isinstance(found, Matched)
            assert [each.local_id for each in found.candidates] == [patient["id"]]
            index = await asking.find(found.candidates[0], frozenset({"patient", "gp_registration"}), soon())
            assert isinstance(index, Found)
            assert isinstance(await asking.fetch(found.candidates[0], index.pointers, soon()), Fetched)
        await asking.close()

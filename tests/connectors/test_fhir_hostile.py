"""Answers that must not be believed: each row is one way in which a server is wrong, and what becomes of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hub.connectors.base import Fetched, Found
from hub.demo.nhs_app import create_app
from hub.demo.nhs_resources import load
from hub.domain.people import Candidate, ChildSearch, Identity
from hub.domain.records import RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.fhir_bench import (
    ADA,
    BEA,
    CREDENTIAL,
    RAY,
    Bent,
    by_number,
    connector,
    identity,
    served,
    small_world,
    soon,
    who,
)

SERVER = Bent(create_app(load(small_world()), CREDENTIAL))
NHS_SYSTEM = "https://fhir.nhs.uk/Id/nhs-number"
MALFORMED, WRONG_PERSON = NoAnswerReason.MALFORMED, NoAnswerReason.WRONG_PERSON
DOWN, REFUSED, TOO_LARGE = NoAnswerReason.DOWN, NoAnswerReason.REFUSED, NoAnswerReason.TOO_LARGE


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(SERVER) as base:
        yield base


@pytest.fixture(autouse=True)
def straight() -> Iterator[None]:
    yield
    SERVER.bend, SERVER.at, SERVER.status, SERVER.headers = None, "/", None, {}


def each(change: Callable[[dict[str, Any]], None]) -> Callable[[Any], Any]:
    """A bend that changes every resource of a bundle."""

    def bend(body: Any) -> Any:
        for entry in body["entry"]:
            change(entry["resource"])
        return body

    return bend


def subject(**about: Any) -> Callable[[Any], Any]:
    return each(lambda resource: resource.update(subject=about))


def outcome(*, code: str, severity: str = "error") -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


def beside(entry: dict[str, Any]) -> Callable[[Any], Any]:
    """A bend that puts one more entry into a bundle, and counts it."""
    return lambda body: {**body, "entry": [*body["entry"], entry], "total": body["total"] + 1}


def bundle(**changes: Any) -> Callable[[Any], Any]:
    return lambda body: {**body, **changes}


OTHERS = {
    "resource": {
        "resourceType": "Encounter",
        "id": "x",
        "status": "finished",
        "subject": {"reference": f"Patient/{BEA}"},
    }
}
IDENTIFIED = {"system": NHS_SYSTEM, "value": ADA}

ANSWERS = [
    pytest.param(subject(reference=f"Patient/{BEA}"), WRONG_PERSON, id="wrong-child"),
    pytest.param(subject(reference=f"Patient/{ADA}", identifier={**IDENTIFIED, "value": BEA}), WRONG_PERSON, id="two-children-in-one-reference"),
    pytest.param(subject(display="Ada Quill"), WRONG_PERSON, id="a-display-is-no-reference"),
    pytest.param(subject(reference=f"Group/{ADA}"), WRONG_PERSON, id="a-group"),
    pytest.param(subject(reference=f"Patient/{ADA}", type="Group"), WRONG_PERSON, id="a-group-by-type"),
    pytest.param(subject(reference=f"Patient/{ADA}0"), WRONG_PERSON, id="a-longer-id"),
    pytest.param(subject(reference=f"https://elsewhere.example/Patient/{ADA}"), WRONG_PERSON, id="the-same-id-elsewhere"),
    pytest.param(subject(reference="#p1"), WRONG_PERSON, id="contained-but-absent"),
    pytest.param(each(lambda resource: resource.pop("subject")), WRONG_PERSON, id="nobody"),
    pytest.param(subject(reference=7), MALFORMED, id="reference-is-a-number"),
    pytest.param(beside(OTHERS), WRONG_PERSON, id="surplus-of-another-child"),
    pytest.param(beside({"resource": {"resourceType": "Observation", "id": "x"}}), MALFORMED, id="surplus-of-another-type"),
    pytest.param(each(lambda resource: resource.update(resourceType="Observation")), MALFORMED, id="another-type"),
    pytest.param(lambda body: {**body, "entry": [*body["entry"], *body["entry"]], "total": 6}, MALFORMED, id="twice"),
    pytest.param(bundle(total=4), MALFORMED, id="fewer-than-its-total"),
    pytest.param(bundle(total=2), MALFORMED, id="more-than-its-total"),
    pytest.param(bundle(total=True), MALFORMED, id="total-is-a-boolean"),
    pytest.param(bundle(entry={}), MALFORMED, id="entry-is-an-object"),
    pytest.param(bundle(entry=["x"]), MALFORMED, id="entry-of-text"),
    pytest.param(bundle(type="collection"), MALFORMED, id="not-a-searchset"),
    pytest.param(lambda body: [body], MALFORMED, id="a-list"),
    pytest.param(lambda _: None, MALFORMED, id="null"),
    pytest.param(lambda _: outcome(code="processing"), MALFORMED, id="200-operation-outcome"),
    pytest.param(lambda _: outcome(code="forbidden"), REFUSED, id="200-forbidden"),
    pytest.param(lambda _: outcome(code="throttled"), DOWN, id="200-throttled"),
    pytest.param(lambda _: outcome(code="timeout"), NoAnswerReason.SLOW, id="200-its-own-timeout"),
    pytest.param(lambda _: outcome(code="too-costly"), TOO_LARGE, id="200-too-costly"),
    pytest.param(beside({"resource": outcome(code="incomplete", severity="warning"), "search": {"mode": "outcome"}}), DOWN, id="says-it-is-incomplete"),
    pytest.param(beside({"resource": outcome(code="suppressed", severity="warning"), "search": {"mode": "outcome"}}), REFUSED, id="says-it-holds-back"),
    pytest.param(each(lambda resource: resource.pop("id")), MALFORMED, id="no-id"),
    pytest.param(each(lambda resource: resource.update(meta=[])), MALFORMED, id="meta-is-a-list"),
    pytest.param(bundle(link=[{"relation": "next", "url": "https://elsewhere.example/page"}]), MALFORMED, id="next-page-elsewhere"),
    pytest.param(bundle(link=[{"relation": "next"}]), MALFORMED, id="next-page-without-address"),
    pytest.param(lambda _: b'{"resourceType": "Bundle", "type": "searchset", "total": NaN}', MALFORMED, id="nan"),
    pytest.param(lambda _: b'{"resourceType": "Bundle", "type": "searchset", "total": 3, "total": 0}', MALFORMED, id="duplicate-key"),
    pytest.param(lambda _: b'{"resourceType": "Bundle", "type": "sea', MALFORMED, id="cut-short"),
    pytest.param(lambda _: b"", MALFORMED, id="empty"),
    pytest.param(lambda _: b'{"x":' + b"[" * 9_000 + b"]" * 9_000 + b"}", MALFORMED, id="nested"),
    pytest.param(lambda _: b" " * (4 * 1024 * 1024 + 1), TOO_LARGE, id="huge"),
]  # fmt: skip


@pytest.mark.parametrize(("bend", "reason"), ANSWERS)
@pytest.mark.parametrize("call", ["find", "fetch"])
async def test_an_answer_that_is_wrong_is_no_answer(url: str, call: str, bend: Any, reason: NoAnswerReason) -> None:
    answer = await asked(url, call, bend)
    assert isinstance(answer, NoAnswer)
    assert answer.reason is reason
    assert not any(secret in answer.detail for secret in (ADA, BEA, "Quill", "elsewhere", "Patient/"))


async def asked(url: str, call: str, bend: Any, search_by: str = "post") -> Any:
    """Find or fetch Ada's three attendances from a server that bends its answers once it has found them."""
    nhs = connector(url, search_by=search_by)
    try:
        found = await nhs.find(who(ADA), frozenset({"attendance"}), soon())
        assert isinstance(found, Found)
        assert len(found.pointers) == 3
        SERVER.bend = bend
        if call == "find":
            return await nhs.find(who(ADA), frozenset({"attendance"}), soon())
        return await nhs.fetch(who(ADA), found.pointers, soon())
    finally:
        await nhs.close()


FINE = [
    pytest.param(subject(reference=f"Patient/{ADA}/_history/3"), id="with-a-version"),
    pytest.param(subject(identifier=IDENTIFIED), id="by-nhs-number-alone"),
    pytest.param(subject(reference="urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", identifier=IDENTIFIED), id="urn-and-nhs-number"),
    pytest.param(each(lambda resource: resource.update(subject={"reference": "#p1"}, contained=[{"resourceType": "Patient", "id": "p1", "identifier": [IDENTIFIED]}])), id="contained"),
    pytest.param(beside({"resource": outcome(code="informational", severity="information"), "search": {"mode": "outcome"}}), id="a-note"),
    pytest.param(lambda body: {key: value for key, value in body.items() if key != "total"}, id="no-total"),
]  # fmt: skip


@pytest.mark.parametrize("bend", FINE)
@pytest.mark.parametrize("call", ["find", "fetch"])
async def test_an_answer_that_is_only_unusual_is_taken(url: str, call: str, bend: Any) -> None:
    def counted(body: Any) -> Any:
        bent = bend(body)
        return {**bent, "total": 3} if "total" in bent else bent

    answer = await asked(url, call, counted)
    assert isinstance(answer, Found | Fetched)
    assert len(answer.pointers if isinstance(answer, Found) else answer.records) == 3


LATER = [
    pytest.param(lambda body: {**body, "entry": body["entry"][:2], "total": 2}, id="one-is-missing"),
    pytest.param(each(lambda resource: resource.update(meta={"security": [{"code": "privileged"}]})), id="label-added-since"),
    pytest.param(each(lambda resource: resource.update(status="entered-in-error")), id="withdrawn-since"),
    pytest.param(each(lambda resource: resource.update(period={"start": "last week"})), id="date-in-words"),
    pytest.param(each(lambda resource: resource.update(period={"start": "2026-02-30"})), id="no-such-day"),
    pytest.param(each(lambda resource: resource.update(period="2026")), id="period-is-text"),
    pytest.param(each(lambda resource: resource.update(status={"code": "finished"})), id="status-is-an-object"),
    pytest.param(each(lambda resource: resource.update(type=[{"coding": "x"}])), id="coding-is-text"),
]  # fmt: skip


@pytest.mark.parametrize("bend", LATER)
async def test_content_that_cannot_be_read_fails_the_whole_fetch(url: str, bend: Any) -> None:
    answer = await asked(url, "fetch", bend)
    assert isinstance(answer, NoAnswer)
    assert answer.reason is MALFORMED


@pytest.mark.parametrize("search_by", ["post", "get"])
@pytest.mark.parametrize(
    ("bend", "reason"),
    [
        pytest.param(lambda body: another(body, BEA), WRONG_PERSON, id="another-childs-patient"),
        pytest.param(lambda _: {"resourceType": "Bundle", "type": "batch-response"}, MALFORMED, id="another-bundle"),
        pytest.param(lambda _: {"resourceType": "Practitioner", "id": ADA}, MALFORMED, id="another-type"),
        pytest.param(lambda _: outcome(code="exception"), DOWN, id="200-operation-outcome"),
    ],
)
@pytest.mark.parametrize("call", ["match", "find", "fetch"])
async def test_the_patient_read_is_checked_too(
    url: str, call: str, search_by: str, bend: Any, reason: NoAnswerReason
) -> None:
    nhs = connector(url, search_by=search_by)
    SERVER.bend = bend
    pointer = RecordPointer("nhs", "patient", f"{ADA}#0")
    answer: Any = {
        "match": lambda: nhs.match(by_number(ADA), soon()),
        "find": lambda: nhs.find(who(ADA), frozenset({"patient"}), soon()),
        "fetch": lambda: nhs.fetch(who(ADA), [pointer], soon()),
    }[call]()
    answer = await answer
    await nhs.close()
    assert isinstance(answer, NoAnswer)
    assert answer.reason is reason


def another(body: Any, number: str) -> Any:
    """The answer with the Patient's id and NHS number replaced."""
    patient = body["entry"][0]["resource"] if body["resourceType"] == "Bundle" else body
    patient["id"] = number
    patient["identifier"] = [{"system": NHS_SYSTEM, "value": number}]
    return body


async def test_a_search_that_ignores_its_parameters_is_refused(url: str) -> None:
    def everybody(body: Any) -> Any:
        patients = [{"resource": patient.resource} for patient in load(small_world()).patients.values()]
        return {**body, "entry": patients, "total": len(patients)}

    SERVER.bend = everybody
    nhs = connector(url)
    answer = await nhs.match(ChildSearch(identity("Ada", "Quill", "2015-03-04")), soon())
    await nhs.close()
    assert isinstance(answer, NoAnswer)
    assert answer.reason is WRONG_PERSON


async def test_a_pointer_to_another_childs_patient_is_never_fetched(url: str) -> None:
    nhs = connector(url)
    SERVER.asked.clear()
    answer = await nhs.fetch(who(ADA), [RecordPointer("nhs", "patient", f"{BEA}#0")], soon())
    await nhs.close()
    assert isinstance(answer, NoAnswer)
    assert answer.reason is WRONG_PERSON
    assert SERVER.asked == []


async def test_a_label_R_that_appears_after_match_still_restricts(url: str) -> None:
    nhs = connector(url)
    found = await nhs.find(Candidate("nhs", RAY, who(RAY).identity), nhs.kinds, soon())
    await nhs.close()
    assert isinstance(found, Found)
    assert all("restricted" in pointer.labels for pointer in found.pointers)


async def test_records_entered_in_error_do_not_exist(url: str) -> None:
    answer = await asked(url, "find", each(lambda resource: resource.update(status="entered-in-error")))
    assert isinstance(answer, Found)
    assert answer.pointers == ()


async def test_faults_leave_no_personal_data_in_the_log(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for bend in (subject(reference=f"Patient/{BEA}"), lambda _: b"{Quill", lambda body: another(body, BEA)):
        SERVER.bend = bend
        nhs = connector(url)
        await nhs.match(by_number(ADA), soon())
        await nhs.find(who(ADA), nhs.kinds, soon())
        await nhs.close()
    assert not any(secret in caplog.text for secret in (ADA, BEA, "Quill"))


async def test_a_candidate_without_a_number_is_still_checked(url: str) -> None:
    nhs = connector(url)
    found = await nhs.find(Candidate("nhs", ADA, Identity()), frozenset({"attendance"}), soon())
    SERVER.bend = subject(identifier={**IDENTIFIED, "value": BEA})
    unsure = await nhs.find(Candidate("nhs", ADA, Identity()), frozenset({"attendance"}), soon())
    await nhs.close()
    assert isinstance(found, Found)
    assert isinstance(unsure, NoAnswer)
    assert unsure.reason is WRONG_PERSON

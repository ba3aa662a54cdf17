"""The NHS's own published examples, read as they are. The files are not part of the project: absent, they are skipped."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import nhs_number
import pytest

from hub.connectors.base import UpstreamFault
from hub.connectors.fhir import bundles, mapping
from hub.connectors.fhir.elements import Element
from hub.connectors.fhir.labels import record_labels
from hub.connectors.fhir.mapping import KINDS
from hub.connectors.fhir.patients import candidate
from hub.connectors.fhir.references import About
from hub.connectors.http import Reply
from hub.domain.sources import NoAnswerReason
from tests.connectors.fhir_bench import CATALOGUE

PUBLIC = Path(__file__).parents[3] / "shared" / "data" / "nhs"

pytestmark = pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public NHS files (../shared/data/nhs) are not here")

PDS = sorted(PUBLIC.glob("pds/patients/*.json"))
SEARCHES = sorted(PUBLIC.glob("pds/searches/*.json"))
ERRORS = sorted(PUBLIC.glob("pds/errors/*.json"))
NRL = sorted(PUBLIC.glob("nrl/*-Valid*.json"))
RELATED = sorted(PUBLIC.glob("pds/related-persons/*.json"))
IMMUNISATIONS = sorted(PUBLIC.glob("immunisation/completed_*.json"))


def loaded(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def by_name(path: Path) -> str:
    return path.stem


def values(kind: str, resource: Element, part: int = 0) -> dict[str, Any]:
    read = {name: reader(resource, part) for name, reader in KINDS[kind].fields.items()}
    assert set(read) == {spec.name for spec in CATALOGUE[kind].fields if spec.derived is None}
    return read


@pytest.mark.parametrize("path", PDS, ids=by_name)
def test_patients(path: Path) -> None:
    patient = loaded(path)
    if not nhs_number.is_valid(patient["id"]):
        with pytest.raises(UpstreamFault, match="NHS number"):
            candidate("nhs", patient)
        return
    who = candidate("nhs", patient)
    assert who.identity.nhs_number is not None
    assert who.identity.nhs_number.value == who.local_id == patient["id"]
    assert values("patient", patient)["nhs_number"] == patient["id"]
    for part in range(KINDS["gp_registration"].parts(patient)):
        assert values("gp_registration", patient, part)["practice_code"]


@pytest.mark.parametrize("path", SEARCHES, ids=by_name)
def test_searches(path: Path) -> None:
    body = loaded(path)
    reply = Reply(200, {}, body, "")
    if body["resourceType"] == "Patient":
        with pytest.raises(UpstreamFault):
            bundles.matches(reply, "Patient")
        return
    if body["resourceType"] == "OperationOutcome":
        with pytest.raises(bundles.TooManyMatches):
            bundles.matches(reply, "Patient")
        return
    found = bundles.matches(reply, "Patient")
    bundles.require_total(reply, len(found))
    for patient in found:
        if nhs_number.is_valid(patient["id"]):
            assert candidate("nhs", patient).local_id == patient["id"]
        else:  # two of the published examples have a wrong check digit
            with pytest.raises(UpstreamFault, match="NHS number"):
                candidate("nhs", patient)


def test_the_restricted_patient_is_restricted() -> None:
    (patient,) = bundles.matches(
        Reply(200, {}, loaded(PUBLIC / "pds/searches/Sensitive_PatientSearch.json"), ""), "Patient"
    )
    assert candidate("nhs", patient).identity.restricted is True
    assert record_labels(patient) == {"restricted"}
    shown = values("patient", patient)
    assert (shown["address"], shown["postcode"], shown["phone"]) == (None, None, None)


@pytest.mark.parametrize("path", ERRORS, ids=by_name)
def test_errors_are_faults_with_plain_words(path: Path) -> None:
    body = loaded(path)
    fault = bundles.fault_of(body)
    expected = {
        "ACCESS_DENIED": NoAnswerReason.REFUSED,
        "INVALIDATED_RESOURCE": NoAnswerReason.REFUSED,
        "FORBIDDEN_UPDATE": NoAnswerReason.REFUSED,
        "INVALID_METHOD": NoAnswerReason.REFUSED,  # its FHIR issue code is "forbidden"
    }
    assert fault.no_answer.reason is expected.get(path.stem, NoAnswerReason.MALFORMED)
    assert bundles.is_not_found(body) is (path.stem == "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize("path", RELATED, ids=by_name)
def test_related_persons(path: Path) -> None:
    for person in bundles.matches(Reply(200, {}, loaded(path), ""), "RelatedPerson"):
        read = values("related_person", person)
        assert read["relationship"]


@pytest.mark.parametrize("path", IMMUNISATIONS, ids=by_name)
def test_immunisations_are_about_the_patient_they_name(path: Path) -> None:
    resource = loaded(path)
    given = values("immunisation", resource)
    assert given["on"] is not None
    assert given["vaccine"]
    assert given["status"] == "completed"
    reference = resource["patient"]
    if not reference["reference"].startswith("#"):
        reference["reference"] = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"  # as the file's own placeholder says
    contained = (inner for inner in resource.get("contained", []) if inner["resourceType"] == "Patient")
    named = [reference["identifier"]] if "identifier" in reference else next(contained).get("identifier", [])
    for identifier in named:
        About("some-id", identifier["value"], "https://api.example").require(resource, "patient")
    with pytest.raises(UpstreamFault, match="somebody else"):  # also the one example that names nobody at all
        About("some-id", "9990004021", "https://api.example").require(resource, "patient")


@pytest.mark.parametrize("path", NRL, ids=by_name)
def test_record_locator_pointers_say_that_a_document_exists(path: Path) -> None:
    pointer = loaded(path)
    assert mapping.is_in_error(pointer) is False
    assert record_labels(pointer) == {"confidentiality_V"}, "very restricted: a gap, never shared by itself"
    read = values("health_document", pointer)
    assert read["document_type"] == "Mental health crisis plan"
    assert read["held_by"] == path.name.split("-")[0]
    assert not {"description", "content", "attachment"} & {*KINDS["health_document"].only}
    About("some-id", "6700028191", "https://api.example").require(pointer, "subject")
    with pytest.raises(UpstreamFault, match="somebody else"):
        About("some-id", "9990004021", "https://api.example").require(pointer, "subject")


@pytest.mark.parametrize("path", sorted(PUBLIC.glob("immunisation/40*.json")), ids=by_name)
def test_immunisation_errors_are_never_nothing_held(path: Path) -> None:
    body = loaded(path)
    assert isinstance(bundles.fault_of(body), UpstreamFault)
    assert bundles.is_not_found(body) is (path.stem == "404-not_found")
    with pytest.raises(UpstreamFault):
        bundles.matches(Reply(200, {}, body, ""), "Immunization")


def test_every_file_is_read_or_refused_and_what_is_left_is_counted() -> None:
    """Where each published JSON file goes: a new one that nothing reads fails here, and so does a lost one."""
    left = {"NRLF-RecordCategory-ValueSet", "NRLF-RecordType-ValueSet", "GET-Immunization"}
    read = [*PDS, *SEARCHES, *ERRORS, *RELATED, *NRL, *IMMUNISATIONS, *PUBLIC.glob("immunisation/40*.json")]
    every = set(PUBLIC.rglob("*.json"))
    assert {path.stem for path in every - set(read)} == left
    counted = {"patients": len(PDS), "searches": len(SEARCHES), "errors": len(ERRORS), "related": len(RELATED)}
    assert counted == {"patients": 15, "searches": 34, "errors": 19, "related": 2}
    assert (len(NRL), len(IMMUNISATIONS)) == (6, 9)


def test_how_many_of_the_published_people_can_be_used() -> None:
    """One who cannot is refused whole: an NHS number with a wrong check digit is never read as "no number"."""
    people = [loaded(path) for path in PDS]
    for path in SEARCHES:
        body = loaded(path)
        people += [body] if body["resourceType"] == "Patient" else [one["resource"] for one in body.get("entry", [])]
    refused = 0
    labels: Counter[str] = Counter()
    for patient in people:
        try:
            who = candidate("nhs", patient)
        except UpstreamFault:
            refused += 1
            continue
        assert who.identity.nhs_number is not None
        labels[str(who.identity.restricted)] += 1
    assert (len(people), refused, dict(labels)) == (101, 2, {"False": 94, "True": 5})

"""The NHS's own published examples, read as they are. The files are not part of the project: absent, they are skipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nhs_number
import pytest

from hub.connectors.base import UpstreamFault
from hub.connectors.fhir import bundles
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


@pytest.mark.parametrize("path", sorted(PUBLIC.glob("pds/related-persons/*.json")), ids=by_name)
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

"""Reading FHIR that nobody validated: dates, words, labels, and JSON of any shape whatever."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.connectors.base import UpstreamFault
from hub.connectors.fhir import bundles, elements, labels
from hub.connectors.fhir.mapping import KINDS, check
from hub.connectors.fhir.patients import candidate, replaced_by
from hub.connectors.fhir.references import About
from hub.connectors.http import Reply
from hub.domain.catalogue import Catalogue
from hub.domain.records import RecordPointer
from hub.errors import ConfigurationError
from tests.connectors.fhir_bench import ADA, CATALOGUE

V3 = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
OURS = "urn:safeguarding-hub:record-label"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("2015-03-04", date(2015, 3, 4), id="day"),
        pytest.param("2015-03", date(2015, 3, 1), id="month-is-its-first-day"),
        pytest.param("2015", date(2015, 1, 1), id="year-is-its-first-day"),
        pytest.param("2015-03-04T23:30:00-05:00", date(2015, 3, 4), id="moment-is-the-day-its-author-wrote"),
        pytest.param(" ", None, id="blank"),
        pytest.param(None, None, id="absent"),
    ],
)
def test_days(written: object, read: date | None) -> None:
    assert elements.day(written, "x") == read


@pytest.mark.parametrize(
    "written",
    ["4 March 2015", "2015-13", "2015-02-30", "0000", "2015-3-4", "２０１５", 2015, ["2015"], "2015-03-04 10:00"],
)
def test_days_that_are_none(written: object) -> None:
    with pytest.raises(UpstreamFault) as fault:
        elements.day(written, "Encounter.period.start")
    assert str(fault.value) == "its Encounter.period.start is not what FHIR R4 says it is"


@pytest.mark.parametrize(
    ("concept", "words"),
    [
        pytest.param({"text": "Fever", "coding": [{"display": "Pyrexia"}]}, "Fever", id="text-first"),
        pytest.param({"coding": [{"code": "1"}, {"display": "Pyrexia"}]}, "1", id="first-coding-that-says-something"),
        pytest.param({"coding": [{}, {"display": " Pyrexia "}]}, "Pyrexia", id="empty-codings-are-passed-over"),
        pytest.param({}, None, id="nothing"),
        pytest.param(None, None, id="absent"),
    ],
)
def test_concepts(concept: object, words: str | None) -> None:
    assert elements.concept_words(concept, "x") == words


@pytest.mark.parametrize(
    ("resource_type", "security", "words"),
    [
        pytest.param("Patient", [(V3, "U")], set(), id="U"),
        pytest.param("Patient", [(V3, "N")], set(), id="N"),
        pytest.param("Patient", [(V3, "R")], {"restricted"}, id="R"),
        pytest.param("Patient", [(V3, "V")], {"restricted", "very_restricted"}, id="V"),
        pytest.param("Patient", [(V3, "REDACTED")], {"confidentiality_REDACTED"}, id="unheard-of"),
        pytest.param("Encounter", [(V3, "R")], {"confidentiality_R"}, id="R-elsewhere-says-not-what"),
        pytest.param(
            "Encounter", [(OURS, "yp_objection"), (OURS, "under_13")], {"yp_objection", "under_13"}, id="ours"
        ),
        pytest.param("Encounter", [("urn:x", "HIV")], {"HIV"}, id="another-system-is-passed-on"),
        pytest.param("Encounter", [("urn:x", "Ada Quill, 1 Mill Lane")], {"unreadable_label"}, id="not-a-code"),
        pytest.param("Encounter", [("urn:x", "x" * 64)], {"x" * 64}, id="64-characters"),
        pytest.param("Encounter", [("urn:x", "x" * 65)], {"unreadable_label"}, id="65-characters"),
        pytest.param("Encounter", [("urn:x", None)], {"unreadable_label"}, id="no-code"),
    ],
)
def test_security_labels(resource_type: str, security: list[tuple[str, str | None]], words: set[str]) -> None:
    codings = [{"system": system, "code": code} for system, code in security]
    assert labels.record_labels({"resourceType": resource_type, "meta": {"security": codings}}) == words


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        pytest.param({"system": OURS, "code": "privileged"}, {"privileged"}, id="ours"),
        pytest.param({"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}, set(), id="workflow"),
    ],
)  # fmt: skip
def test_tags(tag: dict[str, str], words: set[str]) -> None:
    assert labels.record_labels({"resourceType": "Flag", "meta": {"tag": [tag]}}) == words


@pytest.mark.parametrize(
    ("codes", "restricted"),
    [
        pytest.param(["U"], False, id="U"),
        pytest.param(["R"], True, id="R"),
        pytest.param(["V"], True, id="V"),
        pytest.param(["U", "R"], True, id="both"),
        pytest.param(["X"], True, id="unheard-of"),
        pytest.param([], None, id="not-said"),
    ],
)
def test_restricted(codes: list[str], restricted: bool | None) -> None:
    codings = [{"system": V3, "code": code} for code in codes]
    assert labels.is_restricted({"meta": {"security": codings}}) is restricted


PATIENT = {
    "resourceType": "Patient",
    "name": [{"use": "old", "family": "Marsh"}, {"use": "usual", "family": "Quill", "given": ["Ada", "Mary"]}],
    "address": [
        {"use": "temp", "line": ["2 Hill Rd"], "postalCode": "ZZ1 2BB", "period": {"end": "2026-12-01"}},
        {"use": "old", "line": ["9 Past St"], "postalCode": "ZZ1 9ZZ"},
        {"use": "home", "line": ["1 Mill Lane"], "city": "Testshire", "postalCode": "ZZ1 1AA"},
    ],
    "telecom": [
        {"system": "email", "value": "a@example.com"},
        {"system": "phone", "use": "old", "value": "01632 960 001"},
        {"system": "phone", "value": "01632 960 002", "period": {"end": "2026-01-01"}},
        {"system": "phone", "value": "01632 960 003"},
    ],
    "deceasedDateTime": "2020-01-02T00:00:00+00:00",
    "generalPractitioner": [{"identifier": {"system": "urn:other", "value": "Z1"}}],
}
PLAN = {
    "resourceType": "CarePlan",
    "contained": [{"resourceType": "PractitionerRole", "id": "r", "code": [{"text": "Nurse"}], "telecom": [{"system": "phone", "value": "1"}]}],
    "contributor": [
        {"reference": "Patient/1"}, {"reference": "#r", "display": "Pat Moss"}, {"reference": "Practitioner/7", "display": "Sam Lee"},
        {"reference": "RelatedPerson/2"}, {"reference": "x", "type": "CareTeam"},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "resource", "part", "field", "value"),
    [
        pytest.param("patient", PATIENT, 0, "given_name", "Ada Mary", id="current-given-names"),
        pytest.param("patient", PATIENT, 0, "family_name", "Quill", id="current-family-name"),
        pytest.param("patient", PATIENT, 0, "address", "1 Mill Lane, Testshire; temp: 2 Hill Rd (until 2026-12-01)", id="home-first-old-never-end-said"),
        pytest.param("patient", PATIENT, 0, "postcode", "ZZ1 1AA; ZZ1 2BB", id="postcodes"),
        pytest.param("patient", PATIENT, 0, "phone", "01632 960 002 (until 2026-01-01); 01632 960 003", id="phones-end-said"),
        pytest.param("patient", PATIENT, 0, "date_of_death", date(2020, 1, 2), id="death"),
        pytest.param("gp_registration", PATIENT, 0, "practice_code", None, id="a-code-of-another-system"),
        pytest.param("gp_registration", PATIENT, 3, "practice", None, id="no-such-practice"),
        pytest.param("health_involvement", PLAN, 0, "worker_name", "Pat Moss", id="contained-worker"),
        pytest.param("health_involvement", PLAN, 0, "worker_role", "Nurse", id="contained-role"),
        pytest.param("health_involvement", PLAN, 1, "worker_name", "Sam Lee", id="referenced-worker"),
        pytest.param("health_involvement", PLAN, 1, "worker_role", None, id="referenced-role-is-not-here"),
        pytest.param("attendance", {"class": {"code": "EMER", "display": "emergency"}}, 0, "attendance_type", "emergency", id="class-when-no-type"),
        pytest.param("immunisation", {"status": "not-done", "statusReason": {"text": "Declined"}}, 0, "status", "not-done: Declined", id="not-done-and-why"),
        pytest.param("related_person", {"name": [{"given": ["Rose"], "family": "Quill"}]}, 0, "name", "Rose Quill", id="name-in-parts"),
        pytest.param("related_person", {"relationship": [{"coding": [{"display": "Guardian"}, {"display": "Next of kin"}]}]}, 0, "relationship", "Guardian; Next of kin", id="pds-relationships"),
    ],
)  # fmt: skip
def test_fields(kind: str, resource: dict[str, Any], part: int, field: str, value: object) -> None:
    assert KINDS[kind].fields[field](resource, part) == value


@pytest.mark.parametrize(
    ("kind", "resource", "parts"),
    [
        pytest.param("health_involvement", PLAN, 2, id="two-workers"),
        pytest.param("health_involvement", {}, 0, id="nobody"),
        pytest.param("care_plan", PLAN, 1, id="a-plan"),
        pytest.param("care_plan", {"category": [{"coding": [{"system": "urn:safeguarding-hub:care-plan-category", "code": "care-team"}]}]}, 0, id="a-care-team-is-no-plan"),
        pytest.param("gp_registration", {}, 0, id="no-practice"),
        pytest.param("gp_registration", PATIENT, 1, id="a-practice"),
    ],
)  # fmt: skip
def test_parts(kind: str, resource: dict[str, Any], parts: int) -> None:
    assert KINDS[kind].parts(resource) == parts


def test_the_connector_and_the_catalogue_agree_or_say_where_not() -> None:
    check(CATALOGUE, frozenset(KINDS))
    flag = CATALOGUE["health_flag"]
    short = type(flag)(flag.id, flag.title, flag.section, flag.sector, flag.standard, flag.fields[1:])
    with pytest.raises(ConfigurationError, match="health_flag: flag"):
        check(Catalogue.of([short]), frozenset({"health_flag"}))


NAMES = st.sampled_from([
    "resourceType", "id", "meta", "security", "system", "code", "display", "text", "coding", "name", "given", "family",
    "use", "identifier", "value", "extension", "entry", "resource", "search", "mode", "link", "relation", "url", "issue",
    "severity", "details", "total", "type", "subject", "patient", "reference", "contained", "period", "start", "end",
    "telecom", "address", "line", "postalCode", "birthDate", "generalPractitioner", "contributor", "category", "status",
])  # fmt: skip
WORDS = st.sampled_from(
    ["Patient", "Bundle", "searchset", "OperationOutcome", "#r", ADA, "Patient/1", "next", V3, OURS, "R", ""]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=25,
)
OBJECT = st.dictionaries(NAMES, JSON, max_size=10)


@given(OBJECT)
def test_anything_at_all_is_read_or_is_a_fault(resource: dict[str, Any]) -> None:
    def tried(read: Any) -> None:
        with suppress(UpstreamFault):
            read()

    tried(lambda: candidate("nhs", resource))
    tried(lambda: replaced_by(resource))
    tried(lambda: labels.record_labels(resource))
    tried(lambda: About("1", ADA, "http://127.0.0.1").require(resource, "subject"))
    tried(lambda: bundles.matches(Reply(200, {}, resource, ""), "Patient"))
    tried(lambda: bundles.next_link(Reply(200, {}, resource, "")))
    tried(lambda: bundles.fault_of(resource))
    tried(lambda: bundles.is_not_found(resource))
    for kind in KINDS.values():
        tried(lambda kind=kind: kind.parts(resource))
        for read in kind.fields.values():
            tried(lambda read=read: read(resource, 0))


@given(OBJECT)
def test_an_unknown_security_label_is_never_lost(coding: dict[str, Any]) -> None:
    ordinary = coding.get("system") == V3 and str(coding.get("code", "")).strip() in ("U", "L", "M", "N")
    try:
        found = labels.record_labels({"resourceType": "Flag", "meta": {"security": [coding]}})
    except UpstreamFault:
        return
    assert bool(found) is not ordinary


def test_pointers_hide_the_id() -> None:
    assert ADA not in repr(RecordPointer("nhs", "patient", f"{ADA}#0"))

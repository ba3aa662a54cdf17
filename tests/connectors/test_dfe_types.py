"""What the other four published types become, and what vendors send in their place."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from hub.connectors.dfe.telling import UNSAID_LABEL
from hub.domain.organisations import Sector
from hub.domain.records import HeldRecord
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.dfe_bench import (
    CRIME,
    EDUCATION,
    HEALTH,
    MAYA,
    OTHER,
    PERSONAL,
    SEARCH,
    SERVICES,
    Json,
    Upstream,
    education,
    envelope,
    personal,
    soon,
)
from tests.connectors.test_dfe import SILENT, ask, read


def told(records: list[HeldRecord]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for each in records:
        found.setdefault(each.pointer.kind, []).append(dict(unseal(each)))
    return found


RISKS = ("riskSexualExploitation", "riskCriminalExploitation", "riskRadicalisation",
         "riskModernSlaveryAndTrafficking", "riskGangsAndYouthViolence")  # fmt: skip


@pytest.mark.parametrize(
    ("stated", "markers", "unsaid"),
    [
        pytest.param(dict.fromkeys(RISKS, False), set(), False, id="all ruled out"),
        pytest.param(dict.fromkeys(RISKS), set(), True, id="none said"),
        pytest.param(dict.fromkeys(RISKS) | {"riskRadicalisation": True}, {"Radicalisation"}, True, id="one there, others unsaid"),
        pytest.param({each.upper(): True for each in RISKS}, {"Radicalisation", "Sexual exploitation", "Criminal exploitation", "Modern slavery and trafficking", "Gangs and youth violence"}, False, id="keys in capitals"),
    ],
)  # fmt: skip
async def test_a_risk_that_is_null_is_not_ruled_out(stated: Json, markers: set[str], unsaid: bool) -> None:
    pointers, records = await read(CRIME, stated, Sector.POLICE, frozenset({"exploitation_marker"}))
    assert {each["marker"] for each in told(records).get("exploitation_marker", [])} == markers
    assert any(UNSAID_LABEL in pointer.labels for pointer in pointers) is unsaid


async def test_a_crime_record() -> None:
    payload = {
        "policeMarkerDetails": "Dog",
        "servicesKnownTo": ["Police"],
        "lastPoliceProtectionPowerEvent": "2026-10-30",
        "missingEpisodes": [{"date": "2026-07-01", "returnedHomeInterviewAttended": False}],
        "crimeActiveStatusesAndPlans": [{"status": "Police", "plan": None}, {"status": "Open to YJS", "plan": None}],
    }
    pointers, records = await read(CRIME, payload, Sector.POLICE)
    found = told(records)
    assert found["missing_report"] == [
        {"reported_at": datetime(2026, 6, 30, 23, 0, tzinfo=UTC), "return_interview": "not attended"}
    ]
    assert found["police_protection"][0]["started_at"] == datetime(2026, 10, 30, 0, 0, tzinfo=UTC)
    assert found["police_involvement"] == [{"team": "Police"}, {"team": "Open to YJS"}]
    (missing,) = [each for each in records if each.pointer.kind == "missing_report"]
    assert "found_at" in missing.held_back[0].fields, "without it the child would seem to be missing still"
    (marker,) = [pointer for pointer in pointers if pointer.kind == "warning_marker"]
    assert "privileged" in marker.undetermined, "nobody assessed what people wrote"


async def test_narrative_of_an_agency_that_applies_its_markings() -> None:
    pointers, _ = await read(CRIME, {"policeMarkerDetails": "Dog"}, Sector.POLICE, markings_applied=True)
    assert [pointer.undetermined for pointer in pointers if pointer.kind == "warning_marker"] == [frozenset()]


async def test_a_health_record() -> None:
    payload = {
        "registeredGPName": "Dr E Example",
        "RegisteredGPSurgery": "Weir Road Surgery",
        "gpTelephone": "01632 960 150",
        "camhsTeamInvolvement": ["Minds team"],
        "healthActiveStatusesAndPlans": [{"status": "Open", "plan": "Plan"}],
        "missedAppointments": [{"date": "2026-10-29", "setting": "GP", "reason": None}],
        "emergencyDepartmentAttendances": [
            {"date": "2026-10-30", "reason": "Fall"},
            {"date": "2026-10-30", "reason": "Fall"},
        ],
    }
    _, records = await read(HEALTH, payload, Sector.HEALTH)
    found = told(records)
    assert found["gp_registration"] == [{"practice": "Weir Road Surgery"}]
    assert [each["worker_role"] for each in found["health_involvement"]] == ["GP", "Mental health: Minds team"]
    assert [each["attendance_type"] for each in found["attendance"]] == [
        "Missed appointment",
        *["Emergency department"] * 2,
    ]


async def test_a_record_of_childrens_services() -> None:
    payload = {
        "keyWorker": "Alex Example",
        "teamInvolvement": ["Team A"],
        "cscActiveStatusesAndPlans": [
            {"status": "Child In Need", "plan": "Child in need plan"},
            {"status": "Child protection", "plan": None},
            {"status": "Care leaver", "plan": None},
        ],
        "childrensServicesReferrals": [
            {"date": "2026-10-01", "type": "Early Help"},
            {"date": "2026-10-02", "type": "Social Care"},
        ],
    }
    pointers, records = await read(SERVICES, payload, Sector.COUNCIL)
    found = told(records)
    assert found["contact"] == [{"on": date(2026, 10, 1), "outcome": "Referral: Early Help"}]
    assert found["referral"] == [{"on": date(2026, 10, 2)}]
    assert {"child_in_need_plan", "protection_plan"} <= found.keys()
    assert "looked_after_episode" not in found
    assert any(pointer.kind == "unplaced" for pointer in pointers), "a care leaver has no kind of record here"
    (plan,) = [each for each in records if each.pointer.kind == "protection_plan"]
    assert "ended_on" not in plan.held_back[0].fields, "what is active has not ended"


async def test_personal_details_of_a_council() -> None:
    payload = personal(
        address={"line1": "1 Mill Lane", "postcode": "ZZ1 1AA"},
        namesOfIndividualsResidingAtMainAddress=["Ann Example"],
        relatedPeople=[{"relationshipToTheChild": "Father", "name": "Bob Example", "dob": "1988-11-01", "risk": ["x"]}],
    )
    pointers, records = await read(PERSONAL, payload, Sector.COUNCIL)
    found = told(records)
    assert found["council_address"] == [{"address": "1 Mill Lane", "postcode": "ZZ1 1AA"}]
    assert [each.get("date_of_birth") for each in found["linked_person"]] == [date(1988, 11, 1), None]
    assert any(pointer.kind == "unplaced" for pointer in pointers), "a risk somebody poses is never passed over"


async def test_personal_details_that_are_all_null_are_no_record_of_a_person() -> None:
    _, records = await read(PERSONAL, SILENT, Sector.EDUCATION)
    assert records == []


VENDORS: dict[str, Json] = {
    "Arbor": {"pupilPremium": True, "schoolsAttended": [{"name": "Weir Road Academy"}]},
    "Mosaic": {"referrals": [{"id": "1", "date": "2026-10-01", "reason": "Reason"}]},
    "Niche": {"childProtection": True, "knownToPolice": False},
    "SystmOne": {"gpName": "Weir Road Surgery", "missedAppointmentReasons": []},
}


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("number", [MAYA, "999 000 4021", OTHER], ids=["hers", "hers, grouped", "another's"])
async def test_a_vendors_own_payload_says_who_and_nothing_else_is_guessed_from_it(vendor: str, number: str) -> None:
    payload = {"sui": number, "nhsNumber": number, **personal(), **VENDORS[vendor]}
    answer = await ask(Upstream({PERSONAL: payload}), lambda one: one.match(SEARCH, soon()))
    if number == OTHER:
        assert isinstance(answer, NoAnswer)
        assert answer.reason is NoAnswerReason.WRONG_PERSON
    else:
        assert answer.candidates[0].identity.given_names == ("Maya",)


def test_the_bench_has_the_published_envelope() -> None:
    assert set(envelope(EDUCATION, {})) == {
        "recordId", "personId", "schemaUri", "recordType", "version", "contactDetails", "recordLinks", "payload",
    }  # fmt: skip


PLANS = {
    "SEND alone": ("SEND", None, set(), set()),
    "support": ("SEN support", "SEND support plan", set(), set()),
    "an EHC plan": ("SEND", "Education, Health and Care (EHC) plan", {"ehc_plan"}, set()),
    "in short": ("EHCP", None, {"ehc_plan"}, set()),
    "written out": ("SEND", "education health & care plan", {"ehc_plan"}, set()),
    "a plan nobody knows": ("SEND", "Individual plan", set(), {"ehc_plan"}),
    "a status nobody knows": ("Statemented", None, set(), {"ehc_plan"}),
    "letters in a word": ("SEND", "Tehcnology plan", set(), {"ehc_plan"}),
}


@pytest.mark.parametrize("name", PLANS)
async def test_a_plan_that_may_be_an_ehc_plan_is_marked_as_one(name: str) -> None:
    status, plan, labels, undetermined = PLANS[name]
    payload = education(educationActiveStatusesAndPlans=[{"status": status, "plan": plan}])
    pointers, _ = await read(EDUCATION, payload, kinds=frozenset({"sen_support"}))
    (pointer,) = pointers
    assert (set(pointer.labels), set(pointer.undetermined)) == (labels, undetermined)

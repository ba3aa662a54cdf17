"""The published records of children's services, health and crime."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hub.connectors.dfe import values
from hub.connectors.dfe.rows import Read, Row
from hub.connectors.dfe.values import Payload
from hub.domain.organisations import Sector
from hub.domain.records import Value

PLANS = frozenset({"child_in_need_plan", "protection_plan", "looked_after_episode"})
_PLANS = (
    (re.compile(r"child protection", re.IGNORECASE), "protection_plan"),
    (re.compile(r"in need", re.IGNORECASE), "child_in_need_plan"),
    (re.compile(r"looked[ -]after|in care", re.IGNORECASE), "looked_after_episode"),
)
_RISKS = {
    "riskSexualExploitation": "Sexual exploitation",
    "riskCriminalExploitation": "Criminal exploitation",
    "riskRadicalisation": "Radicalisation",
    "riskModernSlaveryAndTrafficking": "Modern slavery and trafficking",
    "riskGangsAndYouthViolence": "Gangs and youth violence",
}
_INTERVIEW = {True: "attended", False: "not attended", None: None}


def childrens_services(body: Payload, _: Sector) -> Read:
    """ChildrensServicesDetailsRecordV1. How to reach the duty team is the custodian's own contact."""
    statuses = values.objects(body, "cscActiveStatusesAndPlans")
    referrals = values.objects(body, "childrensServicesReferrals")
    rows = [*_workers(body)]
    unplaced = False
    for each in statuses or ():
        said = " ".join(part for part in (values.text(each, "status"), values.text(each, "plan")) if part)
        kinds = [kind for pattern, kind in _PLANS if pattern.search(said)]
        unplaced |= not kinds
        rows += [Row(kind, said, {"ended_on": None}) for kind in kinds]  # the list is of what is active
    rows += [_referral(each) for each in referrals or ()]
    unsaid = (PLANS if statuses is None else frozenset()) | (
        frozenset({"referral", "contact"}) if referrals is None else frozenset()
    )
    return Read(tuple(rows), unsaid, unplaced)


def _workers(body: Payload) -> Iterator[Row]:
    name = values.text(body, "keyWorker")
    if name:
        yield Row(
            "council_involvement", "key worker", {"worker_name": name, "worker_role": "Key worker", "until": None}
        )
    for team in values.texts(body, "teamInvolvement"):
        yield Row("council_involvement", f"team {team}", {"team": team, "until": None})


def _referral(body: Payload) -> Row:
    on, sort = values.day(body, "date"), values.text(body, "type")
    if sort is not None and sort.casefold() == "social care":
        return Row("referral", str(on), {"on": on})
    return Row("contact", f"{on} {sort}", {"on": on, "outcome": f"Referral: {sort or 'type not stated'}"})


def health(body: Payload, _: Sector) -> Read:
    """HealthDataRecordV1."""
    missed = values.objects(body, "missedAppointments")
    attended = values.objects(body, "emergencyDepartmentAttendances")
    statuses = values.objects(body, "healthActiveStatusesAndPlans")
    rows = [*_surgery(body)]
    for each in statuses or ():
        status, plan = values.text(each, "status"), values.text(each, "plan")
        rows.append(Row("care_plan", f"{status}/{plan}", {"title": plan or status, "status": status, "ended_on": None}))
    rows += [_attendance(each, "Missed appointment", {"place": values.text(each, "setting")}) for each in missed or ()]
    rows += [_attendance(each, "Emergency department", {}) for each in attended or ()]
    unsaid = {"attendance"} if missed is None or attended is None else set()
    unsaid |= {"care_plan"} if statuses is None else set()
    unsaid |= {"gp_registration"} - {row.kind for row in rows}
    return Read(tuple(rows), frozenset(unsaid))


def _surgery(body: Payload) -> Iterator[Row]:
    surgery, doctor = values.text(body, "registeredGPSurgery"), values.text(body, "registeredGPName")
    if surgery:
        yield Row("gp_registration", surgery, {"practice": surgery})
    if doctor:
        phone = values.text(body, "gpTelephone")
        yield Row("health_involvement", "GP", {"worker_name": doctor, "worker_role": "GP", "phone": phone})
    phones = values.texts(body, "camhsContactDetails")
    for team in values.texts(body, "camhsTeamInvolvement"):
        told = {"worker_role": f"Mental health: {team}", "phone": ", ".join(phones) or None}
        yield Row("health_involvement", f"team {team}", told)


def _attendance(body: Payload, sort: str, more: dict[str, Value]) -> Row:
    on = values.day(body, "date")
    told = {"on": on, "attendance_type": sort, "summary": values.text(body, "reason"), **more}
    return Row("attendance", f"{sort} {on}", told, is_narrative=True)


def crime(body: Payload, _: Sector) -> Read:
    """CrimeDataRecordV1. A risk that is null is neither there nor ruled out."""
    missing = values.objects(body, "missingEpisodes")
    flags = {word: values.flag(body, key) for key, word in _RISKS.items()}
    rows = [Row("exploitation_marker", word, {"marker": word}) for word, stated in flags.items() if stated]
    rows += [_missing(each) for each in missing or ()]
    marker, used = values.text(body, "policeMarkerDetails"), values.moment(body, "lastPoliceProtectionPowerEvent")
    if marker:
        rows.append(Row("warning_marker", marker, {"marker": marker}, is_narrative=True))
    if used:
        rows.append(Row("police_protection", used.isoformat(), {"started_at": used}))
    known = [values.text(each, "status") for each in values.objects(body, "crimeActiveStatusesAndPlans") or ()]
    for team in dict.fromkeys([*values.texts(body, "servicesKnownTo"), *(each for each in known if each)]):
        rows.append(Row("police_involvement", team, {"team": team}))
    unsaid = {"exploitation_marker"} if None in flags.values() else set()
    unsaid |= {"missing_report"} if missing is None else set()
    unsaid |= {"warning_marker", "police_protection"} - {row.kind for row in rows}
    return Read(tuple(rows), frozenset(unsaid))


def _missing(body: Payload) -> Row:
    at = values.moment(body, "date")
    interview = _INTERVIEW[values.flag(body, "returnedHomeInterviewAttended")]
    return Row("missing_report", str(at), {"reported_at": at, "return_interview": interview})

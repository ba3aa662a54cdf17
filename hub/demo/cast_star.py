"""The star: a child on a protection plan whose view has an open and a veiled withholding, alerts and every section."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from hub.demo.build import adult, ago, at, born, child, event, lives_at
from hub.demo.names import HEALTH_WORKERS, OFFICERS, SCHOOLS, SOCIAL_WORKERS
from hub.demo.world import Address, Event, Household

HOME = Address("14 Tannery Lane", "Testshire", "ZZ1 1AA")


def star_family(today: date) -> Household:
    """Maya Thornbury, her half-brother, their mother and his father."""
    maya_born, theo_born = date(2017, 3, 9), date(2022, 6, 30)
    maya = child(
        "protection_plan", "9990004021", "Maya", "Thornbury", maya_born, "F", HOME,
        events=(*_council(today), *_health(today), *_police(today)),
        school=SCHOOLS[0], phone="01632 960 301", gp=0,
    )  # fmt: skip
    theo = child(
        "protection_plan_brother", "9990004005", "Theo", "Garrick", theo_born, "M", HOME,
        events=(
            lives_at(HOME, theo_born),
            event("protection_plan", started_on=ago(today, 58), initial_category="EMO", category="NEG"),
            event("immunisation", on=date(2022, 8, 29), vaccine="6-in-1 vaccine", status="completed"),
        ),
        school=SCHOOLS[5], phone="01632 960 301", gp=0,
    )  # fmt: skip
    adults = (
        adult("protection_plan_mother", "Leanne", "Thornbury", born(today, 41, 44), "F", "mother", "01632 960 301"),
        adult("protection_plan_stepfather", "Shane", "Garrick", born(today, 36, 90), "M", "step-father"),
    )
    return Household("protection_plan_family", HOME, adults, (maya, theo))


def _council(today: date) -> Iterator[Event]:
    worker, team = SOCIAL_WORKERS[2]
    yield event("council_person", ethnicity="WBRI", nationality="British", gender="2")
    yield lives_at(HOME, ago(today, 900))
    yield event("early_help", started_on=ago(today, 620), ended_on=ago(today, 440), reason="Low school attendance",
                end_reason="Goals met", organisation="Testshire Family Hubs")  # fmt: skip
    yield event("contact", on=ago(today, 131), contact_source="2A", outcome="NEW_REFERRAL")
    yield event("referral", on=ago(today, 130), referral_source="2A", primary_need="N1",
                outcome="STRATEGY_DISCUSSION", no_further_action=False)  # fmt: skip
    yield event("assessment", started_on=ago(today, 129), completed_on=ago(today, 95), child_seen=True,
                factors=("1B", "3B", "16A"), outcome="STRATEGY_DISCUSSION")  # fmt: skip
    yield event("section47_enquiry", started_on=ago(today, 92), ended_on=ago(today, 79),
                outcome="CP_CONFERENCE", no_further_action=False)  # fmt: skip
    yield event("conference", on=ago(today, 58), target_on=ago(today, 60), plan_agreed=True, outcome="CP")
    yield event("protection_plan", started_on=ago(today, 58), initial_category="EMO", category="NEG")
    yield event("plan_review", due_on=ago(today, -34))
    yield event("plan_visit", on=ago(today, 40), child_seen=True, child_seen_alone=True)
    yield event("plan_visit", on=ago(today, 12), child_seen=True, child_seen_alone=False)
    yield event("council_involvement", worker_name=worker, worker_role="Allocated social worker", team=team,
                since=ago(today, 92))  # fmt: skip
    yield event("case_document", on=ago(today, 12), document_type="Visit record", title="Record of statutory visit",
                summary="Maya seen with her mother. Home cold; little food in the kitchen.")  # fmt: skip
    yield event("case_document", "family_court_document", on=ago(today, 30), document_type="Court document",
                title="Statement filed in private law proceedings",
                summary="Statement of the applicant about contact arrangements.")  # fmt: skip
    yield event("case_document", "privileged", on=ago(today, 26), document_type="Legal advice",
                title="Advice of council legal", summary="Advice on whether the threshold is met.")  # fmt: skip
    yield event("adoption_record", "adoption_s56", decided_on=date(2017, 9, 14), placement_order_on=date(2017, 11, 2),
                matched_on=date(2018, 1, 22), placed_on=date(2018, 2, 12), order_on=date(2018, 10, 5),
                order_type="Adoption")  # fmt: skip


def _health(today: date) -> Iterator[Event]:
    worker, role, phone = HEALTH_WORKERS[1]
    yield event("health_flag", flag="Child protection plan", category="Safeguarding", status="active",
                since=ago(today, 57))  # fmt: skip
    yield event("care_plan", title="School nursing care plan", category="School nursing", status="active",
                started_on=ago(today, 70), summary="Weekly weight check; follow up missed dental care.")  # fmt: skip
    yield event("health_involvement", worker_name=worker, worker_role=role, phone=phone, since=ago(today, 70))
    for days, reason, outcome in (
        (210, "Fracture of left forearm", "Referred to fracture clinic"),
        (133, "Bruising to upper arm, explanation inconsistent", "Referred to children's social care"),
        (9, "Fever, brought by neighbour", "Discharged home"),
    ):
        yield event("attendance", on=ago(today, days), attendance_type="Emergency department", status="finished",
                    place="Testshire Hospitals", summary=reason, discharge=outcome)  # fmt: skip
    yield event("immunisation", on=date(2017, 5, 4), vaccine="6-in-1 vaccine", status="completed")
    yield event("immunisation", on=date(2018, 3, 20), vaccine="MMR vaccine", status="completed")


def _police(today: date) -> Iterator[Event]:
    name, role, team, phone = OFFICERS[0]
    where = f"{HOME.line}, {HOME.town}"
    for days, grade, summary in (
        (224, "Standard", "Verbal argument heard by neighbours. Both children upstairs."),
        (134, "Medium", "Mother assaulted by partner; children in the next room."),
        (61, "High", "Mother assaulted; Maya called 999."),
    ):
        yield event("domestic_abuse_incident", on=ago(today, days), risk_grade=grade, children_present=2,
                    summary=summary, people_involved="Mother and mother's partner", location=where)  # fmt: skip
    yield event("vulnerability_notice", on=ago(today, 61), reason="Child made the emergency call", risk_grade="Red",
                summary="Maya was frightened and said it happens often.")  # fmt: skip
    yield event("missing_report", reported_at=at(ago(today, 19), 19, 40), found_at=at(ago(today, 19), 22, 15),
                risk_grade="Medium", circumstances="Did not come home from school.",
                interview_offered=True, interview_held=True,
                return_interview="Held: said she did not want to go home.")  # fmt: skip
    yield event("bail_condition", started_on=ago(today, 60), ended_on=ago(today, -30), order_type="Police bail",
                conditions="Mother's partner not to enter 14 Tannery Lane or contact the mother.")  # fmt: skip
    yield event("police_involvement", worker_name=name, worker_role=role, team=team, phone=phone,
                since=ago(today, 61))  # fmt: skip

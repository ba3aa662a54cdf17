"""The cast of plain records: a looked-after child, a very large record, documents with odd or missing labels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from hub.demo.build import adult, ago, at, born, child, event, lives_at
from hub.demo.cast_identity import family, referred, seen_at_hospital, witness
from hub.demo.names import SCHOOLS, SOCIAL_WORKERS
from hub.demo.world import Address, Event, Household

LARGE_RECORD_EVENTS = 500


def record_families(today: date) -> Iterator[Household]:
    """The families of this part of the cast."""
    yield _looked_after(today)
    yield _large(today)
    yield _unknown_label(today)
    yield _unlabelled(today)


def _looked_after(today: date) -> Household:
    home, since = Address("12 Orchard Rise", "Testshire", "ZZ1 4AA"), ago(today, 420)
    worker, team = SOCIAL_WORKERS[4]
    tyrese = child(
        "looked_after", "9990004137", "Tyrese", "Walcott", born(today, 14, 61), "M", home,
        events=(
            event("council_person", ethnicity="BCRB", gender="1"),
            event("council_address", address="12 Orchard Rise, Testshire", postcode=home.postcode,
                  address_type="Placement", from_date=since),
            event("referral", on=ago(today, 450), referral_source="6", primary_need="N5",
                  outcome="CLA_REQUEST", no_further_action=False),
            event("child_in_need_plan", started_on=ago(today, 800), ended_on=ago(today, 450), team=team),
            event("looked_after_episode", started_on=since, start_reason="S", primary_need="N5"),
            event("placement", started_on=since, ended_on=ago(today, 160), placement_type="U6", provider="PR4",
                  postcode="ZZ8 9ZY", change_reason="CREQB"),
            event("placement", started_on=ago(today, 160), placement_type="U4", provider="PR1",
                  postcode=home.postcode),
            event("legal_status", status="C2", started_on=ago(today, 380)),
            event("legal_status", status="C1", started_on=since, ended_on=ago(today, 380)),
            event("pre_proceedings", decided_on=ago(today, 470), meeting_on=ago(today, 460),
                  outcome="Decision to Issue Care Proceedings"),
            event("missing_from_care", started_on=ago(today, 30), ended_on=ago(today, 29), episode_type="M",
                  interview_offered=True, interview_accepted=True),
            event("missing_from_care", started_on=ago(today, 8), episode_type="A", interview_offered=False),
            event("council_involvement", worker_name=worker, worker_role="Allocated social worker", team=team,
                  since=since),
            event("health_flag", flag="Looked-after child", category="Safeguarding", status="active", since=since),
            event("care_plan", title="Looked-after child health plan", category="Looked-after children",
                  status="active", started_on=since, summary="Annual health assessment due; dental check done."),
            seen_at_hospital(today, 29, "Intoxication"),
            event("missing_report", reported_at=at(ago(today, 30), 23, 10), found_at=at(ago(today, 29), 6, 45),
                  risk_grade="High", circumstances="Left placement by taxi with an unknown adult.",
                  interview_offered=True, interview_held=True,
                  return_interview="Accepted; new clothes and a second telephone seen."),
            event("police_protection", started_at=at(ago(today, 29), 6, 45), ended_at=at(ago(today, 29), 15, 30),
                  reason="Found with an unknown adult; kept safe until the council placed him."),
            event("exploitation_marker", since=ago(today, 25), marker="Criminal exploitation", risk_grade="High"),
            event("warning_marker", since=ago(today, 300), marker="Ailment: asthma"),
        ),
        school=SCHOOLS[3], gp=2,
    )  # fmt: skip
    adults = (adult("tyrese_carer", "Joanne", "Ogden", born(today, 52, 33), "F", "foster carer", "01632 960 331"),)
    return family(home, adults, tyrese)


def _large(today: date) -> Household:
    home = Address("77 Brickfield Way", "Testshire", "ZZ1 4AB")
    ellis = child(
        "large_record", "9990004145", "Ellis", "Marlowe", born(today, 13, 100), "M", home,
        events=_many(today, home), school=SCHOOLS[3], gp=1,
    )  # fmt: skip
    mother = adult("ellis_mother", "Karen", "Marlowe", born(today, 40, 40), "F", "mother")
    return family(home, (mother,), ellis)


def _many(today: date, home: Address) -> Iterator[Event]:
    """:data:`LARGE_RECORD_EVENTS` events over six years, turn by turn at council, hospital and police."""
    yield lives_at(home, ago(today, 2_190))
    for place in range(1, LARGE_RECORD_EVENTS):
        days = 5 + place * 4
        if place % 3 == 0:
            yield event("contact", on=ago(today, days), contact_source=("2A", "3B", "6")[place % 9 // 3],
                        outcome="ADVICE")  # fmt: skip
        elif place % 3 == 1:
            yield seen_at_hospital(today, days, "Minor injury")
        else:
            yield witness(today, days, home)


def _unknown_label(today: date) -> Household:
    home = Address("5 St Aldith's Close", "Testshire", "ZZ1 4AD")
    rosa = child(
        "unknown_label", "9990004153", "Rosa", "Ferreira", born(today, 10, 10), "F", home,
        events=(
            *referred(today, 55, home),
            event("case_document", "local_code_77", on=ago(today, 54), document_type="Case note", title="Case note",
                  summary="Note under a marking that the vocabulary does not know."),
            seen_at_hospital(today, 70),
        ),
        school=SCHOOLS[2], gp=3,
    )  # fmt: skip
    return family(home, (adult("rosa_mother", "Maria", "Ferreira", born(today, 36, 2), "F", "mother"),), rosa)


def _unlabelled(today: date) -> Household:
    home = Address("28 Heron Drive", "North Testshire", "ZZ1 4AE")
    bilal = child(
        "unlabelled", "9990004161", "Bilal", "Mahmood", born(today, 5, 222), "M", home,
        events=(
            *referred(today, 66, home),
            event("case_document", assessed=False, on=ago(today, 65), document_type="Letter",
                  title="Letter scanned from paper file", summary="Letter whose sensitivity nobody has assessed."),
            event("case_document", on=ago(today, 64), document_type="Case note", title="Case note",
                  summary="Telephone call to nursery: attending well."),
            seen_at_hospital(today, 67),
        ),
        school=SCHOOLS[1], gp=2,
    )  # fmt: skip
    return family(home, (adult("bilal_mother", "Samina", "Mahmood", born(today, 28, 1), "F", "mother"),), bilal)

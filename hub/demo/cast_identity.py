"""The cast of Match: who is known where, under which name, and who must not be confused with whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from hub.demo.build import COUNCIL, HEALTH, POLICE, adult, ago, born, but, child, event, lives_at
from hub.demo.names import GP_PRACTICES, OFFICERS, SCHOOLS
from hub.demo.world import Address, Adult, Child, Event, Household


def family(home: Address, adults: Iterable[Adult], *children: Child) -> Household:
    """A household named after its first child."""
    return Household(f"{children[0].key}_family", home, tuple(adults), children)


def identity_families(today: date) -> Iterator[Household]:
    """The families of this part of the cast."""
    yield _twins(today)
    yield _unknown_to_police(today)
    yield _no_nhs_number(today)
    yield _restricted(today)
    yield _conflicting(today)
    yield from _known_to_few(today)
    yield _wrong_child_source(today)


def referred(today: date, days: int, home: Address) -> tuple[Event, ...]:
    """An address and a contact that led to a referral: what the council holds of many children."""
    return (
        lives_at(home, ago(today, days + 700)),
        event("contact", on=ago(today, days), contact_source="2A", outcome="NEW_REFERRAL"),
        event("referral", on=ago(today, days), referral_source="2A", primary_need="N4", outcome="SINGLE_ASSESSMENT",
              no_further_action=False),
    )  # fmt: skip


def seen_at_hospital(today: date, days: int, reason: str = "Asthma attack") -> Event:
    """One emergency attendance."""
    return event("attendance", on=ago(today, days), attendance_type="Emergency department", status="finished",
                 place="Testshire Hospitals", summary=reason, discharge="Discharged home")  # fmt: skip


def witness(today: date, days: int, home: Address) -> Event:
    """One police incident."""
    return event("incident", on=ago(today, days), incident_type="Concern for safety", role="Named",
                 summary="Officers attended after a call from a neighbour.", outcome="Referred to partner agencies",
                 location=f"{home.line}, {home.town}")  # fmt: skip


def _twins(today: date) -> Household:
    home, birth = Address("7 Bobbin Street", "Testshire", "ZZ1 2AB"), born(today, 11, 120)
    known = child(
        "twin_known", "9990004013", "Amara", "Eze", birth, "F", home, school=SCHOOLS[3], gp=1,
        events=(*referred(today, 75, home), seen_at_hospital(today, 200), witness(today, 80, home)),
    )  # fmt: skip
    unknown = child(
        "twin_unknown", "9990004048", "Chidera", "Eze", birth, "F", home, (COUNCIL, HEALTH), school=SCHOOLS[3], gp=1,
        events=(*referred(today, 75, home), seen_at_hospital(today, 41, "Abdominal pain")),
    )  # fmt: skip
    return family(home, (adult("twins_mother", "Folake", "Eze", born(today, 38, 12), "F", "mother"),), known, unknown)


def _unknown_to_police(today: date) -> Household:
    home = Address("31 Kiln Walk", "Testshire Vale", "ZZ1 2AD")
    sam = child(
        "unknown_to_police", "9990004056", "Samir", "Chaudhry", born(today, 6, 31), "M", home, (COUNCIL, HEALTH),
        (*referred(today, 33, home), seen_at_hospital(today, 35)), school=SCHOOLS[1], gp=2,
    )  # fmt: skip
    return family(home, (adult("samir_mother", "Nasreen", "Chaudhry", born(today, 33, 3), "F", "mother"),), sam)


def _no_nhs_number(today: date) -> Household:
    home = Address("2 Sorrel Gardens", "Testshire", "ZZ1 2AE")
    lena = child(
        "no_nhs_number_at_council", "9990004064", "Lena", "Wojcik", born(today, 8, 77), "F", home,
        events=(*referred(today, 50, home), seen_at_hospital(today, 52), witness(today, 51, home)),
        school=SCHOOLS[2], gp=3,
    )  # fmt: skip
    lena = but(lena, COUNCIL, nhs_number=None)
    return family(home, (adult("lena_mother", "Magdalena", "Wojcik", born(today, 35, 60), "F", "mother"),), lena)


def _restricted(today: date) -> Household:
    home = Address("19 Heron Drive", "North Testshire", "ZZ1 3AF")
    jude = child(
        "restricted", "9990004072", "Jude", "Merrick", born(today, 7, 200), "M", home,
        events=(
            *referred(today, 64, home),
            seen_at_hospital(today, 90),
            event("domestic_abuse_incident", on=ago(today, 150), risk_grade="High", children_present=1,
                  summary="Mother and child moved to a place of safety.", location="88 Station Parade, Testshire"),
            event("marac_referral", on=ago(today, 148), heard_on=ago(today, 132), reason="High risk of serious harm",
                  outcome="Heard", actions="Housing and health visitor to report to the next meeting."),
        ),
        school=SCHOOLS[1], phone="01632 960 322", gp=1,
    )  # fmt: skip
    jude = but(jude, HEALTH, label="R")
    return family(home, (adult("jude_mother", "Emma", "Merrick", born(today, 29, 8), "F", "mother"),), jude)


def _conflicting(today: date) -> Household:
    home, old = Address("55 Weir Road", "Testshire", "ZZ1 3AH"), Address("3 Chapel Fold", "Testshire", "ZZ1 3AJ")
    kian = child(
        "conflicting_names", "9990004080", "Kian", "Fairclough", born(today, 12, 300), "M", home,
        events=(
            lives_at(old, ago(today, 2_000)),
            event("contact", on=ago(today, 44), contact_source="6", outcome="ADVICE"),
            seen_at_hospital(today, 47, "Head injury"),
            witness(today, 45, old),
        ),
        school=SCHOOLS[4], gp=2,
    )  # fmt: skip
    kian = but(kian, COUNCIL, family_name="Dunmore", address=old, previous_family_names=("Fairclough",))
    kian = but(kian, POLICE, address=old, family_name="Dunmore-Fairclough")
    adults = (
        adult("kian_mother", "Stacey", "Fairclough", born(today, 34, 21), "F", "mother"),
        adult("kian_stepfather", "Lee", "Dunmore", born(today, 39, 50), "M", "step-father"),
    )
    return family(home, adults, kian)


def _known_to_few(today: date) -> Iterator[Household]:
    home = Address("101 Quarry Hill", "Testshire", "ZZ1 3AL")
    mother = adult("priti_mother", "Sunita", "Solanki", born(today, 37, 5), "F", "mother")
    yield family(home, (mother,), child(
        "health_only", "9990004099", "Priti", "Solanki", born(today, 4, 15), "F", home, (HEALTH,),
        (seen_at_hospital(today, 22, "Febrile convulsion"),
         event("immunisation", on=ago(today, 900), vaccine="MMR vaccine", status="completed")), gp=0,
    ))  # fmt: skip
    home = Address("64 Station Parade", "Testshire", "ZZ1 3AN")
    name, role, team, phone = OFFICERS[1]
    yield family(home, (), child(
        "police_only", "9990004102", "Corey", "Blackmoor", born(today, 15, 250), "M", home, (POLICE,),
        (witness(today, 10, home),
         event("exploitation_marker", since=ago(today, 200), marker="Criminal exploitation", risk_grade="Medium"),
         event("police_involvement", worker_name=name, worker_role=role, team=team, phone=phone,
               since=ago(today, 10))),
        school=SCHOOLS[4],
    ))  # fmt: skip
    home = Address("9 Larkfield Avenue", "Testshire Vale", "ZZ1 3AP")
    nobody = adult("nobody_mother", "Ling", "Tao", born(today, 30, 9), "F", "mother")
    yield family(home, (nobody,), child(
        "not_known_anywhere", "9990004110", "Wen", "Tao", born(today, 3, 180), "M", home, ()
    ))  # fmt: skip


def _wrong_child_source(today: date) -> Household:
    home = Address("40 Old Mill Court", "Testshire", "ZZ1 3AR")
    hana = child(
        "wrong_child_source", "9990004129", "Hana", "Qureshi", born(today, 9, 140), "F", home,
        events=(*referred(today, 20, home), seen_at_hospital(today, 21), witness(today, 21, home)),
        school=SCHOOLS[0],
    )  # fmt: skip
    hana = but(hana, HEALTH, gp_practice=GP_PRACTICES[2])
    return family(home, (adult("hana_father", "Tariq", "Qureshi", born(today, 41, 77), "M", "father"),), hana)

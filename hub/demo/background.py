"""The population behind the cast: families with the ordinary few entries that agencies hold about most of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from hub.demo import names
from hub.demo.build import COUNCIL, HEALTH, POLICE, ago, at, born, child, event, lives_at, school_for
from hub.demo.world import Address, Adult, Child, Event, Household

HOUSEHOLDS = 26
FIRST_NHS_STEM = 999_002_000
KNOWN_TO = (
    ((HEALTH,), 4),
    ((COUNCIL, HEALTH), 4),
    ((HEALTH, POLICE), 2),
    ((COUNCIL, HEALTH, POLICE), 3),
)


@dataclass(slots=True)
class _Town:
    """What the families of one world draw from."""

    random: Random
    today: date
    numbers: Iterator[str]
    phones: Iterator[str]

    def before(self, least: int, most: int) -> date:
        return ago(self.today, self.random.randint(least, most))


def background(random: Random, today: date) -> Iterator[Household]:
    """:data:`HOUSEHOLDS` families drawn with ``random``."""
    town = _Town(random, today, names.nhs_numbers(FIRST_NHS_STEM), names.telephones())
    for serial in range(HOUSEHOLDS):
        yield _household(town, serial)


def _household(town: _Town, serial: int) -> Household:
    random = town.random
    home = Address(
        f"{random.randint(1, 140)} {names.STREETS[serial % len(names.STREETS)]}",
        random.choice(names.TOWNS),
        f"ZZ{2 + serial % 7} {1 + serial % 9}{'ABDEFGHJLN'[serial % 10]}{'PQRSTUWXYZ'[serial // 3]}",
    )
    family = names.SURNAMES[serial % len(names.SURNAMES)]
    adults = [_adult(town, f"h{serial}-a1", family, "mother", "F")]
    second = random.choice(("father", "step-father", "grandmother", None))
    if second is not None:
        surname = random.choice(names.SURNAMES) if second == "step-father" else family
        adults.append(_adult(town, f"h{serial}-a2", surname, second, "F" if second == "grandmother" else "M"))
    earlier = random.choice(names.SURNAMES)
    siblings = tuple(
        _child(town, f"h{serial}-c{place}", home, earlier if second == "step-father" and place == 1 else family)
        for place in range(1, random.choice((1, 2, 2, 3, 3, 4)) + 1)
    )
    return Household(f"h{serial}", home, tuple(adults), siblings)


def _adult(town: _Town, key: str, family: str, relationship: str, sex: str) -> Adult:
    given = town.random.choice(names.WOMEN if sex == "F" else names.MEN)
    years = town.random.randint(52, 70) if relationship == "grandmother" else town.random.randint(27, 48)
    birth = born(town.today, years, town.random.randint(0, 360))
    return Adult(key, given, family, birth, sex, relationship, next(town.phones))


def _child(town: _Town, key: str, home: Address, family: str) -> Child:
    random = town.random
    sex = random.choice(("F", "M"))
    birth = born(town.today, random.randint(0, 17), random.randint(1, 360))
    holders = random.choices([who for who, _ in KNOWN_TO], [weight for _, weight in KNOWN_TO])[0]
    given = random.choice(names.GIRLS if sex == "F" else names.BOYS)
    school = school_for(birth, town.today, random.randrange(6))
    plain = child(
        key, next(town.numbers), given, family, birth, sex, home, holders,
        school=school, phone=next(town.phones), gp=random.randrange(4),
    )  # fmt: skip
    age_days = (town.today - birth).days
    events: list[Event] = []
    if plain.council is not None:
        events += _council_events(town, home, birth, min(age_days, 1_400))
    if plain.health is not None:
        events += _health_events(town, birth, min(age_days, 1_400))
    if plain.police is not None:
        events += _police_events(town, home, min(age_days, 1_400))
    return replace(plain, events=tuple(events))


def _council_events(town: _Town, home: Address, birth: date, reach: int) -> Iterator[Event]:
    random = town.random
    referred = town.before(20, max(60, reach))
    referred = max(referred, birth)
    yield event("council_person", ethnicity=random.choice(("WBRI", "APKN", "AIND", "BAFR", "MWBC", "WOTH")))
    yield lives_at(home, max(birth, ago(town.today, reach)))
    source = random.choice(("2A", "3B", "6", "1A"))
    yield event("contact", on=referred, contact_source=source, outcome=random.choice(("NEW_REFERRAL", "ADVICE", "NFA")))
    if random.random() < 0.6:
        yield event(
            "referral",
            on=referred,
            referral_source=source,
            primary_need=random.choice(("N1", "N4", "N5", "N2")),
            outcome="SINGLE_ASSESSMENT",
            no_further_action=False,
        )
        yield event(
            "assessment",
            started_on=referred,
            completed_on=min(town.today, date.fromordinal(referred.toordinal() + random.randint(10, 45))),
            child_seen=True,
            factors=tuple(sorted(random.sample(("1B", "2B", "3B", "4B", "16A", "17A"), 2))),
            outcome=random.choice(("PROV_OF_SERVICES", "NFA")),
        )
        worker, team = random.choice(names.SOCIAL_WORKERS[:4])
        yield event(
            "council_involvement", worker_name=worker, worker_role="Allocated social worker", team=team, since=referred
        )
    if random.random() < 0.25:
        yield event(
            "early_help",
            started_on=referred,
            reason="Support with routines and school attendance",
            organisation="Testshire Family Hubs",
        )
    if random.random() < 0.12:
        yield event("disability", disability=random.choice(("AUT", "LD", "HEAR", "MOB")))
    if random.random() < 0.2:
        yield event(
            "case_document",
            on=referred,
            title="Case note",
            document_type="Case note",
            summary="Home visit: family well, no concerns seen.",
        )


def _health_events(town: _Town, birth: date, reach: int) -> Iterator[Event]:
    random = town.random
    for weeks, vaccine in ((8, "6-in-1 vaccine"), (16, "6-in-1 vaccine"), (53, "MMR vaccine")):
        given = date.fromordinal(birth.toordinal() + weeks * 7)
        if given < town.today and random.random() < 0.9:
            yield event("immunisation", on=given, vaccine=vaccine, status="completed")
    for _ in range(random.randint(0, 2)):
        yield event(
            "attendance",
            on=max(birth, town.before(5, max(30, reach))),
            attendance_type=random.choice(("Emergency department", "GP consultation", "Outpatient clinic")),
            status="finished",
            place="Testshire Hospitals",
            summary=random.choice(("Fever", "Minor injury to hand", "Asthma review", "Ear infection")),
            discharge="Discharged home",
        )
    if (town.today - birth).days < 5 * 365:
        worker, role, phone = names.HEALTH_WORKERS[0]
        yield event("health_involvement", worker_name=worker, worker_role=role, phone=phone, since=birth)


def _police_events(town: _Town, home: Address, reach: int) -> Iterator[Event]:
    random = town.random
    day = town.before(5, max(30, reach))
    yield event(
        "incident",
        on=day,
        incident_type=random.choice(
            ("Anti-social behaviour", "Theft from shop", "Road collision", "Concern for safety")
        ),
        role=random.choice(("Witness", "Victim", "Named")),
        summary="Attended and advice given.",
        outcome="No further police action",
        location=f"{home.line}, {home.town}",
    )
    if random.random() < 0.3:
        yield event(
            "vulnerability_notice",
            on=day,
            reason="Child present at incident",
            risk_grade=random.choice(("Green", "Amber")),
            summary="Child seen, appeared well.",
        )
    if random.random() < 0.15:
        yield event(
            "missing_report",
            reported_at=at(day, 21, 30),
            found_at=at(day, 23, 5),
            risk_grade="Medium",
            circumstances="Late home from a friend's.",
            interview_offered=True,
            interview_held=False,
            return_interview="Offered and declined",
        )

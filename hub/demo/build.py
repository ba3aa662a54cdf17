"""Small words for telling the invented world: households, children, what each agency knows, events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hub.demo.names import GP_PRACTICES, SCHOOLS
from hub.demo.world import Address, Adult, Child, Event, Known

COUNCIL, HEALTH, POLICE = "council", "health", "police"
EVERYBODY = (COUNCIL, HEALTH, POLICE)


def event(kind: str, *labels: str, assessed: bool = True, **values: object) -> Event:
    """An event of ``kind`` with its catalogued ``values`` and the ``labels`` its agency put on it."""
    given = {name: value for name, value in values.items() if value is not None}
    return Event(kind, given, frozenset(labels), assessed)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment on ``day`` (aware, UTC)."""
    return datetime.combine(day, time(hour, minute), UTC)


def ago(today: date, days: int) -> date:
    """The day ``days`` before ``today``."""
    return today - timedelta(days=days)


def born(today: date, years: int, days: int = 0) -> date:
    """A birth date that makes somebody ``years`` old today, with a birthday ``days`` ago (never 29 February)."""
    birthday = today - timedelta(days=days)
    day = min(birthday.day, 28) if birthday.month == 2 else birthday.day
    return date(birthday.year - years, birthday.month, day)


def school_for(birth_date: date, today: date, pick: int) -> str | None:
    """A school of the right age: none under three, nursery under five, then primary, then secondary."""
    age = (today - birth_date).days // 365
    if age < 3:
        return None
    if age < 5:
        return SCHOOLS[5]
    return SCHOOLS[pick % 3] if age < 11 else SCHOOLS[3 + pick % 2]


def child(
    key: str,
    number: str,
    given: str,
    family: str,
    birth_date: date,
    sex: str,
    home: Address,
    known_to: Iterable[str] = EVERYBODY,
    events: Iterable[Event] = (),
    *,
    school: str | None = None,
    phone: str | None = None,
    gp: int = 0,
) -> Child:
    """A child whom each agency of ``known_to`` knows as they are; :func:`but` makes an agency know otherwise.

    ``number`` is the NHS number. Local ids are made from it so that they are stable from run to run: they are opaque
    to everybody but the agency (a council id starts C, a police id P; the NHS's own id is the number).
    """
    holders = frozenset(known_to)
    plain = Known(number, given, family, birth_date, sex, number, home, school)
    serial = str(int(number[3:9]) * 7919 % 900000 + 100000)  # a bijection on the stem: no two alike (tested)
    return Child(
        key=key,
        given_name=given,
        family_name=family,
        birth_date=birth_date,
        sex=sex,
        nhs_number=number,
        council=replace(plain, local_id=f"C{serial}") if COUNCIL in holders else None,
        health=replace(plain, school=None, gp_practice=GP_PRACTICES[gp % len(GP_PRACTICES)], phone=phone)
        if HEALTH in holders
        else None,
        police=replace(plain, local_id=f"P{serial}", nhs_number=None) if POLICE in holders else None,
        events=tuple(events),
    )


def but(who: Child, agency: str, **differently: object) -> Child:
    """``who``, except that ``agency`` knows them ``differently`` (fields of :class:`~hub.demo.world.Known`)."""
    known: Known = getattr(who, agency)
    values: dict[str, Any] = dict(differently)
    changed: dict[str, Any] = {agency: replace(known, **values)}
    return replace(who, **changed)


def adult(
    key: str,
    given: str,
    family: str,
    birth_date: date,
    sex: str,
    relationship: str,
    phone: str = "01632 960 299",
    labels: Iterable[str] = (),
) -> Adult:
    """A grown-up of a household; ``labels`` are on the agencies' records of the link."""
    return Adult(key, given, family, birth_date, sex, relationship, phone, frozenset(labels))


def lives_at(home: Address, since: date, until: date | None = None) -> Event:
    """The council's record of an address."""
    return event(
        "council_address",
        address=f"{home.line}, {home.town}",
        postcode=home.postcode,
        address_type="Primary Address",
        from_date=since,
        to_date=until,
    )

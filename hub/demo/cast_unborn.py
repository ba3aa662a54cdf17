"""Children who are not born yet: the council has a pre-birth referral, the NHS the mother's maternity care."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hub.demo.build import ago, born, event
from hub.demo.names import GP_PRACTICES
from hub.demo.world import Address, Event, Expecting, Known

MOTHER, OF_TWINS, UNKNOWN_TO_COUNCIL = "9990009902", "9990009910", "9990009929"
"""Whom a question about an unborn child names (``docs/cast.md``)."""

DUE_IN_DAYS = 59
DUE_AGAIN_DAYS = 100
"""The demo's day stands still and the clock does not: when the births are past, they are expected so much later."""

PROVIDER = "Testshire Maternity Unit"


def expecting(today: date) -> tuple[Expecting, ...]:
    """The mothers of the demo. Of the last the council recorded nothing."""
    due = due_on(today, datetime.now(UTC).date())
    referral = event("referral", on=ago(today, 40), referral_source="3A", primary_need="N3")
    return (
        _one(today, due, _mother(today, "A990200", "Lena", "Marsh", MOTHER), ("U990200",), (referral,)),
        _one(today, due, _mother(today, "A990210", "Nadia", "Frost", OF_TWINS), ("U990210", "U990211"), (referral,)),
        _one(today, due, _mother(today, "A990220", "Imani", "Rowe", UNKNOWN_TO_COUNCIL), (), ()),
    )


def due_on(today: date, now: date) -> date:
    """When the births are expected in a world of ``today``, by the clock's day ``now``: never in the past of it."""
    first = today + timedelta(DUE_IN_DAYS)
    late = max((now - first).days, 0)
    return first + timedelta(-(-late // DUE_AGAIN_DAYS) * DUE_AGAIN_DAYS)


def _mother(today: date, council_id: str, given: str, family: str, number: str) -> Known:
    home = Address("7 Tannery Row", "Testshire", "ZZ3 4QP")
    return Known(council_id, given, family, born(today, 28, 200), "F", number, home, gp_practice=GP_PRACTICES[0])


def _one(today: date, due: date, mother: Known, unborn_ids: tuple[str, ...], events: tuple[Event, ...]) -> Expecting:
    return Expecting(mother, unborn_ids, due, ago(today, 150), PROVIDER, events)

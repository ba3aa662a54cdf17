"""Children who are not born yet: the council has a pre-birth referral, the NHS the mother's maternity care."""

from __future__ import annotations

from datetime import date, timedelta

from hub.demo.build import ago, born, event
from hub.demo.names import GP_PRACTICES
from hub.demo.world import Address, Event, Expecting, Known

MOTHER, OF_TWINS, UNKNOWN_TO_COUNCIL = "9990009902", "9990009910", "9990009929"
"""Whom a question about an unborn child names (``docs/cast.md``)."""

DUE_IN_DAYS = 59
PROVIDER = "Testshire Maternity Unit"


def expecting(today: date) -> tuple[Expecting, ...]:
    """The mothers of the demo. Of the last the council recorded nothing."""
    referral = event("referral", on=ago(today, 40), referral_source="3A", primary_need="N3")
    return (
        _one(today, _mother(today, "A990200", "Lena", "Marsh", MOTHER), ("U990200",), (referral,)),
        _one(today, _mother(today, "A990210", "Nadia", "Frost", OF_TWINS), ("U990210", "U990211"), (referral,)),
        _one(today, _mother(today, "A990220", "Imani", "Rowe", UNKNOWN_TO_COUNCIL), (), ()),
    )


def _mother(today: date, council_id: str, given: str, family: str, number: str) -> Known:
    home = Address("7 Tannery Row", "Testshire", "ZZ3 4QP")
    return Known(council_id, given, family, born(today, 28, 200), "F", number, home, gp_practice=GP_PRACTICES[0])


def _one(today: date, mother: Known, unborn_ids: tuple[str, ...], events: tuple[Event, ...]) -> Expecting:
    return Expecting(mother, unborn_ids, today + timedelta(DUE_IN_DAYS), ago(today, 150), PROVIDER, events)

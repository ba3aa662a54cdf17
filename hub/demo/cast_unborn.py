"""A child who is not born yet: the council has a pre-birth referral, the NHS the mother's maternity care."""

from __future__ import annotations

from datetime import date

from hub.demo.build import ago, born, event
from hub.demo.names import GP_PRACTICES
from hub.demo.world import Address, Expecting, Known

MOTHER = "9990009902"
"""Whom the demo's question about an unborn child names (``docs/cast.md``)."""

DUE_IN_DAYS = 59


def expecting(today: date) -> tuple[Expecting, ...]:
    """The one mother of the demo."""
    home = Address("7 Tannery Row", "Testshire", "ZZ3 4QP")
    mother = Known(
        "A990200", "Lena", "Marsh", born(today, 28, 200), "F", MOTHER, home, gp_practice=GP_PRACTICES[0],
        phone="01632 960 377",
    )  # fmt: skip
    referral = event("referral", on=ago(today, 40), referral_source="3A", primary_need="N3")
    due = date.fromordinal(today.toordinal() + DUE_IN_DAYS)
    return (Expecting(mother, ("U990200",), due, ago(today, 150), "Testshire Maternity Unit", (referral,)),)

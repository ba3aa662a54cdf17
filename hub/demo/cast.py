"""The cast: children who each show one thing, by name of part. The table for people is ``docs/cast.md``."""

from __future__ import annotations

from datetime import date

from hub.demo.cast_hard import hard_families
from hub.demo.cast_identity import identity_families
from hub.demo.cast_impediments import impediment_families
from hub.demo.cast_records import record_families
from hub.demo.cast_star import star_family
from hub.demo.world import Household


def cast(today: date) -> tuple[tuple[Household, ...], dict[str, str]]:
    """The families of the cast, and which child (by key) plays each part. A part's name is its child's key."""
    families = (
        star_family(today),
        *identity_families(today),
        *record_families(today),
        *impediment_families(today),
        *hard_families(today),
    )
    supporting = ("brother", "sister")
    parts = {
        child.key: child.key for family in families for child in family.children if not child.key.endswith(supporting)
    }
    return families, parts

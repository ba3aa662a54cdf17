"""The one seeded generator of the invented world, from which every pretend agency loads its part."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from random import Random

from hub.demo.background import background
from hub.demo.cast import cast
from hub.demo.cast_unborn import expecting
from hub.demo.world import World

SEED = 2026
TODAY = date(2026, 11, 20)
EXTRACT_TIME = time(2, 0)


def build_world(seed: int = SEED, today: date = TODAY) -> World:
    """The whole invented world: the same for the same ``seed`` and ``today``, in every process.

    The cast (:mod:`hub.demo.cast`, table in ``docs/cast.md``) is the same for every seed; the background families
    are drawn from it. Person kinds of record (``patient``, ``police_person``, ``related_person``, ...) come from
    ``Known`` and ``Household``; everything else an agency holds is an event.
    """
    families, parts = cast(today)
    return World(
        seed=seed,
        today=today,
        extracted_at=datetime.combine(today, EXTRACT_TIME, UTC),
        households=(*families, *background(Random(seed), today)),
        cast=parts,
        expecting=expecting(today),
    )

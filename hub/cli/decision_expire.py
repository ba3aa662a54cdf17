"""``hub decision expire``: erase decisions that ended long ago; the log keeps that they were made, in references."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

from hub.errors import BadRequest
from hub.policy.judging import person
from hub.store.holds import OnHold
from hub.store.judgements import JudgementStore, Kept

DAYS_MIN = 30


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    command.add_argument(
        "--older-than-days", type=int, required=True, metavar="N", help="how long ago they ended, or were withdrawn"
    )
    command.add_argument("--by", required=True, metavar="NAME", help="who decided that they are not kept longer")


async def expire(store: JudgementStore, options: argparse.Namespace) -> tuple[int, int]:
    """Erase what is over; how many went, and how many are kept by a legal hold.

    Raises:
        BadRequest: ``USAGE``: so few days would take what somebody may still have to answer for.
    """
    if options.older_than_days < DAYS_MIN:
        raise BadRequest(f"Decisions are kept for {DAYS_MIN} days after their end at least.", code="USAGE")
    by, before = person(options.by), datetime.now(UTC) - timedelta(days=options.older_than_days)
    gone = held = 0
    for each in await store.every():
        if _over_at(each) < before:
            try:
                await store.erase(each.judgement.id, by)
                gone += 1
            except OnHold:
                held += 1
    return gone, held


def _over_at(kept: Kept) -> datetime:
    ends = kept.judgement.expires_at
    return ends if kept.withdrawal is None else min(ends, kept.withdrawal.at)

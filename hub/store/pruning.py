"""Dropping the bytes of old entries: their hashes, the tree and every proof stay, and an entry says what went.

It goes in pieces, each one transaction with a ``prune`` entry of its own, so that questions wait a moment at most; who
repeats one that was interrupted drops the rest. Kept are entries about subjects on hold, and those that say what
happened to the log itself (keys, holds, erasures, years, earlier pruning), which name nobody.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection, Engine, delete, select, update

from hub.audit.about import About, kind_in
from hub.audit.acts import Officer, Pruning
from hub.audit.words import code
from hub.errors import BadRequest
from hub.store.appender import Log
from hub.store.engine import reading
from hub.store.holds import holds_in
from hub.store.subjects import reached_by_hold
from hub.store.tables import log_entry, log_hold, log_side
from hub.store.together import append_with
from hub.store.years import Year, bodies, head_size, read_years

CHUNK_ROWS = 5_000
"""The most entries dropped in one transaction."""

KEPT_KINDS = frozenset({"key", "hold", "erasure", "year", "prune"})

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class PrunePlan:
    """What can be dropped: all before ``closed.size`` but ``kept`` (in order). ``left`` counts what is still there.

    ``first`` is the first entry still there that is to go, ``on_hold`` how many are kept for a legal hold, ``held`` the
    table of holds when this was planned.
    """

    closed: Year
    first: int
    left: int
    kept: array[int] = field(repr=False)
    on_hold: int
    held: frozenset[str]


def plan_pruning(engine: Engine, before_year: int, progress: Progress | None = None) -> PrunePlan:
    """What would be dropped of the years before ``before_year``. Every entry of theirs is looked at.

    Raises:
        BadRequest: ``YEAR_NOT_CLOSED``: no year before it is closed.
    """
    with engine.connect() as connection:
        reading(connection)
        closed = next((each for each in reversed(read_years(connection)) if each.year < before_year), None)
        if closed is None:
            raise BadRequest(
                f"No year before {before_year} is closed. Close it first: `hub audit close-year`.",
                code="YEAR_NOT_CLOSED",
            )
        in_table = frozenset(connection.scalars(select(log_hold.c.ref)))
        held = reached_by_hold(connection, in_table | holds_in(bodies(connection, range(head_size(connection)))))
        about, kept, left, first, on_hold = About(held), array("Q"), 0, closed.size, 0
        for index, body in bodies(connection, range(closed.size), progress):
            hers = about.step(index, body)
            if hers or kind_in(body) in KEPT_KINDS:
                kept.append(index)
                on_hold += hers
            elif body:
                first, left = min(first, index), left + 1
        return PrunePlan(closed, first, left, kept, on_hold, in_table)


async def prune(
    log: Log, planned: PrunePlan, archive: str, officer: Officer, reason: str, progress: Progress | None = None
) -> list[int]:
    """Drop what was planned; the indexes of the ``prune`` entries.

    Args:
        log: where it is told of.
        planned: what goes.
        archive: the SHA-256 of the manifest of the archive that has it, hex.
        officer: who does it.
        reason: why, in a word.
        progress: called after each piece.

    Raises:
        BadRequest: ``HOLDS_CHANGED``: a hold was set or lifted meanwhile; plan anew.
        AuditUnavailable: what no entry tells of was not dropped: run it again.
    """
    written = []
    end = planned.closed.size
    starts = range(planned.first, end, CHUNK_ROWS) if planned.left else range(0)
    for start in starts:
        stop = min(start + CHUNK_ROWS, end)
        at, nonce = log.stamp()
        entry = Pruning(
            at=at,
            nonce=nonce,
            officer=officer,
            before=stop,
            kept=bisect_left(planned.kept, stop),
            archive=archive,
            reason=code(reason),
        )
        work = partial(_drop, planned=planned, start=start, stop=stop)
        written.append(await append_with(log, entry, work, BadRequest))
        if progress is not None:
            progress(stop - planned.first, end - planned.first)
    return written


def _drop(connection: Connection, _index: int, planned: PrunePlan, start: int, stop: int) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    if frozenset(connection.scalars(select(log_hold.c.ref))) != planned.held:
        raise BadRequest("A legal hold was set or lifted meanwhile. Prune again.", code="HOLDS_CHANGED")
    kept = planned.kept[bisect_left(planned.kept, start) : bisect_left(planned.kept, stop)].tolist()
    for table, change in ((log_entry, update(log_entry).values(body=b"")), (log_side, delete(log_side))):
        within = (table.c.index >= start, table.c.index < stop, table.c.index.not_in(kept))
        connection.execute(change.where(*within))

"""Erasure of a person: what leads from the log to her goes, with an entry that says so; the log stays as it is.

What goes: the rows of ``log_reference`` that say whom her references stand for, the text beside entries about her, and
the decisions, confirmations and possible matches about her. Each transaction is an ``erasure`` entry and what it says
is gone, so a crash leaves all of it or nothing. Where more text goes than one entry can name, there are several; the
references go with the last, so that whoever repeats an erasure that was interrupted finds the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import sha256

from sqlalchemy import Connection, Engine, delete, select

from hub.audit.about import About, kind_in
from hub.audit.acts import LIST_MAX, Erasure, Hold, Officer
from hub.audit.encoding import decode
from hub.audit.words import code
from hub.errors import AuditUnavailable, BadRequest
from hub.store import holds
from hub.store.append_only import forget
from hub.store.appender import Log
from hub.store.engine import reading
from hub.store.holds import Held, OnHold, read_holds
from hub.store.judgements import SUBJECT
from hub.store.release_requests import forget_lines_of
from hub.store.sides import SideAltered, unpack
from hub.store.subjects import Rows, Whom, reached_by_hold, resolve, rows_about
from hub.store.tables import RETIRED, confirmation, judgement, log_entry, log_head, log_reference, log_side, match_shown
from hub.store.together import append_with

CHUNK_ROWS = 1_000
"""So many entries are read at once; it bounds the memory."""

ATTEMPTS = 5
"""So often an erasure begins anew because something about her was written meanwhile."""

Progress = Callable[[int, int], None]
"""Called with the entries looked at and the entries there are."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go, as the log stands with ``size`` entries.

    ``sides`` are the entries whose text goes, in order; ``entries`` those about her, which stay.
    """

    whom: Whom = field(repr=False)
    sides: tuple[int, ...]
    entries: frozenset[int] = field(repr=False)
    rows: Rows = field(repr=False)
    size: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing about this person."""
        rows = self.rows
        return not (self.whom.references or self.sides or rows.judgements or rows.confirmations or rows.shown)

    @property
    def phrase(self) -> str:
        """Eight hex digits that stand for exactly this, to be typed by who has looked at it."""
        rows = self.rows
        parts = (sorted(self.whom.references), self.sides, sorted(rows.judgements), sorted(rows.confirmations))
        return sha256(repr((*parts, sorted(rows.shown))).encode()).hexdigest()[:8]


class _Changed(Exception):
    """Something about her was written since the plan was made: the transaction is given up, and it is planned anew."""


def plan(engine: Engine, whom: Whom, at: datetime, progress: Progress | None = None) -> Plan:
    """Find everything about ``whom``, as of ``at`` (aware). Every entry and all text beside them is looked at.

    Raises:
        OnHold: a legal hold is set on one of her references.
        sqlalchemy.exc.SQLAlchemyError: the database failed.
    """
    with engine.connect() as connection:
        reading(connection)
        known = resolve(connection, whom)
        size = connection.scalar(select(log_head.c.size)) or 0
        scan = _Scan(known)
        for index, body, side in _entries(connection, 0, size):
            scan.step(index, body, side)
            if progress is not None and (index % CHUNK_ROWS == 0 or index + 1 == size):
                progress(index + 1, size)
        _check_hold(connection, known.references, scan.held.values())
        rows = rows_about(connection, known, at)
        return Plan(known, tuple(scan.sides), frozenset(scan.about.found), rows, size)


async def erase(log: Log, engine: Engine, planned: Plan, officer: Officer, reason: str) -> list[int]:
    """Erase what was planned, and what was written about her since; the indexes of the ``erasure`` entries.

    Raises:
        OnHold: a hold was set meanwhile.
        BadRequest: ``DECISIONS_IN_FORCE``: decisions about her still govern what is shared.
        AuditUnavailable: what no entry tells of was not erased: run it again.
    """
    for _ in range(ATTEMPTS):
        _check_decisions(planned.rows)
        try:
            return await _erase(log, planned, officer, code(reason))
        except _Changed:
            planned = await asyncio.to_thread(plan, engine, planned.whom, log.stamp()[0])
    raise AuditUnavailable("This person is being asked about all the while. Erase again when nobody is asking.")


async def _erase(log: Log, planned: Plan, officer: Officer, reason: str) -> list[int]:
    """One attempt. What went before it was stopped is told of by its entries."""
    references = sorted(planned.whom.references)
    runs = [planned.sides[at : at + LIST_MAX] for at in range(0, len(planned.sides), LIST_MAX)] or [()]
    named = [references[at : at + LIST_MAX] for at in range(0, len(references), LIST_MAX)] or [[]]
    steps = [((), sides) for sides in runs[:-1]] + [(refs, ()) for refs in named[:-1]] + [(named[-1], runs[-1])]
    written = []
    for refs, sides in steps[:-1]:
        taken = partial(_take, planned=planned, sides=sides)
        written.append(await append_with(log, _entry(log, officer, reason, refs, sides), taken, OnHold))
    entry = _entry(log, officer, reason, *steps[-1])
    last = partial(_take_last, planned=planned, sides=entry.sides, at=entry.at)
    return [*written, await append_with(log, entry, last, OnHold, BadRequest, _Changed)]


def _entry(log: Log, officer: Officer, reason: str, references: Sequence[str], sides: Sequence[int]) -> Erasure:
    at, nonce = log.stamp()
    return Erasure(at=at, nonce=nonce, officer=officer, reason=reason, references=tuple(references), sides=tuple(sides))


def _take(connection: Connection, _index: int, planned: Plan, sides: Sequence[int]) -> None:
    """Delete text, unless a hold is set by now."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")  # what is deleted is overwritten in the file
    _check_hold(connection, planned.whom.references)
    connection.execute(delete(log_side).where(log_side.c.index.in_(sides)))


def _take_last(connection: Connection, index: int, planned: Plan, sides: Sequence[int], at: datetime) -> None:
    """Delete text and everything else, unless something was written since that the plan does not have."""
    _take(connection, index, planned, sides)
    whom = resolve(connection, planned.whom)
    scan = _Scan(whom, planned.entries)
    for each, body, side in _entries(connection, planned.size, index):
        scan.step(each, body, side)
    if scan.sides or whom != planned.whom:
        raise _Changed
    rows = rows_about(connection, whom, at)
    _check_decisions(rows)
    _check_hold(connection, whom.references, scan.held.values())
    connection.execute(
        delete(log_reference).where(
            log_reference.c.kind.in_((SUBJECT, RETIRED + SUBJECT)), log_reference.c.ref.in_(sorted(whom.references))
        )
    )
    forget(connection, judgement, rows.judgements, at)
    forget(connection, confirmation, rows.confirmations, at)
    forget_lines_of(connection, scan.about.found)
    for answer, ordinal in sorted(rows.shown):
        connection.execute(delete(match_shown).where(match_shown.c.answer == answer, match_shown.c.ordinal == ordinal))


class _Scan:
    """What entries, told in order, say of a person: those about her, those whose text is, and holds on her."""

    def __init__(self, whom: Whom, found: Iterable[int] = ()) -> None:
        self.whom = whom
        self.about = About(whom.references)
        self.about.found.update(found)
        self.sides: list[int] = []
        self.held: dict[str, Held] = {}

    def step(self, index: int, body: bytes, side: bytes | None) -> None:
        """Look at the next entry, and the text beside it."""
        about = self.about.step(index, body)
        if side is not None and (about or self.whom.mentioned(_text(side))):
            self.sides.append(index)
        if about and kind_in(body) == "hold":
            entry = decode(body)
            assert isinstance(entry, Hold)
            if entry.act == holds.SET:
                self.held[entry.subject] = Held(entry.subject, index, entry.at, None, entry.reason)
            else:
                self.held.pop(entry.subject, None)


def _entries(connection: Connection, start: int, end: int) -> Iterator[tuple[int, bytes, bytes | None]]:
    """Each entry from ``start`` to ``end`` (exclusive), with the text beside it."""
    joined = log_entry.outerjoin(log_side, log_entry.c.index == log_side.c.index)
    query = select(log_entry.c.index, log_entry.c.body, log_side.c.body).select_from(joined).order_by(log_entry.c.index)
    for at in range(start, end, CHUNK_ROWS):
        within = query.where(log_entry.c.index >= at, log_entry.c.index < min(at + CHUNK_ROWS, end))
        for index, body, side in connection.execute(within).all():
            yield index, bytes(body), None if side is None else bytes(side)


def _text(side: bytes) -> str:
    """What a side row says; one that is packed in no known way is read as it is."""
    try:
        return unpack(side)
    except SideAltered:
        return side.decode(errors="replace")


def _check_hold(connection: Connection, references: Collection[str], logged: Iterable[Held] = ()) -> None:
    """Raise OnHold when a hold reaches one of ``references``, by its table or by an entry the table lost."""
    wanted, every = set(references), read_holds(connection)
    if not wanted & reached_by_hold(connection, (each.reference for each in every)):
        every = ()
    if held := [*(each for each in every if wanted & reached_by_hold(connection, [each.reference])), *logged]:
        raise OnHold(held)


def _check_decisions(rows: Rows) -> None:
    if rows.in_force:
        raise BadRequest(
            f"{len(rows.in_force)} decisions about this person are in force (hub decision list: "
            f"{', '.join(sorted(rows.in_force))}). Erased, they would no longer hold back or release what they do: "
            "withdraw them first, or wait until they end.",
            code="DECISIONS_IN_FORCE",
        )

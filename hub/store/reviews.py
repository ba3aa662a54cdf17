"""Reviews of entries: each step is an entry of the log, and the tables that lists are made from change along with it.

The tables are derived: :func:`rebuild` makes them again from the log. What they decide is which step may come next, in
the transaction that writes it, so that of two officers at once only one is first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, or_, select, update

from hub.audit.acts import Officer, Review, ReviewAct
from hub.audit.entries import Question, Refused
from hub.errors import BadRequest
from hub.store.appender import Log
from hub.store.engine import reading
from hub.store.read_tables import read_party
from hub.store.reader import moment
from hub.store.review_tables import review_case, review_step
from hub.store.review_words import Written, pack_written, unpack_written
from hub.store.sides import SideAltered
from hub.store.tables import log_side, metadata
from hub.store.together import append_with
from hub.store.told import CHUNK_ROWS, read_told, size_of

CASES_MAX = 200
"""The most reviews of one page."""


class CaseState(StrEnum):
    """How a review stands."""

    OPEN = "open"
    ASKED = "asked"
    ANSWERED = "answered"
    CLOSED = "closed"


class Finding(StrEnum):
    """What a review came to: the ``outcome`` of its closing step."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not_justified"
    INCIDENT = "incident"


class ReviewRefused(BadRequest):
    """This step cannot be taken now; nothing was written. The message says why and what to do."""

    default_code = "REVIEW_NOT_POSSIBLE"


class ReviewChanged(ReviewRefused):
    """Somebody took a step since the page was shown."""

    default_code = "REVIEW_CHANGED"

    def __init__(self) -> None:
        super().__init__(
            "Somebody added to this review since you opened the page. What they added is below: read it, then decide "
            "whether yours is still needed."
        )


@dataclass(frozen=True, slots=True)
class Case:
    """A review. ``worker`` is who did what is reviewed, ``owner`` the agency that reviews, ``last`` the newest step."""

    entry: int
    owner: str
    state: CaseState
    outcome: str | None
    assigned: str | None
    due: date | None
    worker: str | None
    opened_at: datetime
    changed_at: datetime
    last: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its entry's number, what it was, and who took it."""

    index: int
    entry: int
    at: datetime
    act: str
    outcome: str | None
    organisation: str
    worker: str | None
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which reviews. ``concerns``: whose worker acted, whose records were asked for, or who reviews."""

    concerns: str | None = None
    states: tuple[CaseState, ...] = ()
    assigned: str | None = None
    worker: str | None = None
    due_before: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """A step somebody wants to take.

    Attributes:
        officer: who takes it; the worker herself, when she answers.
        written: what it says.
        outcome: on closing.
        worker: who did what is reviewed, for an opening step.
        seen: the newest step on the page it was taken from; None where there was none.
    """

    officer: Officer
    entry: int
    act: ReviewAct
    written: Written
    outcome: Finding | None = None
    worker: str | None = None
    seen: int | None = None


async def take(log: Log, taking: Taking) -> int:
    """Write a step; when this returns it is on disk. Its number in the log.

    Raises:
        ReviewRefused: it cannot be taken as things stand; nothing was written.
        AuditUnavailable: it is not certain that it was written.
    """
    (at, nonce), side = log.stamp(), log.sealed(pack_written(taking.written))
    outcome = None if taking.outcome is None else taking.outcome.value
    step = Review(
        at=at,
        nonce=nonce,
        officer=taking.officer,
        entry=taking.entry,
        act=taking.act.value,
        outcome=outcome,
        side=side.commitment,
    )

    def along(connection: Connection, index: int) -> None:
        _require_possible(_case(connection, step.entry), taking)
        _put(connection, index, step, taking.written, taking.worker)

    return await append_with(log, step, along, ReviewRefused, side=side)


def case(engine: Engine, entry: int) -> Case | None:
    """The review of ``entry``, or None."""
    with engine.connect() as connection:
        return _case(reading(connection), entry)


def steps(engine: Engine, entry: int) -> tuple[Step, ...]:
    """The steps of the review of ``entry``, oldest first."""
    query = select(review_step).where(review_step.c.entry == entry).order_by(review_step.c.index)
    with engine.connect() as connection:
        return tuple(_step(found) for found in reading(connection).execute(query))


def states(engine: Engine, entries: Collection[int]) -> Mapping[int, Case]:
    """The reviews of some entries, by entry."""
    with engine.connect() as connection:
        query = select(review_case).where(review_case.c.entry.in_(sorted(entries)))
        return {found.entry: _read(found) for found in reading(connection).execute(query)}


def cases(engine: Engine, wanted: Wanted, after: int = 0, limit: int = 50) -> tuple[Case, ...]:
    """The reviews that are ``wanted``, what is due first, then by age: ``limit`` of them after the first ``after``."""
    query = _where(select(review_case), wanted)
    order = (review_case.c.due.is_(None), review_case.c.due, review_case.c.opened_at, review_case.c.entry)
    query = query.order_by(*order).offset(after).limit(min(limit, CASES_MAX))
    with engine.connect() as connection:
        return tuple(_read(found) for found in reading(connection).execute(query))


def count(engine: Engine, wanted: Wanted) -> int:
    """How many reviews are ``wanted``."""
    with engine.connect() as connection:
        query = _where(select(func.count()).select_from(review_case), wanted)
        found: int = reading(connection).execute(query).scalar_one()
        return found


def rebuild(engine: Engine) -> int:
    """Make the tables again from the log; how many steps it has. Text that was erased leaves its step without it.

    The log is read before anything is locked, so questions do not wait for it.
    """
    with engine.connect() as connection:
        size = size_of(reading(connection))
        found = _steps_in(connection, 0, size)
    with engine.begin() as connection:
        metadata.create_all(connection, tables=[review_case, review_step])
        found += _steps_in(connection, size, size_of(connection))
        for table in (review_case, review_step):
            connection.execute(delete(table))
        for index, step, written in found:
            _put(connection, index, step, written, None)
    return len(found)


def _steps_in(connection: Connection, start: int, stop: int) -> list[tuple[int, Review, Written]]:
    return [
        (told.index, told.entry, _beside(connection, told.index))
        for at in range(start, stop, CHUNK_ROWS)
        for told in read_told(connection, at, min(at + CHUNK_ROWS, stop))
        if isinstance(told.entry, Review)
    ]


def _where(query: Any, wanted: Wanted) -> Any:
    columns = review_case.c
    if wanted.concerns is not None:
        party = select(read_party.c.asked).where(
            read_party.c.index == columns.entry, read_party.c.organisation == wanted.concerns
        )
        query = query.where(or_(columns.owner == wanted.concerns, party.exists()))
    if wanted.states:
        query = query.where(columns.state.in_(wanted.states))
    for name in ("assigned", "worker"):
        if getattr(wanted, name) is not None:
            query = query.where(columns[name] == getattr(wanted, name))
    if wanted.due_before is not None:
        query = query.where(columns.due < wanted.due_before.isoformat())
    return query


def _require_possible(before: Case | None, step: Taking) -> None:
    by, known = step.officer, step.worker if before is None else before.worker
    if step.act != ReviewAct.ANSWERED and by.worker is not None and by.worker == known:
        raise ReviewRefused("Nobody reviews what they did themselves. Ask another officer of your agency.")
    if step.written.assigned is not None and step.written.assigned == known:
        raise ReviewRefused("That is the worker whose question is reviewed. Give the review to somebody else.")
    if (None if before is None else before.last) != step.seen:
        raise ReviewChanged
    if before is None or before.state is CaseState.CLOSED:
        if step.act != ReviewAct.OPENED:
            raise ReviewRefused("No review of this entry is open. Open one first.")
        return
    if step.act == ReviewAct.OPENED:
        raise ReviewRefused("A review of this entry is open already.")
    if step.act == ReviewAct.ANSWERED:
        if before.state is not CaseState.ASKED or by.worker != before.worker:
            raise ReviewRefused("Nothing is asked of you here any more.")
    elif by.organisation != before.owner:
        raise ReviewRefused("Another agency reviews this entry. Talk to its information governance officer.")
    elif step.act == ReviewAct.ASKED and before.worker is None:
        raise ReviewRefused("No person is behind this entry: there is nobody to ask.")


_AFTER: Mapping[str, CaseState] = {
    ReviewAct.OPENED: CaseState.OPEN,
    ReviewAct.ASKED: CaseState.ASKED,
    ReviewAct.ANSWERED: CaseState.ANSWERED,
    ReviewAct.CLOSED: CaseState.CLOSED,
}


def _put(connection: Connection, index: int, step: Review, written: Written, worker: str | None) -> None:
    by, at = step.officer, int(step.at.timestamp() * 1000)
    row = {"index": index, "entry": step.entry, "at": at, "act": step.act, "outcome": step.outcome}
    row |= {"organisation": by.organisation, "worker": by.worker, "role": by.role}
    connection.execute(insert(review_step).values(row))
    changed: dict[str, Any] = {"changed_at": at, "last": index, "outcome": step.outcome}
    if step.act in _AFTER:
        changed["state"] = _AFTER[ReviewAct(step.act)]
    if step.act in (ReviewAct.OPENED, ReviewAct.ASSIGNED):
        due = None if written.due is None else written.due.isoformat()
        changed |= {"assigned": written.assigned, "due": due}
    before = _case(connection, step.entry)
    if before is None:
        known = worker if worker is not None else _did(connection, step.entry)
        new = {"entry": step.entry, "owner": by.organisation, "state": CaseState.OPEN, "worker": known, "opened_at": at}
        connection.execute(insert(review_case).values(new | changed))
        return
    if step.act == ReviewAct.OPENED:
        changed |= {"owner": by.organisation, "opened_at": at}
    connection.execute(update(review_case).where(review_case.c.entry == step.entry).values(changed))


def _did(connection: Connection, entry: int) -> str | None:
    """Who did what entry ``entry`` tells of."""
    told = next(iter(read_told(connection, entry, entry + 1)), None)
    match None if told is None else told.entry:
        case Question(asker=asker):
            return asker.worker
        case Refused(worker=worker):
            return worker
        case other:
            return getattr(getattr(other, "officer", None), "worker", None)


def _beside(connection: Connection, index: int) -> Written:
    body = connection.scalar(select(log_side.c.body).where(log_side.c.index == index))
    try:
        return Written() if body is None else unpack_written(bytes(body))
    except SideAltered:
        return Written()


def _case(connection: Connection, entry: int) -> Case | None:
    found = connection.execute(select(review_case).where(review_case.c.entry == entry)).one_or_none()
    return None if found is None else _read(found)


def _read(found: Any) -> Case:
    return Case(
        found.entry,
        found.owner,
        CaseState(found.state),
        found.outcome,
        found.assigned,
        None if found.due is None else date.fromisoformat(found.due),
        found.worker,
        moment(found.opened_at),
        moment(found.changed_at),
        found.last,
    )


def _step(found: Any) -> Step:
    return Step(
        found.index,
        found.entry,
        moment(found.at),
        found.act,
        found.outcome,
        found.organisation,
        found.worker,
        found.role,
    )

"""Requests to lift a refusal, kept beside the log: the lines they may be about, and the steps each has taken.

A step and the entry that tells of it are one transaction of the log. The steps hold codes and references alone; what
people wrote is the entry's side row. What an answer's lines were about is personal data, and goes after
``LINES_DAYS_MAX`` days: who asks for a release then asks the question again first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Engine, delete, exists, insert, select, text

from hub.policy.lifting import judgement_reference
from hub.store.engine import reading
from hub.store.reader import moment
from hub.store.release_tables import release_line, release_step
from hub.store.tables import log_reference

LINES_DAYS_MAX = 30
LISTED_MAX = 200
"""The most requests of one list."""

OVERDUE_MAX = 200
"""The most that one round escalates, or brings into effect; the next takes the rest."""

_KEEP = text(
    "INSERT INTO release_line (answer, ordinal, at, body) VALUES (:answer, :ordinal, :at, :body) "
    "ON CONFLICT (answer, ordinal) DO UPDATE SET at = excluded.at, body = excluded.body"  # a database put back
)


class Step(StrEnum):
    """The steps of a request, each taken once. ``effected`` follows a release and has no entry of its own."""

    ASKED = "asked"
    ESCALATED = "escalated"
    ANSWERED = "answered"
    EFFECTED = "effected"


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line as the searcher was told it: of a veiled one, nothing more than that."""

    fields: tuple[str, ...]
    outcome: str
    kind: str | None
    impediment: str | None
    next_step: str
    contact: str
    phone: str


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a line of an answer was about, and what was told of it. The ids are the custodian's own."""

    version: Literal[1]
    custodian: str
    kind: str
    local_id: str
    record_id: str
    told: Told

    def __repr__(self) -> str:
        return f"<Line of {self.custodian}>"  # a traceback must not name the child


class Asking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a request is about, in codes and references. ``fields`` are those held back; none means the whole record."""

    version: Literal[1]
    answer: int
    line: int
    role: str
    purpose: str
    case: str
    subject: str
    kind: str
    fields: tuple[str, ...]
    grounds: tuple[str, ...]
    veiled: bool
    told: Told


class Answering(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a request was answered: ``ground`` as in the entry, and for a release the words it states and its end."""

    version: Literal[1]
    ground: str
    words: tuple[str, ...] = ()
    until: datetime | None = None
    veiled: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The end of a request: ``act`` is ``released`` or ``refused``; ``entry`` is the index of its entry."""

    act: str
    at: datetime
    entry: int
    how: Answering


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it stands. ``worker`` is the reference of who asked; ``entry`` the index of its first entry."""

    reference: str
    organisation: str
    worker: str
    custodian: str
    asked_at: datetime
    entry: int
    due: datetime
    about: Asking
    escalated_at: datetime | None = None
    answered: Answered | None = None
    effected: bool = field(default=False)

    def is_overdue(self, at: datetime) -> bool:
        """Whether the custodian should have answered by ``at`` (aware), and has not."""
        return self.answered is None and at >= self.due


class StepTaken(Exception):
    """The step was taken before, or the request is answered: nothing was written."""


def keep_lines(connection: Connection, answer: int, lines: Mapping[int, str], at: datetime) -> None:
    """Keep what the lines of answer number ``answer`` were about, each by its ordinal, in the answer's transaction.

    One statement: every answer that holds something back waits for it.
    """
    connection.execute(_KEEP, [{"answer": answer, "ordinal": n, "at": _ms(at), "body": s} for n, s in lines.items()])


def read_line(engine: Engine, answer: int, ordinal: int) -> Line | None:
    """What a line of an answer was about; None when it is not kept (any more)."""
    query = select(release_line.c.body).where(release_line.c.answer == answer, release_line.c.ordinal == ordinal)
    with engine.connect() as connection:
        body = reading(connection).scalar(query)
    return None if body is None else msgspec.json.decode(body, type=Line)


def forget_lines(engine: Engine, at: datetime) -> None:
    """Delete what is older than ``LINES_DAYS_MAX`` days."""
    with engine.begin() as connection:
        connection.execute(delete(release_line).where(release_line.c.at < _ms(at - timedelta(days=LINES_DAYS_MAX))))


def forget_lines_of(connection: Connection, answers: Collection[int]) -> None:
    """Delete what the lines of ``answers`` were about, inside a transaction of the log."""
    kept = set(connection.scalars(select(release_line.c.answer).distinct()))
    for answer in sorted(kept.intersection(answers)):
        connection.execute(delete(release_line).where(release_line.c.answer == answer))


def add_asked(connection: Connection, entry: int, made: Request) -> None:
    """Keep a new request, inside the transaction of its entry; StepTaken when it was made before."""
    _check_free(connection, made.reference, {Step.ASKED})
    who = {"organisation": made.organisation, "worker": made.worker, "custodian": made.custodian}
    _add(connection, made.reference, Step.ASKED, Step.ASKED, made.asked_at, entry, made.about, due=_ms(made.due), **who)


def add_escalated(connection: Connection, entry: int, reference: str, at: datetime) -> None:
    """Keep that a request was escalated; StepTaken when it was before, or is answered."""
    _check_free(connection, reference, {Step.ESCALATED, Step.ANSWERED})
    _add(connection, reference, Step.ESCALATED, Step.ESCALATED, at, entry, {})


def add_answered(connection: Connection, entry: int, reference: str, act: str, at: datetime, how: Answering) -> None:
    """Keep how a request was answered; StepTaken when it was before."""
    _check_free(connection, reference, {Step.ANSWERED})
    _add(connection, reference, Step.ANSWERED, act, at, entry, how)


def mark_effected(engine: Engine, reference: str, at: datetime) -> None:
    """Keep that what a release states is recorded, so that it is not recorded anew after it was taken back."""
    with engine.begin() as connection:
        if Step.EFFECTED not in _steps(connection, reference):
            _add(connection, reference, Step.EFFECTED, Step.EFFECTED, at, 0, {})


def read_request(engine: Engine, reference: str) -> Request | None:
    """The request of that reference as it stands, or None."""
    return next(iter(_read(engine, [reference])), None)


def read_asked_by(engine: Engine, organisation: str, worker: str) -> list[Request]:
    """What a worker asked for, by reference; the newest first."""
    hers = (release_step.c.worker == worker, release_step.c.organisation == organisation)
    asked = select(release_step.c.ref).where(release_step.c.step == Step.ASKED, *hers)
    return _found(engine, asked.order_by(release_step.c.at.desc(), release_step.c.ref).limit(LISTED_MAX))


def read_asked_of(engine: Engine, custodian: str | None) -> list[Request]:
    """What a custodian was asked for, or everybody (None): those still to answer by when they are due, then the others,
    the newest first. Of each at most ``LISTED_MAX``.
    """
    other = release_step.alias()
    answered = exists().where(other.c.ref == release_step.c.ref, other.c.step == Step.ANSWERED)
    asked = select(release_step.c.ref).where(release_step.c.step == Step.ASKED)
    if custodian is not None:
        asked = asked.where(release_step.c.custodian == custodian)
    waiting = asked.where(~answered).order_by(release_step.c.due, release_step.c.ref)
    done = asked.where(answered).order_by(release_step.c.at.desc(), release_step.c.ref)
    return [*_found(engine, waiting.limit(LISTED_MAX)), *_found(engine, done.limit(LISTED_MAX))]


def read_overdue(engine: Engine, at: datetime) -> list[Request]:
    """Requests that should have been answered by ``at``, and are neither answered nor escalated; the oldest first."""
    other = release_step.alias()
    moved = exists().where(other.c.ref == release_step.c.ref, other.c.step.in_([Step.ESCALATED, Step.ANSWERED]))
    late = select(release_step.c.ref).where(release_step.c.step == Step.ASKED, release_step.c.due <= _ms(at), ~moved)
    return _found(engine, late.order_by(release_step.c.due).limit(OVERDUE_MAX))


def read_uneffected(engine: Engine) -> list[Request]:
    """Releases of which it is not known that what they state is recorded."""
    other = release_step.alias()
    done = exists().where(other.c.ref == release_step.c.ref, other.c.step == Step.EFFECTED)
    released = select(release_step.c.ref).where(
        release_step.c.step == Step.ANSWERED, release_step.c.act == "released", ~done
    )
    return _found(engine, released.order_by(release_step.c.at).limit(OVERDUE_MAX))


def read_stands_for(engine: Engine, references: Iterable[str]) -> dict[str, str]:
    """What references stand for, as far as that is kept."""
    query = select(log_reference.c.ref, log_reference.c.value).where(log_reference.c.ref.in_(sorted(set(references))))
    with engine.connect() as connection:
        return {row.ref: row.value for row in reading(connection).execute(query)}


def judgements_about(connection: Connection, subjects: Collection[str]) -> frozenset[str]:
    """The references of the decisions that releases recorded about ``subjects`` (references too)."""
    steps = select(release_step.c.ref, release_step.c.step, release_step.c.body)
    rows = connection.execute(steps.where(release_step.c.step.in_([Step.ASKED, Step.ANSWERED]))).all()
    asked = {
        row.ref
        for row in rows
        if row.step == Step.ASKED and msgspec.json.decode(row.body, type=Asking).subject in subjects
    }
    return frozenset(
        judgement_reference(row.ref, word)
        for row in rows
        if row.step == Step.ANSWERED and row.ref in asked
        for word in msgspec.json.decode(row.body, type=Answering).words
    )


def _found(engine: Engine, query: Any) -> list[Request]:
    with engine.connect() as connection:
        references = list(reading(connection).scalars(query))
    return _read(engine, references)


def _read(engine: Engine, references: Sequence[str]) -> list[Request]:
    with engine.connect() as connection:
        query = select(release_step).where(release_step.c.ref.in_(references))
        rows = reading(connection).execute(query).all()
    steps: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in rows:
        steps[row.ref][row.step] = row
    return [_request(steps[each]) for each in references if Step.ASKED in steps[each]]


def _request(steps: Mapping[str, Any]) -> Request:
    asked, late, end = steps[Step.ASKED], steps.get(Step.ESCALATED), steps.get(Step.ANSWERED)
    answered = None
    if end is not None:
        answered = Answered(end.act, moment(end.at), end.entry, msgspec.json.decode(end.body, type=Answering))
    return Request(
        asked.ref,
        asked.organisation,
        asked.worker,
        asked.custodian,
        moment(asked.at),
        asked.entry,
        moment(asked.due),
        msgspec.json.decode(asked.body, type=Asking),
        None if late is None else moment(late.at),
        answered,
        Step.EFFECTED in steps,
    )


def _steps(connection: Connection, reference: str) -> set[str]:
    return set(connection.scalars(select(release_step.c.step).where(release_step.c.ref == reference)))


def _check_free(connection: Connection, reference: str, steps: set[Step]) -> None:
    if not _steps(connection, reference).isdisjoint(steps):
        raise StepTaken


def _add(
    connection: Connection, reference: str, step: Step, act: str, at: datetime, entry: int, body: Any, **more: Any
) -> None:
    said = msgspec.json.encode(body).decode()
    row = {"ref": reference, "step": step, "act": act, "at": _ms(at), "entry": entry, "body": said, **more}
    connection.execute(insert(release_step).values(**row))


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)

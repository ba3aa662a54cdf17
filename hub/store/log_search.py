"""The log as a list: filters that add up, newest first, page by page. Codes and references only, never a name.

A page says how far the list had been read on from the log: what is not in it yet must not pass for what never was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    TextClause,
    func,
    or_,
    select,
    text,
    tuple_,
)

from hub.errors import BadRequest
from hub.store.engine import reading
from hub.store.read_model import Caught
from hub.store.read_tables import read_line, read_party, read_place, read_row
from hub.store.reader import moment
from hub.store.told import size_of

PAGE_MAX = 200
"""The most rows of one page."""

_CURSOR = re.compile(r"(-?\d{1,15})\.(\d{1,16})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: the next one begins after it. ``at`` in milliseconds since 1970."""

    at: int
    index: int

    def __str__(self) -> str:
        return f"{self.at}.{self.index}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """What ``str`` wrote; BadRequest (``CURSOR_INVALID``) otherwise."""
        found = _CURSOR.fullmatch(text)
        if found is None:
            raise BadRequest("That page does not exist. Begin with the first one.", code="CURSOR_INVALID")
        return cls(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows; all that are given must hold.

    Attributes:
        worker, subject, case: references; ``client``, ``organisation`` (whose worker acted), ``purpose``: codes.
        kind: of the entry; ``outcome``: of the question (``open`` while it has none), ``refused``, or an act's kind.
        custodian: whose records were asked for. ``concerns``: either acted or was asked: what one agency may see.
        about: the entry that a review, a reveal or a release request points to.
        since, until: moments, the first included, the second not.
        out_of_hours and all after it: only those marked so (``docs/log-reading.md``).
    """

    worker: str | None = None
    subject: str | None = None
    case: str | None = None
    client: str | None = None
    organisation: str | None = None
    purpose: str | None = None
    kind: str | None = None
    outcome: str | None = None
    custodian: str | None = None
    concerns: str | None = None
    about: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    out_of_hours: bool = False
    no_case: bool = False
    many_children: bool = False
    veiled: bool = False
    silent: bool = False
    withheld: bool = False
    often: bool = False
    watched: bool = False
    first_purpose: bool = False


PRESETS: Mapping[str, Filter] = {
    "refused": Filter(kind="refused"),
    "no-case": Filter(no_case=True),
    "out-of-hours": Filter(out_of_hours=True),
    "many-children": Filter(many_children=True),
    "many-times": Filter(often=True),
    "many-workers": Filter(watched=True),
    "first-purpose": Filter(first_purpose=True),
    "withheld": Filter(withheld=True),
    "veiled": Filter(veiled=True),
    "silent": Filter(silent=True),
    "open": Filter(outcome="open"),
    "abandoned": Filter(outcome="abandoned"),
    "no-match": Filter(outcome="no_match"),
    "possible-matches": Filter(outcome="possible_matches"),
}
"""Filters with a name; others (by worker, child, case, agency, purpose, date) need to be told of what."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a question with its end, a refusal or an act. Counts are None where there is no answer."""

    index: int
    at: datetime
    kind: str
    client: str | None
    organisation: str | None
    worker: str | None
    role: str | None
    purpose: str | None
    case: str | None
    subject: str | None
    outcome: str
    detail: str | None
    about: int | None
    end: int | None
    ended_at: datetime | None
    records: int | None
    shared: int | None
    withheld: int | None
    asks: int | None
    gaps: int | None
    no_answer: int | None
    children: int | None
    times: int | None
    workers: int | None
    veiled: bool
    out_of_hours: bool
    no_case: bool
    many: bool
    often: bool
    watched: bool
    first_purpose: bool
    grounds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One custodian of one answer. ``sealed`` are grounds its searcher was not told: for the entry's reviewer only."""

    custodian: str
    state: str
    reason: str | None
    ms: int | None
    match: str | None
    candidates: int | None
    records: int
    shared: int
    withheld: int
    asks: int
    gaps: int
    veiled: bool
    grounds: tuple[str, ...]
    sealed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first; ``after`` is where the next page begins, None on the last; ``caught`` how far the list is."""

    rows: tuple[Row, ...]
    after: Cursor | None
    caught: Caught


def search(engine: Engine, wanted: Filter, after: Cursor | None = None, limit: int = 50) -> Page:
    """One page of the rows that are ``wanted``.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database failed, or there is no list yet (``read_model.catch_up``).
    """
    limit = max(1, min(limit, PAGE_MAX))
    with engine.connect() as connection:
        query, walked = _from(reading(connection), wanted, (read_row,), after)
        query = query.order_by(walked.c.at.desc(), walked.c.index.desc()).limit(limit + 1)
        found = [_row(each) for each in connection.execute(query)]
        caught = _caught(connection)
    rows = tuple(found[:limit])
    more = len(found) > limit
    return Page(rows, Cursor(_milliseconds(rows[-1].at), rows[-1].index) if more else None, caught)


def count(engine: Engine, wanted: Filter, most: int | None = None) -> int:
    """How many rows are ``wanted``; no further than ``most`` is counted."""
    with engine.connect() as connection:
        query, _ = _from(reading(connection), wanted, (read_row.c.index,))
        counted = (query if most is None else query.limit(most)).subquery()
        return connection.execute(select(func.count()).select_from(counted)).scalar_one()


def ended_before(engine: Engine, wanted: Filter, upto: int, most: int) -> tuple[int, ...]:
    """The questions that are ``wanted`` and whose end is an entry before ``upto``, in order: ``most`` at most.

    What comes later changes nothing about them, so the same is found again as long as the list has their rows.
    """
    with engine.connect() as connection:
        query, _ = _from(reading(connection), wanted, (read_row.c.index,))
        rows = connection.scalars(query.where(read_row.c.end < upto).limit(most))
        return tuple(sorted(rows))


def row(engine: Engine, index: int) -> Row | None:
    """The row of entry ``index``, or of the question that it ends."""
    query = select(read_row).where(or_(read_row.c.index == index, read_row.c.end == index)).limit(1)
    with engine.connect() as connection:
        found = reading(connection).execute(query).one_or_none()
    return None if found is None else _row(found)


def lines(engine: Engine, index: int) -> tuple[Line, ...]:
    """The custodians of the answer to question ``index``, by name."""
    query = select(read_line).where(read_line.c.index == index).order_by(read_line.c.custodian)
    with engine.connect() as connection:
        return tuple(_line(found) for found in reading(connection).execute(query))


_EQUAL = ("worker", "subject", "case", "client", "organisation", "purpose", "kind", "outcome", "about")

_MARKS: Mapping[str, TextClause] = {
    # written out, not bound: an index of marked rows alone is used where the statement itself says that it may be
    "out_of_hours": text("read_row.out_of_hours = 1"),
    "no_case": text("read_row.no_case = 1"),
    "many_children": text("read_row.many = 1"),
    "veiled": text("read_row.veiled = 1"),
    "silent": text("read_row.no_answer > 0"),
    "withheld": text("read_row.withheld > 0"),
    "often": text("read_row.often = 1"),
    "watched": text("read_row.watched = 1"),
    "first_purpose": text("read_row.first_purpose = 1"),
}

_ASKED = text("read_party.asked = 1")


_SELECTIVE = ("worker", "subject", "case", "about")
"""Of each there are few rows among all, so they are walked first whatever else is asked for."""

FEW_ROWS = 5_000
"""An agency that no more rows concern is walked itself."""


def _from(
    connection: Connection, wanted: Filter, columns: Sequence[Any], after: Cursor | None = None
) -> tuple[Select[Any], Table]:
    """The statement, and the table whose ``at`` and ``index`` it is walked by.

    An agency's own rows are walked when they are all that is asked for, or few. Else rows are, by what is asked for
    besides, and the agency is looked up for each: most rows concern most agencies, and few are out of hours.
    """
    equal = [read_row.c[name] == getattr(wanted, name) for name in _EQUAL if getattr(wanted, name) is not None]
    marks = [mark for name, mark in _MARKS.items() if getattr(wanted, name)]
    parties = [(wanted.custodian, True), (wanted.concerns, False)]
    given = [(agency, asked) for agency, asked in parties if agency is not None]
    selective = any(getattr(wanted, name) is not None for name in _SELECTIVE)
    if given and not selective and (not (equal or marks) or _is_of_few(connection, given[0][0])):
        (agency, asked), *given = given
        walked = read_party
        query = select(*columns).join_from(read_party, read_row, read_row.c.index == read_party.c.index)
        query = query.where(read_party.c.organisation == agency, *([_ASKED] if asked else ()), *equal, *marks)
    else:
        walked = read_row
        query = select(*columns).select_from(read_row).where(*equal, *marks)
    query = query.where(*(_concerns(agency, asked) for agency, asked in given))
    if wanted.since is not None:
        query = query.where(walked.c.at >= _milliseconds(wanted.since))
    if wanted.until is not None:
        query = query.where(walked.c.at < _milliseconds(wanted.until))
    if after is not None:
        query = query.where(tuple_(walked.c.at, walked.c.index) < (after.at, after.index))
    return query, walked


def _is_of_few(connection: Connection, agency: str) -> bool:
    some = select(read_party.c.index).where(read_party.c.organisation == agency).limit(FEW_ROWS + 1).subquery()
    return (connection.scalar(select(func.count()).select_from(some)) or 0) <= FEW_ROWS


def _concerns(agency: str, asked: bool) -> ColumnElement[bool]:
    """Whether a row concerns ``agency``: looked up row by row, which PostgreSQL would not do for an EXISTS."""
    party = read_party.alias()
    same = (party.c.organisation == agency, party.c.at == read_row.c.at, party.c.index == read_row.c.index)
    found = select(party.c.asked).where(*same, *([party.c.asked == 1] if asked else ()))
    return found.scalar_subquery().is_not(None)


def _caught(connection: Connection) -> Caught:
    return Caught(connection.scalar(select(read_place.c.next)) or 0, size_of(connection))


_FLAGS = ("veiled", "out_of_hours", "no_case", "many", "often", "watched", "first_purpose")


def _row(found: Any) -> Row:
    values = dict(found._mapping)  # noqa: SLF001  SQLAlchemy's own name for it
    del values["day"]
    ended = values["ended_at"]
    return Row(
        **values
        | {
            "at": moment(values["at"]),
            "ended_at": None if ended is None else moment(ended),
            "grounds": tuple(values["grounds"].split()),
            **{name: bool(values[name]) for name in _FLAGS},
        }
    )


def _line(found: Any) -> Line:
    values = {each.name: getattr(found, each.name) for each in fields(Line)}
    lists = {name: tuple(values[name].split()) for name in ("grounds", "sealed")}
    return Line(**values | lists | {"veiled": bool(values["veiled"])})


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)

"""What a reviewer's page is made of, read from the log and from the tables beside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, select

from hub.audit.acts import Act
from hub.audit.entries import Abandoned, Answer, Question, Refused
from hub.store import log_search, reviews
from hub.store.engine import reading
from hub.store.log_search import Filter, Line, Row
from hub.store.read_tables import read_party
from hub.store.review_words import Written, unpack_written
from hub.store.reviews import Case, Step
from hub.store.sides import SideAltered, SideState, read_side
from hub.store.tables import RETIRED, log_entry, log_reference
from hub.store.told import read_told

ABOUT_MAX = 100
"""The most acts about one entry that its page lists."""


@dataclass(frozen=True, slots=True)
class Opened:
    """One row of the list with all that the log has of it; ``end`` is whole, whatever parts it was written in."""

    row: Row
    entry: Question | Refused | Act | None
    end: Answer | Abandoned | None
    lines: tuple[Line, ...]
    about: tuple[Row, ...]
    review: Case | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What was written in a step; ``gone`` when it was erased, ``altered`` when it is not what was written then."""

    written: Written = field(default_factory=Written)
    gone: bool = False
    altered: bool = False


def visible(engine: Engine, index: int, scope: str | None) -> Row | None:
    """The row of entry ``index`` (or of the question it ends), where the agency ``scope`` may see it; None: any may."""
    row = log_search.row(engine, index)
    if row is None or scope is None:
        return row
    return row if concerns(engine, row, scope) else None


def concerns(engine: Engine, row: Row, agency: str) -> bool:
    """Whether a row is of the agency's own worker, or of a use of its records."""
    party = select(read_party.c.asked).where(read_party.c.index == row.index, read_party.c.organisation == agency)
    with engine.connect() as connection:
        return reading(connection).execute(party).first() is not None


def opened(engine: Engine, row: Row) -> Opened:
    """All that the log has of a row."""
    with engine.connect() as connection:
        reading(connection)
        entry = _entry(connection, row.index)
        end = None if row.end is None else _entry(connection, row.end)
    return Opened(
        row,
        entry if isinstance(entry, Question | Refused | Act) else None,
        end if isinstance(end, Answer | Abandoned) else None,
        log_search.lines(engine, row.index),
        tuple(reversed(log_search.search(engine, Filter(about=row.index), limit=ABOUT_MAX).rows)),
        reviews.case(engine, row.index),
        reviews.steps(engine, row.index),
    )


def raw(engine: Engine, index: int) -> bytes | None:
    """An entry's bytes as they are stored: what its hash is of. None where there is none, empty where dropped."""
    with engine.connect() as connection:
        body = reading(connection).scalar(select(log_entry.c.body).where(log_entry.c.index == index))
    return None if body is None else bytes(body)


def said(engine: Engine, step: int) -> Said:
    """What stands beside the entry of a step."""
    try:
        found = read_side(engine, step)
        if found is None or found.state is SideState.NONE:
            return Said()
        return Said(gone=True) if found.body is None else Said(unpack_written(found.body))
    except SideAltered:
        return Said(altered=True)


def stands_for(engine: Engine, reference: str) -> tuple[str, str] | None:
    """What a reference stands for: its kind, and the value as the mapping table knows it. None: nobody any more."""
    query = select(log_reference.c.kind, log_reference.c.value).where(log_reference.c.ref == reference)
    with engine.connect() as connection:
        found = reading(connection).execute(query).one_or_none()
    return None if found is None else (found.kind.removeprefix(RETIRED), found.value)


def _entry(connection: Connection, index: int) -> object:
    told = next(iter(read_told(connection, index, index + 1)), None)
    return None if told is None else told.entry

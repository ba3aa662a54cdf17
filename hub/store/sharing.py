"""The figures of the sharing report: counted as the list of the log is read on, and read back by month.

Counts are kept up in the very transaction that adds the rows they are made of, and taken back with them, so that they
are what a recount of the log gives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from hub.audit.acts import Act
from hub.store.engine import reading
from hub.store.read_rows import local
from hub.store.read_tables import read_line, read_place, read_row
from hub.store.reader import moment
from hub.store.sharing_facts import Fact, deed_of, of_line, of_question
from hub.store.sharing_tables import read_deed, read_month
from hub.store.told import size_of

MONTHS_MAX = 12
"""Months read at once."""

_KEY = tuple(Fact._fields)
_SOME = 200


class Deed(NamedTuple):
    """Steps by one agency: ``kind`` is the entry's, ``word`` the judgement's word or the request's ground."""

    month: str
    kind: str
    act: str
    agency: str
    word: str


@dataclass(frozen=True, slots=True)
class Months:
    """What is counted of some months. ``read`` of the log's ``size`` entries are in it; ``first`` is the oldest month
    there is anything of, None when there is nothing.
    """

    facts: Mapping[Fact, int]
    deeds: Mapping[Deed, int]
    read: int
    size: int
    first: str | None

    @property
    def up(self) -> bool:
        """Whether it has all of the log."""
        return self.read >= self.size


@dataclass(slots=True)
class Adding:
    """What a piece of the log adds."""

    facts: Counter[Fact] = field(default_factory=Counter)
    deeds: list[dict[str, Any]] = field(default_factory=list)

    def end(self, row: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> None:
        """Add a question that ended: its row, and its custodians' lines."""
        self.facts += facts_of([row], lines)

    def act(self, index: int, act: Act) -> None:
        """Add what somebody did, where the report counts it."""
        if (deed := deed_of(index, f"{local(act.at):%Y-%m}".rjust(7, "0"), act)) is not None:
            self.deeds.append(deed)


def add(connection: Connection, adding: Adding) -> None:
    """Add what a piece of the log came to, in the transaction that writes its rows."""
    _count(connection, adding.facts)
    if adding.deeds:
        connection.execute(insert(read_deed), adding.deeds)


def take_back(connection: Connection, indexes: Sequence[int]) -> None:
    """Take out what the rows ``indexes`` of the list once added. To be called while they and their lines are there."""
    ended = read_row.c.end.is_not(None)
    query = select(read_row).where(read_row.c.index.in_(indexes), read_row.c.kind == "question", ended)
    rows = _mappings(connection.execute(query))
    within = read_line.c.index.in_([row["index"] for row in rows])
    counted = facts_of(rows, _mappings(connection.execute(select(read_line).where(within))))
    _count(connection, {fact: -times for fact, times in counted.items()})
    connection.execute(delete(read_month).where(read_month.c.times <= 0))
    connection.execute(delete(read_deed).where(read_deed.c.index.in_(indexes)))


def facts_of(rows: Iterable[Mapping[str, Any]], lines: Iterable[Mapping[str, Any]]) -> Counter[Fact]:
    """What ended questions and their lines add: rows of ``read_row`` and ``read_line``."""
    counted: Counter[Fact] = Counter()
    ended: dict[int, tuple[str, str]] = {}
    for row in rows:
        month = month_of(row["ended_at"])
        ended[row["index"]] = month, row["purpose"]
        counted += of_question(month, row)
    for line in lines:
        counted += of_line(*ended[line["index"]], line)
    return counted


def month_of(milliseconds: int) -> str:
    """The month of a moment, ``YYYY-MM``, UK time."""
    return f"{local(moment(milliseconds)):%Y-%m}".rjust(7, "0")


def months(engine: Engine, wanted: Collection[str]) -> Months:
    """What is counted of the months ``wanted`` (``YYYY-MM``).

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database failed, or there is no list yet (``read_model.catch_up``).
    """
    some = sorted(wanted)[:MONTHS_MAX]
    columns = [read_month.c[name] for name in _KEY]
    deed = [read_deed.c[name] for name in Deed._fields]
    with engine.connect() as connection:
        reading(connection)
        facts = connection.execute(select(*columns, read_month.c.times).where(read_month.c.month.in_(some)))
        found = {Fact(*row[:-1]): row[-1] for row in facts}
        steps = select(*deed, func.count()).where(read_deed.c.month.in_(some)).group_by(*deed)
        deeds = {Deed(*row[:-1]): row[-1] for row in connection.execute(steps)}
        read = connection.scalar(select(read_place.c.next)) or 0
        first = connection.scalar(select(func.min(read_month.c.month)))
        return Months(found, deeds, read, size_of(connection), first)


def _mappings(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in rows]  # noqa: SLF001  SQLAlchemy's own name for it


def _count(connection: Connection, counted: Mapping[Fact, int]) -> None:
    """Add to the counts; in order of key, so that two hubs never wait for each other."""
    rows = [{**fact._asdict(), "times": times} for fact, times in sorted(counted.items())]
    if rows:
        connection.execute(_upsert(connection), rows)


def _upsert(connection: Connection) -> Any:
    made = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement: Any = made(read_month)
    return statement.on_conflict_do_update(
        index_elements=list(_KEY), set_={"times": read_month.c.times + statement.excluded.times}
    )

"""Writing statutory returns into a Safeguarding Dataset database, to try the hub on their real shapes.

Readers (:mod:`.loading_cin`, :mod:`.loading_903`) give :class:`Row` and :class:`Fault`; :class:`Loader` writes rows.
Ids are worked out from what a row is about, so loading a file twice changes nothing. No text of a file is repeated in a
fault: it may be about a child.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, inspect, select

from hub.connectors.ssd.published import metadata
from hub.errors import BadRequest

MADE_BY = "hub load"
"""``ssd_version_log.created_by`` of a database that holds nothing but what was loaded here."""

BATCH_ROWS = 500
FILE_BYTES_MAX = 512 * 1024 * 1024
TEXT_LENGTH_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row for one table: its values by column, and where in which file it is from.

    Columns that it leaves out keep what the database holds.
    """

    table: str
    values: Mapping[str, object] = field(repr=False)
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something of a file that was not taken: where, and why. ``whole``: a whole row, and not one value of it."""

    file: str
    line: int
    reason: str
    whole: bool = False


@dataclass(slots=True)
class Loaded:
    """What became of a load: rows by table, faults, and how often the file had what no table has a column for."""

    added: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    aside: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)


Parse = Callable[[str], object]
Spec = Sequence[tuple[str, str, Parse]]
"""(name in the file, column, how it is read)."""


def iso_day(text: str) -> datetime:
    """``2026-05-04``."""
    return _at(text, "%Y-%m-%d")


def british_day(text: str) -> datetime:
    """``04/05/2026``."""
    return _at(text, "%d/%m/%Y")


def _at(text: str, shape: str) -> datetime:
    try:
        day = datetime.strptime(text, shape)  # noqa: DTZ007  # a date; the dataset keeps dates as times without a zone
    except ValueError:
        raise ValueError("is not a date") from None
    if not date(1900, 1, 1) <= day.date() <= date(2100, 1, 1):
        raise ValueError("is not a date of our time")
    return datetime.combine(day, time())


def one_of(codes: Iterable[str]) -> Parse:
    """A code of a published set, in capitals."""
    known = frozenset(codes)

    def parse(text: str) -> str:
        if text.upper() not in known:
            raise ValueError("is not one of the published codes")
        return text.upper()

    return parse


def short(text: str) -> str:
    """Text that fits the dataset's narrowest column of ids and names (48)."""
    if len(text) > 48:
        raise ValueError("is longer than 48 characters")
    return text


def yes_no(text: str) -> str:
    """``Y`` or ``N``."""
    said = {"1": "Y", "true": "Y", "y": "Y", "yes": "Y", "0": "N", "false": "N", "n": "N", "no": "N"}
    if text.casefold() not in said:
        raise ValueError("is neither yes nor no")
    return said[text.casefold()]


def number(most: int) -> Parse:
    """A whole number from 0 to ``most``."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= most):
            raise ValueError(f"is not a whole number from 0 to {most}")
        return int(text)

    return parse


def taken(spec: Spec, cells: Mapping[str, str], file: str, line: int, faults: list[Fault]) -> dict[str, object]:
    """The columns of ``spec`` that ``cells`` fills; what cannot be read is left out, and told."""
    values: dict[str, object] = {}
    for name, column, parse in spec:
        text = cells.get(name, "").strip()
        if not text:
            continue
        try:
            values[column] = parse(text)
        except ValueError as why:
            faults.append(Fault(file, line, f"{name} {why}"))
    return values


def key(*parts: object) -> str:
    """An id of at most 48 characters from what a row is about: the same parts, the same id."""
    about = "\x1f".join("" if part is None else str(part) for part in parts)
    return "L" + hashlib.sha256(about.encode()).hexdigest()[:40]


class Loader:
    """Writes rows into the database of ``engine``, in one transaction: all of a load, or none of it.

    Args:
        engine: SQLite or PostgreSQL, with nothing in it, with what was loaded before, or (``beside``) with other data.
        now: the time of the copy that the database will state.
        beside: whether to write although there is other data.
    """

    def __init__(self, engine: Engine, now: datetime, *, beside: bool = False) -> None:
        self._engine = engine
        self._now = now
        self._beside = beside
        self._tables = metadata()

    def load(self, given: Iterable[Row | Fault], aside: Counter[str]) -> Loaded:
        """Write every row of ``given``; a person's row must come before the rows about that person.

        Raises:
            BadRequest: the database holds other data, or is laid out otherwise.
        """
        loaded = Loaded(aside=aside)
        said: dict[tuple[str, object], dict[str, object]] = {}
        with self._engine.begin() as connection:
            self._prepare(connection)
            waiting: list[Row] = []
            for each in given:
                if isinstance(each, Fault):
                    loaded.faults.append(each)
                    continue
                waiting.append(self._agreeing(each, said, loaded.faults))
                if len(waiting) >= BATCH_ROWS:
                    self._write(connection, waiting, loaded)
                    waiting = []
            self._write(connection, waiting, loaded)
            self._stamp(connection)
        return loaded

    def _agreeing(self, row: Row, said: dict[tuple[str, object], dict[str, object]], faults: list[Fault]) -> Row:
        """``row`` without what an earlier row of this load about the same thing says otherwise: the first counts."""
        own = next(iter(self._tables.tables[row.table].primary_key)).name
        before = said.setdefault((row.table, row.values[own]), {})
        values = {}
        for column, value in row.values.items():
            if before.setdefault(column, value) == value:
                values[column] = value
            else:
                faults.append(Fault(row.file, row.line, f"{column}: an earlier row says otherwise"))
        return replace(row, values=values)

    def _prepare(self, connection: Connection) -> None:
        held = set(inspect(connection).get_table_names())
        ours = self._tables.tables
        for name in held & set(ours):
            missing = {column.name for column in ours[name].columns} - {
                column["name"] for column in inspect(connection).get_columns(name)
            }
            if missing:
                raise BadRequest(f"The database's table {name} has no column {min(missing)}: give an empty database.")
        log = ours["ssd_version_log"]
        filled = [
            name for name in sorted(held & set(ours))
            if name != log.name and connection.execute(select(ours[name]).limit(1)).first()
        ]  # fmt: skip
        if filled and not self._beside and not self._is_ours(connection, log, held):
            problem = f"The database holds other data ({filled[0]}). Give an empty one; or say --beside to add to it."
            raise BadRequest(problem)
        self._tables.create_all(connection)

    @staticmethod
    def _is_ours(connection: Connection, log: Table, held: set[str]) -> bool:
        if log.name not in held:
            return False
        others = select(func.count()).select_from(log).where(func.coalesce(log.c.created_by, "") != MADE_BY)
        return bool(
            connection.execute(select(func.count()).select_from(log)).scalar_one()
            and not connection.execute(others).scalar_one()
        )

    def _write(self, connection: Connection, rows: Sequence[Row], loaded: Loaded) -> None:
        by_table: dict[str, dict[object, dict[str, object]]] = {}
        for row in rows:
            name = next(iter(self._tables.tables[row.table].primary_key)).name
            of_table = by_table.setdefault(row.table, {})
            of_table.setdefault(row.values[name], {}).update(row.values)
        for table_name, wanted in by_table.items():
            self._write_table(connection, self._tables.tables[table_name], wanted, loaded)

    @staticmethod
    def _write_table(
        connection: Connection, table: Table, wanted: Mapping[object, Mapping[str, object]], loaded: Loaded
    ) -> None:
        identity = next(iter(table.primary_key))
        found = connection.execute(select(table).where(identity.in_(list(wanted)))).mappings()
        before: dict[object, dict[str, Any]] = {row[identity.name]: dict(row) for row in found}
        empty = {column.name: None for column in table.columns}
        stale, fresh = [], []
        for own, values in wanted.items():
            after = {**before.get(own, empty), **values}
            if own not in before:
                loaded.added[table.name] += 1
            elif after == before[own]:
                loaded.unchanged[table.name] += 1
                continue
            else:
                loaded.changed[table.name] += 1
                stale.append(own)
            fresh.append(after)
        if stale:
            connection.execute(table.delete().where(identity.in_(stale)))
        if fresh:
            connection.execute(table.insert(), fresh)

    def _stamp(self, connection: Connection) -> None:
        log = self._tables.tables["ssd_version_log"]
        connection.execute(log.delete().where(log.c.created_by == MADE_BY))
        connection.execute(
            log.insert(),
            {
                "version_number": "load",
                "description": "Statutory returns, to try shapes",
                "is_current": True,
                "created_at": self._now.replace(tzinfo=None),
                "created_by": MADE_BY,
            },
        )

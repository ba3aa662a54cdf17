"""The list is kept up with the log: entries are read on from where it stands, in short transactions of its own.

Several hub processes may do so at once: whoever finds that another was quicker does nothing. Rows are made before the
transaction that writes them begins, because on SQLite the log itself waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, inspect, select, update

from hub.audit.acts import Act, Pruning
from hub.errors import ConfigurationError
from hub.store import sharing
from hub.store.engine import reading
from hub.store.read_numbers import COLUMNS, SOME, number, number_anew, seen_before
from hub.store.read_rows import Values, end_of, lines_of, parties_of, row_of
from hub.store.read_tables import MODEL_VERSION, TABLES, read_line, read_party, read_place, read_row
from hub.store.tables import log_entry, metadata
from hub.store.told import CHUNK_ROWS, Told, read_told, size_of

Progress = Callable[[int, int], None]
"""Called with the entries read and the entries there are."""


@dataclass(frozen=True, slots=True)
class Caught:
    """How far the list is: ``read`` entries of the ``size`` the log had."""

    read: int
    size: int

    @property
    def up(self) -> bool:
        """Whether it has all of them."""
        return self.read >= self.size


@dataclass(slots=True)
class _Work:
    """What a piece of the log adds to the list."""

    rows: dict[int, Values]
    ends: list[Values]
    lines: list[Values]
    parties: list[Values]
    pruned_before: int
    adding: sharing.Adding


def place(engine: Engine) -> Caught:
    """How far the list is, without reading on."""
    with engine.connect() as connection:
        found = _place(reading(connection))
        return Caught(0 if found is None else found, size_of(connection))


def catch_up(engine: Engine, limit: int = CHUNK_ROWS) -> Caught:
    """Read on, at most ``limit`` entries; how far the list is then.

    Raises:
        ConfigurationError: a newer hub made the tables, or this machine does not know UK time.
        sqlalchemy.exc.SQLAlchemyError: the database failed; nothing was changed.
    """
    with engine.connect() as connection:
        found = _place(reading(connection))
        size = size_of(connection)
        start = size + 1 if found is None else found
        told = read_told(connection, start, min(start + limit, size))
        work = _work(connection, told)
    if start > size:  # no list, one of another version, or one of a longer log than this
        reset(engine)
        return Caught(0, size)
    if not told:
        return Caught(start, size)
    with engine.begin() as connection:
        now = connection.scalar(select(read_place.c.next).with_for_update())
        if now != start:  # another process was quicker
            return Caught(now or 0, size)
        _write(connection, work)
        connection.execute(update(read_place).values(next=told[-1].index + 1))
    return Caught(told[-1].index + 1, size)


def catch_up_wholly(engine: Engine, progress: Progress = lambda _done, _size: None) -> Caught:
    """Read on to where the log ended when this began."""
    caught = catch_up(engine, 0)
    size = caught.size
    while caught.read < size:
        caught = catch_up(engine)
        progress(min(caught.read, size), size)
    return caught


def reset(engine: Engine) -> None:
    """Empty the list, with its tables as this hub knows them; it is then to be read anew."""
    with engine.begin() as connection:
        metadata.drop_all(connection, tables=list(TABLES))
        metadata.create_all(connection, tables=list(TABLES))
        connection.execute(insert(read_place).values(id=1, version=MODEL_VERSION, next=0))


def _place(connection: Connection) -> int | None:
    """The next entry to read; None when the tables are not there, or are to be made anew."""
    if not inspect(connection).has_table(read_place.name):
        return None
    row = connection.execute(select(read_place.c.version, read_place.c.next)).one_or_none()
    if row is not None and row.version > MODEL_VERSION:
        raise ConfigurationError(
            f"A newer hub made the list of the log (version {row.version}, not {MODEL_VERSION}): use that hub."
        )
    return None if row is None or row.version < MODEL_VERSION else int(row.next)


def _work(connection: Connection, told: Sequence[Told]) -> _Work:
    work = _Work({}, [], [], [], 0, sharing.Adding())
    for each in told:
        if (row := row_of(each)) is not None:
            work.rows[each.index] = row
            work.parties += parties_of(each, row)
        if isinstance(each.entry, Act):
            work.adding.act(each.index, each.entry)
        if isinstance(each.entry, Pruning):
            work.pruned_before = max(work.pruned_before, each.entry.before)
        if (end := end_of(each)) is not None and each.question is not None:
            question = each.entry.question  # type: ignore[union-attr]  # it is an end
            if (row := work.rows.get(question)) is not None:
                row.update(end)
            else:
                work.ends.append(end | {"of": question})
            work.lines += (lines := lines_of(each))
            work.adding.end((row_of(Told(question, each.question)) or {}) | end, lines)
    number(work.rows.values(), seen_before(connection, work.rows.values()))
    return work


def _write(connection: Connection, work: _Work) -> None:
    if work.rows:
        connection.execute(insert(read_row), list(work.rows.values()))
    if work.parties:
        connection.execute(insert(read_party), work.parties)
    for values in work.ends:
        connection.execute(_UPDATE[frozenset(values)], values)
    if work.lines:
        indexes = sorted({line["index"] for line in work.lines})
        connection.execute(delete(read_line).where(read_line.c.index.in_(indexes)))
        connection.execute(insert(read_line), work.lines)
    sharing.add(connection, work.adding)
    if work.pruned_before:
        _forget_dropped(connection, work.pruned_before)


def _updating(*names: str) -> Mapping[frozenset[str], Any]:
    statement = update(read_row).where(read_row.c.index == bindparam("of"), read_row.c.kind == "question")
    return {frozenset((*names, "of")): statement.values({name: bindparam(name) for name in names})}


_ENDED = ("end", "ended_at", "outcome")
_UPDATE = {
    **_updating(*_ENDED, "detail"),
    **_updating(
        *_ENDED, "records", "shared", "withheld", "asks", "gaps", "veiled", "no_answer", "grounds", "no_case"
    ),
}  # fmt: skip


def _forget_dropped(connection: Connection, before: int) -> None:
    """Take out the rows of entries whose bytes were dropped, as if they had never been read."""
    query = (
        select(*(read_row.c[name] for name in COLUMNS))
        .join(log_entry, log_entry.c.index == read_row.c.index)
        .where(read_row.c.index < before, func.length(log_entry.c.body) == 0)
    )
    gone = [dict(row._mapping) for row in connection.execute(query)]  # noqa: SLF001  SQLAlchemy's own name for it
    indexes = [row["index"] for row in gone]
    for at in range(0, len(indexes), SOME):
        some = indexes[at : at + SOME]
        sharing.take_back(connection, some)
        for table in (read_line, read_party, read_row):
            connection.execute(delete(table).where(table.c.index.in_(some)))
    number_anew(connection, gone)

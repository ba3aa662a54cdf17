"""Numbers in the list that depend on earlier rows: how often, how many others, and what was new.

By worker and UK day: how many children. By child: how often this worker has asked about her, and how many workers have.
By worker and purpose: the first time. Rows count in the order of the log, of entries whose bytes are kept. All of it
is about questions by people: a system that asks by itself has no number.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select, text, tuple_, update

from hub.store.read_rows import MANY_CHILDREN, Values
from hub.store.read_tables import read_row

MANY_TIMES = 10
"""From so many questions about one child, a worker's further ones are marked."""

MANY_WORKERS = 8
"""From so many different workers who asked about one child, questions about her are marked."""

SOME = 200
"""So many keys, or rows, are named by one statement."""

Pair = tuple[str, str]
_Key = TypeVar("_Key", str, Pair)

_QUESTIONS = (read_row.c.kind == "question", read_row.c.worker.is_not(None))
_FIRST = text("read_row.first_purpose = 1")


@dataclass(slots=True)
class Seen:
    """What the rows so far say: children by worker and day, questions by child and worker, purposes by worker."""

    children: dict[Pair, set[str]] = field(default_factory=lambda: defaultdict(set))
    times: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    purposes: set[Pair] = field(default_factory=set)


def counts(row: Mapping[str, Any]) -> bool:
    """Whether a row is numbered."""
    return row["kind"] == "question" and row["worker"] is not None


def seen_before(connection: Connection, rows: Iterable[Values]) -> Seen:
    """What the list says so far of all that ``rows`` are about."""
    seen, numbered = Seen(), [row for row in rows if counts(row)]
    day = tuple_(read_row.c.worker, read_row.c.day)
    for some in _some({_day(row) for row in numbered}):
        query = select(read_row.c.worker, read_row.c.day, read_row.c.subject).where(day.in_(some), *_QUESTIONS)
        for worker, on, subject in connection.execute(query.distinct()):
            seen.children[worker, on].add(subject)
    for names in _some({row["subject"] for row in numbered}):
        columns = (read_row.c.subject, read_row.c.worker)
        grouped = select(*columns, func.count()).where(read_row.c.subject.in_(names), *_QUESTIONS).group_by(*columns)
        for subject, worker, times in connection.execute(grouped):
            seen.times[subject][worker] = times
    purpose = tuple_(read_row.c.worker, read_row.c.purpose)
    for some in _some({_purpose(row) for row in numbered}):
        first = select(read_row.c.worker, read_row.c.purpose).where(_FIRST, purpose.in_(some))
        seen.purposes.update((worker, name) for worker, name in connection.execute(first))
    return seen


def number(rows: Iterable[Values], seen: Seen) -> None:
    """Put the numbers into ``rows``, in the order of the log, and go on from there."""
    for row in rows:
        if not counts(row):
            continue
        children, asked, purpose = seen.children[_day(row)], seen.times[row["subject"]], _purpose(row)
        children.add(row["subject"])
        asked[row["worker"]] += 1
        row["children"], row["times"], row["workers"] = len(children), asked[row["worker"]], len(asked)
        row["many"] = int(len(children) >= MANY_CHILDREN)
        row["often"] = int(row["times"] >= MANY_TIMES)
        row["watched"] = int(len(asked) >= MANY_WORKERS)
        row["first_purpose"] = int(purpose not in seen.purposes)
        seen.purposes.add(purpose)


def number_anew(connection: Connection, gone: Sequence[Mapping[str, Any]]) -> None:
    """Number again what the rows that are ``gone`` were counted in."""
    numbered = [row for row in gone if counts(row)]
    names = ("children", "many")
    for days in _some({_day(row) for row in numbered}):
        _renumber(connection, tuple_(read_row.c.worker, read_row.c.day).in_(days), names)
    about = ("times", "workers", "often", "watched")
    for subjects in _some({row["subject"] for row in numbered}):
        _renumber(connection, read_row.c.subject.in_(subjects), about)
    for worker, purpose in sorted({_purpose(row) for row in numbered if row["first_purpose"]}):
        left = (read_row.c.worker == worker, read_row.c.purpose == purpose, *_QUESTIONS)
        first = select(func.min(read_row.c.index)).where(*left).scalar_subquery()
        connection.execute(update(read_row).where(read_row.c.index == first).values(first_purpose=1))


COLUMNS = ("index", "kind", "worker", "day", "subject", "purpose", "first_purpose")
"""What :func:`number_anew` must be told of rows that are gone."""


def _renumber(connection: Connection, within: Any, names: Sequence[str]) -> None:
    columns = [read_row.c[name] for name in COLUMNS]
    query = select(*columns).where(within, *_QUESTIONS).order_by(read_row.c.index)
    rows = [dict(row._mapping) for row in connection.execute(query)]  # noqa: SLF001  SQLAlchemy's own name for it
    number(rows, Seen())
    for row in rows:
        changed = {name: row[name] for name in names}
        connection.execute(update(read_row).where(read_row.c.index == row["index"]).values(changed))


def _some(keys: Collection[_Key]) -> Iterable[list[_Key]]:
    ordered = sorted(keys)
    return (ordered[at : at + SOME] for at in range(0, len(ordered), SOME))


def _day(row: Mapping[str, Any]) -> Pair:
    return row["worker"], row["day"]


def _purpose(row: Mapping[str, Any]) -> Pair:
    return row["worker"], row["purpose"]

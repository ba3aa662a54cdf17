"""Years of the log: a boundary in the one tree, told by an entry, up to which it can be archived and later dropped.

A boundary never lies between a question and its end. ``docs/adr/0012-one-tree-with-yearly-archives.md`` says why there
is one tree and not one a year.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, insert, select

from hub.audit.about import ended
from hub.audit.acts import Officer, YearClosed
from hub.audit.merkle import ProofInvalid, assemble, consistency_parts, fold, perfect_parts, verify_consistency
from hub.errors import BadRequest
from hub.store.appender import Log
from hub.store.batch import TILE_LEVELS
from hub.store.engine import reading
from hub.store.reader import subtree_lookup
from hub.store.tables import log_entry, log_head, log_open, log_year
from hub.store.together import append_with

CHUNK_ROWS = 2_000
"""So many entries are read at once; it bounds the memory."""

Progress = Callable[[int, int], None]
"""Called with the entries looked at and the entries there are to look at."""

_AT = re.compile(rb'\{"v":1,"kind":"[a-z_]+","at":"([^"]{24})"')


@dataclass(frozen=True, slots=True)
class Year:
    """A closed year: the entries before ``size`` are of it or earlier, and the tree of that size has this ``root``."""

    year: int
    size: int
    root: bytes


def read_years(connection: Connection) -> list[Year]:
    """The years that were closed, in order."""
    rows = connection.execute(select(log_year).order_by(log_year.c.year))
    return [Year(row.year, row.size, bytes(row.root)) for row in rows]


def find_boundary(engine: Engine, year: int, progress: Progress | None = None) -> Year:
    """Where ``year`` ends in the log.

    Raises:
        BadRequest: ``YEAR_CLOSED``: it, or a later one, was closed before; ``YEAR_OPEN``: a question of it has no end.
        ProofInvalid: the entries are not what was signed; ``hub audit verify`` says which.
    """
    with engine.connect() as connection:
        reading(connection)
        closed = read_years(connection)
        if closed and closed[-1].year >= year:
            raise BadRequest(
                f"The year {closed[-1].year} is closed already, and what is before it.", code="YEAR_CLOSED"
            )
        head = connection.execute(select(log_head.c.size, log_head.c.root)).one()
        floor = closed[-1].size if closed else 0
        size = _first_of(connection, f"{year + 1:04}-01-01".encode(), floor, head.size)
        size = _moved_back(connection, size, floor, head.size, progress)
        return Year(year, size, _root(connection, size, head.size, bytes(head.root)))


async def close_year(log: Log, found: Year, officer: Officer) -> int:
    """Log that the year is closed where it was ``found`` to end; the entry's index.

    Raises:
        AuditUnavailable: it was not, or it is not certain.
    """
    at, nonce = log.stamp()
    entry = YearClosed(at=at, nonce=nonce, officer=officer, year=found.year, size=found.size, root=found.root.hex())

    def work(connection: Connection, _index: int) -> None:
        newest = connection.scalar(select(func.max(log_year.c.year)))
        if newest is not None and newest >= found.year:
            raise BadRequest(f"The year {newest} is closed already, and what is before it.", code="YEAR_CLOSED")
        connection.execute(insert(log_year).values(year=found.year, size=found.size, root=found.root))

    return await append_with(log, entry, work, BadRequest)


def _first_of(connection: Connection, day: bytes, low: int, high: int) -> int:
    """The first entry, from ``low`` to ``high``, that was made on ``day`` or later. Clocks that step back a little move
    it a little.
    """
    while low < high:
        middle = (low + high) // 2
        found = _AT.match(bytes(connection.scalar(select(log_entry.c.body).where(log_entry.c.index == middle)) or b""))
        if found is None:
            raise ProofInvalid(f"entry {middle} cannot be read")
        low, high = (low, middle) if found[1] >= day else (middle + 1, high)
    return low


def _moved_back(connection: Connection, size: int, floor: int, end: int, progress: Progress | None) -> int:
    """The last boundary not after ``size`` that no question straddles."""
    still_open = connection.scalar(select(func.min(log_open.c.question)))
    if still_open is not None and still_open < size:
        raise BadRequest(
            f"Question {still_open} has no end yet. The hub ends it within minutes: try again then.", code="YEAR_OPEN"
        )
    upper = end
    while True:
        questions = (ended(body) for _, body in bodies(connection, range(size, upper), progress))
        first = min((each for each in questions if each is not None and each < size), default=size)
        if first == size:
            return size
        if first < floor:
            raise ProofInvalid(f"question {first} ended after the year it is of was closed")
        upper, size = size, first


def bodies(connection: Connection, wanted: range, progress: Progress | None = None) -> Iterator[tuple[int, bytes]]:
    """Index and bytes of the entries ``wanted``, in order, a chunk at a time."""
    columns = (log_entry.c.index, log_entry.c.body)
    for start in range(wanted.start, wanted.stop, CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, wanted.stop)
        query = select(*columns).where(log_entry.c.index >= start, log_entry.c.index < stop).order_by(columns[0])
        rows: Sequence[tuple[int, bytes]] = [(row[0], bytes(row[1])) for row in connection.execute(query)]
        yield from rows
        if progress is not None:
            progress(stop - wanted.start, len(wanted))


def head_size(connection: Connection) -> int:
    """How many entries the log has."""
    return int(connection.scalars(select(log_head.c.size)).one())


def _root(connection: Connection, size: int, end: int, head: bytes) -> bytes:
    """The root of the tree of ``size``, held against the head's."""
    for levels in (TILE_LEVELS, 0):
        look_up = subtree_lookup(connection, levels)
        try:
            root = fold([look_up(node) for node in perfect_parts(0, size)])
            verify_consistency(size, root, end, head, assemble(consistency_parts(size, end), look_up))
        except ProofInvalid:
            if not levels:
                raise
        else:
            return root
    raise AssertionError("unreachable")

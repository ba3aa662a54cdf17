"""People, cases and workers whom no entry names any more: their rows of ``log_reference`` go after pruning.

A question reads its references a moment before it is logged with them, so a row cannot simply be deleted. First it is
*retired*: whoever asks from then on gets a new reference. Once every question that could have read the old one is
logged or given up, those that an entry names after all come back, and the others go. Cut short in between, the next run
does the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, bindparam, delete, select, update

from hub.store.engine import reading
from hub.store.release_tables import release_step
from hub.store.tables import RETIRED, log_hold, log_reference
from hub.store.years import bodies, head_size

CHUNK = 500
"""The most rows changed by one statement."""

_REFERENCE = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Swept:
    """How many rows went, and how many came back because an entry names them after all."""

    gone: int
    back: int


def sweep(engine: Engine, settle: Callable[[], None], progress: Progress | None = None) -> Swept:
    """Drop the references that nothing kept names.

    Args:
        engine: the log's.
        settle: called between retiring and dropping; returns once a question that had read its references before has
            been logged or given up.
        progress: called as the log is read.
    """
    with engine.connect() as connection:
        reading(connection)
        unnamed = {bytes.fromhex(ref) for ref in connection.scalars(select(log_reference.c.ref))}
        seen = head_size(connection)
        unnamed.difference_update(_named(connection, range(seen), progress))
    if not unnamed:
        return Swept(0, 0)
    with engine.begin() as connection:
        retired = log_reference.c.kind.like(f"{RETIRED}%")
        kind = {"kind": RETIRED + log_reference.c.kind}
        for some in _chunks(unnamed):
            connection.execute(update(log_reference).where(log_reference.c.ref.in_(some), ~retired).values(kind))
    settle()
    with engine.connect() as connection:
        reading(connection)
        named = unnamed.intersection(_named(connection, range(seen, head_size(connection)), None))
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        back = sum(_bring_back(connection, reference.hex()) for reference in named)
        for some in _chunks(unnamed - named):
            connection.execute(delete(log_reference).where(log_reference.c.ref.in_(some)))
    return Swept(len(unnamed) - len(named), back)


def _named(connection: Connection, entries: range, progress: Progress | None) -> Iterator[bytes]:
    """Every reference named by ``entries``, by a hold or by a release request; more than once, perhaps."""
    for _, body in bodies(connection, entries, progress):
        yield from map(_binary, _REFERENCE.findall(body))
    for worker, said in connection.execute(select(release_step.c.worker, release_step.c.body)):
        yield from map(_binary, _REFERENCE.findall(f"{worker} {said}".encode()))
    for row in connection.execute(select(log_hold.c.ref, log_hold.c.officer)):
        yield from (bytes.fromhex(each) for each in row if each is not None)


def _binary(reference: bytes) -> bytes:
    return bytes.fromhex(reference.decode())


def _bring_back(connection: Connection, reference: str) -> int:
    """Make a retired row what it was; 0 when another has taken its place, which then both stand for the same."""
    mine = log_reference.c.ref == bindparam("mine")
    row = connection.execute(select(log_reference).where(mine), {"mine": reference}).one()
    kind = row.kind.removeprefix(RETIRED)
    taken = select(log_reference.c.ref).where(log_reference.c.kind == kind, log_reference.c.value == row.value)
    if connection.execute(taken).first() is not None:
        return 0
    connection.execute(update(log_reference).where(mine).values(kind=kind), {"mine": reference})
    return 1


def _chunks(references: set[bytes]) -> Iterator[list[str]]:
    ordered = sorted(each.hex() for each in references)
    for at in range(0, len(ordered), CHUNK):
        yield ordered[at : at + CHUNK]

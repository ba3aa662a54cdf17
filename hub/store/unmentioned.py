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

from sqlalchemy import Connection, Engine, bindparam, delete, exists, select, update

from hub.store.engine import reading
from hub.store.release_tables import release_step
from hub.store.review_tables import review_view
from hub.store.tables import RETIRED, log_hold, log_reference
from hub.store.years import bodies, head_size

CHUNK = 2_000
"""The most rows changed by one statement, and by one transaction: a question waits for no more."""

_REFERENCE = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")

_RETIRED = log_reference.c.kind.like(f"{RETIRED}%")

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
    gone = back = 0
    while True:
        swept, is_left = _swept(engine, settle, progress)
        gone, back = gone + swept.gone, back + swept.back
        if not (is_left and swept.gone):
            return Swept(gone, back)


def _swept(engine: Engine, settle: Callable[[], None], progress: Progress | None) -> tuple[Swept, bool]:
    """One round, and whether some were left because an older reference of the same stands retired: while that is named
    it says whom it stands for in any case, and once it is gone the newer one can be retired in its place.
    """
    with engine.connect() as connection:
        reading(connection)
        unnamed = {bytes.fromhex(ref) for ref in connection.scalars(select(log_reference.c.ref))}
        seen = head_size(connection)
        unnamed.difference_update(_named(connection, range(seen), progress))
    if not unnamed:
        return Swept(0, 0), False
    left = _retire(engine, unnamed)
    unnamed -= left
    if not unnamed:
        return Swept(0, 0), True
    settle()
    with engine.connect() as connection:
        reading(connection)
        named = unnamed.intersection(_named(connection, range(seen, head_size(connection)), None))
    with engine.begin() as connection:
        back = sum(_bring_back(connection, reference.hex()) for reference in sorted(named))
    return Swept(_drop(engine, unnamed - named), back), bool(left)


def _retire(engine: Engine, references: set[bytes]) -> set[bytes]:
    """Retire them; those that could not be, since an older one of the same stands retired."""
    older = log_reference.alias("older")
    twin = exists().where(older.c.kind == RETIRED + log_reference.c.kind, older.c.value == log_reference.c.value)
    kind = {"kind": RETIRED + log_reference.c.kind}
    left: set[bytes] = set()
    for some in _chunks(references):
        ours = log_reference.c.ref.in_(some)
        with engine.begin() as connection:
            connection.execute(update(log_reference).where(ours, ~_RETIRED, ~twin).values(kind))
            still = connection.scalars(select(log_reference.c.ref).where(ours, ~_RETIRED))
            left |= {bytes.fromhex(ref) for ref in still}
    return left


def _drop(engine: Engine, references: set[bytes]) -> int:
    """Delete those that stand retired; how many."""
    gone = 0
    for some in _chunks(references):
        with engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            gone += connection.execute(delete(log_reference).where(log_reference.c.ref.in_(some), _RETIRED)).rowcount
    return gone


def _named(connection: Connection, entries: range, progress: Progress | None) -> Iterator[bytes]:
    """Every reference named by ``entries``, a hold, a release request or a saved filter; more than once, perhaps."""
    for _, body in bodies(connection, entries, progress):
        yield from map(_binary, _REFERENCE.findall(body))
    for worker, said in connection.execute(select(release_step.c.worker, release_step.c.body)):
        yield from map(_binary, _REFERENCE.findall(f"{worker} {said}".encode()))
    for officer, wanted in connection.execute(select(review_view.c.officer, review_view.c.wanted)):
        yield from map(_binary, _REFERENCE.findall(f"{officer} {wanted}".encode()))
    for row in connection.execute(select(log_hold.c.ref, log_hold.c.officer)):
        yield from (bytes.fromhex(each) for each in row if each is not None)


def _binary(reference: bytes) -> bytes:
    return bytes.fromhex(reference.decode())


def _bring_back(connection: Connection, reference: str) -> int:
    """Make a retired row what it was; 0 when another has taken its place, which then both stand for the same, and where
    it is erased or brought back already.
    """
    mine = log_reference.c.ref == bindparam("mine")
    row = connection.execute(select(log_reference).where(mine, _RETIRED), {"mine": reference}).one_or_none()
    if row is None:
        return 0
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

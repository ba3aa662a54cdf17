"""Every entry of the log about a person, and who acted: read from the log itself, for it is the log that is evidence.

The list that pages search is not asked: it is derived, and could be behind. The whole log is looked at in one state.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Engine, select

from hub.audit.about import About, kind_in
from hub.audit.acts import Act
from hub.audit.entries import Abandoned, Answer, Question
from hub.store.engine import reading
from hub.store.judgements import SUBJECT
from hub.store.subjects import Whom, resolve
from hub.store.tables import RETIRED, log_reference
from hub.store.told import read_told, size_of
from hub.store.years import bodies

NAMES_MAX = 500
"""So many references are looked up by one statement."""

_WORKER, _SUBJECT = ("worker", RETIRED + "worker"), (SUBJECT, RETIRED + SUBJECT)

Progress = Callable[[int, int], None]
"""Called with the entries looked at and the entries there are."""


class FoundBy(StrEnum):
    """By what a reference stands for the person; UNBORN: for a child not yet born, by the mother's number."""

    NHS_NUMBER = "nhs_number"
    STATED = "stated"
    LOCAL_ID = "local_id"
    UNBORN = "unborn"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Use:
    """A question about the person; ``end`` is its answer or why there is none, at entry ``ended``, None while open."""

    index: int
    question: Question
    ended: int | None = None
    end: Answer | Abandoned | None = None


@dataclass(frozen=True, slots=True)
class Accesses:
    """What the log says as of ``size`` entries.

    ``acts`` are by entry. Of ``dropped`` entries it is not known whom they were about: an archive has them; of
    ``unreadable`` ones nobody knows.
    """

    size: int
    subjects: Mapping[str, FoundBy]
    uses: tuple[Use, ...]
    acts: tuple[tuple[int, Act], ...]
    dropped: int
    unreadable: int


def read_accesses(engine: Engine, whom: Whom, progress: Progress | None = None) -> Accesses:
    """Look at every entry for those about ``whom``.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database failed: nothing can be said.
    """
    with engine.connect() as connection:
        reading(connection)
        known = resolve(connection, whom)
        subjects = _found_by(connection, known.references)
        size = size_of(connection)
        about, seen, dropped, unreadable = About(subjects), 0, 0, 0
        for index, body in bodies(connection, range(size), progress):
            about.step(index, body)
            seen += 1
            dropped += not body
            unreadable += bool(body) and kind_in(body) is None
        unreadable += size - seen  # rows that are missing
        return _told(connection, sorted(about.found), Accesses(size, subjects, (), (), dropped, unreadable))


def read_names(engine: Engine, references: Collection[str]) -> Mapping[str, str]:
    """Whom references of workers stand for: ``organisation/identifier``. Those that were erased are not in it."""
    wanted = sorted(references)
    found: dict[str, str] = {}
    with engine.connect() as connection:
        reading(connection)
        for at in range(0, len(wanted), NAMES_MAX):
            some = log_reference.c.ref.in_(wanted[at : at + NAMES_MAX])
            query = select(log_reference.c.ref, log_reference.c.value).where(log_reference.c.kind.in_(_WORKER), some)
            found.update((ref, value) for ref, value in connection.execute(query))
    return found


def _found_by(connection: Connection, references: Iterable[str]) -> dict[str, FoundBy]:
    """By what each reference was found; one that stands for nobody any more was given as it is."""
    wanted = sorted(references)
    query = select(log_reference.c.ref, log_reference.c.value)
    rows = connection.execute(query.where(log_reference.c.kind.in_(_SUBJECT), log_reference.c.ref.in_(wanted)))
    by = {ref: _BY.get(value.partition(":")[0], FoundBy.GIVEN) for ref, value in rows}
    return {ref: by.get(ref, FoundBy.GIVEN) for ref in wanted}


_BY = {"nhs": FoundBy.NHS_NUMBER, "stated": FoundBy.STATED, "local": FoundBy.LOCAL_ID, "unborn": FoundBy.UNBORN}


def _told(connection: Connection, found: Iterable[int], so_far: Accesses) -> Accesses:
    uses: dict[int, Use] = {}
    acts: list[tuple[int, Act]] = []
    unreadable = so_far.unreadable
    for index in found:
        told = read_told(connection, index, index + 1)[0]
        match told.entry:
            case Question() as question:
                uses[index] = Use(index, question)
            case Answer() | Abandoned() as end if end.question in uses:
                uses[end.question] = Use(end.question, uses[end.question].question, index, end)
            case Act() as act:
                acts.append((index, act))
            case None:
                unreadable += not told.dropped
    return Accesses(so_far.size, so_far.subjects, tuple(uses.values()), tuple(acts), so_far.dropped, unreadable)

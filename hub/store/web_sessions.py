"""Who is signed in at the pages, and what must outlast one request of theirs: every process of the hub knows both.

A row is found by the SHA-256 of what the browser keeps, so the database alone lets nobody in. What is kept besides
(:func:`keep`) is sealed by its writer with a key that only the browser has.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from hub.store.engine import single
from hub.store.tables import metadata

web_session = Table(
    "web_session",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("web_session_person", "person"),
    comment="Who is signed in. id, person: SHA-256 of the browser's secret and of issuer and subject. Personal data.",
)

web_kept = Table(
    "web_kept",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("forget_at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("web_kept_forget_at", "forget_at"),
    comment="For some minutes: sign-ins under way, and forms of people who must sign in again; sealed.",
)


@dataclass(frozen=True, slots=True)
class KeptSession:
    """A row; moments in milliseconds since 1970. ``body`` is its writer's."""

    id: str
    person: str
    begun_at: int
    seen_at: int
    body: str = field(repr=False)


def begin(engine: Engine, session: KeptSession) -> None:
    """Keep a new session."""
    with engine.begin() as connection:
        row = {name: getattr(session, name) for name in KeptSession.__dataclass_fields__}
        connection.execute(insert(web_session).values(**row))


def find(engine: Engine, session: str) -> KeptSession | None:
    """The session with that id, whether or not it is over."""
    with engine.connect() as connection:
        row = single(connection).execute(select(web_session).where(web_session.c.id == session)).one_or_none()
    return None if row is None else KeptSession(*row)


def seen(engine: Engine, session: str, at: int) -> None:
    """Its person was there ``at`` a moment."""
    with engine.begin() as connection:
        connection.execute(update(web_session).where(web_session.c.id == session).values(seen_at=at))


def end(engine: Engine, session: str) -> None:
    """End one session."""
    with engine.begin() as connection:
        connection.execute(delete(web_session).where(web_session.c.id == session))


def end_all(engine: Engine, person: str) -> int:
    """End every session of a person; how many there were."""
    with engine.begin() as connection:
        return connection.execute(delete(web_session).where(web_session.c.person == person)).rowcount


def keep(engine: Engine, name: str, body: bytes, forget_at: int) -> None:
    """Keep ``body`` under ``name`` (64 hex digits) until a moment in milliseconds."""
    with engine.begin() as connection:
        connection.execute(insert(web_kept).values(id=name, body=body, forget_at=forget_at))


def take(engine: Engine, name: str, now: int) -> bytes | None:
    """What is kept under ``name``, for the last time: of many calls in any processes one gets it."""
    with engine.begin() as connection:
        taken = delete(web_kept).where(web_kept.c.id == name).returning(web_kept.c.body, web_kept.c.forget_at)
        row = connection.execute(taken).one_or_none()
    return None if row is None or row.forget_at < now else bytes(row.body)


def once(engine: Engine, name: str, forget_at: int) -> bool:
    """Keep that ``name`` was here, until a moment in milliseconds; False when it was before."""
    try:
        keep(engine, name, b"", forget_at)
    except IntegrityError:
        return False
    return True


def forget_old(engine: Engine, now: int, begun_before: int) -> None:
    """Drop what is kept for longer than it should be, and sessions begun before a moment."""
    with engine.begin() as connection:
        connection.execute(delete(web_kept).where(web_kept.c.forget_at < now))
        connection.execute(delete(web_session).where(web_session.c.begun_at < begun_before))

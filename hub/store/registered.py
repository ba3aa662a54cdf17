"""Which register was last logged as in force: so that one change is one entry, however many processes see it."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, delete, insert, select

from hub.audit.acts import Officer, RegisterChange
from hub.store.access_tables import access_register
from hub.store.appender import Log
from hub.store.engine import single
from hub.store.together import append_with

LOADED = "loaded"


class _Told(Exception):
    """Another process logged the same change first."""


async def log_register(log: Log, officer: Officer, digest: str, act: str = LOADED) -> int | None:
    """Log that the register with this SHA-256 is in force from now on; None when that is what the log says already.

    Raises:
        AuditUnavailable: it could not be logged, and must not be put in force.
    """
    if await log.beside(last_logged) == digest:
        return None
    at, nonce = log.stamp()

    def work(connection: Connection, index: int) -> None:
        if connection.scalar(select(access_register.c.digest)) == digest:
            raise _Told
        connection.execute(delete(access_register))
        connection.execute(insert(access_register).values(id=1, digest=digest, entry=index))

    entry = RegisterChange(at=at, nonce=nonce, officer=officer, act=act, register=digest)
    try:
        return await append_with(log, entry, work, _Told)
    except _Told:
        return None


def last_logged(engine: Engine) -> str | None:
    """The SHA-256 of the register that was last logged as in force."""
    with engine.connect() as connection:
        found: str | None = single(connection).scalar(select(access_register.c.digest))
        return found

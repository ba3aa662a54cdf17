"""DPoP proofs that were used, in the log's database: one memory for every process of the hub.

A database that does not answer refuses the request (RFC 9449 s.11.1 is worth nothing otherwise): the error says so.
"""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import Any

from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from hub.store.access_tables import access_proof
from hub.store.appender import Log
from hub.store.engine import single

FORGET_BATCH_MAX = 10_000
"""Rows forgotten at one time: a sweep must not hold SQLite's one writing lock for long."""


class ReplayStore:
    """Remembers proofs in the database of ``log``. Every method raises AuditUnavailable when it does not answer."""

    def __init__(self, log: Log, clock: Callable[[], float] = time) -> None:
        self._log = log
        self._clock = clock

    async def first_use(self, digest: str, forget_at: int) -> bool:
        """Remember ``digest`` (64 hex digits) until ``forget_at`` (seconds since 1970); False when it is not new.

        Of many calls with one digest, in any processes, exactly one gives True: the table's primary key decides.
        """
        return await self._log.beside(lambda engine: _insert(engine, digest, forget_at))

    async def forget_old(self) -> int:
        """Drop what no proof could be a replay of any more; how many. To be called now and then."""
        now = int(self._clock())
        return await self._log.beside(lambda engine: _forget(engine, now))


def _insert(engine: Engine, digest: str, forget_at: int) -> bool:
    is_postgres = engine.dialect.name == "postgresql"
    insert: Any = (postgresql.insert if is_postgres else sqlite.insert)(access_proof)
    row = insert.values(digest=digest, forget_at=forget_at).on_conflict_do_nothing().returning(access_proof.c.digest)
    if is_postgres:
        with engine.connect() as connection:
            return single(connection).execute(row).first() is not None
    with engine.begin() as connection:
        return connection.execute(row).first() is not None


def _forget(engine: Engine, now: int) -> int:
    old = select(access_proof.c.digest).where(access_proof.c.forget_at < now).limit(FORGET_BATCH_MAX)
    with engine.begin() as connection:
        return connection.execute(delete(access_proof).where(access_proof.c.digest.in_(old))).rowcount

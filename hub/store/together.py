"""An entry and what it tells of, in one transaction, where the second may turn out not to be possible."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from hub.audit.entries import Entry
from hub.audit.side import Side
from hub.errors import AuditUnavailable
from hub.store.appender import Log


async def append_with(
    log: Log,
    entry: Entry,
    work: Callable[[Connection, int], None],
    *refusals: type[Exception],
    side: Side | None = None,
) -> int:
    """Write ``entry`` (with its ``side`` row), and do ``work`` (given its index) in the same transaction; the index.

    Raises:
        AuditUnavailable: as for :meth:`hub.store.appender.Log.append`.
        Exception: one of ``refusals``, when ``work`` raised it: then the entry is not written either.
    """
    raised: list[Exception] = []

    def along(connection: Connection, index: int) -> None:
        raised.clear()
        try:
            work(connection, index)
        except refusals as fault:
            raised.append(fault)
            raise

    try:
        return (await log.append(entry, side=side, along=along)).index
    except AuditUnavailable:
        if raised:
            raise raised[0] from None
        raise

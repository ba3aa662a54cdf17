"""Legal holds: subjects of whom nothing may be erased or dropped. Set and lifted by entries of the log."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from hub.audit.about import kind_in
from hub.audit.acts import Hold, Officer
from hub.audit.encoding import decode
from hub.audit.words import code
from hub.errors import HubError
from hub.store.appender import Log
from hub.store.reader import moment
from hub.store.tables import log_hold, log_reference

SET, LIFTED = "set", "lifted"


@dataclass(frozen=True, slots=True)
class Held:
    """A hold: on which subject, since when, set by which entry, and by whom (None: the log knows no name)."""

    reference: str
    entry: int
    at: datetime
    by: str | None
    reason: str


class OnHold(HubError):
    """Something of the person's is under a legal hold: nothing of hers is erased. ``held`` says who set it and when."""

    default_code = "LEGAL_HOLD"

    def __init__(self, held: Iterable[Held]) -> None:
        self.held = tuple(held)
        first = self.held[0]
        super().__init__(
            f"A legal hold is set, since {first.at:%Y-%m-%d %H:%M} UTC, reason {first.reason} (entry {first.entry}). "
            "Nothing of this person is erased until it is lifted: ask who set it (`hub audit hold --list`)."
        )


async def hold(log: Log, make: Hold) -> int:
    """Log a hold as set or lifted (``make.act``), and have it so from then on; the entry's index.

    Raises:
        AuditUnavailable: nothing was changed, or it is not certain: list the holds and try again.
    """

    def along(connection: Connection, index: int) -> None:
        connection.execute(delete(log_hold).where(log_hold.c.ref == make.subject))
        if make.act == SET:
            at = int(make.at.timestamp() * 1000)
            row = {"ref": make.subject, "entry": index, "at": at, "officer": make.officer.worker, "reason": make.reason}
            connection.execute(insert(log_hold).values(row))

    return (await log.append(make, along=along)).index


def read_holds(connection: Connection, references: Collection[str] | None = None) -> Sequence[Held]:
    """The holds that are set (on ``references``, or all), the oldest first."""
    name = select(log_reference.c.value).where(log_reference.c.ref == log_hold.c.officer).scalar_subquery()
    query = select(log_hold, name.label("name")).order_by(log_hold.c.entry)
    if references is not None:
        query = query.where(log_hold.c.ref.in_(sorted(references)))
    return [
        Held(row.ref, row.entry, moment(row.at), None if row.name is None else row.name.partition("/")[2], row.reason)
        for row in connection.execute(query)
    ]


def holds_in(entries: Iterable[tuple[int, bytes]]) -> frozenset[str]:
    """The subjects on hold by the log's own entries (index and bytes, all of them): what the table is derived from."""
    held: set[str] = set()
    for _, body in entries:
        if kind_in(body) == "hold":
            entry = decode(body)
            assert isinstance(entry, Hold)
            (held.add if entry.act == SET else held.discard)(entry.subject)
    return frozenset(held)


def make_hold(log: Log, act: str, officer: Officer, subject: str, reason: str) -> Hold:
    """The entry of a hold on ``subject`` that is ``act`` (``SET`` or ``LIFTED``) now."""
    at, nonce = log.stamp()
    return Hold(at=at, nonce=nonce, officer=officer, act=act, subject=subject, reason=code(reason))

"""Access that was taken away, kept in the log's database; each change is one transaction with an entry of the log.

The entry (``register``) says what was done, and in ``register`` the SHA-256 of the list from then on: the references of
the denials in force, in order, each with a line end. The references are random, so the digest leads back to nobody.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, Engine, delete, insert, or_, select

from hub.audit.acts import Officer, RegisterChange
from hub.audit.words import code
from hub.errors import AuditUnavailable, BadRequest
from hub.store.access_tables import access_denial
from hub.store.appender import Log
from hub.store.engine import reading
from hub.store.reader import moment
from hub.store.together import append_with

DENIALS_MAX = 10_000
"""In force at one time; the hub keeps them all in memory."""

ATTEMPTS_MAX = 5

DENIED, ALLOWED = "denied", "allowed"


class NoSuchDenial(BadRequest):
    """There is no denial with that reference, or it has ended."""

    default_code = "DENIAL_NOT_FOUND"


@dataclass(frozen=True, slots=True)
class KeptDenial:
    """A row. ``kind`` is ``token``, ``worker`` or ``client``; ``until`` None: until it is allowed again."""

    ref: str
    kind: str
    issuer: str
    value: str = field(repr=False)
    at: datetime
    until: datetime | None
    reason: str
    entry: int = -1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be denied, from now until ``until``, and why: a code without names."""

    kind: str
    issuer: str
    value: str = field(repr=False)
    until: datetime | None
    reason: str


class _Moved(Exception):
    """Somebody else changed the list meanwhile: the entry would tell of another list."""


async def deny(log: Log, officer: Officer, wanted: Wanted) -> KeptDenial:
    """Take access away, and log that it was; every hub on this database honours it within a minute.

    Raises:
        AuditUnavailable: nothing was changed, or it is not certain: list the denials and try again.
        BadRequest: ``DENIALS_TOO_MANY``.
    """
    ref = secrets.token_hex(16)

    def change(connection: Connection, at: datetime, index: int) -> None:
        row = {"ref": ref, "kind": wanted.kind, "issuer": wanted.issuer, "value": wanted.value}
        until = None if wanted.until is None else _milliseconds(wanted.until)
        more = {"at": _milliseconds(at), "until": until, "reason": code(wanted.reason), "entry": index}
        connection.execute(insert(access_denial).values(**row, **more))

    def after(before: Sequence[KeptDenial]) -> Iterable[str]:
        if len(before) >= DENIALS_MAX:
            raise BadRequest(
                f"{DENIALS_MAX} denials are in force; allow some again, or take the client or role out of the "
                "register.",
                code="DENIALS_TOO_MANY",
            )
        return [*(each.ref for each in before), ref]

    at, index = await _changed(log, officer, f"{DENIED}:{wanted.kind}", after, change)
    return KeptDenial(ref, wanted.kind, wanted.issuer, wanted.value, at, wanted.until, code(wanted.reason), index)


async def allow(log: Log, officer: Officer, ref: str) -> KeptDenial:
    """Take the denial ``ref`` back, and log that it was.

    Raises:
        NoSuchDenial: there is none; nothing was written.
        AuditUnavailable: as for :func:`deny`.
    """
    now, _ = log.stamp()
    found = next((each for each in await log.beside(lambda engine: in_force(engine, now)) if each.ref == ref), None)
    if found is None:
        raise NoSuchDenial("No denial in force has that reference; `hub access list` shows them.")

    def change(connection: Connection, _at: datetime, _index: int) -> None:
        connection.execute(delete(access_denial).where(access_denial.c.ref == ref))

    def after(before: Sequence[KeptDenial]) -> Iterable[str]:
        rest = [each.ref for each in before if each.ref != ref]
        if len(rest) == len(before):
            raise NoSuchDenial("Somebody else allowed it again just now.")
        return rest

    _, index = await _changed(log, officer, f"{ALLOWED}:{found.kind}", after, change)
    return replace(found, entry=index)


async def _changed(
    log: Log,
    officer: Officer,
    act: str,
    after: Callable[[Sequence[KeptDenial]], Iterable[str]],
    change: Callable[[Connection, datetime, int], None],
) -> tuple[datetime, int]:
    """Log ``act`` and make ``change`` with it; tried again while others change the list. When, and its index."""
    for _ in range(ATTEMPTS_MAX):
        at, nonce = log.stamp()
        before = await log.beside(partial(in_force, at=at))
        seen = {each.ref for each in before}

        def work(connection: Connection, index: int, at: datetime = at, seen: set[str] = seen) -> None:
            if {each.ref for each in _rows(connection, at)} != seen:
                raise _Moved
            change(connection, at, index)

        entry = RegisterChange(at=at, nonce=nonce, officer=officer, act=act, register=digest(after(before)))
        with suppress(_Moved):
            return moment(_milliseconds(at)), await append_with(log, entry, work, _Moved)
    raise AuditUnavailable("Others are changing the list of denials at the same time. Nothing was done; try again.")


def in_force(engine: Engine, at: datetime) -> Sequence[KeptDenial]:
    """The denials in force ``at`` a moment, the oldest first."""
    with engine.connect() as connection:
        return _rows(reading(connection), at)


def _rows(connection: Connection, at: datetime) -> Sequence[KeptDenial]:
    until = access_denial.c.until
    query = select(access_denial).where(or_(until.is_(None), until > _milliseconds(at))).order_by(access_denial.c.entry)
    return [
        KeptDenial(
            row.ref,
            row.kind,
            row.issuer,
            row.value,
            moment(row.at),
            None if row.until is None else moment(row.until),
            row.reason,
            row.entry,
        )
        for row in connection.execute(query)
    ]


def forget_ended(engine: Engine, at: datetime) -> int:
    """Drop the rows of denials that ended before ``at``: what the log says of them stays."""
    with engine.begin() as connection:
        return connection.execute(delete(access_denial).where(access_denial.c.until <= _milliseconds(at))).rowcount


def digest(refs: Iterable[str]) -> str:
    """The SHA-256 of a list of denials, as an entry has it."""
    return hashlib.sha256("".join(f"{ref}\n" for ref in sorted(refs)).encode("ascii")).hexdigest()


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)

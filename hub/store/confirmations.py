"""Possible matches that answers showed, and what people said of them, kept in the log's database.

What was shown is kept for ``SHOWN_DAYS_MAX`` days, so that a person can confirm a candidate by the reference she saw.
What people said is only ever added, each with an entry of the log that tells of it. Both are personal data: nothing of
a row may reach a log line or an error.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import delete, insert, select

from hub.audit.acts import MatchAct, Officer
from hub.audit.entries import Answer, Question
from hub.domain.people import ChildSearch
from hub.errors import AuditUnavailable, BadRequest
from hub.matching.confirmations import SALT_BYTES, Book, Confirmation, Seen, Withdrawn, see
from hub.matching.resolution import Said, ScoredCandidate
from hub.store.append_only import RECORDED, WITHDRAWN, AppendOnly, Contents, Phrases
from hub.store.appender import Log
from hub.store.engine import single
from hub.store.judgements import SUBJECT, local_key
from hub.store.tables import confirmation, match_shown
from hub.telemetry.lines import LogLine, say

SHOWN_DAYS_MAX = 30
"""After so many days a possible match that was shown is deleted; whoever wants to confirm it asks again."""

_PHRASES = Phrases(
    what=Contents.CONFIRMATIONS,
    unread="What people have said of possible matches cannot be read, so nothing is released. "
    "If a child may be at immediate risk, telephone the agencies now (police: 999).",
    unsure="It is not certain that this was recorded. Look with `hub match list`, and record it again if it is not "
    "there.",
    absent=lambda: BadRequest(
        "No confirmation has that reference; `hub match list` shows them.", code="CONFIRMATION_NOT_FOUND"
    ),
    taken_back=lambda: BadRequest("That confirmation was withdrawn before.", code="CONFIRMATION_WITHDRAWN"),
)
_ACTS = {Said.SAME: "confirmed", Said.DIFFERENT: "denied"}
_NOBODY_STATED = "not_stated"


class ConfirmationsUnavailable(AuditUnavailable):
    """They cannot be read or written. "Not this child" that cannot be read must not read as never said."""


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a row says. ``version`` stops a hub from reading a later one's rows, and what they add, as less."""

    version: Literal[1]
    said: Confirmation | None = None
    withdrawn: Withdrawn | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A confirmation as it stands in the table."""

    confirmation: Confirmation
    withdrawn: Withdrawn | None = None


class ConfirmationStore(AppendOnly[Kept, Book]):
    """The confirmations in one database; see :class:`~hub.store.append_only.AppendOnly`."""

    table = confirmation
    phrases = _PHRASES
    unavailable = ConfirmationsUnavailable

    async def record(self, made: Confirmation, officer: Officer | None = None) -> None:
        """Keep ``made``, and log that it was said. When this returns both are on disk, and every question asked from
        now on is resolved with it. ``officer`` is who said it, where that is known better than by a name.
        """

        async def act(log: Log) -> MatchAct:
            return await self._act(log, _ACTS[made.said], made, made.by, officer)

        await self._append(act, made.id, RECORDED, made.at, Body(1, said=made))

    async def withdraw(self, reference: str, withdrawn: Withdrawn) -> None:
        """Take a confirmation back, and log that it was; from then on it says nothing.

        Raises:
            BadRequest: ``CONFIRMATION_NOT_FOUND``, or ``CONFIRMATION_WITHDRAWN`` when it was taken back before.
        """
        kept = await self._kept(reference)

        async def act(log: Log) -> MatchAct:
            return await self._act(log, WITHDRAWN, kept.confirmation, withdrawn.by)

        await self._append(act, reference, WITHDRAWN, withdrawn.at, Body(1, withdrawn=withdrawn))

    async def remember(self, answer: int, search: ChildSearch, shown: Sequence[ScoredCandidate], at: datetime) -> None:
        """Keep what answer number ``answer`` showed of possible matches, in its order, and delete what is old.

        It never raises: an answer must not wait for it, and what is not kept can be asked for again.
        """

        def add() -> None:
            before = int((at - timedelta(days=SHOWN_DAYS_MAX)).timestamp() * 1000)
            rows = [_shown(answer, n, search, one, at) for n, one in enumerate(shown, 1)]
            with self._engine.begin() as connection:
                connection.execute(delete(match_shown).where(match_shown.c.at < before))
                connection.execute(insert(match_shown), rows)

        if not shown:
            return
        try:
            await self._on_thread(add, self.phrases.unsure)
        except AuditUnavailable:
            say(LogLine.MATCHES_NOT_KEPT)

    async def seen(self, answer: int, ordinal: int) -> Seen:
        """The ``ordinal``-th possible match (from 1) of answer number ``answer``.

        Raises:
            BadRequest: ``CANDIDATE_NOT_FOUND``.
        """
        where = (match_shown.c.answer == answer, match_shown.c.ordinal == ordinal)
        return await self._seen(select(match_shown.c.body).where(*where))

    async def last_seen(self, custodian: str, local_id: str) -> Seen:
        """Somebody by the custodian's own id, as the newest answer that showed them did; raises as :meth:`seen`."""
        where = (match_shown.c.custodian == custodian, match_shown.c.local_id == local_id)
        newest = select(match_shown.c.body).where(*where).order_by(match_shown.c.answer.desc()).limit(1)
        return await self._seen(newest)

    async def _seen(self, statement: Any) -> Seen:
        def read() -> str | None:
            with self._engine.connect() as connection:
                body: str | None = single(connection).scalar(statement)
                return body

        body = await self._on_thread(read, self.phrases.unread)
        if body is None:
            raise BadRequest(
                f"No answer of the last {SHOWN_DAYS_MAX} days showed that as a possible match. Ask about the child, "
                "and use the reference beside the candidate.",
                code="CANDIDATE_NOT_FOUND",
            )
        return msgspec.json.decode(body, type=Seen)

    async def _act(self, log: Log, act: str, made: Confirmation, by: str, officer: Officer | None = None) -> MatchAct:
        at, nonce = log.stamp()
        return MatchAct(
            at=at,
            nonce=nonce,
            officer=officer or await self._officer(log, _NOBODY_STATED, by, _NOBODY_STATED),
            act=act,
            confirmation=made.id,
            custodian=made.seen.custodian,
            subject=await self._subject(log, made.seen),
            until=made.expires_at,
        )

    async def _subject(self, log: Log, seen: Seen) -> str:
        """The reference of the child that was asked about when this was shown.

        Where that is not kept any more, one that stands for the custodian's own id.
        """

        def read() -> int | None:
            where = (match_shown.c.custodian == seen.custodian, match_shown.c.local_id == seen.local_id)
            with self._engine.connect() as connection:
                rows = single(connection).execute(select(match_shown.c.answer, match_shown.c.body).where(*where)).all()
            shown = (row.answer for row in rows if msgspec.json.decode(row.body, type=Seen).salt == seen.salt)
            return next(shown, None)

        answer = await self._on_thread(read, self.phrases.unread)
        stored = None if answer is None else await log.entry(answer)
        if stored is not None and isinstance(stored.entry, Answer):
            stored = await log.entry(stored.entry.question)
            if stored is not None and isinstance(stored.entry, Question):
                return stored.entry.subject
        return await log.reference(SUBJECT, local_key(seen.custodian, seen.local_id))

    def _with_row(self, before: Kept | None, row: Any) -> Kept | None:
        body = msgspec.json.decode(row.body, type=Body)
        if row.act == RECORDED and body.said is not None:
            return Kept(body.said)
        if row.act == WITHDRAWN and body.withdrawn is not None and before is not None:
            return replace(before, withdrawn=body.withdrawn)
        return None

    def _book(self, every: Iterable[Kept]) -> Book:
        return Book(each.confirmation for each in every if each.withdrawn is None)


def _shown(answer: int, ordinal: int, search: ChildSearch, one: ScoredCandidate, at: datetime) -> dict[str, object]:
    seen = see(search, one, secrets.token_bytes(SALT_BYTES))
    return {
        "answer": answer,
        "ordinal": ordinal,
        "custodian": seen.custodian,
        "local_id": seen.local_id,
        "at": int(at.timestamp() * 1000),
        "body": msgspec.json.encode(seen).decode(),
    }

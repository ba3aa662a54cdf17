"""Decisions by people, kept in the log's database, each with an entry of the log that tells of it.

The table holds personal data: the child, who decided, the reasons. The entry has codes and references alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection

from hub.audit.acts import JudgementAct
from hub.errors import AuditUnavailable, BadRequest
from hub.policy.judgements import Book, Judgement, State, Withdrawal
from hub.store.append_only import ERASED, RECORDED, WITHDRAWN, AppendOnly, Contents, Phrases, forget, recorded_at
from hub.store.appender import Log
from hub.store.holds import OnHold, read_holds
from hub.store.tables import judgement
from hub.store.together import append_with

SUBJECT = "subject"
"""The kind of reference that stands for a child."""

_PHRASES = Phrases(
    what=Contents.DECISIONS,
    unread="The decisions that people have recorded cannot be read, so nothing is released. "
    "If a child may be at immediate risk, telephone the agencies now (police: 999).",
    unsure="It is not certain that this was recorded. Look with `hub decision list`, and record it again if it is not "
    "there; until then tell the agency by telephone what was decided.",
    absent=lambda: BadRequest(
        "No decision has that reference; `hub decision list` shows them.", code="JUDGEMENT_NOT_FOUND"
    ),
    taken_back=lambda: BadRequest("That decision was withdrawn before.", code="JUDGEMENT_WITHDRAWN"),
)


class JudgementsUnavailable(AuditUnavailable):
    """The decisions cannot be read or written. A hold that cannot be read must not read as no hold."""


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a row says. ``version`` stops a hub from reading a later one's rows, and what they add, as less."""

    version: Literal[1]
    said: Judgement | None = None
    withdrawn: Withdrawal | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A judgement as it stands in the table."""

    judgement: Judgement
    recorded_at: datetime
    withdrawal: Withdrawal | None = None

    def state(self, at: datetime) -> State:
        """How it stands ``at`` a moment (aware)."""
        return State.WITHDRAWN if self.withdrawal is not None else self.judgement.state(at)


class JudgementStore(AppendOnly[Kept, Book]):
    """The decisions in one database; see :class:`~hub.store.append_only.AppendOnly`."""

    table = judgement
    phrases = _PHRASES
    unavailable = JudgementsUnavailable

    async def record(self, made: Judgement, at: datetime) -> None:
        """Keep ``made``, recorded ``at`` a moment (aware), and log that it was. When this returns both are on disk, and
        every question asked from now on, of any process, is decided with it.
        """

        async def act(log: Log) -> JudgementAct:
            return await self._act(log, RECORDED, made, made.decided_by, made.post)

        await self._append(act, made.id, RECORDED, at, Body(1, said=made))

    async def withdraw(self, reference: str, withdrawal: Withdrawal) -> None:
        """Take a judgement back, and log that it was; from then on it says nothing.

        Raises:
            BadRequest: ``JUDGEMENT_NOT_FOUND``, or ``JUDGEMENT_WITHDRAWN`` when it was taken back before.
        """
        kept = await self._kept(reference)

        async def act(log: Log) -> JudgementAct:
            return await self._act(log, WITHDRAWN, kept.judgement, withdrawal.by, "not_stated")

        await self._append(act, reference, WITHDRAWN, withdrawal.at, Body(1, withdrawn=withdrawal))

    async def erase(self, reference: str, by: str) -> None:
        """Erase a judgement that is over or withdrawn, and log that ``by`` (a name) did.

        Raises:
            OnHold: its child is under a legal hold.
            JudgementsUnavailable: it was not erased, or that is not certain.
        """
        if self._log is None:
            raise RuntimeError("a store without a log only reads")
        kept = next(each for each in await self.every() if each.judgement.id == reference)
        entry = await self._act(self._log, ERASED, kept.judgement, by, "not_stated")

        def work(connection: Connection, _index: int) -> None:
            if held := read_holds(connection, [entry.subject]):
                raise OnHold(held)
            forget(connection, judgement, [reference], entry.at)

        try:
            await append_with(self._log, entry, work, OnHold)
        except AuditUnavailable:
            raise self.unavailable(self.phrases.unsure) from None

    async def _act(self, log: Log, act: str, made: Judgement, by: str, post: str) -> JudgementAct:
        at, nonce = log.stamp()
        return JudgementAct(
            at=at,
            nonce=nonce,
            officer=await self._officer(log, made.custodian, by, post),
            act=act,
            judgement=made.id,
            word=made.word,
            custodian=made.custodian,
            subject=await log.reference(SUBJECT, about(made)),
            until=made.expires_at,
        )

    def _with_row(self, before: Kept | None, row: Any) -> Kept | None:
        body = msgspec.json.decode(row.body, type=Body)
        if row.act == RECORDED and body.said is not None:
            return Kept(body.said, recorded_at(row))
        if row.act == WITHDRAWN and body.withdrawn is not None and before is not None:
            return replace(before, withdrawal=body.withdrawn)
        return None

    def _book(self, every: Iterable[Kept]) -> Book:
        return Book(each.judgement for each in every if each.withdrawal is None)


def about(made: Judgement) -> str:
    """What the mapping table knows the child of a judgement by: as a question does where the NHS number is known."""
    if made.nhs_number is not None:
        return f"nhs:{made.nhs_number.value}"
    return local_key(made.custodian, str(made.local_id))


def local_key(custodian: str, local_id: str) -> str:
    """What the mapping table knows somebody by of whom only a custodian's own id is known."""
    return f"local:{custodian}/{local_id}"

"""The report of who has asked about a person, made from the pages: as ``hub audit access-report`` makes it.

An agency's officer gets what her own agency asked and uses of its records; who reviews for the partnership, all of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from hub.audit.acts import Report
from hub.errors import AuditUnavailable, BadRequest
from hub.service.access_report import Made, Words, make
from hub.service.reviewing import Reviewer, Reviewing
from hub.store.accesses import Accesses, Use, read_accesses
from hub.store.engine import make_engine
from hub.store.subjects import Whom

WAIT_SECONDS = 60.0
REASON = "right-of-access"


class Reporting:
    """Makes reports, one at a time: each reads the whole log."""

    def __init__(self, reviewing: Reviewing) -> None:
        self._reviewing = reviewing
        self._log = reviewing.log
        self._making = asyncio.Lock()

    async def report(self, reviewer: Reviewer, whom: Whom, words: Words) -> Made:
        """The report about ``whom``, once the log has it that it is made.

        Raises:
            BadRequest: ``PERSON_NOT_KNOWN``: no question the officer may see named this person so.
            AuditUnavailable: the log could not be read to its end, or written.
        """
        url = await self._log.beside(lambda engine: engine.url.render_as_string(hide_password=False))
        async with self._making:
            found = await asyncio.to_thread(_read, url, whom)
        found = within(found, reviewer.scope)
        if not found.subjects or not (found.uses or found.acts):
            raise BadRequest(
                "No question that you may see named this person so. Name also how else they may have been asked about.",
                code="PERSON_NOT_KNOWN",
            )
        for subject in found.subjects:
            at, nonce = self._log.stamp()
            act = Report(
                at=at, nonce=nonce, officer=reviewer.officer, subject=subject, size=found.size, reason=REASON
            )  # fmt: skip
            await self._reviewing.append(act)
        return make(found, words, log=self._log.verifier.name, at=self._now())

    def _now(self) -> datetime:
        return self._log.stamp()[0]


def within(found: Accesses, scope: str | None) -> Accesses:
    """What an agency may see of it: its own workers' questions, and those in which its records were asked for."""
    if scope is None:
        return found
    uses = tuple(use for use in found.uses if _concerns(use, scope))
    acts = tuple((index, act) for index, act in found.acts if act.officer.organisation == scope)
    return replace(found, uses=uses, acts=acts)


def _concerns(use: Use, agency: str) -> bool:
    asked = {each.custodian for each in use.question.asked}
    return agency in asked or use.question.asker.organisation == agency


def _read(url: str, whom: Whom) -> Accesses:
    engine = make_engine(url, WAIT_SECONDS)
    try:
        return read_accesses(engine, whom)
    except SQLAlchemyError:
        raise AuditUnavailable("The log could not be read to its end. Try again in a minute.") from None
    finally:
        engine.dispose()

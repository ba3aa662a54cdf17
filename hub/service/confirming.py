"""A person's word on a possible match that she was shown: it is this child, or it is not."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.audit.acts import Officer
from hub.audit.entries import Answer, Question
from hub.domain.enquiry import Searcher
from hub.errors import BadRequest
from hub.matching.confirmations import Confirmation, new
from hub.matching.resolution import Said
from hub.policy.judging import reasons as plain_reasons
from hub.store.appender import Log
from hub.store.confirmations import ConfirmationStore

DAYS = 90
"""How long a confirmation holds when nobody says; a person looks again then."""

_REFERENCE = re.compile(r"(\d{1,15})-c(\d{1,4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Confirming:
    """Records what people say of possible matches.

    Attributes:
        log: the signed log.
        confirmations: where their word is kept.
    """

    log: Log
    confirmations: ConfirmationStore

    async def say(
        self, searcher: Searcher, officer: Officer, reference: str, said: Said, *, name: str, reasons: str, at: datetime
    ) -> Confirmation:
        """Record that ``reference`` (such as ``812-c1``), which ``searcher`` was shown, is the child or is not.

        Args:
            searcher: who says it; what was shown to somebody else is not hers to confirm.
            officer: the same person, for the log.
            reference: as it stands beside the candidate in the answer.
            said: what she says.
            name: the person's name; kept beside the confirmation, never in the log.
            reasons: what was compared, and with whom.
            at: now, aware.

        Raises:
            BadRequest: ``CANDIDATE_NOT_FOUND``: there is none, it was not shown to her, or it is too old: all alike.
                ``SEARCH_TOO_LITTLE``: the child was asked about by less than can be recognised again.
                ``CANDIDATE_NOT_CONFIRMABLE``: of an unborn child, where no person's word settles it.
                ``JUDGEMENT_REASONS_INVALID``: too short, too long, or no plain text.
            AuditUnavailable: nothing was recorded, or it is not certain that it was.
        """
        why = plain_reasons(reasons)
        found = _REFERENCE.fullmatch(reference)
        if found is None or not await self._was_shown(officer, searcher.organisation, int(found[1])):
            raise _unknown()
        seen = await self.confirmations.seen(int(found[1]), int(found[2]))
        if not (seen.stated or seen.child.get("nhs_number")):  # nobody could tell again which child was meant
            raise BadRequest(
                "Ask with the NHS number or the whole date of birth first: what you say of a match holds for a child "
                "who can be told again.",
                code="SEARCH_TOO_LITTLE",
            )
        made = new(
            seen,
            said,
            by=name,
            reasons=why,
            at=at,
            expires_at=at + timedelta(days=DAYS),
            reference=secrets.token_hex(16),
        )
        await self.confirmations.record(made, officer)
        return made

    async def _was_shown(self, officer: Officer, organisation: str, number: int) -> bool:
        stored = await self.log.entry(number)
        if stored is None or not isinstance(stored.entry, Answer):
            return False
        question = await self.log.entry(stored.entry.question)
        if question is None or not isinstance(question.entry, Question) or officer.worker is None:
            return False
        asker = question.entry.asker
        return (asker.organisation, asker.worker) == (organisation, officer.worker)


def _unknown() -> BadRequest:
    return BadRequest(
        "You were shown no such possible match in the last 30 days. Ask about the child again, and use the one beside "
        "the agency.",
        code="CANDIDATE_NOT_FOUND",
    )

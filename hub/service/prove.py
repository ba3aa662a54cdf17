"""The proof of one log entry, for those it concerns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from hub.audit.entries import Answer, Question, Refused
from hub.domain.enquiry import Searcher
from hub.errors import HubError
from hub.store.appender import Log


class NoSuchEntry(HubError):
    """There is no such entry, or it is not this searcher's to see: the two look the same."""

    http_status = 404
    default_code = "ENTRY_NOT_FOUND"


async def prove(
    log: Log, searcher: Searcher, number: int, proof: Callable[[int], Awaitable[str | None]] | None = None
) -> str:
    """The C2SP tlog-proof of entry ``number``, if the searcher's organisation asked the question it belongs to.

    ``proof`` gives the text for it; the log's own, under its newest head, when None.

    Raises:
        NoSuchEntry: there is none, or it belongs to another organisation's question.
        AuditUnavailable: the log cannot be read.
    """
    if await _organisation(log, number) == searcher.organisation:
        text = await (proof or log.proof)(number)
        if text is not None:
            return text
    raise NoSuchEntry("There is no entry of your organisation's with that number.")


async def _organisation(log: Log, number: int) -> str | None:
    stored = await log.entry(number)
    entry = stored.entry if stored is not None else None
    if isinstance(entry, Answer):
        return await _organisation(log, entry.question)
    if isinstance(entry, Question):
        return entry.asker.organisation
    return entry.organisation if isinstance(entry, Refused) else None

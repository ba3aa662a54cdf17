"""A refusal is an answer too: it is in the log before it leaves, and no custodian hears of it."""

from __future__ import annotations

from hub.audit.entries import Refused
from hub.domain.enquiry import Searcher
from hub.errors import HubError
from hub.service.entries import worker_key
from hub.store.appender import Log


async def record_refusal(
    log: Log,
    error: HubError,
    *,
    searcher: Searcher | None = None,
    purpose: str | None = None,
    trace_id: str | None = None,
) -> None:
    """Append what was refused and to whom, as far as that is known.

    Raises:
        AuditUnavailable: the log cannot be written; then that is what the caller must say.
    """
    worker = None
    if searcher is not None and searcher.worker is not None:
        worker = await log.reference("worker", worker_key(searcher.organisation, searcher.worker))
    at, nonce = log.stamp()
    await log.append(
        Refused(
            at=at,
            nonce=nonce,
            code=error.code,
            status=error.http_status,
            client=searcher.client_id if searcher else None,
            organisation=searcher.organisation if searcher else None,
            worker=worker,
            purpose=purpose,
            trace=trace_id,
        )
    )

"""What the hub does by itself about release requests: late ones are escalated, releases are brought into effect.

Several processes may do it at once: the log's head decides which of them writes a step, and it is written once.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from hub.audit.acts import Officer, ReleaseRequest
from hub.errors import AuditUnavailable
from hub.service.releasing import Releasing
from hub.store.release_requests import Request, StepTaken, add_escalated, forget_lines, read_overdue, read_uneffected
from hub.store.together import append_with
from hub.telemetry.lines import LogLine, say

EVERY_SECONDS = 60.0

ITSELF = "hub"
"""Client and role of an entry that the hub writes of its own accord."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did: requests escalated, and releases brought into effect."""

    escalated: int
    effected: int


async def run(releasing: Releasing, every_seconds: float = EVERY_SECONDS) -> None:
    """Go round now and then, for as long as the hub runs. Never raises; while it fails there is one log line."""
    failing = False
    while True:
        try:
            await go_round(releasing)
            failing = False
        except AuditUnavailable:
            if not failing:
                say(LogLine.RELEASE_ROUND_FAILED)
            failing = True
        await asyncio.sleep(every_seconds)


async def go_round(releasing: Releasing) -> Round:
    """Bring releases into effect that a crash left without, escalate what is late, and forget old lines.

    Raises:
        AuditUnavailable: the log or its database fails; what was done before it did stands.
    """
    log, now = releasing.log, releasing.clock()
    uneffected = [each for each in await log.beside(read_uneffected) if each.answered is not None]
    for each in uneffected:
        await releasing.effect(each)
    late = await log.beside(partial(read_overdue, at=now))
    escalated = [await _escalate(releasing, each, now) for each in late]
    await log.beside(partial(forget_lines, at=now))
    return Round(sum(escalated), len(uneffected))


async def _escalate(releasing: Releasing, request: Request, now: datetime) -> bool:
    """Write that a request is late; False when somebody else did, or it was answered meanwhile."""
    log = releasing.log
    at, nonce = log.stamp()
    entry = ReleaseRequest(
        at=at,
        nonce=nonce,
        officer=Officer(ITSELF, request.custodian, None, ITSELF),
        act="escalated",
        request=request.reference,
        answer=request.about.answer,
        line=request.about.line,
    )

    def work(connection: Connection, index: int) -> None:
        add_escalated(connection, index, request.reference, now)

    try:
        await append_with(log, entry, work, StepTaken)
    except StepTaken:
        return False
    return True

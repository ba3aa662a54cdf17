"""Tokens, workers and clients whose access was taken away: known to every process of the hub within a minute.

The list is read from the log's database now and then, never in a request's way while it is young enough. A list too
old to be believed refuses every token rather than let one through that was denied.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum

from hub.access.token import VerifiedToken
from hub.errors import AuditUnavailable, Unauthenticated
from hub.telemetry.lines import LogLine, say

READ_EVERY_SECONDS = 10.0
BELIEVED_SECONDS = 50.0
"""With one reading that takes as long as it may, still below the minute within which a denial is honoured."""


class Denied(StrEnum):
    """What is denied: one token by its ``jti``, a worker by ``sub``, a client by ``client_id``."""

    TOKEN = "token"
    WORKER = "worker"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Denial:
    """What is denied; ``value`` is the claim of tokens of ``issuer``."""

    kind: Denied
    issuer: str
    value: str = field(repr=False)


class Denials:
    """The list, kept fresh.

    Args:
        read: gives the denials in force; raises AuditUnavailable.
        clock: seconds that only go forward.
    """

    def __init__(
        self, read: Callable[[], Awaitable[Collection[Denial]]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._clock = clock
        self._denied: frozenset[Denial] = frozenset()
        self._read_at: float | None = None
        self._lock = asyncio.Lock()

    async def check(self, token: VerifiedToken) -> None:
        """Refuse ``token`` when it, its worker or its client is on the list.

        Raises:
            Unauthenticated: ``TOKEN_REVOKED``; which of the three it was is not said.
            AuditUnavailable: the list cannot be read, and the one at hand is too old.
        """
        if self._read_at is None or self._clock() - self._read_at > BELIEVED_SECONDS:
            await self.refresh(older_than=BELIEVED_SECONDS)
        about = (
            Denial(Denied.TOKEN, token.issuer, token.token_id),
            Denial(Denied.WORKER, token.issuer, token.subject),
            Denial(Denied.CLIENT, token.issuer, token.client_id),
        )
        if not self._denied.isdisjoint(about):
            raise Unauthenticated(
                "This access was taken away by whoever runs the hub. Ask your agency's information governance lead.",
                code="TOKEN_REVOKED",
            )

    async def refresh(self, *, older_than: float = 0.0) -> None:
        """Read the list if the one at hand is ``older_than`` so many seconds; whoever waits shares one reading."""
        async with self._lock:
            begun = self._clock()
            if self._read_at is None or begun - self._read_at >= older_than:
                self._denied = frozenset(await self._read())
                self._read_at = begun

    async def run(self) -> None:
        """Keep the list fresh, for ever."""
        while True:
            try:
                await self.refresh()
            except AuditUnavailable:
                say(LogLine.DENIALS_NOT_READ)
            await asyncio.sleep(READ_EVERY_SECONDS)

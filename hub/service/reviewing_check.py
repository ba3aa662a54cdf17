"""The box that says whether the log checks out: what it rests on, and what exactly is wrong when it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.audit.note import VerifierKey
from hub.errors import AuditUnavailable
from hub.service.witness_state import State
from hub.service.witnessing import Unwitnessed
from hub.store import review_check
from hub.store.appender import Log
from hub.store.review_check import Fault, Looked, Scan

EVERY = timedelta(seconds=2)
"""So often at most a look is taken; who asks in between is told of the last."""


@dataclass(frozen=True, slots=True)
class Checks:
    """How the log stands.

    Attributes:
        at: when it was looked at.
        size, root: of the newest signed checkpoint; ``note`` is its text.
        read: so many entries were hashed anew in this round.
        whole: when all of them last had been; None: not yet since the hub started.
        fault: what is wrong with the log itself; it stays until the hub is started anew.
        witnessed: the witnesses' state, as ``/health/ready`` shows it.
        unknown: the database did not answer, so nothing is known.
    """

    at: datetime
    size: int
    root: str
    note: str
    read: int
    whole: datetime | None
    fault: Fault | None
    witnessed: Mapping[str, Any]
    unknown: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong: neither with the log nor with its witnesses."""
        return self.fault is None and not self.unknown and self.witnesses_ok

    @property
    def witnesses_ok(self) -> bool:
        """Whether the witnesses confirm the log, where it has any."""
        return self.witnessed.get("state") in ("not witnessed", State.WITNESSED.value)


class LogCheck:
    """Looks at the log whenever somebody asks, a further piece each time.

    Args:
        log: started.
        witnessing: what the witnesses say of it.
        earlier_keys: public keys the log had before.
    """

    def __init__(self, log: Log, witnessing: Unwitnessed, earlier_keys: tuple[VerifierKey, ...] = ()) -> None:
        self._log = log
        self._witnessing = witnessing
        self._keys = (log.verifier, *earlier_keys)
        self._scan = Scan()
        self._whole: datetime | None = None
        self._last: Checks | None = None
        self._fault: Fault | None = None
        self._looking = asyncio.Lock()

    async def look(self) -> Checks:
        """How the log stands now. Never raises."""
        async with self._looking:
            now, _ = self._log.stamp()
            if self._last is None or not timedelta(0) <= now - self._last.at < EVERY:
                self._last = await self._look(now)
            return self._last

    async def _look(self, now: datetime) -> Checks:
        scan, keys = self._scan, self._keys
        try:
            found = await self._log.beside(lambda engine: review_check.look(engine, keys, scan))
        except AuditUnavailable:
            return Checks(now, 0, "", "", 0, self._whole, self._fault, self._witnessing.shown(), unknown=True)
        return self._told(now, found)

    def _told(self, now: datetime, found: Looked) -> Checks:
        self._scan = found.scan
        if found.fault is not None and (self._fault is None or self._fault.entry is None):
            self._fault = found.fault  # the first, until one says which entry it is
        head, read = found.head, found.scan.frontier.size
        if found.came_round and self._fault is None:
            self._whole = now
        size, root = (0, "") if head is None else (head.size, head.root.hex())
        return Checks(now, size, root, found.note, read, self._whole, self._fault, self._witnessing.shown())

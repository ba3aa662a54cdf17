"""Agencies that answer from memory, inside the hub's process, so that their work is not counted as the hub's.

Each asks its real agency the first time, through the real connector, and from then on gives back what it was given
then. What the hub decides about is therefore exactly what it decides about in service; only the asking is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

from hub.connectors.base import Connector, Deadline, Fetched, Found, Matched
from hub.domain.people import Candidate, ChildSearch
from hub.domain.records import RecordPointer
from hub.domain.sources import NoAnswer
from hub.settings import CustodianSettings

CALLS = 3
"""Match, Find, Fetch: an agency's whole delay is divided over them."""

Answer = TypeVar("Answer", Matched, Found, Fetched)
Knowledge = TypeVar("Knowledge")
"""What a connector is made with besides its settings: the catalogue, or more."""


class Remembered:
    """A connector that remembers what ``inner`` answered; its three calls together take ``delay_seconds``."""

    def __init__(self, inner: Connector, delay_seconds: float = 0.0) -> None:
        self._inner = inner
        self._pause = delay_seconds / CALLS
        self._matched: dict[Hashable, Matched] = {}
        self._found: dict[Hashable, Found] = {}
        self._fetched: dict[Hashable, Fetched] = {}
        self.custodian = inner.custodian
        self.kinds = inner.kinds
        self.matches_nhs_number = inner.matches_nhs_number

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched | NoAnswer:
        """As :meth:`hub.connectors.base.Connector.match`."""
        await self._wait()
        if (known := self._matched.get(search)) is not None:
            return known
        return _kept(self._matched, search, await self._inner.match(search, deadline))

    async def find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found | NoAnswer:
        """As :meth:`hub.connectors.base.Connector.find`."""
        key = (who.local_id, kinds)
        await self._wait()
        if (known := self._found.get(key)) is not None:
            return known
        return _kept(self._found, key, await self._inner.find(who, kinds, deadline))

    async def fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched | NoAnswer:
        """As :meth:`hub.connectors.base.Connector.fetch`."""
        key = (who.local_id, tuple(pointer.record_id for pointer in pointers))
        await self._wait()
        if (known := self._fetched.get(key)) is not None:
            return known
        return _kept(self._fetched, key, await self._inner.fetch(who, pointers, deadline))

    async def close(self) -> None:
        """As :meth:`hub.connectors.base.Connector.close`."""
        await self._inner.close()

    async def _wait(self) -> None:
        if self._pause:
            await asyncio.sleep(self._pause)


def remembering(
    make: Callable[[CustodianSettings, Knowledge], Connector], delays: Mapping[str, float]
) -> Callable[[CustodianSettings, Knowledge], Connector]:
    """``make``, with what it makes remembered; ``delays`` are seconds by custodian id."""

    def made(entry: CustodianSettings, knowledge: Knowledge) -> Connector:
        return Remembered(make(entry, knowledge), delays.get(entry.id, 0.0))

    return made


def _kept(memory: dict[Hashable, Answer], key: Hashable, answer: Answer | NoAnswer) -> Answer | NoAnswer:
    """Keep an answer, not a failure."""
    if not isinstance(answer, NoAnswer):
        memory[key] = answer
    return answer

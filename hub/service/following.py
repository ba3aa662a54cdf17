"""Keeps the list of the log (:mod:`hub.store.read_model`) up with it: now and then, and before somebody reads it.

It costs no question anything: pieces are small, and each is a transaction of its own on a reading thread. When it
cannot be done there is one log line; the list then says how far it is, and the log itself is not touched.
"""

from __future__ import annotations

import asyncio
from functools import partial

from hub.store.appender import Log
from hub.store.read_model import Caught, catch_up
from hub.store.told import CHUNK_ROWS
from hub.telemetry.lines import LogLine, own_words, say

EVERY_SECONDS = 2.0

PIECE_ROWS = 200
"""So many entries are read on at once in the background: on SQLite, questions wait while they are written."""

PAUSE_SECONDS = 0.05
"""Between two such pieces, for questions to go first."""


class Following:
    """Follows ``log`` for as long as the hub runs."""

    def __init__(self, log: Log, every_seconds: float = EVERY_SECONDS, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._log = log
        self._every_seconds = every_seconds
        self._pause_seconds = pause_seconds
        self._failing = False

    async def run(self) -> None:
        """Read on now and then, for ever. Never raises."""
        while True:
            try:
                await self._to_the_end()
                if self._failing:
                    say(LogLine.LOG_LIST_KEPT_AGAIN)
                self._failing = False
            except Exception as fault:  # a list that is behind must not cost anybody an answer
                if not self._failing:  # one line for one failure, however long it lasts
                    say(LogLine.LOG_LIST_BEHIND, fault=own_words(fault))
                self._failing = True
            await asyncio.sleep(self._every_seconds)

    async def caught_up(self, within_seconds: float = 1.0) -> Caught:
        """Read on before the list is read, for so long at most; how far it is then.

        Raises:
            AuditUnavailable: the log's database does not answer.
            ConfigurationError: a newer hub made the list.
        """
        caught = await self._piece(0)
        size = caught.size
        try:
            async with asyncio.timeout(within_seconds):
                while caught.read < size:
                    caught = await self._piece(CHUNK_ROWS)
        except TimeoutError:
            pass
        return caught

    async def _to_the_end(self) -> None:
        caught = await self._piece(PIECE_ROWS)
        while not caught.up:
            await asyncio.sleep(self._pause_seconds)
            caught = await self._piece(PIECE_ROWS)

    async def _piece(self, limit: int) -> Caught:
        return await self._log.beside(partial(catch_up, limit=limit))

"""How much one request, one client and one worker may ask: budgets by what agencies must do, and rates by the minute.

A field costs the hub a microsecond; a child costs every agency a search. So a request is measured in children and in
calls to custodians (:class:`Budget`), and who asks is held to so many questions a minute (:class:`Rates`).

The rates are each process's own, in memory. A rate shared through the database would make each request of a flood one
more write to the database that the log must not lose; so several processes together allow a multiple, the proxy in
front holds each address to one rate for all of them (``deploy/nginx.conf``), and a restart forgives.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from math import ceil
from typing import Annotated

import msgspec
from msgspec import Meta

from hub.domain.enquiry import Searcher
from hub.errors import BadRequest, TooManyRequests

WHOLE_VIEWS = 2
"""How many children a request may ask everything about, where settings do not say how many calls it may cost."""

KEYS_MAX = 20_000
"""Clients and workers remembered; the one least recently seen is forgotten."""

MINUTE = 60.0

PerMinute = Annotated[int, Meta(ge=0, le=1_000_000)]


class LimitSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a request, a client and a worker may ask (``docs/endpoint.md``); a rate of 0 is no limit.

    ``calls_max`` left out is as many as :data:`WHOLE_VIEWS` children cost, asked about in full.
    """

    children_max: Annotated[int, Meta(ge=1, le=5)] = 5
    calls_max: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    client_per_minute: PerMinute = 600
    worker_per_minute: PerMinute = 60


UNLIMITED = LimitSettings(client_per_minute=0, worker_per_minute=0)
"""Rates are off in development, where one invented worker asks all the questions."""


class Budget:
    """What one request may cost the agencies.

    Args:
        custodians: for each custodian, the kinds of record it can be asked for.
        settings: the limits.
    """

    def __init__(self, custodians: Sequence[frozenset[str]], settings: LimitSettings) -> None:
        self._custodians = tuple(custodians)
        self._children_max = settings.children_max
        whole = sum(1 + len(kinds) for kinds in custodians)
        self._calls_max = settings.calls_max if settings.calls_max is not None else WHOLE_VIEWS * whole

    def calls(self, children: Sequence[frozenset[str]]) -> int:
        """Calls to custodians at most: for each child, at each of them, a search and one for each kind looked for."""
        return sum(1 + len(kinds & looked_for) for looked_for in children for kinds in self._custodians)

    def check(self, children: Sequence[frozenset[str]]) -> None:
        """Refuse a request about ``children`` (for each, the kinds of record it looks for) that costs too much.

        Raises:
            BadRequest: ``QUERY_TOO_COSTLY``; nobody was asked.
        """
        if len(children) > self._children_max:
            raise BadRequest(
                f"The document asks about {len(children)} children and may about {self._children_max}. Ask about one "
                "child at a time.",
                code="QUERY_TOO_COSTLY",
            )
        cost = self.calls(children)
        if cost > self._calls_max:
            raise BadRequest(
                f"The document would cost the agencies up to {cost} calls and may cost {self._calls_max}. Ask about "
                "fewer children at once, or for fewer kinds of record.",
                code="QUERY_TOO_COSTLY",
            )


class Rates:
    """Questions a minute for each client, and for each worker of an organisation.

    Each key's allowance refills evenly, and holds a minute's worth at most (the generic cell rate algorithm): a key is
    one number, the moment at which its allowance is full again.

    Args:
        settings: the limits.
        clock: seconds that only grow.
    """

    def __init__(self, settings: LimitSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = settings.client_per_minute
        self._worker = settings.worker_per_minute
        self._clock = clock
        self._full_at: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def take(self, searcher: Searcher, questions: int = 1) -> None:
        """Count ``questions`` by ``searcher``: one for each request, and one for each child of it beyond the first.

        Raises:
            TooManyRequests: ``RATE_LIMITED``, with the wait; then nothing was counted.
        """
        if questions < 1:
            return
        now = self._clock()
        counted = [(("client", searcher.client_id, ""), self._client)]
        if searcher.worker is not None:
            counted.append((("worker", searcher.organisation, searcher.worker), self._worker))
        full = {key: self._after(key, limit, questions, now) for key, limit in counted if limit}
        for key, at in full.items():
            self._full_at[key] = at
            self._full_at.move_to_end(key)
        while len(self._full_at) > KEYS_MAX:
            self._full_at.popitem(last=False)

    def _after(self, key: tuple[str, str, str], limit: int, questions: int, now: float) -> float:
        full_at = max(self._full_at.get(key, now), now) + questions * MINUTE / limit
        wait = full_at - now - MINUTE
        if wait > 1e-6:
            raise TooManyRequests(
                "More questions came in a minute than this hub answers one "
                f"{'worker' if key[0] == 'worker' else 'system'}. Ask again in {ceil(wait)} seconds. If a child may be "
                "at immediate risk, telephone the agencies now (police: 999).",
                retry_after=ceil(wait),
            )
        return full_at

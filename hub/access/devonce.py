"""What the development server hands out to be given back once, soon: codes, pushed requests, open sign-ins."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

KEPT_MAX = 10_000

_Value = TypeVar("_Value")


class Once(Generic[_Value]):
    """Values kept in memory under random names; each is given out once, and not after its time.

    Args:
        seconds: how long a value is kept.
        clock: any clock in seconds that does not go back.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[str, tuple[float, _Value]] = {}
        self._lock = threading.Lock()  # the OAuth core runs in threads

    def put(self, value: _Value) -> str:
        """Keep ``value``; the name to ask for it by. When too many are kept, the oldest makes room."""
        now, name = self._clock(), secrets.token_urlsafe(32)
        with self._lock:
            self._kept = {name: kept for name, kept in self._kept.items() if kept[0] > now}
            while len(self._kept) >= KEPT_MAX:
                del self._kept[next(iter(self._kept))]
            self._kept[name] = (now + self._seconds, value)
        return name

    def take(self, name: str) -> _Value | None:
        """The value kept under ``name``, which nobody gets again; None when there is none, or its time is over."""
        with self._lock:
            kept = self._kept.pop(name, None)
        return None if kept is None or kept[0] <= self._clock() else kept[1]


class Seen:
    """Ids that are good once, remembered until they would be refused for their age; as many as :data:`KEPT_MAX`."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def is_new(self, key: tuple[str, str], *, until: float, now: float) -> bool:
        """Whether ``key`` was not seen before, which it then was; False too when no more can be remembered."""
        with self._lock:
            self._until = {seen: end for seen, end in self._until.items() if end > now}
            if key in self._until or len(self._until) >= KEPT_MAX:
                return False
            self._until[key] = until
        return True

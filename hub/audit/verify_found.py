"""What the verifier says: the first fault, or that there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.audit.checkpoint import Checkpoint

Progress = Callable[[int, int], None]
"""Called with the entries checked and the entries there are to check."""


class Row(NamedTuple):
    """One stored entry. ``note`` is the signed checkpoint written with it, when it was the last of its transaction."""

    number: int
    leaf_hash: bytes
    body: bytes
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing wrong. The bad entry is ``first`` (or lies between it and ``last``); None: the head itself."""

    reason: str
    first: int | None = None
    last: int | None = None

    def __str__(self) -> str:
        if self.first is None:
            return self.reason
        if self.last is None or self.last == self.first:
            return f"entry {self.first}: {self.reason}"
        return f"between entries {self.first} and {self.last}: {self.reason}"


class Stop(Exception):
    """Carries the first fault out of the walk."""

    def __init__(self, reason: str, first: int | None = None, last: int | None = None) -> None:
        super().__init__(reason, first, last)  # all of them: it comes back from other processes too
        self.fault = Fault(reason, first, last)


@dataclass(frozen=True, slots=True)
class Report:
    """What the verifier found. ``ok`` only when everything up to the signed head was checked and is right.

    ``checked`` counts the entries before the first bad one, ``counts`` those read, by kind. ``open`` are questions
    still being answered, at most ``OPEN_FOR_MAX`` old: not a fault, but told.
    """

    fault: Fault | None
    checkpoint: Checkpoint | None
    checked: int
    counts: dict[str, int] = field(default_factory=dict)
    open: tuple[int, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the log checks out."""
        return self.fault is None and self.checkpoint is not None and self.checked == self.checkpoint.size

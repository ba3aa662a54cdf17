"""One witness, shown one head of the log: the exchange of C2SP tlog-witness, to its end.

A witness says which size it has seen, and is then shown the proof from there. What it answers becomes a value. Two
answers are no failure of the witness but of the log: it has seen a larger one than the database holds, or another one.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from hub.audit.checkpoint import Checkpoint
from hub.audit.cosignature import WitnessKey, verify_cosignature
from hub.audit.note import NoteInvalid, parse_note
from hub.connectors.witness import Conflict, Shown, Signed, Silent, Unproved

ASKS_MAX = 6
"""The most requests of one exchange. Three are usual at the first one; more is a witness that changes its mind."""

AGE_MAX = 300
"""How old a cosignature may be when it arrives, in seconds: an older one was made of an earlier request."""


class Dispute(StrEnum):
    """How the log that a witness has seen differs from the database's."""

    LARGER = "larger"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Head:
    """A signed head: ``note`` is the checkpoint with the log's signature."""

    note: str
    text: str
    checkpoint: Checkpoint

    @classmethod
    def read(cls, note: str) -> Head:
        """The head from its note; NoteInvalid when it is none."""
        text = parse_note(note.encode()).text
        return cls(note, text, Checkpoint.parse(text))

    @property
    def size(self) -> int:
        """How many entries it covers."""
        return self.checkpoint.size


@dataclass(frozen=True, slots=True)
class Cosigned:
    """It cosigned: the signature line, and when (seconds since 1970) by its own clock."""

    line: str
    at: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """It has seen a larger log: another hub on this log was quicker, or the database has lost entries."""

    size: int


@dataclass(frozen=True, slots=True)
class Disputed:
    """It has seen another log than the database's: ``size`` is what it has seen, ``held`` what the database holds."""

    dispute: Dispute
    size: int
    held: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing is known from it; ``why`` is for people and quotes nothing that it sent."""

    why: str


Outcome = Cosigned | Ahead | Disputed | Failed

Show = Callable[[int, tuple[bytes, ...], str], Awaitable[Shown]]
"""Sends the witness the size it should have seen, the proof from there, and the head's note."""

Prove = Callable[[int, int], Awaitable[tuple[bytes, ...] | None]]
"""The proof that the first entries (so many) begin so many; None when the log is not so long."""


async def ask(
    head: Head, old: int, key: WitnessKey, show: Show, prove: Prove, clock: Callable[[], float] = time.time
) -> Outcome:
    """Have one witness cosign ``head``.

    Args:
        head: the log's newest, signed.
        old: the size it has seen, as far as is known here.
        key: its public key.
        show, prove: see :data:`Show`, :data:`Prove`.
        clock: seconds since 1970.

    Raises:
        AuditUnavailable: the proof cannot be read from the database.
    """
    told = doubted = None
    old = old if old <= head.size else 0
    for _ in range(ASKS_MAX):
        proof = await prove(old, head.size)
        if proof is None:
            return Failed("the log became shorter than its own head")
        match await show(old, proof, head.note):
            case Signed(lines):
                return _checked(lines, head, key, clock())
            case Silent(why):
                return Failed(why)
            case Unproved() if old == 0:
                return Failed("it refused a first head, which needs no proof")
            case Unproved():
                # The proof was held against the log before it was sent. It fails where the witness has seen another
                # tree of the size it named, so let it name that size again before it is believed.
                if doubted == old:
                    return Disputed(Dispute.OTHER, old, head.size)
                doubted, old = old, 0
            case Conflict(None) if old != head.size:
                return Failed("it reported a conflict, and not which size it has seen")
            case Conflict(None):
                if told == old:
                    return Disputed(Dispute.OTHER, old, head.size)
                old = 0
            case Conflict(size) if size is not None:
                if size > head.size:
                    return Ahead(size)
                if size == old:
                    same = 0 < size == head.size
                    return Disputed(Dispute.OTHER, size, head.size) if same else Failed("it contradicts itself")
                told = old = size
    return Failed("it names another size each time it is asked")


def _checked(lines: str, head: Head, key: WitnessKey, now: float) -> Outcome:
    """The cosignature by this witness's key among ``lines``; those of keys unknown here are left aside."""
    for line in lines.splitlines(keepends=True):
        try:
            at = verify_cosignature(line, head.text, key, now=int(now))
        except NoteInvalid:
            continue
        if at < now - AGE_MAX:
            return Failed("its cosignature is an old one: its clock is slow, or something in between repeats answers")
        return Cosigned(line, at)
    return Failed("its answer holds no cosignature of this head by its key, or one of the future")

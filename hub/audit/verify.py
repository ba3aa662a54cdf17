"""The strict verifier: reads a whole log once, in order, in little memory, and names the first bad entry.

It trusts the public key and nothing else. What it could not check is a fault, never a pass. It decodes every entry and
checks every kept checkpoint, some 20,000 entries a second; :mod:`hub.audit.verify_fast` is for all days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from hub.audit.acts import Erasure, Pruning
from hub.audit.encoding import decode, kind_of
from hub.audit.entries import Answer, Entry, Question, side
from hub.audit.merkle import Frontier, leaf_hash
from hub.audit.note import VerifierKey
from hub.audit.verify_found import Fault, Progress, Report, Row, Stop
from hub.audit.verify_story import OPEN_FOR_MAX, Role, Story, role_of
from hub.audit.verify_trust import Trust
from hub.audit.words import EntryInvalid

__all__ = ["OPEN_FOR_MAX", "Fault", "Progress", "Report", "Row", "verify_log"]

PROGRESS_EVERY = 500
"""The progress callback is called after so many entries."""

KEY_PREFIX = b'{"v":1,"kind":"key",'
"""How an entry that changes the log's keys begins."""


def verify_log(
    rows: Iterable[Row],
    head: bytes,
    trusted: VerifierKey | Iterable[VerifierKey],
    *,
    now: datetime,
    known: Iterable[bytes] = (),
    sides: Iterable[tuple[int, str]] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Check every entry against the signed head.

    Args:
        rows: the stored entries in order, as they are: the verifier finds what is missing, doubled or out of place.
        head: the newest signed checkpoint.
        trusted: the log's public key, or several. Later keys are trusted where the log adds them under a signature of
            an earlier one (:mod:`hub.audit.key_chain`), so the first is enough.
        now: the moment against which questions without an end are aged (aware).
        known: signed checkpoints somebody kept from earlier; the log must still contain each.
        sides: the side rows there are, by entry in order: its number and the row's commitment. None: not looked at.
        progress: called now and then; see :data:`Progress`.
    """
    keys = (trusted,) if isinstance(trusted, VerifierKey) else tuple(trusted)
    walk = _Walk(keys, now, sides)
    fault: Fault | None = None
    try:
        walk.trust.start(head, known)
        for row in rows:
            walk.step(row)
            if progress is not None and walk.frontier.size % PROGRESS_EVERY == 0:
                progress(walk.frontier.size, walk.trust.size)
        walk.finish()
        if progress is not None:
            progress(walk.trust.size, walk.trust.size)
    except Stop as stop:
        fault = stop.fault
    checked = walk.frontier.size if fault is None or fault.first is None else min(fault.first, walk.frontier.size)
    return Report(fault, walk.trust.head, checked, walk.counts, tuple(walk.story.open))


class _Walk:
    """The state between two entries."""

    def __init__(self, keys: tuple[VerifierKey, ...], now: datetime, sides: Iterable[tuple[int, str]] | None) -> None:
        self.trust, self.story, self.now = Trust(keys), Story(), now
        self.frontier = Frontier()
        self.counts = {"question": 0, "answer": 0, "refused": 0, "abandoned": 0}
        self._sides: Iterator[tuple[int, str]] | None = None if sides is None else iter(sides)
        self._side = next(self._sides, None) if self._sides is not None else None

    def step(self, row: Row) -> None:
        """Check the next stored entry."""
        expected = self.frontier.size
        if type(row.number) is not int or row.number < expected:
            raise Stop("stored out of order or twice", expected)
        if row.number > expected:
            raise Stop("missing", expected)
        if expected >= self.trust.size:
            raise Stop("beyond the signed head: nobody signed it", expected)
        if {type(row.body), type(row.leaf_hash)} != {bytes}:  # SQLite keeps any type in any column
            raise Stop("stored as something other than bytes", expected)
        if row.body and leaf_hash(row.body) != row.leaf_hash:  # of a pruned entry only the hash is left
            raise Stop("its bytes are not those that were logged", expected)
        frontier = self.frontier.append(row.leaf_hash)
        if row.body.startswith(KEY_PREFIX):  # before the checkpoint that covers it
            self.trust.change(expected, _decoded(row))
        self.trust.check(frontier.size, frontier.root, row.note)
        if row.body:
            self._take(expected, _decoded(row))
        else:
            self._missing(expected, None, bare=True)
            self.story.take(expected, Role.BARE)
        self.frontier = frontier

    def finish(self) -> None:
        """Check that nothing is missing at the end and that no question was forgotten."""
        if self.frontier.size < self.trust.size:
            raise Stop("missing: the log is shorter than what was signed", self.frontier.size)
        self.trust.end()
        self.story.end(self.frontier.size, self.now, sides=self._sides is not None)
        if self._side is not None:
            raise Stop(f"there is text beside entry {self._side[0]}, which is not there or came before")

    def _take(self, index: int, entry: Entry) -> None:
        """Hold the entry against those before it."""
        kind = kind_of(entry)
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.story.take(
            index,
            role_of(entry),
            getattr(entry, "question", 0),
            entry.parts if isinstance(entry, Answer) else 0,
            missing=self._missing(index, side(entry)),
            at=entry.at if isinstance(entry, Question) else None,
        )
        if isinstance(entry, Erasure):
            self.story.erased(index, entry.sides if self._sides is not None else ())
        elif isinstance(entry, Pruning):
            self.story.pruned(index, entry.before)

    def _missing(self, index: int, commitment: str | None, *, bare: bool = False) -> bool:
        """Whether the entry's side row is missing; the one that is there must be the one it commits to."""
        if self._side is None or self._side[0] != index:
            return commitment is not None
        found, self._side = self._side[1], next(self._sides or iter(()), None)
        if not bare and commitment is None:
            raise Stop("there is text beside it that it does not speak of", index)
        if not bare and commitment != found:
            raise Stop("the text beside it is not what was written then", index)
        return False


def _decoded(row: Row) -> Entry:
    try:
        return decode(row.body)
    except EntryInvalid as fault:
        raise Stop(f"not an entry of this format: {fault}", row.number) from None

"""The offline verifier: reads a whole log once, in order, in little memory, and names the first bad entry.

It trusts the public key and nothing else. What it could not check is a fault, never a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from hub.audit.acts import KeyChange
from hub.audit.checkpoint import Checkpoint, open_checkpoint
from hub.audit.encoding import decode, kind_of
from hub.audit.entries import Answer, Entry, Question, Records, ends
from hub.audit.key_chain import KEY_PREFIX, KeyChain, KeyChainBroken
from hub.audit.merkle import Frontier, leaf_hash
from hub.audit.note import NoteInvalid, VerifierKey, parse_note
from hub.audit.words import EntryInvalid

OPEN_FOR_MAX = timedelta(minutes=10)
"""A question without an end for longer than this is a fault. The reaper ends it after 5 minutes, so this is twice."""

OPEN_MAX = 100_000
"""So many questions at most may be without an end at one time; it bounds the verifier's memory."""

PROGRESS_EVERY = 500
"""The progress callback is called after so many entries."""

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


class _Stop(Exception):
    """Carries the first fault out of the walk."""

    def __init__(self, reason: str, first: int | None = None, last: int | None = None) -> None:
        super().__init__(reason)
        self.fault = Fault(reason, first, last)


def verify_log(
    rows: Iterable[Row],
    head: bytes,
    trusted: VerifierKey | Iterable[VerifierKey],
    *,
    now: datetime,
    known: Iterable[bytes] = (),
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
        progress: called now and then; see :data:`Progress`.
    """
    keys = (trusted,) if isinstance(trusted, VerifierKey) else tuple(trusted)
    walk = _Walk(keys, now)
    fault: Fault | None = None
    try:
        walk.start(head, known)
        for row in rows:
            walk.step(row)
            if progress is not None and walk.frontier.size % PROGRESS_EVERY == 0:
                progress(walk.frontier.size, walk.size)
        walk.finish()
        if progress is not None:
            progress(walk.size, walk.size)
    except _Stop as stop:
        fault = stop.fault
    checked = walk.frontier.size if fault is None or fault.first is None else min(fault.first, walk.frontier.size)
    return Report(fault, walk.head, checked, walk.counts, tuple(walk.open))


class _Walk:
    """The state between two entries."""

    def __init__(self, keys: tuple[VerifierKey, ...], now: datetime) -> None:
        self.chain = KeyChain(keys)
        self.now = now
        self.note = b""  # of the head
        self.head: Checkpoint | None = None
        self.size = 0
        self.known: dict[int, bytes] = {}
        self.kept: dict[int, bytes] = {}  # checkpoints by keys that only the log itself can vouch for
        self.frontier = Frontier()
        self.vouched = 0  # entries before this one are under a checkpoint that was checked
        self.open: dict[int, datetime] = {}
        self.parts = (0, 0)  # how many entries of records came right before this one, and of which question
        self.counts = {"question": 0, "answer": 0, "refused": 0, "abandoned": 0}

    def start(self, head: bytes, known: Iterable[bytes]) -> None:
        """Take the head and the earlier checkpoints; stop when one is not the log's.

        One by a key that was not given may be by a key the log adds: that is found out on the way.
        """
        self.note = head
        try:
            claimed = self._opened(head)
        except NoteInvalid as fault:
            raise _Stop(f"the signed head is not the log's: {fault}") from None
        self.size = claimed.size
        for note in known:
            try:
                kept = self._opened(note)
            except NoteInvalid as fault:
                raise _Stop(f"the checkpoint to compare with is not the log's: {fault}") from None
            if kept.origin != claimed.origin:
                raise _Stop("the checkpoint to compare with is another log's")
            if kept.size > self.size:
                raise _Stop("the log was rolled back: a checkpoint is known that has more entries", self.size)
            if self.known.setdefault(kept.size, kept.root) != kept.root:
                raise _Stop("two signed checkpoints of one size disagree: the log was forked", kept.size)
            if not self.chain.knows(note):
                self.kept[kept.size] = note
        if self.known.setdefault(self.size, claimed.root) != claimed.root:
            raise _Stop("two signed checkpoints of one size disagree: the log was forked", self.size)
        if self.chain.knows(head):
            self.head = claimed

    def _opened(self, note: bytes) -> Checkpoint:
        """A checkpoint, checked when it claims a given key's signature, and otherwise only read."""
        if self.chain.knows(note):
            return open_checkpoint(note, self.chain.trusted)
        checkpoint = Checkpoint.parse(parse_note(note).text)
        if all(key.name != checkpoint.origin for key in self.chain.trusted):
            raise NoteInvalid("no trusted key signed it, and it is another log's")
        return checkpoint

    def step(self, row: Row) -> None:
        """Check the next stored entry."""
        expected = self.frontier.size
        if type(row.number) is not int or row.number < expected:
            raise _Stop("stored out of order or twice", expected)
        if row.number > expected:
            raise _Stop("missing", expected)
        if expected >= self.size:
            raise _Stop("beyond the signed head: nobody signed it", expected)
        if {type(row.body), type(row.leaf_hash)} != {bytes}:  # SQLite keeps any type in any column
            raise _Stop("stored as something other than bytes", expected)
        if leaf_hash(row.body) != row.leaf_hash:
            raise _Stop("its bytes are not those that were logged", expected)
        frontier = self.frontier.append(row.leaf_hash)
        if row.body.startswith(KEY_PREFIX):  # before the checkpoint that covers it
            self._change_keys(expected, self._decoded(row))
        self._check_roots(row, frontier)
        self._check_ends(expected, self._decoded(row))
        self.frontier = frontier

    def finish(self) -> None:
        """Check that nothing is missing at the end and that no question was forgotten."""
        if self.parts[0] and self.frontier.size == self.size:
            raise _Stop("parts of an answer that is not there", self.size - 1)
        if self.frontier.size < self.size:
            raise _Stop("missing: the log is shorter than what was signed", self.frontier.size)
        try:
            self.head = self.chain.open(self.note)
        except NoteInvalid as fault:
            raise _Stop(f"the signed head is not the log's: {fault}") from None
        for index, at in self.open.items():
            if abs(self.now - at) > OPEN_FOR_MAX:
                raise _Stop(f"a question that has had no end for over {OPEN_FOR_MAX.seconds // 60} minutes", index)

    def _check_roots(self, row: Row, frontier: Frontier) -> None:
        """Compare the tree so far with every checkpoint there is of this size, the head's above all."""
        size, root = frontier.size, frontier.root
        signed = {(size, self.known.get(size, root))}
        if row.note is not None:
            try:
                kept = self.chain.open(row.note.encode())
            except (NoteInvalid, UnicodeEncodeError, AttributeError) as fault:
                detail = fault if isinstance(fault, NoteInvalid) else "not text"
                raise _Stop(f"the checkpoint kept with it is not the log's: {detail}", row.number) from None
            signed.add((kept.size, kept.root))
        if size in self.kept:
            try:
                self.chain.vouches(self.kept[size])
            except NoteInvalid as fault:
                raise _Stop(f"the checkpoint to compare with is not the log's: {fault}") from None
        if signed != {(size, root)}:
            raise _Stop("not what was signed", self.vouched, row.number)
        if row.note is not None or size in self.known:
            self.vouched = size

    def _decoded(self, row: Row) -> Entry:
        try:
            return decode(row.body)
        except EntryInvalid as fault:
            raise _Stop(f"not an entry of this format: {fault}", row.number) from None

    def _change_keys(self, index: int, entry: Entry) -> None:
        """Follow the log where it changes its keys."""
        assert isinstance(entry, KeyChange)
        try:
            self.chain.change(entry)
        except KeyChainBroken as fault:
            raise _Stop(str(fault), index) from None

    def _check_ends(self, index: int, entry: Entry) -> None:
        """Hold that every question has exactly one end, after it, and an answer's parts stand right before it."""
        kind = kind_of(entry)
        self.counts[kind] = self.counts.get(kind, 0) + 1
        parts, self.parts = self.parts, (0, 0)
        if isinstance(entry, Records):
            if entry.question not in self.open or (parts[0] and parts[1] != entry.question):
                raise _Stop(f"records of entry {entry.question}, which is not the question being answered here", index)
            self.parts = (parts[0] + 1, entry.question)
        elif parts != ((entry.parts, entry.question) if isinstance(entry, Answer) and entry.parts else (0, 0)):
            raise _Stop("parts of an answer are missing, or belong to another", index)
        if isinstance(entry, Question):
            if len(self.open) >= OPEN_MAX:
                raise _Stop(f"more than {OPEN_MAX} questions without an end", index)
            self.open[index] = entry.at
        question = ends(entry)
        if question is not None and self.open.pop(question, None) is None:
            raise _Stop(f"ends entry {question}, which is not a question still open", index)

"""What was signed: the head, the checkpoints that somebody kept, and the keys that the log itself changes."""

from __future__ import annotations

from collections.abc import Iterable

from hub.audit.acts import KeyChange
from hub.audit.checkpoint import Checkpoint, open_checkpoint
from hub.audit.entries import Entry
from hub.audit.key_chain import KeyChain, KeyChainBroken
from hub.audit.note import NoteInvalid, VerifierKey, parse_note
from hub.audit.verify_found import Stop


class Trust:
    """The signed checkpoints of one log, held against its tree as it grows."""

    def __init__(self, keys: Iterable[VerifierKey]) -> None:
        self.chain = KeyChain(keys)
        self.note = b""  # of the head
        self.head: Checkpoint | None = None
        self.size = 0
        self.known: dict[int, bytes] = {}
        self.kept: dict[int, bytes] = {}  # checkpoints by keys that only the log itself can vouch for
        self.vouched = 0  # entries before this one are under a checkpoint that was checked

    def start(self, head: bytes, known: Iterable[bytes]) -> None:
        """Take the head and the earlier checkpoints; stop when one is not the log's.

        One by a key that was not given may be by a key the log adds: that is found out on the way.
        """
        self.note = head
        try:
            claimed = self._opened(head)
        except NoteInvalid as fault:
            raise Stop(f"the signed head is not the log's: {fault}") from None
        self.size = claimed.size
        for note in known:
            try:
                kept = self._opened(note)
            except NoteInvalid as fault:
                raise Stop(f"the checkpoint to compare with is not the log's: {fault}") from None
            if kept.origin != claimed.origin:
                raise Stop("the checkpoint to compare with is another log's")
            if kept.size > self.size:
                raise Stop("the log was rolled back: a checkpoint is known that has more entries", self.size)
            if self.known.setdefault(kept.size, kept.root) != kept.root:
                raise Stop("two signed checkpoints of one size disagree: the log was forked", kept.size)
            if not self.chain.knows(note):
                self.kept[kept.size] = note
        if self.known.setdefault(self.size, claimed.root) != claimed.root:
            raise Stop("two signed checkpoints of one size disagree: the log was forked", self.size)
        if self.chain.knows(head):
            self.head = claimed

    def change(self, index: int, entry: Entry) -> None:
        """Follow the log where entry ``index`` changes its keys."""
        assert isinstance(entry, KeyChange)
        try:
            self.chain.change(entry)
        except KeyChainBroken as fault:
            raise Stop(str(fault), index) from None

    def check(self, size: int, root: bytes, note: str | None = None) -> None:
        """Compare the tree with all checkpoints of this size; ``note`` is the one kept with its last entry."""
        signed = {(size, self.known.get(size, root))}
        if note is not None:
            try:
                kept = self.chain.open(note.encode())
            except (NoteInvalid, UnicodeEncodeError, AttributeError) as fault:
                detail = fault if isinstance(fault, NoteInvalid) else "not text"
                raise Stop(f"the checkpoint kept with it is not the log's: {detail}", size - 1) from None
            signed.add((kept.size, kept.root))
        if size in self.kept:
            try:
                self.chain.vouches(self.kept[size])
            except NoteInvalid as fault:
                raise Stop(f"the checkpoint to compare with is not the log's: {fault}") from None
        if signed != {(size, root)}:
            raise Stop("not what was signed", self.vouched, size - 1)
        if note is not None or size in self.known:
            self.vouched = size

    def end(self) -> None:
        """The whole log was read: the head must be signed by a key that is trusted at its end."""
        try:
            self.head = self.chain.open(self.note)
        except NoteInvalid as fault:
            raise Stop(f"the signed head is not the log's: {fault}") from None

    def _opened(self, note: bytes) -> Checkpoint:
        """A checkpoint, checked when it claims a given key's signature, and otherwise only read."""
        if self.chain.knows(note):
            return open_checkpoint(note, self.chain.trusted)
        checkpoint = Checkpoint.parse(parse_note(note).text)
        if all(key.name != checkpoint.origin for key in self.chain.trusted):
            raise NoteInvalid("no trusted key signed it, and it is another log's")
        return checkpoint

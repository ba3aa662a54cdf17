"""Which keys may sign a log: those its reader was given, and those the log itself names under a signature of them.

A ``key`` entry (:class:`~hub.audit.acts.KeyChange`) counts from the first checkpoint that covers it. ``added``: that
checkpoint must be signed by a key trusted before; the new key is trusted from there. ``retired``: that checkpoint must
already be signed by another trusted key; the old key's signature is worth nothing from there. So who keeps the first
public key can follow the log through every change, and who is given only a later one cannot be talked into trusting
what lies before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from hub.audit.acts import KeyChange
from hub.audit.checkpoint import Checkpoint, open_checkpoint
from hub.audit.note import NoteInvalid, VerifierKey, parse_note

KEY_PREFIX = b'{"v":1,"kind":"key",'
"""How an entry that changes the keys begins, and no other."""

KEYS_MAX = 1_000
"""The most keys a chain may come to; it bounds a verifier's memory."""


class KeyAct(StrEnum):
    """What a ``key`` entry says of its key."""

    ADDED = "added"
    RETIRED = "retired"


class KeyChainBroken(Exception):
    """A change of keys that cannot be: the message is a reason to give beside the entry's number."""


class KeyChain:
    """The trusted keys at one place in the log; feed it the entries and checkpoints in order.

    Args:
        given: the public keys its reader got from elsewhere, at least one, all of one log.
    """

    def __init__(self, given: Iterable[VerifierKey]) -> None:
        self.trusted = tuple(dict.fromkeys(given))
        self.retired: tuple[VerifierKey, ...] = ()
        self._name = self.trusted[0].name if self.trusted else ""
        self._changes: list[tuple[str, VerifierKey]] = []

    @property
    def pending(self) -> bool:
        """Whether a change was read that no checkpoint covers yet."""
        return bool(self._changes)

    def change(self, entry: KeyChange) -> None:
        """Take note of a ``key`` entry, which counts once :meth:`open` reads a checkpoint that covers it.

        Raises:
            KeyChainBroken: it retires a key that is not trusted, adds one that was retired, or is no change at all.
        """
        if entry.act not in set(KeyAct):
            raise KeyChainBroken("a change of keys that is neither `added` nor `retired`")
        key = VerifierKey(self._name, bytes.fromhex(entry.key))
        trusted, retired = self._after()
        if entry.act == KeyAct.ADDED and key in retired:
            raise KeyChainBroken(f"adds the key {key.key_id.hex()}, which was retired before")
        if entry.act == KeyAct.RETIRED and key not in trusted:
            raise KeyChainBroken(f"retires the key {key.key_id.hex()}, which is not trusted here")
        if entry.act == KeyAct.RETIRED and len(trusted) == 1:
            raise KeyChainBroken(f"retires the key {key.key_id.hex()}, and no other is left")
        if len(trusted) + len(retired) >= KEYS_MAX:
            raise KeyChainBroken(f"more than {KEYS_MAX} keys")
        self._changes.append((entry.act, key))

    def open(self, note: bytes) -> Checkpoint:
        """The signed checkpoint that covers exactly the entries read so far; the changes among them count from here.

        Raises:
            NoteInvalid: it is not signed as it must be, and by which key it is signed where that is unknown or retired.
        """
        trusted, retired = self._after()
        by = tuple(key for key in self.trusted if key not in retired)  # those added now cannot vouch for themselves
        try:
            checkpoint = open_checkpoint(note, by)
        except NoteInvalid as fault:
            raise self._explained(note, fault, retired) from None
        self.trusted, self.retired, self._changes = trusted, retired, []
        return checkpoint

    def vouches(self, note: bytes) -> Checkpoint:
        """A signed checkpoint that somebody kept, of the size read so far: by a key that is trusted here or was before.

        Raises:
            NoteInvalid: none of them signed it.
        """
        return open_checkpoint(note, (*self.trusted, *self.retired))

    def knows(self, note: bytes) -> bool:
        """Whether a key that is trusted here claims to have signed ``note``; NoteInvalid when it is no note."""
        ours = {(key.name, key.key_id) for key in self.trusted}
        return any((each.name, each.key_id) in ours for each in parse_note(note).signatures)

    def _after(self) -> tuple[tuple[VerifierKey, ...], tuple[VerifierKey, ...]]:
        """The keys trusted and retired once the changes count."""
        trusted, retired = self.trusted, self.retired
        for act, key in self._changes:
            if act == KeyAct.ADDED:
                trusted = tuple(dict.fromkeys((*trusted, key)))
            else:
                trusted, retired = tuple(each for each in trusted if each != key), (*retired, key)
        return trusted, retired

    def _explained(self, note: bytes, fault: NoteInvalid, retired: Iterable[VerifierKey]) -> NoteInvalid:
        """``fault``, or which key is missing or retired."""
        try:
            signed = [each.key_id for each in parse_note(note).signatures if each.name == self._name]
        except NoteInvalid:
            return fault
        known = {key.key_id for key in self.trusted}
        gone = {key.key_id for key in retired}
        if signed and gone.issuperset(signed):
            return NoteInvalid(f"it is signed only by the key {signed[0].hex()}, which is retired")
        strangers = [each.hex() for each in signed if each not in known | gone]
        if strangers and not known.difference(gone).intersection(signed):
            return NoteInvalid(
                f"no trusted key signed the note: the key {', '.join(strangers)} did, which no entry before it adds; "
                "give that public key too, if you trust it"
            )
        return fault

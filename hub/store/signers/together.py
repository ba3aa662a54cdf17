"""Two signers at once: while one key takes the place of another, every checkpoint carries both signatures."""

from __future__ import annotations

from collections.abc import Sequence

from hub.audit.checkpoint import Checkpoint
from hub.audit.note import Note, VerifierKey, parse_note
from hub.store.signers.base import Growth, Signer


class Together:
    """The log's signer and the one that follows it, as one :class:`~hub.store.signers.base.Signer`."""

    def __init__(self, first: Signer, following: Signer) -> None:
        self._first = first
        self._following = following

    @property
    def verifier(self) -> VerifierKey:
        """The public key of the first."""
        return self._first.verifier

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """The keys of both, the first's before the following one's."""
        return tuple(dict.fromkeys((*self._first.verifiers, *self._following.verifiers)))

    def check(self, size: int, root: bytes) -> Sequence[bytes]:
        """See :meth:`Signer.check`: neither may be contradicted."""
        left = self._first.check(size, root)
        return left or self._following.check(size, root)

    def sign(self, checkpoint: Checkpoint, growth: Growth) -> str:
        """See :meth:`Signer.sign`: one note with the signatures of both."""
        notes = [parse_note(each.sign(checkpoint, growth).encode()) for each in (self._first, self._following)]
        return str(Note(notes[0].text, tuple(dict.fromkeys(line for note in notes for line in note.signatures))))

    def remember(self, size: int, root: bytes) -> None:
        """See :meth:`Signer.remember`."""
        self._first.remember(size, root)
        self._following.remember(size, root)


class Without:
    """A signer whose notes leave out one key's signature: what a log signs as it retires that key.

    A hub that knows only the retired key does not take such a head for its own, and stops before it signs another.
    """

    def __init__(self, signer: Signer, key: VerifierKey) -> None:
        self._signer = signer
        self._key = key

    @property
    def verifier(self) -> VerifierKey:
        """The first of the keys that are left."""
        return self.verifiers[0]

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """Every key but the one left out."""
        return tuple(each for each in self._signer.verifiers if each != self._key)

    def check(self, size: int, root: bytes) -> Sequence[bytes]:
        """See :meth:`Signer.check`."""
        return self._signer.check(size, root)

    def sign(self, checkpoint: Checkpoint, growth: Growth) -> str:
        """See :meth:`Signer.sign`."""
        note = parse_note(self._signer.sign(checkpoint, growth).encode())
        return str(Note(note.text, tuple(each for each in note.signatures if each.key_id != self._key.key_id)))

    def remember(self, size: int, root: bytes) -> None:
        """See :meth:`Signer.remember`."""
        self._signer.remember(size, root)

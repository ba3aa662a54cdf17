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

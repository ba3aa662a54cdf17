"""What the log asks of whoever signs its head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.audit.checkpoint import Checkpoint
from hub.audit.merkle import Frontier
from hub.audit.note import VerifierKey
from hub.errors import Complaint


class SignsBackwards(Complaint):
    """A checkpoint was refused: the key has already signed a larger log, or another one of this size."""


class SignerAhead(Exception):
    """The signer signed entries after this head that nobody committed: ask :meth:`Signer.check`, write them, go on."""


class SignerGone(Complaint):
    """The signer does not answer, so nothing can be signed now; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How a log came to its new head: ``base`` is what the head was, ``bodies`` the entries written since, in order."""

    base: Frontier
    bodies: Sequence[bytes] = ()


class Signer(Protocol):
    """Signs the log's head, and never one that contradicts an earlier one."""

    @property
    def verifier(self) -> VerifierKey:
        """The public key; its name is the log's origin."""
        ...

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """Every key it signs with: one, or two while one takes the place of the other. The first is ``verifier``."""
        ...

    def check(self, size: int, root: bytes) -> Sequence[bytes]:
        """Hold the database's head, of ``size`` and ``root``, against what was signed.

        Returns:
            Entries that were signed after this head and are not in the database, in order: none, but where a hub died
            between signature and commit. They are to be written before any other.

        Raises:
            SignsBackwards: the head contradicts what was signed and committed.
            SignerGone: it does not answer.
        """
        ...

    def sign(self, checkpoint: Checkpoint, growth: Growth) -> str:
        """The signed note of ``checkpoint``, which ``growth`` leads to.

        Raises:
            SignsBackwards: as for :meth:`check`.
            SignerAhead: something else was signed after ``growth.base``, and is not in the database.
            SignerGone: it does not answer.
        """
        ...

    def remember(self, size: int, root: bytes) -> None:
        """Take a head as committed: nothing that contradicts it will be signed again, after a restart either."""
        ...

"""A key in a file, read by the hub itself: the simplest signer, and the default."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hub.audit.checkpoint import Checkpoint
from hub.audit.note import SignerKey, VerifierKey
from hub.store.signers.base import Growth
from hub.store.signers.keyfile import load_or_create_key
from hub.store.signers.memory import HeadMemory


class FileSigner:
    """A :class:`~hub.store.signers.base.Signer` with its key in ``path`` and the last committed head in ``path``.head.

    Kept apart from the database, so that whoever can write the database cannot make a log that looks right. Whoever
    can be the hub's user can read the key: then only a signer of its own, or witnesses, hold.
    """

    def __init__(self, key: SignerKey, path: Path) -> None:
        self._key = key
        self._verifier = key.verifier
        self._memory = HeadMemory(path.with_name(path.name + ".head"))

    @property
    def verifier(self) -> VerifierKey:
        """The public key; its name is the log's origin."""
        return self._verifier

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """The one key."""
        return (self._verifier,)

    def check(self, size: int, root: bytes) -> Sequence[bytes]:
        """See :meth:`Signer.check`; there is never anything left to write."""
        self._memory.check(size, root)
        return ()

    def sign(self, checkpoint: Checkpoint, growth: Growth | None = None) -> str:
        """See :meth:`Signer.sign`; how the log grew is not looked at."""
        del growth
        self._memory.check(checkpoint.size, checkpoint.root)
        return self._key.sign(str(checkpoint))

    def remember(self, size: int, root: bytes) -> None:
        """See :meth:`Signer.remember`."""
        self._memory.remember(size, root)


def load_or_create(path: str | Path, name: str) -> FileSigner:
    """The log's signer whose key is in ``path``; see :func:`hub.store.signers.keyfile.load_or_create_key`.

    Args:
        path: the key's file.
        name: the log's origin, a schema-less URL; it must be the key's name.
    """
    return FileSigner(load_or_create_key(path, name, "the log's signing key"), Path(path))

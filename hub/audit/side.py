"""What an entry may point to and never holds: free text and variables, kept beside the log and erasable.

The entry holds a salted commitment. While the side row is there, anybody who may read it can check that it is the one
that was meant; once it is erased, the commitment says nothing about it, for nobody can guess 32 random bytes.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from hashlib import sha256

from hub.audit.words import EntryInvalid

SALT_BYTES = 32

SIDE_MAX = 1024 * 1024
"""The longest side row, in bytes."""

_PREFIX = b"\x02"
"""Tells a commitment from a leaf (0) and a node (1) of the tree."""


@dataclass(frozen=True, slots=True)
class Side:
    """A side row: ``body`` is what somebody wrote, ``salt`` 32 random bytes. Neither appears in a traceback.

    Raises:
        EntryInvalid: the salt is of another length, or the body over ``SIDE_MAX``.
    """

    salt: bytes = field(repr=False)
    body: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.salt) != SALT_BYTES or len(self.body) > SIDE_MAX:
            raise EntryInvalid(f"side: {SALT_BYTES} bytes of salt and at most {SIDE_MAX} of text belong here")

    @property
    def commitment(self) -> str:
        """What the entry holds: SHA-256(0x02 || salt || body), hex."""
        return sha256(_PREFIX + self.salt + self.body).hexdigest()

    def matches(self, commitment: str | None) -> bool:
        """Whether an entry's ``side`` is of this row."""
        return commitment is not None and hmac.compare_digest(self.commitment, commitment)

"""A log's head as text: C2SP tlog-checkpoint, the body of a signed note."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hub.audit.merkle import EMPTY_ROOT, HASH_BYTES, SIZE_MAX
from hub.audit.note import NoteInvalid, VerifierKey, decode_base64, encode_base64, open_note

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log commits to: that its first ``size`` entries have this ``root``.

    ``origin`` names the log. ``extensions`` are lines this hub never writes and carries unread.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= SIZE_MAX or len(self.root) != HASH_BYTES:
            raise NoteInvalid(f"a checkpoint has a size up to {SIZE_MAX} and a root of {HASH_BYTES} bytes")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise NoteInvalid("a checkpoint of no entries has the empty tree's root")
        if any(not line or "\n" in line for line in (self.origin, *self.extensions)):
            raise NoteInvalid("a line of a checkpoint is not empty")

    def __str__(self) -> str:
        return "\n".join((self.origin, str(self.size), encode_base64(self.root), *self.extensions, ""))

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a note's text; the exact inverse of :meth:`__str__`.

        Raises:
            NoteInvalid: anything else, such as a size with leading zeros, which ``int`` would forgive.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() != "":
            raise NoteInvalid("a checkpoint has an origin, a size and a root, each on its line")
        origin, size, root, *extensions = lines
        return cls(origin, parse_decimal(size), decode_base64(root), tuple(extensions))


def open_checkpoint(raw: bytes, trusted: VerifierKey | Iterable[VerifierKey]) -> Checkpoint:
    """Check a signed checkpoint; the key's name must be the log's origin.

    Raises:
        NoteInvalid: malformed, not signed by a trusted key, or another log's.
    """
    keys = (trusted,) if isinstance(trusted, VerifierKey) else tuple(trusted)
    note = open_note(raw, keys)
    checkpoint = Checkpoint.parse(note.text)
    if all(each.name != checkpoint.origin for each in note.signatures):
        raise NoteInvalid("the checkpoint is of another log than the key that signed it")
    return checkpoint


def parse_decimal(text: str) -> int:
    """A count or index: ASCII digits, no sign, no leading zeros, at most ``SIZE_MAX``; NoteInvalid otherwise."""
    if _DECIMAL.fullmatch(text) is None or (number := int(text)) > SIZE_MAX:
        raise NoteInvalid(f"a number is decimal, without leading zeros, at most {SIZE_MAX}")
    return number

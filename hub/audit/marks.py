"""A set of entries' numbers that takes a bit for each entry: what a verifier can keep of a log of any size."""

from __future__ import annotations


class Marks:
    """Marked numbers, 0 and up."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def mark(self, index: int) -> None:
        """Put ``index`` among them."""
        at = index >> 3
        if at >= len(self._bits):
            self._bits.extend(bytes(at + 1 - len(self._bits)))
        self._bits[at] |= 1 << (index & 7)

    def __contains__(self, index: int) -> bool:
        at = index >> 3
        return 0 <= at < len(self._bits) and bool(self._bits[at] >> (index & 7) & 1)

    def first(self, start: int = 0, but: Marks | None = None) -> int | None:
        """The first number from ``start`` on that is marked, and not in ``but``."""
        for at in range(start >> 3, len(self._bits)):
            if self._bits[at]:
                for index in range(max(start, at * 8), at * 8 + 8):
                    if index in self and (but is None or index not in but):
                        return index
        return None

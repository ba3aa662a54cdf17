"""Which entries are about certain subjects: found in an entry's bytes as they are, without decoding the rest. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_HEAD = rb'\{"v":1,"kind":"%s","at":"[^"]{24}","nonce":"[^"]{32}",'
_KIND = re.compile(_HEAD % rb"([a-z_]+)")
_OF_QUESTION = re.compile((_HEAD % rb"(?:answer|records|abandoned)") + rb'"question":(\d+)')
_OF_ENTRY = re.compile((_HEAD % rb"(?:review|release_request)") + rb'.*?,"(?:entry|answer)":(\d+)')


class About:
    """Told every entry in order, it knows which are about the subjects: theirs, their ends, and what points to those.

    ``found`` are the indexes so far. The order is what makes one pass enough: an entry points back only.

    Args:
        references: the subjects', 32 hex digits each.
    """

    def __init__(self, references: Iterable[str]) -> None:
        names = sorted({each.encode() for each in references})
        self._named = re.compile(b'"(?:' + b"|".join(map(re.escape, names)) + b')"') if names else None
        self.found: set[int] = set()

    def step(self, index: int, body: bytes) -> bool:
        """Whether the entry ``body`` is about them. A dropped one (no bytes) is about nobody any more."""
        if self._named is None:
            return False
        about = self._named.search(body) is not None or (bool(self.found) and pointed_to(body) in self.found)
        if about:
            self.found.add(index)
        return about


def pointed_to(body: bytes) -> int | None:
    """The entry that an end, a part, a review or a release request is of."""
    found = _OF_QUESTION.match(body) or _OF_ENTRY.match(body)
    return int(found[1]) if found else None


def ended(body: bytes) -> int | None:
    """The question that an answer, a part of one or an abandonment is of."""
    found = _OF_QUESTION.match(body)
    return int(found[1]) if found else None


def kind_in(body: bytes) -> str | None:
    """The kind of an entry by its first bytes; None when they are no entry's."""
    found = _KIND.match(body)
    return found[1].decode() if found else None

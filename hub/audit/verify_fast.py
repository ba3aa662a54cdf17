"""The fast verifier: chunks that were checked by themselves, held against each other in order.

It takes what the strict verifier takes (:mod:`hub.audit.verify`), but of the checkpoints that were kept with entries it
checks only some. It finds that something is wrong; the strict verifier then says what comes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from hub.audit.acts import Erasure, KeyChange, Pruning
from hub.audit.encoding import decode
from hub.audit.entries import Question
from hub.audit.merkle import Frontier, fold
from hub.audit.note import VerifierKey
from hub.audit.verify_chunk import CHUNK_ROWS, MISSING, Chunk
from hub.audit.verify_found import Report, Stop
from hub.audit.verify_story import Role, Story
from hub.audit.verify_trust import Trust

_ROLES = tuple(Role)


class FastWalk:
    """The state between two chunks.

    Args:
        keys: the log's public keys.
        head: the newest signed checkpoint.
        known: signed checkpoints kept from earlier.

    Raises:
        Stop: here and below, something is wrong.
    """

    def __init__(self, keys: Iterable[VerifierKey], head: bytes, known: Iterable[bytes]) -> None:
        self.trust, self.story = Trust(keys), Story()
        self.trust.start(head, known)
        self.size = self.trust.size
        self._chunks = Frontier()  # its leaves are the roots of full chunks
        self._read = 0
        self._counts: Counter[str] = Counter({"question": 0, "answer": 0, "refused": 0, "abandoned": 0})

    def take(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        if chunk.first != self._read:
            raise Stop("missing", self._read)
        self._check_roots(chunk)
        parts, take = chunk.parts, self.story.take
        for index, fact in enumerate(chunk.facts, chunk.first):
            take(index, _ROLES[fact & 7], fact >> 4, parts.get(index, 0), missing=bool(fact & MISSING))
        for index, body in chunk.acts:
            act = decode(body)
            if isinstance(act, Erasure):
                self.story.erased(index, act.sides)
            elif isinstance(act, Pruning):
                self.story.pruned(index, act.before)
        self._read += len(chunk.facts)
        if len(chunk.facts) == CHUNK_ROWS:
            (root,) = chunk.nodes[self._read]
            self._chunks = self._chunks.append(root)
        self._counts.update(chunk.counts)

    def finish(self, now: datetime, body_at: Callable[[int], bytes], *, sides: bool) -> Report:
        """What can be said once all chunks were taken.

        Args:
            now: the moment against which questions without an end are aged (aware).
            body_at: an entry's bytes.
            sides: whether side rows were looked at.
        """
        if self._read != self.size:
            raise Stop("missing: the log is shorter than what was signed", self._read)
        self.trust.end()
        for question in self.story.open:
            entry = decode(body_at(question))
            self.story.open[question] = entry.at if isinstance(entry, Question) else None
        self.story.end(self.size, now, sides=sides)
        return Report(None, self.trust.head, self.size, dict(self._counts), tuple(self.story.open))

    def _check_roots(self, chunk: Chunk) -> None:
        changes = [(index, act) for index, body in chunk.acts if isinstance(act := decode(body), KeyChange)]
        for size in sorted(chunk.nodes):
            while changes and changes[0][0] < size:
                self.trust.change(*changes.pop(0))
            self.trust.check(size, fold((*self._chunks.nodes, *chunk.nodes[size])), chunk.notes.get(size))

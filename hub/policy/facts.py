"""What is known of one question when a record is decided, apart from the record itself.

Structs rather than dataclasses: they are hashed for every record of every answer, in a fifth of the time.
"""

from __future__ import annotations

import msgspec

from hub.domain.organisations import Sector


class Judged(msgspec.Struct, frozen=True):
    """What people have decided about one record, as words of the vocabulary. Hashable: part of a cached decision's key.

    Attributes:
        words: true of the whole record by a judgement in force, whatever the holder's system says.
        stale: words of judgements that are past their review date: unknown, unless the holder's system states them.
        parts: (field, word): true of that field alone, such as the parts of a plan that an interests decision covers.
    """

    words: frozenset[str] = frozenset()
    stale: frozenset[str] = frozenset()
    parts: frozenset[tuple[str, str]] = frozenset()

    def of_field(self, field: str) -> frozenset[str]:
        """The words that are true of ``field`` alone."""
        return frozenset(word for name, word in self.parts if name == field)


NOTHING_JUDGED = Judged()


class RequestFacts(msgspec.Struct, frozen=True):
    """Every fact of the question that policies may read. Hashable: it is part of the key of a cached decision.

    Attributes:
        purpose: the stated purpose's id.
        role: the register's word for the searcher's role; recipient words derive from it.
        recipient_sector: the sector of the searcher's agency.
        decision_recorded: whether the enquiry carries the decision its purpose depends on.
        subject_facts: words known to be true of the child (``restricted_location``).
        subject_unknown: words nobody could say yes or no to, for example because the agency that would did not answer.
            A word in neither is known to be false.
    """

    purpose: str
    role: str
    recipient_sector: Sector
    decision_recorded: bool = False
    subject_facts: frozenset[str] = frozenset()
    subject_unknown: frozenset[str] = frozenset()

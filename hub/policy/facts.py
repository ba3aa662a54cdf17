"""What is known of one question when a record is decided, apart from the record itself."""

from __future__ import annotations

from dataclasses import dataclass

from hub.domain.organisations import Sector


@dataclass(frozen=True, slots=True)
class RequestFacts:
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

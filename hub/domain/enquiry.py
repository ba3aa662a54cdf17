"""Who asks, and why: the two things a question must state before any custodian hears of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hub.domain.identifiers import CaseReference
from hub.domain.organisations import Sector


@dataclass(frozen=True, slots=True)
class Searcher:
    """An authenticated searcher, as the register (not the token) describes it.

    Attributes:
        client_id: the OAuth client that sent the request.
        organisation: the register's id of the agency the client belongs to.
        sector: that agency's sector.
        worker: the worker's identifier at their agency; ``None`` for an unattended client.
        role: the register's word for the worker's role, such as ``mash_social_worker``.
        purposes: ids of the purposes this agency and role may state today.
        token_strength: how the request was authenticated, such as ``bearer``; for the log.
    """

    client_id: str
    organisation: str
    organisation_name: str
    sector: Sector
    worker: str | None = field(repr=False)
    role: str
    purposes: frozenset[str]
    token_strength: str = "bearer"


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """A decision by a named post that a purpose depends on, such as the one to make section 47 enquiries."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LookBack:
    """That the searcher needs older records than the purpose looks back to by itself.

    ``years`` is None for the child's whole life; ``reason`` is a word of the vocabulary, not the searcher's own text.
    """

    years: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Enquiry:
    """Under which purpose, on which case, and on whose decision the question is asked; and how far back."""

    purpose: str
    case_reference: CaseReference
    decision: RecordedDecision | None = None
    look_back: LookBack | None = None

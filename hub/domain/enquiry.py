"""Who asks, and why: the two things a question must state before any custodian hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hub.domain.identifiers import CaseReference
from hub.domain.organisations import Sector


@dataclass(frozen=True, slots=True)
class Stated:
    """Purpose and case as the access token itself carries them: the authorization server vouches for both."""

    purpose: str
    case_reference: CaseReference


@dataclass(frozen=True, slots=True)
class StepUp:
    """How a worker must have signed in to ask under a purpose: in one of these ways, and no longer ago than this.

    ``acr_values`` are the issuer's words (OpenID Connect Core s.2), the preferred first; none: in any way.
    """

    acr_values: tuple[str, ...]
    max_age_seconds: int | None


@dataclass(frozen=True, slots=True)
class SignIn:
    """How and when the worker signed in at their agency, as far as the token says; seconds since 1970."""

    acr: str | None = None
    at: int | None = None


class Duty(StrEnum):
    """What a role does besides asking about children; the register says which roles have which."""

    REVIEW = "review"
    """Reviews what the log says of the agency's own staff and of uses of its records."""
    REVIEW_ALL = "review_all"
    """Reviews the whole log, for the partnership."""
    RELEASE = "release"
    """Answers for the agency when another asks it to release what was withheld."""
    REPORT = "report"
    """Sees the partnership's sharing report: figures, nobody's record."""


UNSTATED = SignIn()
"""The token says nothing of it."""


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
        stated: purpose and case, when the token carries them; then the question is under these and no others.
        states_itself: whether the query may state them where the token does not: the register's word on this client.
        sign_in: how and when the worker signed in.
        step_up: what a purpose asks of that, by purpose.
        duties: what the role does besides asking.
        scopes: the token's; they give nothing by themselves, and what comes through a gateway needs one.
    """

    client_id: str
    organisation: str
    organisation_name: str
    sector: Sector
    worker: str | None = field(repr=False)
    role: str
    purposes: frozenset[str]
    token_strength: str = "bearer"
    stated: Stated | None = None
    states_itself: bool = True
    sign_in: SignIn = UNSTATED
    step_up: Mapping[str, StepUp] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()
    duties: frozenset[Duty] = frozenset()


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

"""What became of one custodian in one question. An absence of an answer never looks like a clean negative."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.domain.organisations import Custodian


class SourceState(StrEnum):
    """The states of one source. ``POSSIBLE_MATCH``: it holds somebody who may be the child, nobody knows yet."""

    ANSWERED = "answered"
    NOT_HELD = "not_held"
    POSSIBLE_MATCH = "possible_match"
    NO_ANSWER = "no_answer"
    NOT_ASKED = "not_asked"


class NoAnswerReason(StrEnum):
    """Why there is no answer."""

    DOWN = "down"  # could not connect, or the connection broke
    SLOW = "slow"  # nothing within the deadline
    REFUSED = "refused"  # it would not let the hub in
    MALFORMED = "malformed"  # it said something that is not its protocol
    WRONG_PERSON = "wrong_person"  # it answered about somebody else: all of it is thrown away
    TOO_LARGE = "too_large"  # more than the hub's stated limits
    BUSY = "busy"  # not asked: the hub asks it as much as it may already
    SUSPENDED = "suspended"  # not asked: it failed several times in a row and is left alone for a moment


class NotAskedReason(StrEnum):
    """Why a custodian was not asked."""

    NOT_SELECTED = "not_selected"  # nothing in the query needed it
    OUT_OF_SCOPE = "out_of_scope"  # this purpose or role does not reach it
    NEEDS_DEMOGRAPHICS = "needs_demographics"  # it holds no NHS numbers and no name and birth date were known
    NEEDS_NHS_NUMBER = "needs_nhs_number"  # it is searched by NHS number alone and none was known
    UNBORN = "unborn"  # it has no way to look for a child who is not born yet
    NOT_CONNECTED = "not_connected"  # no agency of this sector is connected to the hub


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """A custodian's failure, as a value.

    ``detail`` is one plain sentence for people ("no reply within 4 s"), written by the hub, never upstream text.
    """

    reason: NoAnswerReason
    detail: str
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One custodian's line in the answer."""

    custodian: Custodian
    state: SourceState
    detail: str | None = None
    no_answer: NoAnswer | None = None
    not_asked: NotAskedReason | None = None
    as_of: datetime | None = None
    answered_in_ms: int | None = None
    records: int | None = None

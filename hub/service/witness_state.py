"""How a log stands with its witnesses, in states, codes and words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from hub.errors import AuditUnavailable, Complaint
from hub.service.witness_asking import Ahead, Cosigned, Dispute, Disputed, Failed, Outcome
from hub.telemetry.lines import LogLine, Name, say

SILENT, DISAGREE, LATE = "WITNESSES_SILENT", "WITNESSES_DISAGREE", "WITNESSES_LATE"

_TELEPHONE = "If a child may be at immediate risk, telephone the agencies now (police: 999)."


class State(StrEnum):
    """How the log stands with its witnesses."""

    WITNESSED = "witnessed"
    LATE = "late"
    SILENT = "silent"
    DISPUTED = "disputed"


CODES = {State.LATE: LATE, State.SILENT: SILENT, State.DISPUTED: DISAGREE}

DISPUTES = {
    Dispute.LARGER: "it has seen more entries than the database holds",
    Dispute.OTHER: "it has seen other entries than the database holds",
}


class WitnessesSilent(AuditUnavailable):
    """No quorum of witnesses has confirmed the log for so long that nothing may be asked or released."""

    default_code = SILENT

    def __init__(self) -> None:
        super().__init__(
            "The partner agencies' witnesses have not confirmed the audit log for too long, so no agency was asked and "
            f"nothing is released. {_TELEPHONE}"
        )


class WitnessesDisagree(AuditUnavailable):
    """A witness has seen another log than the database holds."""

    default_code = DISAGREE

    def __init__(self) -> None:
        super().__init__(
            "A partner agency's witness has seen another audit log than this hub holds, so no agency was asked and "
            f"nothing is released. {_TELEPHONE}"
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """How often the witnesses are asked, and how long without a quorum is an alarm, and how long is the end."""

    every: timedelta = timedelta(seconds=60)
    alarm: timedelta = timedelta(minutes=15)
    stop: timedelta = timedelta(hours=4)


def in_words(outcome: Outcome) -> str:
    """What a witness said, for people."""
    match outcome:
        case Cosigned():
            return "cosigned"
        case Disputed(dispute, size, held):
            return f"{DISPUTES[dispute]} ({size}, and it holds {held})"
        case Failed(why):
            return why
        case Ahead():
            return "another hub on this log was quicker each time"


def say_outcome(name: str, outcome: Outcome) -> None:
    """Write a line of what the witness ``name`` said."""
    witness = Name(name)
    match outcome:
        case Cosigned():
            say(LogLine.WITNESS_COSIGNED, witness=witness)
        case Disputed(dispute, size, held):
            say(LogLine.WITNESS_DISPUTES, witness=witness, size=size, held=held, dispute=dispute)
        case Failed(why):
            say(LogLine.WITNESS_FAILED, witness=witness, fault=Complaint(why))
        case Ahead(size):
            say(LogLine.WITNESS_AHEAD, witness=witness, size=size)

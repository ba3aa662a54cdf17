"""Plain words for the codes that pages show, and the colour and the mark each goes with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.domain.disclosure import Outcome
from hub.domain.sources import NoAnswerReason, NotAskedReason, SourceState


@dataclass(frozen=True, slots=True)
class Sign:
    """How a code is shown: ``colour`` is one of the GOV.UK tag's; ``mark`` is a shape: colour never says it alone."""

    text: str
    colour: str
    mark: str


OUTCOMES: Mapping[str, Sign] = {
    Outcome.SHARED: Sign("Shared", "green", "\u2713"),
    Outcome.SHARED_WITH_HANDLING: Sign("Shared, with conditions", "teal", "\u2713!"),
    Outcome.WITHHELD: Sign("Withheld", "red", "\u2715"),
    Outcome.ASK: Sign("Ask first", "yellow", "?"),
    Outcome.GAP: Sign("Held back by a fault", "purple", "\u25b3"),
    Outcome.OUT_OF_SCOPE: Sign("Not needed for this purpose", "grey", "\u2013"),
}
"""The six outcomes of a field."""

SOURCES: Mapping[str, Sign] = {
    SourceState.ANSWERED: Sign("Answered", "green", "\u2713"),
    SourceState.NOT_HELD: Sign("Holds nobody like this", "grey", "\u25cb"),
    SourceState.POSSIBLE_MATCH: Sign("Might hold this child", "yellow", "?"),
    SourceState.NO_ANSWER: Sign("Did not answer", "red", "!"),
    SourceState.NOT_ASKED: Sign("Not asked", "purple", "\u2013"),
}
"""The five states of a source."""

REASONS: Mapping[str, str] = {
    NoAnswerReason.DOWN: "could not be reached",
    NoAnswerReason.SLOW: "took too long to answer",
    NoAnswerReason.REFUSED: "did not let the hub in",
    NoAnswerReason.MALFORMED: "sent an answer that could not be read",
    NoAnswerReason.WRONG_PERSON: "answered about somebody else, so its answer was thrown away",
    NoAnswerReason.TOO_LARGE: "sent more than the hub accepts",
    NoAnswerReason.BUSY: "is being asked as much as it allows",
    NoAnswerReason.SUSPENDED: "failed several times in a row and is left alone for a moment",
    NotAskedReason.NOT_SELECTED: "nothing in the question needed it",
    NotAskedReason.OUT_OF_SCOPE: "this purpose or role does not reach it",
    NotAskedReason.NEEDS_DEMOGRAPHICS: "it is searched by name and date of birth, and they were not known",
    NotAskedReason.NEEDS_NHS_NUMBER: "it is searched by NHS number alone, and none was known",
    NotAskedReason.UNBORN: "it has no way to look for a child who is not born yet",
    NotAskedReason.NOT_CONNECTED: "no agency of this kind is connected to the hub",
}
"""Why a source did not answer or was not asked: goes on after its name, or stands after a colon. The filter ``why``."""

_ACRONYMS = {"a&e", "dbs", "ehcp", "gp", "ig", "mappa", "marac", "mash", "nhs", "ofsted", "send", "uk"}


def in_words(code: str) -> str:
    """Plain words for a code: an outcome's or a source's, else its own (``mash_nurse`` becomes ``MASH nurse``)."""
    for table in (OUTCOMES, SOURCES):
        if code in table:
            return table[code].text
    parts = code.replace("_", " ").replace("-", " ").lower().split()
    return " ".join(part.upper() if part in _ACRONYMS else part for part in parts)

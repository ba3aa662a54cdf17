"""Reading FHIR JSON that nobody has validated: what is used is checked, what is not used is left alone.

Every reader takes ``what``, the FHIR path being read. It appears in the fault; the value never does.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from hub.connectors.base import UpstreamFault
from hub.domain.people import PartialDate
from hub.domain.sources import NoAnswerReason
from hub.errors import BadRequest

Element = dict[str, Any]
"""One JSON object of FHIR: a resource or a part of one."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:T[0-9:.+Z-]*)?", re.ASCII)  # nearly every date, in a third of the time
_WHOLE = len("2026-01-31")
_DATE_TIME = re.compile(r"(\d{4}(?:-\d{2}(?:-\d{2})?)?)(?:T.*)?", re.ASCII | re.DOTALL)


def malformed(what: str, release: str = "R4") -> UpstreamFault:
    """The fault for an element that is not what this ``release`` of FHIR says it is."""
    return UpstreamFault(NoAnswerReason.MALFORMED, f"its {what} is not what FHIR {release} says it is")


def element(value: object, what: str) -> Element:
    """``value`` as an object; an absent one is empty."""
    if isinstance(value, dict):
        return value
    if value is None:
        return {}
    raise malformed(what)


def elements(value: object, what: str) -> list[Element]:
    """``value`` as a list of objects; an absent one is empty."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise malformed(what)
    if len(value) == 1 and isinstance(value[0], dict):  # as most of FHIR's lists are
        return value
    return [element(item, what) for item in value if item is not None]


def text(value: object, what: str) -> str | None:
    """``value`` as text without white space around it; None when absent or blank.

    Control characters, which have no place in a FHIR string, become U+FFFD: some readers end a text at NUL, and an id
    must not become another's by losing one.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise malformed(what)
    if not value.isprintable():  # as almost every text is; looking for them costs four times as much
        value = _CONTROL.sub("\ufffd", value)
    return value.strip() or None


def texts(value: object, what: str) -> list[str]:
    """``value`` as a list of texts that are not blank."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise malformed(what)
    return [words for item in value if (words := text(item, what))]


def partial_date(value: object, what: str) -> PartialDate | None:
    """A FHIR ``date`` or ``dateTime``: the calendar date as its author wrote it, whatever the time zone."""
    written = text(value, what)
    if written is None:
        return None
    found = _DATE_TIME.fullmatch(written)
    try:
        if found is None:
            raise malformed(what)
        return PartialDate.parse(found[1])
    except BadRequest:
        raise malformed(what) from None


def day(value: object, what: str) -> date | None:
    """As :func:`partial_date`, with a date of unknown day or month taken as its first day.

    PDS keeps dates that way itself: "if only the year of birth is known, the day and month of birth might be recorded
    as the first of January" (search-patient, "Date of birth and death").
    """
    try:
        if isinstance(value, str) and len(value) >= _WHOLE and _DAY.fullmatch(value):
            return date.fromisoformat(value[:_WHOLE])
    except ValueError:
        raise malformed(what) from None
    read = partial_date(value, what)
    return read.earliest if read else None


def coding_words(coding: Element, what: str) -> str | None:
    """What a Coding says to people: its display, or its code when it has none."""
    return text(coding.get("display"), what) or text(coding.get("code"), what)


def concept_words(value: object, what: str) -> str | None:
    """What a CodeableConcept says to people: its text, or the first coding that says something."""
    concept = element(value, what)
    if words := text(concept.get("text"), what):
        return words
    for coding in elements(concept.get("coding"), what):
        if words := coding_words(coding, what):
            return words
    return None


def concepts_words(value: object, what: str) -> str | None:
    """What a list of CodeableConcepts says to people, in its order; None when nothing."""
    if value is None:
        return None
    words = [said for concept in elements(value, what) if (said := concept_words(concept, what))]
    return words[0] if len(words) == 1 else "; ".join(dict.fromkeys(words)) or None

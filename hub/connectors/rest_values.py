"""Reading values and markings out of a REST system's JSON. Pure; every fault is told in the hub's own words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from hub.connectors.base import UpstreamFault
from hub.connectors.coded import unknown_code
from hub.connectors.rest_file import EVERY_KIND, above_official
from hub.connectors.rest_mapping import LabelReading, Reading, Steps
from hub.domain.catalogue import ValueType
from hub.domain.records import Value
from hub.domain.sources import NoAnswerReason

MARKING_CHARS_MAX = 40
"""A marking longer than this is a sentence, and a sentence may name somebody: it is not repeated."""

NEVER_CONNECTED = "unmapped:never-connected"
"""The label of a record marked above OFFICIAL-SENSITIVE: in no vocabulary, so all of it is a gap like any other."""

_MARKING = re.compile(rf"[A-Za-z0-9][A-Za-z0-9 ._/-]{{0,{MARKING_CHARS_MAX - 1}}}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BOOLEANS = {"true": True, "false": False, "y": True, "n": False, "yes": True, "no": False}


class _Unreadable(ValueError):
    """The value is not of its type."""


def at(body: object, steps: Steps) -> Any:
    """What is at ``steps`` in ``body``; None when there is nothing, or null, on the way.

    Raises:
        UpstreamFault: MALFORMED when something on the way is not an object.
    """
    for step in steps:
        if body is None:
            return None
        if not isinstance(body, dict):
            raise malformed("its answer is not shaped as its mapping file says")
        body = body.get(step)
    return body


def text_at(body: object, steps: Steps, what: str) -> str:
    """The text at ``steps``, which must be there; ``what`` names it in the fault."""
    value = at(body, steps)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value:
        raise malformed(f"its answer lacks {what}")
    return value


def list_at(body: object, steps: Steps, what: str) -> list[Any]:
    """The list at ``steps``, which must be there: a missing list is not an empty one."""
    value = at(body, steps)
    if not isinstance(value, list):
        raise malformed(f"its answer lacks {what}")
    return value


def moment_at(body: object, steps: Steps, zone: tzinfo) -> datetime:
    """The moment at ``steps`` (aware, UTC), which must be there."""
    try:
        return _moment(text_at(body, steps, "the time it is current at"), zone, None)
    except ValueError:
        raise malformed("its answer states no readable time it is current at") from None


def texts_at(body: object, every: Sequence[Steps], *, parts: bool = False) -> tuple[str, ...]:
    """Every text, or text in a list, at any of ``every``; each once, in order.

    With ``parts`` a list holds the parts of one text, such as the given names of one person, and not versions of it:
    a twin who shares only the second given name must not seem to share a name.
    """
    found: list[str] = []
    for steps in every:
        value = at(body, steps)
        if parts and isinstance(value, list) and all(isinstance(part, str) for part in value):
            value = " ".join(value)
        for text in value if isinstance(value, list) else [value]:
            if text is not None and not isinstance(text, str):
                raise malformed("its answer has a name that is not text")
            if text is not None and (clean := _clean(text)) is not None:
                found.append(clean)
    return tuple(dict.fromkeys(found))


def value_at(body: object, reading: Reading, zone: tzinfo, kind: str) -> Value:
    """The value of one field of a record of ``kind``, in the catalogue's type; None when nothing is held.

    Raises:
        UpstreamFault: MALFORMED, naming kind and field, when the value is not of its type.
    """
    value = at(body, reading.steps)
    if value is None:
        return None
    try:
        return _coerced(value, reading, zone)
    except ValueError:
        raise malformed(f"the field {reading.name} of a {kind} cannot be read") from None


def labels_of(record: object, kind: str, readings: Sequence[LabelReading]) -> tuple[frozenset[str], frozenset[str]]:
    """The labels of ``record``, and the words it should have said yes or no to and did not.

    A marking without a word in the mapping becomes ``unmapped:...``, which is in no vocabulary: policy makes a gap of
    it. It can never be taken for a word that lifts an impediment.
    """
    labels: set[str] = set()
    undetermined: set[str] = set()
    for reading in readings:
        markings = _markings(at(record, reading.steps))
        if markings is None:
            if reading.required_for & {kind, EVERY_KIND}:
                undetermined.update(reading.words.values())
            continue
        for marking in markings:
            if marking not in reading.ignore:
                labels.add(reading.words.get(marking) or _unmapped(marking))
    return frozenset(labels), frozenset(undetermined)


def malformed(detail: str) -> UpstreamFault:
    """The custodian said something that is not its protocol."""
    return UpstreamFault(NoAnswerReason.MALFORMED, detail)


def _markings(value: object) -> list[str] | None:
    """The markings stated; None when nothing is: an empty text states nothing, an empty list states that none apply."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, str):
        return [value.strip()]
    if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
        return [item.strip() for item in value]
    raise malformed("a record's markings cannot be read")


def _unmapped(marking: str) -> str:
    if above_official(marking):
        return NEVER_CONNECTED
    return f"unmapped:{marking.lower()}" if _MARKING.fullmatch(marking) else "unmapped:unreadable"


def _coerced(value: object, reading: Reading, zone: tzinfo) -> Value:
    match reading.type:
        case ValueType.TEXT:
            return _worded(_text(value), reading)
        case ValueType.TEXT_LIST:
            texts = value if isinstance(value, list) else [value]
            return tuple(word for text in texts if (word := _worded(_text(text), reading)) is not None) or None
        case ValueType.DATE:
            return _day(_text(value), zone, reading.format)
        case ValueType.DATETIME:
            text = _text(value)
            return None if text is None else _moment(text, zone, reading.format)
        case ValueType.INTEGER:
            return _integer(value)
        case ValueType.BOOLEAN:
            return _boolean(value)


def _text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise _Unreadable
    return _clean(value)


def _clean(text: str) -> str | None:
    """Without control characters (word processors leave them in narratives) and blanks around it; None when empty."""
    return _CONTROL.sub("", text).strip() or None


def _worded(text: str | None, reading: Reading) -> str | None:
    """The word a code stands for; a code the mapping does not know is shown, and said not to be known."""
    if text is None or reading.words is None or text in reading.words.values():
        return text
    return reading.words.get(text) or unknown_code(text)


def _day(text: str | None, zone: tzinfo, pattern: str | None) -> date | None:
    """A date; of a moment, the date it was in ``zone``."""
    if text is None:
        return None
    if pattern is not None:
        return datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a date has no time zone
    if _DATE.fullmatch(text):
        return date.fromisoformat(text)
    return _moment(text, zone, None).astimezone(zone).date()


def _moment(text: str, zone: tzinfo, pattern: str | None) -> datetime:
    """A moment in UTC; without an offset it was told in ``zone``."""
    if pattern is not None:
        moment = datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is added below
    elif _DATETIME.fullmatch(text):
        moment = datetime.fromisoformat(text)
    else:
        raise _Unreadable
    try:
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise _Unreadable from None


def _integer(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and not value.strip():
        return None
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value)
    raise _Unreadable


def _boolean(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        if not word:
            return None
        if word in _BOOLEANS:
            return _BOOLEANS[word]
    raise _Unreadable

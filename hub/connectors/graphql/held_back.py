"""What the searcher is told where the holder's own system shows the hub only that it holds something back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hub.connectors.graphql.reading import Hidden, Why, look
from hub.connectors.rest_mapping import LabelReading, Reading
from hub.domain.disclosure import Outcome, Withheld
from hub.domain.organisations import Custodian
from hub.domain.records import RecordPointer

REDACTED_LABEL = "unmapped:redacted"
"""In no vocabulary, so that policy can never show a record that carries it."""

UNKNOWN_KIND = "redacted"
"""Of a record whose kind the system does not show either: in no catalogue."""

DATA_OWNER = "data_owner"

_REDACTED = (
    "The holder's own system holds this back and names no legal reason to the hub. Ask the contact and quote the "
    "reference. It does not mean that nothing is known."
)
_FAULT = (
    "The holder's system failed to read this. Ask again, or ask the contact. It does not mean that nothing is known."
)


def redacted_record(
    what: Hidden, custodian: Custodian, kind: str | None, number: int, words: Mapping[str, str]
) -> RecordPointer:
    """A record of which the system shows nothing.

    The word its reason stands for is a label like any other: where policy withholds on it, the impediment is named. It
    is a gap otherwise, also where policy would share: there is nothing to show. The gap's line names no kind of record.
    """
    word = words.get(what.reason) if what.reason is not None else None
    line = Withheld(("*",), Outcome.GAP, None, custodian.contact_for(DATA_OWNER), _REDACTED, custodian=custodian)
    labels = frozenset({REDACTED_LABEL} | ({word} if word else set()))
    return RecordPointer(custodian.id, kind or UNKNOWN_KIND, f"redacted-{number}", labels, held_back=line)


def lines_about(row: object, kind: str, readings: Sequence[Reading], custodian: Custodian) -> Iterator[Withheld]:
    """A line for the fields that are redacted, and one for those that a fault took."""
    hidden: dict[Why, list[str]] = {}
    for reading in readings:
        value = look(row, reading.steps)
        if isinstance(value, list):
            value = next((each for each in value if isinstance(each, Hidden)), None)
        if isinstance(value, Hidden):
            hidden.setdefault(value.why, []).append(reading.name)
    for why, fields in hidden.items():
        step = _REDACTED if why is Why.REDACTED else _FAULT
        contact = custodian.contact_for(DATA_OWNER)
        yield Withheld(tuple(fields), Outcome.GAP, None, contact, step, kind=kind, custodian=custodian)


def unsaid(row: object, readings: Sequence[LabelReading]) -> frozenset[str]:
    """The words of markings that are hidden: nobody knows whether they apply."""
    return frozenset(
        word for reading in readings if isinstance(look(row, reading.steps), Hidden) for word in reading.words.values()
    )

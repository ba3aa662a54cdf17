"""What the searcher is told of what this interface does not say, so that nothing reads as "nothing known"."""

from __future__ import annotations

from hub.domain.disclosure import Outcome, Withheld
from hub.domain.organisations import Custodian
from hub.domain.records import RecordPointer

UNSAID_LABEL = "unmapped:unsaid"
"""In no vocabulary, so that policy can never show what carries it."""

UNKNOWN_KIND = "unplaced"
"""Of something the hub has no kind of record for: in no catalogue."""

DATA_OWNER = "data_owner"

_UNSAID = (
    "The holder's interface does not say whether there is any. Ask the contact. It does not mean that nothing is known."
)
_UNPLACED = (
    "The holder's interface states something the hub has no place to show. Ask the contact and quote the reference. "
    "It does not mean that nothing is known."
)
_NOT_CARRIED = (
    "The holder's interface has no place for this, so it is not known here. Ask the contact. It does not mean that "
    "nothing is known."
)


def unsaid(custodian: Custodian, kind: str) -> RecordPointer:
    """Stands for whatever the holder may have of ``kind``: it says neither yes nor no."""
    return RecordPointer(
        custodian.id, kind, f"unsaid-{kind}", frozenset({UNSAID_LABEL}), held_back=_whole(custodian, _UNSAID, kind)
    )


def unplaced(custodian: Custodian) -> RecordPointer:
    """Something the holder states that the catalogue has no kind for."""
    line = _whole(custodian, _UNPLACED, None)
    return RecordPointer(custodian.id, UNKNOWN_KIND, "unplaced", frozenset({UNSAID_LABEL}), held_back=line)


def not_carried(custodian: Custodian, kind: str, fields: tuple[str, ...]) -> Withheld:
    """The line about fields of a record that this interface has no place for."""
    contact = custodian.contact_for(DATA_OWNER)
    return Withheld(fields, Outcome.GAP, None, contact, _NOT_CARRIED, kind=kind, custodian=custodian)


def _whole(custodian: Custodian, step: str, kind: str | None) -> Withheld:
    contact = custodian.contact_for(DATA_OWNER)
    return Withheld(("*",), Outcome.GAP, None, contact, step, kind=kind, custodian=custodian)

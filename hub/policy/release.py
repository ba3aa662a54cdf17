"""The one way out for the values of a held record: a decision for every field, applied while copying.

The only module that imports :mod:`hub.domain.sealed` (import contract in ``pyproject.toml``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from hub.domain.catalogue import KindSpec, ValueType
from hub.domain.disclosure import HandlingNotice, Outcome, ReleasedRecord, Withheld
from hub.domain.organisations import Custodian
from hub.domain.records import HeldRecord, RecordPointer, Value
from hub.domain.sealed import unseal
from hub.policy.decision import Line, RecordDecision
from hub.policy.derive import derive

DATA_OWNER = "data_owner"
_FAULTY = "The holder's system sent something here that does not fit the field, so it is held back. Ask the holder."
UNCATALOGUED = "(uncatalogued)"
"""Stands for fields the catalogue does not know: their names came from outside and could hold anything."""

_FITS: Mapping[ValueType, Callable[[Any], bool]] = {
    ValueType.DATETIME: lambda value: type(value) is datetime and value.utcoffset() == timedelta(0),
    ValueType.TEXT_LIST: lambda value: type(value) is tuple and all(type(each) is str for each in value),
}
"""A closer look than at the type; a look at the type is enough for the others (a datetime is a date to isinstance, and
so is a bool an int, but ``type`` is exact)."""


def release(record: HeldRecord, decision: RecordDecision, custodian: Custodian, at: datetime) -> ReleasedRecord:
    """``record`` as the searcher may see it.

    Held-back fields are listed whether or not the custodian holds a value for them: a line that appeared only when
    there is a value would disclose that there is one. So the lines depend on the decision alone, except for data
    faults: a value of the wrong type, or for a field nobody catalogued, is a gap told at the end.

    Args:
        decision: the decision on this record's pointer.
        at: now (aware, UTC); reply dates count from it.

    Returns:
        A record whose first ``len(decision.lines)`` withheld lines answer ``decision.lines`` one to one.

    Raises:
        ValueError: the decision is about another record, releases nothing (even the kind of record could then be
            what is protected), or the custodian is not the holder. Nothing of the record is in the message.
    """
    _check(record.pointer, decision, custodian)
    spec = decision.spec
    if spec is None or not decision.any_released:
        raise ValueError("nothing of the record may be released: tell it with withheld_whole")
    values: Mapping[str, Value] = unseal(record)
    told = tuple(_told(line, custodian, at) for line in decision.lines) if decision.lines else ()
    if decision.derived or not _all_fit(values, decision.copied):
        values, faulty = _fitting(values, decision, at)
        if faulty:
            told = (*told, _fault(faulty, decision, custodian))
    notices = decision.notices
    if record.held_back or record.handling:
        told = (*told, *_about_released(record.held_back, decision))
        notices = (*notices, *_about_released(record.handling, decision))
    return ReleasedRecord(custodian, decision.kind, record.as_of, values, told, notices)


def withheld_whole(
    pointer: RecordPointer, decision: RecordDecision, custodian: Custodian, at: datetime
) -> tuple[Withheld, ...]:
    """What is told of a record of which nothing is released, and which is therefore never fetched.

    Answers ``decision.whole_lines`` one to one. Empty when the record is out of scope for the purpose: held and not
    held are then the same answer. A veiled line names neither the kind nor the ground. Where the holder's own system
    held the whole record back, and policy knows no more of it, the line is the holder's.

    Raises:
        ValueError: the decision is about another record, or the custodian is not the holder.
    """
    _check(pointer, decision, custodian)
    if pointer.held_back is not None and [line.outcome for line in decision.whole_lines] == [Outcome.GAP]:
        return (pointer.held_back,)
    return tuple(_told(line, custodian, at) for line in decision.whole_lines)


def is_beyond(record: HeldRecord, spec: KindSpec, since: date) -> bool:
    """Whether everything the record is dated by lies before ``since``: the purpose does not look back so far.

    A record that lasts and has not ended is current, however long ago it began; one that bears no date is not old.
    """
    if spec.timeline is None:
        return False
    held = unseal(record)
    if spec.timeline.until is not None and spec.timeline.until not in held:
        return False
    named = (*spec.timeline.on, *([spec.timeline.until] if spec.timeline.until else ()))
    days = [_day(held[name]) for name in named if name in held]
    known = [day for day in days if day is not None]
    return bool(known) and len(known) == len(days) and max(known) < since


def _day(value: Value) -> date | None:
    return value.date() if type(value) is datetime else value if type(value) is date else None


def _check(pointer: RecordPointer, decision: RecordDecision, custodian: Custodian) -> None:
    same = (
        pointer.kind == decision.kind
        and pointer.labels == decision.labels
        and pointer.undetermined == decision.undetermined
    )
    if not same or pointer.custodian != custodian.id:
        raise ValueError("the decision or the custodian belongs to another record")


def _all_fit(held: Mapping[str, Value], copied: Mapping[str, type]) -> bool:
    """Whether every value is of a released field and of its type: the usual case, and the quick one."""
    for name, value in held.items():  # noqa: SIM110  `all` over a generator takes twice as long
        if type(value) is not copied.get(name):
            return False
    return True


def _fitting(
    held: Mapping[str, Value], decision: RecordDecision, at: datetime
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """The released values that are of their field's type, and the names of the fields whose values are not.

    A derived field is worked out of its source, whether or not that may itself be shown; a custodian that states one is
    at fault.
    """
    copied, checked, catalogued = decision.copied, decision.checked, decision.fields
    values: dict[str, Value] = {}
    faulty: set[str] = set()
    for name, value in held.items():
        if type(value) is copied.get(name):
            values[name] = value
        elif name in copied:
            faulty.add(name)
        elif name in checked:
            if _FITS[checked[name]](value):
                values[name] = value
            else:
                faulty.add(name)
        elif name not in catalogued:
            faulty.add(UNCATALOGUED)
    for field in decision.derived:
        assert field.derived is not None  # that is what the tuple is of
        if field.name in held:
            faulty.add(field.name)
        elif field.derived.source in held:
            worked_out = derive(field.derived.how, held[field.derived.source], at)
            if worked_out is None:
                faulty.add(field.name)
            else:
                values[field.name] = worked_out
    if not faulty:
        return values, ()
    return values, tuple(name for name in (*catalogued, UNCATALOGUED) if name in faulty)


Told = TypeVar("Told", Withheld, HandlingNotice)


def _about_released(theirs: tuple[Told, ...], decision: RecordDecision) -> Iterator[Told]:
    """The holder's own lines, as far as they are about fields to be shared: of the others all has been told."""
    for line in theirs:
        fields = tuple(name for name in line.fields if name == "*" or _is_released(name, decision))
        if fields:
            yield replace(line, fields=fields)


def _is_released(name: str, decision: RecordDecision) -> bool:
    return name in decision.fields and decision.fields[name].outcome.releases


def _told(line: Line, custodian: Custodian, at: datetime) -> Withheld:
    return Withheld(
        fields=line.fields,
        outcome=line.outcome,
        impediment=line.impediment,
        contact=custodian.contact_for(line.post),
        next_step=line.next_step,
        reply_by=None if line.reply_days is None else at + timedelta(days=line.reply_days),
        kind=line.kind,
        custodian=custodian,
    )


def _fault(fields: tuple[str, ...], decision: RecordDecision, custodian: Custodian) -> Withheld:
    return Withheld(
        fields=fields,
        outcome=Outcome.GAP,
        impediment=None,
        contact=custodian.contact_for(DATA_OWNER),
        next_step=_FAULTY,
        kind=decision.kind,
    )

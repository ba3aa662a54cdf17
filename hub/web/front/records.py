"""One record, and one line about what was held back, in the words a page shows. Pure: nothing is read or decided here.

Everything comes out of the joined view, so a page can show nothing that was not released.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from hub.domain.catalogue import Catalogue, KindSpec, Section
from hub.domain.disclosure import Confidence, HandlingNotice, Impediment, Outcome, ReleasedRecord, Withheld
from hub.domain.organisations import Contact, Custodian
from hub.domain.records import Value
from hub.service.unreached import STEPS
from hub.web.rendering import uk_date, uk_time

WHOLE = "*"
ASKABLE = frozenset({Outcome.WITHHELD, Outcome.ASK})
"""Outcomes that somebody at the holder can change."""

UNVERIFIED = {
    Confidence.VERIFIED_SECONDARY: "law checked in secondary sources only",
    Confidence.GENERAL: "law not verified",
}


@dataclass(frozen=True, slots=True)
class Held:
    """A line about something held back, where it would have stood.

    Attributes:
        reference: what to quote, such as ``18442-3``; ``entry`` and ``ordinal`` are its two halves.
        what: what it is about: the labels of fields, or the kind of record where that may be said.
        impediment: the bar, where it may be named.
        title: why, in a word or two: the same for every veiled class.
        law: the provision, and how well it was checked; empty when there is none to show.
        askable: whether the holder can be asked to release it.
    """

    reference: str
    entry: int
    ordinal: int
    outcome: Outcome
    what: str
    impediment: Impediment | None
    title: str
    law: str
    contact: Contact
    next_step: str
    reply_by: datetime | None
    custodian: Custodian | None

    @property
    def askable(self) -> bool:
        """Whether the page has a button to ask for it."""
        return self.outcome in ASKABLE


@dataclass(frozen=True, slots=True)
class Notice:
    """A condition on what is shared. ``about`` names the fields it is about; empty: all that stands beside it."""

    notice: str
    law: str
    about: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One released value, as text; ``several`` when it is a list."""

    label: str
    value: str = field(repr=False)
    several: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A record as a page shows it.

    Attributes:
        facts: what was released, in the catalogue's order.
        empty: labels of what the custodian holds nothing for.
        unneeded: labels of what this purpose does not reach.
        held: what was held back.
    """

    kind: str
    title: str
    custodian: Custodian
    as_of: datetime
    facts: tuple[Fact, ...]
    empty: tuple[str, ...]
    unneeded: tuple[str, ...]
    notices: tuple[Notice, ...]
    held: tuple[Held, ...]

    @property
    def is_partial(self) -> bool:
        """Whether something of it was held back."""
        return bool(self.held)


def shown(record: ReleasedRecord, catalogue: Catalogue, log_entry: int, leave_out: Iterable[str] = ()) -> Shown:
    """``record`` as a page shows it, without the fields of ``leave_out`` (they stand in its heading)."""
    spec, skipped = catalogue[record.kind], frozenset(leave_out)
    said = {name for line in record.withheld for name in line.fields}
    facts, empty = [], []
    for each in spec.fields:
        if each.name in record.values:
            if each.name not in skipped:
                facts.append(fact(each.label, record.values[each.name]))
        elif each.derived is None and each.name not in said and WHOLE not in said:
            empty.append(each.label)
    return Shown(
        record.kind,
        spec.title,
        record.custodian,
        record.as_of,
        tuple(facts),
        tuple(empty),
        unneeded(record.withheld, spec),
        notices(record.handling, spec, record.values),
        tuple(held(line, log_entry, spec) for line in record.withheld if line.outcome is not Outcome.OUT_OF_SCOPE),
    )


def held(line: Withheld, log_entry: int, spec: KindSpec | None) -> Held:
    """``line`` as a page shows it; ``spec`` is the kind of record it is about, where that may be said."""
    if WHOLE in line.fields:
        what = spec.title if spec is not None else "A record"
    else:
        what = ", ".join(labels(line.fields, spec))
    named = line.impediment
    law = ""
    if named is not None:
        doubt = UNVERIFIED.get(named.confidence)
        law = f"{named.citation} ({doubt})" if doubt else named.citation
    return Held(
        f"{log_entry}-{line.ordinal}", log_entry, line.ordinal, line.outcome, what, named, _title(line), law,
        line.contact, line.next_step, line.reply_by, line.custodian,
    )  # fmt: skip


def _title(line: Withheld) -> str:
    if line.impediment is not None:
        return line.impediment.title
    if line.outcome is Outcome.WITHHELD:
        return "Restricted"
    if line.outcome is Outcome.ASK:
        return "The agency that supplied it must agree"
    if line.outcome is Outcome.GAP:
        return "A fault in the record’s markings, not a decision to refuse"
    return "This purpose does not need it"


def labels(fields: Iterable[str], spec: KindSpec | None) -> list[str]:
    """What people call the fields, each once."""
    known = {} if spec is None else {each.name: each.label for each in spec.fields}
    return list(dict.fromkeys(known.get(name, name.replace("_", " ").capitalize()) for name in fields))


def unneeded(lines: Iterable[Withheld], spec: KindSpec) -> tuple[str, ...]:
    """Labels of the fields that this purpose does not reach."""
    fields = [name for line in lines if line.outcome is Outcome.OUT_OF_SCOPE for name in line.fields]
    return ("All of it",) if WHOLE in fields else tuple(labels(fields, spec))


def unreached(
    lines: Mapping[str, Withheld], catalogue: Catalogue, sections: Collection[Section]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The titles of the kinds that the purpose does not reach; and a sentence on each that the question does not."""
    ours = {kind: line for kind, line in lines.items() if catalogue[kind].section in sections}
    apart = tuple(
        f"{catalogue[kind].title}. {line.next_step}" for kind, line in ours.items() if line.next_step in STEPS
    )
    return tuple(catalogue[kind].title for kind, line in ours.items() if line.next_step not in STEPS), apart


def notices(handling: Sequence[HandlingNotice], spec: KindSpec, values: Iterable[str]) -> tuple[Notice, ...]:
    """The conditions on a record, each with the fields it is about when those are not all that was shared."""
    whole = {*values}
    return tuple(
        notice(each, "" if WHOLE in each.fields or whole <= {*each.fields} else ", ".join(labels(each.fields, spec)))
        for each in handling
    )


def notice(said: HandlingNotice, about: str = "") -> Notice:
    """A condition, with its law and how well that was checked."""
    doubt = UNVERIFIED.get(said.confidence)
    law = f"{said.citation} ({doubt})" if said.citation and doubt else said.citation
    return Notice(said.notice, law, about)


def fact(label: str, value: Value) -> Fact:
    """A value under its label."""
    if isinstance(value, tuple):
        texts = tuple(text(each) for each in value)
        return Fact(label, ", ".join(texts), texts)
    return Fact(label, text(value))


def text(value: Value) -> str:
    """One value as text: a date as people write it, UK time, yes or no."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return uk_time(value)
    if isinstance(value, date):
        return uk_date(value)
    return ", ".join(value) if isinstance(value, tuple) else str(value)

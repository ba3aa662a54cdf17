"""The joined view: what the agencies together know, made only of released values.

Everything here is derived from :class:`~hub.domain.disclosure.ReleasedRecord`, so nothing can appear on a joined page
that was not decided field by field. Where agencies disagree, both versions stand side by side; no winner is picked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from hub.domain.catalogue import Catalogue, Section
from hub.domain.disclosure import HandlingNotice, ReleasedRecord, Withheld
from hub.domain.organisations import Custodian, Sector
from hub.domain.records import Value
from hub.domain.sources import Source, SourceState


@dataclass(frozen=True, slots=True)
class Attributed:
    """One value as one custodian states it."""

    value: Value = field(repr=False)
    custodian: Custodian
    as_of: datetime
    handling: tuple[HandlingNotice, ...] = ()
    from_date: date | None = None
    to_date: date | None = None


@dataclass(frozen=True, slots=True)
class IdentityView:
    """Every agency's version of who the child is, by what is stated (``names``, ``date_of_birth``, ...)."""

    stated: Mapping[str, tuple[Attributed, ...]]
    withheld: tuple[Withheld, ...]


class AlertKind(StrEnum):
    """The statutory alerts shown first."""

    PROTECTION_PLAN = "protection_plan"
    LOOKED_AFTER = "looked_after"
    MISSING = "missing"
    RESTRICTED = "restricted"


class AlertState(StrEnum):
    """``UNKNOWN``: a source that would say has not said, so nothing may be concluded."""

    CURRENT = "current"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Alert:
    """A current alert, or one of which nobody can say whether it is current."""

    kind: AlertKind
    state: AlertState
    since: date | None
    custodian: Custodian


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One record on the timeline. ``title`` is the kind's catalogued title, ``summary`` its released summary fields.

    Where the kind's usual date is missing and another stands in, the title says which: "Review ... (due)".
    """

    on: date | datetime
    kind: str
    title: str
    summary: str | None = field(repr=False)
    record: ReleasedRecord


@dataclass(frozen=True, slots=True)
class MatchLine:
    """How one custodian's record was taken to be this child: the rule that applied and what was compared."""

    custodian: Custodian
    basis: str
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """Somebody at a custodian who may be the child. ``reference`` is opaque and good for this answer only.

    ``next_step``: where nobody can say in the hub whether it is the child, what to do instead.
    """

    custodian: Custodian
    reference: str
    evidence: tuple[tuple[str, str], ...]
    next_step: str | None = None


@dataclass(frozen=True, slots=True)
class JoinedView:
    """The answer about one child, from every custodian that is sure to hold this child.

    ``out_of_scope`` holds, for each selected kind of record that this question does not reach, the line that says so,
    whether or not any is held; a gap, where nobody knows whether it reaches. ``searched_with`` names what the search
    used, never the values. ``notices`` are for the searcher alone: what to look at again in what she asked with; so in
    the other answers.
    """

    matches: tuple[MatchLine, ...]
    sources: tuple[Source, ...]
    candidates: tuple[CandidateLine, ...]
    records: tuple[ReleasedRecord, ...]
    withheld: tuple[Withheld, ...]
    out_of_scope: Mapping[str, Withheld]
    restricted: bool | None
    restricted_by: Custodian | None
    searched_with: tuple[str, ...]
    checked_at: datetime
    log_entry: int = 0
    notices: tuple[str, ...] = field(default=(), repr=False)

    def recorded_as(self, number: int) -> JoinedView:
        """The same answer, with the number of the log entry that records it."""
        return replace(self, log_entry=number)

    def of_kinds(self, kinds: Iterable[str]) -> list[ReleasedRecord]:
        """The released records of ``kinds``, in the custodians' order."""
        wanted = frozenset(kinds)
        return [record for record in self.records if record.kind in wanted]


@dataclass(frozen=True, slots=True)
class PossibleMatches:
    """Nobody is sure, somebody may be: a person must look before anything is joined."""

    candidates: tuple[CandidateLine, ...]
    sources: tuple[Source, ...]
    log_entry: int = 0
    notices: tuple[str, ...] = field(default=(), repr=False)

    def recorded_as(self, number: int) -> PossibleMatches:
        """The same answer, with the number of the log entry that records it."""
        return replace(self, log_entry=number)


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Nobody who answered holds this child. ``sources`` says who did not answer: that is not the same."""

    sources: tuple[Source, ...]
    log_entry: int = 0
    notices: tuple[str, ...] = field(default=(), repr=False)

    def recorded_as(self, number: int) -> NoMatch:
        """The same answer, with the number of the log entry that records it."""
        return replace(self, log_entry=number)


ChildAnswer = JoinedView | PossibleMatches | NoMatch

IDENTITY_FIELDS: Mapping[str, str] = {
    "given_name": "names",
    "family_name": "names",
    "date_of_birth": "date_of_birth",
    "expected_date_of_birth": "expected_date_of_birth",
    "date_of_death": "date_of_death",
    "sex": "sex",
    "gender": "gender",
    "ethnicity": "ethnicity",
    "nationality": "nationality",
    "nhs_number": "nhs_number",
    "address": "addresses",
    "postcode": "addresses",
    "area": "addresses",
    "address_type": "addresses",
    "from_date": "addresses",
    "to_date": "addresses",
    "phone": "telephones",
    "school": "schools",
    "identifier_type": "identifiers",
    "identifier": "identifiers",
}
"""Catalogued field of an identity record to the entry of :class:`IdentityView` it becomes part of."""

_JOINED = {"names": " ", "addresses": ", ", "identifiers": ": "}
_PARTS = {
    "names": ("given_name", "family_name"),
    "addresses": ("address", "postcode"),
    "identifiers": ("identifier_type", "identifier"),
}

_ALERTS: Mapping[AlertKind, tuple[tuple[str, str, str], ...]] = {
    # kind of record, field that says since when, field that says it is over
    AlertKind.PROTECTION_PLAN: (("protection_plan", "started_on", "ended_on"),),
    AlertKind.LOOKED_AFTER: (("looked_after_episode", "started_on", "ended_on"),),
    AlertKind.MISSING: (("missing_report", "reported_at", "found_at"), ("missing_from_care", "started_on", "ended_on")),
}

ALERT_KINDS = frozenset(kind for sorts in _ALERTS.values() for kind, _, _ in sorts)
"""The kinds of record that alerts are made of."""


def identity_of(view: JoinedView, catalogue: Catalogue) -> IdentityView:
    """Who the child is, each agency's version side by side."""
    stated: dict[str, list[Attributed]] = {}
    withheld: list[Withheld] = []
    for record in view.records:
        if catalogue[record.kind].section is not Section.IDENTITY:
            continue
        withheld += record.withheld
        for entry in dict.fromkeys(IDENTITY_FIELDS.values()):
            value = _stated(entry, record)
            if value is not None:
                notices = _notices(record, entry)
                dates = (record.values.get("from_date"), record.values.get("to_date")) if entry == "addresses" else ()
                stated.setdefault(entry, []).append(Attributed(value, record.custodian, record.as_of, notices, *dates))
    return IdentityView({entry: tuple(values) for entry, values in stated.items()}, tuple(withheld))


def _stated(entry: str, record: ReleasedRecord) -> Value:
    """The value of one identity entry in ``record``: names and addresses are put together from their parts."""
    if entry not in _PARTS:
        name = next(name for name, into in IDENTITY_FIELDS.items() if into == entry)
        return record.values.get(name)
    parts = [str(record.values[part]) for part in _PARTS[entry] if record.values.get(part)]
    if entry == "addresses" and not parts and record.values.get("area"):
        return f"{record.values['area']} (area only)"
    return _JOINED[entry].join(parts) or None


def _notices(record: ReleasedRecord, entry: str) -> tuple[HandlingNotice, ...]:
    return tuple(
        notice for notice in record.handling if any(IDENTITY_FIELDS.get(name) == entry for name in notice.fields)
    )


def alerts_of(view: JoinedView, catalogue: Catalogue) -> tuple[Alert, ...]:
    """Current alerts first; then those that nobody can rule out, for every source that would say and has not said.

    It has not said when it did not answer, when this purpose does not reach that kind of its records, or when it held
    back a record or the end of one: an alert that is merely absent would be read as "no plan", "not missing".
    """
    current: list[Alert] = []
    unknown: list[Alert] = []
    for alert, sorts in _ALERTS.items():
        for kind, since, until in sorts:
            for record in view.of_kinds((kind,)):
                if until in record.values:
                    continue
                hidden = {name for line in record.withheld for name in line.fields}
                if hidden & {until, "*"}:
                    unknown.append(Alert(alert, AlertState.UNKNOWN, None, record.custodian))
                else:
                    current.append(Alert(alert, AlertState.CURRENT, _day(record.values.get(since)), record.custodian))
            silent = _silent(view.sources, catalogue[kind].sector, kind in view.out_of_scope) + _held_back(view, kind)
            unknown += [Alert(alert, AlertState.UNKNOWN, None, custodian) for custodian in silent]
    if view.restricted and view.restricted_by is not None:
        current.append(Alert(AlertKind.RESTRICTED, AlertState.CURRENT, None, view.restricted_by))
    elif view.restricted is None:
        silent = _silent(view.sources, Sector.HEALTH)
        unknown += [Alert(AlertKind.RESTRICTED, AlertState.UNKNOWN, None, custodian) for custodian in silent]
    return tuple(dict.fromkeys(current + unknown))


def _silent(sources: Sequence[Source], sector: Sector, out_of_scope: bool = False) -> list[Custodian]:
    """Custodians of ``sector`` that have not said; one that does not hold the child at all has, whatever the scope."""
    said = (SourceState.NOT_HELD,) if out_of_scope else (SourceState.ANSWERED, SourceState.NOT_HELD)
    return [source.custodian for source in sources if source.custodian.sector is sector and source.state not in said]


def _held_back(view: JoinedView, kind: str) -> list[Custodian]:
    """Custodians of whose records of ``kind`` one was openly held back whole: an alert cannot be ruled out."""
    return [line.custodian for line in view.withheld if line.kind == kind and line.custodian is not None]


def timeline_of(view: JoinedView, catalogue: Catalogue, since: date | None = None) -> list[TimelineEntry]:
    """The records that have a place in time, newest first; ties in the custodians' order.

    A record whose date was withheld has no place here: it is in its section, with its ``withheld``.
    """
    entries = []
    for record in view.records:
        spec = catalogue[record.kind]
        if spec.timeline is None:
            continue
        name = next((name for name in spec.timeline.on if name in record.values), None)
        on = record.values[name] if name is not None else None
        if name is None or on is None or (since is not None and (day := _day(on)) is not None and day < since):
            continue
        texts = (_text(record.values[name]) for name in spec.timeline.summary if name in record.values)
        # a review that is due, or an assessment that was started, is not one that was held or completed
        title = spec.title if name == spec.timeline.on[0] else f"{spec.title} ({spec.field(name).label.lower()})"
        entries.append(TimelineEntry(on, record.kind, title, " · ".join(filter(None, texts)) or None, record))
    entries.sort(key=lambda entry: _moment(entry.on), reverse=True)
    return entries


def _day(when: Value) -> date | None:
    return when.date() if isinstance(when, datetime) else when if isinstance(when, date) else None


def _moment(when: date | datetime) -> tuple[date, str]:
    if isinstance(when, datetime):
        return when.date(), when.time().isoformat()
    return when, ""


def _text(value: Value) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)

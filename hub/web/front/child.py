"""The child's page as plain values, top to bottom. Silence is always said: nothing here makes it "nothing known"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from hub.domain.catalogue import Catalogue, Section
from hub.domain.disclosure import Outcome, Withheld
from hub.domain.organisations import Sector
from hub.domain.sources import Source, SourceState
from hub.domain.view import Alert, AlertKind, AlertState, JoinedView, TimelineEntry, alerts_of, timeline_of
from hub.web.front.facts import KeyFact, births, expected_births, key_facts, names
from hub.web.front.records import Held, Shown, held, shown, text, unreached

SILENT_FIRST = (
    SourceState.NO_ANSWER,
    SourceState.POSSIBLE_MATCH,
    SourceState.NOT_ASKED,
    SourceState.NOT_HELD,
    SourceState.ANSWERED,
)
SPOKEN = frozenset({SourceState.ANSWERED, SourceState.NOT_HELD})
"""States in which a source has said what there is to say; all others are silence."""

ALERTS: Mapping[AlertKind, str] = {
    AlertKind.PROTECTION_PLAN: "Child protection plan",
    AlertKind.LOOKED_AFTER: "Looked after",
    AlertKind.MISSING: "Missing",
    AlertKind.RESTRICTED: "Whereabouts restricted",
}
SECTIONS: Mapping[Section, tuple[str, Sector]] = {
    Section.SOCIAL_CARE: ("Social care", Sector.COUNCIL),
    Section.POLICE: ("Police", Sector.POLICE),
    Section.HEALTH: ("Health", Sector.HEALTH),
    Section.EDUCATION: ("Education", Sector.EDUCATION),
}
EVENTS_SHOWN_MAX = 50
"""So many events are on the child's page, the newest; the chronology has all of them."""

FILTERS_MAX = 64
"""The style sheet knows so many agencies, and so many kinds, to filter by; what is beyond shares the last box."""


@dataclass(frozen=True, slots=True)
class AlertLine:
    """Alerts of one kind: since when and by whom, and who has not said."""

    title: str
    current: tuple[Alert, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """A place on the timeline.

    Attributes:
        agency, kind: the numbers of its boxes in the filter.
        summarised: how many of the record's facts its heading says.
    """

    on: date | datetime
    title: str
    summary: str | None = field(repr=False)
    record: Shown
    agency: int
    kind: int
    summarised: int

    @property
    def has_more(self) -> bool:
        """Whether more was shared than its heading says."""
        return len(self.record.facts) > self.summarised or bool(self.record.empty or self.record.unneeded)

    @property
    def day(self) -> str:
        """When, as people write it."""
        return text(self.on)

    @property
    def machine_day(self) -> str:
        """When, as machines do."""
        return self.on.isoformat()


@dataclass(frozen=True, slots=True)
class Box:
    """One box of the filter: its number, its label and how many events it stands for."""

    number: int
    label: str
    events: int


@dataclass(frozen=True, slots=True)
class Part:
    """What the agencies of one sort hold, beside the timeline.

    Attributes:
        sources: its agencies' lines; none when no agency of this sort is connected.
        records: those that have no place in time.
        held: records held back whole.
        unneeded: titles of the kinds that this purpose does not reach.
        dated: how many of its records are on the timeline.
        apart: what is said of kinds that this question does not reach.
    """

    id: str
    title: str
    sources: tuple[Source, ...]
    records: tuple[Shown, ...]
    held: tuple[Held, ...]
    unneeded: tuple[str, ...]
    dated: int
    apart: tuple[str, ...] = ()

    @property
    def silent(self) -> tuple[Source, ...]:
        """Those of its agencies that have not said."""
        return tuple(each for each in self.sources if each.state not in SPOKEN)


@dataclass(frozen=True, slots=True)
class Child:
    """The page. ``people`` and ``involved`` are the household and the workers, ``identity`` the rest of the key facts.

    ``older`` is how many events are left for the chronology. ``not_before`` is how far back the purpose looks: what is
    said of it, and the agencies it is said of.
    """

    log_entry: int
    names: tuple[str, ...] = field(repr=False)
    births: tuple[str, ...] = field(repr=False)
    expected: tuple[str, ...] = field(repr=False)
    view: JoinedView = field(repr=False)
    alerts: tuple[AlertLine, ...]
    sources: tuple[Source, ...]
    facts: tuple[KeyFact, ...] = field(repr=False)
    identity: Part
    involved: Part
    people: Part
    parts: tuple[Part, ...]
    events: tuple[Event, ...] = field(repr=False)
    older: int
    agencies: tuple[Box, ...]
    kinds: tuple[Box, ...]
    not_before: tuple[tuple[str, str], ...]

    @property
    def silent(self) -> tuple[Source, ...]:
        """Sources that have not said."""
        return tuple(each for each in self.sources if each.state not in SPOKEN)


def child_of(view: JoinedView, catalogue: Catalogue) -> Child:
    """The page about the child of ``view``."""
    timeline = timeline_of(view, catalogue)
    events, agencies, kinds = _events(timeline[:EVENTS_SHOWN_MAX], catalogue, view.log_entry)
    dated = {id(entry.record) for entry in timeline}
    placed = _placed(view, catalogue)

    def part(section: Section, title: str, sources: Iterable[Source] = ()) -> Part:
        ours = [each for each in view.records if catalogue[each.kind].section is section]
        undated = tuple(shown(each, catalogue, view.log_entry) for each in ours if id(each) not in dated)
        unneeded, apart = unreached(view.out_of_scope, catalogue, {section})
        lines = tuple(placed.pop(section, ()))
        return Part(section.value, title, tuple(sources), undated, lines, unneeded, len(ours) - len(undated), apart)

    identity = part(Section.IDENTITY, "Key facts")
    involved = part(Section.INVOLVEMENT, "Who else is involved")
    people = part(Section.HOUSEHOLD, "Household")
    parts = [
        part(section, title, (each for each in silent_first(view.sources) if each.custodian.sector is sector))
        for section, (title, sector) in SECTIONS.items()
    ]
    elsewhere = tuple(line for lines in placed.values() for line in lines)
    if elsewhere:
        parts.append(Part("other", "Also held back", (), (), elsewhere, (), 0))
    return Child(
        view.log_entry,
        names(view, catalogue),
        births(view, catalogue),
        expected_births(view, catalogue),
        view,
        alert_lines(alerts_of(view, catalogue)),
        silent_first(view.sources),
        key_facts(view, catalogue),
        identity,
        involved,
        people,
        tuple(parts),
        events,
        len(timeline) - len(events),
        agencies,
        kinds,
        _not_before(view.withheld),
    )


def silent_first(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Sources, those that have not said before those that have."""
    return tuple(sorted(sources, key=lambda each: SILENT_FIRST.index(each.state)))


def alert_lines(alerts: Sequence[Alert]) -> tuple[AlertLine, ...]:
    """Alerts by kind, the current ones first."""
    kinds = dict.fromkeys(each.kind for each in alerts)
    lines = []
    for kind in kinds:
        ours = [each for each in alerts if each.kind is kind]
        current = tuple(each for each in ours if each.state is AlertState.CURRENT)
        unknown = dict.fromkeys(each.custodian.name for each in ours if each.state is AlertState.UNKNOWN)
        lines.append(AlertLine(ALERTS[kind], current, tuple(unknown)))
    return tuple(lines)


def _events(
    timeline: Sequence[TimelineEntry], catalogue: Catalogue, log_entry: int
) -> tuple[tuple[Event, ...], tuple[Box, ...], tuple[Box, ...]]:
    agencies = _numbered(entry.record.custodian.name for entry in timeline)
    kinds = _numbered(sorted(catalogue[entry.kind].title for entry in timeline))
    events = []
    for entry in timeline:
        spec = catalogue[entry.kind]
        assert spec.timeline is not None  # it is on the timeline
        record = shown(entry.record, catalogue, log_entry, spec.timeline.on[:1])
        numbers = agencies[record.custodian.name][0], kinds[spec.title][0]
        summarised = sum(name in entry.record.values for name in spec.timeline.summary)
        events.append(Event(entry.on, entry.title, entry.summary, record, *numbers, summarised))
    return tuple(events), _boxes(agencies), _boxes(kinds)


def _numbered(labels: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Each label with its box's number and how often it comes."""
    found: dict[str, tuple[int, int]] = {}
    for label in labels:
        number, events = found.get(label, (min(len(found) + 1, FILTERS_MAX), 0))
        found[label] = (number, events + 1)
    return found


def _boxes(numbered: Mapping[str, tuple[int, int]]) -> tuple[Box, ...]:
    boxes: dict[int, Box] = {}
    for label, (number, events) in numbered.items():
        before = boxes.get(number)
        boxes[number] = Box(
            number, f"{before.label}, {label}" if before else label, events + (before.events if before else 0)
        )
    return tuple(boxes.values())


def _placed(view: JoinedView, catalogue: Catalogue) -> dict[Section | None, list[Held]]:
    """Records held back whole, by the section each would have stood in: by its kind, or else by its agency."""
    by_sector = {sector: section for section, (_, sector) in SECTIONS.items()}
    placed: dict[Section | None, list[Held]] = {}
    for line in view.withheld:
        if line.outcome is Outcome.OUT_OF_SCOPE and line.kind is None:
            continue  # how far back the purpose looks: said above the timeline
        spec = catalogue.kinds.get(line.kind) if line.kind else None
        section = spec.section if spec else by_sector.get(line.custodian.sector) if line.custodian else None
        placed.setdefault(section, []).append(held(line, view.log_entry, spec))
    return placed


def _not_before(lines: Iterable[Withheld]) -> tuple[tuple[str, str], ...]:
    """What is said of how far back the purpose looks, with the agencies it is said of."""
    said: dict[str, list[str]] = {}
    for line in lines:
        if line.outcome is Outcome.OUT_OF_SCOPE and line.kind is None and line.custodian is not None:
            said.setdefault(line.next_step, []).append(line.custodian.name)
    return tuple((step, ", ".join(dict.fromkeys(who))) for step, who in said.items())

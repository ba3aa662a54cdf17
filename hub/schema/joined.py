"""The joined view in GraphQL: each part is made from the domain's view when it is selected, and reads nothing else."""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Annotated, Any

import strawberry

from hub.domain import view as domain
from hub.domain.catalogue import Catalogue, Section
from hub.domain.organisations import Sector
from hub.domain.sources import NotAskedReason, SourceState
from hub.domain.sources import Source as DomainSource
from hub.errors import BadRequest
from hub.schema import types
from hub.schema.names import camel
from hub.schema.records import SECTION_HOLDERS, SectionType, section_of

TIMELINE_FIRST_MAX = 100
"""At most so many events on one page of the timeline."""

NOTICES = "What to look at again in what you asked with, in words to show to whoever asked. Often empty."
"""What ``notices`` is, in each of the answers."""

_SECTION_SECTOR = {
    Section.SOCIAL_CARE: Sector.COUNCIL,
    Section.POLICE: Sector.POLICE,
    Section.HEALTH: Sector.HEALTH,
    Section.EDUCATION: Sector.EDUCATION,
}
_IDENTITY_NAMES = {name: camel(entry) for name, entry in domain.IDENTITY_FIELDS.items()}
_HOUSEHOLD_NAMES = {
    "name": "name",
    "relationship": "relationship",
    "date_of_birth": "dateOfBirth",
    "age": "age",
    "phone": "phone",
}
_INVOLVEMENT_NAMES = {"worker_name": "name", "worker_role": "role", "phone": "phone", "team": "service"}


def identity(view: domain.JoinedView, catalogue: Catalogue) -> types.Identity:
    """Every agency's version of who the child is."""
    known = domain.identity_of(view, catalogue)

    def stated(entry: str, make: Any) -> list[Any]:
        return [
            make(
                value=one.value,
                custodian=types.Custodian.of(one.custodian),
                as_of=one.as_of,
                handling=[types.Handling.of(notice, names=_IDENTITY_NAMES) for notice in one.handling],
                **({"from_date": one.from_date, "to_date": one.to_date} if make is types.StatedAddress else {}),
            )
            for one in known.stated.get(entry, ())
        ]

    dates = {"date_of_birth", "expected_date_of_birth", "date_of_death"}
    entries = dict.fromkeys(domain.IDENTITY_FIELDS.values())
    made = {
        entry: stated(
            entry,
            types.StatedAddress if entry == "addresses" else types.StatedDate if entry in dates else types.StatedText,
        )
        for entry in entries
    }
    lines = [types.Withheld.of(line, view.log_entry, names=_IDENTITY_NAMES) for line in known.withheld]
    return types.Identity(**made, withheld=lines)


def involvement(view: domain.JoinedView, catalogue: Catalogue) -> list[types.Involvement]:
    """Who else works with the child."""
    return [
        types.Involvement(
            custodian=types.Custodian.of(record.custodian),
            service=record.values.get("team"),
            worker=types.Worker(
                name=record.values.get("worker_name"),
                role=record.values.get("worker_role"),
                phone=record.values.get("phone") or record.custodian.contact.phone,
            ),
            since=record.values.get("since"),
            until=record.values.get("until"),
            as_of=record.as_of,
            withheld=[types.Withheld.of(line, view.log_entry, names=_INVOLVEMENT_NAMES) for line in record.withheld],
            handling=[types.Handling.of(notice, names=_INVOLVEMENT_NAMES) for notice in record.handling],
        )
        for record in view.records
        if catalogue[record.kind].section is Section.INVOLVEMENT
    ]


def household(view: domain.JoinedView, catalogue: Catalogue) -> list[types.HouseholdMember]:
    """The people linked with the child, each with who recorded the link."""
    return [
        types.HouseholdMember(
            person=types.Person(**{name: record.values.get(name) for name in _HOUSEHOLD_NAMES}),
            link_recorded_by=types.Custodian.of(record.custodian),
            as_of=record.as_of,
            withheld=[types.Withheld.of(line, view.log_entry, names=_HOUSEHOLD_NAMES) for line in record.withheld],
            handling=[types.Handling.of(notice, names=_HOUSEHOLD_NAMES) for notice in record.handling],
        )
        for record in view.records
        if catalogue[record.kind].section is Section.HOUSEHOLD
    ]


def timeline(
    view: domain.JoinedView, catalogue: Catalogue, since: datetime.date | None, first: int, after: str | None
) -> types.Timeline:
    """One page of the timeline.

    Raises:
        BadRequest: ``PAGE_SIZE_INVALID``; ``CURSOR_INVALID`` for a cursor this hub did not give;
            ``CURSOR_STALE`` when what came before it has changed, so a page could silently skip an event.
    """
    if not 1 <= first <= TIMELINE_FIRST_MAX:
        raise BadRequest(f"`first` is between 1 and {TIMELINE_FIRST_MAX}.", code="PAGE_SIZE_INVALID")
    entries = domain.timeline_of(view, catalogue, since)
    start = _start(after, entries) if after else 0
    page = entries[start : start + first]
    edges = [
        types.TimelineEdge(cursor=cursor, node=_event(entry, view.log_entry))
        for cursor, entry in zip(islice(_cursors(entries), start, None), page, strict=False)
    ]
    return types.Timeline(
        edges=edges,
        page_info=types.PageInfo(
            end_cursor=edges[-1].cursor if edges else None, has_next_page=start + first < len(entries)
        ),
        total=len(entries),
    )


def _event(entry: domain.TimelineEntry, log_entry: int) -> types.TimelineEvent:
    at = entry.on if isinstance(entry.on, datetime.datetime) else None
    return types.TimelineEvent(
        on=at.date() if at else entry.on,
        at=at,
        kind=entry.kind,
        title=entry.title,
        summary=entry.summary,
        custodian=types.Custodian.of(entry.record.custodian),
        as_of=entry.record.as_of,
        withheld=[types.Withheld.of(line, log_entry) for line in entry.record.withheld],
        handling=[types.Handling.of(notice) for notice in entry.record.handling],
    )


def _cursors(entries: Iterable[domain.TimelineEntry]) -> Iterator[str]:
    """For each event its position, and a digest of day, kind and agency of every event up to it; nothing readable.

    One digest runs through them all: to begin it anew for every event took longer than all the rest of a long page.
    """
    digest = hashlib.sha256()
    for position, entry in enumerate(entries, 1):
        digest.update(f"{entry.on}|{entry.kind}|{entry.record.custodian.id}\n".encode())
        yield base64.urlsafe_b64encode(f"1:{position}:{digest.hexdigest()[:12]}".encode()).decode()


def _start(after: str, entries: Sequence[domain.TimelineEntry]) -> int:
    try:
        version, position, _ = base64.urlsafe_b64decode(after.encode("ascii")).decode("ascii").split(":")
        start = int(position)
        if version != "1" or start < 1:
            raise ValueError
    except (ValueError, binascii.Error, UnicodeError):
        raise BadRequest("Use `endCursor` of the page before, unchanged.", code="CURSOR_INVALID") from None
    if start > len(entries) or next(islice(_cursors(entries), start - 1, None)) != after:
        raise BadRequest("The record has changed since the page before: start again.", code="CURSOR_STALE")
    return start


def section_result(view: domain.JoinedView, section: Section, made: SectionType) -> Any:
    """One section: its records if any of its agencies answered, otherwise the state that says why there are none.

    A failure outranks a possible match, which outranks a question not asked; only all of them saying so is "not held".
    """
    ours = [source for source in view.sources if source.custodian.sector is _SECTION_SECTOR[section]]
    shown = [types.Source.of(source) for source in ours]
    by_state: dict[SourceState, list[DomainSource]] = {}
    for source in ours:
        by_state.setdefault(source.state, []).append(source)
    if SourceState.ANSWERED in by_state:
        negatives = (SourceState.ANSWERED, SourceState.NOT_HELD)
        silent = [line for line, source in zip(shown, ours, strict=True) if source.state not in negatives]
        return section_of(view, made, silent)
    if failed := by_state.get(SourceState.NO_ANSWER):
        retry = failed[0].no_answer.retry_after_seconds if failed[0].no_answer else None
        contact = types.Contact.of(failed[0].custodian.contact)
        return types.NoAnswer(
            reason=failed[0].detail or "no answer", retry_after_seconds=retry, contact=contact, sources=shown
        )
    if unsure := by_state.get(SourceState.POSSIBLE_MATCH):
        names = {source.custodian.id for source in unsure}
        candidates = [types.Candidate.of(one, view.log_entry) for one in view.candidates if one.custodian.id in names]
        contact = types.Contact.of(unsure[0].custodian.contact)
        return types.UnsureMatch(candidates=candidates, contact=contact, sources=shown)
    if skipped := by_state.get(SourceState.NOT_ASKED):
        return types.NotAsked(reason=skipped[0].not_asked or NotAskedReason.NOT_SELECTED, sources=shown)
    if not ours:
        return types.NotAsked(reason=NotAskedReason.NOT_CONNECTED, sources=[])
    return types.NotHeld(searched_with=list(view.searched_with), checked_at=view.checked_at, sources=shown)


def joined_view_type(catalogue: Catalogue, sections: Mapping[Section, SectionType]) -> type[Any]:
    """The ``JoinedView`` type over the catalogue's sections."""

    def of_identity(self: Any) -> types.Identity:
        return identity(self.view, catalogue)

    def of_involvement(self: Any) -> list[types.Involvement]:
        return involvement(self.view, catalogue)

    def of_household(self: Any) -> list[types.HouseholdMember]:
        return household(self.view, catalogue)

    def of_alerts(self: Any) -> list[types.Alert]:
        return [
            types.Alert(kind=one.kind, state=one.state, since=one.since, custodian=types.Custodian.of(one.custodian))
            for one in domain.alerts_of(self.view, catalogue)
        ]

    def of_timeline(
        self: Any, since: datetime.date | None = None, first: int = 50, after: str | None = None
    ) -> types.Timeline:
        return timeline(self.view, catalogue, since, first, after)

    fields = {
        "notices": (_notices, NOTICES),
        "match": (_match, "How each agency's record was taken to be this child."),
        "sources": (_sources, "Who answered and who did not. Always select this."),
        "candidates": (_candidates, "People at agencies that are not sure: nothing of theirs is in this view."),
        "alerts": (of_alerts, "Plan, looked after, missing, restricted: current, or not to be ruled out."),
        "identity": (of_identity, "Every agency's version of who the child is."),
        "involvement": (of_involvement, "Who else works with this child."),
        "household": (of_household, "People linked with the child."),
        "timeline": (of_timeline, "One timeline across the agencies, newest first."),
        "withheld": (_withheld, "Whole records held back. Always select this."),
        "log_entry": (_log_entry, "The entry of the signed log that records this answer."),
        **{
            section.value: (_section_resolver(section, made), f"What {SECTION_HOLDERS[section]} hold about the child.")
            for section, made in sections.items()
        },
    }
    body: dict[str, Any] = {
        name: strawberry.field(resolver=resolver, description=said) for name, (resolver, said) in fields.items()
    }
    body["__annotations__"] = {"view": strawberry.Private[domain.JoinedView]}
    made: type[Any] = strawberry.type(
        type("JoinedView", (), body), description="What the agencies together know about the child."
    )
    return made


def _section_resolver(section: Section, made: SectionType) -> Callable[[Any], Any]:
    """Resolves one section to its records, or to the state that says why there are none."""

    def resolver(self: Any) -> Any:
        return section_result(self.view, section, made)

    members: Any = made.python_type
    for state in (types.NotHeld, types.NoAnswer, types.NotAsked, types.UnsureMatch):
        members = members | state
    name = f"{section.value.title().replace('_', '')}Section"
    said = "Records, or the state that says why there are none."
    resolver.__annotations__["return"] = Annotated[members, strawberry.union(name=name, description=said)]
    return resolver


def _match(self: Any) -> list[types.Match]:
    return [
        types.Match(
            custodian=types.Custodian.of(line.custodian), basis=line.basis, evidence=types.evidence_of(line.evidence)
        )
        for line in self.view.matches
    ]


def _notices(self: Any) -> list[str]:
    return list(self.view.notices)


def _sources(self: Any) -> list[types.Source]:
    return [types.Source.of(source) for source in self.view.sources]


def _candidates(self: Any) -> list[types.Candidate]:
    return [types.Candidate.of(line, self.view.log_entry) for line in self.view.candidates]


def _withheld(self: Any) -> list[types.Withheld]:
    return [types.Withheld.of(line, self.view.log_entry) for line in self.view.withheld]


def _log_entry(self: Any) -> types.LogEntry:
    return log_entry(self.view.log_entry)


def log_entry(number: int) -> types.LogEntry:
    """The log entry's number and where its proof is."""
    return types.LogEntry(number=number, proof_url=f"/log/entries/{number}/proof")

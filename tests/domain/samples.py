"""A small catalogue, three invented agencies, and records and views made by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hub.domain.catalogue import Catalogue, FieldSpec, KindSpec, Section, TimelineSpec, ValueType
from hub.domain.disclosure import HandlingNotice, Outcome, ReleasedRecord, Withheld
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.sources import NoAnswer, NoAnswerReason, NotAskedReason, Source, SourceState
from hub.domain.view import JoinedView

AS_OF = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
CHECKED_AT = datetime(2026, 11, 20, 16, 41, 7, tzinfo=UTC)
DESK = Contact("Single point of contact", "01632 960 121")


def agency(name: str, sector: Sector) -> Custodian:
    return Custodian(name, name.replace("-", " ").title(), sector, DESK)


COUNCIL = agency("testshire-council", Sector.COUNCIL)
SECOND_COUNCIL = agency("otherham-council", Sector.COUNCIL)
POLICE = agency("testshire-police", Sector.POLICE)
NHS = agency("testshire-nhs", Sector.HEALTH)
SCHOOL = agency("testshire-school", Sector.EDUCATION)


def kind(
    name: str,
    section: Section,
    sector: Sector,
    fields: str,
    *,
    on: str = "",
    summary: str = "",
    types: dict[str, ValueType] | None = None,
) -> KindSpec:
    """A kind of record; ``fields``, ``on`` and ``summary`` are words with spaces between."""
    specs = tuple(
        FieldSpec(
            word,
            word.replace("_", " ").capitalize(),
            (types or {}).get(word, ValueType.TEXT),
            "plain",
            "made by hand",
            frozenset(),
        )
        for word in fields.split()
    )
    timeline = TimelineSpec(tuple(on.split()), tuple(summary.split())) if on else None
    return KindSpec(
        name, name.replace("_", " ").capitalize(), section, sector, "made by hand", specs, timeline=timeline
    )


SPAN = {"started_on": ValueType.DATE, "ended_on": ValueType.DATE}
CATALOGUE = Catalogue.of(
    [
        kind(
            "council_person",
            Section.IDENTITY,
            Sector.COUNCIL,
            "given_name family_name date_of_birth sex nhs_number",
            types={"date_of_birth": ValueType.DATE},
        ),
        kind(
            "council_address",
            Section.IDENTITY,
            Sector.COUNCIL,
            "address postcode from_date to_date",
            types={"from_date": ValueType.DATE, "to_date": ValueType.DATE},
        ),
        kind(
            "police_person", Section.IDENTITY, Sector.POLICE, "given_name family_name school phone address postcode sex"
        ),
        kind("linked_person", Section.HOUSEHOLD, Sector.COUNCIL, "name relationship date_of_birth phone"),
        kind(
            "council_involvement", Section.INVOLVEMENT, Sector.COUNCIL, "worker_name worker_role team phone since until"
        ),
        kind(
            "protection_plan",
            Section.SOCIAL_CARE,
            Sector.COUNCIL,
            "started_on ended_on category",
            on="started_on",
            summary="category",
            types=SPAN,
        ),
        kind(
            "looked_after_episode",
            Section.SOCIAL_CARE,
            Sector.COUNCIL,
            "started_on ended_on",
            on="started_on",
            types=SPAN,
        ),
        kind(
            "missing_from_care", Section.SOCIAL_CARE, Sector.COUNCIL, "started_on ended_on", on="started_on", types=SPAN
        ),
        kind(
            "assessment",
            Section.SOCIAL_CARE,
            Sector.COUNCIL,
            "started_on completed_on factors outcome",
            on="completed_on started_on",
            summary="outcome factors",
            types={"factors": ValueType.TEXT_LIST, "started_on": ValueType.DATE, "completed_on": ValueType.DATE},
        ),
        kind(
            "missing_report",
            Section.POLICE,
            Sector.POLICE,
            "reported_at found_at",
            on="reported_at",
            types={"reported_at": ValueType.DATETIME, "found_at": ValueType.DATETIME},
        ),
        kind("warning_marker", Section.POLICE, Sector.POLICE, "marker since", types={"since": ValueType.DATE}),
        kind(
            "attendance",
            Section.HEALTH,
            Sector.HEALTH,
            "on summary",
            on="on",
            summary="summary",
            types={"on": ValueType.DATE},
        ),
    ]
)


def record(
    kind_id: str, custodian: Custodian = COUNCIL, *, withheld: str = "", notice: str = "", **values: Any
) -> ReleasedRecord:
    """A released record; ``withheld`` and ``notice`` are names of fields with spaces between."""
    assert all(value is not None for value in values.values()), "a released value is never None"
    return ReleasedRecord(
        custodian=custodian,
        kind=kind_id,
        as_of=AS_OF,
        values=values,
        withheld=(line(withheld, kind=kind_id, custodian=custodian),) if withheld else (),
        handling=(HandlingNotice("restricted-location", "Do not tell the family.", tuple(notice.split())),)
        if notice
        else (),
    )


def line(fields: str = "*", **changes: Any) -> Withheld:
    """A line that says ``fields`` were held back."""
    told: dict[str, Any] = {"outcome": Outcome.WITHHELD, "impediment": None, "next_step": "Ring.", "ordinal": 7}
    return Withheld(tuple(fields.split()), contact=DESK, **(told | changes))


def source(custodian: Custodian, state: SourceState = SourceState.ANSWERED, **changes: Any) -> Source:
    """One custodian's line, with what goes with its state."""
    told: dict[str, Any] = {}
    if state is SourceState.NO_ANSWER:
        told = {"detail": "no reply within 4 s", "no_answer": NoAnswer(NoAnswerReason.SLOW, "no reply within 4 s", 30)}
    if state is SourceState.NOT_ASKED:
        told = {"not_asked": NotAskedReason.NEEDS_DEMOGRAPHICS}
    return Source(custodian, state, **(told | changes))


def view(*records: ReleasedRecord, **changes: Any) -> JoinedView:
    """A joined view in which all three agencies answered, and no location is restricted."""
    told: dict[str, Any] = {
        "matches": (),
        "sources": (source(COUNCIL), source(POLICE), source(NHS)),
        "candidates": (),
        "withheld": (),
        "out_of_scope": {},
        "restricted": False,
        "restricted_by": None,
        "searched_with": ("nhs_number",),
        "checked_at": CHECKED_AT,
        "log_entry": 18442,
    }
    return JoinedView(records=records, **(told | changes))


TODAY = date(2026, 11, 20)

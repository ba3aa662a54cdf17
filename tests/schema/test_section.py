"""A section: records, or exactly one state that says why there are none. Silence of any kind outranks a negative."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.domain.catalogue import Section
from hub.domain.disclosure import Confidence, Impediment, Outcome, ReleasedRecord
from hub.domain.sources import NotAskedReason, SourceState
from hub.domain.view import CandidateLine
from hub.schema import types
from hub.schema.joined import section_result
from hub.schema.records import SectionType, section_types
from tests.domain.samples import (
    CATALOGUE,
    CHECKED_AT,
    COUNCIL,
    DESK,
    NHS,
    POLICE,
    SECOND_COUNCIL,
    line,
    record,
    source,
    view,
)

ANSWERED, NOT_HELD, POSSIBLE_MATCH, NO_ANSWER, NOT_ASKED = SourceState
SECTIONS = section_types(CATALOGUE)
MADE: SectionType = SECTIONS[Section.SOCIAL_CARE]


def of(*states: SourceState, records: tuple[ReleasedRecord, ...] = (), **changes: Any) -> Any:
    """The council section where the first and the second council ended so; the other agencies never matter here."""
    ours = tuple(source(each, state) for each, state in zip((COUNCIL, SECOND_COUNCIL), states, strict=False))
    others = (source(POLICE, NO_ANSWER), source(NHS, ANSWERED))
    return section_result(view(*records, sources=(*others, *ours), **changes), Section.SOCIAL_CARE, MADE)


RECORDS = MADE.python_type


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((ANSWERED,), RECORDS),
        ((NOT_HELD,), types.NotHeld),
        ((POSSIBLE_MATCH,), types.UnsureMatch),
        ((NO_ANSWER,), types.NoAnswer),
        ((NOT_ASKED,), types.NotAsked),
        ((), types.NotAsked),
        ((ANSWERED, NO_ANSWER), RECORDS),
        ((ANSWERED, NOT_HELD), RECORDS),
        ((ANSWERED, POSSIBLE_MATCH), RECORDS),
        ((ANSWERED, NOT_ASKED), RECORDS),
        ((NO_ANSWER, POSSIBLE_MATCH), types.NoAnswer),
        ((NO_ANSWER, NOT_ASKED), types.NoAnswer),
        ((NO_ANSWER, NOT_HELD), types.NoAnswer),
        ((POSSIBLE_MATCH, NOT_ASKED), types.UnsureMatch),
        ((POSSIBLE_MATCH, NOT_HELD), types.UnsureMatch),
        ((NOT_ASKED, NOT_HELD), types.NotAsked),
        ((NOT_HELD, NOT_HELD), types.NotHeld),
    ],
    ids=lambda part: " and ".join(state.value for state in part) if isinstance(part, tuple) else "",
)
def test_which_state_the_section_has(states: tuple[SourceState, ...], expected: type[Any]) -> None:
    assert type(of(*states)) is expected
    assert type(of(*reversed(states))) is expected


@pytest.mark.parametrize(
    ("second", "unanswered"),
    [
        (ANSWERED, []),
        (NOT_HELD, []),
        (POSSIBLE_MATCH, [SECOND_COUNCIL.id]),
        (NO_ANSWER, [SECOND_COUNCIL.id]),
        (NOT_ASKED, [SECOND_COUNCIL.id]),
    ],
)
def test_records_say_whose_are_missing(second: SourceState, unanswered: list[str]) -> None:
    assert [each.custodian.id for each in of(ANSWERED, second).unanswered] == unanswered


def test_no_answer_says_why_when_to_ask_again_and_whom_to_ring() -> None:
    silent = of(NOT_HELD, NO_ANSWER)
    assert (silent.reason, silent.retry_after_seconds) == ("no reply within 4 s", 30)
    assert silent.contact == types.Contact(role=DESK.role, phone=DESK.phone)
    assert [each.state for each in silent.sources] == [NOT_HELD, NO_ANSWER]


def test_no_answer_without_details_still_says_so() -> None:
    sources = (source(COUNCIL, NO_ANSWER, detail=None, no_answer=None),)
    silent = section_result(view(sources=sources), Section.SOCIAL_CARE, MADE)
    assert (silent.reason, silent.retry_after_seconds) == ("no answer", None)


def test_possible_matches_are_those_of_the_section_only() -> None:
    candidates = tuple(
        CandidateLine(each, f"c{n}", (("sex", "agree"),)) for n, each in enumerate((POLICE, SECOND_COUNCIL))
    )
    unsure = of(NOT_HELD, POSSIBLE_MATCH, candidates=candidates)
    assert [(each.reference, each.custodian.id) for each in unsure.candidates] == [("18442-c1", SECOND_COUNCIL.id)]
    assert unsure.candidates[0].evidence == [types.Evidence(compared="sex", outcome="agree")]


@pytest.mark.parametrize(
    ("sources", "reason"),
    [
        pytest.param((source(COUNCIL, NOT_ASKED),), NotAskedReason.NEEDS_DEMOGRAPHICS, id="as the source says"),
        pytest.param((source(COUNCIL, NOT_ASKED, not_asked=None),), NotAskedReason.NOT_SELECTED, id="nobody says"),
        pytest.param((source(POLICE),), NotAskedReason.NOT_CONNECTED, id="no agency of the section"),
    ],
)
def test_why_nobody_was_asked(sources: Any, reason: NotAskedReason) -> None:
    section = section_result(view(sources=sources), Section.SOCIAL_CARE, MADE)
    assert section.reason is reason
    assert len(section.sources) == sum(each.custodian is COUNCIL for each in sources)


def test_not_held_says_how_it_was_searched_and_when() -> None:
    clean = of(NOT_HELD, searched_with=("nhs_number", "birth_date"))
    assert (clean.searched_with, clean.checked_at) == (["nhs_number", "birth_date"], CHECKED_AT)


PLAN = record("protection_plan", withheld="category", notice="started_on", started_on=date(2026, 3, 1))


def test_a_record_has_what_was_shared_and_what_was_not() -> None:
    (plan,) = of(ANSWERED, records=(PLAN, record("missing_report", POLICE))).list_protection_plan
    assert (plan.started_on, plan.category, plan.ended_on) == (date(2026, 3, 1), None, None)
    assert [(each.fields, each.reference, each.kind) for each in plan.withheld] == [
        (["category"], "18442-7", "protection_plan")
    ]
    assert [(each.id, each.fields) for each in plan.handling] == [("restricted-location", ["startedOn"])]
    assert (plan.custodian.id, plan.as_of) == (COUNCIL.id, PLAN.as_of)


def test_a_kind_out_of_scope_is_null_and_listed_and_one_with_no_record_is_empty() -> None:
    out = line(outcome=Outcome.OUT_OF_SCOPE, kind="protection_plan", ordinal=3)
    section = of(ANSWERED, out_of_scope={"protection_plan": out, "missing_report": line(ordinal=4)})
    assert section.list_protection_plan is None
    assert section.list_assessment == []
    assert [(each.fields, each.outcome, each.reference) for each in section.withheld] == [
        (["plans"], Outcome.OUT_OF_SCOPE, "18442-3")
    ]


BAR = Impediment("imp-lpp", "Legal professional privilege", "common law", Confidence.GENERAL)


@pytest.mark.parametrize(
    ("told", "names", "fields", "named"),
    [
        pytest.param(line("started_on"), None, ["startedOn"], None, id="as GraphQL writes it"),
        pytest.param(line("*", impediment=BAR), None, ["*"], "imp-lpp", id="the whole record, openly"),
        pytest.param(line("address postcode sex"), {"address": "addresses", "postcode": "addresses"}, ["addresses", "sex"], None, id="parts of one value are named once"),
    ],
)  # fmt: skip
def test_a_withheld_line(told: Any, names: dict[str, str] | None, fields: list[str], named: str | None) -> None:
    shown = types.Withheld.of(told, 18442, names=names)
    assert (shown.fields, shown.reference, shown.custodian) == (fields, "18442-7", None)
    assert (shown.impediment and shown.impediment.id) == named
    assert shown.impediment is None or shown.impediment.confidence is Confidence.GENERAL


def test_the_holder_of_what_is_withheld_is_named_where_there_is_one() -> None:
    shown = types.Withheld.of(line(custodian=POLICE), 1)
    assert shown.custodian is not None
    assert shown.custodian.id == POLICE.id

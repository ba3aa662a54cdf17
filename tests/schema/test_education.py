"""What schools hold, in GraphQL: every state of the section, silence, the timeline, and what is out of scope."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from graphql import GraphQLSchema

from hub.domain.catalogue import Section
from hub.domain.disclosure import Outcome, ReleasedRecord
from hub.domain.sources import NotAskedReason, SourceState
from hub.domain.view import CandidateLine, timeline_of
from hub.policy.bundle import Bundle
from hub.schema import types
from hub.schema.joined import section_result
from hub.schema.names import list_name
from hub.schema.records import SectionType, section_types
from hub.schema.selection import needed_kinds
from tests.domain.samples import COUNCIL, NHS, POLICE, SCHOOL, agency, line, record, source, view
from tests.schema.test_silence import WHO, WHY, errors
from tests.schema.test_silence import view as asked

ANSWERED, NOT_HELD, POSSIBLE_MATCH, NO_ANSWER, NOT_ASKED = SourceState
SECOND_SCHOOL = agency("otherham-college", SCHOOL.sector)
KINDS = {
    "school_enrolment": "enrolments",
    "school_attendance": "attendance",
    "school_exclusion": "exclusions",
    "school_move": "moves",
    "sen_support": "senSupport",
    "safeguarding_file": "safeguardingFiles",
}


@pytest.fixture(scope="module")
def made(bundle: Bundle) -> SectionType:
    return section_types(bundle.catalogue)[Section.EDUCATION]


def of(made: SectionType, *states: SourceState, records: tuple[ReleasedRecord, ...] = (), **changes: Any) -> Any:
    """The section where the first and second school ended so; what other agencies did never matters here."""
    ours = tuple(source(each, state) for each, state in zip((SCHOOL, SECOND_SCHOOL), states, strict=False))
    others = (source(POLICE, NO_ANSWER), source(NHS), source(COUNCIL))
    return section_result(view(*records, sources=(*others, *ours), **changes), Section.EDUCATION, made)


def test_its_kinds_are_the_catalogues(made: SectionType) -> None:
    assert {kind: list_name(kind) for kind in made.lists} == KINDS


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        pytest.param((ANSWERED,), None, id="records"),
        pytest.param((NOT_HELD,), types.NotHeld, id="not held"),
        pytest.param((NO_ANSWER,), types.NoAnswer, id="no answer"),
        pytest.param((NOT_ASKED,), types.NotAsked, id="not asked"),
        pytest.param((POSSIBLE_MATCH,), types.UnsureMatch, id="an unsure match"),
        pytest.param((), types.NotAsked, id="no school is connected"),
        pytest.param((NOT_HELD, NO_ANSWER), types.NoAnswer, id="one school silent outranks another's no"),
        pytest.param((NOT_HELD, NOT_ASKED), types.NotAsked, id="one school not asked outranks another's no"),
        pytest.param((NOT_HELD, POSSIBLE_MATCH), types.UnsureMatch, id="a possible match outranks another's no"),
        pytest.param((ANSWERED, NO_ANSWER), None, id="one school answered and one did not"),
    ],
)
def test_which_state_it_has(made: SectionType, states: tuple[SourceState, ...], expected: type[Any] | None) -> None:
    candidates = (CandidateLine(SCHOOL, "c0", (("sex", "agree"),)),)
    assert type(of(made, *states, candidates=candidates)) is (expected or made.python_type)


def test_a_school_that_did_not_answer_is_named_beside_the_one_that_did(made: SectionType) -> None:
    assert [each.custodian.id for each in of(made, ANSWERED, NO_ANSWER).unanswered] == [SECOND_SCHOOL.id]


def test_why_no_school_was_asked(made: SectionType) -> None:
    assert of(made).reason is NotAskedReason.NOT_CONNECTED
    told = source(SCHOOL, NOT_ASKED, not_asked=NotAskedReason.NEEDS_NHS_NUMBER)
    assert section_result(view(sources=(told,)), Section.EDUCATION, made).reason is NotAskedReason.NEEDS_NHS_NUMBER


def test_a_record_has_what_was_shared_and_what_was_not(made: SectionType) -> None:
    held = record("sen_support", SCHOOL, withheld="plan", status="SEND")
    (support,) = of(made, ANSWERED, records=(held,)).list_sen_support
    assert (support.status, support.plan) == ("SEND", None)
    assert [each.fields for each in support.withheld] == [["plan"]]


def test_a_kind_out_of_scope_is_null_and_listed_and_one_with_no_record_is_empty(made: SectionType) -> None:
    out = line(outcome=Outcome.OUT_OF_SCOPE, kind="school_move")
    section = of(made, ANSWERED, out_of_scope={"school_move": out})
    assert section.list_school_move is None
    assert section.list_school_exclusion == []
    assert [each.fields for each in section.withheld] == [["moves"]]


def test_school_years_are_on_the_timeline(bundle: Bundle) -> None:
    began, ended = date(2025, 9, 1), date(2026, 8, 31)
    records = (
        record("school_exclusion", SCHOOL, year_began=began, year_ended=ended, suspensions=2, permanent_exclusions=0),
        record("school_attendance", SCHOOL, year_began=date(2024, 9, 1), attended="62.7"),
        record("school_move", SCHOOL, moves=1),
        record("sen_support", SCHOOL, status="SEND"),
    )
    entries = timeline_of(view(*records), bundle.catalogue)
    assert [(entry.on, entry.kind, entry.summary) for entry in entries] == [
        (began, "school_exclusion", "2 · 0"),
        (date(2024, 9, 1), "school_attendance", "62.7"),
    ]


SILENT = {
    "a record without withheld": (
        f"education {{ ... on EducationRecord {{ exclusions {{ suspensions }} {WHY} }} }}",
        "beside `suspensions` on SchoolExclusion",
    ),
    "the section without withheld": (
        f"education {{ ... on EducationRecord {{ exclusions {{ suspensions {WHY} }} }} }}",
        "beside `exclusions` on EducationRecord",
    ),
    "that there is a safeguarding file": (
        f"education {{ ... on EducationRecord {{ safeguardingFiles {{ openedOn }} {WHY} }} }}",
        "on SafeguardingFile",
    ),
}


@pytest.mark.parametrize("name", SILENT)
def test_silence_that_could_be_misread_is_refused(schema: GraphQLSchema, name: str) -> None:
    selected, said = SILENT[name]
    assert any(said in message for message in errors(schema, asked(f"{selected} {WHO} {WHY}")))


def test_with_withheld_beside_it_may_be_asked(schema: GraphQLSchema) -> None:
    lists = " ".join(f"{each} {{ asOf {WHY} }}" for each in KINDS.values())
    states = "... on NotHeld { checkedAt } ... on NoAnswer { reason } ... on NotAsked { why: reason } ... on UnsureMatch { candidates { reference } }"
    assert not errors(schema, asked(f"education {{ ... on EducationRecord {{ {lists} {WHY} }} {states} }} {WHO} {WHY}"))


def test_one_list_is_read_and_the_whole_section_looked_through(bundle: Bundle) -> None:
    from graphql import OperationDefinitionNode, parse

    (operation,) = parse("{ child { education { exclusions { suspensions } } } }").definitions
    assert isinstance(operation, OperationDefinitionNode)
    nodes: Any = operation.selection_set.selections
    look, read = needed_kinds(nodes, {}, bundle.catalogue)
    assert (set(look), set(read)) == (set(KINDS), {"school_exclusion"})

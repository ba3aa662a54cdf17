"""From the selection to the kinds of record it needs, and a document's shape without its values."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import FieldNode, FragmentDefinitionNode, OperationDefinitionNode, execute, parse

from hub.domain.enquiry import Searcher
from hub.domain.organisations import Sector
from hub.domain.view import JoinedView
from hub.schema.query import Context, build_schema
from hub.schema.selection import needed_kinds, shape_of
from hub.service.question import Question, Words
from tests.domain.samples import CATALOGUE, view

IDENTITY = {"council_person", "council_address", "police_person"}
SOCIAL_CARE = {"protection_plan", "looked_after_episode", "missing_from_care", "assessment"}
POLICE = {"missing_report", "warning_marker"}
ON_TIMELINE = {*SOCIAL_CARE, "missing_report", "attendance"}
ALERTS = {"protection_plan", "looked_after_episode", "missing_from_care", "missing_report"}


def needed(text: str) -> tuple[set[str], set[str]]:
    """(looked for, read) of a document whose one operation selects ``child``."""
    definitions = parse(text).definitions
    fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
    (operation,) = (each for each in definitions if isinstance(each, OperationDefinitionNode))
    nodes = [each for each in operation.selection_set.selections if isinstance(each, FieldNode)]
    look, read = needed_kinds(nodes, fragments, CATALOGUE)
    return set(look), set(read)


@pytest.mark.parametrize(
    ("inside", "look", "read"),
    [
        pytest.param("__typename", set(), set(), id="nothing of a record"),
        pytest.param("sources { state } withheld { fields } match { basis } logEntry { number }", set(), set(), id="what every answer has"),
        pytest.param("identity { names { value } }", IDENTITY, IDENTITY, id="identity"),
        pytest.param("household { person { name } }", {"linked_person"}, {"linked_person"}, id="household"),
        pytest.param("involvement { service }", {"council_involvement"}, {"council_involvement"}, id="involvement"),
        pytest.param("timeline { total }", ON_TIMELINE, ON_TIMELINE, id="timeline"),
        pytest.param("alerts { kind }", ALERTS, ALERTS, id="alerts"),
        pytest.param("socialCare { __typename }", SOCIAL_CARE, set(), id="whether a section holds anything"),
        pytest.param("socialCare { ... on SocialCareRecord { plans { category } } }", SOCIAL_CARE, {"protection_plan"}, id="one list of a section"),
        pytest.param("socialCare { plans { category } assessments { outcome } }", SOCIAL_CARE, {"protection_plan", "assessment"}, id="two lists"),
        pytest.param("police { plans { category } }", POLICE, set(), id="a list of another section"),
        pytest.param("police { warningMarkers { marker } } health { __typename }", {*POLICE, "attendance"}, {"warning_marker"}, id="two sections"),
        pytest.param("it: police { them: warningMarkers { marker } }", POLICE, {"warning_marker"}, id="under other names"),
        pytest.param("police: health { __typename }", {"attendance"}, set(), id="under a section's name"),
        pytest.param("police { warningMarkers @include(if: false) { marker } }", POLICE, {"warning_marker"}, id="conditional counts as selected"),
        pytest.param("police @skip(if: true) { __typename }", POLICE, set(), id="so does a conditional section"),
        pytest.param("police { __typename } police { warningMarkers { marker } }", POLICE, {"warning_marker"}, id="a section selected twice"),
        pytest.param("... on JoinedView { police { __typename } }", POLICE, set(), id="an inline fragment"),
        pytest.param("... { police { __typename } }", POLICE, set(), id="an inline fragment of no type"),
    ],
)  # fmt: skip
def test_what_is_needed(inside: str, look: set[str], read: set[str]) -> None:
    assert needed(f"{{ child {{ {inside} }} }}") == (look, read)


@pytest.mark.parametrize(
    ("document", "look", "read"),
    [
        pytest.param("{ child { ...V } } fragment V on JoinedView { police { ...P } } fragment P on PoliceRecord { warningMarkers { marker } }",
                     POLICE, {"warning_marker"}, id="fragments in fragments"),
        pytest.param("{ child { ...V ...V } } fragment V on JoinedView { alerts { kind } }", ALERTS, ALERTS, id="one fragment twice"),
        pytest.param("{ child { ...V } } fragment V on JoinedView { ...V alerts { kind } }", ALERTS, ALERTS, id="a fragment in itself"),
        pytest.param("{ child { ...Nowhere alerts { kind } } }", ALERTS, ALERTS, id="a fragment that is not there"),
        pytest.param("{ child { police { ...P } health { ...P } } } fragment P on X { warningMarkers { m } attendances { o } }",
                     {*POLICE, "attendance"}, {"warning_marker", "attendance"}, id="one fragment in two sections"),
        pytest.param("{ child { identity { names { value } } } child { alerts { kind } } }", IDENTITY | ALERTS, IDENTITY | ALERTS,
                     id="the child selected twice, which GraphQL merges"),
    ],
)  # fmt: skip
def test_what_is_needed_through_fragments(document: str, look: set[str], read: set[str]) -> None:
    assert needed(document) == (look, read)


ASK = '(find: {nhsNumber: "9990004021"}, enquiry: {purpose: A, caseReference: "A-1"})'


async def test_a_child_selected_in_two_places_is_one_question_about_all_of_it() -> None:
    """Were only the first place read, the second's list would be empty without anybody having been asked for it."""
    asked: list[Question] = []

    async def use_case(question: Question) -> JoinedView:
        asked.append(question)
        return view()

    searcher = Searcher("c", "o", "O", Sector.COUNCIL, "w", "mash_social_worker", frozenset({"a"}))
    context: Any = Context(searcher, use_case, "0" * 64, "0" * 32, Words("", {}))  # type: ignore[arg-type]
    document = parse(
        f"query {{ ...A ...B }} fragment A on Query {{ child{ASK} {{ ... on JoinedView {{ alerts {{ kind }} }} }} }} "
        f"fragment B on Query {{ child{ASK} {{ ... on JoinedView {{ health {{ ... on HealthRecord {{ attendances {{ on }} }} }} }} }} }}"
    )
    result: Any = execute(build_schema(CATALOGUE, {"a": "A"}, {"b": "B"}), document, context_value=context)
    result = await result
    assert result.errors is None
    assert result.data["child"] == {"alerts": [], "health": {"attendances": []}}
    assert [(set(each.look), set(each.read)) for each in asked] == [(ALERTS | {"attendance"}, ALERTS | {"attendance"})]


@pytest.mark.parametrize(
    "literal",
    [
        pytest.param('"9990004021"', id="text"),
        pytest.param('"""9990004021"""', id="block text"),
        pytest.param("9990004021", id="whole number"),
        pytest.param("9990004021.5", id="number"),
        pytest.param('["9990004021", 9990004021]', id="list"),
        pytest.param('{a: {b: "9990004021"}}', id="object"),
    ],
)
@pytest.mark.parametrize(
    "document",
    [
        pytest.param("{ child(find: LITERAL) { a } }", id="argument"),
        pytest.param("query($a: X = LITERAL) { child { a } }", id="default"),
        pytest.param("{ child @include(if: LITERAL) { a } }", id="directive"),
        pytest.param("{ ...F } fragment F on Q { child { a(b: LITERAL) } }", id="fragment"),
    ],
)
def test_a_shape_holds_no_literal(document: str, literal: str) -> None:
    assert "9990004021" not in shape_of(parse(document.replace("LITERAL", literal)))


def test_a_shape_says_what_was_asked_and_not_how_it_was_written() -> None:
    same = "# Amelia Hart\nquery Q($n: Int) {\n  child(find: {a: $n, b: PURPOSE}) { x: name }\n}"
    assert shape_of(parse(same)) == shape_of(parse("query Q($n:Int){child(find:{a:$n b:PURPOSE}){x:name}}"))
    assert "Amelia" not in shape_of(parse(same))
    assert "PURPOSE" in shape_of(parse(same))
    assert shape_of(parse("{ a }")) != shape_of(parse("{ b }"))

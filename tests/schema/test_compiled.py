"""The compiled copy and graphql-core answer with the same bytes: over random selections of random answers, and at every
oddity that the copy leaves to graphql-core."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    GraphQLObjectType,
    GraphQLSchema,
    execute,
    get_named_type,
    is_abstract_type,
    is_object_type,
    parse,
    validate,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.domain.catalogue import ValueType
from hub.domain.disclosure import Confidence, HandlingNotice, Impediment, Outcome, ReleasedRecord, Withheld
from hub.domain.sources import NoAnswer, NoAnswerReason, NotAskedReason, Source, SourceState
from hub.domain.view import CandidateLine, ChildAnswer, JoinedView, MatchLine, NoMatch, PossibleMatches
from hub.policy.bundle import Bundle
from hub.schema.compiled import CompiledExecutor, Plans
from hub.schema.query import Context
from hub.service.question import Words
from tests.domain.samples import AS_OF, CHECKED_AT, COUNCIL, DESK, NHS, POLICE, SCHOOL, SECOND_COUNCIL

ROOT = '(find: {nhsNumber: "9990004021"}, enquiry: {purpose: CA1989_S47, caseReference: "A-1"})'
VALUES = {
    ValueType.TEXT: st.text(max_size=6),
    ValueType.DATE: st.dates(date(2015, 1, 1), date(2027, 1, 1)),
    ValueType.DATETIME: st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    ValueType.INTEGER: st.integers(0, 9),
    ValueType.BOOLEAN: st.booleans(),
    ValueType.TEXT_LIST: st.lists(st.text(max_size=4), max_size=3).map(tuple),
}
NAMED = Impediment("imp-lpp", "Legal professional privilege", "Common law", Confidence.GENERAL)
AGENCIES = {"council": COUNCIL, "police": POLICE, "health": NHS, "education": SCHOOL}


def lines(names: list[str]) -> st.SearchStrategy[tuple[Withheld, ...]]:
    line = st.builds(
        Withheld,
        fields=st.lists(st.sampled_from([*names, "*"]), min_size=1, max_size=2).map(tuple),
        outcome=st.sampled_from(Outcome),
        impediment=st.sampled_from([None, NAMED]),
        contact=st.just(DESK),
        next_step=st.just("Ring."),
        reply_by=st.sampled_from([None, CHECKED_AT]),
        kind=st.sampled_from([None, "protection_plan"]),
        custodian=st.sampled_from([None, COUNCIL]),
        ordinal=st.integers(1, 9),
    )
    return st.lists(line, max_size=2).map(tuple)


@st.composite
def records(draw: st.DrawFn, bundle: Bundle) -> ReleasedRecord:
    kind = draw(st.sampled_from(list(bundle.catalogue.kinds.values())))
    known = draw(st.sets(st.sampled_from([field.name for field in kind.fields])))
    values = {field.name: draw(VALUES[field.type]) for field in kind.fields if field.name in known}
    names = [field.name for field in kind.fields]
    handling = draw(st.sampled_from([(), (HandlingNotice("code-p", "Ask first.", tuple(names[:2])),)]))
    return ReleasedRecord(AGENCIES[kind.sector], kind.id, AS_OF, values, draw(lines(names)), handling)


SOURCES = st.lists(
    st.builds(
        Source,
        custodian=st.sampled_from([COUNCIL, SECOND_COUNCIL, POLICE, NHS]),
        state=st.sampled_from(SourceState),
        detail=st.sampled_from([None, "no reply"]),
        no_answer=st.sampled_from([None, NoAnswer(NoAnswerReason.SLOW, "no reply", 30)]),
        not_asked=st.sampled_from([None, NotAskedReason.OUT_OF_SCOPE]),
        as_of=st.sampled_from([None, AS_OF]),
        answered_in_ms=st.sampled_from([None, 12]),
        records=st.sampled_from([None, 3]),
    ),
    max_size=4,
).map(tuple)
CANDIDATES = st.lists(
    st.builds(
        CandidateLine,
        custodian=st.sampled_from([COUNCIL, POLICE]),
        reference=st.just("c1"),
        evidence=st.just((("given name", "differ"),)),
    ),
    max_size=2,
).map(tuple)


@st.composite
def answers(draw: st.DrawFn, bundle: Bundle) -> ChildAnswer:
    sources, candidates = draw(SOURCES), draw(CANDIDATES)
    which = draw(st.integers(0, 5))
    if which == 0:
        return PossibleMatches(candidates, sources, 7)
    if which == 1:
        return NoMatch(sources, 7)
    unreached = Withheld(("*",), Outcome.OUT_OF_SCOPE, None, DESK, "Ask under another purpose.", kind="intelligence")
    return JoinedView(
        matches=(MatchLine(COUNCIL, "verified NHS number", (("NHS number", "agree"),)),),
        sources=sources,
        candidates=candidates,
        records=tuple(draw(st.lists(records(bundle), max_size=6))),
        withheld=draw(lines(["summary"])),
        out_of_scope=draw(st.sampled_from([{}, {"intelligence": unreached}])),
        restricted=draw(st.sampled_from([None, True, False])),
        restricted_by=draw(st.sampled_from([None, NHS])),
        searched_with=("NHS number",),
        checked_at=CHECKED_AT,
        log_entry=7,
    )


@st.composite
def selections(draw: st.DrawFn, schema: GraphQLSchema, kind: Any, depth: int) -> str:
    """A selection on ``kind``: some of its fields, in fragments or not, under other names or not."""
    if is_abstract_type(kind):
        members = draw(st.lists(st.sampled_from(schema.get_possible_types(kind)), unique=True, max_size=3))
        parts = [f"... on {member.name} {{ {draw(selections(schema, member, depth))} }}" for member in members]
        return " ".join(["__typename", *parts])
    names = draw(st.lists(st.sampled_from(sorted(kind.fields)), min_size=1, max_size=5, unique=True))
    parts = []
    for name in names:
        inner = get_named_type(kind.fields[name].type)
        has_parts = is_object_type(inner) or is_abstract_type(inner)
        if has_parts and depth == 0:
            continue
        alias = f"x{len(parts)}: " if draw(st.integers(0, 5)) == 0 else ""
        arguments = (
            draw(st.sampled_from(["", "(first: 2)", '(since: "2020-01-01")', "(first: 0)"]))
            if name == "timeline"
            else ""
        )
        inside = f" {{ {draw(selections(schema, inner, depth - 1))} }}" if has_parts else ""
        directive = " @include(if: true)" if draw(st.integers(0, 25)) == 0 else ""
        parts.append(f"{alias}{name}{arguments}{directive}{inside}")
    parts.append("__typename")
    if draw(st.booleans()):
        half = len(parts) // 2
        return " ".join([*parts[:half], f"... on {kind.name} {{ {' '.join(parts[half:])} }}"])
    return " ".join(parts)


@dataclass
class Given:
    """Stands for the use case: the answer is what the test says."""

    answer: ChildAnswer

    async def __call__(self, _question: object) -> ChildAnswer:
        return self.answer


async def both(
    schema: GraphQLSchema, text: str, answer: ChildAnswer, **variables: Any
) -> tuple[ExecutionResult, ExecutionResult]:
    """What graphql-core answers, and what the compiled copy does."""
    document = parse(text)
    searcher: Any = None
    view_child: Any = Given(answer)
    context = Context(searcher, view_child, "0" * 64, "0" * 32, Words("", {}))
    compiled = replace(context, plans=Plans(schema, document))
    plain: Any = execute(schema, document, context_value=context, variable_values=variables)
    quick: Any = execute(
        schema, document, context_value=compiled, variable_values=variables, executor_class=CompiledExecutor
    )
    return await plain, await quick


def said(result: ExecutionResult) -> str:
    return json.dumps([result.data, [error.formatted for error in result.errors or ()]], default=str)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_the_same_bytes(schema: GraphQLSchema, bundle: Bundle, data: st.DataObject) -> None:
    result = schema.type_map["ChildResult"]
    text = f"{{ child{ROOT} {{ {data.draw(selections(schema, result, 4))} }} }}"
    if validate(schema, parse(text)):  # a random alias may clash with another: not a document that is ever run
        return
    plain, quick = await both(schema, text, data.draw(answers(bundle)))
    assert said(plain) == said(quick)


VIEW = JoinedView((), (), (), (), (), {}, None, None, (), CHECKED_AT, 7)
ODD = {
    "an argument that is refused": ("{ child%s { ... on JoinedView { timeline(first: 0) { total } } } }", {}),
    "a field that may be left out": (
        "query($no: Boolean!) { child%s { ... on JoinedView { alerts @include(if: $no) { kind } logEntry { number } } } }",
        {"no": False},
    ),
    "a fragment that may be left out": (
        (
            "query($no: Boolean!) { child%s { ... on JoinedView { ...F @skip(if: $no) logEntry { number } } } } "
            "fragment F on JoinedView { alerts { kind } }"
        ),
        {"no": True},
    ),
    "an argument from a variable": (
        "query($n: Int!) { child%s { ... on JoinedView { timeline(first: $n) { total } } } }",
        {"n": 3},
    ),
    "two selections of one field": (
        (
            "{ child%s { ... on JoinedView { logEntry { number } logEntry { proofUrl } } ...F } } "
            "fragment F on ChildResult { ... on JoinedView { logEntry { number } } }"
        ),
        {},
    ),
    "two children": ("{ a: child%s { __typename } child%s { __typename } }", {}),
}


@pytest.mark.parametrize(("text", "variables"), ODD.values(), ids=ODD)
async def test_odd(schema: GraphQLSchema, text: str, variables: dict[str, Any]) -> None:
    plain, quick = await both(schema, text.replace("%s", ROOT), VIEW, **variables)
    assert said(plain) == said(quick)


async def test_a_null_where_there_must_be_none(schema: GraphQLSchema) -> None:
    """Data that breaks the schema's own promise blanks what it must, with graphql-core's words and place."""
    broken: Any = replace(VIEW, matches=(MatchLine(COUNCIL, None, ()),))  # type: ignore[arg-type]
    text = f"{{ child{ROOT} {{ ... on JoinedView {{ match {{ basis }} logEntry {{ number }} }} }} }}"
    plain, quick = await both(schema, text, broken)
    assert said(plain) == said(quick)
    assert quick.errors


def test_the_usual_selection_is_compiled(schema: GraphQLSchema) -> None:
    """The copy is used at all: a plain selection is not left to graphql-core."""
    document = parse(f"{{ child{ROOT} {{ __typename ... on JoinedView {{ alerts {{ kind }} }} }} }}")
    field = document.definitions[0].selection_set.selections[0]  # type: ignore[attr-defined]
    kind = schema.type_map["JoinedView"]
    assert isinstance(kind, GraphQLObjectType)
    assert Plans(schema, document).copy_for(kind, [field]) is not None

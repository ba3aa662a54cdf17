"""The rule that refuses a query which could misread silence: what it refuses, and what it lets through."""

from __future__ import annotations

import pytest
from graphql import GraphQLSchema, parse, validate

from hub.policy.bundle import Bundle
from hub.schema.names import SECTION_TYPES, type_name
from hub.schema.silence import NoAmbiguousSilence

WHY = "withheld { fields outcome }"
WHO = "sources { custodian { name } state }"
OTHERS = f"... on PossibleMatches {{ {WHO} }} ... on NoMatch {{ {WHO} }}"


def child(inside: str, more: str = "") -> str:
    find = '(find: {nhsNumber: "9990004021"}, enquiry: {purpose: CA1989_S47, caseReference: "A-1"})'
    variable = "query($yes: Boolean = false)" if "$yes" in inside + more else "query"
    return f"{variable} {{ child{find} {{ {inside} }} }} {more}"


def view(inside: str, more: str = "") -> str:
    return child(f"__typename ... on JoinedView {{ {inside} }} {OTHERS}", more)


def errors(schema: GraphQLSchema, query: str) -> list[str]:
    document = parse(query)
    assert not validate(schema, document), "the row itself must fit the schema"
    found = validate(schema, document, [NoAmbiguousSilence])
    assert all(error.extensions["code"] == "AMBIGUOUS_SILENCE" for error in found)
    assert all(error.extensions["add"] for error in found)
    return [error.message for error in found]


REFUSED = {
    "a view without sources": (view(f"identity {{ names {{ value }} {WHY} }} {WHY}"), "`sources`"),
    "a view without withheld": (
        view(f"identity {{ names {{ value }} {WHY} }} {WHO}"),
        "beside `identity` on JoinedView",
    ),
    "identity without withheld": (view(f"identity {{ names {{ value }} }} {WHO} {WHY}"), "beside `names` on Identity"),
    "a record without withheld": (
        view(f"police {{ ... on PoliceRecord {{ incidents {{ on summary }} {WHY} }} }} {WHO} {WHY}"),
        "beside `on` on Incident",
    ),
    "a section without withheld": (
        view(f"police {{ ... on PoliceRecord {{ incidents {{ on {WHY} }} }} }} {WHO} {WHY}"),
        "beside `incidents` on PoliceRecord",
    ),
    "a timeline event without withheld": (
        view(f"timeline {{ edges {{ node {{ on summary }} }} }} {WHO} {WHY}"),
        "on TimelineEvent",
    ),
    "a household member without withheld": (
        view(f"household {{ person {{ name }} }} {WHO} {WHY}"),
        "beside `person` on HouseholdMember",
    ),
    "an involvement without withheld": (view(f"involvement {{ service }} {WHO} {WHY}"), "on Involvement"),
    "sources without their state": (view(f"alerts {{ kind }} sources {{ custodian {{ name }} }} {WHY}"), "`sources`"),
    "sources without whose they are": (view(f"alerts {{ kind }} sources {{ state }} {WHY}"), "`sources`"),
    "withheld without the fields": (view(f"alerts {{ kind }} {WHO} withheld {{ outcome }}"), "`withheld`"),
    "withheld without the outcome": (view(f"alerts {{ kind }} {WHO} withheld {{ fields }}"), "`withheld`"),
    "sources that may be left out": (
        view(f"alerts {{ kind }} sources @include(if: $yes) {{ custodian {{ name }} state }} {WHY}"),
        "`sources`",
    ),
    "withheld in a fragment that may be left out": (
        view(f"identity {{ names {{ value }} ... @skip(if: $yes) {{ {WHY} }} }} {WHO} {WHY}"),
        "on Identity",
    ),
    "withheld of which the fields may be left out": (
        view(f"identity {{ names {{ value }} withheld {{ outcome fields @include(if: $yes) }} }} {WHO} {WHY}"),
        "on Identity",
    ),
    "withheld under a fragment spread that may be left out": (
        view(
            f"identity {{ names {{ value }} ...I @include(if: $yes) }} {WHO} {WHY}",
            f"fragment I on Identity {{ {WHY} }}",
        ),
        "on Identity",
    ),
    "no match without sources": (
        child(f"... on JoinedView {{ {WHO} }} ... on PossibleMatches {{ {WHO} }} ... on NoMatch {{ __typename }}"),
        "on NoMatch",
    ),
    "nothing of what may come back but a view": (child(f"... on JoinedView {{ {WHO} }}"), "__typename"),
    "only the type": (child("__typename"), "`sources`"),
}

ALLOWED = {
    "the least": view(WHO),
    "everything beside everything": view(
        f"identity {{ names {{ value }} {WHY} }} police {{ ... on PoliceRecord {{ incidents {{ on {WHY} }} {WHY} }} }} {WHO} {WHY}"
    ),
    "withheld in a fragment": view(
        f"identity {{ names {{ value }} ...I }} {WHO} {WHY}", f"fragment I on Identity {{ {WHY} }}"
    ),
    "withheld under another name": view(
        f"identity {{ names {{ value }} held: {WHY} }} {WHO} held: {WHY}",
    ),
    "fragments on the union": child(
        "...U", f"fragment U on ChildResult {{ __typename ... on JoinedView {{ {WHO} }} {OTHERS} }}"
    ),
    "a classified field that may be left out, beside withheld": view(
        f"identity {{ names @include(if: $yes) {{ value }} {WHY} }} {WHO} {WHY}"
    ),
    "neutral fields alone": view(
        f"police {{ ... on PoliceRecord {{ incidents {{ custodian {{ name }} asOf }} {WHY} }} }} {WHO} {WHY}"
    ),
    "log entry": view(f"{WHO} logEntry {{ number }} match {{ basis }}"),
}


@pytest.mark.parametrize(("query", "said"), REFUSED.values(), ids=REFUSED)
def test_refused(schema: GraphQLSchema, query: str, said: str) -> None:
    assert any(said in message for message in errors(schema, query))


@pytest.mark.parametrize("query", ALLOWED.values(), ids=ALLOWED)
def test_allowed(schema: GraphQLSchema, query: str) -> None:
    assert errors(schema, query) == []


def test_every_record_type_is_under_the_rule(schema: GraphQLSchema, bundle: Bundle) -> None:
    """A new kind of record cannot be forgotten: each type with fields of the catalogue has ``withheld``."""
    for kind in bundle.catalogue.kinds.values():
        if kind.section in SECTION_TYPES:
            assert "withheld" in schema.type_map[type_name(kind.id)].fields, kind.id


def test_chained_fragments_stay_cheap(schema: GraphQLSchema) -> None:
    """Forty levels of fragments that each spread the next two twice: exponential for a walker with no memory."""
    levels = 40
    chain = [f"fragment F{n} on JoinedView {{ ...F{n + 1} ...G{n + 1} }}" for n in range(levels)]
    chain += [f"fragment G{n} on JoinedView {{ ...F{n + 1} ...G{n + 1} }}" for n in range(1, levels)]
    chain += [f"fragment {letter}{levels} on JoinedView {{ alerts {{ kind }} }}" for letter in "FG"]
    messages = errors(schema, view("...F0", "\n".join(chain)))
    assert any("`sources`" in message for message in messages)

"""The published schema is the schema, and has every catalogued field of every kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import GraphQLList, GraphQLObjectType, GraphQLSchema, assert_object_type, get_named_type

from hub.cli.schema import schema_text
from hub.domain.catalogue import Section, ValueType
from hub.domain.view import IDENTITY_FIELDS
from hub.policy.bundle import Bundle
from hub.schema.names import LISTS, SECTION_TYPES, camel, enum_name, list_name, type_name

PUBLISHED = Path(__file__).resolve().parent.parent.parent / "docs" / "schema.graphql"
NAMED = {
    ValueType.TEXT: "String",
    ValueType.DATE: "Date",
    ValueType.DATETIME: "DateTime",
    ValueType.INTEGER: "Int",
    ValueType.BOOLEAN: "Boolean",
    ValueType.TEXT_LIST: "[String!]",
}
"""A catalogued field's type in GraphQL: always nullable, so that one gap blanks nothing above it."""


def test_the_published_schema_is_the_schema() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == schema_text(), "run `make schema`"


def test_every_kind_of_a_section_is_a_list_with_every_catalogued_field(bundle: Bundle, schema: GraphQLSchema) -> None:
    seen = 0
    for kind in bundle.catalogue.kinds.values():
        if kind.section not in SECTION_TYPES:
            continue
        section = assert_object_type(schema.get_type(SECTION_TYPES[kind.section]))
        listed = section.fields[list_name(kind.id)].type
        assert isinstance(listed, GraphQLList), f"{kind.id}: null when out of scope"
        record = get_named_type(listed)
        assert isinstance(record, GraphQLObjectType)
        assert record.name == type_name(kind.id)
        shown = {name: str(field.type) for name, field in record.fields.items()}
        assert {"custodian", "asOf", "withheld", "handling"} <= shown.keys()
        for field in kind.fields:
            assert shown[camel(field.name)] == NAMED[field.type], f"{kind.id}.{field.name}"
            seen += 1
    assert seen >= 80


JOINED = {
    Section.HOUSEHOLD: {"name", "relationship", "date_of_birth", "age", "phone"},
    Section.INVOLVEMENT: {"worker_name", "worker_role", "team", "phone", "since", "until"},
    Section.IDENTITY: set(IDENTITY_FIELDS),
}
"""What the joined parts of the view show of each kind of record."""


@pytest.mark.parametrize("section", JOINED, ids=lambda section: section.value)
def test_every_field_of_a_joined_part_is_shown_somewhere(bundle: Bundle, section: Section) -> None:
    kinds = [kind for kind in bundle.catalogue.kinds.values() if kind.section is section]
    assert kinds
    for kind in kinds:
        assert {field.name for field in kind.fields} <= JOINED[section], kind.id


def test_identity_has_every_entry(schema: GraphQLSchema) -> None:
    identity = assert_object_type(schema.get_type("Identity"))
    assert {camel(entry) for entry in IDENTITY_FIELDS.values()} | {"withheld"} == set(identity.fields)


def test_no_two_kinds_share_a_name(bundle: Bundle) -> None:
    kinds = list(bundle.catalogue.kinds)
    assert len({type_name(kind) for kind in kinds}) == len(kinds)
    assert set(LISTS) <= set(kinds), "a list for a kind nobody holds"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("started_on", "startedOn"), ("on", "on"), ("*", "*"), ("expected_date_of_birth", "expectedDateOfBirth")],
)
def test_camel(name: str, expected: str) -> None:
    assert camel(name) == expected


def test_names_of_kinds_and_of_the_law() -> None:
    assert (list_name("protection_plan"), list_name("sighting_report")) == ("plans", "sightingReports")
    assert (type_name("contact"), type_name("sighting_report")) == ("SocialCareContact", "SightingReport")
    assert enum_name("ca1989-s47") == "CA1989_S47"

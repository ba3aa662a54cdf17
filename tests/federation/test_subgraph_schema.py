"""The published subgraph is the subgraph: the public schema, one entity, and what a router may check early."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from graphql import (
    DocumentNode,
    FieldDefinitionNode,
    FieldNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    OperationDefinitionNode,
    assert_object_type,
    parse,
    print_ast,
)

from hub.app import load_policies
from hub.cli.main import main
from hub.cli.schema import schema_text, subgraph_text
from hub.domain.catalogue import Catalogue
from hub.errors import ConfigurationError
from hub.schema.compiled import Plans
from hub.schema.federation_settings import FederationSettings
from hub.schema.names import SECTION_TYPES, camel, list_name, type_name
from hub.schema.subgraph import Graph
from hub.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
GUARDS = (
    '@authenticated @requiresScopes(scopes: [["safeguarding:enquire"]]) @policy(policies: [["safeguarding_enquiry"]])'
)


@pytest.fixture(scope="module")
def published() -> DocumentNode:
    return parse((ROOT / "docs" / "subgraph.graphql").read_text(encoding="utf-8"))


def fields(document: DocumentNode, name: str) -> dict[str, FieldDefinitionNode]:
    """The fields of an object type."""
    (found,) = (
        node for node in document.definitions if isinstance(node, ObjectTypeDefinitionNode) and node.name.value == name
    )
    return {field.name.value: field for field in found.fields or ()}


def names(document: DocumentNode) -> set[str]:
    """Every type that a document defines."""
    return {node.name.value for node in document.definitions if hasattr(node, "name") and node.name is not None}


def test_the_published_subgraph_is_the_subgraph() -> None:
    assert (ROOT / "docs" / "subgraph.graphql").read_text(encoding="utf-8") == subgraph_text(), "run `make schema`"


def test_it_is_the_public_schema_and_one_entity(published: DocumentNode) -> None:
    assert names(published) - names(parse(schema_text())) == {"Child"}
    assert names(parse(schema_text())) - names(published) == set()
    assert set(fields(published, "Query")) == {"child"}, "composers add the machinery, and some refuse to see it twice"
    assert set(fields(published, "Child")) == {"nhsNumber", "view"}


@pytest.mark.parametrize(("kind", "field"), [("Query", "child"), ("Child", "view")])
def test_whatever_asks_the_agencies_says_who_may(published: DocumentNode, kind: str, field: str) -> None:
    found = fields(published, kind)[field]
    assert " ".join(print_ast(each) for each in found.directives or ()) == GUARDS
    assert not isinstance(found.type, NonNullTypeNode), "what fails here must blank nothing above it"


def test_no_agency_can_blank_what_another_said(published: DocumentNode) -> None:
    catalogue: Catalogue = load_policies().catalogue
    seen = 0
    for kind in catalogue.kinds.values():
        if kind.section not in SECTION_TYPES:
            continue
        record = fields(published, type_name(kind.id))
        for spec in kind.fields:
            assert not isinstance(record[camel(spec.name)].type, NonNullTypeNode), f"{kind.id}.{spec.name}"
            seen += 1
        listed = fields(published, SECTION_TYPES[kind.section])[list_name(kind.id)]
        assert not isinstance(listed.type, NonNullTypeNode), kind.id
    assert seen >= 80


@pytest.mark.parametrize(
    ("settings", "printed"),
    [
        pytest.param({}, GUARDS, id="all"),
        pytest.param({"scope": "mash.read"}, GUARDS.replace("safeguarding:enquire", "mash.read"), id="another scope"),
        pytest.param({"scope": ""}, '@authenticated @policy(policies: [["safeguarding_enquiry"]])', id="no scope"),
        pytest.param(
            {"token_states_purpose": False}, GUARDS.split(" @policy", maxsplit=1)[0], id="purpose in the query"
        ),
        pytest.param({"directives": False}, "", id="none printed"),
    ],
)
def test_settings_and_directives(settings: dict[str, object], printed: str) -> None:
    document = parse(subgraph_text(settings=msgspec.convert(settings, FederationSettings)))
    for kind, field in (("Query", "child"), ("Child", "view")):
        assert " ".join(print_ast(each) for each in fields(document, kind)[field].directives or ()) == printed


@pytest.mark.parametrize(
    "wrong",
    ['scope = "two scopes"', 'scope = "a\\"b"', f'scope = "{"a" * 101}"', "scope = 7", 'on = "yes"', "directives = 1"],
)
def test_settings_that_are_wrong(tmp_path: Path, wrong: str) -> None:
    example = (ROOT / "deploy" / "settings.example.toml").read_text(encoding="utf-8")
    path = tmp_path / "settings.toml"
    path.write_text(f"{example}\n[federation]\n{wrong}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="federation"):
        load_settings(path, {})


def test_the_command_prints_each_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--federation"]) == 0
    assert capsys.readouterr().out == subgraph_text()
    assert main(["schema", "--federation", "--plain"]) == 0
    plain = capsys.readouterr().out
    assert "@key" in plain
    assert "@authenticated" not in plain
    assert main(["schema"]) == 0
    assert "@key" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("selected", "is_copied"), [("nhsNumber", True), ("nhsNumber view { __typename }", False)], ids=["key", "question"]
)
def test_a_question_is_never_copied_as_if_it_were_data(selected: str, is_copied: bool) -> None:
    """A question that is begun and not awaited would be asked of nobody, and one begun twice of everybody twice."""
    schema = Graph.of(load_policies(), FederationSettings()).subgraph.schema
    document = parse(f"{{ _entities(representations: []) {{ ... on Child {{ {selected} }} }} }}")
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    (entities,) = operation.selection_set.selections
    assert isinstance(entities, FieldNode)
    kind = assert_object_type(schema.get_type("Child"))
    assert (Plans(schema, document).copy_for(kind, [entities]) is not None) == is_copied

"""A system's own schema compared with the operations of its mapping: names of types and fields, nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    NoDeprecatedCustomRule,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    get_introspection_query,
    is_abstract_type,
    parse,
    validate,
    visit,
)

from hub.connectors.checking import Finding, mend, note
from hub.connectors.graphql.document import Document

INTROSPECTION = get_introspection_query(descriptions=False)
FAULTS_MAX = 20
"""Mistakes told of one operation."""

MESSAGE_CHARS_MAX = 240


def schema_in(body: Any) -> GraphQLSchema | None:
    """The schema that an answer to :data:`INTROSPECTION` describes; None when it describes none."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("__schema"), dict):
        return None
    try:
        schema = build_client_schema(data)  # type: ignore[arg-type]  # what is no schema is refused just below
        validate(schema, parse("{ __typename }"))
    except (TypeError, KeyError, AttributeError, ValueError, GraphQLError, RecursionError):
        return None
    return schema


def faults_of(key: str, document: Document, schema: GraphQLSchema) -> list[Finding]:
    """What of the operation the schema does not have; empty when it would be answered."""
    found = []
    for error in validate(schema, parse(document.text), max_errors=FAULTS_MAX):
        line = error.locations[0].line if error.locations else 0
        said = f"{key}, line {line} of its operation: {_clean(error.message)}"
        found.append(mend(said, "correct the operation and the paths that read it; the custodian's schema decides"))
    return found


def notes_of(key: str, document: Document, schema: GraphQLSchema) -> Iterator[Finding]:
    """What may go wrong later: fields that will be taken away, and types of answer that nothing asks for."""
    tree = parse(document.text)
    for error in validate(schema, tree, [NoDeprecatedCustomRule]):
        what, _, _ = error.message.partition(" is deprecated")
        yield note(f"{key}: {_clean(what)} is deprecated there", "ask the custodian what takes its place, and by when")
    for parent, missing in sorted(_uncovered(tree, schema)):
        yield note(
            f"{key}: where it asks for {parent} the answer may be {missing}, which it does not ask for: no answer then",
            f"add `... on {missing}` (to redacted.types too, if it stands for something held back), or have the "
            "custodian confirm that none is ever given there",
        )


def _uncovered(tree: DocumentNode, schema: GraphQLSchema) -> set[tuple[str, str]]:
    """(union or interface, object type) where a selection depends on the type and has nothing for that one."""
    fragments = {each.name.value: each for each in tree.definitions if isinstance(each, FragmentDefinitionNode)}
    info, found = TypeInfo(schema), set[tuple[str, str]]()

    class Look(Visitor):
        def enter_selection_set(self, node: SelectionSetNode, *_: object) -> None:
            parent = info.get_parent_type()
            if not is_abstract_type(parent):
                return
            covered = _covered(node, fragments, schema)
            if covered:
                every = {each.name for each in schema.get_possible_types(parent)}
                found.update((parent.name, each) for each in every - covered)

    visit(tree, TypeInfoVisitor(info, Look()))
    return found


def _covered(
    node: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], schema: GraphQLSchema
) -> set[str]:
    """The object types that the fragments of a selection are about; the mapping's own check refused endless ones."""
    found: set[str] = set()
    for each in node.selections:
        if isinstance(each, FragmentSpreadNode):
            fragment = fragments[each.name.value]
            on, inner = fragment.type_condition.name.value, fragment.selection_set
        elif isinstance(each, InlineFragmentNode) and each.type_condition is not None:
            on, inner = each.type_condition.name.value, each.selection_set
        else:
            continue
        type_ = schema.get_type(on)
        if not is_abstract_type(type_):
            found.add(on)
            continue
        found |= _covered(inner, fragments, schema) or _possible(schema, type_)
    return found


def _possible(schema: GraphQLSchema, type_: GraphQLAbstractType) -> set[str]:
    return {each.name for each in schema.get_possible_types(type_)}


def _clean(text: str) -> str:
    return " ".join(text.split())[:MESSAGE_CHARS_MAX]

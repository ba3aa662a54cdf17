"""Step 4, first half: from what was selected to the kinds of record that are needed for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLSkipDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    Visitor,
    get_directive_values,
    print_ast,
    visit,
)
from graphql.execution.values import VariableValues
from graphql.language import IntValueNode, StringValueNode

from hub.domain.catalogue import READ_WHEN_NAMED, Catalogue, Section
from hub.domain.view import ALERT_KINDS
from hub.schema.names import SECTION_TYPES, camel, list_name

_JOINED = {"identity": Section.IDENTITY, "household": Section.HOUSEHOLD, "involvement": Section.INVOLVEMENT}
_SECTIONS = {camel(section.value): section for section in SECTION_TYPES}


def needed_kinds(
    nodes: Sequence[FieldNode],
    fragments: Mapping[str, FragmentDefinitionNode],
    catalogue: Catalogue,
    variables: VariableValues | None = None,
) -> tuple[frozenset[str], frozenset[str]]:
    """Which kinds of record the selection of one ``child`` needs: (those to look for, those to read).

    ``nodes`` are all the places in the document that select it: GraphQL merges fields of one response name (spec
    section 5.3.2), and a kind that only the second of them selects would be shown as an empty list, never asked for.

    A section that is selected at all is looked through whole, so that records held back are seen to be held back;
    only the kinds whose lists are selected are read. ``@skip`` and ``@include`` count as selected, but not for
    :data:`READ_WHEN_NAMED`: a list of these is read only where it is really asked for, by the ``variables``
    (None: whatever they are), and never for another field's sake.
    """
    look: set[str] = set()
    read: set[str] = set()
    for name, inside in (each for node in nodes for each in _selected(node.selection_set, fragments)):
        if name in _JOINED:
            read |= {kind.id for kind in catalogue.kinds.values() if kind.section is _JOINED[name]}
        elif name == "timeline":
            read |= {kind.id for kind in catalogue.kinds.values() if kind.timeline is not None}
        elif name == "alerts":
            read |= ALERT_KINDS
        elif name in _SECTIONS:
            ours = [kind.id for kind in catalogue.kinds.values() if kind.section is _SECTIONS[name]]
            lists = {inner for inner, _ in _selected(inside, fragments)}
            look |= set(ours)
            read |= {kind for kind in ours if list_name(kind) in lists}
    named = _named(nodes, fragments, variables) if read & READ_WHEN_NAMED else frozenset()
    return frozenset(look | read), frozenset(read - READ_WHEN_NAMED | named)


def _named(
    nodes: Iterable[FieldNode], fragments: Mapping[str, FragmentDefinitionNode], variables: VariableValues | None
) -> frozenset[str]:
    """The kinds of :data:`READ_WHEN_NAMED` whose lists are asked for."""
    sections = (each for node in nodes for each in _meant(node.selection_set, fragments, variables, set()))
    inside = (section.selection_set for section in sections if section.name.value in _SECTIONS)
    lists = {field.name.value for each in inside for field in _meant(each, fragments, variables, set())}
    return frozenset(kind for kind in READ_WHEN_NAMED if list_name(kind) in lists)


def _meant(
    selections: SelectionSetNode | None,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: VariableValues | None,
    seen: set[str],
) -> Iterator[FieldNode]:
    """Every field selected that no directive leaves out. Each fragment is entered once."""
    for selection in selections.selections if selections else ():
        if variables is not None and _is_left_out(selection, variables):
            continue
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _meant(selection.selection_set, fragments, variables, seen)
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
            seen.add(selection.name.value)
            if fragment := fragments.get(selection.name.value):
                yield from _meant(fragment.selection_set, fragments, variables, seen)


def _is_left_out(selection: SelectionNode, variables: VariableValues) -> bool:
    skip = get_directive_values(GraphQLSkipDirective, selection, variables)
    include = get_directive_values(GraphQLIncludeDirective, selection, variables)
    return bool((skip and skip["if"]) or (include and not include["if"]))


def children_asked(
    document: DocumentNode, operation: OperationDefinitionNode, catalogue: Catalogue
) -> tuple[frozenset[str], ...]:
    """For each child that the operation asks about, by its response name, the kinds of record looked for."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    asked: dict[str, list[FieldNode]] = {}
    for node in fields_of(operation.selection_set, fragments, set()):
        if node.name.value == "child":
            asked.setdefault((node.alias or node.name).value, []).append(node)
    return tuple(needed_kinds(nodes, fragments, catalogue)[0] for nodes in asked.values())


def _selected(
    selections: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[tuple[str, SelectionSetNode | None]]:
    """Every field name selected, whatever the type condition, with what is inside it."""
    return ((node.name.value, node.selection_set) for node in fields_of(selections, fragments, set()))


def fields_of(
    selections: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode], seen: set[str]
) -> Iterator[FieldNode]:
    """Every field selected, whatever the type condition. Each fragment is entered once."""
    for selection in selections.selections if selections else ():
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from fields_of(selection.selection_set, fragments, seen)
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
            seen.add(selection.name.value)
            if fragment := fragments.get(selection.name.value):
                yield from fields_of(fragment.selection_set, fragments, seen)


class _Redact(Visitor):
    """Replace every literal by one that says nothing: an NHS number typed into the query must not be guessable."""

    def enter_string_value(self, *_: object) -> ValueNode:
        return StringValueNode(value="", block=False)

    def enter_int_value(self, *_: object) -> ValueNode:
        return IntValueNode(value="0")

    def enter_float_value(self, *_: object) -> ValueNode:
        return IntValueNode(value="0")


def shape_of(document: DocumentNode) -> str:
    """The document's text without its literals: what the log's document hash is taken of."""
    return print_ast(visit(document, _Redact()))

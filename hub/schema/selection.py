"""Step 4, first half: from what was selected to the kinds of record that are needed for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    Visitor,
    print_ast,
    visit,
)
from graphql.language import IntValueNode, StringValueNode

from hub.domain.catalogue import Catalogue, Section
from hub.domain.view import ALERT_KINDS
from hub.schema.names import SECTION_TYPES, camel, list_name

_JOINED = {"identity": Section.IDENTITY, "household": Section.HOUSEHOLD, "involvement": Section.INVOLVEMENT}
_SECTIONS = {camel(section.value): section for section in SECTION_TYPES}


def needed_kinds(
    nodes: Iterable[FieldNode], fragments: Mapping[str, FragmentDefinitionNode], catalogue: Catalogue
) -> tuple[frozenset[str], frozenset[str]]:
    """Which kinds of record the selection of one ``child`` needs: (those to look for, those to read).

    ``nodes`` are all the places in the document that select it: GraphQL merges fields of one response name (spec
    section 5.3.2), and a kind that only the second of them selects would be shown as an empty list, never asked for.

    A section that is selected at all is looked through whole, so that records held back are seen to be held back;
    only the kinds whose lists are selected are read. ``@skip`` and ``@include`` count as selected.
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
    return frozenset(look | read), frozenset(read)


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

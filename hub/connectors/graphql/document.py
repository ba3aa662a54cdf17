"""A GraphQL operation as a mapping file writes it: checked, and compiled to the shape its answers must have.

The text is reviewed and sent as it is; values go only into variables. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    NamedTypeNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    Visitor,
    parse,
    visit,
)

TYPENAME = "__typename"
DEPTH_MAX = 24
"""Selections within each other: the JSON of the answer may nest no deeper than 32 with the lists between them."""

TOKENS_MAX = 20_000

Fields = Mapping[str, "Part | None"]
"""Response keys (aliases, where there are any) to what is selected below them; None for a leaf."""


class BadDocument(ValueError):
    """The text is no operation that may be sent. The message is one sentence that says what to change."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is selected of one object. ``types`` has one entry, under None, where it does not depend on the type."""

    types: Mapping[str | None, Fields]

    @property
    def is_typed(self) -> bool:
        """Whether what is selected depends on the type, so that ``__typename`` decides how the object is read."""
        return None not in self.types

    def child(self, key: str, type_: str | None = None) -> list[Part | None]:
        """What is selected below ``key``, of every type or of one; empty where it is not selected."""
        each = [self.types[type_]] if type_ in self.types else list(self.types.values())
        return [fields[key] for fields in each if key in fields]


@dataclass(frozen=True, slots=True)
class Document:
    """An operation ready to be sent: its text, its name, the variables it declares, and the shape of its ``data``."""

    text: str
    name: str
    variables: frozenset[str]
    data: Part

    @property
    def sha256(self) -> str:
        """The digest of the text, hex, as a persisted query is known by."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def read(text: str) -> Document:
    """The one named query in ``text``.

    Raises:
        BadDocument: not GraphQL, not one query, no name, a directive, introspection, a variable that is declared or
            used alone, a fragment that is missing, unused or goes round in a circle, or selections by type without
            ``__typename``.
    """
    try:
        tree = parse(text, no_location=False, max_tokens=TOKENS_MAX)
    except GraphQLSyntaxError as fault:
        at = fault.locations[0] if fault.locations else None
        where = f" (line {at.line} of the operation)" if at else ""
        raise BadDocument(f"not GraphQL: {fault.message}{where}") from None
    except RecursionError:
        raise BadDocument("it nests too deep") from None
    operation, fragments = _definitions(tree)
    _refuse_what_is_not_for_sending(tree)
    declared = {variable.variable.name.value for variable in operation.variable_definitions or ()}
    inside = _inside(operation.selection_set, fragments)  # where variables are declared, each is named too
    used = {node.name.value for node in inside if isinstance(node, VariableNode)}
    for name in sorted(declared - used):
        raise BadDocument(f"it declares ${name} and does not use it: use it or take it out")
    for name in sorted(used - declared):
        raise BadDocument(f"it uses ${name} and does not declare it after the operation's name")
    assert operation.name is not None
    data = _Compiler(fragments).part([operation.selection_set], 0)
    return Document(text, operation.name.value, frozenset(declared), data)


Fragments = Mapping[str, FragmentDefinitionNode]


def _definitions(tree: DocumentNode) -> tuple[OperationDefinitionNode, Fragments]:
    operations = [each for each in tree.definitions if isinstance(each, OperationDefinitionNode)]
    fragments = {each.name.value: each for each in tree.definitions if isinstance(each, FragmentDefinitionNode)}
    if len(operations) != 1 or len(operations) + len(fragments) != len(tree.definitions):
        raise BadDocument("it must hold one operation, and beside it only fragments, each with a name of its own")
    (operation,) = operations
    if operation.operation is not OperationType.QUERY:
        raise BadDocument(f"it is a {operation.operation.value}: the hub only asks, with a query")
    if operation.name is None:
        raise BadDocument("its operation has no name: write `query SomeName(...)`, and the system's logs can tell it")
    spread = {node.name.value for node in _inside(operation, fragments) if isinstance(node, FragmentSpreadNode)}
    for name in sorted(fragments.keys() - spread):
        raise BadDocument(f"its fragment {name} is not used")
    return operation, fragments


def _refuse_what_is_not_for_sending(tree: DocumentNode) -> None:
    for node in _nodes(tree):
        if getattr(node, "directives", None):
            raise BadDocument("it has a directive: what is asked must not depend on anything but its variables")
        if isinstance(node, FieldNode):
            name, alias = node.name.value, node.alias
            if name in ("__schema", "__type", "_service"):
                raise BadDocument(f"it asks for {name}: introspection is no question about a child")
            if (name == TYPENAME) is not ((alias.value if alias else name) == TYPENAME):
                raise BadDocument(f"{TYPENAME} must go by its own name, and nothing else by it")


def _nodes(root: Node) -> list[Node]:
    found: list[Node] = []

    class Collect(Visitor):
        def enter(self, node: Node, *_: object) -> None:
            found.append(node)

    visit(root, Collect())
    return found


def _inside(root: Node, fragments: Fragments) -> Iterator[Node]:
    """Every node of ``root`` and of the fragments it spreads, each fragment once."""
    waiting, seen = [root], set[str]()
    while waiting:
        for node in _nodes(waiting.pop()):
            yield node
            if isinstance(node, FragmentSpreadNode) and (name := node.name.value) not in seen:
                seen.add(name)
                if name not in fragments:
                    raise BadDocument(f"it spreads the fragment {name}, which is not there")
                waiting.append(fragments[name])


class _Compiler:
    """Selection sets, merged as GraphQL merges them, to parts."""

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def part(self, sets: list[SelectionSetNode], depth: int) -> Part:
        """What the selection sets of one response key select together."""
        if depth > DEPTH_MAX:
            raise BadDocument(f"it nests deeper than {DEPTH_MAX}, or a fragment holds itself")
        by_type: dict[str | None, dict[str, list[FieldNode]]] = {None: {}}
        for each in sets:
            self._collect(each, None, by_type, 0)
        always = by_type.pop(None)
        chosen: dict[str | None, dict[str, list[FieldNode]]] = {}
        for type_, own in by_type.items() or [(None, {})]:
            chosen[type_] = {key: always.get(key, []) + own.get(key, []) for key in (*always, *own)}
        if by_type and any(TYPENAME not in keys for keys in chosen.values()):
            types = ", ".join(sorted(map(str, by_type)))
            raise BadDocument(f"a selection that depends on the type ({types}) must hold {TYPENAME}")
        return Part({type_: self._fields(keys, depth) for type_, keys in chosen.items()})

    def _fields(self, keys: Mapping[str, list[FieldNode]], depth: int) -> dict[str, Part | None]:
        made: dict[str, Part | None] = {}
        for key, nodes in keys.items():
            sets = [node.selection_set for node in nodes if node.selection_set is not None]
            made[key] = self.part(sets, depth + 1) if sets else None
        return made

    def _collect(
        self,
        selected: SelectionSetNode,
        inside: str | None,
        into: dict[str | None, dict[str, list[FieldNode]]],
        deep: int,
    ) -> None:
        if deep > DEPTH_MAX:
            raise BadDocument("a fragment holds itself")
        keys = into.setdefault(inside, {})
        for node in selected.selections:
            if isinstance(node, FieldNode):
                keys.setdefault((node.alias or node.name).value, []).append(node)
                continue
            if isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                on: NamedTypeNode | None = fragment.type_condition
                inner = fragment.selection_set
            else:
                assert isinstance(node, InlineFragmentNode)
                on, inner = node.type_condition, node.selection_set
            self._collect(inner, inside or self._concrete(on, inner), into, deep + 1)

    def _concrete(self, on: NamedTypeNode | None, selected: SelectionSetNode) -> str | None:
        """The type of object a fragment is about; None where it only gathers fragments about others.

        Without the schema a union is told from an object by that: `fragment F on AnyRecord { ... on Plan { id } }`.
        Inside a fragment on an object every other can only be about that object, or the server would refuse it.
        """
        if on is None or any(
            isinstance(node, InlineFragmentNode | FragmentSpreadNode)
            and self._type_of(node) not in (None, on.name.value)
            for node in selected.selections
        ):
            return None
        return on.name.value

    def _type_of(self, node: InlineFragmentNode | FragmentSpreadNode) -> str | None:
        on = (
            node.type_condition
            if isinstance(node, InlineFragmentNode)
            else self._fragments[node.name.value].type_condition
        )
        return on.name.value if on is not None else None

"""Limits on what one document may ask, checked in one linear pass before validation.

Depth is found once for each fragment and remembered: a limiter that walks into every spread anew can be made to work
exponentially long by a short query.
"""

from __future__ import annotations

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
)

from hub.errors import BadRequest

TOKENS_MAX = 800
DEPTH_MAX = 12
ALIASES_MAX = 30
ROOT_FIELDS_MAX = 5
"""Each root field may be a child, and each child is a question to every custodian."""


def parse_guarded(text: str) -> tuple[DocumentNode, OperationDefinitionNode]:
    """Parse one operation within the limits.

    Raises:
        BadRequest: ``QUERY_SYNTAX``, ``QUERY_TOO_LARGE``, ``ONE_OPERATION``, ``QUERIES_ONLY``, ``QUERY_TOO_DEEP``,
            ``QUERY_TOO_WIDE``. No message repeats what was sent.
    """
    try:
        document = parse(text, max_tokens=TOKENS_MAX)
    except GraphQLSyntaxError as fault:
        if f"more than {TOKENS_MAX} tokens" in fault.message:
            raise BadRequest(
                f"The document has more than {TOKENS_MAX} tokens. Ask for less at once.", code="QUERY_TOO_LARGE"
            ) from None
        place = fault.locations[0] if fault.locations else None
        where = f" at line {place.line}, column {place.column}" if place else ""
        raise BadRequest(f"The document is not GraphQL{where}.", code="QUERY_SYNTAX") from None
    except RecursionError:
        raise BadRequest(f"The document is nested more than {DEPTH_MAX} levels deep.", code="QUERY_TOO_DEEP") from None
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) != 1:
        raise BadRequest("Send exactly one operation in a document.", code="ONE_OPERATION")
    if operations[0].operation is not OperationType.QUERY:
        raise BadRequest("The hub answers queries only.", code="QUERIES_ONLY")
    _check_size(document, operations[0])
    return document, operations[0]


def _check_size(document: DocumentNode, operation: OperationDefinitionNode) -> None:
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    depths = _Depths(fragments)
    if depths.of(operation.selection_set) > DEPTH_MAX:
        raise BadRequest(f"The document is nested more than {DEPTH_MAX} levels deep.", code="QUERY_TOO_DEEP")
    aliases = sum(_aliases(node.selection_set) for node in (operation, *fragments.values()))
    if aliases > ALIASES_MAX:
        raise BadRequest(f"The document has more than {ALIASES_MAX} aliases.", code="QUERY_TOO_WIDE")
    if depths.width(operation.selection_set) > ROOT_FIELDS_MAX:
        raise BadRequest(
            f"The document asks for more than {ROOT_FIELDS_MAX} things at its root. Ask about one child at a time.",
            code="QUERY_TOO_WIDE",
        )


class _Depths:
    """Depth and width of selections, with each fragment measured once; a fragment cycle counts as too deep."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._depth: dict[str, int] = {}
        self._width: dict[str, int] = {}

    def of(self, selections: SelectionSetNode | None) -> int:
        """The number of nested fields."""
        deepest = 0
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                deepest = max(deepest, 1 + self.of(selection.selection_set))
            elif isinstance(selection, FragmentSpreadNode):
                deepest = max(deepest, self._fragment(selection.name.value))
            elif isinstance(selection, InlineFragmentNode):
                deepest = max(deepest, self.of(selection.selection_set))
        return deepest

    def _fragment(self, name: str) -> int:
        if name not in self._depth and name in self._fragments:
            self._depth[name] = DEPTH_MAX + 1  # what a cycle would find
            self._depth[name] = self.of(self._fragments[name].selection_set)
        return self._depth.get(name, 0)

    def width(self, selections: SelectionSetNode) -> int:
        """The number of fields at this level, through fragments."""
        total = 0
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                total += 1
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name not in self._width and name in self._fragments:
                    self._width[name] = ROOT_FIELDS_MAX + 1
                    self._width[name] = self.width(self._fragments[name].selection_set)
                total += self._width.get(name, 0)
            elif isinstance(selection, InlineFragmentNode):
                total += self.width(selection.selection_set)
        return total


def _aliases(selections: SelectionSetNode | None) -> int:
    total = 0
    for selection in selections.selections if selections else ():
        if isinstance(selection, FieldNode | InlineFragmentNode):
            total += isinstance(selection, FieldNode) and selection.alias is not None
            total += _aliases(selection.selection_set)
    return total

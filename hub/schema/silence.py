"""The rule that refuses a query whose answer could be misread as "nothing known".

A field that was withheld is null, and a null looks like nothing. So whoever selects classified fields of a record must
select the record's ``withheld`` beside them, and whoever selects a child must select ``sources``: both unconditionally,
because a client that may drop them with ``@include`` may drop them on the day it matters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    InlineFragmentNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
    get_named_type,
    is_abstract_type,
    is_object_type,
)

NEUTRAL = frozenset(
    {"__typename", "custodian", "asOf", "withheld", "handling", "sources", "logEntry", "match", "unanswered"}
)
"""Fields that are never withheld, so that selecting only these needs no ``withheld`` beside them."""

_WHY = "withheld { fields outcome impediment { id title } contact { role phone } reference nextStep }"
_WHO = "sources { custodian { name } state reason }"


class NoAmbiguousSilence(ValidationRule):
    """Report each selection in which silence could be misread, with what to add."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._fragments = {
            node.name.value: node for node in context.document.definitions if isinstance(node, FragmentDefinitionNode)
        }

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Check the complete selection of one response object, for each type it may turn out to have."""
        if node.selection_set is None:
            return
        kind = self.context.get_type()
        named = get_named_type(kind) if kind else None
        if is_object_type(named):
            self._check(node, named)
        elif is_abstract_type(named):
            possible = self.context.schema.get_possible_types(named)
            for member in possible:
                self._check(node, member)
            if any(member.name == "JoinedView" for member in possible):
                self._check_every_outcome(node, possible)

    def _check(self, node: FieldNode, kind: GraphQLObjectType) -> None:
        assert node.selection_set is not None
        selected = list(self._fields(node.selection_set, kind))
        if not selected:
            return
        names = {field.name.value for field, _ in selected}
        classified = sorted(names - NEUTRAL)
        if (
            "sources" in kind.fields
            and "logEntry" in kind.fields
            and not self._has(selected, "sources", {"state", "custodian"})
        ):
            self._refuse(
                node,
                f"Select `sources` with `custodian` and `state` on {kind.name}: without it, an agency "
                'that did not answer could be read as "nothing known".',
                _WHO,
            )
        needs_withheld = "withheld" in kind.fields and classified
        if needs_withheld and not self._has(selected, "withheld", {"fields", "outcome"}):
            self._refuse(
                node,
                f"Select `withheld` with `fields` and `outcome` beside `{classified[0]}` on {kind.name}: "
                'without it a null could be read as "nothing known".',
                _WHY,
            )

    def _check_every_outcome(self, node: FieldNode, possible: Any) -> None:
        """A child is a view, possible matches or no match: ``{}`` for the ones left out would say nothing at all."""
        assert node.selection_set is not None
        for member in possible:
            if not any(not conditional for _, conditional in self._fields(node.selection_set, member)):
                self._refuse(
                    node,
                    f"Select `__typename`, or say what you want of {member.name}: without it, "
                    'that outcome would be an empty object and could be read as "nothing known".',
                    "__typename",
                )
                return

    def _has(self, selected: list[tuple[FieldNode, bool]], name: str, inside: set[str]) -> bool:
        """Whether ``name`` is selected unconditionally, with all of ``inside`` unconditionally within it."""
        for field, conditional in selected:
            if field.name.value == name and not conditional and field.selection_set is not None:
                within = self._fields(field.selection_set, None)
                if inside <= {inner.name.value for inner, maybe in within if not maybe}:
                    return True
        return False

    def _fields(
        self,
        selections: SelectionSetNode,
        kind: GraphQLObjectType | None,
        seen: set[tuple[str, bool]] | None = None,
        maybe: bool = False,
    ) -> Iterator[tuple[FieldNode, bool]]:
        """The fields selected on an object of type ``kind``, through fragments, and whether each is conditional.

        ``kind`` is None where the type cannot vary, so that every fragment applies. ``seen`` is shared by the whole
        walk: each fragment is entered at most twice, so chained fragments cannot make the work exponential.
        """
        seen = set() if seen is None else seen
        for selection in selections.selections:
            conditional = maybe or any(d.name.value in ("skip", "include") for d in selection.directives or ())
            if isinstance(selection, FieldNode):
                yield selection, conditional
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self._applies(condition.name.value, kind):
                    yield from self._fields(selection.selection_set, kind, seen, conditional)
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                fragment = self._fragments.get(name)
                if (
                    fragment
                    and (name, conditional) not in seen
                    and self._applies(fragment.type_condition.name.value, kind)
                ):
                    seen.add((name, conditional))
                    yield from self._fields(fragment.selection_set, kind, seen, conditional)

    def _applies(self, condition: str, kind: GraphQLObjectType | None) -> bool:
        if kind is None or condition == kind.name:
            return True
        other = self.context.schema.get_type(condition)
        return is_abstract_type(other) and self.context.schema.is_sub_type(other, kind)

    def _refuse(self, node: FieldNode, message: str, add: str) -> None:
        self.report_error(GraphQLError(message, node, extensions={"code": "AMBIGUOUS_SILENCE", "add": add}))

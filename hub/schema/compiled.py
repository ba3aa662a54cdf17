"""Copies an answer into a response along its selection, which is compiled once for each document.

Everything below ``child`` is plain data: nothing there awaits, calls or decides. So graphql-core does what depends on
the request (variables, arguments, ``child`` itself, errors and their places), and the rest of the selection becomes
nested functions that read attributes and put them into dictionaries. Whatever is unusual (``@skip``, ``@include``, an
exception, a null where there must be none) is left to graphql-core, which does it again from the same data and says
what is wrong in its own words. ``tests/schema/test_compiled.py`` holds the two to the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution import get_argument_values
from graphql.execution.executor import Executor
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

Info = GraphQLResolveInfo[Any]

Copy = Callable[[Any, Info], Any]
"""Turns a value of the answer into what the response says of it. The info is that of the ``child`` above it."""


class Unusual(Exception):
    """This selection, or this value, is left to graphql-core."""


class Plans:
    """The compiled selections of one document, made when each is first answered."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._copies: dict[tuple[str, tuple[int, ...]], Copy | None] = {}

    def copy_for(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Copy | None:
        """The copy for what ``nodes`` select of an object of type ``kind``; None when it is left to graphql-core."""
        key = (kind.name, tuple(map(id, nodes)))  # the nodes live as long as the document, and so as this object
        if key not in self._copies:
            try:
                self._copies[key] = self._object(kind, nodes)
            except Unusual:
                self._copies[key] = None
        return self._copies[key]

    def _object(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Copy:
        grouped: dict[str, list[FieldNode]] = {}
        for node in nodes:
            if node.selection_set is not None:
                for field in self._fields(node.selection_set, kind, set()):
                    key = field.alias.value if field.alias else field.name.value
                    grouped.setdefault(key, []).append(field)
        steps = [(key, self._field(kind, fields)) for key, fields in grouped.items()]

        def copy(source: Any, info: Info) -> Any:
            return {key: step(source, info) for key, step in steps}

        return copy

    def _fields(self, selections: SelectionSetNode, kind: GraphQLObjectType, seen: set[str]) -> Iterator[FieldNode]:
        """The fields selected on ``kind``, in the order of the response; each fragment is entered once."""
        for selection in selections.selections:
            if selection.directives:
                raise Unusual
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, InlineFragmentNode):
                if selection.type_condition is None or self._applies(selection.type_condition.name.value, kind):
                    yield from self._fields(selection.selection_set, kind, seen)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                fragment = self._fragments[selection.name.value]
                if self._applies(fragment.type_condition.name.value, kind):
                    yield from self._fields(fragment.selection_set, kind, seen)

    def _applies(self, condition: str, kind: GraphQLObjectType) -> bool:
        if condition == kind.name:
            return True
        other = self._schema.get_type(condition)
        return is_abstract_type(other) and self._schema.is_sub_type(other, kind)

    def _field(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Copy:
        name = nodes[0].name.value
        if name == "__typename":
            return lambda _source, _info: kind.name
        field = kind.fields.get(name)
        if field is None or field.resolve is None or _asks(field):
            raise Unusual
        complete = self._complete(field.type, nodes)
        resolve = field.resolve
        if not field.args:
            return lambda source, info: complete(resolve(source, info), info)
        return _with_arguments(field, nodes[0], complete)

    def _complete(self, kind: Any, nodes: Sequence[FieldNode]) -> Copy:
        """How a value of type ``kind`` is completed (GraphQL specification, section 6.4.3)."""
        if is_non_null_type(kind):
            return _never_null(self._complete(kind.of_type, nodes))
        if is_list_type(kind):
            return _each(self._complete(kind.of_type, nodes))
        if is_leaf_type(kind):
            return _leaf(kind.coerce_output_value)
        if is_object_type(kind):
            return _unless_null(self._object(kind, nodes))
        if is_abstract_type(kind):
            return self._by_class(kind, nodes)
        raise Unusual

    def _by_class(self, kind: Any, nodes: Sequence[FieldNode]) -> Copy:
        """A union: which of its types a value is, is its Python class."""
        copies: dict[type, Copy] = {}
        for member in self._schema.get_possible_types(kind):
            definition = member.extensions.get("strawberry-definition")
            origin = getattr(definition, "origin", None)
            if not isinstance(origin, type):
                raise Unusual
            copies[origin] = self._object(member, nodes)

        def copy(value: Any, info: Info) -> Any:
            if value is None:
                return None
            return _known(copies, value)(value, info)

        return copy


def _asks(field: GraphQLField) -> bool:
    """Whether the field is a question of its own, as ``view`` of an entity is: then it is awaited, by graphql-core."""
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return isinstance(definition, StrawberryField) and definition.is_async


def _known(copies: Mapping[type, Copy], value: object) -> Copy:
    found = copies.get(type(value))
    if found is None:
        raise Unusual
    return found


def _with_arguments(field: GraphQLField, node: FieldNode, complete: Copy) -> Copy:
    resolve = field.resolve
    assert resolve is not None

    def copy(source: Any, info: Info) -> Any:
        arguments = get_argument_values(field, node, info.variable_values)
        return complete(resolve(source, info, **arguments), info)

    return copy


def _never_null(complete: Copy) -> Copy:
    def copy(value: Any, info: Info) -> Any:
        completed = complete(value, info)
        if completed is None:
            raise Unusual
        return completed

    return copy


def _unless_null(complete: Copy) -> Copy:
    return lambda value, info: None if value is None else complete(value, info)


def _each(complete: Copy) -> Copy:
    def copy(value: Any, info: Info) -> Any:
        if value is None:
            return None
        if type(value) is not list and type(value) is not tuple:
            raise Unusual
        return [complete(item, info) for item in value]

    return copy


def _leaf(coerce: Callable[[Any], Any]) -> Copy:
    def copy(value: Any, _info: Info) -> Any:
        if value is None:
            return None
        coerced = coerce(value)
        if coerced is None:
            raise Unusual
        return coerced

    return copy


class CompiledExecutor(Executor[Any]):
    """graphql-core's executor, which copies what is below ``child`` along the compiled selection."""

    def complete_object_value(
        self, return_type: Any, field_details_list: Any, info: Info, path: Any, result: Any, *more: Any
    ) -> Any:
        """Complete an object: compiled where it can be, otherwise as graphql-core does."""
        plans: Plans | None = getattr(info.context, "plans", None)
        if plans is not None:
            copy = plans.copy_for(return_type, [details.node for details in field_details_list])
            if copy is not None:
                with suppress(Exception):  # done again below, which says what is wrong and where
                    return copy(result, info)
        return super().complete_object_value(return_type, field_details_list, info, path, result, *more)

"""The hub as a subgraph of a larger graph (Apollo Federation 2): ``_service``, ``_entities`` and the entity ``Child``.

A gateway comes with the NHS numbers of children whom another subgraph knows. Each of them whose ``view`` is selected is
a question like any other: it goes through :meth:`hub.schema.query.Parts.answer`, and so to the same purpose, plan, log
and decisions. A ``Child`` by itself says nothing but its own key: it exists for every valid number, so that whether it
does cannot tell anybody anything.

Strawberry's own ``_entities`` answers an unknown ``__typename`` by failing the whole list, and a key too many with the
text of a Python error; the one here refuses each representation by itself, in the log and without an echo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import strawberry
from graphql import (
    REMOVE,
    FieldDefinitionNode,
    GraphQLSchema,
    Node,
    TypeDefinitionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from strawberry.federation.schema import FederationAny
from strawberry.federation.schema_directives import Authenticated, Policy, RequiresScopes
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from hub.domain.catalogue import Catalogue
from hub.domain.identifiers import NHSNumber
from hub.domain.people import ChildSearch, Identity
from hub.errors import BadRequest, HubError
from hub.schema.federation_settings import Demands
from hub.schema.query import Context, Parts, child_field, executable, schema_parts
from hub.service.refuse import record_refusal

FEDERATION_VERSION: Literal["2.6"] = "2.6"
"""The oldest that has ``@policy``: routers of two years ago read it."""

ENTITIES_MAX = 5
"""Children in one request of a gateway, as many as a document may ask about at its root."""

_KEYS = frozenset({"__typename", "nhsNumber"})
_MACHINERY = frozenset({"_entities", "_service", "_Any", "_Entity", "_Service"})


@dataclass(frozen=True, slots=True)
class Subgraph:
    """A schema for gateways: ``schema`` to execute, ``sdl`` to compose with."""

    schema: GraphQLSchema
    sdl: str


@strawberry.type(name="_Service")
class _Service:
    sdl: str


class _Schema(strawberry.federation.Schema):
    """A federated schema with our own ``_entities``."""

    child_type: type[Any]

    async def entities_resolver(  # type: ignore[override]  # Strawberry awaits it as it does any resolver
        self, info: strawberry.Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """One ``Child`` for each representation, or the reason why not; in order."""
        if len(representations) > ENTITIES_MAX:
            raise BadRequest(
                f"The gateway asks about more than {ENTITIES_MAX} children at once. Ask about one child at a time.",
                code="QUERY_TOO_COSTLY",
            )
        found: list[Any] = [await self._entity(each, info.context) for each in representations]
        return found

    async def _entity(self, representation: object, context: Context) -> object:
        try:
            return self.child_type(nhs_number=key_of(representation).value)
        except HubError as refusal:
            await record_refusal(context.view_child.log, refusal, searcher=context.searcher, trace_id=context.trace_id)
            return refusal  # graphql-core makes it this place's error; the other places keep their answers


def key_of(representation: object) -> NHSNumber:
    """The NHS number in a representation.

    Raises:
        BadRequest: ``ENTITY_UNKNOWN``, ``ENTITY_INVALID`` or ``NHS_NUMBER_INVALID``; nothing sent is repeated.
    """
    if not isinstance(representation, Mapping) or not isinstance(representation.get("__typename"), str):
        raise BadRequest("A representation is an object with `__typename` and its key.", code="ENTITY_INVALID")
    if representation["__typename"] != "Child":
        raise BadRequest("The only entity of this subgraph is Child.", code="ENTITY_UNKNOWN")
    number = representation.get("nhsNumber")
    if representation.keys() != _KEYS or not isinstance(number, str):
        raise BadRequest(
            "The key of a Child is `nhsNumber`, as text, and its representation has nothing else.",
            code="ENTITY_INVALID",
        )
    return NHSNumber.parse(number)


def build_subgraph(
    catalogue: Catalogue, purposes: Mapping[str, str], reasons: Mapping[str, str], demands: Demands
) -> Subgraph:
    """The subgraph over ``catalogue``; the other arguments are those of :func:`hub.schema.query.build_schema`."""
    parts = schema_parts(catalogue, purposes, reasons)
    child_type = _child_type(parts, demands)
    printed: list[str] = []

    def service() -> _Service:
        return _Service(sdl=printed[0])

    fields = {
        "child": child_field(parts, directives(demands)),
        "service": strawberry.field(resolver=service, name="_service"),
    }
    query = type("Query", (), fields)
    made = _Schema(
        query=strawberry.type(query),
        types=[child_type],
        config=StrawberryConfig(auto_camel_case=True),
        federation_version=FEDERATION_VERSION,
    )
    made.child_type = child_type
    printed.append(_without_machinery(print_schema(made)))
    return Subgraph(executable(made), printed[0])


def directives(demands: Demands) -> tuple[object, ...]:
    """What a router can check early, for each field that asks the agencies. Strawberry only prints it."""
    if not demands.printed:
        return ()
    found: list[object] = [Authenticated()]
    if demands.scope is not None:
        found.append(RequiresScopes(scopes=[[demands.scope]]))
    if demands.policy is not None:
        found.append(Policy(policies=[[demands.policy]]))
    return tuple(found)


def _without_machinery(text: str) -> str:
    """The SDL without what makes a subgraph of it: composers add that themselves, and some refuse to see it twice."""
    return print_ast(visit(parse(text), _Machinery())) + "\n"


class _Machinery(Visitor):
    """Takes out whatever is of a subgraph's machinery."""

    def enter(self, node: Node, *_: object) -> Any:
        """Remove the node if it defines a part of it."""
        name = getattr(node, "name", None)
        defines = isinstance(node, TypeDefinitionNode | FieldDefinitionNode)
        return REMOVE if defines and name is not None and name.value in _MACHINERY else None


def _child_type(parts: Parts, demands: Demands) -> type[Any]:
    async def view(self: Any, info: strawberry.Info, enquiry: Any = None) -> Any:
        number = NHSNumber(self.nhs_number)
        return await parts.answer(info, enquiry, lambda: ChildSearch(Identity(nhs_number=number)))

    view.__annotations__.update({"enquiry": parts.enquiry_type | None, "return": parts.result | None})
    body: dict[str, Any] = {
        "__annotations__": {"nhs_number": strawberry.ID},
        "nhs_number": strawberry.field(description="Ten digits. That a Child has this number says nothing about it."),
        "view": strawberry.field(
            resolver=view,
            description="What council, police and NHS together know about this child, under the purpose and case of "
            "the token (with `enquiry`, which must agree with it, also on a decision or further back). Each is a "
            "question to the agencies and is recorded in the signed log.",
            directives=directives(demands),
        ),
    }
    made: type[Any] = strawberry.federation.type(
        type("Child", (), body), keys=["nhsNumber"], description="A child, by NHS number."
    )
    return made

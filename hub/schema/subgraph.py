"""The endpoint for gateways, ``/subgraph``: where the hub is one part of a larger graph (``docs/federation.md``).

It is the endpoint of :mod:`hub.schema.endpoint` over the schema of :mod:`hub.schema.federation`, and three things more:
it demands of every token what the schema's directives say, it counts the children of ``_entities`` into what a request
may cost, and it takes any document, for a gateway writes its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, OperationDefinitionNode, value_from_ast_untyped

from hub.access.gate import Gate
from hub.domain.catalogue import Catalogue
from hub.domain.enquiry import Searcher
from hub.errors import Forbidden
from hub.policy.bundle import Bundle
from hub.schema.documents import Documents, Prepared
from hub.schema.endpoint import Endpoint, Front
from hub.schema.federation import ENTITIES_MAX, Subgraph, build_subgraph
from hub.schema.federation_settings import Demands, FederationSettings
from hub.schema.selection import fields_of, needed_kinds
from hub.schema.trusted import Trusted
from hub.service.view_child import ViewChild


@dataclass(frozen=True, slots=True)
class Graph:
    """What a subgraph endpoint is made for."""

    subgraph: Subgraph
    demands: Demands
    catalogue: Catalogue

    @classmethod
    def of(cls, bundle: Bundle, settings: FederationSettings) -> Graph:
        """The subgraph of the policies in ``bundle``."""
        purposes = {purpose.id: purpose.title for purpose in bundle.purposes.values()}
        demands = settings.demands()
        made = build_subgraph(bundle.catalogue, purposes, bundle.vocabulary.look_back_reasons, demands)
        return cls(made, demands, bundle.catalogue)


class SubgraphEndpoint(Endpoint):
    """Answers gateways.

    Args:
        graph: the schema and its demands.
        gate: lets searchers in, the same as at ``/graphql``.
        view_child: the use case, the same.
        front: what stands before a question, the same but for registered documents.
        is_development: as for :class:`~hub.schema.documents.Documents`.
    """

    def __init__(self, graph: Graph, gate: Gate, view_child: ViewChild, front: Front, *, is_development: bool) -> None:
        documents = Documents(graph.subgraph.schema, is_development=is_development, catalogue=graph.catalogue)
        free = replace(front, trusted=Trusted(), is_audit=False)
        super().__init__(graph.subgraph.schema, documents, gate, view_child, free)
        self._graph = graph

    def required(self, searcher: Searcher) -> Searcher:
        """The searcher, whose token has the scope, and who states a purpose only as the token does.

        Raises:
            Forbidden: ``SCOPE_MISSING``.
        """
        demands = self._graph.demands
        if demands.scope is not None and demands.scope not in searcher.scopes:
            raise Forbidden(
                f"The access token lacks the scope {demands.scope}, without which this hub answers no gateway. Have "
                "your authorization server grant it.",
                code="SCOPE_MISSING",
            )
        return searcher if demands.policy is None else replace(searcher, states_itself=False)

    def children(self, prepared: Prepared, variables: Mapping[str, Any]) -> Sequence[frozenset[str]]:
        """As at ``/graphql``, and for each ``view`` of an entity as many more as there are representations."""
        return (*prepared.children, *_of_entities(prepared, variables, self._graph.catalogue))


def _of_entities(prepared: Prepared, variables: Mapping[str, Any], catalogue: Catalogue) -> Iterator[frozenset[str]]:
    definitions = prepared.document.definitions
    fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
    operation = next(node for node in definitions if isinstance(node, OperationDefinitionNode))
    roots = _by_response_name(fields_of(operation.selection_set, fragments, set()), "_entities")
    for nodes in roots:
        inside = [field for node in nodes for field in fields_of(node.selection_set, fragments, set())]
        asked = [needed_kinds(views, fragments, catalogue)[0] for views in _by_response_name(inside, "view")]
        yield from asked * _representations(nodes[0], variables)


def _by_response_name(fields: Iterator[FieldNode] | Sequence[FieldNode], name: str) -> list[list[FieldNode]]:
    """The fields called ``name``, those of one response name together: they are one field of the answer."""
    found: dict[str, list[FieldNode]] = {}
    for field in fields:
        if field.name.value == name:
            found.setdefault((field.alias or field.name).value, []).append(field)
    return list(found.values())


def _representations(node: FieldNode, variables: Mapping[str, Any]) -> int:
    given = next((each.value for each in node.arguments or () if each.name.value == "representations"), None)
    sent = None if given is None else value_from_ast_untyped(given, dict(variables))
    return len(sent) if isinstance(sent, list) else ENTITIES_MAX  # a default, or one object: no gateway sends those

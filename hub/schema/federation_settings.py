"""The ``[federation]`` table of the settings: the hub as one part of a larger graph (``docs/federation.md``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from hub.access.details import AUTHORIZATION_TYPE
from hub.access.scopes import SCOPE_PATTERN


@dataclass(frozen=True, slots=True)
class Demands:
    """What a token must have for a question that comes through a gateway; None demands nothing.

    Both can be printed in the subgraph's schema, so that a router can turn a request away before it comes here, and
    both are enforced by :class:`hub.schema.subgraph.SubgraphEndpoint` whatever the router did.

    Attributes:
        scope: an OAuth scope (RFC 6749 s.3.3), as ``@requiresScopes``.
        policy: the type of ``authorization_details`` by which the token itself says purpose and case, as ``@policy``.
        printed: whether the directives are in the schema.
    """

    scope: str | None
    policy: str | None
    printed: bool = True


class FederationSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """That the hub answers gateways at ``/subgraph``; without this table there is no such address.

    ``scope`` is the OAuth scope that tokens must have there, empty for none. ``token_states_purpose`` is whether
    purpose and case must be in the token itself: a gateway's query is no place to state them. ``directives`` is whether
    the schema says both, for gateways that know ``@authenticated``, ``@requiresScopes`` and ``@policy``; without them
    the hub demands the same.
    """

    scope: Annotated[str, Meta(pattern=rf"^(?:{SCOPE_PATTERN})?\Z")] = "safeguarding:enquire"
    token_states_purpose: bool = True
    directives: bool = True

    def demands(self) -> Demands:
        """What is demanded of tokens, and printed as directives."""
        return Demands(self.scope or None, AUTHORIZATION_TYPE if self.token_states_purpose else None, self.directives)

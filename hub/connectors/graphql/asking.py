"""An operation as it goes over the wire. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.connectors.graphql.check import REPRESENTATIONS
from hub.connectors.graphql.document import TYPENAME
from hub.connectors.graphql.mapping import Operation


def request_of(operation: Operation, given: Mapping[str, str], more: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the request: the text, or what it is registered by, and the variables.

    Args:
        operation: what to ask.
        given: whom it is about: variables, or of an entity its keys.
        more: further variables.
    """
    variables: dict[str, Any] = {**given, **more}
    if operation.entity is not None:
        variables = {REPRESENTATIONS: [{TYPENAME: operation.entity, **given}], **more}
    sent: dict[str, Any] = {"operationName": operation.document.name, "variables": variables}
    if operation.persisted is None:
        sent["query"] = operation.document.text
    elif operation.persisted.startswith("sha256:"):
        sent["extensions"] = {"persistedQuery": {"version": 1, "sha256Hash": operation.document.sha256}}
    else:
        sent["documentId"] = operation.persisted
    return sent

"""From a settings entry's mapping file to the connector it describes."""

from __future__ import annotations

import tomllib
from collections.abc import Set as AbstractSet
from pathlib import Path

from hub.connectors.base import Connector
from hub.connectors.graphql.connector import GraphqlConnector
from hub.connectors.graphql.mapping import build, text_of
from hub.connectors.graphql.neighbour import NeighbourConnector
from hub.connectors.graphql.neighbour_file import build as build_neighbour
from hub.connectors.http import Credentials
from hub.domain.catalogue import Catalogue
from hub.domain.organisations import Custodian


def make(
    custodian: Custodian,
    base_url: str,
    path: Path,
    credentials: Credentials | None,
    catalogue: Catalogue,
    vocabulary: AbstractSet[str] | None = None,
) -> Connector:
    """The connector for the mapping file at ``path``: another hub where it has a table ``[hub]``, a system otherwise.

    Raises:
        ConfigurationError: code ``MAPPING_INVALID``, every mistake with file, line and key; or a base URL that may not
            be used.
    """
    text = text_of(path)
    if _is_hub(text):
        return NeighbourConnector(
            custodian, base_url, build_neighbour(path.name, text, catalogue), credentials, catalogue
        )
    mapping = build(path.name, text, catalogue, vocabulary)
    return GraphqlConnector(custodian, base_url, mapping, credentials, catalogue)


def _is_hub(text: str) -> bool:
    try:
        return "hub" in tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # said, with its line, by whoever builds it
        return False

"""``hub schema``: print the GraphQL schema of the policies in force.

With ``--federation`` it is the subgraph's, for composing the hub into a larger graph (docs/federation.md); with
``--plain`` that has no directives that say who may ask, for gateways that refuse a graph with them: the hub demands the
same of every token. With ``--settings`` policies and demands are those of an installation, otherwise those that come
with the hub.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec
from graphql import GraphQLSchema, print_schema

from hub.app import load_policies, load_policy_set
from hub.policy.bundle import Bundle
from hub.schema.federation_settings import FederationSettings
from hub.schema.query import build_schema
from hub.schema.subgraph import Graph
from hub.settings import load_settings


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument("--federation", action="store_true", help="the schema of the Apollo Federation 2 subgraph")
    command.add_argument(
        "--plain", action="store_true", help="with --federation: without @authenticated, @requiresScopes and @policy"
    )
    command.add_argument("--settings", type=Path, metavar="FILE", help="the settings file of an installation")
    command.set_defaults(run=run)


def schema_of(bundle: Bundle) -> GraphQLSchema:
    """The schema for ``bundle``: its catalogue's kinds, and its purposes."""
    purposes = {purpose.id: purpose.title for purpose in bundle.purposes.values()}
    return build_schema(bundle.catalogue, purposes, bundle.vocabulary.look_back_reasons)


def schema_text(bundle: Bundle | None = None) -> str:
    """The schema in the schema definition language."""
    return print_schema(schema_of(bundle or load_policies())) + "\n"


def subgraph_text(bundle: Bundle | None = None, settings: FederationSettings | None = None) -> str:
    """The subgraph's schema in the schema definition language: what composers read."""
    return Graph.of(bundle or load_policies(), settings or FederationSettings()).subgraph.sdl


def run(options: argparse.Namespace) -> int:
    """Print it."""
    bundle, federation = None, FederationSettings()
    if options.settings is not None:
        settings = load_settings(options.settings)
        bundle, federation = load_policy_set(settings).current.bundle, settings.federation or federation
    if options.plain:
        federation = msgspec.structs.replace(federation, directives=False)
    sys.stdout.write(subgraph_text(bundle, federation) if options.federation else schema_text(bundle))
    return 0

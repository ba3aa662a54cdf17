"""``hub schema``: print the GraphQL schema of the policies in force."""

from __future__ import annotations

import argparse
import sys

from graphql import GraphQLSchema, print_schema

from hub.app import load_policies
from hub.policy.bundle import Bundle
from hub.schema.query import build_schema


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.set_defaults(run=run)


def schema_of(bundle: Bundle) -> GraphQLSchema:
    """The schema for ``bundle``: its catalogue's kinds, and its purposes."""
    purposes = {purpose.id: purpose.title for purpose in bundle.purposes.values()}
    return build_schema(bundle.catalogue, purposes, bundle.vocabulary.look_back_reasons)


def schema_text() -> str:
    """The schema in the schema definition language."""
    return print_schema(schema_of(load_policies())) + "\n"


def run(_: argparse.Namespace) -> int:
    """Print it."""
    sys.stdout.write(schema_text())
    return 0

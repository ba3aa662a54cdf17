"""The schema over the policies in force, made once."""

from __future__ import annotations

import pytest
from graphql import GraphQLSchema

from hub.app import load_policies
from hub.policy.bundle import Bundle
from hub.schema.query import build_schema


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return load_policies()


@pytest.fixture(scope="session")
def schema(bundle: Bundle) -> GraphQLSchema:
    purposes = {purpose.id: purpose.title for purpose in bundle.purposes.values()}
    return build_schema(bundle.catalogue, purposes, bundle.vocabulary.look_back_reasons)

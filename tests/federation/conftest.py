"""One hub for gateways, for all the tests that leave it as they find it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.federation.town import GraphTown, running


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphTown]:
    with running(tmp_path_factory.mktemp("graph")) as town:
        yield town


@pytest.fixture
def town(standing: GraphTown) -> Iterator[GraphTown]:
    """The hub, its agencies well at the start and at the end."""
    yield standing
    standing.police.set(None, 0)
    standing.health.set(None, 0)

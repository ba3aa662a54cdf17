"""What somebody with the database's password can do, and look at."""

from __future__ import annotations

from sqlalchemy import create_engine, text


def edit(url: str, statement: str, **parameters: object) -> None:
    """Do to the tables what only somebody with the database's password can."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text(statement), parameters)
    finally:
        engine.dispose()


def read_all(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]
    finally:
        engine.dispose()

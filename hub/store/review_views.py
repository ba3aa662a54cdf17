"""Filters that officers have named: each officer's own, a few, and no part of the log."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine, delete, func, insert, select

from hub.errors import BadRequest
from hub.store.engine import reading
from hub.store.reader import moment
from hub.store.review_tables import review_view

VIEWS_MAX = 30
"""Views of one officer."""

NAME_MAX = 60


@dataclass(frozen=True, slots=True)
class View:
    """A saved filter; ``wanted`` as the address of the list has it. ``name`` is the officer's own word."""

    id: str
    name: str = field(repr=False)
    wanted: dict[str, str]
    at: datetime


def views(engine: Engine, officer: str) -> tuple[View, ...]:
    """An officer's views (by her reference), by name."""
    query = select(review_view).where(review_view.c.officer == officer).order_by(review_view.c.name, review_view.c.at)
    with engine.connect() as connection:
        rows = reading(connection).execute(query).all()
    return tuple(View(row.id, row.name, json.loads(row.wanted), moment(row.at)) for row in rows)


def save(engine: Engine, officer: str, name: str, wanted: dict[str, str], at: datetime) -> str:
    """Keep a view, in the place of one of the same name; its id. BadRequest when there are ``VIEWS_MAX`` already."""
    own, made = review_view.c.officer == officer, secrets.token_hex(16)
    row = {"id": made, "officer": officer, "name": name[:NAME_MAX], "wanted": json.dumps(wanted, sort_keys=True)}
    with engine.begin() as connection:
        connection.execute(delete(review_view).where(own, review_view.c.name == row["name"]))
        kept = connection.scalar(select(func.count()).select_from(review_view).where(own)) or 0
        if kept >= VIEWS_MAX:
            raise BadRequest(f"You have {VIEWS_MAX} saved views. Remove one first.", code="VIEWS_TOO_MANY")
        connection.execute(insert(review_view).values(**row, at=int(at.timestamp() * 1000)))
    return made


def remove(engine: Engine, officer: str, view: str) -> None:
    """Forget a view of hers; nothing happens when there is none."""
    with engine.begin() as connection:
        connection.execute(delete(review_view).where(review_view.c.officer == officer, review_view.c.id == view))

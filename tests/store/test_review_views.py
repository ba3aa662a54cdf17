"""Saved views: each officer's own, one of a name, a few."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from hub.errors import BadRequest
from hub.store.engine import make_engine
from hub.store.review_views import NAME_MAX, VIEWS_MAX, remove, save, views
from hub.store.tables import prepare

ME, OTHER = "0ff1" * 8, "0ff2" * 8
AT = datetime(2026, 11, 20, 16, 41, tzinfo=UTC)


@pytest.fixture
def engine(log_url: str) -> Engine:
    made = make_engine(log_url, 5.0)
    with made.begin() as connection:
        prepare(connection)
    return made


def test_a_view_comes_back_and_is_nobody_elses(engine: Engine) -> None:
    made = save(engine, ME, "Zoë’s", {"preset": "no-case", "worker": "ab" * 16}, AT)
    (view,) = views(engine, ME)
    assert (view.id, view.name, view.wanted, view.at) == (made, "Zoë’s", {"preset": "no-case", "worker": "ab" * 16}, AT)
    assert "Zoë" not in repr(view)
    assert views(engine, OTHER) == ()
    remove(engine, OTHER, made)
    assert len(views(engine, ME)) == 1
    remove(engine, ME, made)
    remove(engine, ME, made)
    assert views(engine, ME) == ()
    engine.dispose()


def test_one_of_a_name_and_in_its_order(engine: Engine) -> None:
    save(engine, ME, "b", {}, AT)
    save(engine, ME, "a", {"preset": "open"}, AT)
    save(engine, ME, "b", {"preset": "veiled"}, AT + timedelta(days=1))
    save(engine, OTHER, "b", {"preset": "silent"}, AT)
    assert [(view.name, view.wanted) for view in views(engine, ME)] == [
        ("a", {"preset": "open"}),
        ("b", {"preset": "veiled"}),
    ]
    save(engine, ME, "x" * 200, {}, AT)
    assert [len(view.name) for view in views(engine, ME)] == [1, 1, NAME_MAX]
    engine.dispose()


def test_only_a_few(engine: Engine) -> None:
    for number in range(VIEWS_MAX):
        save(engine, ME, f"{number:02}", {}, AT)
    with pytest.raises(BadRequest, match="Remove one first"):
        save(engine, ME, "one more", {}, AT)
    save(engine, ME, "07", {"preset": "open"}, AT)
    assert len(views(engine, ME)) == VIEWS_MAX
    save(engine, OTHER, "one more", {}, AT)
    engine.dispose()

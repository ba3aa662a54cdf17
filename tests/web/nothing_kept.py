"""What the hub keeps of a whole run of the pages: nothing about anybody but where people are kept."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from hub.demo.world import World
from tests.e2e.test_nothing_personal import PEOPLE_ARE_KEPT_IN, Finder, personal

WRITTEN_BY_PEOPLE = {"log_side", "confirmation", "judgement"}
"""Tables beside the log with what people wrote or decided about somebody (``docs/retention.md``)."""


def check(directory: Path, world: World) -> None:
    """AssertionError when a name, number or word of a record is in the log's entries, its lines or another table."""
    finder = Finder.of(personal(world))
    with contextlib.closing(sqlite3.connect(directory / "log.db")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        held = {name: finder.found(str(database.execute(f'SELECT * FROM "{name}"').fetchall())) for name in tables}
    found = {name: what for name, what in held.items() if what and name not in PEOPLE_ARE_KEPT_IN | WRITTEN_BY_PEOPLE}
    assert found == {}
    assert {"log_entry", "web_session", "web_kept", "release_step"} <= held.keys()
    assert finder.found((directory / "hub.log").read_text("utf-8")) == set()

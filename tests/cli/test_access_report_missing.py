"""The report of who asked, where the log has nobody such, not everything, or no longer everything."""

from __future__ import annotations

import pytest

from tests.cli.test_access_report import Hub, Run, hub, run
from tests.matching.people import asked
from tests.store.lives import AMIRA, OTHER

__all__ = ["hub", "run"]


def test_nobody_such(hub: Hub, run: Run) -> None:
    hub.ask(asked(OTHER))
    status, said = run()
    assert (status, hub.files(), len(hub.entries())) == (1, set(), 2)
    assert "no question to this hub named this person so" in said
    status, said = run("--subject", "ab" * 16, named=False)
    assert (status, hub.files()) == (1, set())


def test_what_was_dropped_is_said(hub: Hub, run: Run) -> None:
    hub.ask(asked(OTHER))
    hub.ask(asked(AMIRA))
    hub.execute("UPDATE log_entry SET body = x'' WHERE \"index\" < 2")
    assert run()[0] == 0
    assert "2 older entries of the log were dropped" in hub.read("report.md")


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("UPDATE log_entry SET body = x'7b7d' WHERE \"index\" = 0", id="bytes that are no entry"),
        pytest.param('DELETE FROM log_entry WHERE "index" = 0', id="a row that is missing"),
        pytest.param(
            "UPDATE log_entry SET body = CAST(replace(body, 'joined_view', 'joined view') AS BLOB) WHERE \"index\" = 3",
            id="her own answer",
        ),
    ],
)
def test_a_log_that_cannot_all_be_read_is_not_whole(hub: Hub, run: Run, damage: str) -> None:
    hub.ask(asked(OTHER))
    hub.ask(asked(AMIRA))
    hub.execute(damage)
    status, said = run()
    assert status == 1
    assert "hub audit verify" in said
    assert "1 entries of the log cannot be read" in hub.read("report.md")


def test_after_an_erasure_there_is_nobody(hub: Hub, run: Run) -> None:
    hub.ask(asked(AMIRA))
    hub.execute("DELETE FROM log_reference WHERE kind = 'subject'")
    assert run()[0] == 1

"""The report of who asked about a mother: what was asked about her unborn child is hers to know only if decided so."""

from __future__ import annotations

import json

from hub.audit.entries import FieldGroup
from hub.domain.disclosure import Outcome
from hub.domain.people import ChildSearch, Identity, PartialDate, Unborn
from tests.cli.test_access_report import Hub, Run, groups, hub, run
from tests.matching.people import A, asked
from tests.store.lives import AMIRA

__all__ = ["hub", "run"]


def test_a_question_about_her_unborn_child_is_said_to_be_that_and_is_to_be_decided_on(hub: Hub, run: Run) -> None:
    """A mother must not learn by her own report, undecided, that somebody enquired into her child before the birth."""
    shared = groups(FieldGroup(Outcome.SHARED, ("*",)))
    hub.ask(asked(AMIRA), **shared)
    expected = hub.ask(ChildSearch(Identity(unborn=Unborn(A, PartialDate.parse("2027-01-18")))), **shared)
    assert run()[0] == 0
    made = json.loads(hub.read("report.json"))
    assert sorted(made["subjects"].values()) == ["nhs_number", "unborn"]
    assert [(line["unborn"], line["check"]) for line in made["lines"]] == [(False, False), (True, True)]
    own, before_birth = hub.read("report.md").split("\n## ")[1:3]
    assert "[check]" not in own
    assert "**[check]** About: a child not yet born" in before_birth
    assert "**[check]** Why:" in before_birth
    assert f"Entry {expected}: was about a child not yet born" in hub.read("report.check.md")
    assert "2027-01-18" not in hub.read("report.md") + hub.read("report.json")

"""Would today's policies decide the same? Held against every decision of the policies' own case tables."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from hub.app import load_policies
from hub.audit.entries import Asker, FieldGroup, Question, RecordLine
from hub.cli.policy_tables import read_tables
from hub.domain.disclosure import Outcome
from hub.domain.organisations import Sector
from hub.policy.engine import Policy
from hub.policy.load import default_policies_directory
from hub.policy.tables import Row, question
from hub.service.reviewing_today import Today, Tried, is_same, tried
from tests.audit import samples

BUNDLE = load_policies()
POLICY = Policy(BUNDLE)
ROWS, _ = read_tables(default_policies_directory(), BUNDLE)


def logged(row: Row) -> tuple[Question, Sector, RecordLine]:
    """A row of a table as the log has it: outcomes and grounds, and nothing that was stated of the record."""
    asked = question(row.facts, BUNDLE.vocabulary)
    decided = POLICY.decide(asked.request, asked.pointer, asked.judged)
    groups = tuple(
        FieldGroup(
            each.decision.outcome,
            ("*",) if len(decided.groups) == 1 else each.fields,
            each.decision.grounds or each.decision.handling or each.decision.missing,
            each.decision.veiled,
        )
        for each in decided.groups
    )
    entry = samples.question(
        asker=Asker("tool", "testshire-council", None, asked.request.role, "bearer"),
        purpose=asked.request.purpose,
        decision=samples.question().decision if asked.request.decision_recorded else None,
    )
    return entry, asked.request.recipient_sector, RecordLine("holder", asked.pointer.kind, 1, groups)


def again(row: Row, policy: Policy = POLICY) -> list[tuple[FieldGroup, Tried]]:
    entry, sector, record = logged(row)
    return list(zip(record.groups, tried(entry, sector, record, policy), strict=True))


def test_what_has_not_changed_is_said_to_be_the_same() -> None:
    """The digest of the logged question is another, so each of these is decided again; only gaps cannot be."""
    assert not is_same(samples.question(), POLICY)
    wrong = [
        (str(row.facts), group.outcome, found.says)
        for row in ROWS
        for group, found in again(row)
        if found.today is not (Today.UNKNOWN if group.outcome is Outcome.GAP else Today.SAME)
    ]
    assert wrong == []


def without(rule: str) -> Policy:
    left = {
        name: MappingProxyType({k: v for k, v in getattr(BUNDLE, name).items() if k != rule})
        for name in ("impediments", "handling")
    }
    return Policy(replace(BUNDLE, **left))


@pytest.mark.parametrize("rule", sorted({row.because[0] for row in ROWS if row.outcome is Outcome.WITHHELD}))
def test_a_rule_that_is_gone_is_noticed(rule: str) -> None:
    policy = without(rule)
    of_it = [
        found
        for row in ROWS
        if row.outcome is Outcome.WITHHELD and row.because[0] == rule
        for group, found in again(row, policy)
        if rule in group.grounds and group.outcome is Outcome.WITHHELD
    ]
    assert of_it
    assert all(found.today is Today.OTHERWISE and rule in found.says for found in of_it)


def test_a_purpose_that_is_gone_is_noticed() -> None:
    entry, sector, record = logged(next(row for row in ROWS if row.outcome is Outcome.SHARED))
    policy = Policy(replace(BUNDLE, purposes=MappingProxyType({})))
    assert {found.today for found in tried(entry, sector, record, policy)} == {Today.OTHERWISE}


@pytest.mark.parametrize(
    ("changes", "today"),
    [
        pytest.param({"kind": "horoscope"}, Today.OTHERWISE, id="a kind nobody knows any more"),
        pytest.param({"groups": (FieldGroup(Outcome.SHARED, ("nonsense",)),)}, Today.OTHERWISE, id="a field nobody knows"),
        pytest.param({"groups": (FieldGroup(Outcome.GAP, ("*",)),)}, Today.UNKNOWN, id="a gap"),
        pytest.param({"groups": (FieldGroup(Outcome.OUT_OF_SCOPE, ("*",), ("scope-necessity",)),)}, Today.UNKNOWN, id="too old then"),
    ],
)  # fmt: skip
def test_what_can_be_said_of_odd_records(changes: dict[str, Any], today: Today) -> None:
    entry, sector, record = logged(next(row for row in ROWS if row.outcome is Outcome.SHARED))
    assert {found.today for found in tried(entry, sector, replace(record, **changes), POLICY)} == {today}


def test_the_same_policies_decide_the_same() -> None:
    _, sector, record = logged(ROWS[0])
    entry = samples.question(policy=POLICY.digest.removeprefix("sha256:"))
    assert is_same(entry, POLICY)
    assert {found.today for found in tried(entry, sector, record, POLICY)} == {Today.SAME}


def test_an_agency_that_is_registered_no_more() -> None:
    entry, _, record = logged(ROWS[0])
    assert {found.today for found in tried(entry, None, record, POLICY)} == {Today.UNKNOWN}

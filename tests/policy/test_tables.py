"""The decision tables that information governance officers keep in ``policies/tests/*.csv``."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from hub.domain.disclosure import Outcome
from hub.domain.organisations import Sector
from hub.policy.load import default_policies_directory
from tests.policy.cases import bundle, pointer, policy, request

TABLES = sorted((default_policies_directory() / "tests").glob("*.csv"))
Row = dict[str, str]


def rows(table: Path) -> list[Row]:
    with table.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{table.stem}: {row['case']}") for table in TABLES for row in rows(table)]
)
def test_a_row_is_decided_as_the_table_says(row: Row) -> None:
    facts = request(
        purpose=row["purpose"],
        role=row["role"],
        recipient_sector=bundle().vocabulary.roles.get(row["role"], Sector.COUNCIL),
        decision_recorded=row["decision"] == "yes",
        subject_facts=frozenset(row["child"].split()),
        subject_unknown=frozenset(row["child_not_stated"].split()),
    )
    decision = policy().decide(facts, pointer(row["kind"], row["labels"], row["not_stated"]))
    if row["fields"] == "*":
        decided = [group.decision for group in decision.groups]
    else:
        decided = [decision.fields[name] for name in row["fields"].split()]
    for each in decided:
        because = {
            Outcome.SHARED: (each.gateway,),
            Outcome.SHARED_WITH_HANDLING: each.handling,
            Outcome.GAP: each.missing,
        }.get(each.outcome, each.grounds)
        assert (each.outcome, because) == (Outcome(row["expect"]), tuple(row["because"].split()))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_a_table_has_as_many_must_share_rows_as_must_withhold(table: Path) -> None:
    expected = Counter(Outcome(row["expect"]) for row in rows(table))
    shares = expected[Outcome.SHARED] + expected[Outcome.SHARED_WITH_HANDLING]
    withholds = expected[Outcome.WITHHELD] + expected[Outcome.ASK] + expected[Outcome.GAP]
    assert shares >= withholds


def test_every_rule_decides_some_row() -> None:
    named = {word for table in TABLES for row in rows(table) for word in row["because"].split()}
    assert {rule.id for rule in bundle().rules} <= named
    assert set(bundle().purposes) <= named

"""Counts of decisions: facts in words of the vocabulary, nothing of a child, and never in the way of an answer."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from hub.domain.organisations import Sector
from hub.domain.records import RecordPointer
from hub.errors import AuditUnavailable
from hub.policy.engine import Policy
from hub.policy.facts import NOTHING_JUDGED, Judged, RequestFacts
from hub.policy.tables import Facts, answers, question
from hub.service.decide import Decided
from hub.service.tally import PENDING_MAX, UNKNOWN, Tally, facts_of
from tests.policy.cases import bundle, policy, request
from tests.service.conftest import Bench, s47
from tests.service.custodians import council, health, pointer, police
from tests.service.policy_files import AT

REQUEST = RequestFacts("ca1989-s47", "mash_social_worker", Sector.COUNCIL, True)
NONE: frozenset[str] = frozenset()


@dataclass
class Kept:
    """A table in memory that can be broken or full."""

    months: dict[str, Counter[Facts]] = field(default_factory=dict)
    fault: Exception | None = None
    room: bool = True

    async def __call__(self, month: str, counted: Mapping[Facts, int]) -> int:
        if self.fault is not None:
            raise self.fault
        if not self.room:
            return sum(counted.values())
        self.months.setdefault(month, Counter()).update(counted)
        return 0

    @property
    def all(self) -> Counter[Facts]:
        return sum(self.months.values(), Counter())


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def tally(kept: Kept) -> Tally:
    return Tally(bundle, kept, lambda: AT)


def decided(kind: str = "case_document", labels: str = "", judged: Judged | None = NOTHING_JUDGED) -> Decided:
    there = RecordPointer("testshire-council", kind, "secret-id", frozenset(labels.split()))
    return Decided(there, policy().decide(REQUEST, there, judged or NOTHING_JUDGED), None, (), judged)


async def test_decisions_alike_are_one_row(tally: Tally, kept: Kept) -> None:
    tally.count(REQUEST, [decided(), decided(labels="privileged")])
    tally.count(REQUEST, [decided(), decided(judged=None)])
    await tally.flush()
    tally.count(REQUEST, [decided()])
    await tally.flush()
    plain = Facts("case_document", "*", "ca1989-s47", "mash_social_worker", "yes")
    assert kept.months == {"2026-11": Counter({plain: 3, plain._replace(labels="privileged"): 1})}


EVIL = "Maya Thornbury 9990004021"


@pytest.mark.parametrize(
    ("counted", "column", "cell"),
    [
        pytest.param((REQUEST, EVIL, NONE, NONE, NOTHING_JUDGED), "kind", UNKNOWN, id="kind"),
        pytest.param(
            (REQUEST, "incident", frozenset({EVIL, "privileged", "b"}), NONE, NOTHING_JUDGED), "labels", f"{UNKNOWN} privileged", id="labels",
        ),
        pytest.param((REQUEST, "incident", NONE, frozenset({EVIL}), NOTHING_JUDGED), "not_stated", UNKNOWN, id="not stated"),
        pytest.param((changed(REQUEST, role=EVIL), "incident", NONE, NONE, NOTHING_JUDGED), "role", UNKNOWN, id="role"),
        pytest.param((changed(REQUEST, purpose=EVIL), "incident", NONE, NONE, NOTHING_JUDGED), "purpose", UNKNOWN, id="purpose"),
        pytest.param(
            (changed(REQUEST, subject_facts=frozenset({EVIL})), "incident", NONE, NONE, NOTHING_JUDGED), "child", UNKNOWN, id="about the child",
        ),
        pytest.param(
            (changed(REQUEST, subject_unknown=frozenset({EVIL})), "incident", NONE, NONE, NOTHING_JUDGED), "child_not_stated", UNKNOWN, id="not known",
        ),
        pytest.param((REQUEST, "incident", NONE, NONE, Judged(words=frozenset({EVIL}))), "judged", UNKNOWN, id="judged"),
        pytest.param((REQUEST, "incident", NONE, NONE, Judged(stale=frozenset({EVIL}))), "stale", UNKNOWN, id="stale"),
        pytest.param(
            (REQUEST, "case_document", NONE, NONE, Judged(parts=frozenset({(EVIL, EVIL)}))), "judged", f"{UNKNOWN}:{UNKNOWN}", id="a part",
        ),
    ],
)  # fmt: skip
def test_a_word_that_is_none_is_never_kept_as_sent(counted: Any, column: str, cell: str) -> None:
    facts = facts_of(counted, bundle())
    assert getattr(facts, column) == cell
    assert EVIL not in str(facts)


LABELS = st.frozensets(st.sampled_from([*bundle().vocabulary.labels, "odd"]), max_size=4)
COUNTED = st.tuples(
    st.builds(
        RequestFacts,
        purpose=st.sampled_from([*bundle().purposes]),
        role=st.sampled_from([*bundle().vocabulary.roles, "odd"]),
        recipient_sector=st.sampled_from(Sector),
        decision_recorded=st.booleans(),
        subject_facts=st.frozensets(st.sampled_from([*bundle().vocabulary.subject_facts, "odd"])),
        subject_unknown=st.frozensets(st.sampled_from([*bundle().vocabulary.subject_facts])),
    ),
    st.sampled_from([*bundle().catalogue.kinds, "odd"]),
    LABELS,
    LABELS,
    st.builds(
        Judged,
        words=LABELS,
        stale=LABELS,
        parts=st.frozensets(
            st.tuples(st.sampled_from(["summary", "odd"]), st.sampled_from([*bundle().vocabulary.labels]))
        ),
    ),
)


@given(COUNTED)
def test_what_is_counted_is_decided_again_as_it_was(counted: Any) -> None:
    """The whole point: the row replays to the outcome, whatever the words were."""
    asked, kind, labels, undetermined, judged = counted
    rules = policy()
    was = rules.decide(asked, RecordPointer("holder", kind, "r", labels, undetermined), judged)
    again = answers(rules, question(facts_of(counted, bundle()), bundle().vocabulary))
    assert [(names, each.outcome) for names, each in again] == [
        (group.fields, group.decision.outcome) for group in was.groups
    ]


def test_the_searchers_sector_is_named_where_it_is_not_the_roles() -> None:
    def sector(**facts: Any) -> str:
        return facts_of((request(**facts), "incident", NONE, NONE, NOTHING_JUDGED), bundle()).sector

    assert sector() == ""
    assert sector(recipient_sector=Sector.POLICE) == "police"
    assert sector(role="odd") == "council"


@pytest.mark.parametrize("fault", [AuditUnavailable(), RuntimeError(EVIL), OSError()], ids=["down", "a bug", "no disk"])
async def test_what_cannot_be_kept_is_one_line_and_counted_on(
    tally: Tally, kept: Kept, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    kept.fault = fault
    for _ in range(3):
        tally.count(REQUEST, [decided()])
        await tally.flush()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert caplog.records[0].getMessage().startswith("TALLY_NOT_KEPT: ")
    assert EVIL not in caplog.text
    kept.fault = None
    await tally.flush()
    assert kept.all.total() == 3
    kept.fault = fault
    tally.count(REQUEST, [decided()])
    await tally.flush()
    assert caplog.records[-1].getMessage().startswith("TALLY_NOT_KEPT: "), "a new failure is a new line"


async def test_memory_is_bounded(tally: Tally, kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    one = decided()
    for number in range(PENDING_MAX + 5):
        odd = replace(one, pointer=RecordPointer("holder", "incident", "r", frozenset({f"odd-{number}"})))
        tally.count(REQUEST, [odd])
    tally.count(REQUEST, [replace(one, pointer=RecordPointer("holder", "incident", "r", frozenset({"odd-0"})))])
    await tally.flush()
    (row,) = kept.all
    assert (row.labels, kept.all[row]) == (UNKNOWN, PENDING_MAX + 1)
    assert "TALLY_FULL: 5 decisions" in caplog.text
    caplog.clear()
    await tally.flush()
    assert caplog.records == []


async def test_a_full_table_is_said(tally: Tally, kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    kept.room = False
    tally.count(REQUEST, [decided()])
    await tally.flush()
    assert "TALLY_FULL: 1 decisions" in caplog.text


async def test_stopping_flushes_once_more(tally: Tally, kept: Kept) -> None:
    running = asyncio.create_task(tally.run(3_600))
    tally.count(REQUEST, [decided()])
    await asyncio.sleep(0)
    tally.stop()
    await running
    assert kept.all.total() == 1


async def test_it_flushes_by_itself(tally: Tally, kept: Kept) -> None:
    running = asyncio.create_task(tally.run(0.01))
    tally.count(REQUEST, [decided()])
    while not kept.all:
        await asyncio.sleep(0.01)
    tally.stop()
    await running


async def test_an_answer_is_counted_once_it_is_recorded_and_names_nobody(
    bench: Bench, kept: Kept, tally: Tally
) -> None:
    bench.tally = tally
    secret = council()
    held = {**secret.held, pointer("case_document", "privileged-one", "privileged", at="council"): {}}
    await bench.ask(council(held=held), police(), health(), enquiry=s47())
    await tally.flush()
    assert {(facts.kind, facts.labels, times) for facts, times in kept.all.items()} == {
        ("protection_plan", "", 1),
        ("case_document", "privileged", 1),
        ("incident", "", 1),
        ("attendance", "", 1),
    }
    kept_words = {word for facts in kept.all for cell in facts for word in cell.split()}
    rules: Policy = bench.policy
    vocabulary = rules.bundle.vocabulary
    known = {
        *vocabulary.labels, *vocabulary.roles, *vocabulary.subject_facts, *rules.bundle.purposes, *rules.bundle.catalogue.kinds,
        "*", "yes", "no",
    }  # fmt: skip
    assert kept_words <= known


async def test_a_question_that_got_no_answer_is_not_counted(bench: Bench, kept: Kept, tally: Tally) -> None:
    bench.tally = tally
    with pytest.raises(RuntimeError):
        await bench.ask(council(crash=frozenset({"fetch"})), police())
    await tally.flush()
    assert kept.months == {}

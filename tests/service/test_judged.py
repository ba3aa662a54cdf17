"""What people decided, as facts of a question: who it is about, when it stands, and what was learnt too late."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from hub.domain.disclosure import Outcome
from hub.domain.enquiry import Enquiry, LookBack
from hub.domain.identifiers import CaseReference, NHSNumber
from hub.domain.view import JoinedView
from hub.errors import AuditUnavailable
from hub.policy.engine import Policy
from hub.policy.judgements import Book, Judgement, Request
from tests.service.conftest import NOW, Bench
from tests.service.custodians import BY_NAME, MAYA, NUMBER, Bendable, council, health, pointer, police

HOUR = timedelta(hours=1)
PLAN = pointer("education_health_care_plan", "ehc-1", at="council")
EHC = {PLAN: {"started_on": date(2025, 1, 6), "needs": ("ASD",)}}
S16LA = Request("testshire-council", CaseReference("MASH-1"), "ca2004-s16la")


def judgement(word: str, **how: Any) -> Judgement:
    usual: dict[str, Any] = {
        "id": "0" * 32,
        "kind": "any",
        "word": word,
        "custodian": "council",
        "nhs_number": NUMBER,
        "local_id": None,
        "kinds": frozenset(),
        "record_id": None,
        "fields": frozenset(),
        "request": None,
        "decided_by": "Amina Yusuf",
        "post": "send",
        "decided_at": NOW - HOUR,
        "reasons": "Reasons about this child.",
        "review_at": NOW + HOUR,
        "expires_at": NOW + 2 * HOUR,
    }
    return Judgement(**usual | how)


def of_council(view: object) -> tuple[dict[str, object], list[tuple[tuple[str, ...], str, str | None]]]:
    """The council's released values, and its lines: fields, outcome, impediment."""
    assert isinstance(view, JoinedView)
    values: dict[str, object] = {}
    lines = list(view.withheld)
    for record in view.records:
        if record.custodian.id == "council":
            values |= record.values
            lines += record.withheld
    return values, [
        (line.fields, line.outcome.value, line.impediment.id if line.impediment else None) for line in lines
    ]


@pytest.mark.parametrize(
    ("made", "released", "outcome"),
    [
        pytest.param([], set(), "withheld", id="no decision: reg 17 stops it"),
        pytest.param([judgement("interests_decision")], {"started_on", "needs"}, None, id="decided: shared"),
        pytest.param(
            [judgement("interests_decision", fields=frozenset({"needs"}))], {"needs"}, "withheld", id="decided for a part"
        ),
        pytest.param(
            [judgement("interests_decision", review_at=NOW)], set(), "gap", id="overdue for review: not known, so a gap"
        ),
        pytest.param([judgement("interests_decision", expires_at=NOW)], set(), "withheld", id="expired: as if never made"),
        pytest.param([judgement("interests_decision", custodian="health")], set(), "withheld", id="another holder's"),
        pytest.param(
            [judgement("interests_decision", nhs_number=NHSNumber.parse("9990004013"))], set(), "withheld", id="another child's"
        ),
        pytest.param(
            [judgement("interests_decision", nhs_number=None, local_id="local-0")],
            {"started_on", "needs"},
            None,
            id="the child by the holder's own id",
        ),
        pytest.param(
            [judgement("interests_decision", record_id="ehc-2")], set(), "withheld", id="about another record"
        ),
    ],
)  # fmt: skip
async def test_an_interests_decision(
    bench: Bench, made: list[Judgement], released: set[str], outcome: str | None
) -> None:
    bench.book = Book(made)
    holder = council(held=EHC)
    values, lines = of_council(await bench.ask(holder, health()))
    assert values.keys() == released
    assert {line[1] for line in lines} == ({outcome} if outcome else set())
    assert bool(holder.fetched) is bool(released)  # what may not be shared is not fetched


@pytest.mark.parametrize(
    ("request_", "stops"),
    [
        pytest.param(S16LA, True, id="the request it was made on"),
        pytest.param(replace(S16LA, case_reference=CaseReference("MASH-2")), False, id="another case"),
        pytest.param(replace(S16LA, organisation="testshire-police"), False, id="another agency's request"),
        pytest.param(replace(S16LA, purpose="ca1989-s47"), False, id="another purpose"),
    ],
)
async def test_detriment_is_about_one_request(bench: Bench, request_: Request, stops: bool) -> None:
    bench.book = Book([judgement("detriment_judgement", request=request_)])
    values, lines = of_council(await bench.ask(council(), health()))
    assert bool(values) is not stops
    assert lines == ([(("*",), "withheld", "imp-detriment-16la3")] if stops else [])


async def test_a_lifting_decision_learnt_after_fetching_began_is_told_not_passed_over(bench: Bench) -> None:
    """The council's own record has no number; the health service's answer, which has, comes second."""
    bench.book = Book([judgement("interests_decision")])
    unnumbered = replace(MAYA, nhs_number=None, nhs_number_verified=False)
    holder = council(held=EHC, people=(unnumbered,), matches_nhs_number=False)
    values, lines = of_council(await bench.ask(holder, health(latency_seconds=0.1), search=BY_NAME))
    assert not values
    assert lines == [(("*",), "withheld", "imp-sen-reg17")]


async def test_a_bar_learnt_after_fetching_began_still_bars(bench: Bench) -> None:
    bench.book = Book([judgement("detriment_judgement", request=S16LA)])
    unnumbered = replace(MAYA, nhs_number=None, nhs_number_verified=False)
    holder = council(people=(unnumbered,), matches_nhs_number=False)
    values, lines = of_council(await bench.ask(holder, health(latency_seconds=0.1), search=BY_NAME))
    assert holder.fetched
    assert not values
    assert lines == [(("*",), "withheld", "imp-detriment-16la3")]


async def test_decisions_that_cannot_be_read_stop_the_question(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unreadable() -> Book:
        raise AuditUnavailable("The decisions cannot be read.")

    bench.judgements = unreadable
    holders: list[Bendable] = [council(), police(), health()]
    with pytest.raises(AuditUnavailable):
        await bench.ask(*holders)
    assert [one.calls for one in holders] == [[], [], []]


EVENTS = {
    pointer("contact", "old", at="council"): {"on": date(2019, 5, 1), "outcome": "Advice"},
    pointer("contact", "recent", at="council"): {"on": date(2026, 5, 1), "outcome": "Referral"},
    pointer("protection_plan", "open", at="council"): {"started_on": date(2018, 1, 1)},
    pointer("protection_plan", "ended-long-ago", at="council"): {
        "started_on": date(2017, 1, 1),
        "ended_on": date(2018, 6, 1),
    },
    pointer("protection_plan", "ended-lately", at="council"): {
        "started_on": date(2017, 1, 1),
        "ended_on": date(2026, 6, 1),
    },
    pointer("contact", "undated", at="council"): {"outcome": "Unknown"},
}


@pytest.mark.parametrize(
    ("years", "reason", "seen"),
    [
        pytest.param(3, None, 4, id="as far as the purpose looks"),
        pytest.param(3, (9, "pattern_of_harm"), 6, id="widened with a reason"),
        pytest.param(3, (8, "pattern_of_harm"), 5, id="widened, and not so far"),
        pytest.param(3, (None, "pattern_of_harm"), 6, id="widened to the whole life"),
        pytest.param(3, (1, "pattern_of_harm"), 4, id="never narrowed"),
        pytest.param(None, None, 6, id="a purpose that looks back without limit"),
    ],
)
async def test_look_back(bench: Bench, years: int | None, reason: tuple[int | None, str] | None, seen: int) -> None:
    bundle = bench.policy.bundle
    purpose = replace(bundle.purposes["ca2004-s16la"], look_back_years=years)
    bench.policy = Policy(replace(bundle, purposes={**bundle.purposes, purpose.id: purpose}))
    enquiry = Enquiry(purpose.id, CaseReference("MASH-1"), None, LookBack(*reason) if reason else None)
    view = await bench.ask(council(held=EVENTS), health(), enquiry=enquiry)
    assert isinstance(view, JoinedView)
    assert len([record for record in view.records if record.custodian.id == "council"]) == seen
    (source,) = [source for source in view.sources if source.custodian.id == "council"]
    assert source.records == seen, "a count of what is not told would tell that it is there"
    limited = years is not None and not (reason and reason[0] is None)
    told = [line for line in view.withheld if line.outcome is Outcome.OUT_OF_SCOPE]
    assert bool(told) is limited
    if limited:
        assert {line.custodian.id for line in told if line.custodian} == {"council", "health"}
        assert all("since 20" in line.next_step and line.impediment is None for line in told)
    question, answer = await bench.entries()
    back = question.look_back  # type: ignore[union-attr]
    assert (back is not None and (back.years, back.reason)) == (reason or False)
    old = [group for line in answer.records for group in line.groups if group.outcome is Outcome.OUT_OF_SCOPE]  # type: ignore[union-attr]
    assert bool(old) is (seen < 6)

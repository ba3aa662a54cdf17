"""A school behind the DfE custodian API, asked with the others: the whole way from the question to the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hub.connectors.dfe import DfeConnector
from hub.connectors.guarded import Guarded
from hub.domain.disclosure import Outcome
from hub.domain.enquiry import Enquiry
from hub.domain.identifiers import CaseReference
from hub.domain.sources import NotAskedReason, SourceState
from hub.domain.view import JoinedView
from tests.connectors.bendable import bendable
from tests.connectors.dfe_bench import EDUCATION, PERSONAL, Upstream, connector, education, personal
from tests.service.conftest import Bench
from tests.service.custodians import BY_NAME, BY_NUMBER, council, health, police


@asynccontextmanager
async def school(upstream: Upstream, **how: Any) -> AsyncIterator[Guarded]:
    async with bendable(upstream) as server:
        one: DfeConnector = connector(server.url, **how)
        yield Guarded(one)
        await one.close()


def whole() -> Upstream:
    return Upstream({PERSONAL: personal(), EDUCATION: education()})


def state(answer: Any) -> SourceState:
    (found,) = [source.state for source in answer.sources if source.custodian.id == "testshire-education"]
    return found


async def test_a_school_answers(bench: Bench) -> None:
    async with school(whole()) as one:
        view = await bench.ask(council(), one, health(), deadline_seconds=5)
    assert isinstance(view, JoinedView)
    assert state(view) is SourceState.ANSWERED
    kinds = {record.kind for record in view.records}
    assert {"pupil", "school_enrolment", "school_attendance", "school_exclusion", "sen_support"} <= kinds
    unsaid = [line for line in view.withheld if line.kind == "safeguarding_file"]
    assert [(line.outcome, line.fields) for line in unsaid] == [(Outcome.GAP, ("*",))]
    assert "does not say" in unsaid[0].next_step


async def test_a_school_is_not_told_while_nobody_knows_whether_the_child_is_restricted(bench: Bench) -> None:
    async with school(whole()) as one:
        view = await bench.ask(council(), one, health(fail={"match": _down()}), deadline_seconds=5)
    (enrolment,) = [record for record in view.records if record.kind == "school_enrolment"]
    assert dict(enrolment.values) == {}
    assert {name for line in enrolment.withheld for name in line.fields} == {
        "school", "address", "phone", "started_on", "ended_on",
    }  # fmt: skip


async def test_an_ehc_plan_is_withheld_and_the_rest_is_not(bench: Bench) -> None:
    upstream = whole()
    upstream.records[EDUCATION] = education(educationActiveStatusesAndPlans=[{"status": "SEND", "plan": "EHC plan"}])
    async with school(upstream) as one:
        view = await bench.ask(council(), one, health(), deadline_seconds=5)
    assert "sen_support" not in {record.kind for record in view.records}
    (told,) = [line for line in view.withheld if line.kind == "sen_support"]
    assert told.impediment is not None
    assert told.impediment.id == "imp-sen-reg17"


async def test_early_help_is_told_that_there_were_exclusions_and_not_how_many(bench: Bench) -> None:
    upstream = whole()
    async with school(upstream) as one:
        enquiry = Enquiry("ca2004-s10", CaseReference("EH-1"))
        view = await bench.ask(
            council(), one, health(), enquiry=enquiry, purposes=frozenset({"ca2004-s10"}), role="early_help_worker",
            deadline_seconds=5,
        )  # fmt: skip
    exclusions = [record for record in view.records if record.kind == "school_exclusion"]
    assert [set(record.values) for record in exclusions] == [{"year_began", "year_ended"}] * 2
    assert "school_move" in view.out_of_scope


async def test_a_purpose_that_does_not_reach_schools_asks_none(bench: Bench) -> None:
    upstream = whole()
    async with school(upstream) as one:
        enquiry = Enquiry("police-common-law", CaseReference("A-1"))
        view = await bench.ask(
            police(), one, health(), search=BY_NAME, enquiry=enquiry, purposes=frozenset({"police-common-law"})
        )
    assert upstream.asked == []
    assert state(view) is SourceState.NOT_ASKED


async def test_by_name_the_school_is_asked_under_the_number_that_others_know(bench: Bench) -> None:
    upstream = whole()
    async with school(upstream) as one:
        view = await bench.ask(one, health(), search=BY_NAME, deadline_seconds=5)
    assert state(view) is SourceState.ANSWERED
    assert upstream.asked[0][1]["personId"] == "9990004021"


async def test_by_name_with_nobody_to_learn_a_number_from_it_is_not_asked(bench: Bench) -> None:
    upstream = whole()
    async with school(upstream) as one:
        answer = await bench.ask(one, health(people=()), police(people=()), search=BY_NAME, deadline_seconds=5)
    (told,) = [source for source in answer.sources if source.custodian.id == "testshire-education"]
    assert (told.state, told.not_asked) == (SourceState.NOT_ASKED, NotAskedReason.NEEDS_NHS_NUMBER)
    assert "NHS number" in str(told.detail)
    assert upstream.asked == []


@pytest.mark.parametrize("verified", [True, False])
async def test_an_id_alone_joins_nothing_unless_somebody_verified_it(bench: Bench, verified: bool) -> None:
    upstream = Upstream({EDUCATION: education()})
    async with school(upstream, nhs_numbers_verified=verified) as one:
        answer = await bench.ask(one, search=BY_NUMBER, deadline_seconds=5)
    assert state(answer) is (SourceState.ANSWERED if verified else SourceState.POSSIBLE_MATCH)


async def test_nothing_a_school_says_is_in_the_log(bench: Bench) -> None:
    async with school(whole()) as one:
        await bench.ask(council(), one, health(), deadline_seconds=5)
    stored = bench.path.read_bytes()
    assert not any(word in stored for word in (b"Weir Road", b"81.5", b"SEN support", b"9990004021"))


def _down() -> Any:
    from tests.service.custodians import DOWN

    return DOWN

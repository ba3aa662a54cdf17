"""One question, from purpose to recorded answer: what each custodian's behaviour becomes in the answer and the log."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from hub.audit.entries import Answer, Question
from hub.connectors.base import Deadline
from hub.domain.disclosure import Outcome
from hub.domain.enquiry import Enquiry, RecordedDecision
from hub.domain.identifiers import CaseReference, NHSNumber
from hub.domain.people import ChildSearch, Identity, PartialDate
from hub.domain.sources import NotAskedReason, SourceState
from hub.domain.view import JoinedView, NoMatch, PossibleMatches, alerts_of
from hub.errors import BadRequest, Forbidden
from tests.service.conftest import NOW, Bench, s47
from tests.service.custodians import (
    BY_NAME,
    BY_NUMBER,
    DOWN,
    MAYA,
    MAYA_AT_POLICE,
    NUMBER,
    Bendable,
    council,
    health,
    pointer,
    police,
)


def states(answer: Any) -> dict[str, str]:
    return {source.custodian.id: source.state.value for source in answer.sources}


async def test_all_answer(bench: Bench) -> None:
    view = await bench.ask(council(), police(), health())
    assert isinstance(view, JoinedView)
    assert states(view) == {"council": "answered", "police": "answered", "health": "answered"}
    assert {record.kind for record in view.records} == {"protection_plan", "incident", "attendance"}
    assert view.log_entry == 1
    assert await bench.kinds() == ["Question", "Answer"]


async def test_police_are_asked_under_the_names_others_know(bench: Bench) -> None:
    """An NHS number alone cannot be asked of the police: they hear the names that custodians sure of the child gave."""
    bent = police()
    await bench.ask(council(), bent, health())
    (search,) = bent.searches
    assert search.aliases == (MAYA,)
    assert search.stated.family_names == ()


async def test_police_ask_under_both_names_where_agencies_disagree(bench: Bench) -> None:
    bent = police()
    renamed = replace(MAYA, family_names=("Garrick",))
    await bench.ask(council(people=(renamed,)), bent, health())
    assert {search.family_names for search in bent.searches[0].aliases} == {("Thornbury",), ("Garrick",)}


async def test_a_hung_custodian_does_not_silence_the_police(bench: Bench) -> None:
    bent = police()
    view = await bench.ask(council(), bent, health(hang=frozenset({"match"})), deadline_seconds=0.4)
    assert states(view) == {"council": "answered", "police": "answered", "health": "no_answer"}


async def test_nobody_to_learn_a_name_from(bench: Bench) -> None:
    answer = await bench.ask(council(people=()), police(), health(people=()))
    assert isinstance(answer, NoMatch)
    assert states(answer) == {"council": "not_held", "police": "not_asked", "health": "not_held"}
    (asked,) = [source for source in answer.sources if source.custodian.id == "police"]
    assert asked.not_asked is NotAskedReason.NEEDS_DEMOGRAPHICS
    assert "ask again" in str(asked.detail)


FAILURES = {
    "match fails": {"fail": {"match": DOWN}},
    "find fails": {"fail": {"find": DOWN}},
    "fetch fails": {"fail": {"fetch": DOWN}},
    "match hangs": {"hang": frozenset({"match"})},
    "find hangs": {"hang": frozenset({"find"})},
    "fetch hangs": {"hang": frozenset({"fetch"})},
}


@pytest.mark.parametrize("how", FAILURES.values(), ids=FAILURES)
async def test_a_failure_anywhere_is_no_answer_never_nothing_held(bench: Bench, how: dict[str, object]) -> None:
    view = await bench.ask(council(), police(**how), health(), search=BY_NAME, deadline_seconds=0.2)
    assert isinstance(view, JoinedView)
    assert states(view)["police"] == "no_answer"
    assert not [record for record in view.records if record.custodian.id == "police"], "half an answer is not an answer"
    entry = (await bench.entries())[-1]
    assert isinstance(entry, Answer)
    assert {line.custodian: line.state for line in entry.sources}["police"] is SourceState.NO_ANSWER


async def test_everybody_hangs_and_the_answer_still_comes_in_time(bench: Bench) -> None:
    hang = frozenset({"match"})
    began = time.monotonic()
    answer = await bench.ask(
        council(hang=hang), police(hang=hang), health(hang=hang), search=BY_NAME, deadline_seconds=0.3
    )
    assert time.monotonic() - began < 0.6
    assert isinstance(answer, NoMatch)
    assert set(states(answer).values()) == {"no_answer"}


async def test_a_fault_inside_ends_the_question(bench: Bench) -> None:
    """A bug in a connector is ours, not the custodian's: the searcher gets an error, the log gets an end."""
    slow = health(latency_seconds=0.1)
    with pytest.raises(RuntimeError):
        await bench.ask(council(crash=frozenset({"find"})), police(), slow)
    assert await bench.kinds() == ["Question", "Abandoned"]
    calls = list(slow.calls)
    await asyncio.sleep(0.15)
    assert slow.calls == calls, "nobody is asked any further once the question has its end"


async def test_a_request_that_is_given_up_ends_its_question(bench: Bench) -> None:
    task = asyncio.create_task(bench.ask(council(hang=frozenset({"match"})), deadline_seconds=5))
    while not await bench.kinds():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await bench.kinds() == ["Question", "Abandoned"]


async def test_what_cannot_be_shared_is_not_fetched(bench: Bench) -> None:
    advice = pointer("case_document", "d-1", "privileged", at="council")
    bent = council(held={advice: {"title": "Advice", "summary": "secret"}})
    view = await bench.ask(bent, police(), health())
    assert isinstance(view, JoinedView)
    assert bent.fetched == []
    (line,) = view.withheld
    assert (line.fields, line.outcome) == (("*",), Outcome.WITHHELD)
    assert line.impediment is not None
    assert line.impediment.id == "imp-lpp"
    assert line.ordinal == 1


async def test_what_was_not_selected_is_not_fetched_but_held_back_is_told(bench: Bench) -> None:
    advice = pointer("case_document", "d-1", "privileged", at="council")
    plan = pointer("protection_plan", "p-1", at="council")
    bent = council(held={advice: {"summary": "secret"}, plan: {"category": "Neglect"}})
    view = await bench.ask(bent, read=frozenset({"referral"}))
    assert isinstance(view, JoinedView)
    assert bent.fetched == []
    assert view.records == ()
    assert len(view.withheld) == 1


async def test_the_restriction_on_a_child_governs_every_agency(bench: Bench) -> None:
    home = pointer("council_address", "a-1", at="council")
    bent = council(held={home: {"address": "14 Tannery Lane", "from_date": date(2024, 1, 1)}})
    view = await bench.ask(bent, police(), health(people=(replace(MAYA, restricted=True),)))
    assert isinstance(view, JoinedView)
    (record,) = [record for record in view.records if record.kind == "council_address"]
    assert "address" not in record.values
    assert record.values["from_date"] == date(2024, 1, 1)
    (line,) = record.withheld
    assert line.impediment is None
    assert set(line.fields) == {"address", "postcode", "area"}


@pytest.mark.parametrize(
    ("nhs", "outcome"),
    [
        pytest.param({}, None, id="NHS says not restricted: shared"),
        pytest.param({"people": ()}, None, id="NHS does not hold the child: shared"),
        pytest.param({"fail": {"match": DOWN}}, Outcome.GAP, id="NHS has not answered: nobody can rule it out, a gap"),
        pytest.param({"fail": {"find": DOWN}}, Outcome.GAP, id="NHS failed half way: what it said does not count"),
        pytest.param({"people": (replace(MAYA, restricted=None),)}, Outcome.GAP, id="NHS cannot say: a gap"),
        pytest.param({"people": (replace(MAYA, restricted=True),)}, Outcome.WITHHELD, id="restricted: withheld"),
    ],
)
async def test_whereabouts_when_the_nhs(bench: Bench, nhs: dict[str, object], outcome: Outcome | None) -> None:
    home = pointer("council_address", "a-1", at="council")
    view = await bench.ask(council(held={home: {"address": "14 Tannery Lane"}}), health(**nhs), search=BY_NAME)
    assert isinstance(view, JoinedView)
    (record,) = [record for record in view.records if record.kind == "council_address"]
    assert ("address" in record.values) is (outcome is None)
    assert [line.outcome for line in record.withheld] == ([outcome] if outcome else [])


async def test_two_children_are_never_joined(bench: Bench) -> None:
    """Each agency is sure, of somebody else: nothing of theirs is joined, a person must look."""
    other = Identity(
        NHSNumber.parse("9990004005"), True, ("Theo",), ("Garrick",), PartialDate.parse("2022-06-30"), "male"
    )
    bent = council(people=(other,))
    answer = await bench.ask(bent, health(), search=ChildSearch(Identity(NUMBER, given_names=("Maya",))))
    names = {record.custodian.id for record in answer.records} if isinstance(answer, JoinedView) else set()
    assert "council" not in names


async def test_somebody_who_may_be_the_child(bench: Bench) -> None:
    twin = replace(MAYA_AT_POLICE, given_names=("Mia",))
    view = await bench.ask(council(), police(people=(twin,)), health())
    assert isinstance(view, JoinedView)
    assert states(view)["police"] == "possible_match"
    (line,) = view.candidates
    assert line.custodian.id == "police"
    assert ("given name", "differ") in line.evidence or ("given name", "close") in line.evidence


async def test_only_somebody_who_may_be_the_child(bench: Bench) -> None:
    twin = replace(MAYA_AT_POLICE, given_names=("Mia",))
    answer = await bench.ask(council(people=()), police(people=(twin,)), health(people=()), search=BY_NAME)
    assert isinstance(answer, PossibleMatches)
    assert [line.custodian.id for line in answer.candidates] == ["police"]


REFUSALS = {
    "a purpose nobody knows": (Enquiry("gdpr", CaseReference("A-1")), {}, BadRequest, "PURPOSE_UNKNOWN"),
    "a purpose this role may not state": (
        Enquiry("ca2004-s16la", CaseReference("A-1")), {"purposes": frozenset({"ca1989-s17"})}, Forbidden, "PURPOSE_NOT_ALLOWED",
    ),
    "section 47 without its decision": (s47(None), {}, BadRequest, "PURPOSE_DECISION_MISSING"),
    "a decision of tomorrow": (
        s47(RecordedDecision("Team manager", NOW + timedelta(hours=20))), {}, BadRequest, "PURPOSE_DECISION_INVALID",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("enquiry", "how", "error", "code"), REFUSALS.values(), ids=REFUSALS)
async def test_refused_logged_and_nobody_asked(bench: Bench, enquiry: Any, how: Any, error: Any, code: str) -> None:
    bent = council()
    with pytest.raises(error) as refusal:
        await bench.ask(bent, police(), enquiry=enquiry, **how)
    assert refusal.value.code == code
    assert bent.calls == []
    assert await bench.kinds() == ["Refused"]


async def test_out_of_scope_is_told_alike_whether_or_not_it_is_held(bench: Bench) -> None:
    """No existence oracle: under s.17 intelligence is out of scope, and the police never hear it wanted."""
    report = pointer("intelligence", "r-1", "handling_code_p")
    enquiry = Enquiry("ca1989-s17", CaseReference("A-1"))
    with_it = await bench.ask(police(held={report: {"summary": "secret"}}), search=BY_NAME, enquiry=enquiry)
    without = await bench.ask(police(held={}), search=BY_NAME, enquiry=enquiry)
    assert isinstance(with_it, JoinedView)
    assert isinstance(without, JoinedView)
    assert with_it.out_of_scope == without.out_of_scope
    assert with_it.out_of_scope["intelligence"].outcome is Outcome.OUT_OF_SCOPE
    assert with_it.records == without.records == ()
    assert with_it.withheld == without.withheld
    (look_back,) = with_it.withheld
    assert look_back.next_step.startswith("Only what happened since ")
    assert [source.records for source in with_it.sources] == [source.records for source in without.sources]


async def test_the_log_names_nobody(bench: Bench) -> None:
    await bench.ask(council(), police(), health(), enquiry=s47())
    for index in range(2):
        stored = await bench.log.entry(index)
        assert stored is not None
        for secret in (
            b"Maya",
            b"Thornbury",
            b"9990004021",
            b"MASH-1",
            b"w-1",
            b"Team manager",
            b"Tannery",
            b"Neglect",
        ):
            assert secret not in stored.body


async def test_the_same_child_has_the_same_reference(bench: Bench) -> None:
    await bench.ask(council())
    await bench.ask(health())
    first, second = [entry for entry in await bench.entries() if isinstance(entry, Question)]
    assert first.subject == second.subject
    assert first.nonce != second.nonce


async def test_no_answer_leaves_alerts_open(bench: Bench) -> None:
    """A council that has not answered cannot be read as "no plan"."""
    view = await bench.ask(council(fail={"find": DOWN}), health(), search=BY_NUMBER)
    assert isinstance(view, JoinedView)
    said = {(alert.kind.value, alert.state.value) for alert in alerts_of(view, bench.policy.bundle.catalogue)}
    assert {("protection_plan", "unknown"), ("looked_after", "unknown")} <= said


async def test_a_number_the_council_never_verified_is_checked_against_the_nhs(bench: Bench) -> None:
    unverified = replace(MAYA, nhs_number_verified=False)
    view = await bench.ask(council(people=(unverified,)), health())
    assert states(view) == {"council": "answered", "health": "answered"}


async def test_an_unverified_number_on_another_child_is_not_believed(bench: Bench) -> None:
    """The council typed Maya's number on her brother's file: the NHS's birth date for it does not fit."""
    brother = Identity(NUMBER, False, ("Theo",), ("Thornbury",), PartialDate.parse("2022-06-30"), "male")
    view = await bench.ask(council(people=(brother,)), health())
    assert states(view) == {"council": "possible_match", "health": "answered"}
    assert isinstance(view, JoinedView)
    assert not [record for record in view.records if record.custodian.id == "council"]


async def test_unverified_numbers_everywhere_wait_for_nobody(bench: Bench) -> None:
    unverified = replace(MAYA, nhs_number_verified=False)
    began = time.monotonic()
    answer = await bench.ask(council(people=(unverified,)), health(people=(unverified,)), deadline_seconds=3)
    assert isinstance(answer, PossibleMatches)
    assert time.monotonic() - began < 1.5


async def test_a_record_without_its_number_is_found_by_the_name_others_know(bench: Bench) -> None:
    """The council holds the child and not her NHS number: asked by number alone it holds nobody, by name it does."""

    class NoNumbers(Bendable):
        async def match(self, search: ChildSearch, deadline: Deadline) -> Any:
            self.people = (
                (replace(MAYA, nhs_number=None, nhs_number_verified=False),) if search.has_demographics else ()
            )
            return await super().match(search, deadline)

    usual = council()
    bent = NoNumbers(usual.custodian, usual.held)
    view = await bench.ask(bent, health())
    assert states(view) == {"council": "answered", "health": "answered"}
    assert len(bent.searches) == 2

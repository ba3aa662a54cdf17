"""A question about a child not yet born: who is asked, what of the mother's may be shown, and what the log keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from hub.audit.entries import Question
from hub.domain.disclosure import Outcome
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate, Unborn
from hub.domain.sources import NotAskedReason, SourceState
from hub.domain.view import JoinedView, NoMatch, PossibleMatches
from hub.policy.judgements import Book
from tests.service.conftest import Bench
from tests.service.custodians import DOWN, pointer, police
from tests.service.test_judged import judgement
from tests.service.unborn import BOOKED, DUE, EPISODE, HERSELF, MOTHER, SEARCH, UNBORN, Looking, council, nhs


def told(view: Any, kind: str = "maternity_episode") -> list[tuple[Outcome, str]]:
    return [(line.outcome, line.next_step) for line in view.withheld if line.kind == kind]


async def test_a_council_that_recorded_the_mother_lets_her_maternity_care_be_seen(bench: Bench) -> None:
    view = await bench.ask(council(UNBORN), police(), nhs(), search=SEARCH)
    assert isinstance(view, JoinedView)
    assert {record.kind for record in view.records} == {"referral", "maternity_episode"}
    (episode,) = view.of_kinds(("maternity_episode",))
    assert episode.values["booked_on"] == date(2026, 7, 1)
    assert [notice.id for notice in episode.handling] == ["unborn-childs-mother"]
    assert "not verified" in episode.handling[0].notice
    assert view.searched_with == ("mother's NHS number", "expected date of birth")


async def test_the_police_are_not_asked_and_it_is_said_why(bench: Bench) -> None:
    bent = police()
    view = await bench.ask(council(UNBORN), bent, nhs(), search=SEARCH)
    (line,) = [source for source in view.sources if source.custodian.id == "police"]
    assert (line.state, line.not_asked) == (SourceState.NOT_ASKED, NotAskedReason.UNBORN)
    assert "ring the contact" in str(line.detail)
    assert bent.calls == []


GONE = {"fail": {"match": DOWN}}
AGED = replace(UNBORN, unborn=Unborn(MOTHER, PartialDate.exactly(date(2026, 6, 1))))


@pytest.mark.parametrize(
    "councils",
    [
        pytest.param([council(**GONE)], id="the council is down"),
        pytest.param([council(hang=frozenset({"match"}))], id="the council hangs"),
        pytest.param([council(UNBORN, UNBORN)], id="twins: nobody is sure"),
        pytest.param([council(AGED)], id="an expected date too far off"),
        pytest.param([], id="no council is connected"),
        pytest.param([council(), council(name="next", **GONE)], id="one of two is down"),
        pytest.param([council(unborn_kinds=None)], id="a council that cannot look"),
        pytest.param([council(UNBORN, fail={"find": DOWN})], id="a council that fails later"),
    ],
)
async def test_where_no_council_is_sure_of_the_mother_held_and_not_held_are_one_answer(
    bench: Bench, councils: list[Looking]
) -> None:
    """Or a woman's number and a council that is down would tell whether she is expecting."""
    young = replace(HERSELF, birth_date=PartialDate.exactly(date(2011, 5, 2)))
    hidden = {
        "restricted mother": nhs(replace(HERSELF, restricted=True)),
        "a girl": nhs(young),
        "nothing": nhs(held={}),
    }
    views = {}
    for name, bent in {"held": nhs(), **hidden}.items():
        view = await bench.ask(*councils, bent, search=SEARCH)
        assert isinstance(view, JoinedView)
        views[name] = (view.withheld, view.out_of_scope, view.restricted, view.restricted_by, view.records)
        assert [source.records for source in view.sources if source.custodian.id == "health"] == [None]
        line = view.out_of_scope["maternity_episode"]
        assert (line.outcome, "No council could say" in line.next_step) == (Outcome.GAP, True)
        assert bent.calls == ["match"] or "find" in councils[0].fail
    assert {name for name, told in views.items() if told != views["held"]} == set()


@pytest.mark.parametrize(
    ("born", "is_shown"),
    [
        pytest.param("1998-05-02", True, id="the same day"),
        pytest.param("1998", True, id="the year alone"),
        pytest.param("1998-02-05", True, id="day and month changed places"),
        pytest.param(None, True, id="the council does not say"),
        pytest.param("1991-11-23", False, id="another day: the number is of another woman"),
    ],
)
async def test_the_mother_the_council_recorded_is_the_one_whose_care_is_shown(
    bench: Bench, born: str | None, is_shown: bool
) -> None:
    """Two numbers that a council changed about would show one woman's care as another's."""
    recorded = Unborn(MOTHER, DUE, PartialDate.parse(born) if born else None)
    views = []
    for held in (BOOKED, {}):
        bent = nhs(held=held)
        view = await bench.ask(council(replace(UNBORN, unborn=recorded)), bent, search=SEARCH)
        assert len(view.of_kinds(("maternity_episode",))) == (is_shown and bool(held))
        assert ("find" in bent.calls) is is_shown
        views.append((view.withheld, view.out_of_scope, view.restricted, [each.records for each in view.sources]))
    if not is_shown:
        assert views[0] == views[1]
        assert "may be another woman" in view.out_of_scope["maternity_episode"].next_step
        assert len(view.of_kinds(("referral",))) == 1, "what the council holds of the child is the child's"


async def test_where_no_council_recorded_the_mother_held_and_not_held_are_one_answer(bench: Bench) -> None:
    views = [await bench.ask(council(), nhs(held=held), search=SEARCH) for held in (BOOKED, {})]
    assert [told(view) for view in views] == [[], []]
    assert [view.of_kinds(("maternity_episode",)) for view in views] == [[], []]
    assert [source.records for view in views for source in view.sources] == [None] * 4
    first, second = (view.out_of_scope["maternity_episode"] for view in views)
    assert first == second
    assert (first.outcome, "None did" in first.next_step) == (Outcome.OUT_OF_SCOPE, True)


async def test_where_no_council_recorded_the_mother_her_label_is_not_told_either(bench: Bench) -> None:
    views = [
        await bench.ask(council(), nhs(replace(HERSELF, restricted=label)), search=SEARCH) for label in (True, False)
    ]
    assert [(view.restricted, view.restricted_by) for view in views] == [(None, None), (None, None)]


async def test_a_link_that_did_not_stand_in_the_end_is_taken_back_with_what_was_fetched_on_it(bench: Bench) -> None:
    """The council matched, so the mother's record was fetched; then it never answered, and nothing it said counts."""
    bent = nhs()
    view = await bench.ask(council(UNBORN, hang=frozenset({"find"})), bent, search=SEARCH)
    assert bent.calls == ["match", "find", "fetch"]
    assert view.of_kinds(("maternity_episode",)) == []
    assert told(view) == []
    assert "No council could say" in view.out_of_scope["maternity_episode"].next_step


async def test_that_nothing_is_shown_of_the_mother_is_not_that_she_was_never_booked(bench: Bench) -> None:
    """Care that ended, in a birth or a loss, is not looked for: the line is there whatever she has."""
    views = [await bench.ask(council(UNBORN), nhs(held=held), search=SEARCH) for held in (BOOKED, {})]
    first, second = (view.sources[1].detail for view in views)
    assert first == second
    assert "what has ended is not looked for" in str(first)


async def test_the_mother_is_not_compared_with_the_child(bench: Bench) -> None:
    """Another name, number and birth date than the child's contradict nothing: she is somebody else."""
    view = await bench.ask(council(replace(UNBORN, given_names=("Rosie",))), nhs(), search=SEARCH)
    assert {source.state for source in view.sources} == {SourceState.ANSWERED}
    assert len(view.of_kinds(("maternity_episode",))) == 1


async def test_what_was_decided_about_the_mother_is_not_decided_about_the_child(bench: Bench) -> None:
    bench.book = Book([judgement("privileged", nhs_number=MOTHER)])
    view = await bench.ask(council(UNBORN), nhs(), search=SEARCH)
    assert len(view.of_kinds(("referral",))) == 1


async def test_a_council_is_asked_whose_child_it_is_even_where_nothing_of_its_own_was_selected(bench: Bench) -> None:
    bent = council(UNBORN, unborn_kinds=frozenset())
    view = await bench.ask(bent, nhs(), search=SEARCH)
    assert bent.calls == ["match"]
    assert len(view.of_kinds(("maternity_episode",))) == 1


async def test_a_council_that_holds_nobody_is_not_asked_again_by_the_mothers_name(bench: Bench) -> None:
    bent = council()
    await bench.ask(bent, nhs(), search=SEARCH)
    assert [search.aliases for search in bent.searches] == [()]


@pytest.mark.parametrize("fails", ["find", "fetch"])
async def test_for_want_of_the_link_nobody_is_asked_what_the_mother_has_and_no_failure_tells(
    bench: Bench, fails: str
) -> None:
    """A fault that came only where there is a record would be told of by the agency's line."""
    bent = nhs(fail={fails: DOWN})
    view = await bench.ask(council(), bent, search=SEARCH)
    assert bent.calls == ["match"]
    assert view.sources[1].state is SourceState.ANSWERED


async def test_a_restricted_mother_hides_where_she_is_cared_for_and_where_the_council_says_she_lives(
    bench: Bench,
) -> None:
    address = pointer("council_address", "a-1", at="council")
    episode = {EPISODE: {**BOOKED[EPISODE], "care_provider": "Testshire Maternity Unit"}}
    view = await bench.ask(
        council(UNBORN, held={address: {"address": "1 Mill Lane"}}, unborn_kinds=frozenset({"council_address"})),
        nhs(replace(HERSELF, restricted=True), held=episode),
        search=SEARCH,
    )
    assert "care_provider" not in view.of_kinds(("maternity_episode",))[0].values
    assert not any("address" in record.values for record in view.of_kinds(("council_address",)))
    assert view.restricted is True


@pytest.mark.parametrize(
    ("people", "detail"),
    [
        pytest.param((replace(UNBORN, birth_date=DUE),), "already born", id="already born"),
        pytest.param((UNBORN, UNBORN), "more than one", id="twins"),
        pytest.param((AGED,), "too far apart", id="another pregnancy"),
        pytest.param((UNBORN, replace(UNBORN, birth_date=DUE)), "already born", id="one twin born, one not yet"),
    ],
)
async def test_possible_matches_are_for_a_person(bench: Bench, people: tuple[Identity, ...], detail: str) -> None:
    answer = await bench.ask(council(*people), search=SEARCH)
    assert isinstance(answer, PossibleMatches)
    assert detail in str(answer.sources[0].detail)
    assert ("mother's NHS number", "agree") in answer.candidates[0].evidence


async def test_a_number_that_is_not_verified_is_a_possible_match(bench: Bench) -> None:
    answer = await bench.ask(council(), nhs(replace(HERSELF, nhs_number_verified=False)), search=SEARCH)
    assert isinstance(answer, PossibleMatches)
    assert "not verified" in str(answer.sources[1].detail)


async def test_nobody_holds_the_child(bench: Bench) -> None:
    answer = await bench.ask(council(), nhs(people=()), search=SEARCH)
    assert isinstance(answer, NoMatch)
    assert [source.state for source in answer.sources] == [SourceState.NOT_HELD, SourceState.NOT_HELD]
    assert all("a record that lacks it, or has another, is not found" in str(each.detail) for each in answer.sources)


async def test_of_a_child_who_was_born_maternity_care_is_not_looked_for_and_it_is_said(bench: Bench) -> None:
    bent = nhs(mothers=False)
    view = await bench.ask(bent, search=ChildSearch(Identity(MOTHER)))
    assert isinstance(view, JoinedView)
    assert "maternity_episode" not in {one.kind for one in bent.fetched}
    assert "only in a question about an unborn child" in view.out_of_scope["maternity_episode"].next_step


async def test_of_the_mother_nothing_else_is_looked_for_and_it_is_said(bench: Bench) -> None:
    view = await bench.ask(council(UNBORN), nhs(), search=SEARCH)
    assert "not looked for" in view.out_of_scope["care_plan"].next_step
    assert "referral" not in view.out_of_scope


async def test_the_entry_holds_a_reference_and_neither_number_nor_date(bench: Bench) -> None:
    await bench.ask(council(UNBORN), nhs(), search=SEARCH)
    await bench.ask(council(UNBORN), nhs(), search=SEARCH)
    first, again = [entry for entry in await bench.entries() if isinstance(entry, Question)]
    assert first.subject == again.subject
    engine = create_engine(f"sqlite:///{bench.path}")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT value FROM log_reference WHERE kind = 'subject'")).scalars().all()
        entries = connection.execute(text("SELECT body FROM log_entry")).scalars().all()
    engine.dispose()
    assert rows == ["unborn:9990005524/2027-01-18"]
    assert len(entries) == 4
    assert not any(MOTHER.value in bytes(body).decode() or "2027-01-18" in bytes(body).decode() for body in entries)


async def test_what_is_kept_of_a_possible_match_is_known_by_nobody_elses_details(bench: Bench) -> None:
    """The mother, of whom the NHS is sure, is not the child: none of hers is learnt as the child's."""
    kept: list[ChildSearch] = []

    async def remember(_answer: int, search: ChildSearch, shown: Any, _at: Any) -> None:
        assert shown
        kept.append(search)

    bench.matching = replace(bench.matching, remember=remember)
    await bench.ask(council(UNBORN, UNBORN), nhs(), search=SEARCH)
    assert [search.aliases for search in kept] == [()]


def test_a_candidate_is_the_child_unless_it_says_otherwise() -> None:
    assert Candidate("council", "1", UNBORN).is_mother is False

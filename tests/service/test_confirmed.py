"""A possible match that an answer showed, a person who says which it is, and the next question: through a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.audit import entries
from hub.domain.people import ChildSearch, Identity
from hub.domain.sources import SourceState
from hub.domain.view import ChildAnswer, JoinedView, PossibleMatches
from hub.errors import AuditUnavailable
from hub.matching.confirmations import Book, Confirmation, new
from hub.matching.resolution import Said
from hub.service.matching import Matching
from hub.store.confirmations import ConfirmationStore
from tests.service.conftest import NOW, Bench
from tests.service.custodians import BY_NAME, BY_NUMBER, MAYA, MAYA_AT_POLICE, Bendable, council, health, police
from tests.store.tampering import edit

REFERENCE = "ab" * 16
ELSEWHERE = replace(MAYA_AT_POLICE, family_names=("Reid",), postcode="ZZ7 7ZZ")
"""How the police may know her: too little agrees to be sure."""


@pytest.fixture
async def store(bench: Bench) -> AsyncIterator[ConfirmationStore]:
    """The confirmations beside the bench's log; its questions are resolved with them."""
    made = ConfirmationStore(f"sqlite:///{bench.path}", bench.log)
    bench.matching = Matching(made.book, made.remember)
    yield made
    await made.close()


def reference(answer: ChildAnswer) -> tuple[int, int]:
    """Log entry and ordinal of the only candidate shown."""
    assert isinstance(answer, JoinedView | PossibleMatches)
    (candidate,) = answer.candidates
    return answer.log_entry, int(candidate.reference.removeprefix("c"))


async def said(store: ConfirmationStore, answer: ChildAnswer, what: Said = Said.SAME) -> Confirmation:
    made = new(
        await store.seen(*reference(answer)),
        what,
        by="Amina Yusuf",
        reasons="Rang the police desk.",
        at=NOW - timedelta(days=1),
        expires_at=NOW + timedelta(days=1),
        reference=REFERENCE,
    )
    await store.record(made)
    return made


def holder(*people: Identity) -> Bendable:
    return police(people=people or (ELSEWHERE,))


def state(answer: ChildAnswer) -> tuple[SourceState, str | None]:
    (source,) = (one for one in answer.sources if one.custodian.id == "police")
    return source.state, source.detail


async def logged(bench: Bench) -> tuple[entries.MatchResult, list[str]]:
    """The last answer's match line of the police: its result, and what it says of confirmations."""
    last = (await bench.entries())[-1]
    assert isinstance(last, entries.Answer)
    (line,) = (one for one in last.matches if one.custodian == "police")
    return line.result, [outcome for compared, outcome in line.compared if compared == "confirmation"]


@pytest.mark.parametrize("search", [BY_NUMBER, BY_NAME], ids=["asked by number", "asked by name"])
async def test_confirmed_by_the_reference_she_was_shown(
    bench: Bench, store: ConfirmationStore, search: ChildSearch
) -> None:
    first = await bench.ask(holder(), health(), search=search)
    assert state(first)[0] is SourceState.POSSIBLE_MATCH
    await said(store, first)
    view = await bench.ask(holder(), health(), search=search)
    assert isinstance(view, JoinedView)
    (match,) = (one for one in view.matches if one.custodian.id == "police")
    assert match.basis == "a person's confirmation"
    assert ("a person said", "the same child, confirmed on 19 Nov 2026") in match.evidence
    assert [record for record in view.records if record.custodian.id == "police"]
    assert await logged(bench) == (entries.MatchResult.SAME, [f"{REFERENCE}:same"])


async def test_rejected(bench: Bench, store: ConfirmationStore) -> None:
    await said(store, await bench.ask(holder(), health()), Said.DIFFERENT)
    asked = holder()
    view = await bench.ask(asked, health())
    assert state(view) == (
        SourceState.NOT_HELD,
        "somebody like the child is on file here: not this child, confirmed on 19 Nov 2026",
    )
    assert asked.calls == ["match"]
    assert await logged(bench) == (entries.MatchResult.DIFFERENT, [f"{REFERENCE}:different"])


async def test_a_record_that_has_changed_is_looked_at_again(bench: Bench, store: ConfirmationStore) -> None:
    await said(store, await bench.ask(holder(), health()))
    changed = holder(replace(ELSEWHERE, family_names=("Osei",)))
    view = await bench.ask(changed, health())
    assert state(view)[0] is SourceState.POSSIBLE_MATCH
    assert isinstance(view, JoinedView)
    shown = ("a person said", "the same child, confirmed on 19 Nov 2026; the record has changed since")
    assert shown in view.candidates[0].evidence
    assert changed.calls == ["match"]
    assert await logged(bench) == (entries.MatchResult.REVIEW, [f"{REFERENCE}:record_changed"])


TWIN = replace(MAYA_AT_POLICE, given_names=("Ava",))


async def test_what_the_person_was_shown_does_not_part_the_sources(bench: Bench, store: ConfirmationStore) -> None:
    """The police have her under another given name; the person was told, and asked them."""
    await said(store, await bench.ask(holder(TWIN), health()))
    view = await bench.ask(holder(TWIN), council(), health())
    assert state(view)[0] is SourceState.ANSWERED


async def test_what_another_agency_contradicts_and_nobody_was_shown_joins_nothing(
    bench: Bench, store: ConfirmationStore
) -> None:
    """Asked with little, the police's record only lacks; the NHS then knows another birth date."""
    thin = replace(MAYA_AT_POLICE, family_names=(), birth_date=None)
    await said(store, await bench.ask(holder(thin), search=BY_NAME))
    assert state(await bench.ask(holder(thin), search=BY_NAME))[0] is SourceState.ANSWERED
    other_name = replace(MAYA, given_names=("Kofi",), family_names=("Thornbury",))
    view = await bench.ask(holder(thin), health(people=(other_name,)), council(people=(other_name,)))
    assert state(view)[0] is not SourceState.ANSWERED


async def test_one_agencys_confirmation_says_nothing_of_anothers_record(bench: Bench, store: ConfirmationStore) -> None:
    await said(store, await bench.ask(holder(), health()))
    elsewhere = council(people=(replace(ELSEWHERE, nhs_number=None),), held={})
    view = await bench.ask(elsewhere, health())
    (source,) = (one for one in view.sources if one.custodian.id == "council")
    assert source.state is SourceState.POSSIBLE_MATCH


async def test_confirmations_that_cannot_be_read_stop_the_question(bench: Bench) -> None:
    async def unreadable() -> Book:
        raise AuditUnavailable("They cannot be read.")

    bench.matching = Matching(unreadable)
    holders: list[Bendable] = [council(), police(), health()]
    with pytest.raises(AuditUnavailable):
        await bench.ask(*holders)
    assert [one.calls for one in holders] == [[], [], []]


async def test_an_answer_does_not_wait_for_what_cannot_be_kept(bench: Bench, store: ConfirmationStore) -> None:
    edit(f"sqlite:///{bench.path}", "DROP TABLE match_shown")
    assert state(await bench.ask(holder(), health()))[0] is SourceState.POSSIBLE_MATCH


async def test_what_nobody_has_to_look_at_is_not_kept(bench: Bench, store: ConfirmationStore) -> None:
    view = await bench.ask(police(), health(people=(MAYA,)))
    with pytest.raises(Exception, match="showed that as a possible match"):
        await store.seen(view.log_entry, 1)

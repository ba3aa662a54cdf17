"""A brother at an agency that does not hold the child: nobody's review, and no silence either."""

from __future__ import annotations

from dataclasses import replace

from hub.audit import entries
from hub.domain.people import Identity
from hub.domain.sources import SourceState
from hub.domain.view import JoinedView
from tests.service.conftest import Bench
from tests.service.custodians import BY_NAME, MAYA_AT_POLICE, council, health, police

HER_BROTHER = replace(MAYA_AT_POLICE, given_names=("Kofi",), sex="male")
HER_SISTER = replace(MAYA_AT_POLICE, given_names=("Kofi",))


async def asked(bench: Bench, *people: Identity) -> tuple[JoinedView, SourceState, str, entries.MatchLine]:
    """The answer; what it says of the police, and what the log does."""
    view = await bench.ask(council(), police(people=people), health(), search=BY_NAME)
    assert isinstance(view, JoinedView)
    (source,) = (one for one in view.sources if one.custodian.id == "police")
    last = (await bench.entries())[-1]
    assert isinstance(last, entries.Answer)
    (line,) = (one for one in last.matches if one.custodian == "police")
    return view, source.state, source.detail or "", line


async def test_the_answer_says_that_he_is_there_and_nothing_of_who_he_is(bench: Bench) -> None:
    view, state, detail, line = await asked(bench, HER_BROTHER)
    assert state is SourceState.NOT_HELD
    assert "a likely brother or sister is on file" in detail
    assert "another name and sex, ask by those" in detail
    assert not view.candidates
    assert "kofi" not in repr(view).casefold()
    assert (line.result, line.candidates) == (entries.MatchResult.DIFFERENT, 1)
    assert line.compared == (("relative", "told_of"),)


async def test_nobody_there_is_told_of_nobody(bench: Bench) -> None:
    _, state, detail, line = await asked(bench)
    assert (state, detail, line.compared) == (SourceState.NOT_HELD, "", ())


async def test_beside_a_sister_whom_a_person_must_look_at_he_is_not_mentioned(bench: Bench) -> None:
    _, state, detail, _ = await asked(bench, HER_SISTER, HER_BROTHER)
    assert state is SourceState.POSSIBLE_MATCH
    assert "on file" not in detail

"""The dates of a question: what cannot be meant is refused before anybody is asked; an adult's age is for her alone."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from hub.domain.asking import child_search, unborn_search
from hub.domain.people import ChildSearch, Identity
from hub.domain.view import JoinedView, NoMatch, PossibleMatches
from hub.errors import BadRequest
from tests.service.conftest import Bench
from tests.service.custodians import council, health, police

GROWN_UP = child_search(given_name="Ada", family_name="Marsh", date_of_birth="1992-05-01")
TOLD = "By the date of birth you gave, this person is 34 years old. Check the year if you meant a child."


@pytest.mark.parametrize(
    ("people", "kind"),
    [
        pytest.param((), NoMatch, id="nobody"),
        pytest.param((Identity(given_names=("Ada",), birth_date=GROWN_UP.stated.birth_date, sex="female",
                               family_names=("Frost",)),), PossibleMatches, id="somebody like them"),
        pytest.param((GROWN_UP.stated,), JoinedView, id="they themselves"),
    ],
)  # fmt: skip
async def test_an_adult_is_asked_about_and_whoever_asks_is_told(
    bench: Bench, people: tuple[Identity, ...], kind: type
) -> None:
    answer = await bench.ask(council(people=people), search=GROWN_UP)
    assert isinstance(answer, kind)
    assert answer.notices == (TOLD,)


async def test_of_a_child_nothing_is_told(bench: Bench) -> None:
    assert (await bench.ask(council(), police(), health())).notices == ()


async def test_the_age_is_in_nothing_that_is_kept(bench: Bench) -> None:
    await bench.ask(council(people=(GROWN_UP.stated,)), search=GROWN_UP)
    engine = create_engine(f"sqlite:///{bench.path}")
    with engine.connect() as connection:
        bodies = [bytes(body) for body in connection.execute(text("SELECT body FROM log_entry")).scalars()]
    engine.dispose()
    assert len(bodies) == 2
    assert not any(b"years old" in body for body in bodies)


@pytest.mark.parametrize(
    "search",
    [
        pytest.param(
            child_search(given_name="A", family_name="B", date_of_birth="2027-01-18"), id="born in the future"
        ),
        pytest.param(child_search(nhs_number="9990004021", date_of_birth="1817"), id="born 200 years ago"),
        pytest.param(unborn_search(mother="9990005524", expected="2028-01-18"), id="expected in more than a year"),
        pytest.param(unborn_search(mother="9990005524", expected="2026-01-18"), id="expected long ago"),
    ],
)
async def test_what_cannot_be_meant_is_refused_and_nobody_is_asked(bench: Bench, search: ChildSearch) -> None:
    bent = council()
    with pytest.raises(BadRequest) as refused:
        await bench.ask(bent, search=search)
    assert refused.value.code == "DATE_INVALID"
    assert bent.calls == []
    assert await bench.kinds() == ["Refused"]

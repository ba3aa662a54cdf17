"""Who is taken for a child not yet born: the mother's number, the expected date, and nobody else who fits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate, Unborn
from hub.matching.resolution import Basis, Doubt, NotHeld, Review, Same
from hub.matching.unborn import DAYS_APART_MAX, EARLY_DAYS_MAX, resolve_unborn

MOTHER, ANOTHER = NHSNumber.parse("9990005524"), NHSNumber.parse("9990004021")
DUE = date(2027, 1, 18)


def asked(expected: str = "2027-01-18") -> ChildSearch:
    return ChildSearch(Identity(unborn=Unborn(MOTHER, PartialDate.parse(expected))))


def held(days: int | None = 0, *, mother: NHSNumber = MOTHER, born: date | None = None, name: str = "1") -> Candidate:
    expected = None if days is None else PartialDate.exactly(DUE + timedelta(days=days))
    birth_date = PartialDate.exactly(born) if born else None
    return Candidate("council", name, Identity(birth_date=birth_date, unborn=Unborn(mother, expected)))


def herself(number: NHSNumber = MOTHER, *, verified: bool = True) -> Candidate:
    return Candidate("health", "p", Identity(number, verified, ("Lena",), ("Marsh",)), is_mother=True)


LINKED = [
    pytest.param([held()], asked(), "agree", id="the very day"),
    pytest.param([held(DAYS_APART_MAX)], asked(), "close", id="three weeks later"),
    pytest.param([held(-DAYS_APART_MAX)], asked(), "close", id="three weeks earlier"),
    pytest.param([held(-17)], asked("2027-01"), "agree", id="the first of the month stated"),
    pytest.param([held(13)], asked("2027-01"), "agree", id="the last of the month stated"),
    pytest.param([held(), held(400, name="2")], asked(), "agree", id="another pregnancy beside it"),
    pytest.param([held(), held(mother=ANOTHER, name="2")], asked(), "agree", id="another woman's beside it"),
    pytest.param(
        [held(), held(None, born=date(2024, 5, 1), name="2")], asked(), "agree", id="an elder child beside it"
    ),
    pytest.param([held(), held()], asked(), "agree", id="one record sent twice"),
]


@pytest.mark.parametrize(("candidates", "search", "date_says"), LINKED)
def test_linked(candidates: list[Candidate], search: ChildSearch, date_says: str) -> None:
    found = resolve_unborn(search, candidates)
    assert isinstance(found, Same)
    assert (found.candidate.local_id, found.basis) == ("1", Basis.MOTHER_AND_EXPECTED_DATE)
    assert [(line.compared.value, line.outcome.value) for line in found.evidence] == [
        ("mother's NHS number", "agree"),
        ("expected date of birth", date_says),
    ]


FOR_A_PERSON = [
    pytest.param([held(DAYS_APART_MAX + 1)], asked(), Doubt.EXPECTED_DATE, id="a day too far"),
    pytest.param([held(14)], asked("2027-01"), Doubt.EXPECTED_DATE, id="the day after the month stated"),
    pytest.param([held(None)], asked(), Doubt.NOT_ENOUGH, id="no expected date on file"),
    pytest.param([held(), held(name="2")], asked(), Doubt.SEVERAL, id="twins"),
    pytest.param([held(), held(20, name="2")], asked(), Doubt.SEVERAL, id="two that fit, of which one better"),
    pytest.param([held(born=DUE)], asked(), Doubt.ALREADY_BORN, id="born on the day"),
    pytest.param([held(None, born=DUE - timedelta(EARLY_DAYS_MAX))], asked(), Doubt.ALREADY_BORN, id="born early"),
    pytest.param(
        [held(born=DUE + timedelta(22))], asked(), Doubt.ALREADY_BORN, id="born later than can be, as expected"
    ),
    pytest.param([held(born=date(2026, 1, 18))], asked(), Doubt.ALREADY_BORN, id="born in a year that was mistyped"),
    pytest.param([held(born=DUE), held(300, name="2")], asked(), Doubt.ALREADY_BORN, id="born, and another expected"),
    pytest.param([held(), held(born=DUE, name="2")], asked(), Doubt.ALREADY_BORN, id="one of twins born"),
    pytest.param([herself(verified=False)], asked(), Doubt.MOTHER_UNVERIFIED, id="the mother, not verified"),
]


@pytest.mark.parametrize(("candidates", "search", "doubt"), FOR_A_PERSON)
def test_for_a_person_to_look_at(candidates: list[Candidate], search: ChildSearch, doubt: Doubt) -> None:
    found = resolve_unborn(search, candidates)
    assert isinstance(found, Review)
    assert found.candidates[0].doubt is doubt
    assert len(found.candidates) == len({each.local_id for each in candidates})


@pytest.mark.parametrize(
    "candidates",
    [
        pytest.param([], id="nobody"),
        pytest.param([held(mother=ANOTHER)], id="another woman's child"),
        pytest.param([held(None, born=date(2024, 5, 1))], id="an elder child"),
        pytest.param([held(None, born=DUE - timedelta(EARLY_DAYS_MAX + 1))], id="born before anybody survives"),
        pytest.param([Candidate("council", "1", Identity(MOTHER, True))], id="a child who has the mother's number"),
        pytest.param([herself(ANOTHER)], id="another woman"),
    ],
)
def test_not_held(candidates: list[Candidate]) -> None:
    found = resolve_unborn(asked(), candidates)
    assert isinstance(found, NotHeld)
    assert found.seen == len(candidates)


def test_the_mother_is_known_by_her_verified_number_alone() -> None:
    found = resolve_unborn(asked(), [herself()])
    assert isinstance(found, Same)
    assert found.basis is Basis.MOTHER


def test_the_mother_by_a_number_she_had_before() -> None:
    who = herself(ANOTHER)
    renumbered = replace(who, identity=replace(who.identity, former_numbers=(MOTHER,)))
    found = resolve_unborn(asked(), [renumbered])
    assert isinstance(found, Same)
    assert found.evidence[0].outcome.value == "superseded"


@given(st.lists(st.tuples(st.integers(-300, 300), st.booleans(), st.booleans()), max_size=5), st.randoms())
def test_who_is_linked_is_unborn_hers_and_near_whatever_the_order(
    drawn: list[tuple[int, bool, bool]], order: object
) -> None:
    people = [
        held(days, mother=MOTHER if hers else ANOTHER, born=DUE + timedelta(days) if born else None, name=str(n))
        for n, (days, hers, born) in enumerate(drawn)
    ]
    found = resolve_unborn(asked(), people)
    order.shuffle(people)  # type: ignore[attr-defined]
    assert resolve_unborn(asked(), people) == found
    if isinstance(found, Same):
        days, hers, born = drawn[int(found.candidate.local_id)]
        assert hers
        assert not born
        assert abs(days) <= DAYS_APART_MAX
    if isinstance(found, NotHeld):
        assert not any(hers and not born for _, hers, born in drawn)

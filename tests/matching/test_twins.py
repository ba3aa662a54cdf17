"""A generated population, with the errors that records have: how often is the wrong child linked, and the right one missed?

The hard case is the same-sex twin who is the only one of the two on file: everything agrees but the given name.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from statistics import median
from time import perf_counter

import pytest

from hub.domain.people import Candidate, Identity, PartialDate
from hub.matching.nicknames import NICKNAMES
from hub.matching.resolution import NotHeld, Resolution, Same
from hub.matching.resolve import resolve
from tests.matching.people import asked, held, who

SEEDS = (1, 2, 3)
FAMILIES = 1_000

_GIRLS = (
    "Olivia Amelia Isla Ava Ivy Freya Lily Florence Mia Willow Rosie Sophia Isabella Grace Daisy Sienna Poppy Elsie Emily Ella "
    "Evelyn Phoebe Evie Charlotte Harper Millie Matilda Maya Sophie Alice Emma Ruby Isabelle Aria Eleanor Zara Fatima Aisha "
    "Maryam Hannah Zainab Amina Esther Ruth Chidinma Ama Kemi Zofia Maja Ioana Priya Anaya Jasleen Mei Danielle Alexandra"
)
_BOYS = (
    "Noah Oliver George Arthur Muhammad Leo Harry Oscar Archie Henry Theodore Freddie Jack Charlie Theo Alfie Jacob Thomas Finley "
    "Arlo William Lucas Roman Tommy Isaac Teddy Alexander Luca Edward James Joshua Albie Elijah Max Mohammed Reuben Mason Ibrahim "
    "Yusuf Ahmed Hassan Daniel Samuel Joseph Kwame Chidi Jakub Kacper Andrei Arjun Harpreet Wei Hussain Jayden Kayden"
)
_SURNAMES = (
    "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright Khan Okafor Mensah Nowak Kowalska Singh Kaur Begum Ali "
    "Hussain O'Brien Murphy Smith-Jones Evans Thomas Roberts Green Hall Wood Harris Clarke Lewis Popescu Chen Ahmed Reid Osei"
)
GIRLS, BOYS, SURNAMES = _GIRLS.split(), _BOYS.split(), _SURNAMES.split()


@dataclass(frozen=True)
class Rates:
    """Of the searches asked: how many linked somebody else, and how many linked the right child."""

    wrong: float
    right: float


def child(random: Random, family: str, born: date, sex: str, postcode: str, given: str) -> Identity:
    middle = f" {random.choice(GIRLS if sex == 'F' else BOYS)}" if random.random() < 0.5 else ""
    return who(given + middle, family, born.isoformat(), sex, postcode)


def twins(random: Random) -> tuple[Identity, Identity]:
    sex = random.choice("FM")
    first, second = random.sample(GIRLS if sex == "F" else BOYS, 2)
    family, born = random.choice(SURNAMES), date(2010, 1, 1) + timedelta(random.randrange(5_000))
    postcode = f"ZZ{random.randrange(1, 40)} {random.randrange(1, 10)}{random.choice('ABDEF')}{random.choice('GHJLN')}"
    return child(random, family, born, sex, postcode, first), child(random, family, born, sex, postcode, second)


def misspelt(random: Random, name: str) -> str:
    place = random.randrange(1, max(2, len(name) - 1))
    kind = random.randrange(3)
    if kind == 0:
        return name[:place] + name[place + 1 :]
    if kind == 1:
        return name[:place] + random.choice("aeinrst") + name[place + 1 :]
    return name[:place] + name[place + 1 : place + 2] + name[place] + name[place + 2 :]


def as_recorded(random: Random, identity: Identity) -> Identity:
    """The same child as another agency wrote her down: each error about as often as records have it."""
    given, family = identity.given_names[0], identity.family_names[0]
    if random.random() < 0.3:
        given = given.split()[0]
    short = NICKNAMES.get(given.split()[0].lower())
    if short and random.random() < 0.1:
        given = random.choice(short.split()).title()
    if random.random() < 0.05:
        given = misspelt(random, given)
    if random.random() < 0.05:
        family = misspelt(random, family)
    if random.random() < 0.06:
        family = random.choice(SURNAMES)
    recorded = replace(identity, given_names=(given,), family_names=(family,))
    if random.random() < 0.02:
        given, family = family, given
        recorded = replace(identity, given_names=(given,), family_names=(family,))
    if random.random() < 0.25:
        recorded = replace(recorded, postcode=f"ZZ{random.randrange(40, 80)} 9XX")
    if random.random() < 0.03 and identity.birth_date:
        day = identity.birth_date.earliest
        recorded = replace(recorded, birth_date=PartialDate.exactly(day.replace(day=day.day % 28 + 1)))
    return replace(recorded, sex=None) if random.random() < 0.05 else recorded


def ask(random: Random, *, twin_on_file: bool, child_on_file: bool) -> Rates:
    wrong = right = 0
    for _ in range(FAMILIES):
        her, sister = twins(random)
        strangers = [as_recorded(random, twins(random)[0]) for _ in range(3)]
        file = held(
            *([as_recorded(random, her)] if child_on_file else []),
            *([as_recorded(random, sister)] if twin_on_file else []),
            *strangers,
        )
        found = resolve(asked(her), file)
        linked_her = isinstance(found, Same) and child_on_file and found.candidate == file[0]
        right += linked_her
        wrong += isinstance(found, Same) and not linked_her
    return Rates(wrong / FAMILIES, right / FAMILIES)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_twin_alone_on_file_is_hardly_ever_taken_for_the_child(seed: int) -> None:
    """The published rate with given-name agreement as a hard condition is 0.5 %, and 80 to 100 % without."""
    assert ask(Random(seed), twin_on_file=True, child_on_file=False).wrong <= 0.005


@pytest.mark.parametrize("seed", SEEDS)
def test_with_both_twins_on_file_the_right_one_is_linked(seed: int) -> None:
    rates = ask(Random(seed), twin_on_file=True, child_on_file=True)
    assert rates.wrong <= 0.002
    assert rates.right >= 0.9


@pytest.mark.parametrize("seed", SEEDS)
def test_an_only_child_is_linked_in_spite_of_what_records_get_wrong(seed: int) -> None:
    rates = ask(Random(seed), twin_on_file=False, child_on_file=True)
    assert rates.wrong == 0
    assert rates.right >= 0.9


@pytest.mark.parametrize("seed", SEEDS)
def test_a_child_who_is_on_file_is_hardly_ever_called_not_held(seed: int) -> None:
    """Review is a nuisance; "not held" of a child who is held is the fault that serious case reviews find.

    Measured: 4 to 10 in 1,000, each with two or three errors at once, as a misspelt name, another surname and another home.
    """
    random, missed = Random(seed), 0
    for _ in range(FAMILIES):
        her, _ = twins(random)
        missed += isinstance(resolve(asked(her), held(as_recorded(random, her))), NotHeld)
    assert missed / FAMILIES <= 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_a_child_who_is_not_on_file_is_not_found_among_strangers(seed: int) -> None:
    rates = ask(Random(seed), twin_on_file=False, child_on_file=False)
    assert rates.wrong == 0


@pytest.mark.skipif("MUTANT_UNDER_TEST" in os.environ, reason="the code is instrumented for mutation testing")
def test_twenty_candidates_take_well_under_a_millisecond() -> None:
    random = Random(0)
    her, sister = twins(random)
    file: list[Candidate] = held(her, sister, *(as_recorded(random, twins(random)[0]) for _ in range(18)))
    took: list[float] = []
    found: Resolution = NotHeld(0)
    for _ in range(60):
        started = perf_counter()
        found = resolve(asked(her), file)
        took.append(perf_counter() - started)
    assert isinstance(found, Same)
    assert min(took) < 0.001, f"best {min(took) * 1000:.2f} ms, median {median(took) * 1000:.2f} ms"

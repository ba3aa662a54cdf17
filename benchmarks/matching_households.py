"""Children in households, each written down twice with the errors of records: from pseudopeople, or made here.

pseudopeople (BSD-3-Clause; its sample of 10,000 simulated people comes with it) has few twins. Twins are made here.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from importlib.util import find_spec
from random import Random

from benchmarks.matching_cases import Case, OnFile, askable
from hub.demo.names import BOYS, GIRLS
from hub.domain.people import Identity, PartialDate
from hub.matching.nicknames import NICKNAMES

ABSENT = 0.4
"""So many of the children asked about are not known to the custodian at all."""

_STARTS = (
    *("Ash", "Bar", "Cal", "Den", "Elm", "Far", "Gar", "Hal", "Ing", "Jar", "Kel", "Lan", "Mar"),
    *("Nor", "Oak", "Pem", "Quin", "Ros", "Sel", "Tar", "Ull", "Ver", "Wes", "Yar", "Zan"),
)
_ENDS = (
    *("bourne", "by", "cott", "croft", "dale", "den", "field", "ford", "gate", "ham", "hurst", "ington"),
    *("land", "ley", "low", "man", "mere", "mond", "more", "ness", "rick", "ridge"),
)
SURNAMES = [start + end for start in _STARTS for end in _ENDS]
"""Many, so that namesakes born on one day are as rare here as outside: they cannot be told from a child who moved."""

YEAR = 2020
ADULT = 18


def pseudopeople_cases(seed: int) -> tuple[list[Case], OnFile] | None:
    """Every child of the sample population as two agencies wrote them down; None when it is not installed.

    Of twins who are both asked about, one is on file and the other is not.
    """
    if find_spec("pseudopeople") is None:
        return None
    import pseudopeople  # type: ignore[import-not-found, unused-ignore]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, other = (
            pseudopeople.generate_decennial_census(year=YEAR, seed=each, verbose=False) for each in (seed, seed + 1)
        )
        true = pseudopeople.generate_decennial_census(year=YEAR, config=pseudopeople.NO_NOISE, verbose=False)
    asked = {row["simulant_id"]: _simulant(row) for row in one.to_dict("records") if _is_child(row)}
    known = {row["simulant_id"]: _simulant(row) for row in other.to_dict("records")}
    return with_absent(asked, known, Random(seed), twin_groups(true.to_dict("records")))


def twin_groups(rows: Iterable[Mapping[str, object]]) -> list[list[str]]:
    """The ids of children of one household born on one day: two or more. ``rows`` are without errors."""
    born: dict[tuple[object, str], list[str]] = defaultdict(list)
    for row in rows:
        if _is_child(row):
            born[row["household_id"], str(row["date_of_birth"])].append(str(row["simulant_id"]))
    return [sorted(each) for each in born.values() if len(each) > 1]


def is_childs(birth_date: PartialDate | None) -> bool:
    """Whether somebody with this birth date was under ``ADULT`` years in the year of the census, or born in it."""
    return birth_date is not None and YEAR - ADULT <= birth_date.earliest.year <= YEAR


def with_absent(
    asked: Mapping[str, Identity],
    known: Mapping[str, Identity],
    random: Random,
    twins: Iterable[Sequence[str]] = (),
) -> tuple[list[Case], OnFile]:
    """Searches for all of ``asked``; of those in ``known``, ``ABSENT`` are taken off the file.

    Of each group of ``twins`` one is off it and the others are not.
    """
    gone = {name for name in asked if random.random() < ABSENT}
    for group in twins:
        gone = gone.difference(group) | {random.choice(group)}
    held = {name: who for name, who in known.items() if name not in gone}
    return askable(Case(who, name if name in held else None) for name, who in asked.items()), OnFile(held)


def households(count: int, random: Random) -> dict[str, Identity]:
    """Brothers and sisters under one surname at one address, by id; one household in ten has twins of one sex."""
    found = {}
    for number in range(count):
        family, postcode = random.choice(SURNAMES), _postcode(random)
        births = [
            (date(2009, 1, 1) + timedelta(random.randrange(6_000)), random.choice("FM"))
            for _ in range(random.choice((1, 1, 2, 2, 3, 4)))
        ]
        if random.random() < 0.1:
            births.append(births[0])
        taken: set[str] = set()
        for place, (born, sex) in enumerate(births):
            given = random.choice([name for name in (GIRLS if sex == "F" else BOYS) if name not in taken])
            taken.add(given)
            found[f"{number}-{place}"] = Identity(
                given_names=(given,),
                family_names=(family,),
                birth_date=PartialDate.exactly(born),
                sex=sex,
                postcode=postcode,
            )
    return found


def household_cases(count: int, seed: int) -> tuple[list[Case], OnFile]:
    """Everybody in ``count`` households as two agencies wrote them down."""
    random = Random(seed)
    people = households(count, random)
    asked = {name: as_recorded(random, who) for name, who in people.items()}
    return with_absent(asked, {name: as_recorded(random, who) for name, who in people.items()}, random)


def lone_twins(count: int, seed: int) -> tuple[list[Case], OnFile]:
    """Children whose twin of the same sex is on file, and who are not, among other households."""
    random = Random(seed)
    known = {f"other-{name}": as_recorded(random, who) for name, who in households(count, random).items()}
    cases = []
    for number in range(count):
        sex = random.choice("FM")
        asked, twin = random.sample(GIRLS if sex == "F" else BOYS, 2)
        born = PartialDate.exactly(date(2009, 1, 1) + timedelta(random.randrange(6_000)))
        who = Identity(None, False, (asked,), (random.choice(SURNAMES),), born, sex, _postcode(random))
        known[f"twin-{number}"] = as_recorded(random, replace(who, given_names=(twin,)))
        cases.append(Case(as_recorded(random, who), None))
    return cases, OnFile(known)


def as_recorded(random: Random, who: Identity) -> Identity:
    """The same child as an agency wrote them down. How often each error is made is assumed, not measured."""
    given, family, born = who.given_names[0], who.family_names[0], who.birth_date
    assert born is not None
    short = NICKNAMES.get(given.casefold())
    if short and random.random() < 0.08:
        given = random.choice(short.split()).title()
    given, family = (_misspelt(random, name) if random.random() < 0.03 else name for name in (given, family))
    if random.random() < 0.04:
        family = random.choice(SURNAMES)
    if random.random() < 0.01:
        given, family = family, given
    if random.random() < 0.02:
        born = PartialDate.exactly(born.earliest.replace(day=born.earliest.day % 28 + 1))
    return Identity(
        given_names=(given,),
        family_names=(family,),
        birth_date=born,
        sex=who.sex if random.random() < 0.97 else None,
        postcode=who.postcode if random.random() < 0.85 else _postcode(random),
    )


def _misspelt(random: Random, name: str) -> str:
    place = random.randrange(1, len(name))
    kept, rest = name[:place], name[place + 1 :]
    return kept + random.choice(("", random.choice("aeinrst"), name[place] * 2)) + rest


def _postcode(random: Random) -> str:
    return f"ZZ{random.randrange(1, 90)} {random.randrange(10)}{random.choice('ABDEFG')}{random.choice('HJLNPQ')}"


def _is_child(row: Mapping[str, object]) -> bool:
    age = str(row["age"])
    return age.isdecimal() and int(age) < ADULT


def _simulant(row: Mapping[str, object]) -> Identity:
    said = {name: str(value) for name, value in row.items() if value == value and value is not None}  # noqa: PLR0124 - not a number is what pandas has for missing
    return Identity(
        given_names=tuple(_stated(said, "first_name")),
        family_names=tuple(_stated(said, "last_name")),
        birth_date=_born(said.get("date_of_birth", "")),
        sex=said.get("sex"),
        postcode=_home(said),
    )


def _stated(said: Mapping[str, str], name: str) -> Iterator[str]:
    if name in said:
        yield said[name]


def _born(text: str) -> PartialDate | None:
    """As the census writes it: month, day, year."""
    try:
        month, day, year = (int(part) for part in text.split("/"))
        return PartialDate.exactly(date(year, month, day))
    except ValueError:
        return None


def _home(said: Mapping[str, str]) -> str | None:
    """The sample has one postcode for all, so the street and its number stand for it; they have errors of their own."""
    street = "".join(filter(str.isalnum, said.get("street_name", "") + said.get("street_number", "")))
    return f"ZA{street}" if street else None

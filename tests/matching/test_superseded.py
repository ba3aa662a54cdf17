"""NHS numbers given up for others, and people whose custodian withholds what they would be compared by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.domain.people import ChildSearch, Identity
from hub.matching.cross_check import cross_check
from hub.matching.resolution import Agreement, Basis, Compared, Doubt, NotHeld, Review, Same
from hub.matching.resolve import resolve
from tests.matching.people import BORN, HOME, MIA, A, B, asked, held, outcome, who

ON_OLD = who("Mia", "Okafor", BORN, "F", HOME, A)
ON_NEW = replace(who("Mia", "Okafor", BORN, "F", HOME, B, verified=True), former_numbers=(A,))
OTHER_DAY = replace(who("Mia", "Okafor", "2011-09-17", "F", HOME, B, verified=True), former_numbers=(A,))
OTHER_NAME = replace(who("Ava", "Okafor", BORN, "F", HOME, B, verified=True), former_numbers=(A,))
WITHHELD = replace(who(number=B, verified=True), restricted=True)


@pytest.mark.parametrize(
    ("search", "candidate", "basis"),
    [
        pytest.param(asked(ON_OLD), ON_NEW, Basis.VERIFIED_NUMBER_AND_BIRTH_DATE, id="the-custodian-has-the-new-one"),
        pytest.param(asked(who(number=A)), ON_NEW, Basis.VERIFIED_NUMBER, id="the-old-number-alone"),
        pytest.param(asked(ON_OLD, ON_NEW), ON_OLD, Basis.VERIFIED_NUMBER_AND_BIRTH_DATE, id="learnt-and-still-on-the-old"),
    ],
)  # fmt: skip
def test_a_superseded_number_is_the_childs(search: ChildSearch, candidate: Identity, basis: Basis) -> None:
    found = resolve(search, held(candidate))
    assert isinstance(found, Same)
    assert found.basis is basis


def test_the_evidence_says_superseded() -> None:
    found = resolve(asked(ON_OLD), held(ON_NEW))
    assert isinstance(found, Same)
    assert outcome(found.evidence, Compared.NHS_NUMBER) is Agreement.SUPERSEDED


@pytest.mark.parametrize("candidate", [OTHER_DAY, OTHER_NAME], ids=["birth-date", "given-name"])
def test_a_superseded_number_does_not_outweigh_what_differs(candidate: Identity) -> None:
    found = resolve(asked(ON_OLD), held(candidate))
    assert isinstance(found, Review)
    assert found.candidates[0].doubt is Doubt.NUMBER_CONFLICT


def test_custodians_on_either_number_do_not_contradict_each_other() -> None:
    old, new = (resolve(asked(ON_OLD), held(who_)) for who_ in (ON_OLD, ON_NEW))
    assert isinstance(new, Same)
    assert isinstance(old, Same)
    assert cross_check({"council": old, "nhs": new}) == frozenset()


@pytest.mark.parametrize(
    ("search", "doubt"),
    [
        pytest.param(asked(MIA), Doubt.WITHHELD, id="asked-by-name"),
        pytest.param(asked(ON_OLD), Doubt.NUMBER_DIFFERS, id="asked-with-another-number"),
    ],
)
def test_somebody_whose_name_is_withheld_is_never_nobody(search: ChildSearch, doubt: Doubt) -> None:
    found = resolve(search, held(WITHHELD))
    assert isinstance(found, Review)
    assert found.candidates[0].doubt is doubt


def test_somebody_without_a_name_who_is_not_restricted_is_still_nobody() -> None:
    assert resolve(asked(MIA), held(replace(WITHHELD, restricted=False))) == NotHeld(seen=1)

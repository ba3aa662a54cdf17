"""Several records at one custodian, the limits, and what is shown: beside the scenario table of one against one."""

from __future__ import annotations

import pytest

from hub.domain.people import Candidate
from hub.matching.compare import Prepared, compare
from hub.matching.resolution import Agreement, Basis, Compared, Doubt, Review, Same
from hub.matching.resolve import resolve
from tests.matching.people import (
    BORN,
    HER_TWIN,
    HOME,
    MIA,
    NUMBERED,
    TRACED,
    A,
    asked,
    held,
    outcome,
    who,
)


def test_both_twins_on_file_finds_the_right_one_and_does_not_offer_her_sister_as_a_duplicate() -> None:
    found = resolve(asked(MIA), held(HER_TWIN, MIA))
    assert isinstance(found, Same)
    assert (found.candidate.local_id, found.others, found.seen) == ("p1", (), 2)


def test_a_sister_of_whom_more_agrees_is_no_runner_up() -> None:
    """The child's surname changed; her sister shares the rest, less than the gap behind, and could never be linked."""
    found = resolve(asked(MIA), held(HER_TWIN, who("Mia", "Reid", BORN, "F", HOME)))
    assert isinstance(found, Same)
    assert (found.candidate.local_id, found.others) == ("p1", ())


def test_names_so_alike_that_the_gap_is_too_small() -> None:
    found = resolve(
        asked(who("Maria", "Okafor", BORN, "F", HOME)),
        held(MIA, *(who(name, "Okafor", BORN, "F", HOME) for name in ("Maria", "Mariah"))),
    )
    assert isinstance(found, Review)
    assert [(one.candidate.local_id, one.doubt) for one in found.candidates] == [
        ("p1", Doubt.SEVERAL),
        ("p2", Doubt.SEVERAL),
        ("p0", Doubt.GIVEN_NAME),
    ]


def test_one_child_twice_on_file_is_for_a_person() -> None:
    found = resolve(asked(MIA), held(MIA, MIA))
    assert isinstance(found, Review)
    assert [one.doubt for one in found.candidates] == [Doubt.SEVERAL] * 2


def test_two_records_under_the_verified_number_are_for_a_person() -> None:
    found = resolve(asked(NUMBERED), held(TRACED, TRACED))
    assert isinstance(found, Review)
    assert [one.doubt for one in found.candidates] == [Doubt.SEVERAL] * 2


def test_a_verified_number_wins_over_a_duplicate_that_is_mentioned() -> None:
    bare = who("Baby", "", BORN, None, None, A, verified=True)
    found = resolve(asked(who("Mia", "Okafor", BORN, "F", HOME, A)), held(MIA, bare, HER_TWIN))
    assert isinstance(found, Same)
    assert (found.candidate.local_id, found.basis) == ("p1", Basis.VERIFIED_NUMBER_AND_BIRTH_DATE)
    assert [(one.candidate.local_id, one.doubt) for one in found.others] == [("p0", Doubt.SEVERAL)]
    assert found.seen == 3


def test_a_conflict_over_the_number_stands_in_the_way_of_a_link_by_name() -> None:
    """The number says p0, the names say p1: neither, until somebody looks."""
    found = resolve(asked(NUMBERED), held(who("Ava", "Okafor", BORN, "F", HOME, A, verified=True), MIA))
    assert isinstance(found, Review)
    assert {one.candidate.local_id: one.doubt for one in found.candidates} == {
        "p0": Doubt.NUMBER_CONFLICT,
        "p1": Doubt.SEVERAL,
    }


def test_a_person_sent_twice_counts_once_by_the_better_row() -> None:
    rows = [Candidate("police", "one", identity) for identity in (HER_TWIN, MIA, who("Mia", "Reid", BORN))]
    for order in (rows, rows[::-1]):
        found = resolve(asked(MIA), order)
        assert isinstance(found, Same)
        assert (found.candidate.identity, found.others, found.seen) == (MIA, (), 1)


def test_the_evidence_is_of_the_identity_that_fits_best() -> None:
    found = resolve(asked(who("Mia", "Reid", "2014", "F"), MIA), held(MIA))
    assert isinstance(found, Same)
    assert {outcome(found.evidence, compared) for compared in Compared} == {Agreement.AGREE, Agreement.MISSING}


def test_a_number_in_common_is_looked_at_whatever_an_alias_says() -> None:
    """Found by a property test: an alias without a number scored higher than the conflict, and hid it below evens."""
    alias = who("", "Reid", "2014")
    found = resolve(asked(who("", "Okafor", "2014-02", number=A), alias), held(who("", "Reid", "2014-03-02", number=A)))
    assert isinstance(found, Review)
    assert found.candidates[0].doubt is Doubt.NUMBER_CONFLICT
    assert outcome(found.candidates[0].evidence, Compared.NHS_NUMBER) is Agreement.AGREE


def test_fields_are_never_mixed_across_identities() -> None:
    """One identity has her name, the other her birth date and home; together they would link, alone neither does."""
    name, rest = who("Mia", "Okafor"), who("", "", BORN, "F", HOME)
    assert not isinstance(resolve(asked(name, rest), held(MIA)), Same)
    assert isinstance(resolve(asked(MIA), held(MIA)), Same)


def test_what_is_shown_holds_no_personal_value() -> None:
    for found in (resolve(asked(MIA), held(MIA, HER_TWIN)), resolve(asked(MIA), held(HER_TWIN))):
        shown = repr(found).casefold()
        assert not any(value in shown for value in ("mia", "ava", "okafor", "2014", "zz1", "p0", "p1"))


@pytest.mark.parametrize("limit", ["LINK_MIN_BITS", "REVIEW_MIN_BITS", "GAP_MIN_BITS"])
@pytest.mark.parametrize(("above", "holds"), [(0.0, True), (1e-9, False)], ids=["at the limit", "just under it"])
def test_limits(monkeypatch: pytest.MonkeyPatch, limit: str, above: float, holds: bool) -> None:
    """Each limit, set to what a pair scores, lets it through; set a hair above, it does not."""
    best, other = (compare(Prepared.of(MIA), Prepared.of(who(name, "Okafor", BORN))).score for name in ("Mia", "Mya"))
    at = {"LINK_MIN_BITS": best, "REVIEW_MIN_BITS": other, "GAP_MIN_BITS": best - other}[limit]
    module = "resolve" if limit == "GAP_MIN_BITS" else "pair"
    monkeypatch.setattr(f"hub.matching.{module}.{limit}", at + above)
    file = held(*(who(name, "Okafor", BORN) for name in ("Mia", "Mya")))
    match limit:
        case "LINK_MIN_BITS":
            assert isinstance(resolve(asked(MIA), file[:1]), Same) is holds
        case "REVIEW_MIN_BITS":
            assert isinstance(resolve(asked(MIA), file[1:]), Review) is holds
        case _:
            assert isinstance(resolve(asked(MIA), file), Same) is holds


KOFI = who("Kofi", "Okafor", BORN, None, HOME)


def test_the_scores_are_those_of_the_comparison_and_the_best_is_first() -> None:
    scores = {
        f"p{place}": compare(Prepared.of(MIA), Prepared.of(other)).score
        for place, other in enumerate((KOFI, who("M", "Okafor", BORN), HER_TWIN))
    }
    found = resolve(asked(MIA), held(KOFI, who("M", "Okafor", BORN), HER_TWIN))
    assert isinstance(found, Review)
    assert {one.candidate.local_id: one.score for one in found.candidates} == scores
    assert [one.score for one in found.candidates] == sorted(scores.values(), reverse=True)
    linked = resolve(asked(MIA), held(MIA))
    assert isinstance(linked, Same)
    assert linked.score == compare(Prepared.of(MIA), Prepared.of(MIA)).score


def test_equal_scores_are_told_apart_by_the_custodians_own_id() -> None:
    for order in ([0, 1], [1, 0]):
        file = held(HER_TWIN, HER_TWIN)
        found = resolve(asked(MIA), [file[place] for place in order])
        assert isinstance(found, Review)
        assert [one.candidate.local_id for one in found.candidates] == ["p0", "p1"]

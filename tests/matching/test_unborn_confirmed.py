"""What a person said of a possible match of an unborn child: what it settles, how long, and what it must not settle."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.asking import child_search
from hub.domain.dates_asked import LATE_DAYS_MAX
from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate, Unborn
from hub.errors import BadRequest
from hub.matching.confirmations import Book, Confirmation, Confirmed, is_about, is_by_mother, new, see
from hub.matching.resolution import Basis, Doubt, Lapse, NotHeld, Resolution, Review, Said, Same, ScoredCandidate
from hub.matching.unborn import DAYS_APART_MAX, resolve_unborn
from tests.matching.confirming import AT, SALT, word

MOTHER, ANOTHER = NHSNumber.parse("9990005524"), NHSNumber.parse("9990004021")
DUE = date(2026, 4, 18)
"""74 days after the day on which a person says something."""

LATER = AT + timedelta(days=30)


def asked(expected: str = DUE.isoformat(), mother: NHSNumber = MOTHER) -> ChildSearch:
    return ChildSearch(Identity(unborn=Unborn(mother, PartialDate.parse(expected))))


def held(days: int | None = 0, name: str = "1", born: date | None = None, mother: NHSNumber = MOTHER) -> Candidate:
    expected = None if days is None else PartialDate.exactly(DUE + timedelta(days=days))
    birth_date = PartialDate.exactly(born) if born else None
    return Candidate("council", name, Identity(birth_date=birth_date, unborn=Unborn(mother, expected)))


FAR, UNDATED = held(DAYS_APART_MAX + 30), held(None)
HERSELF = Candidate("health", "p", Identity(MOTHER, False, ("Lena",), ("Marsh",)), is_mother=True)


def said(of: Candidate, what: Said = Said.SAME, *beside: Candidate, search: ChildSearch | None = None) -> Confirmation:
    """What a person says of ``of``, which she was shown with others."""
    search = search or asked()
    found = resolve_unborn(search, [of, *beside])
    unsure = found.candidates if isinstance(found, Review) else found.others if isinstance(found, Same) else ()
    return word(search, next(each for each in unsure if each.candidate == of), what)


def again(
    *candidates: Candidate, words: tuple[Confirmation, ...], search: ChildSearch | None = None, at: datetime = LATER
) -> Resolution:
    return resolve_unborn(search or asked(), candidates, Confirmed(Book(words), at))


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(FAR, id="expected dates too far apart"),
        pytest.param(UNDATED, id="no expected date on file"),
        pytest.param(HERSELF, id="the mother, her number not verified"),
    ],
)
def test_a_persons_word_settles_it(record: Candidate) -> None:
    assert isinstance(again(record, words=()), Review)
    found = again(record, words=(said(record),))
    assert isinstance(found, Same)
    assert (found.candidate, found.basis) == (record, Basis.CONFIRMED)
    assert found.word is not None
    assert found.word.shown == "the same child, confirmed on 3 Feb 2026"
    left = again(record, words=(said(record, Said.DIFFERENT),))
    assert isinstance(left, NotHeld)
    assert [one.shown for one in left.dropped] == ["not this child, confirmed on 3 Feb 2026"]


def test_one_that_is_denied_leaves_the_others_as_they_are() -> None:
    found = again(FAR, UNDATED_TOO, words=(said(FAR, Said.DIFFERENT),))
    assert isinstance(found, Review)
    assert [each.candidate for each in found.candidates] == [UNDATED_TOO]
    assert len(found.dropped) == 1
    linked = again(FAR, FITS_TOO, words=(said(FAR, Said.DIFFERENT),))
    assert isinstance(linked, Same)
    assert (linked.candidate, linked.others, len(linked.dropped)) == (FITS_TOO, (), 1)


UNDATED_TOO, FITS_TOO = held(None, "2"), held(0, "2")


def test_two_that_are_said_to_be_of_it_are_not_joined() -> None:
    found = again(FAR, UNDATED_TOO, words=(said(FAR), said(UNDATED_TOO)))
    assert isinstance(found, Review)
    assert [each.doubt for each in found.candidates] == [Doubt.SEVERAL, Doubt.SEVERAL]


def test_one_that_is_said_to_be_of_it_beside_one_whose_date_agrees_parts_both() -> None:
    found = again(FAR, FITS_TOO, words=(said(FAR, Said.SAME, FITS_TOO),))
    assert isinstance(found, Review)
    assert {each.doubt for each in found.candidates} == {Doubt.SEVERAL}


def test_a_child_who_is_born_meanwhile_is_not_joined_by_it() -> None:
    born = replace(FAR, identity=replace(FAR.identity, birth_date=PartialDate.exactly(DUE)))
    found = again(born, words=(said(FAR),))
    assert isinstance(found, Review)
    assert found.candidates[0].doubt is Doubt.ALREADY_BORN
    beside = again(FAR, held(0, "2", born=DUE), words=(said(FAR),))
    assert isinstance(beside, Review), "one of twins may be born, and whoever said it did not know"


@pytest.mark.parametrize(
    ("record", "beside", "what", "doubt"),
    [
        pytest.param(held(), FITS_TOO, Said.SAME, Doubt.SEVERAL, id="one of twins is"),
        pytest.param(held(), FITS_TOO, Said.DIFFERENT, Doubt.SEVERAL, id="one of twins is not"),
        pytest.param(held(born=DUE), None, Said.SAME, Doubt.ALREADY_BORN, id="a child who was born is"),
        pytest.param(held(born=DUE), FITS_TOO, Said.DIFFERENT, Doubt.ALREADY_BORN, id="a twin who was born is not"),
    ],
)
def test_what_no_persons_word_settles(record: Candidate, beside: Candidate | None, what: Said, doubt: Doubt) -> None:
    others = (beside,) if beside else ()
    found = resolve_unborn(asked(), [record, *others])
    assert isinstance(found, Review)
    shown = next(each for each in found.candidates if each.candidate == record)
    assert shown.doubt is doubt
    with pytest.raises(BadRequest) as refused:
        said(record, what, *others)
    assert (refused.value.code, refused.value.message) == ("CANDIDATE_NOT_CONFIRMABLE", shown.next_step)


@pytest.mark.parametrize("what", list(Said))
def test_a_word_on_a_child_who_was_born_settles_nothing_however_it_came_to_be_recorded(what: Said) -> None:
    born = held(born=DUE)
    shown = resolve_unborn(asked(), [born])
    assert isinstance(shown, Review)
    seen = replace(see(asked(), shown.candidates[0], SALT), next_step=None)
    made = new(seen, what, by="Amina Yusuf", reasons="", at=AT, expires_at=LATER, reference="1" * 32)
    found = again(born, words=(made,), at=AT)
    assert isinstance(found, Review)
    assert found.candidates[0].doubt is Doubt.ALREADY_BORN


@pytest.mark.parametrize(
    ("record", "lapse"),
    [
        pytest.param(held(DAYS_APART_MAX + 31), Lapse.RECORD_CHANGED, id="another expected date"),
        pytest.param(held(None), Lapse.RECORD_CHANGED, id="no expected date any more"),
        pytest.param(
            replace(FAR, identity=replace(FAR.identity, family_names=("Marsh",))), Lapse.RECORD_CHANGED, id="a name"
        ),
        pytest.param(FAR, None, id="nothing changed"),
    ],
)
def test_the_record_changed(record: Candidate, lapse: Lapse | None) -> None:
    found = again(record, words=(said(FAR),))
    shown = found.candidates[0] if isinstance(found, Review) else found
    assert isinstance(found, Same if lapse is None else Review)
    assert not isinstance(shown, NotHeld)
    assert shown.word is not None
    assert shown.word.lapse is lapse


@pytest.mark.parametrize("what", list(Said))
@pytest.mark.parametrize(
    ("at", "counts"),
    [
        pytest.param(datetime.combine(DUE + timedelta(days=LATE_DAYS_MAX), time(23, 59), UTC), True, id="three weeks"),
        pytest.param(datetime.combine(DUE + timedelta(days=LATE_DAYS_MAX + 1), time(), UTC), False, id="a day more"),
    ],
)
def test_it_ends_three_weeks_after_the_expected_date(what: Said, at: datetime, counts: bool) -> None:
    made = replace(said(FAR, what), expires_at=at + timedelta(days=1))
    found = again(FAR, words=(made,), at=at)
    assert isinstance(found, Review) is not counts
    if isinstance(found, Review):
        assert found.candidates[0].word is not None
        assert found.candidates[0].word.lapse is Lapse.EXPIRED


def test_it_ends_when_it_expires() -> None:
    made = replace(said(FAR), expires_at=LATER)
    assert isinstance(again(FAR, words=(made,)), Review)


@pytest.mark.parametrize(
    "search",
    [
        pytest.param(asked("2026-04-19"), id="another day"),
        pytest.param(asked("2026-04"), id="the month alone"),
        pytest.param(asked("2028-04-18"), id="another pregnancy"),
        pytest.param(asked(mother=ANOTHER), id="another mother"),
        pytest.param(child_search(nhs_number=MOTHER.value), id="the mother herself"),
    ],
)
def test_it_is_about_one_pregnancy(search: ChildSearch) -> None:
    seen = said(FAR).seen
    assert is_about(seen, asked())
    assert not is_about(seen, search)


def test_whoever_looks_for_what_is_kept_of_the_mother_finds_it() -> None:
    assert is_by_mother(said(FAR).seen, [ANOTHER, MOTHER])
    assert not is_by_mother(said(FAR).seen, [ANOTHER])
    assert not is_by_mother(said(FAR).seen, [])


def test_nothing_of_it_can_be_read() -> None:
    kept = repr(said(FAR)) + repr(said(FAR).seen.child) + repr(said(FAR).seen.held) + repr(said(FAR).seen.stated)
    assert MOTHER.value not in kept
    assert "2026-04-18" not in kept


WORDS = st.sampled_from([None, *Said])
PEOPLE = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(-60, 60)), st.booleans(), st.booleans(), WORDS), max_size=4
)


@given(PEOPLE, st.randoms())
def test_whatever_people_say_nobody_who_was_born_is_linked_and_nobody_is_lost(
    drawn: list[tuple[int | None, bool, bool, Said | None]], order: Random
) -> None:
    people, words = [], []
    for n, (days, hers, is_born, what) in enumerate(drawn):
        who = held(days, str(n), born=DUE if is_born else None, mother=MOTHER if hers else ANOTHER)
        people.append(who)
        if what is not None:  # as a row might have it that nobody should have been able to record
            shown = ScoredCandidate(who, 0.0, (), Doubt.NOT_ENOUGH)
            words.append(Confirmation(f"{n:032x}", what, see(asked(), shown, SALT), "", AT, LATER, ""))
    found = again(*people, words=tuple(words), at=AT)
    of_hers = {str(n) for n, (_, is_hers, _, _) in enumerate(drawn) if is_hers}
    if isinstance(found, Same):
        assert found.candidate.identity.birth_date is None
        others = {each.candidate.local_id for each in found.others}
        assert not any(each.candidate.identity.birth_date for each in found.others)
    else:
        others = {each.candidate.local_id for each in found.candidates} if isinstance(found, Review) else set()
    one = {found.candidate.local_id} if isinstance(found, Same) else set()
    denied = {int(each.reference, 16) for each in found.dropped}
    assert one | others | {str(each) for each in denied} == of_hers
    assert all(drawn[each][3] is Said.DIFFERENT for each in denied)
    order.shuffle(people)
    assert again(*people, words=tuple(words), at=AT) == found

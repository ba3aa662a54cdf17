"""What a person said settles a review: as long as both sides are as they were, and against nothing learnt since."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hub.domain.people import ChildSearch, Identity
from hub.errors import BadRequest
from hub.matching.confirmations import DAYS_MAX, Book, Confirmed, Said, new, see
from hub.matching.resolution import Basis, Doubt, Lapse, NotHeld, Review, Same
from hub.matching.resolve import resolve
from tests.matching.confirming import AT, EXPIRES, LATER, SALT, asked_again, shown, word
from tests.matching.people import BORN, HER_TWIN, HOME, MIA, NUMBER, NUMBERED, TRACED, A, B, asked, held, who

OTHER_HOME = "ZZ7 7ZZ"
MOVED = who("Mia", "Reid", BORN, "F", OTHER_HOME)
"""On file under another surname and at another address: too little agrees to be sure."""

ASK = asked(MIA)
ASK_NUMBERED = asked(NUMBERED)


def test_the_details_alone_leave_it_to_a_person() -> None:
    assert shown(ASK, MOVED).doubt is Doubt.NOT_ENOUGH


def test_the_same_child() -> None:
    found = asked_again(ASK, held(MOVED), word(ASK, shown(ASK, MOVED)))
    assert isinstance(found, Same)
    assert (found.candidate.local_id, found.basis, found.seen) == ("p0", Basis.CONFIRMED, 1)
    assert found.word
    assert found.word.shown == "the same child, confirmed on 3 Feb 2026"


def test_another_child() -> None:
    said = word(ASK, shown(ASK, HER_TWIN), Said.DIFFERENT)
    found = asked_again(ASK, held(HER_TWIN), said)
    assert isinstance(found, NotHeld)
    assert [one.shown for one in found.dropped] == ["not this child, confirmed on 3 Feb 2026"]
    left = asked_again(ASK, held(HER_TWIN, MOVED), said)
    assert isinstance(left, Review)
    assert [one.candidate.local_id for one in left.candidates] == ["p1"]


STILL_COUNTS = {
    # what: (the question then, the question now, the record now)
    "asked as before": (ASK, ASK, MOVED),
    "asked with less": (ASK, asked(who("Mia", "Okafor", BORN)), MOVED),
    "asked with her NHS number too": (ASK, ASK_NUMBERED, MOVED),
    "asked by number, her name learnt": (ASK_NUMBERED, asked(NUMBER, TRACED), MOVED),
    "asked by number, both times": (asked(NUMBER, TRACED), asked(NUMBER, TRACED), MOVED),
    "asked by name, her number learnt": (ASK_NUMBERED, asked(MIA, TRACED), MOVED),
    "confirmed with her number, asked by name alone": (ASK_NUMBERED, ASK, MOVED),
    "asked with another spelling as well": (ASK, asked(who("Mia/Mya", "Okafor/Okafer", BORN, "F", HOME)), MOVED),
    "the record in capitals": (ASK, ASK, who("MIA", "reid", BORN, "Female", "zz77zz")),
}


@pytest.mark.parametrize(("then", "now", "record"), STILL_COUNTS.values(), ids=STILL_COUNTS.keys())
def test_counts(then: ChildSearch, now: ChildSearch, record: Identity) -> None:
    found = asked_again(now, held(record), word(then, shown(then, MOVED)))
    assert isinstance(found, Same)
    assert found.basis is Basis.CONFIRMED


LAPSED = {
    # what: (the question now, the record now, why it does not count any more)
    "the record's surname changed": (ASK, who("Mia", "Osei", BORN, "F", OTHER_HOME), Lapse.RECORD_CHANGED),
    "the record has a name more": (ASK, who("Mia", "Reid/Osei", BORN, "F", OTHER_HOME), Lapse.RECORD_CHANGED),
    "the record has a middle name now": (ASK, who("Mia Rose", "Reid", BORN, "F", OTHER_HOME), Lapse.RECORD_CHANGED),
    "the record's birth date is less sure": (ASK, who("Mia", "Reid", "2014-02", "F", HOME), Lapse.RECORD_CHANGED),
    "the record's sex was taken out": (ASK, who("Mia", "Reid", BORN, None, OTHER_HOME), Lapse.RECORD_CHANGED),
    "the record's address changed": (ASK, who("Mia", "Reid", BORN, "F", "ZZ8 8ZZ"), Lapse.RECORD_CHANGED),
    "the record has an NHS number now": (
        ASK,
        who("Mia", "Reid", BORN, "F", OTHER_HOME, B),
        Lapse.RECORD_CHANGED,
    ),
    "the record became restricted": (
        ASK,
        who("Mia", "Reid", BORN, "F", OTHER_HOME, restricted=True),
        Lapse.RECORD_CHANGED,
    ),
    "the child moved": (asked(who("Mia", "Okafor", BORN, "F", "ZZ8 8ZZ")), MOVED, Lapse.CHILD_CHANGED),
    "the child's sex is stated otherwise": (asked(who("Mia", "Okafor", BORN, "M")), MOVED, Lapse.CHILD_CHANGED),
}


@pytest.mark.parametrize(("now", "record", "why"), LAPSED.values(), ids=LAPSED.keys())
@pytest.mark.parametrize("said", list(Said))
def test_does_not_count_when_either_side_changed(said: Said, now: ChildSearch, record: Identity, why: Lapse) -> None:
    made = word(ASK, shown(ASK, MOVED), said)
    found = asked_again(now, held(record), made)
    heard = Book([made]).about(now, held(record)[0], LATER)
    assert heard is not None
    assert heard.lapse is why
    assert heard.shown.endswith(f"confirmed on 3 Feb 2026; {why.value}")
    if isinstance(found, NotHeld):  # never of somebody who was once confirmed
        assert said is Said.DIFFERENT
        assert isinstance(resolve(now, held(record)), NotHeld)
    else:
        shown_now = found.word if isinstance(found, Same) else found.candidates[0].word
        assert shown_now == heard
    if isinstance(found, Same):
        assert found.basis is not Basis.CONFIRMED


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        pytest.param(EXPIRES - timedelta(microseconds=1), True, id="to the last moment"),
        pytest.param(EXPIRES, False, id="at its end"),
    ],
)
def test_expires(at: datetime, counts: bool) -> None:
    found = asked_again(ASK, held(MOVED), word(ASK, shown(ASK, MOVED)), at=at)
    assert isinstance(found, Same) is counts
    if isinstance(found, Review):
        assert found.candidates[0].word
        assert found.candidates[0].word.lapse is Lapse.EXPIRED


ABOUT_SOMEBODY_ELSE = {
    # what: (the question then, the question now)
    "her sister, by name": (ASK, asked(who("Ava", "Okafor", BORN, "F", HOME))),
    "another child of that name": (ASK, asked(who("Mia", "Okafor", "2014-02-04", "F", HOME))),
    "another number": (ASK_NUMBERED, asked(who("Mia", "Okafor", BORN, "F", HOME, B))),
    "a birth month only": (ASK, asked(who("Mia", "Okafor", "2014-02", "F", HOME))),
    "a number not known then, and nothing else": (ASK, asked(NUMBER)),
}


@pytest.mark.parametrize(("then", "now"), ABOUT_SOMEBODY_ELSE.values(), ids=ABOUT_SOMEBODY_ELSE.keys())
@pytest.mark.parametrize("said", list(Said))
def test_says_nothing_of_another_child(said: Said, then: ChildSearch, now: ChildSearch) -> None:
    made = word(then, shown(then, MOVED), said)
    assert Book([made]).about(now, held(MOVED)[0], LATER) is None
    assert asked_again(now, held(MOVED), made) == resolve(now, held(MOVED))


def test_says_nothing_of_another_record() -> None:
    made = word(ASK, shown(ASK, MOVED))
    for other in (replace(held(MOVED)[0], local_id="p7"), replace(held(MOVED)[0], custodian="council")):
        assert Book([made]).about(ASK, other, LATER) is None


class TestContradictions:
    def test_one_that_was_shown_is_the_persons_to_judge(self) -> None:
        """The twin's name on the record, say: the person was told, and knows that it is a mistake there."""
        found = asked_again(ASK, held(HER_TWIN), word(ASK, shown(ASK, HER_TWIN)))
        assert isinstance(found, Same)
        assert found.contradictions == {Doubt.GIVEN_NAME}

    def test_one_that_appeared_later_is_not_overridden(self) -> None:
        """The record's number was there; that the child has another became known after the person had looked."""
        record = who("Mia", "Reid", BORN, "F", OTHER_HOME, B)
        found = asked_again(ASK_NUMBERED, held(record), word(ASK, shown(ASK, record)))
        assert isinstance(found, Review)
        first = found.candidates[0]
        assert first.doubt is Doubt.NUMBER_DIFFERS
        assert first.word
        assert first.word.lapse is Lapse.CONTRADICTED
        assert first.word.shown.endswith("something that contradicts it has become known since")

    def test_nor_is_it_thrown_away(self) -> None:
        """Another number and a given name that differs would be discarded; what a person confirmed is not."""
        record = who("Ava", "Okafor", BORN, "F", HOME, B)
        assert isinstance(resolve(ASK_NUMBERED, held(record)), NotHeld)
        found = asked_again(ASK_NUMBERED, held(record), word(ASK, shown(ASK, record)))
        assert isinstance(found, Review)

    def test_the_same_number_learnt_later_undoes_not_this_child(self) -> None:
        record = who("Kofi", "Okafor", BORN, None, HOME, A)
        search = asked(who("Mia", "Okafor", BORN, "F", HOME))
        found = asked_again(ASK_NUMBERED, held(record), word(search, shown(search, record), Said.DIFFERENT))
        assert isinstance(found, Review)
        assert found.candidates[0].doubt is Doubt.NUMBER_CONFLICT

    def test_the_same_number_that_was_shown_does_not(self) -> None:
        """A number copied to the wrong twin, and a person who has found out."""
        record = who("Ava", "Okafor", BORN, "F", HOME, A)
        said = word(ASK_NUMBERED, shown(ASK_NUMBERED, record), Said.DIFFERENT)
        assert isinstance(asked_again(ASK_NUMBERED, held(record), said), NotHeld)


class TestAgainstTheDetails:
    """The person said one thing, and what has become known since says another without any doubt."""

    THIN = asked(who("Mia", "Okafor", BORN))
    RECORD = who("Mia", "Reid", BORN, "F", HOME)

    def test_not_this_child_is_not_joined_on_the_details(self) -> None:
        said = word(self.THIN, shown(self.THIN, self.RECORD), Said.DIFFERENT)
        assert isinstance(resolve(ASK, held(self.RECORD)), Same)
        found = asked_again(ASK, held(self.RECORD), said)
        assert isinstance(found, Review)
        assert found.candidates[0].doubt is Doubt.PERSON_DISAGREES

    def test_told_of_it_and_of_the_same_mind_is_the_end_of_it(self) -> None:
        first = word(self.THIN, shown(self.THIN, self.RECORD), Said.DIFFERENT)
        told = asked_again(ASK, held(self.RECORD), first)
        assert isinstance(told, Review)
        again = word(ASK, told.candidates[0], Said.DIFFERENT, at=LATER, reference="2" * 32)
        assert isinstance(asked_again(ASK, held(self.RECORD), first, again), NotHeld)

    def test_another_was_confirmed(self) -> None:
        said = word(self.THIN, shown(self.THIN, MOVED, place=0))
        found = asked_again(ASK, held(MOVED, self.RECORD), said)
        assert isinstance(found, Review)
        assert {one.candidate.local_id: one.doubt for one in found.candidates} == {
            "p0": Doubt.PERSON_DISAGREES,
            "p1": Doubt.PERSON_DISAGREES,
        }

    def test_a_verified_number_on_two_others_outdoes_a_word(self) -> None:
        said = word(ASK_NUMBERED, shown(ASK_NUMBERED, MOVED))
        found = asked_again(ASK_NUMBERED, held(MOVED, TRACED, TRACED), said)
        assert isinstance(found, Review)

    def test_what_the_details_link_by_themselves_keeps_its_own_basis(self) -> None:
        said = word(self.THIN, shown(self.THIN, self.RECORD))
        found = asked_again(ASK, held(self.RECORD), said)
        assert isinstance(found, Same)
        assert found.basis is Basis.DEMOGRAPHICS


class TestSeveral:
    def test_of_duplicates_the_confirmed_one_is_joined_and_the_other_mentioned(self) -> None:
        said = word(ASK, shown(ASK, MIA, MIA, place=1))
        found = asked_again(ASK, held(MIA, MIA), said)
        assert isinstance(found, Same)
        assert (found.candidate.local_id, found.basis) == ("p1", Basis.CONFIRMED)
        assert [one.candidate.local_id for one in found.others] == ["p0"]

    def test_two_confirmed_are_not_joined_into_one(self) -> None:
        words = [word(ASK, shown(ASK, MIA, MIA, place=n), reference=str(n) * 32) for n in range(2)]
        assert isinstance(asked_again(ASK, held(MIA, MIA), *words), Review)

    def test_not_this_child_does_not_link_the_other(self) -> None:
        """It is about that person only: the other still has to be looked at."""
        said = word(ASK, shown(ASK, MIA, MIA), Said.DIFFERENT)
        found = asked_again(ASK, held(MIA, MIA), said)
        assert isinstance(found, Review)
        assert [one.candidate.local_id for one in found.candidates] == ["p1"]

    @pytest.mark.parametrize("last", list(Said))
    def test_the_later_word_counts(self, last: Said) -> None:
        first = Said.SAME if last is Said.DIFFERENT else Said.DIFFERENT
        unsure = shown(ASK, MOVED)
        words = [
            word(ASK, unsure, first),
            word(ASK, unsure, last, at=AT + timedelta(days=1), reference="2" * 32),
        ]
        for order in (words, words[::-1]):
            assert isinstance(asked_again(ASK, held(MOVED), *order), Same) is (last is Said.SAME)


def test_nothing_said_changes_nothing() -> None:
    for file in (held(MOVED), held(MIA), held(HER_TWIN, MIA), []):
        assert resolve(ASK, file, Confirmed(Book(), AT)) == resolve(ASK, file)


@pytest.mark.parametrize(
    ("ends", "accepted"),
    [
        pytest.param(timedelta(days=DAYS_MAX), True, id="as long as can be"),
        pytest.param(timedelta(days=DAYS_MAX, microseconds=1), False, id="longer"),
        pytest.param(timedelta(0), False, id="at once"),
        pytest.param(timedelta(days=-1), False, id="before"),
    ],
)
def test_a_confirmation_must_end(ends: timedelta, accepted: bool) -> None:
    seen = see(ASK, shown(ASK, MOVED), SALT)

    def make() -> object:
        return new(seen, Said.SAME, by="Amina Yusuf", reasons="", at=AT, expires_at=AT + ends, reference="1" * 32)

    if accepted:
        assert make()
        return
    with pytest.raises(BadRequest) as caught:
        make()
    assert caught.value.code == "CONFIRMATION_EXPIRY_INVALID"


def test_nothing_of_either_side_can_be_read_from_what_is_kept() -> None:
    made = word(ASK_NUMBERED, shown(ASK_NUMBERED, MOVED))
    assert "p0" not in repr(made)
    kept = f"{made.seen.child} {made.seen.held} {made.seen.stated}".casefold()
    assert not [value for value in ("mia", "reid", "okafor", "2014", "zz7", "999") if f"'{value}" in kept]
    other = see(ASK_NUMBERED, shown(ASK_NUMBERED, MOVED), b"x" * 16)
    mine = {one for side in (made.seen.child, made.seen.held) for values in side.values() for one in values}
    theirs = {one for side in (other.child, other.held) for values in side.values() for one in values}
    assert mine.isdisjoint(theirs)

"""What holds for any search and any candidates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.matching.compare import Prepared, compare
from hub.matching.confirmations import Book
from hub.matching.names import GivenName, compare_given, sound
from hub.matching.nicknames import are_spellings, is_short_for
from hub.matching.resolution import Basis, Compared, NotHeld, Review, Said, Same
from hub.matching.resolve import cross_check, resolve
from hub.matching.weights import GIVEN_NAMES_AGREE, REVIEW_MIN_BITS, Level
from tests.matching.confirming import LATER, asked_again, word
from tests.matching.people import A, B, C

GIVEN_NAMES = [
    "Mia",
    "Mia Rose",
    "Ava",
    "Ellie",
    "Eleanor",
    "Daniel",
    "Danielle",
    "Mohammed Hassan",
    "Twin 1",
    "M",
    "伟",
]
FAMILY_NAMES = ["Okafor", "Okafor-Reid", "Reid", "Singh", "Unknown", "Mia"]
DATES = ["2014-02-03", "2014-03-02", "2014-02", "2014", "2011-09-17"]


def some(values: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values) | st.text(max_size=12), max_size=2).map(tuple)


def birth_dates() -> st.SearchStrategy[PartialDate | None]:
    days = st.dates(date(2008, 1, 1), date(2026, 1, 1)).map(PartialDate.exactly)
    return st.none() | st.sampled_from([PartialDate.parse(text) for text in DATES]) | days


identities = st.builds(
    Identity,
    nhs_number=st.sampled_from([None, A, B, C]),
    nhs_number_verified=st.booleans(),
    given_names=some(GIVEN_NAMES),
    family_names=some(FAMILY_NAMES),
    birth_date=birth_dates(),
    sex=st.sampled_from([None, "F", "M", "unknown"]),
    postcode=st.sampled_from([None, "ZZ1 1AA", "ZZ1 2BB", "ZZ7 7ZZ"]),
    restricted=st.sampled_from([None, True, False]),
)
searches = st.builds(ChildSearch, identities, st.lists(identities, max_size=2).map(tuple))


@st.composite
def questions(draw: st.DrawFn) -> tuple[ChildSearch, list[Candidate]]:
    """A search, and candidates that are often the child or somebody close: a relation is a slightly changed copy."""
    search = draw(searches)
    like_the_child = st.sampled_from(search.identities).flatmap(
        lambda who: st.builds(
            lambda other, kept: replace(other, **{name: getattr(who, name) for name in kept}), identities, kept_fields
        )
    )
    found = draw(st.lists(identities | like_the_child, max_size=5))
    return search, [Candidate("police", f"p{place}", identity) for place, identity in enumerate(found)]


kept_fields = st.sets(
    st.sampled_from(
        ["nhs_number", "nhs_number_verified", "given_names", "family_names", "birth_date", "sex", "postcode"]
    ),
    min_size=3,
)


@given(identities, identities)
def test_comparing_has_no_direction(a: Identity, b: Identity) -> None:
    one, other = compare(Prepared.of(a), Prepared.of(b)), compare(Prepared.of(b), Prepared.of(a))
    assert one.levels == other.levels
    assert one.score == pytest.approx(other.score)


@given(questions())
def test_every_answer_accounts_for_every_candidate(question: tuple[ChildSearch, list[Candidate]]) -> None:
    search, candidates = question
    found = resolve(search, candidates)
    assert found.seen == len(candidates)
    match found:
        case Same(candidate=candidate, others=others):
            mentioned = [candidate, *(one.candidate for one in others)]
        case Review(candidates=scored):
            mentioned = [one.candidate for one in scored]
            assert mentioned
        case NotHeld():
            mentioned = []
    assert len({one.local_id for one in mentioned}) == len(mentioned)
    assert set(mentioned) <= set(candidates)


@given(questions(), st.randoms(use_true_random=False))
def test_the_order_of_candidates_changes_nothing(question: tuple[ChildSearch, list[Candidate]], random: object) -> None:
    search, candidates = question
    shuffled = list(candidates)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert resolve(search, shuffled) == resolve(search, candidates)


def levels_with(search: ChildSearch, candidate: Candidate) -> list[dict[Compared, Level]]:
    held = Prepared.of(candidate.identity)
    return [compare(Prepared.of(who), held).levels for who in search.identities]


def differs_from_all(search: ChildSearch, candidate: Candidate, compared: Compared) -> bool:
    found = {levels[compared] for levels in levels_with(search, candidate)}
    return found - {Level.MISSING} == {Level.DIFFER}


@given(questions())
def test_given_names_that_differ_never_link(question: tuple[ChildSearch, list[Candidate]]) -> None:
    search, candidates = question
    found = resolve(search, candidates)
    if isinstance(found, Same):
        assert not differs_from_all(search, found.candidate, Compared.GIVEN_NAME)


@given(questions())
def test_a_sex_that_differs_links_only_where_nothing_else_does(
    question: tuple[ChildSearch, list[Candidate]],
) -> None:
    search, candidates = question
    found = resolve(search, candidates)
    if isinstance(found, Same) and found.basis is Basis.DEMOGRAPHICS:
        assert any(
            levels[Compared.SEX] is not Level.DIFFER
            or all(levels[each] is Level.EXACT for each in Compared if each not in (Compared.SEX, Compared.NHS_NUMBER))
            for levels in levels_with(search, found.candidate)
        )


@given(questions())
def test_silence_is_never_about_somebody_likely(question: tuple[ChildSearch, list[Candidate]]) -> None:
    """Evens or better: linked or shown; unless both number and given name are another child's."""
    search, candidates = question
    found = resolve(search, candidates)
    if isinstance(found, NotHeld):
        for candidate in candidates:
            held = Prepared.of(candidate.identity)
            compared = [compare(Prepared.of(who), held) for who in search.identities]
            best = max(compared, key=lambda each: each.score)
            another = {each.levels[Compared.NHS_NUMBER] for each in compared} - {Level.MISSING} == {Level.DIFFER}
            assert best.score < REVIEW_MIN_BITS or (another and best.levels[Compared.GIVEN_NAME] is Level.DIFFER)


@given(
    st.from_regex(r"[a-z]{2,9}", fullmatch=True), st.sampled_from("abcdeilmnorsty"), st.sampled_from("abcdeilmnorsty")
)
def test_names_that_part_in_the_last_letter_agree_only_by_sound_or_by_the_tables(start: str, a: str, b: str) -> None:
    one, other = start + a, start + b
    listed = sound(one) == sound(other) or are_spellings(one, other) or is_short_for(one, other)
    parsed = GivenName.parse(one), GivenName.parse(other)
    assume(all(parsed) and not listed)
    assert parsed[0] is not None
    assert parsed[1] is not None
    assert compare_given(parsed[0], parsed[1], same_sex=True) not in GIVEN_NAMES_AGREE


@given(questions())
def test_another_number_never_links(question: tuple[ChildSearch, list[Candidate]]) -> None:
    search, candidates = question
    numbers = {who.nhs_number for who in search.identities} - {None}
    found = resolve(search, candidates)
    if isinstance(found, Same) and numbers and found.candidate.identity.nhs_number is not None:
        assert found.candidate.identity.nhs_number in numbers


@given(questions())
def test_the_same_number_is_never_silently_discarded(question: tuple[ChildSearch, list[Candidate]]) -> None:
    search, candidates = question
    numbers = {who.nhs_number for who in search.identities} - {None}
    assume(any(candidate.identity.nhs_number in numbers for candidate in candidates))
    assert not isinstance(resolve(search, candidates), NotHeld)


@given(questions(), identities)
def test_one_candidate_more_never_links_another(question: tuple[ChildSearch, list[Candidate]], more: Identity) -> None:
    """Whatever is added, a candidate that was not linked before is linked only if it is the one that was added."""
    search, candidates = question
    added = Candidate("police", "added", more)
    before, after = resolve(search, candidates), resolve(search, [*candidates, added])
    if isinstance(after, Same) and after.candidate != added:
        assert isinstance(before, Same)
        assert before.candidate == after.candidate


@given(questions())
def test_nothing_but_a_number_or_names_with_a_birth_date_links(question: tuple[ChildSearch, list[Candidate]]) -> None:
    search, candidates = question
    bare = replace(search, stated=replace(search.stated, nhs_number=None, given_names=()), aliases=())
    assert not isinstance(resolve(bare, candidates), Same)


@given(st.dictionaries(st.sampled_from("abcd"), st.tuples(identities, st.sampled_from(Basis))))
@settings(max_examples=200)
def test_what_a_cross_check_leaves_agrees(sources: dict[str, tuple[Identity, Basis]]) -> None:
    sames = {name: Same(Candidate(name, "p0", who), basis, (), 20.0) for name, (who, basis) in sources.items()}
    doubtful = cross_check(sames)
    assert doubtful <= set(sames)
    assert not cross_check({name: one for name, one in sames.items() if name not in doubtful})
    assert len(doubtful) != 1 or len(sames) > 1


@given(questions(), st.data())
def test_a_word_links_and_drops_only_the_person_it_is_about(
    question: tuple[ChildSearch, list[Candidate]], data: st.DataObject
) -> None:
    search, candidates = question
    before = resolve(search, candidates)
    assume(isinstance(before, Review))
    assert isinstance(before, Review)
    one = data.draw(st.sampled_from(before.candidates))
    said = data.draw(st.sampled_from(Said))
    made = word(search, one, said)
    assume(Book([made]).about(search, one.candidate, LATER) is not None)  # not a number, not name and birth date
    after = asked_again(search, candidates, made)
    others = {other.candidate.local_id for other in before.candidates} - {one.candidate.local_id}
    match after:
        case Same(candidate=candidate, basis=basis):
            assert (candidate, basis, said) == (one.candidate, Basis.CONFIRMED, Said.SAME)
        case Review(candidates=left):
            ids = {other.candidate.local_id for other in left}
            assert ids == (others | {one.candidate.local_id} if said is Said.SAME else others)
        case NotHeld():
            assert said is Said.DIFFERENT
            assert not others


@given(questions())
def test_whoever_is_not_read_whole_would_have_changed_nothing(question: tuple[ChildSearch, list[Candidate]]) -> None:
    search, candidates = question
    quick = resolve(search, candidates)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hub.matching.resolve.out_of_reach", lambda *_: False)
        assert resolve(search, candidates) == quick

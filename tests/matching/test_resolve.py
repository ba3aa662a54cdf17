"""The scenario table: who is asked about, whom one custodian holds, and what may be said."""

from __future__ import annotations

import pytest

from hub.domain.people import ChildSearch, Identity
from hub.matching.resolution import Basis, Doubt, NotHeld, Review, Same
from hub.matching.resolve import resolve
from tests.matching.people import (
    BORN,
    HER_BROTHER,
    HER_TWIN,
    HOME,
    MIA,
    NUMBER,
    NUMBERED,
    TRACED,
    A,
    B,
    C,
    asked,
    held,
    who,
)

LINKED = {
    # what: (the search, the candidate it must link to, the basis)
    "all of it agrees": (asked(MIA), MIA, Basis.DEMOGRAPHICS),
    "names and birth date alone": (asked(who("Mia", "Okafor", BORN)), who("Mia", "Okafor", BORN), Basis.DEMOGRAPHICS),
    "moved house": (asked(MIA), who("Mia", "Okafor", BORN, "F", "ZZ7 7ZZ"), Basis.DEMOGRAPHICS),
    "accents and case": (asked(who("Zoë", "Núñez", BORN, "F")), who("ZOE", "NUNEZ", BORN, "F"), Basis.DEMOGRAPHICS),
    "short form": (asked(who("Ellie", "Okafor", BORN, "F")), who("Eleanor", "Okafor", BORN, "F"), Basis.DEMOGRAPHICS),
    "short form, moved": (
        asked(who("Ellie", "Okafor", BORN, "F", HOME)),
        who("Eleanor", "Okafor", BORN, "F", "ZZ7 7ZZ"),
        Basis.DEMOGRAPHICS,
    ),
    "spelling": (asked(who("Mohammed", "Aziz", BORN, "M")), who("Muhamad", "Aziz", BORN, "M"), Basis.DEMOGRAPHICS),
    "slip in the given name": (
        asked(who("Charlotte", "Okafor", BORN)),
        who("Charoltte", "Okafor", BORN),
        Basis.DEMOGRAPHICS,
    ),
    "one of two surnames": (
        asked(who("Mia", "Okafor-Reid", BORN)),
        who("Mia", "Reid", BORN, "F", HOME),
        Basis.DEMOGRAPHICS,
    ),
    "hyphen": (asked(who("Mary-Jane", "O'Dea", BORN)), who("Maryjane", "Odea", BORN), Basis.DEMOGRAPHICS),
    "previous surname": (asked(MIA), who("Mia", "Reid/Okafor", BORN, "F"), Basis.DEMOGRAPHICS),
    "names changed places": (asked(who("Mia", "Okafor", BORN)), who("Okafor", "Mia", BORN), Basis.DEMOGRAPHICS),
    "surname changed, same home": (asked(MIA), who("Mia", "Reid", BORN, "F", HOME), Basis.DEMOGRAPHICS),
    "birth month only, same home": (asked(MIA), who("Mia", "Okafor", "2014-02", "F", HOME), Basis.DEMOGRAPHICS),
    "birth year only, same home": (asked(MIA), who("Mia", "Okafor", "2014", "F", HOME), Basis.DEMOGRAPHICS),
    "day and month changed places": (asked(MIA), who("Mia", "Okafor", "2014-03-02", "F", HOME), Basis.DEMOGRAPHICS),
    "danielle recorded as daniel, sex known": (
        asked(who("Danielle", "Okafor", BORN, "F")),
        who("Daniel", "Okafor", BORN, "F"),
        Basis.DEMOGRAPHICS,
    ),
    "sex differs, and nothing else by a letter": (
        asked(MIA),
        who("Mia", "Okafor", BORN, "M", HOME),
        Basis.DEMOGRAPHICS,
    ),
    "sex differs, and a middle name is known here": (
        asked(MIA),
        who("Mia Rose", "Okafor", BORN, "M", HOME),
        Basis.DEMOGRAPHICS,
    ),
    "no sex on either side": (asked(who("Mia", "Okafor", BORN, None, HOME)), MIA, Basis.DEMOGRAPHICS),
    "unverified number helps the names": (asked(who("Mia", "", BORN, None, None, A)), NUMBERED, Basis.DEMOGRAPHICS),
    "unverified number, slip in the birth date": (
        asked(NUMBERED),
        who("Mia", "Okafor", "2014-03-02", "F", None, A),
        Basis.DEMOGRAPHICS,
    ),
    "verified number and birth date": (asked(who(born=BORN, number=A)), TRACED, Basis.VERIFIED_NUMBER_AND_BIRTH_DATE),
    "verified number, birth date, other surname and home": (
        asked(who("Mia", "Reid", BORN, "F", "ZZ7 7ZZ", A)),
        TRACED,
        Basis.VERIFIED_NUMBER_AND_BIRTH_DATE,
    ),
    "verified number, birth date, no name yet": (
        asked(NUMBERED),
        who("Baby", "Okafor", BORN, "F", None, A, verified=True),
        Basis.VERIFIED_NUMBER_AND_BIRTH_DATE,
    ),
    "verified number, birth date, sex recorded otherwise": (
        asked(NUMBERED),
        who("Mia", "Okafor", BORN, "M", None, A, verified=True),
        Basis.VERIFIED_NUMBER_AND_BIRTH_DATE,
    ),
    "verified number, birth year only": (
        asked(NUMBERED),
        who("Baby", "", "2014", None, None, A, verified=True),
        Basis.VERIFIED_NUMBER_AND_BIRTH_DATE,
    ),
    "verified number alone": (asked(NUMBER), TRACED, Basis.VERIFIED_NUMBER),
    "verified number, given name, no birth date": (asked(who("Mia", number=A)), TRACED, Basis.VERIFIED_NUMBER),
    "label V: the NHS withholds name and birth date": (
        asked(NUMBERED),
        who(number=A, verified=True, restricted=True),
        Basis.VERIFIED_NUMBER,
    ),
    "label R: found by name, so that its label reaches every agency's copy": (
        asked(MIA),
        who("Mia", "Okafor", BORN, "F", None, A, verified=True, restricted=True),
        Basis.DEMOGRAPHICS,
    ),
    "number verified by another custodian, birth date learnt from it": (
        asked(NUMBER, TRACED),
        NUMBERED,
        Basis.VERIFIED_NUMBER_AND_BIRTH_DATE,
    ),
    "number alone, named by another custodian, no number here": (asked(NUMBER, TRACED), MIA, Basis.DEMOGRAPHICS),
    "known here under another agency's surname": (
        asked(who("Mia", "Reid", BORN, "F", "ZZ7 7ZZ"), MIA),
        MIA,
        Basis.DEMOGRAPHICS,
    ),
    "one name here and another at a custodian that knows her for certain": (
        asked(who("Kevin", "Wong", BORN, number=A), who("Xiaoming", "Wong", BORN, number=A, verified=True)),
        who("Xiaoming", "Wong", BORN, number=A),
        Basis.VERIFIED_NUMBER_AND_BIRTH_DATE,
    ),
    "superseded number, learnt as an alias": (
        asked(who("Mia", "Okafor", BORN, "F", HOME, B), TRACED),
        NUMBERED,
        Basis.VERIFIED_NUMBER_AND_BIRTH_DATE,
    ),
}


@pytest.mark.parametrize(("search", "candidate", "basis"), LINKED.values(), ids=LINKED.keys())
def test_same(search: ChildSearch, candidate: Identity, basis: Basis) -> None:
    [only] = held(candidate)
    found = resolve(search, [only])
    assert isinstance(found, Same), found
    assert (found.candidate, found.basis, found.others, found.seen) == (only, basis, (), 1)


REVIEWED = {
    # what: (the search, the candidate, why a person must look)
    "same-sex twin alone on file": (asked(MIA), HER_TWIN, Doubt.GIVEN_NAME),
    "twin with a middle name in common": (
        asked(who("Mia Rose", "Okafor", BORN, "F", HOME)),
        who("Ava Rose", "Okafor", BORN, "F", HOME),
        Doubt.GIVEN_NAME,
    ),
    "twin with her sister's middle name": (
        asked(who("Mia Rose", "Okafor", BORN, "F", HOME)),
        who("Rose Mia", "Okafor", BORN, "F", HOME),
        Doubt.GIVEN_NAME,
    ),
    "twin brothers who share a first name": (
        asked(who("Mohammed Hassan", "Aziz", BORN, "M", HOME)),
        who("Muhammad Hussain", "Aziz", BORN, "M", HOME),
        Doubt.GIVEN_NAME,
    ),
    "twin brother, or the child under another name and sex": (asked(MIA), HER_BROTHER, Doubt.GIVEN_NAME),
    "twin brother, surname misspelt": (asked(MIA), who("Kofi", "Okafur", BORN, "M", HOME), Doubt.GIVEN_NAME),
    "twin, or a brother: no sex recorded": (
        asked(MIA),
        who("Kofi", "Okafor", BORN, None, HOME),
        Doubt.GIVEN_NAME,
    ),
    "twin whose name parts from hers in the last letter": (
        asked(who("Sophia", "Okafor", BORN, "F", HOME)),
        who("Sophie", "Okafor", BORN, "F", HOME),
        Doubt.GIVEN_NAME,
    ),
    "no name yet, only whose daughter": (
        asked(MIA),
        who("Daughter of Ama", "Okafor", BORN, "F", HOME),
        Doubt.NOT_ENOUGH,
    ),
    "other name and sex, but the same number": (
        asked(NUMBERED),
        who("Kofi", "Okafor", BORN, "M", HOME, A),
        Doubt.NUMBER_CONFLICT,
    ),
    "another name and sex than stated, but an alias has that sex": (
        asked(MIA, who("Mia", "Okafor", BORN, "M")),
        HER_BROTHER,
        Doubt.GIVEN_NAME,
    ),
    "another name and sex than stated, but an alias has that name": (
        asked(MIA, who("Kofi", "Okafor", BORN, "F")),
        HER_BROTHER,
        Doubt.SEX,
    ),
    "daniel and danielle": (
        asked(who("Daniel", "Okafor", BORN, "M", HOME)),
        who("Danielle", "Okafor", BORN, "F", HOME),
        Doubt.GIVEN_NAME,
    ),
    "daniel and danielle, sex unknown": (
        asked(who("Daniel", "Okafor", BORN, None, HOME)),
        who("Danielle", "Okafor", BORN, "F", HOME),
        Doubt.GIVEN_NAME,
    ),
    "names alike and no more": (asked(who("Ella", "Okafor", BORN)), who("Ellie", "Okafor", BORN), Doubt.GIVEN_NAME),
    "no name yet": (asked(MIA), who("Baby", "Okafor", BORN, "F", HOME), Doubt.NOT_ENOUGH),
    "twin 1, asked for twin 1": (
        asked(who("Twin 1", "Okafor", BORN, "F", HOME)),
        who("Twin 1", "Okafor", BORN, "F", HOME),
        Doubt.NOT_ENOUGH,
    ),
    "initial": (asked(MIA), who("M", "Okafor", BORN, "F", HOME), Doubt.NOT_ENOUGH),
    "sex differs, and home": (asked(MIA), who("Mia", "Okafor", BORN, "M", "ZZ7 7ZZ"), Doubt.SEX),
    "sex differs, home not known": (asked(MIA), who("Mia", "Okafor", BORN, "M"), Doubt.SEX),
    "sex differs, home not known, though an unverified number agrees": (
        asked(NUMBERED),
        who("Mia", "Okafor", BORN, "M", None, A),
        Doubt.SEX,
    ),
    "sex differs, and the surname by a letter": (asked(MIA), who("Mia", "Okafur", BORN, "M", HOME), Doubt.SEX),
    "sex differs, and the given name is a short form": (
        asked(who("Samantha", "Okafor", BORN, "F", HOME)),
        who("Sam", "Okafor", BORN, "M", HOME),
        Doubt.SEX,
    ),
    "sex differs, and the birth date by a day": (
        asked(MIA),
        who("Mia", "Okafor", "2014-02-04", "M", HOME),
        Doubt.SEX,
    ),
    "sex differs, birth month only": (asked(MIA), who("Mia", "Okafor", "2014-02", "M", HOME), Doubt.SEX),
    "birth date differs": (asked(MIA), who("Mia", "Okafor", "2011-09-17", "F", HOME), Doubt.BIRTH_DATE),
    "no birth date: a name and a home are also the mother's": (
        asked(MIA),
        who("Mia", "Okafor", "", "F", HOME),
        Doubt.NOT_ENOUGH,
    ),
    "birth month only, no home": (
        asked(who("Mia", "Okafor", BORN, "F")),
        who("Mia", "Okafor", "2014-02"),
        Doubt.NOT_ENOUGH,
    ),
    "surname changed, moved": (asked(MIA), who("Mia", "Reid", BORN, "F", "ZZ7 7ZZ"), Doubt.NOT_ENOUGH),
    "another number": (asked(NUMBERED), who("Mia", "Okafor", BORN, "F", HOME, B), Doubt.NUMBER_DIFFERS),
    "another number than any of several": (
        asked(NUMBERED, who("Mia", "Okafor", BORN, "F", HOME, B)),
        who("Mia", "Okafor", BORN, "F", HOME, C),
        Doubt.NUMBER_DIFFERS,
    ),
    "an alias that fits cannot talk away another number": (
        asked(who(number=A), MIA),
        who("Mia", "Okafor", BORN, "F", HOME, B, verified=True),
        Doubt.NUMBER_DIFFERS,
    ),
    "same number, all else different": (
        asked(NUMBERED),
        who("Kofi", "Reid", "2011-09-17", "M", "ZZ7 7ZZ", A, verified=True),
        Doubt.NUMBER_CONFLICT,
    ),
    "same number, twin's name: a number copied to the wrong twin": (
        asked(NUMBERED),
        who("Ava", "Okafor", BORN, "F", HOME, A, verified=True),
        Doubt.NUMBER_CONFLICT,
    ),
    "same number, other birth date": (
        asked(NUMBERED),
        who("Mia", "Okafor", "2011-09-17", "F", HOME, A, verified=True),
        Doubt.NUMBER_CONFLICT,
    ),
    "number alone, which nobody verified": (asked(NUMBER), NUMBERED, Doubt.NOT_ENOUGH),
    "number and birth date, which nobody verified": (asked(who(born=BORN, number=A)), NUMBERED, Doubt.NOT_ENOUGH),
    "number alone, but another custodian knows another birth date": (
        asked(NUMBER, who("Mia", "Okafor", "2011-09-17", "F", HOME, A)),
        who("Mia", "Okafor", BORN, "F", HOME, A, verified=True),
        Doubt.NUMBER_CONFLICT,
    ),
    "number alone, but another custodian knows another name": (
        asked(NUMBER, who("Ava", "Okafor")),
        who("Mia", "Okafor", "", "F", HOME, A, verified=True),
        Doubt.NUMBER_CONFLICT,
    ),
    "number and birth date, but another custodian knows another name": (
        asked(who(born=BORN, number=A), who("Ava", "Okafor", BORN, number=A, verified=True)),
        TRACED,
        Doubt.NUMBER_CONFLICT,
    ),
    "number and birth date, of which the custodian shows none": (
        asked(who(born=BORN, number=A)),
        who(number=A, verified=True),
        Doubt.NOT_ENOUGH,
    ),
    "number and a name here, and a birth date there": (
        asked(who("", "Okafor", BORN, number=A)),
        who("Mia", "", "", None, None, A, verified=True, restricted=True),
        Doubt.NOT_ENOUGH,
    ),
    "number and surname only": (asked(who("", "Okafor", number=A)), TRACED, Doubt.NOT_ENOUGH),
    "number and given name, sex differs": (
        asked(who("Mia", "", "", "M", number=A)),
        TRACED,
        Doubt.SEX,
    ),
    "restricted at one source and not at another": (
        asked(NUMBER, who("Mia", "Okafor", BORN, "F", restricted=True)),
        who("Mia", "Okafor", BORN, "F", HOME, restricted=False),
        Doubt.RESTRICTED,
    ),
    "unrestricted at one source and not at another": (
        asked(who("Mia", "Okafor", BORN, "F", restricted=False)),
        who("Mia", "Okafor", BORN, "F", HOME, restricted=True),
        Doubt.RESTRICTED,
    ),
}


@pytest.mark.parametrize(("search", "candidate", "doubt"), REVIEWED.values(), ids=REVIEWED.keys())
def test_review(search: ChildSearch, candidate: Identity, doubt: Doubt) -> None:
    [only] = held(candidate)
    found = resolve(search, [only])
    assert isinstance(found, Review), found
    assert ([one.candidate for one in found.candidates], found.seen) == ([only], 1)
    assert found.candidates[0].doubt is doubt


DISCARDED = {
    "nobody": (asked(MIA), []),
    "a stranger": (asked(MIA), [who("Oliver", "Reid", "2011-09-17", "M", "ZZ7 7ZZ")]),
    "an elder sister": (asked(MIA), [who("Ama", "Okafor", "2011-09-17", "F", HOME)]),
    "a namesake": (asked(MIA), [who("Mia", "Okafor", "2011-09-17", "F", "ZZ7 7ZZ")]),
    "born the same day": (asked(MIA), [who("Ruth", "Reid", BORN, "F", "ZZ7 7ZZ")]),
    "the twin, by her own number": (asked(NUMBERED), [who("Ava", "Okafor", BORN, "F", HOME, B)]),
    "the twin brother, by his own number": (asked(NUMBERED), [who("Kofi", "Okafor", BORN, "M", HOME, B)]),
    "the twin brother, by another number than an alias has": (
        asked(MIA, who(number=A)),
        [who("Kofi", "Okafor", BORN, "M", HOME, B)],
    ),
    "a boy of that surname, born the same day": (asked(MIA), [who("Kofi", "Okafor", BORN, "M")]),
    "nothing known at all": (asked(MIA), [who()]),
    "another number and nothing else": (asked(NUMBER), [who(number=B, verified=True)]),
    "a stranger to a number alone": (asked(NUMBER), [MIA, HER_TWIN]),
}


@pytest.mark.parametrize(("search", "identities"), DISCARDED.values(), ids=DISCARDED.keys())
def test_not_held_counts_those_it_discarded(search: ChildSearch, identities: list[Identity]) -> None:
    assert resolve(search, held(*identities)) == NotHeld(seen=len(identities))


def test_a_child_who_took_another_name_and_sex_is_never_said_to_be_unknown() -> None:
    """A brother looks the same, and there are thirty of them to one of her: a person can tell, and a rule cannot."""
    found = resolve(asked(MIA), held(HER_BROTHER, who("Ruth", "Reid", BORN, "F", "ZZ7 7ZZ")))
    assert isinstance(found, Review)
    assert [one.candidate.identity for one in found.candidates] == [HER_BROTHER]


def test_beside_the_child_a_brother_is_not_shown() -> None:
    assert resolve(asked(MIA), held(MIA, HER_BROTHER)) == resolve(asked(MIA), held(MIA, who("Ruth", "Reid")))

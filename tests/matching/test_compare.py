"""Field by field: levels, words, and what they are worth."""

from __future__ import annotations

from math import isclose, log2

import pytest

from hub.domain.people import PartialDate
from hub.matching.compare import Prepared, compare, compare_birth_dates
from hub.matching.resolution import Agreement, Compared
from hub.matching.weights import PRIOR_BITS, SHIPPED, WEIGHTS, Level, word
from tests.matching.people import A, B, who

BIRTH_DATES = [
    ("2014-02-03", "2014-02-03", Level.EXACT, 6575 / 1),
    ("2014-02", "2014-02-03", Level.RANGE, 6575 / 28),
    ("2014-02-28", "2014-02", Level.RANGE, 6575 / 28),
    ("2014-02", "2014-02", Level.RANGE, 6575 / 55),
    ("2014", "2014-12-31", Level.RANGE, 6575 / 365),
    ("2014", "2014", Level.RANGE, 6575 / 729),
    ("2014", "2013-12-31", Level.DIFFER, None),
    ("2014", "2013", Level.DIFFER, None),
    ("2014-03", "2014-02-28", Level.DIFFER, None),
    ("2014-02-03", "2014-03-02", Level.NEAR, None),  # day and month changed places
    ("2014-02-03", "2013-03-02", Level.DIFFER, None),
    ("2014-02-03", "2014-02-04", Level.NEAR, None),  # one digit
    ("2014-02-03", "2014-02-13", Level.NEAR, None),
    ("2014-02-03", "2024-02-03", Level.NEAR, None),
    ("2014-02-28", "2014-03-01", Level.NEAR, None),  # the day before, by a conversion of time zones
    ("2014-02-09", "2014-02-11", Level.DIFFER, None),  # two digits, two days
    ("2014-02-03", "2015-02-04", Level.DIFFER, None),
    ("2014-02-03", "2011-09-17", Level.DIFFER, None),
]


@pytest.mark.parametrize(("a", "b", "level", "odds"), BIRTH_DATES, ids=[f"{a}~{b}" for a, b, *_ in BIRTH_DATES])
def test_birth_dates(a: str, b: str, level: Level, odds: float | None) -> None:
    one, other = PartialDate.parse(a), PartialDate.parse(b)
    assert compare_birth_dates(one, other) == compare_birth_dates(other, one)
    found, bits = compare_birth_dates(one, other)
    assert found is level
    assert isclose(bits, log2(0.955 * odds) if odds else SHIPPED.bits[Compared.BIRTH_DATE][level])


@pytest.mark.parametrize(("a", "b"), [(None, None), ("2014", None), (None, "2014")])
def test_a_missing_birth_date_says_nothing(a: str | None, b: str | None) -> None:
    one, other = (PartialDate.parse(text) if text else None for text in (a, b))
    assert compare_birth_dates(one, other) == (Level.MISSING, 0.0)


def test_a_range_so_wide_that_it_says_nothing_is_worth_nothing() -> None:
    assert SHIPPED.birth_date_bits(6_575) == SHIPPED.birth_date_bits(100_000) == log2(0.955)


@pytest.mark.parametrize(
    ("a", "b", "level"),
    [
        ("F", "F", Level.EXACT),
        ("F", "female", Level.EXACT),
        ("Female", " f ", Level.EXACT),
        ("2", "F", Level.EXACT),
        ("1", "male", Level.EXACT),
        ("M", "F", Level.DIFFER),
        ("male", "2", Level.DIFFER),
        ("M", None, Level.MISSING),
        ("M", "unknown", Level.MISSING),
        ("other", "other", Level.MISSING),
        ("", "", Level.MISSING),
        ("9", "0", Level.MISSING),
    ],
)
def test_sex(a: str | None, b: str | None, level: Level) -> None:
    assert compare(Prepared.of(who(sex=a)), Prepared.of(who(sex=b))).levels[Compared.SEX] is level


@pytest.mark.parametrize(
    ("a", "b", "level"),
    [
        ("ZZ1 1AA", "zz11aa", Level.EXACT),
        ("ZZ1 1AA", "ZZ1-1AA.", Level.EXACT),
        ("ZZ1 1AA", "ZZ1 2BB", Level.AREA),
        ("ZZ1 1AA", "ZZ12 1AA", Level.DIFFER),
        ("ZZ1 1AA", "ZZ2 1AA", Level.DIFFER),
        ("Z1 1AA", "Z1 1AB", Level.AREA),
        ("ZZ1 1AA", None, Level.MISSING),
        ("ZZ1 1AA", "", Level.MISSING),
        ("ZZ1", "ZZ1", Level.MISSING),  # half a postcode
        ("ZZ99 3VZ", "ZZ99 3VZ", Level.MISSING),  # no fixed abode
        ("ZZ99 3WZ", "ZZ1 1AA", Level.MISSING),  # not known
    ],
)
def test_postcodes(a: str | None, b: str | None, level: Level) -> None:
    one, other = Prepared.of(who(postcode=a)), Prepared.of(who(postcode=b))
    assert compare(one, other).levels[Compared.POSTCODE] is compare(other, one).levels[Compared.POSTCODE] is level


NAMES = [
    (("Mia", "Okafor"), ("Mia", "Okafor"), Level.EXACT, Level.EXACT),
    (("Mia", "Okafor"), ("Okafor", "Mia"), Level.SWAPPED, Level.SWAPPED),
    (("Tran", "Van Minh"), ("Van Minh", "Tran"), Level.SWAPPED, Level.SWAPPED),
    (("Mia", "Okafor"), ("Okafor", "Ava"), Level.DIFFER, Level.DIFFER),
    (("Mia", "Okafor"), ("Okafar", "Mia"), Level.LIKE, Level.NEAR),  # misspelt and swapped
    (("Mia Rose", "Okafor"), ("Okafor", "Mia"), Level.SWAPPED, Level.SWAPPED),
    (("Mia Rose", "Okafor"), ("Okafor", "Rose"), Level.LIKE, Level.NEAR),
    (("Mia", "Okafor"), ("Okafor", "Maya"), Level.DIFFER, Level.DIFFER),
    (("James", "Oliver"), ("James", "James"), Level.EXACT, Level.DIFFER),
    (("Amy", "James"), ("James", "Amy/James"), Level.DIFFER, Level.EXACT),
    (("Ava/Mia", "Smith"), ("Mia", "Jones/Smith"), Level.EXACT, Level.EXACT),
    (("Ella/Danielle", "Smith"), ("Dani", "Smithe"), Level.NICKNAME, Level.NEAR),
    (("Ellie/Ella/Ruth", "Smithe/Smith/Reid"), ("Ella", "Smith"), Level.EXACT, Level.EXACT),  # the best of all versions
    (("Ella", "Smith/Brown"), ("Ellie", "Smith-Jones"), Level.LIKE, Level.PART),
    (("", "Smith"), ("Mia", ""), Level.MISSING, Level.MISSING),
    (("Twin 1", "Unknown"), ("Mia", "Smith"), Level.MISSING, Level.MISSING),
    (("Twin 1", "Smith"), ("Twin 1", "Smith"), Level.MISSING, Level.EXACT),
]


@pytest.mark.parametrize(("a", "b", "given", "family"), NAMES, ids=[f"{a}~{b}" for a, b, *_ in NAMES])
def test_all_versions_of_a_name_and_both_orders(
    a: tuple[str, str], b: tuple[str, str], given: Level, family: Level
) -> None:
    one, other = Prepared.of(who(*a)), Prepared.of(who(*b))
    for levels in (compare(one, other).levels, compare(other, one).levels):
        assert (levels[Compared.GIVEN_NAME], levels[Compared.FAMILY_NAME]) == (given, family)


def test_the_sex_reaches_the_comparison_of_names() -> None:
    boy, girl, either = who("Daniel", sex="M"), who("Danielle", sex="F"), who("Danielle")
    levels = [compare(Prepared.of(boy), Prepared.of(other)).levels[Compared.GIVEN_NAME] for other in (girl, either)]
    assert levels == [Level.LIKE, Level.LIKE]
    same = compare(Prepared.of(boy), Prepared.of(who("Danielle", sex="male"))).levels
    assert same[Compared.GIVEN_NAME] is Level.NEAR


def test_the_score_is_the_prior_and_the_weights() -> None:
    one = Prepared.of(who("Ella", "Okafor", "2014-02-03", "F", "ZZ1 1AA", A))
    other = Prepared.of(who("Ellie", "Smith", "2014-02", "F", "ZZ1 1AB", B))
    expected = [
        SHIPPED.bits[Compared.NHS_NUMBER][Level.DIFFER],
        SHIPPED.birth_date_bits(28),
        SHIPPED.bits[Compared.GIVEN_NAME][Level.LIKE],
        SHIPPED.bits[Compared.FAMILY_NAME][Level.DIFFER],
        SHIPPED.bits[Compared.SEX][Level.EXACT],
        SHIPPED.bits[Compared.POSTCODE][Level.AREA],
    ]
    assert isclose(compare(one, other).score, PRIOR_BITS + sum(expected))
    assert isclose(compare(Prepared.of(who()), Prepared.of(who())).score, PRIOR_BITS)


def test_evidence_is_one_line_a_field_in_the_words_people_see() -> None:
    one = Prepared.of(who("Mia", "Okafor", "2014-02-03", "F", "ZZ1 1AA", A))
    other = Prepared.of(who("Mia", "Smith", "2014-02", None, "ZZ1 1AB", A))
    assert [(str(line.compared), str(line.outcome)) for line in compare(one, other).evidence] == [
        ("NHS number", "agree"),
        ("date of birth", "close"),
        ("given name", "agree"),
        ("family name", "differ"),
        ("sex", "missing"),
        ("postcode", "close"),
    ]


def test_every_level_has_a_word() -> None:
    agree = {Level.EXACT, Level.SWAPPED}
    for level in Level:
        apart = {level: Agreement(level.value) for level in (Level.DIFFER, Level.MISSING, Level.SUPERSEDED)}
        assert word(level) is apart.get(level, Agreement.AGREE if level in agree else Agreement.CLOSE)


@pytest.mark.parametrize("compared", list(WEIGHTS))
def test_the_table_of_weights_adds_up(compared: Compared) -> None:
    """Each outcome has its share of both columns; a birth date known in part is the exact row, widened."""
    assert isclose(sum(weight.m for weight in WEIGHTS[compared].values()), 1.0)
    assert isclose(sum(weight.u for weight in WEIGHTS[compared].values()), 1.0, abs_tol=1e-4)
    assert (
        SHIPPED.bits[compared][Level.DIFFER]
        < SHIPPED.bits[compared][Level.MISSING]
        == 0.0
        < SHIPPED.bits[compared][Level.EXACT]
    )


def test_no_personal_value_in_a_repr() -> None:
    shown = repr(Prepared.of(who("Mia", "Okafor", "2014-02-03", "F", "ZZ1 1AA", A))).casefold()
    assert not any(value in shown for value in ("mia", "okafor", "2014", "zz1", "999"))


def test_a_number_alone() -> None:
    assert Prepared.of(who(number=A, sex="F", postcode="ZZ1 1AA")).is_number_alone
    assert Prepared.of(who("Twin 1", "Unknown", number=A)).is_number_alone
    for other in (who("Mia", number=A), who("", "Okafor", number=A), who(born="2014", number=A), who("Mia"), who()):
        assert not Prepared.of(other).is_number_alone

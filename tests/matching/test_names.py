"""Names: what counts as one name, what is merely alike, and what is no name at all."""

from __future__ import annotations

import pytest

from hub.matching.names import (
    NAME_CHARACTERS_MAX,
    FamilyName,
    GivenName,
    compare_family,
    compare_given,
    normalise,
    sound,
)
from hub.matching.nicknames import NICKNAMES, SPELLINGS, are_spellings, is_short_for, share_a_formal_name
from hub.matching.weights import Level


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mia", ("mia",)),
        ("  MIA   rose ", ("mia", "rose")),
        ("Zoë", ("zoe",)),
        ("Zoe\u0308", ("zoe",)),  # the same, as a letter and a combining mark
        ("Łukasz Søren", ("lukasz", "soren")),
        ("Đorđe Þór Æsa Œuvre", ("dorde", "thor", "aesa", "oeuvre")),
        ("Işık", ("isik",)),
        ("STRAẞE", ("strasse",)),
        ("O'Brien", ("obrien",)),
        ("O’Brien", ("obrien",)),
        ("O‘Brien", ("obrien",)),
        ("D`Arcy", ("darcy",)),
        ("Smith-Jones", ("smith", "jones")),
        ("Smith–Jones (née Brown)", ("smith", "jones", "nee", "brown")),
        ("Anne_Marie", ("anne", "marie")),
        ("Jay2", ("jay",)),
        ("伟", ("伟",)),
        ("محمد", ("محمد",)),
        ("Ольга", ("ольга",)),
        ("", ()),
        (" -.' ", ()),
        ("\x00\u202e", ()),
    ],
)
def test_normalise(text: str, words: tuple[str, ...]) -> None:
    assert normalise(text) == words


def test_no_more_of_a_name_is_read_than_the_limit() -> None:
    at_limit = "a" * (NAME_CHARACTERS_MAX - 4) + " bob"
    assert normalise(at_limit)[1] == "bob"
    assert normalise("a" + at_limit)[1] == "bo"


NO_GIVEN_NAME = (
    "|-|M|M.|M J|J Rose|Baby|baby girl|Baby of Sarah|Twin 1|TWIN TWO|Triplet B|Boy|Girl 2|Boy one|girl a|Boy three|Unknown|"
    "Not known|NK|n/a|None|Unnamed|Anon|Anonymous|Unborn|Newborn|Infant|Child|Male|Female infant|Miss|Foetus|Fetus|Stillborn|"
    "Daughter of Ama|Brother of Kofi|Youngest|A minor|Unk"
)


@pytest.mark.parametrize("text", NO_GIVEN_NAME.split("|"))
def test_words_that_are_no_given_name(text: str) -> None:
    assert GivenName.parse(text) is None


@pytest.mark.parametrize(
    "text", ["Nil", "Son", "Man Yi", "Lady", "Sonny", "Boyd", "Girlie", "Twinkle", "伟", "Boy George", "Na"]
)
def test_names_that_only_look_like_placeholders(text: str) -> None:
    assert GivenName.parse(text) is not None


@pytest.mark.parametrize("text", ["", "S", "S.", "S-J", "Unknown", "not known", "NK", "N/A", "None", "unnamed"])
def test_words_that_are_no_family_name(text: str) -> None:
    assert FamilyName.parse(text) is None


@pytest.mark.parametrize("text", ["Child", "Baby", "Miss", "Infant", "Li", "O'Brien", "Singh", "de la", "王"])
def test_family_names_that_are_placeholders_elsewhere(text: str) -> None:
    assert FamilyName.parse(text) is not None


GIVEN = [
    # a, b, level when the sexes are known to be the same, level when they are not
    ("Mia", "mia", Level.EXACT, Level.EXACT),
    ("Zoë", "Zoe", Level.EXACT, Level.EXACT),
    ("Anne-Marie", "Annemarie", Level.EXACT, Level.EXACT),
    ("Anne-Marie", "Anne Marie", Level.EXACT, Level.EXACT),
    ("Anne-Marie", "Anne", Level.EXACT, Level.EXACT),
    ("Mia Rose", "Mia", Level.EXACT, Level.EXACT),
    ("Mia R", "Mia Rose", Level.EXACT, Level.EXACT),
    ("Mia Rose Jane", "Mia Jane", Level.EXACT, Level.EXACT),
    ("Mia Jo", "Mia Joanne Jo", Level.EXACT, Level.EXACT),
    # a name and its spellings and short forms
    ("Muhammad", "Mohammed", Level.SPELLING, Level.SPELLING),
    ("Sean", "Shaun", Level.SPELLING, Level.SPELLING),
    ("Stephen", "Steven", Level.SPELLING, Level.SPELLING),
    ("Jayden", "Jaiden", Level.SPELLING, Level.SPELLING),
    ("Kate", "Cate", Level.SPELLING, Level.SPELLING),
    ("Eleanor", "Ellie", Level.NICKNAME, Level.NICKNAME),
    ("Ellie", "Eleanor Rose", Level.NICKNAME, Level.NICKNAME),
    ("William", "Bill", Level.NICKNAME, Level.NICKNAME),
    ("Kathryn", "Kate", Level.NICKNAME, Level.NICKNAME),
    ("Steven", "Steve", Level.NICKNAME, Level.NICKNAME),
    # slips of the pen
    ("Hassan", "Hasan", Level.NEAR, Level.NEAR),
    ("Charlotte", "Charoltte", Level.NEAR, Level.NEAR),
    ("Katherine Ann", "Katherin Ann", Level.NEAR, Level.LIKE),
    # a boy's name and a girl's: only where the sex is known to be the same
    ("Daniel", "Danielle", Level.NEAR, Level.LIKE),
    ("Alexander", "Alexandra", Level.NEAR, Level.LIKE),
    ("Joseph", "Josephine", Level.NEAR, Level.LIKE),
    ("Gabriel", "Gabriella", Level.NEAR, Level.LIKE),
    ("Sara", "Sarah", Level.NEAR, Level.LIKE),
    ("Nicholas", "Nicola", Level.NEAR, Level.LIKE),
    ("Alexander", "Alexandrina", Level.NEAR, Level.LIKE),
    ("Frances", "Francis", Level.NEAR, Level.LIKE),
    ("Maria", "Mariana", Level.NEAR, Level.LIKE),
    ("Christian", "Christianson", Level.NEAR, Level.LIKE),
    ("Kacperek", "Kacprzek", Level.NEAR, Level.NEAR),
    ("Marcy", "Marci", Level.NEAR, Level.LIKE),  # exactly 0.92
    ("Anna", "Ana", Level.NEAR, Level.NEAR),
    ("Eli", "Ellie", Level.SPELLING, Level.LIKE),
    # alike, and two names all the same
    ("Maria", "Marie", Level.LIKE, Level.LIKE),
    ("Sophia", "Sophie", Level.LIKE, Level.LIKE),
    ("David", "Davin", Level.LIKE, Level.LIKE),
    ("Ella", "Ellie", Level.LIKE, Level.LIKE),
    ("Beth", "Libby", Level.LIKE, Level.LIKE),
    ("Jayden", "Kayden", Level.LIKE, Level.LIKE),
    ("Oliver", "Olivia", Level.LIKE, Level.LIKE),
    # brothers and sisters share middle names, and first names they are not called by
    ("Mia Rose", "Ava Rose", Level.DIFFER, Level.DIFFER),
    ("Mia Rose", "Rose", Level.LIKE, Level.LIKE),
    ("Mia Rose", "Rose Mia", Level.LIKE, Level.LIKE),
    ("Anne-Marie", "Anne-Louise", Level.LIKE, Level.LIKE),
    ("Oliver James", "Oliver John", Level.LIKE, Level.LIKE),
    ("Mohammed Hassan", "Muhammad Hussain", Level.LIKE, Level.LIKE),
    ("Mohammed Hassan", "Mohammed Yusuf", Level.DIFFER, Level.DIFFER),
    ("Mohammed Hassan", "Hassan", Level.EXACT, Level.EXACT),
    ("Mohammed Hassan", "Muhammad Hassan", Level.EXACT, Level.EXACT),
    ("Mohammed Hassan", "Mohammed", Level.LIKE, Level.LIKE),
    ("Abdul Rahman", "Abdul Karim", Level.DIFFER, Level.DIFFER),
    # two names
    ("Mia", "Ava", Level.DIFFER, Level.DIFFER),
    ("Mia", "Mya", Level.LIKE, Level.LIKE),
    ("Leo", "Lao", Level.LIKE, Level.LIKE),
    ("Mia", "Mai", Level.LIKE, Level.LIKE),
    ("Mia", "Maya", Level.DIFFER, Level.DIFFER),
    ("Mia", "Amelia", Level.DIFFER, Level.DIFFER),
    ("Jack", "John", Level.DIFFER, Level.DIFFER),
    ("Ella", "Isabella", Level.DIFFER, Level.DIFFER),
]


@pytest.mark.parametrize(("a", "b", "same", "unknown"), GIVEN, ids=[f"{a}~{b}" for a, b, *_ in GIVEN])
def test_given_names(a: str, b: str, same: Level, unknown: Level) -> None:
    one, other = GivenName.parse(a), GivenName.parse(b)
    assert one
    assert other
    assert compare_given(one, other, same_sex=True) is compare_given(other, one, same_sex=True) is same
    assert compare_given(one, other, same_sex=False) is compare_given(other, one, same_sex=False) is unknown


FAMILY = [
    ("Okafor", "OKAFOR", Level.EXACT),
    ("Smith-Jones", "Smith Jones", Level.EXACT),
    ("de la Cruz", "Delacruz", Level.EXACT),
    ("Singh", "singh", Level.EXACT),
    ("Smith-Jones", "Jones", Level.PART),
    ("Jones Smith", "Smith-Jones", Level.PART),
    ("Kaur Gill", "Gill", Level.PART),
    ("Singh", "Singh Dhillon", Level.DIFFER),
    ("Kaur", "Kaur Gill", Level.DIFFER),
    ("Kaur Sandhu", "Kaur Gill", Level.DIFFER),
    ("van Dijk", "van Houten", Level.DIFFER),
    ("Okafor", "Okafore", Level.NEAR),
    ("Thompson", "Thomson", Level.NEAR),
    ("Brown", "Borwn", Level.NEAR),
    ("Smith", "Smish", Level.NEAR),
    ("Cole", "Bole", Level.DIFFER),
    ("Khan", "Chan", Level.DIFFER),
    ("Moores", "Poored", Level.DIFFER),
    ("Okafor", "Smith", Level.DIFFER),
    ("Harris", "Morris", Level.DIFFER),
]


@pytest.mark.parametrize(("a", "b", "level"), FAMILY, ids=[f"{a}~{b}" for a, b, _ in FAMILY])
def test_family_names(a: str, b: str, level: Level) -> None:
    one, other = FamilyName.parse(a), FamilyName.parse(b)
    assert one
    assert other
    assert compare_family(one, other) is compare_family(other, one) is level


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("jaiden", "jayden"),
        ("philip", "filip"),
        ("erick", "eriq"),
        ("cecily", "sesily"),
        ("carl", "karl"),
        ("hanna", "hannah"),
        ("john", "jon"),
        ("charlie", "charly"),
        ("charlie", "charlee"),
        ("aimey", "aimei"),
        ("annette", "anet"),
    ],
)
def test_sounds_alike(a: str, b: str) -> None:
    assert sound(a) == sound(b)


@pytest.mark.parametrize(
    ("a", "b"),
    [("mia", "maya"), ("amy", "mia"), ("zara", "sara"), ("chloe", "kloe"), ("maria", "marie"), ("anna", "anne")],
)
def test_sounds_different(a: str, b: str) -> None:
    assert sound(a) != sound(b)


def test_the_tables_are_written_as_names_are_compared() -> None:
    words = [*NICKNAMES, *(short for forms in NICKNAMES.values() for short in forms.split())]
    words += [spelling for spellings in SPELLINGS for spelling in spellings.split()]
    assert all(normalise(word) == (word,) for word in words)
    for formal, forms in NICKNAMES.items():
        assert formal not in forms.split()
        assert len(set(forms.split())) == len(forms.split())


def test_short_forms() -> None:
    assert is_short_for("ellie", "eleanor")
    assert is_short_for("eleanor", "ellie")
    assert not is_short_for("ellie", "nell")
    assert share_a_formal_name("ellie", "nell")
    assert not share_a_formal_name("ellie", "ellen")
    assert not share_a_formal_name("xyz", "xyz")
    assert are_spellings("yusuf", "youssef")
    assert not are_spellings("yusuf", "joseph")
    assert not are_spellings("xyz", "xyz")


@pytest.mark.parametrize("value", [GivenName.parse("Mia Rose"), FamilyName.parse("Okafor")])
def test_no_name_in_a_repr(value: object) -> None:
    assert not any(word in repr(value).casefold() for word in ("mia", "rose", "okafor"))

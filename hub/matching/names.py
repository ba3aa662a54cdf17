"""Names made comparable: what is written differently and means the same, and what is written and means nothing.

Values of these classes live only as long as one question is being resolved. Nothing here is cached: a cache would be
an index of children.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from itertools import takewhile

from rapidfuzz.distance import OSA, JaroWinkler

from hub.matching.nicknames import are_spellings, is_short_for, share_a_formal_name
from hub.matching.weights import Level

NEAR_MIN = 0.92
"""Jaro-Winkler similarity from which two names count as one name misspelt."""

LIKE_MIN = 0.80
"""Jaro-Winkler similarity from which two names are alike enough to be worth a person's look."""

ONE_SLIP_LETTERS_MIN = 5
"""Surnames at least so long are one surname if a single slip parts them. In shorter ones it makes another: Lee, Lea."""

ENDING_LETTERS_MAX = 2
"""Names that part only in so many last letters may be a boy's and a girl's: Frances, Francis."""

NAME_CHARACTERS_MAX = 200
"""What follows in a longer name is not looked at."""

_NOBODY = frozenset({"anon", "anonymous", "nk", "none", "not", "unk", "unknown", "unnamed"})
"""Words that show that no name was known. One of them makes the whole name a placeholder."""

_NO_GIVEN_NAME = _NOBODY | {
    *("baby", "child", "infant", "newborn", "stillborn", "unborn", "fetus", "foetus"),
    *("twin", "triplet", "male", "female", "miss"),
    *("daughter", "sister", "brother", "sibling", "mother", "father", "husband", "wife", "grandson", "granddaughter"),
    *("person", "minor", "woman", "gentleman", "resident", "occupant", "eldest", "oldest", "youngest"),
}
"""The same for given names: "Baby of Sarah" is not Sarah. Child and Baby are real surnames.

Words for what somebody is, and not for what they are called. Son, Man and Lady are not here: they are given names.
"""

_BOY_OR_GIRL = frozenset({"boy", "girl"})
"""Placeholders when they are all there is besides a number: "Boy 2", "Girl"."""

_NUMBERS = frozenset({"a", "b", "one", "two", "three"})

_COMMON_FIRST_NAMES = frozenset({"mohammed", "abdul", "syed", "sayed", "sheikh"})
"""First names that brothers share and are not called by. A name after one of these is the one that tells them apart."""

_WEAK_SURNAMES = frozenset(
    {
        *("al", "bin", "binti", "el", "ibn", "ul", "mac", "mc", "o", "st"),
        *("da", "de", "del", "den", "der", "di", "do", "dos", "du", "la", "le", "of", "van", "von"),
        *("begum", "bibi", "kaur", "khatun", "singh"),
    }
)
"""Parts of surnames that strangers share. They count only when there is nothing else."""

_UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_APOSTROPHES = re.compile("['’‘`´ʼ]")
_NOT_IN_NAMES = re.compile(r"[\W\d_]+")


def normalise(name: str) -> tuple[str, ...]:
    """The words of ``name`` in lower case, without accents, apostrophes, hyphens, digits and punctuation.

    >>> normalise("Zoë-Anne O’Brien")
    ('zoe', 'anne', 'obrien')
    """
    text = name[:NAME_CHARACTERS_MAX].casefold()
    if text.isascii() and text.isalpha():  # most names: nothing to take out
        return (text,)
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text).translate(_UNDECOMPOSED)
        text = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return tuple(_NOT_IN_NAMES.sub(" ", _APOSTROPHES.sub("", text)).split())


def _is_initial(word: str) -> bool:
    """A single Latin letter. In scripts that write a name with one sign it is a name."""
    return len(word) == 1 and word.isascii()


def _names_nobody(words: tuple[str, ...]) -> bool:
    return not _NO_GIVEN_NAME.isdisjoint(words) or (words[0] in _BOY_OR_GIRL and _NUMBERS.issuperset(words[1:]))


@dataclass(frozen=True, slots=True)
class GivenName:
    """One version of somebody's given names: the one they go by, the rest, and all of it in one word."""

    lead: str = field(repr=False)
    rest: tuple[str, ...] = field(repr=False)
    joined: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> GivenName | None:
        """``None`` when ``text`` says nothing: empty, an initial, "Twin 1", "Unknown"."""
        words = normalise(text)
        if not words or _names_nobody(words) or _is_initial(words[0]):
            return None
        names = words if len(words) == 1 else tuple(word for word in words if not _is_initial(word))
        if len(names) > 1 and (names[0] in _COMMON_FIRST_NAMES or are_spellings(names[0], "mohammed")):
            names = (*names[1:], names[0])
        return cls(names[0], names[1:], "".join(names))


@dataclass(frozen=True, slots=True)
class FamilyName:
    """One version of somebody's family name: the parts that tell people apart, and all of it in one word."""

    parts: frozenset[str] = field(repr=False)
    joined: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> FamilyName | None:
        """``None`` when ``text`` says nothing."""
        words = normalise(text)
        if not words or not _NOBODY.isdisjoint(words) or all(map(_is_initial, words)):
            return None
        telling = frozenset(word for word in words if word not in _WEAK_SURNAMES and not _is_initial(word))
        return cls(telling or frozenset(words), "".join(words))


def compare_given(a: GivenName, b: GivenName, *, same_sex: bool) -> Level:
    """How two given names compare. ``same_sex``: both records state the sex, and it is the same.

    Middle names never make an agreement (twins share them), but where both are known and none is common they unmake
    one: Mohammed Hassan and Mohammed Hussain, Anne-Marie and Anne-Louise.
    """
    if a.joined == b.joined:
        return Level.EXACT
    level = _compare_words(a.lead, b.lead, same_sex=same_sex)
    if level in (Level.LIKE, Level.DIFFER):
        known_by_another = a.lead in b.rest or b.lead in a.rest
        return Level.LIKE if known_by_another or _are_one(a.joined, b.joined) else level
    if a.rest and b.rest and not any(_are_one(one, other) for one in a.rest for other in b.rest):
        return Level.LIKE
    return level


def compare_family(a: FamilyName, b: FamilyName) -> Level:
    """How two family names compare: any part in common is an agreement in part."""
    if a.joined == b.joined:
        return Level.EXACT
    if not a.parts.isdisjoint(b.parts):
        return Level.PART
    return Level.NEAR if misspells(a.joined, b.joined) else Level.DIFFER


def misspells(a: str, b: str) -> bool:
    """Whether one surname is likely the other with a slip of the pen."""
    return JaroWinkler.similarity(a, b) >= NEAR_MIN or (min(len(a), len(b)) >= ONE_SLIP_LETTERS_MIN and _one_slip(a, b))


def _one_slip(a: str, b: str) -> bool:
    """One letter wrong, missing, too many, or two in the wrong order (optimal string alignment)."""
    return OSA.distance(a, b, score_cutoff=1) <= 1


def _are_one(a: str, b: str) -> bool:
    return _compare_words(a, b, same_sex=True) not in (Level.LIKE, Level.DIFFER)


def _compare_words(a: str, b: str, *, same_sex: bool) -> Level:
    if a == b:
        return Level.EXACT
    if are_spellings(a, b):
        return Level.SPELLING
    if is_short_for(a, b):
        return Level.NICKNAME
    likeness = JaroWinkler.similarity(a, b)
    if likeness < LIKE_MIN:
        return Level.LIKE if share_a_formal_name(a, b) or _one_slip(a, b) else Level.DIFFER
    if likeness < NEAR_MIN and sound(a) != sound(b):
        return Level.LIKE
    # daniel and danielle score .95: where names end differently, the sex must be known to be the same.
    if _end_differently(a, b) and not same_sex:
        return Level.LIKE
    # Jaro-Winkler looks at beginnings: Sophia and Sophie, David and Davin are two names.
    if a[:-1] == b[:-1] and sound(a) != sound(b):
        return Level.LIKE
    return Level.NEAR if likeness >= NEAR_MIN else Level.SPELLING


def _end_differently(a: str, b: str) -> bool:
    """Whether ``a`` and ``b`` could be a boy's and a girl's name, doubled letters counted once (eli, ellie).

    Either the last letter differs (nicholas, nicola), or all that differs is at the end (daniel, danielle; francis,
    frances).
    """
    one, other = _DOUBLED.sub(r"\1", a), _DOUBLED.sub(r"\1", b)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    ends = (len(one) - shared, len(other) - shared)
    return one[-1] != other[-1] or (max(ends) > 0 and (min(ends) == 0 or max(ends) <= ENDING_LETTERS_MAX))


_DOUBLED = re.compile(r"(.)\1+")

_SOUNDS = (
    (re.compile("ph"), "f"),
    (re.compile("ck|q"), "k"),
    (re.compile("c(?=[eiy])"), "s"),
    (re.compile("c(?!h)"), "k"),
    (re.compile("[ae][iy]|ae"), "e"),
    (re.compile("ie$|ee|y"), "i"),
    (_DOUBLED, r"\1"),
    (re.compile("(?<=[aeiou])h|h(?=n)"), ""),
    (re.compile("(?<=[^aeiou])e$"), ""),
)


def sound(name: str) -> str:
    """A key that spellings of one English-sounding name share. Vowels stay: without them Mia is Maya is Amy.

    >>> sound("jaiden") == sound("jayden"), sound("mia") == sound("maya")
    (True, False)
    """
    for pattern, replacement in _SOUNDS:
        name = pattern.sub(replacement, name)
    return name

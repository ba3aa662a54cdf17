"""The pretend police write codes, and the mapping that comes with the hub has a word for each."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from hub.demo.generator import build_world
from hub.demo.police_codes import CODES, coded

POLE = Path(__file__).resolve().parents[2] / "hub" / "connectors" / "mappings" / "pole-demo.toml"
MAPPING: dict[str, Any] = tomllib.loads(POLE.read_text(encoding="utf-8"))
WORDED = {
    (kind, name): MAPPING["words"][place["words"]]
    for kind, mapped in MAPPING["kinds"].items()
    for name, place in mapped["fields"].items()
    if isinstance(place, dict) and kind != "police_person"
}
GRADES = {
    ("intelligence", "source_grade"): ("123", "ABCDE"),
    ("intelligence", "information_grade"): ("ABCDE", "12345"),
}


def test_every_field_with_codes_has_words() -> None:
    assert CODES.keys() == WORDED.keys()


@pytest.mark.parametrize("place", sorted(CODES), ids=".".join)
def test_every_code_is_read_back_as_its_word(place: tuple[str, str]) -> None:
    assert {word: WORDED[place].get(code) for word, code in CODES[place].items()} == {
        word: word for word in CODES[place]
    }


def test_the_world_speaks_only_words_that_have_a_code() -> None:
    said = [
        (event.kind, name, value)
        for child in build_world().children.values()
        for event in child.events
        for name, value in event.values.items()
        if (event.kind, name) in CODES
    ]
    assert said
    assert [each for each in said if coded(*each) == each[2]] == []


@pytest.mark.parametrize("place", sorted(GRADES), ids=".".join)
def test_a_grade_is_told_in_words_beside_its_code_and_its_scheme(place: tuple[str, str]) -> None:
    """A letter means one thing in 3x5x2 and another in 5x5x5: which it is must show."""
    now, before = GRADES[place]
    assert {code: word.rpartition(" (")[2] for code, word in WORDED[place].items()} == {
        **{code: f"{code})" for code in now},
        **{code: f"{code} of 5x5x5)" for code in before},
    }
    assert len(set(WORDED[place].values())) == len(now) + len(before)


def test_only_the_5x5x5_handling_code_that_still_says_the_same_has_a_word() -> None:
    (codes,) = [label["words"] for label in MAPPING["labels"] if label["path"] == "handling.code"]
    assert codes == {"P": "handling_code_p", "C": "handling_code_c", "5": "handling_code_c"}

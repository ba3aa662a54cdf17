"""What a loader says to write instead."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest

from hub.policy.hints import LISTED_MAX, meant, misfit

FEW = ("blue", "green", "red")
MANY = tuple(f"colour_{number:02}" for number in range(LISTED_MAX + 1))


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        pytest.param("gren", FEW, ". Did you mean 'green'?", id="a slip"),
        pytest.param("colour", ("shape", "the_colour_it_is"), ". Did you mean 'the_colour_it_is'?", id="a part of a word"),
        pytest.param("b", ("zab", "ab_long_word_indeed"), ". Did you mean 'ab_long_word_indeed'?", id="a part of two"),
        pytest.param("xyz", FEW, ". There are: blue, green, red.", id="nothing like it, of few"),
        pytest.param("xyz", tuple(reversed(FEW)), ". There are: blue, green, red.", id="in order"),
        pytest.param("xyz", MANY[:LISTED_MAX], f". There are: {', '.join(MANY[:LISTED_MAX])}.", id="of as many as are listed"),
        pytest.param("xyz", MANY, "", id="nothing like it, of many"),
        pytest.param("xyz", (), "", id="of none"),
        pytest.param("CA1989-S17", ("ca1989-s47", "ca1989-s17"), ". Did you mean 'ca1989-s17'?", id="the same in capitals, before one that is like it"),
    ],
)  # fmt: skip
def test_the_word_that_was_meant(word: str, known: tuple[str, ...], said: str) -> None:
    assert meant(word, known) == said


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


Wide = StrEnum("Wide", list(MANY))  # type: ignore[misc]
AsManyAsListed = StrEnum("AsManyAsListed", list(MANY[:LISTED_MAX]))  # type: ignore[misc]


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    size: Size
    count: Annotated[int, msgspec.Meta(ge=1)] = 1
    colour: Literal["red", "green"] = "red"
    note: str | None = None


class Shape(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    many: dict[str, Inner] = {}
    rows: tuple[Inner, ...] = ()
    one: Inner | None = None
    exact: bool = True
    wide: Wide | None = None
    narrow: AsManyAsListed | None = None


GOOD: dict[str, Any] = {"size": "small"}


@pytest.mark.parametrize(
    ("value", "where", "problem"),
    [
        pytest.param({}, "", "Object missing required field `title`: add `title = ...`.", id="missing"),
        pytest.param({"title": 7}, ".title", "a text must stand here, and this is a whole number. Write it in quotes.", id="a number for a text"),
        pytest.param({"title": "x", "exact": "yes"}, ".exact", "true or false must stand here, and this is a text. Write true or false.", id="a text for yes or no"),
        pytest.param({"title": "x", "titel": "y"}, ".titel", "Object contains unknown field `titel`. Did you mean 'title'?", id="unknown"),
        pytest.param({"title": "x", "one": {"size": "smal"}}, ".one.size", "Invalid enum value 'smal'. Write one of: small, large.", id="no such word, in an optional part"),
        pytest.param({"title": "x", "one": GOOD | {"colour": "blue"}}, ".one.colour", "Invalid enum value 'blue'. Write one of: green, red.", id="no such choice"),
        pytest.param({"title": "x", "one": GOOD | {"nota": "y"}}, ".one.nota", "Object contains unknown field `nota`. Did you mean 'note'?", id="unknown inside"),
        pytest.param({"title": "x", "one": GOOD | {"note": 7}}, ".one.note", "a text must stand here, and this is a whole number. Write it in quotes.", id="of an optional text"),
        pytest.param({"title": "x", "rows": [GOOD, {"size": "smal"}]}, ".rows[1].size", "Invalid enum value 'smal'. Write one of: small, large.", id="in a row"),
        pytest.param({"title": "x", "wide": "colour_00x"}, ".wide", "Invalid enum value 'colour_00x'. Did you mean 'colour_00'?", id="of many words"),
        pytest.param({"title": "x", "narrow": "z"}, ".narrow", f"Invalid enum value 'z'. Write one of: {', '.join(MANY[:LISTED_MAX])}.", id="of as many words as are listed"),
        pytest.param({"title": "x", "rows": "y"}, ".rows", 'a list must stand here, and this is a text. Write a list, such as ["word"].', id="a text for a list"),
        pytest.param({"title": "x", "many": "y"}, ".many", "a table must stand here, and this is a text. Write a table: [name] and its keys below.", id="a text for a table"),
        pytest.param({"title": "x", "many": {"a": GOOD, "b": {"size": "smal"}, "c": GOOD}}, ".many.b.size", "Invalid enum value 'smal'. Write one of: small, large.", id="which of several is named"),
        pytest.param({"title": "x", "many": {"a": GOOD, "b": GOOD | {"count": 0}}}, ".many.b.count", "a whole number must stand here, of 1 or more", id="out of bounds: nothing to write instead"),
        pytest.param({"title": "x", "many": {"a": {"size": 7}, "b": {"size": "smal"}}}, ".many.a.size", "a text must stand here, and this is a whole number. Write it in quotes.", id="the first of two faults"),
        pytest.param({"title": "x", "rows": {"size": "small"}}, ".rows", "a list must stand here, and this is a table. Write its name in two brackets: [[name]].", id="one table where several may stand"),
        pytest.param({"title": "x", "many": {"a": GOOD | {"count": "1"}}}, ".many.a.count", "a whole number must stand here, and this is a text. Write a whole number without quotes.", id="a text for a number"),
    ],
)  # fmt: skip
def test_where_and_what_to_write_instead(value: dict[str, Any], where: str, problem: str) -> None:
    with pytest.raises(msgspec.ValidationError) as fault:
        msgspec.convert(value, Shape)
    assert misfit(value, Shape, fault.value) == (where, problem)

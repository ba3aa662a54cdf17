"""What to write instead: the second half of a message about a policy file."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec import inspect

LISTED_MAX = 12
"""How many words a message lists; a longer list is looked up in its file."""

_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_QUOTED = re.compile(r"[`'](.+?)[`']")
_NAMED = {
    "date": "a date",
    "datetime": "a date with a time",
    "time": "a time",
    "array": "a list",
    "object": "a table",
    "str": "a text",
    "int": "a whole number",
    "float": "a number with a point",
    "bool": "true or false",
}
_KINDS = "|".join(_NAMED)
_TYPES = re.compile(rf"Expected `({_KINDS})(?: \| null)?`, got `({_KINDS})`")
_RANGE = re.compile(r"Expected `int(?: \| null)?` (>=|<=) (\d+)")
_INSTEAD = {
    "date": "Write a date without quotes, such as 2026-11-01.",
    "array": 'Write a list, such as ["word"].',
    "object": "Write a table: [name] and its keys below.",
    "str": "Write it in quotes.",
    "int": "Write a whole number without quotes.",
    "bool": "Write true or false.",
}


def meant(word: str, known: Collection[str]) -> str:
    """What follows a problem: the word that was probably meant, or the words there are; empty when there are many."""
    alike = [each for each in known if each.lower() == word.lower()]
    if close := alike or get_close_matches(word, known) or [each for each in sorted(known) if word in each]:
        return f". Did you mean {str(close[0])!r}?"
    if known and len(known) <= LISTED_MAX:
        return f". There are: {', '.join(sorted(known))}."
    return ""


def misfit(value: object, shape: Any, fault: msgspec.ValidationError) -> tuple[str, str]:
    """Where ``value`` does not fit ``shape``, and the problem with what to write instead.

    Of one entry among many msgspec says ``[...]``: here it is named.
    """
    problem, _, where = str(fault).partition(" - at `$")
    where = where.removesuffix("`")
    problem = _plain_words(problem) + _instead(problem, _inside(shape, where))
    where = _named(value, shape, str(fault), where)
    if problem.startswith("Object contains unknown") and (unknown := _QUOTED.search(problem)):
        where += f".{unknown[1]}"
    return where, problem


def _plain_words(problem: str) -> str:
    """A problem without the names of types, which are a programmer's; the rest of it as it is."""
    if problem.startswith("Invalid RFC3339 encoded date"):
        return "this is not a date"
    if found := _TYPES.fullmatch(problem):
        return f"{_NAMED[found[1]]} must stand here, and this is {_NAMED[found[2]]}"
    if found := _RANGE.fullmatch(problem):
        return f"{_NAMED['int']} must stand here, of {found[2]} or {'more' if found[1] == '>=' else 'less'}"
    return problem


def _instead(problem: str, inner: inspect.Type | None) -> str:
    if problem.startswith("Invalid RFC3339 encoded date"):
        return ". " + _INSTEAD["date"]
    word = _QUOTED.search(problem)
    if word is None:
        return ""
    if problem.startswith("Object missing"):
        return f": add `{word[1]} = ...`."
    if problem.startswith("Object contains unknown") and isinstance(inner, inspect.StructType):
        return meant(word[1], [each.encode_name for each in inner.fields])
    if problem.startswith("Invalid enum") and (words := _choices(inner)):
        return meant(word[1], words) if len(words) > LISTED_MAX else f". Write one of: {', '.join(words)}."
    wanted = word[1].partition(" ")[0]
    if wanted == "array" and "got `object`" in problem:
        return ". Write its name in two brackets: [[name]]."
    return f". {_INSTEAD[wanted]}" if "got" in problem and wanted in _INSTEAD else ""


def _choices(inner: inspect.Type | None) -> list[str]:
    if isinstance(inner, inspect.LiteralType):
        return [str(each) for each in inner.values]
    if isinstance(inner, inspect.EnumType):
        return [str(each.value) for each in inner.cls]
    return []


def _inside(shape: Any, where: str) -> inspect.Type | None:
    """The type at a path inside ``shape``."""
    here: inspect.Type | None = inspect.type_info(shape)
    for name, _ in _STEP.findall(where):
        here = _plain(here)
        if isinstance(here, inspect.StructType):
            here = next((each.type for each in here.fields if each.encode_name == name), None)
        elif isinstance(here, inspect.ListType | inspect.VarTupleType):
            here = here.item_type
        elif isinstance(here, inspect.DictType):
            here = here.value_type
        else:
            return None
    return _plain(here)


def _plain(kind: inspect.Type | None) -> inspect.Type | None:
    """What an optional or annotated type holds."""
    if isinstance(kind, inspect.Metadata):
        return _plain(kind.type)
    if isinstance(kind, inspect.UnionType):
        return next((each for each in kind.types if not isinstance(each, inspect.NoneType)), None)
    return kind


def _named(value: object, shape: Any, fault: str, where: str) -> str:
    """``where`` with its ``[...]`` replaced by the entry at fault: the one that alone meets the same fault.

    No shape has tables of tables, so there is one ``[...]`` at most, right after the table's key.
    """
    before, several, after = where.partition("[...]")
    if several and isinstance(value, Mapping):
        key = before.removeprefix(".")
        for name, inner in value[key].items():
            try:
                msgspec.convert({**value, key: {name: inner}}, shape)
            except msgspec.ValidationError as again:
                if str(again) == fault:
                    return f"{before}.{name}{after}"
    return where

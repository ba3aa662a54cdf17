"""What differs between two sets of policies, in words: from what to what, for whoever has to agree to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass, replace

from hub.domain.catalogue import FieldSpec, KindSpec
from hub.policy.bundle import Bundle, Condition, Detail
from hub.policy.prose import LEVELS, listed, quoted, spaced, when
from hub.policy.replay import parts
from hub.policy.rules import RANKS

Said = Callable[[Condition], str]
_NOTHING = {"look_back_years": "the child's whole life"}
"""What it means that a part is not given, where that is more than nothing."""
_FOLLOWS = frozenset({"needs_decision"})
"""Parts that another part of the same thing gives: told with that one."""
NOT_IN_TABLES = (
    "How far back a purpose looks is decided on each record's own date: no case and no past decision below shows it."
)


def changes(old: Bundle, new: Bundle) -> list[str]:
    """Every rule, purpose, kind of record and word that differs, each with what differs in it, a line to each."""
    said: list[str] = []
    for what, before, after in parts(old, new):
        said += [f"{what} {_called(name, after[name])} added" for name in after if name not in before]
        said += [f"{what} {_called(name, before[name])} removed" for name in before if name not in after]
        for name, was in before.items():
            if name in after and was != after[name]:
                lines = list(_inside(was, after[name], lambda each: when(each, old), lambda each: when(each, new)))
                if lines:
                    said += [f"{what} {_called(name, was)}:", *(f"  {line}" for line in lines)]
    if any(
        name in new.purposes and new.purposes[name].look_back_years != each.look_back_years
        for name, each in old.purposes.items()
    ):
        said.append(NOT_IN_TABLES)
    return said


def _called(name: str, thing: object) -> str:
    title = getattr(thing, "title", "") if is_dataclass(thing) else ""
    return f"{name} ({title})" if title else name


def _inside(was: object, now: object, said_was: Said, said_now: Said) -> Iterator[str]:
    if not is_dataclass(was):
        yield from _value("", was, now)
        return
    if isinstance(was, KindSpec) and isinstance(now, KindSpec):
        yield from _fields(was, now)
    for name in (each.name for each in fields(was)):
        one, other = getattr(was, name), getattr(now, name)
        if one == other or name in _FOLLOWS or (name == "fields" and isinstance(was, KindSpec)):
            continue
        if name == "applies_when":
            yield f"applied when {said_was(one)}, and applies when {said_now(other)}"
        elif name == "does_not_apply_when":
            yield from (f"no longer lifted when {said_was(each)} ({each.because})" for each in one if each not in other)
            yield from (f"now lifted when {said_now(each)} ({each.because})" for each in other if each not in one)
        elif name == "rank":  # of handling rules and limits it is a whole number of tens more
            yield f"named as: {RANKS[one % 10]} -> {RANKS[other % 10]}"
        else:
            yield from _value(name, one, other)


def _value(name: str, was: object, now: object) -> Iterator[str]:
    """One part that differs; ``name`` is empty for a thing that has no parts."""
    called = f"{spaced(name)}: " if name else ""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        yield from _reach(was, now)
    elif isinstance(was, AbstractSet | tuple) and isinstance(now, AbstractSet | tuple):
        gone, come = (
            sorted(str(each) for each in these if each not in those) for these, those in ((was, now), (now, was))
        )
        told = [f"without {listed(gone)}"] * bool(gone) + [f"with {listed(come)}"] * bool(come)
        yield f"{called}now {' and '.join(told) or 'in another order'}"
    elif is_dataclass(was) and is_dataclass(now):
        for each in fields(was):
            one, other = getattr(was, each.name), getattr(now, each.name)
            if one != other:
                yield from _value(f"{name} {each.name}", one, other)
    else:
        yield f"{called}{_shown(name, was)} -> {_shown(name, now)}"


def _shown(name: str, value: object) -> str:
    if value is None or value == "":
        return _NOTHING.get(name, "nothing")
    return quoted(value) if isinstance(value, str) and " " in value else str(value)


def _reach(was: Mapping[str, Detail], now: Mapping[str, Detail]) -> Iterator[str]:
    """Kinds of record that a purpose reaches otherwise, those that moved alike together."""
    together: dict[tuple[str, str], list[str]] = {}
    for kind in dict.fromkeys((*was, *now)):
        pair = (_level(was.get(kind)), _level(now.get(kind)))
        if pair[0] != pair[1]:
            together.setdefault(pair, []).append(kind)
    for (before, after), kinds in together.items():
        yield f"reaches {after} instead of {before} of {listed(kinds)}"


def _level(level: Detail | None) -> str:
    return "nothing" if level is None else LEVELS[level]


def _fields(was: KindSpec, now: KindSpec) -> Iterator[str]:
    """Fields of a kind that differ; what purposes need them for is told with the purposes and the levels."""
    before, after = _alone(was.fields), _alone(now.fields)
    yield from (f"field {name} removed" for name in before if name not in after)
    yield from (f"field {name} added" for name in after if name not in before)
    for name in before:
        if name in after and before[name] != after[name]:
            for line in _inside(before[name], after[name], str, str):
                yield f"field {name}: {line}"


def _alone(given: Iterable[FieldSpec]) -> dict[str, FieldSpec]:
    return {each.name: replace(each, needed_for=frozenset()) for each in given}

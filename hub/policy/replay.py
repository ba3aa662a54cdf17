"""What-if: the same questions decided under two sets of policies, and which answers would flip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from hub.policy.bundle import Bundle
from hub.policy.engine import Policy
from hub.policy.tables import Answer, Facts, answers, question

_WHOLE = "*"


@dataclass(frozen=True, slots=True)
class Change:
    """Fields of one record whose answer is another. None: under those policies there is no such field."""

    fields: tuple[str, ...]
    before: Answer | None
    after: Answer | None


@dataclass(frozen=True, slots=True)
class Flips:
    """What would become of past decisions.

    Attributes:
        decided: how many decisions there were, ``distinct`` how many different ones.
        flipped: how many of them would be another in at least one field.
        changes: purpose, kind, before and after, to how many decisions; one decision may show several.
    """

    decided: int
    distinct: int
    flipped: int
    changes: Mapping[tuple[str, str, str, str], int]


def replay(old: Policy, new: Policy, rows: Iterable[Facts] | Mapping[Facts, int]) -> Flips:
    """Decide every row under both; rows with the same facts are decided once. A mapping gives how often each was."""
    counted = Counter(rows)
    flipped = 0
    changes: Counter[tuple[str, str, str, str]] = Counter()
    for facts, times in counted.items():
        found = compare(old, new, facts)
        flipped += times if found else 0
        for before, after in {(told(each.before), told(each.after)) for each in found}:
            changes[facts.purpose, facts.kind, before, after] += times
    return Flips(counted.total(), len(counted), flipped, dict(changes.most_common()))


def compare(old: Policy, new: Policy, facts: Facts) -> list[Change]:
    """The fields that ``old`` and ``new`` answer otherwise, those with the same change together."""
    before, after = _by_field(old, facts), _by_field(new, facts)
    names = [name for name in dict.fromkeys((*before, *after)) if name != _WHOLE] or [_WHOLE]
    together: dict[tuple[Answer | None, Answer | None], list[str]] = {}
    for name in names:
        was, is_now = before.get(name, before.get(_WHOLE)), after.get(name, after.get(_WHOLE))
        if was != is_now:
            together.setdefault((was, is_now), []).append(name)
    return [Change(tuple(names), was, is_now) for (was, is_now), names in together.items()]


def _by_field(policy: Policy, facts: Facts) -> dict[str, Answer]:
    asked = question(facts, policy.bundle.vocabulary)
    return {name: answer for names, answer in answers(policy, asked) for name in names}


def told(answer: Answer | None) -> str:
    """An answer in a few words."""
    return "no such field" if answer is None else str(answer)


def differences(old: Bundle, new: Bundle) -> list[str]:
    """What was added, removed or changed: rules, purposes, kinds of record, words; one line each."""
    said = []
    for what, before, after in _parts(old, new):
        said += [f"{what} {name} added" for name in after if name not in before]
        said += [f"{what} {name} removed" for name in before if name not in after]
        for name, was in before.items():
            if name in after and was != after[name]:
                said.append(f"{what} {name} changed{_in_what(was, after[name])}")
    return said


def _parts(old: Bundle, new: Bundle) -> Iterable[tuple[str, Mapping[str, object], Mapping[str, object]]]:
    yield "purpose", old.purposes, new.purposes
    yield "impediment", old.impediments, new.impediments
    yield "handling rule", old.handling, new.handling
    yield "limit", old.limits, new.limits
    yield "law not in force", old.inactive, new.inactive
    yield "supporting law", old.supporting, new.supporting
    yield "kind of record", old.catalogue.kinds, new.catalogue.kinds
    for what in ("labels", "classifications", "levels", "roles", "recipients", "subject_facts", "judgements"):
        yield f"word of [{what}]", getattr(old.vocabulary, what), getattr(new.vocabulary, what)
    yield "choice", _choices(old), _choices(new)


def _choices(bundle: Bundle) -> Mapping[str, object]:
    return {f"{when}: {' or '.join(words)}": words for when, words in bundle.vocabulary.choices}


def _in_what(was: object, is_now: object) -> str:
    """The parts that differ, for values with parts of the same names."""
    try:
        names = [each.name for each in fields(was)]  # type: ignore[arg-type]
    except TypeError:
        return ""
    return ": " + ", ".join(name for name in names if getattr(was, name) != getattr(is_now, name))

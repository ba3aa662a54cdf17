"""What-if: the same questions decided under two sets of policies, and which answers would flip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from hub.policy.bundle import Bundle
from hub.policy.engine import Policy
from hub.policy.tables import Answer, Facts, answers, question

_WHOLE = "*"
_WORDS = (
    "labels", "classifications", "levels", "roles", "role_meanings", "recipients", "recipient_meanings", "decisions",
    "subject_facts", "posts", "silent", "judgements", "look_back_reasons",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """Fields of one record whose answer is another. None: under those policies there is no such field."""

    fields: tuple[str, ...]
    before: Answer | None
    after: Answer | None

    @property
    def opens(self) -> bool:
        """Whether something is shared that was not."""
        return _shared(self.after) and not _shared(self.before)

    @property
    def closes(self) -> bool:
        """Whether something is held back, or out of scope, that was shared."""
        return _shared(self.before) and not _shared(self.after)


def _shared(answer: Answer | None) -> bool:
    return answer is not None and answer.outcome.releases


@dataclass(frozen=True, slots=True)
class Flips:
    """What would become of past decisions.

    Attributes:
        decided: how many decisions there were, ``distinct`` how many different ones.
        flipped: how many of them would be another in at least one field.
        opened: how many would share something that was not shared; ``closed``: no longer share something that was.
        changes: purpose, kind, before and after, to how many decisions; one decision may show several.
    """

    decided: int
    distinct: int
    flipped: int
    changes: Mapping[tuple[str, str, str, str], int]
    opened: int = 0
    closed: int = 0


def replay(old: Policy, new: Policy, rows: Iterable[Facts] | Mapping[Facts, int]) -> Flips:
    """Decide every row under both; rows with the same facts are decided once. A mapping gives how often each was."""
    counted = Counter(rows)
    flipped = opened = closed = 0
    changes: Counter[tuple[str, str, str, str]] = Counter()
    for facts, times in counted.items():
        found = compare(old, new, facts)
        flipped += times if found else 0
        opened += times if any(each.opens for each in found) else 0
        closed += times if any(each.closes for each in found) else 0
        for before, after in {(told(each.before), told(each.after)) for each in found}:
            changes[facts.purpose, facts.kind, before, after] += times
    return Flips(counted.total(), len(counted), flipped, dict(changes.most_common()), opened, closed)


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
    for what, before, after in parts(old, new):
        said += [f"{what} {name} added" for name in after if name not in before]
        said += [f"{what} {name} removed" for name in before if name not in after]
        for name, was in before.items():
            if name in after and was != after[name]:
                said.append(f"{what} {name} changed{_in_what(was, after[name])}")
    return said


def parts(old: Bundle, new: Bundle) -> Iterable[tuple[str, Mapping[str, object], Mapping[str, object]]]:
    """What two sets are compared in: the name of each sort of thing, and the things of either by their own names."""
    yield "purpose", old.purposes, new.purposes
    yield "impediment", old.impediments, new.impediments
    yield "handling rule", old.handling, new.handling
    yield "limit", old.limits, new.limits
    yield "law not in force", old.inactive, new.inactive
    yield "supporting law", old.supporting, new.supporting
    yield "kind of record", old.catalogue.kinds, new.catalogue.kinds
    for what in _WORDS:
        yield f"word of [{what}]", getattr(old.vocabulary, what), getattr(new.vocabulary, what)
    yield "choice", _choices(old), _choices(new)
    yield "fixed words", {"[tell]": old.vocabulary.telling}, {"[tell]": new.vocabulary.telling}
    yield "source", old.sources, new.sources
    yield "rejected ground", old.rejected, new.rejected


def _choices(bundle: Bundle) -> Mapping[str, object]:
    return {f"{when}: {' or '.join(words)}": words for when, words in bundle.vocabulary.choices}


def _in_what(was: object, is_now: object) -> str:
    """The parts that differ, for values with parts of the same names."""
    try:
        names = [each.name for each in fields(was)]  # type: ignore[arg-type]
    except TypeError:
        return ""
    return ": " + ", ".join(name for name in names if getattr(was, name) != getattr(is_now, name))

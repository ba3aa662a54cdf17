"""Policies with one thing changed, to see whether the case tables would notice: :mod:`hub.policy.mutation` scores them.

Each change is one that a slip of the pen, or somebody in a hurry, could make to the files. A change that no decision
could show is not made: a condition's last word, a level at which no field changes its scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise, product

from hub.domain.catalogue import Catalogue, KindSpec
from hub.domain.organisations import Sector
from hub.policy.bundle import Bundle, Condition, Detail, Effect, Purpose, Rule
from hub.policy.rules import RANKS

_OUT = -1
"""The level of a kind that a purpose does not reach, below :attr:`Detail.rank` of the lowest."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed set of policies.

    Attributes:
        says: what was changed, in a line.
        rules: the only rules it can matter to: as they were and, if they are still there, as they are; empty for any.
        purposes, kinds: the only ones it can matter to; empty for any.
        shown_by: words about a record that may show the change, beside those of the first rule.
    """

    says: str
    bundle: Bundle
    rules: tuple[Rule, ...] = ()
    purposes: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    shown_by: tuple[str, ...] = ()


def mutants(bundle: Bundle) -> Iterator[Mutant]:
    """Every change of one thing in ``bundle``."""
    for rule in (*bundle.rules, *bundle.limiting_rules):
        for says, changed in _of_rule(rule, _Live(bundle)):
            both = (rule,) if changed is None else (rule, changed)
            yield Mutant(says, _with_rule(bundle, rule.id, changed), both)
    yield from _of_ranks(bundle)
    yield from _of_words(bundle)
    for purpose in bundle.purposes.values():
        yield from _of_purpose(bundle, purpose)
        yield from _of_scope(bundle, purpose)
    yield from _of_levels(bundle)


class _Live:
    """Which words of conditions can be so at all: a purpose nobody asks under yet changes nothing by its absence."""

    def __init__(self, bundle: Bundle) -> None:
        self._words = {
            "purpose_is": frozenset(bundle.purposes),
            "classification_is": frozenset(
                field.classification for kind in bundle.catalogue.kinds.values() for field in kind.fields
            ),
            "recipient_is": frozenset(word for word, roles in bundle.vocabulary.recipients.items() if roles),
        }
        self._reached = frozenset(
            (purpose, field.classification)
            for kind in bundle.catalogue.kinds.values()
            for field in kind.fields
            for purpose in field.needed_for
        )

    def word(self, key: str, word: str, classes: tuple[str, ...] = ()) -> bool:
        """Whether the word can be so; a purpose only where it reaches a field of one of ``classes``."""
        if key == "purpose_is" and classes and not any((word, each) in self._reached for each in classes):
            return False
        return key not in self._words or word in self._words[key]

    def condition(self, condition: Condition) -> bool:
        """Whether it can hold, or be unknown: of a role nobody knows, every recipient word is unknown."""
        keys = condition.keys().items()
        return all(key == "recipient_is" or any(self.word(key, word) for word in words) for key, words in keys)


def _of_rule(rule: Rule, live: _Live) -> Iterator[tuple[str, Rule | None]]:
    if not live.condition(rule.applies_when):
        return
    yield f"{rule.id} removed", None
    classes = rule.applies_when.classification_is
    for says, changed in _of_condition(rule.applies_when, live, classes):
        yield f"{rule.id} without {says}", replace(rule, applies_when=changed)
    for number, exception in enumerate(rule.does_not_apply_when):
        before, after = rule.does_not_apply_when[:number], rule.does_not_apply_when[number + 1 :]
        why = f"exception '{exception.because}'"
        if live.condition(exception):
            yield f"{rule.id} without its {why}", replace(rule, does_not_apply_when=before + after)
        for says, changed in _of_condition(exception, live, classes):
            lifted = replace(rule, does_not_apply_when=(*before, changed, *after))
            yield f"{rule.id} without {says} in its {why}", lifted
    if rule.effect is Effect.ASK:
        yield f"{rule.id} withholds instead of asking", replace(rule, effect=Effect.WITHHOLD)
    if rule.effect is Effect.WITHHOLD:
        yield f"{rule.id} asks instead of withholding", replace(rule, effect=Effect.ASK, veiled=False)
    if rule.effect in (Effect.WITHHOLD, Effect.MASK):
        yield f"{rule.id} {'told openly' if rule.veiled else 'veiled'}", replace(rule, veiled=not rule.veiled)


def _of_condition(condition: Condition, live: _Live, classes: tuple[str, ...]) -> Iterator[tuple[str, Condition]]:
    """The conditions with a word or a key less; ``classes`` is what the rule they are of is about, if it says so."""
    keys = condition.keys()
    for key, words in keys.items():
        if len(keys) > 1:
            yield f"`{key}`", replace(condition, **{key: ()})  # type: ignore[arg-type]
        if len(words) > 1:
            for word in (each for each in words if live.word(key, each, classes)):
                fewer = tuple(each for each in words if each != word)
                yield f"{word!r} in `{key}`", replace(condition, **{key: fewer})  # type: ignore[arg-type]


def _with_rule(bundle: Bundle, rule_id: str, rule: Rule | None) -> Bundle:
    def changed(rules: Mapping[str, Rule]) -> Mapping[str, Rule]:
        if rule_id not in rules:
            return rules
        return {name: each if name != rule_id else rule for name, each in rules.items() if name != rule_id or rule}  # type: ignore[misc]

    return replace(
        bundle,
        impediments=changed(bundle.impediments),
        handling=changed(bundle.handling),
        limits=changed(bundle.limits),
    )


def _of_ranks(bundle: Bundle) -> Iterator[Mutant]:
    """Neighbouring sorts of law in each other's place: another impediment is named first."""
    stops: dict[int, list[Rule]] = {}
    for rule in bundle.impediments.values():
        if rule.effect is Effect.WITHHOLD and rule.applies_when.record_has:
            stops.setdefault(rule.rank, []).append(rule)
    for lower, higher in pairwise(sorted(stops)):
        swapped = {lower: higher, higher: lower}
        both = product(stops[lower], stops[higher])
        pairs = (f"{one.applies_when.record_has[0]} {other.applies_when.record_has[0]}" for one, other in both)
        rules = {
            name: replace(rule, rank=swapped.get(rule.rank, rule.rank)) for name, rule in bundle.impediments.items()
        }
        says = f"{RANKS[higher]} named before {RANKS[lower]}"
        yield Mutant(says, replace(bundle, impediments=rules), shown_by=tuple(dict.fromkeys(pairs)))


def _of_words(bundle: Bundle) -> Iterator[Mutant]:
    """Choices that a record must make, words that a kind or a role carries by its nature."""
    words = bundle.vocabulary
    for number, (when, one_of) in enumerate(words.choices):
        others = (*words.choices[:number], *words.choices[number + 1 :])
        vocabulary = replace(words, choices=others)
        says = f"{when!r} without its choice of {', '.join(one_of)}"
        yield Mutant(says, replace(bundle, vocabulary=vocabulary), shown_by=(when,))
    read = {word for rule in (*bundle.rules, *bundle.limiting_rules) for word in _mentions(rule)}
    read |= {when for when, _ in words.choices}
    for kind in bundle.catalogue.kinds.values():
        for label in sorted(kind.labels & read):
            changed = _with_kinds(bundle, [replace(kind, labels=kind.labels - {label})])
            yield Mutant(f"{kind.id} without its own label {label!r}", changed, kinds=frozenset({kind.id}))
    for word, roles in words.recipients.items():
        readers = tuple(rule for rule in (*bundle.rules, *bundle.limiting_rules) if word in _mentions(rule))
        for role in sorted(roles) if readers else ():
            vocabulary = replace(words, recipients={**words.recipients, word: roles - {role}})
            yield Mutant(f"{role} no longer counts as {word}", replace(bundle, vocabulary=vocabulary), readers)


def _mentions(rule: Rule) -> Iterator[str]:
    for condition in (rule.applies_when, *rule.does_not_apply_when):
        yield from (*condition.record_has, *condition.recipient_is)


def _of_purpose(bundle: Bundle, purpose: Purpose) -> Iterator[Mutant]:
    def mutant(says: str, changed: Purpose | None) -> Mutant:
        purposes = {name: each for name, each in bundle.purposes.items() if name != purpose.id}
        if changed is not None:
            purposes[purpose.id] = changed
        says = f"{purpose.id} {says}"
        return Mutant(says, replace(bundle, purposes=purposes), purposes=frozenset({purpose.id}))

    yield mutant("removed", None)
    if purpose.decision is not None:
        without = replace(purpose, decision=None, needs_decision=False)
        yield mutant(f"without the need of {purpose.decision!r}", without)
    roles = bundle.vocabulary.roles
    for role in sorted(purpose.recipient_roles) if len(purpose.recipient_roles) > 1 else ():
        yield mutant(f"closed to {role}", replace(purpose, recipient_roles=purpose.recipient_roles - {role}))
    mine = {role for role, sector in roles.items() if sector in purpose.recipient_sectors}
    if purpose.recipient_roles and mine - purpose.recipient_roles:
        yield mutant("open to every role of its sectors", replace(purpose, recipient_roles=frozenset()))
    for sector in Sector:
        staffed = {role for role, its in roles.items() if its is sector and purpose.open_to(its, role)}
        if sector in purpose.recipient_sectors and staffed:
            fewer = replace(purpose, recipient_sectors=purpose.recipient_sectors - {sector})
            yield mutant(f"closed to {sector}", fewer)
        elif sector not in purpose.recipient_sectors and not purpose.recipient_roles and sector in roles.values():
            more = replace(purpose, recipient_sectors=purpose.recipient_sectors | {sector})
            yield mutant(f"open to {sector} too", more)


def _of_scope(bundle: Bundle, purpose: Purpose) -> Iterator[Mutant]:
    """The kinds that a gateway file names together (of one section, at one level), one level up and one down."""
    together: dict[tuple[str, int], list[KindSpec]] = {}
    for kind in bundle.catalogue.kinds.values():
        together.setdefault((kind.section, _rank(purpose.detail.get(kind.id))), []).append(kind)
    for (_, level), kinds in together.items():
        for others in (range(level + 1, len(Detail)), range(level - 1, _OUT - 1, -1)):
            moved = (([_at_level(bundle, kind, purpose.id, to) for kind in kinds], to) for to in others)
            found = next(((now, to) for now, to in moved if now != kinds), None)
            if found is not None:
                now, to = found
                names = frozenset(kind.id for kind, before in zip(now, kinds, strict=True) if kind != before)
                says = f"{purpose.id} reaches {_level(to)} instead of {_level(level)} of {', '.join(sorted(names))}"
                yield Mutant(says, _with_kinds(bundle, now), purposes=frozenset({purpose.id}), kinds=names)


def _of_levels(bundle: Bundle) -> Iterator[Mutant]:
    """A classification reached one level earlier or later."""
    levels = bundle.vocabulary.levels
    for word, level in levels.items():
        for to in {level.rank - 1, level.rank + 1} & set(range(len(Detail))):
            moved = {**levels, word: tuple(Detail)[to]}
            now = [_rescoped(kind, bundle.purposes, moved) for kind in bundle.catalogue.kinds.values()]
            changed = [kind for kind in now if kind != bundle.catalogue[kind.id]]
            if changed:
                names = frozenset(kind.id for kind in changed)
                says = f"{word!r} counts as {_level(to)} instead of {level}"
                touched = {each for kind in changed for each in _newly(bundle.catalogue[kind.id], kind)}
                yield Mutant(says, _with_kinds(bundle, changed), purposes=frozenset(touched), kinds=names)


def _newly(before: KindSpec, after: KindSpec) -> Iterator[str]:
    """The purposes whose reach differs."""
    for was, is_now in zip(before.fields, after.fields, strict=True):
        yield from was.needed_for ^ is_now.needed_for


def _rank(detail: Detail | None) -> int:
    return _OUT if detail is None else detail.rank


def _level(rank: int) -> str:
    return "nothing" if rank == _OUT else str(tuple(Detail)[rank])


def _at_level(bundle: Bundle, kind: KindSpec, purpose: str, rank: int) -> KindSpec:
    """``kind`` as it would be if ``purpose`` reached it at another level."""
    detail = {} if rank == _OUT else {kind.id: tuple(Detail)[rank]}
    purposes = {**bundle.purposes, purpose: replace(bundle.purposes[purpose], detail=detail)}
    return _rescoped(kind, purposes, bundle.vocabulary.levels)


def _rescoped(kind: KindSpec, purposes: Mapping[str, Purpose], levels: Mapping[str, Detail]) -> KindSpec:
    def needed(classification: str) -> frozenset[str]:
        level = levels.get(classification, Detail.FULL).rank
        return frozenset(each.id for each in purposes.values() if _rank(each.detail.get(kind.id)) >= level)

    return replace(kind, fields=tuple(replace(each, needed_for=needed(each.classification)) for each in kind.fields))


def _with_kinds(bundle: Bundle, kinds: Iterable[KindSpec]) -> Bundle:
    changed = {**bundle.catalogue.kinds, **{kind.id: kind for kind in kinds}}
    return replace(bundle, catalogue=Catalogue(changed))

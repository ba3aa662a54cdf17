"""Finds questions by trying some, where there is no solver. What it does not find may be there all the same."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from hub.domain.organisations import Sector
from hub.policy.assurance.cases import Case
from hub.policy.assurance.claims import Claim, PairClaim
from hub.policy.assurance.logic import Plain
from hub.policy.assurance.question import NONE
from hub.policy.assurance.reading import Reading
from hub.policy.bundle import Bundle

TRIES_MAX = 300
"""Questions tried for every claim; as many as :data:`ABOUT_MAX` more for the words it is about."""

ABOUT_MAX = 60
PAIRS_MAX = 100

_Tried = tuple[Case, Reading[bool]]


class Trier:
    """Tries questions drawn by a fixed rule, so that what it says today it says tomorrow. It proves nothing."""

    proves = False

    def __init__(self, bundle: Bundle, reading: type[Reading[Any]] = Reading) -> None:
        """Try questions about ``bundle``."""
        self._bundle, self._reading = bundle, reading
        self._fields = [(kind, each) for kind in bundle.catalogue.kinds.values() for each in kind.fields]
        self._pools: dict[tuple[str, ...], list[_Tried]] = {}
        self._pairs: list[tuple[_Tried, _Tried]] = []

    def find(self, claim: Claim, about: Collection[str] = (), *, short: bool = False) -> Case | None:
        """The first question tried of which ``claim`` holds."""
        del short
        for pool in (self._pool(tuple(about)), self._pool(())):
            for case, reading in pool:
                if claim(reading):
                    return case
        return None

    def find_pair(self, claim: PairClaim, about: Collection[str] = ()) -> tuple[Case, Case] | None:
        """The first two questions tried, the second a variation of the first, of which ``claim`` holds."""
        del about
        if not self._pairs:
            for number, tried in enumerate(self._pool(())[:PAIRS_MAX]):
                self._pairs += ((tried, self._read(each)) for each in self._varied(tried[0], number))
        return next(((one[0], other[0]) for one, other in self._pairs if claim(one[1], other[1])), None)

    def _pool(self, about: tuple[str, ...]) -> list[_Tried]:
        if about not in self._pools:
            size = ABOUT_MAX if about else TRIES_MAX
            drawn = (self._case(_Picker(" ".join((*about, str(number)))), about) for number in range(size))
            self._pools[about] = [self._read(case) for case in drawn]
        return self._pools[about]

    def _read(self, case: Case) -> _Tried:
        return case, self._reading(self._bundle, case.asked(self._bundle), Plain())

    def _case(self, pick: _Picker, words: Sequence[str]) -> Case:
        vocabulary = self._bundle.vocabulary
        kind, field = pick.one(self._fields)
        purpose = pick.one([*sorted(field.needed_for), *self._bundle.purposes, NONE])
        gateway = self._bundle.purposes.get(purpose)
        sectors = sorted(gateway.recipient_sectors) if gateway else list(Sector)
        labels = [*words, *words, *vocabulary.labels]
        marked = {pick.one(labels): pick.number(3) for _ in range(pick.number(4))}
        for word in words:
            marked[word] = pick.number(3)
        true = {word for word, value in marked.items() if value == 1} | kind.labels
        unknown = {word for word, value in marked.items() if value == 2} - true
        unknown |= self._not_chosen(true, unknown)
        child = {word: pick.number(6) for word in vocabulary.subject_facts}
        return Case(
            purpose,
            pick.one([*(gateway.recipient_roles if gateway else ()), *vocabulary.roles, NONE]),
            pick.one(sectors),
            kind.id,
            field.classification,
            field.name,
            tuple(sorted(true)),
            tuple(sorted(unknown)),
            tuple(word for word, value in child.items() if value == 1),
            tuple(word for word, value in child.items() if value == 0),
            decided=pick.number(5) > 0,
            odd=pick.number(12) == 0,
        )

    def _not_chosen(self, true: set[str], unknown: set[str]) -> set[str]:
        """The words of choices that are due and were not made: all of them are not known."""
        choices = self._bundle.vocabulary.choices
        due = (one_of for when, one_of in choices if when in true | unknown and not true.intersection(one_of))
        return {word for one_of in due for word in one_of}

    def _varied(self, case: Case, number: int) -> Iterator[Case]:
        """``case`` with what is not known settled one way or the other, and asked by others for other reasons."""
        pick = _Picker(f"variation {number}")
        for turned in (tuple(word for word in case.unknown if pick.number(2)), ()):
            true = case.true + turned
            unknown = tuple(sorted(self._not_chosen({*true}, set())))
            child = case.child_true + (case.child_unknown if turned else ())
            yield replace(case, true=true, unknown=unknown, child_true=child, child_unknown=())
        yield replace(case, purpose=pick.one([*self._bundle.purposes]), role=pick.one([*self._bundle.vocabulary.roles]))


class _Picker:
    """Numbers that look like chance and are the same on every machine and day."""

    def __init__(self, seed: str) -> None:
        self._seed, self._drawn = seed, 0

    def number(self, below: int) -> int:
        self._drawn += 1
        digest = hashlib.sha256(f"{self._seed} {self._drawn}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % below

    def one(self, values: Sequence[Any]) -> Any:
        return values[self.number(len(values))]

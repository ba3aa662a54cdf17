"""Searches of which the truth is known, the file of a pretend custodian, and what became of each search."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields

from hub.connectors.base import CANDIDATES_MAX
from hub.domain.people import Candidate, ChildSearch, Identity
from hub.matching.resolution import Agreement, Compared, Resolution, Review, Same, ScoredCandidate

Resolve = Callable[[ChildSearch, Sequence[Candidate]], Resolution]
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One search. ``truth`` is the local id of the child's record, None when the custodian does not hold the child."""

    asked: Identity
    truth: str | None


class OnFile:
    """People a custodian holds, found as custodians find them: by birth date, by both names, or a name and an address.

    Everybody who shares one of these with the search is a candidate. A search for which there are more than
    ``CANDIDATES_MAX`` gets those who share most, which a real custodian would refuse to do.
    """

    def __init__(self, people: Mapping[str, Identity]) -> None:
        self.people = people
        self._by_key: dict[Key, list[str]] = defaultdict(list)
        for local_id, who in people.items():
            for key in set(_keys(who)):
                self._by_key[key].append(local_id)

    def candidates(self, asked: Identity) -> list[Candidate]:
        """Whom the custodian may mean."""
        shared: dict[str, int] = defaultdict(int)
        for key in set(_keys(asked)):
            for local_id in self._by_key.get(key, ()):
                shared[local_id] += 1
        best = sorted(shared, key=lambda local_id: (-shared[local_id], local_id))[:CANDIDATES_MAX]
        return [Candidate("custodian", local_id, self.people[local_id]) for local_id in best]


@dataclass(slots=True)
class Outcomes:
    """What became of searches.

    ``shown``: in review, with the right record among the candidates. ``kinds``: reviews by what does not agree of the
    right record, or of the best where the right one is not there (second).
    """

    right: int = 0
    wrong: int = 0
    shown: int = 0
    shown_others: int = 0
    not_held: int = 0
    missed: int = 0
    not_offered: int = 0
    kinds: Counter[tuple[str, bool]] = field(default_factory=Counter)

    @property
    def searches(self) -> int:
        """All of them."""
        return self.right + self.wrong + self.review + self.not_held

    @property
    def review(self) -> int:
        """Those that a person must look at."""
        return self.shown + self.shown_others

    def __add__(self, other: Outcomes) -> Outcomes:
        """Both runs as one."""
        return Outcomes(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


def askable(cases: Iterable[Case]) -> list[Case]:
    """Those that the hub would ask at all: it wants a given name, a family name and a birth date, or an NHS number."""
    return [case for case in cases if ChildSearch(case.asked).has_demographics]


def outcomes(cases: Iterable[Case], file: OnFile, resolve: Resolve) -> Outcomes:
    """Search for everybody. ``missed``: held, offered by the custodian, and called not held."""
    tally = Outcomes()
    for case in cases:
        candidates = file.candidates(case.asked)
        offered = case.truth in {one.local_id for one in candidates}
        tally.not_offered += case.truth is not None and not offered
        match resolve(ChildSearch(case.asked), candidates):
            case Same(candidate=candidate):
                tally.right += candidate.local_id == case.truth
                tally.wrong += candidate.local_id != case.truth
            case Review(candidates=shown):
                right = next((one for one in shown if one.candidate.local_id == case.truth), None)
                tally.shown += right is not None
                tally.shown_others += right is None
                tally.kinds[kind(right or shown[0]), right is not None] += 1
            case _:
                tally.not_held += 1
                tally.missed += offered
    return tally


def kind(one: ScoredCandidate) -> str:
    """What of ``one`` does not agree, in words; numbers are left out, which the benchmark's people do not have."""
    parts = [
        f"{line.compared.value} {line.outcome.value}"
        for line in one.evidence
        if line.compared is not Compared.NHS_NUMBER and line.outcome is not Agreement.AGREE
    ]
    return ", ".join(parts) or "all agrees"


def _keys(who: Identity) -> Iterable[Key]:
    given = {name.casefold() for name in who.given_names}
    family = {name.casefold() for name in who.family_names}
    if who.birth_date is not None:
        yield "born", who.birth_date
    for one in given:
        for other in family:
            yield "names", *sorted((one, other))
    if who.postcode:
        for name in given | family:
            yield "home", name, who.postcode

"""Whether custodians that each say "the same child" can all be right. Two children are never joined into one view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.matching.compare import Prepared, compare
from hub.matching.resolution import Basis, Compared, Doubt, Said, Same
from hub.matching.weights import Level

_GIVES_WAY = frozenset({Basis.DEMOGRAPHICS, Basis.CONFIRMED})


def cross_check(resolutions: Mapping[str, Same]) -> frozenset[str]:
    """The custodians whose "same" conflicts with the others': each becomes :meth:`Same.doubted`, and is not joined.

    Two conflict when their NHS numbers differ, or their given names, or (unless their NHS numbers agree) their birth
    dates; but not over what a person was shown before confirming one of them. The custodian in most conflicts is the
    odd one out. Of equals those that stand on demographics or a person's word give way to a verified NHS number; where
    that settles nothing, all of them are in doubt.
    """
    held = {custodian: _Held.of(same) for custodian, same in resolutions.items()}
    conflicts = {
        custodian: {other for other in held if other != custodian and _conflict(held[custodian], held[other])}
        for custodian in held
    }
    doubtful: set[str] = set()
    while any(conflicts.values()):
        weakness = {
            custodian: (len(others), resolutions[custodian].basis in _GIVES_WAY)
            for custodian, others in conflicts.items()
            if others
        }
        weakest = max(weakness.values())
        out = {custodian for custodian, how in weakness.items() if how == weakest}
        doubtful |= out
        conflicts = {custodian: others - out for custodian, others in conflicts.items() if custodian not in out}
    return frozenset(doubtful)


@dataclass(frozen=True, slots=True)
class _Held:
    """Who a custodian holds, and the contradictions a person knew of who confirmed it."""

    who: Prepared
    known: frozenset[Doubt]

    @classmethod
    def of(cls, same: Same) -> _Held:
        word = same.word
        counts = word is not None and word.said is Said.SAME and word.lapse is None
        known = word.contradictions if word is not None and counts else frozenset()
        return cls(Prepared.of(same.candidate.identity), known)


def _conflict(a: _Held, b: _Held) -> bool:
    levels = compare(a.who, b.who).levels
    known = a.known | b.known
    number = levels[Compared.NHS_NUMBER]
    other_number = number is Level.DIFFER and Doubt.NUMBER_DIFFERS not in known
    other_name = levels[Compared.GIVEN_NAME] is Level.DIFFER and Doubt.GIVEN_NAME not in known
    other_day = levels[Compared.BIRTH_DATE] is Level.DIFFER and Doubt.BIRTH_DATE not in known
    return other_number or other_name or (number is not Level.EXACT and other_day)

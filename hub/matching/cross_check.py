"""Whether custodians that each say "the same child" can all be right. Two children are never joined into one view."""

from __future__ import annotations

from collections.abc import Mapping

from hub.matching.compare import Prepared, compare
from hub.matching.resolution import Basis, Compared, Same
from hub.matching.weights import Level

_GIVES_WAY = frozenset({Basis.DEMOGRAPHICS, Basis.CONFIRMED})


def cross_check(resolutions: Mapping[str, Same]) -> frozenset[str]:
    """The custodians whose "same" conflicts with the others': each becomes :meth:`Same.doubted`, and is not joined.

    Two conflict when their NHS numbers differ, or their given names, or (unless their NHS numbers agree) their birth
    dates. The custodian in most conflicts is the odd one out. Of equals those that stand on demographics or a person's
    word give way to a verified NHS number; where that settles nothing, all of them are in doubt.
    """
    held = {custodian: Prepared.of(same.candidate.identity) for custodian, same in resolutions.items()}
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


def _conflict(a: Prepared, b: Prepared) -> bool:
    levels = compare(a, b).levels
    number = levels[Compared.NHS_NUMBER]
    return (
        number is Level.DIFFER
        or levels[Compared.GIVEN_NAME] is Level.DIFFER
        or (number is not Level.EXACT and levels[Compared.BIRTH_DATE] is Level.DIFFER)
    )

"""Whether somebody recorded that the mother whom a question names is this unborn child's mother. Pure.

A record of hers is about another person than the child, so policy asks whether the link between the two is recorded
(``limits/scope-others.toml``). Before the birth only a council's pre-birth record can have recorded it. Where none
surely did, nobody is asked what she has: held and not held are one answer. What is said here is a word on the record
like any other: whether it is then shared, policy decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hub.connectors.base import Found
from hub.domain.people import Identity
from hub.domain.sources import SourceState
from hub.matching.compare import compare_birth_dates
from hub.matching.weights import Level

LINK_RECORDED = "link_recorded"
"""The vocabulary's word."""


def is_linked(councils: Iterable[SourceState | None]) -> bool | None:
    """Whether the link is recorded, by the state of each council's line; None stands for one that is still being asked.

    A council that holds the unborn child holds it as hers. That nobody recorded a link takes every council's word:
    None when one of them did not say, or when there is none to ask.
    """
    states = list(councils)
    if SourceState.ANSWERED in states:
        return True
    return False if states and all(state is SourceState.NOT_HELD for state in states) else None


def is_other_woman(children: Iterable[Identity], mothers: Iterable[Identity]) -> bool:
    """Whether the mother whom a council recorded of one of ``children`` and one of ``mothers``, who has her number, are
    two women: by birth dates that no slip explains. A council's number of a mother need be verified by nobody.
    """
    recorded = [child.unborn.mother_born for child in children if child.unborn is not None]
    return any(
        compare_birth_dates(born, mother.birth_date)[0] is Level.DIFFER for mother in mothers for born in recorded
    )


def with_link(found: Found) -> Found:
    """What was ``found`` of a mother whose link with the child is recorded, each record with the word that it is."""
    word = frozenset({LINK_RECORDED})
    return replace(
        found,
        pointers=tuple(
            replace(each, labels=each.labels | word, undetermined=each.undetermined - word) for each in found.pointers
        ),
    )

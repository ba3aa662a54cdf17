"""What an answer comes to in a line of a list: counts, flags and open grounds, in all and by custodian. Pure.

What was veiled from the searcher stays veiled here: such a ground is in ``sealed``, apart from those she was told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from hub.audit.entries import Answer, FieldGroup, MatchLine, Question, RecordLine, SourceLine
from hub.domain.disclosure import Outcome
from hub.domain.sources import SourceState

CASE_KINDS = frozenset(
    {
        "council_involvement",
        "early_help",
        "referral",
        "assessment",
        "section47_enquiry",
        "conference",
        "protection_plan",
        "child_in_need_plan",
        "looked_after_episode",
        "pre_proceedings",
        "care_leaver",
    }
)
"""Kinds of a council's records that there are only where it has, or had, a case."""

_SEARCHED = (SourceState.ANSWERED, SourceState.NOT_HELD)


@dataclass(frozen=True, slots=True)
class Counts:
    """What records came to.

    ``shared`` counts records of which anything was shared; ``withheld``, ``asks`` and ``gaps`` groups of fields with
    one decision. ``grounds`` are the impediments the searcher was told of, ``sealed`` those she was not; by name.
    """

    records: int = 0
    shared: int = 0
    withheld: int = 0
    asks: int = 0
    gaps: int = 0
    veiled: bool = False
    grounds: tuple[str, ...] = ()
    sealed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CustodianLine:
    """One custodian of one answer; ``match`` is the result's word, or None where nobody was compared."""

    custodian: str
    state: str
    reason: str | None
    ms: int | None
    match: str | None
    candidates: int | None
    counts: Counts


def count(records: Iterable[RecordLine]) -> Counts:
    """What ``records`` came to."""
    every = list(records)
    groups = [group for record in every for group in record.groups]
    stopped = [group for group in groups if group.outcome in (Outcome.WITHHELD, Outcome.ASK)]
    return Counts(
        records=len(every),
        shared=sum(any(group.outcome.releases for group in record.groups) for record in every),
        withheld=sum(group.outcome is Outcome.WITHHELD for group in groups),
        asks=sum(group.outcome is Outcome.ASK for group in groups),
        gaps=sum(group.outcome is Outcome.GAP for group in groups),
        veiled=any(group.veiled for group in groups),
        grounds=_grounds(group for group in stopped if not group.veiled),
        sealed=_grounds(group for group in stopped if group.veiled),
    )


def lines(answer: Answer) -> tuple[CustodianLine, ...]:
    """A line for each custodian the answer speaks of, in its order."""
    records: dict[str, list[RecordLine]] = defaultdict(list)
    for record in answer.records:
        records[record.custodian].append(record)
    sources = {source.custodian: source for source in answer.sources}
    matches = {match.custodian: match for match in answer.matches}
    return tuple(
        _line(each, sources.get(each), matches.get(each), count(records[each]))
        for each in dict.fromkeys((*sources, *matches, *records))
    )


def silent(answer: Answer) -> int:
    """How many custodians gave no answer."""
    return sum(source.state is SourceState.NO_ANSWER for source in answer.sources)


def found_no_case(question: Question, answer: Answer) -> bool:
    """Whether councils were searched for the records of a case and all said that they hold none.

    False where nobody was asked for them, or somebody who was did not say: that is not known, and is no finding.
    """
    asked = {each.custodian for each in question.asked if CASE_KINDS.intersection(each.kinds)}
    states = {source.custodian: source.state for source in answer.sources}
    searched = bool(asked) and all(states.get(each) in _SEARCHED for each in asked)
    return searched and not any(record.kind in CASE_KINDS for record in answer.records)


def _line(custodian: str, source: SourceLine | None, match: MatchLine | None, counts: Counts) -> CustodianLine:
    return CustodianLine(
        custodian,
        source.state.value if source else "not_stated",
        source.reason if source else None,
        source.ms if source else None,
        match.result.value if match else None,
        match.candidates if match else None,
        counts,
    )


def _grounds(groups: Iterable[FieldGroup]) -> tuple[str, ...]:
    return tuple(sorted({ground for group in groups for ground in group.grounds}))

"""Step 9, before it is recorded: one answer out of what was asked and decided. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from hub.domain.disclosure import Outcome, Withheld
from hub.domain.people import ChildSearch, Identity
from hub.domain.sources import NotAskedReason, Source, SourceState
from hub.domain.view import CandidateLine, ChildAnswer, JoinedView, MatchLine, NoMatch, PossibleMatches
from hub.matching.resolution import NotHeld, Review, Same, ScoredCandidate
from hub.service.ask import Asked
from hub.service.decide import Decided

_NOT_ASKED = {
    NotAskedReason.NOT_SELECTED: "nothing in the query needed it",
    NotAskedReason.OUT_OF_SCOPE: "this purpose or role does not reach it",
    NotAskedReason.NEEDS_NHS_NUMBER: "it is searched by NHS number, and no agency that answered gave one. Give it and "
    "ask again",
    NotAskedReason.NEEDS_DEMOGRAPHICS: "it holds no NHS numbers, and no agency that answered gave a name and date "
    "of birth to ask it with: ask again with them",
    NotAskedReason.UNBORN: "it has no way to look for a child who is not born yet, so what it knows is not here: ring "
    "the contact",
}

_GOING_ON = (
    "of the mother only maternity care that is going on is looked for. That none is shown does not mean that she was "
    "never booked: what has ended is not looked for, whether or not there is any"
)

_BY_MOTHER = (
    "before a birth there is nothing to search by but the mother's NHS number: a record that lacks it, or has another, "
    "is not found. If you know of one, ring the contact"
)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything an answer is made of.

    ``out_of_scope`` maps each kind of record that was selected and is out of scope to the line that says so. ``since``
    is the day the purpose looks back to; ``since_next_step`` says how to look further.
    """

    search: ChildSearch
    asked: Sequence[Asked]
    decided: Sequence[Decided]
    out_of_scope: Mapping[str, Withheld]
    restricted: bool | None
    at: datetime
    since: date | None = None
    since_next_step: str = ""


def compose(gathered: Gathered) -> ChildAnswer:
    """A joined view if any custodian surely holds the child; else people who may be the child; else no match."""
    untold = Counter(one.pointer.custodian for one in gathered.decided if one.released is None and not one.lines)
    by_mother = gathered.search.unborn is not None
    sources = tuple(source_of(one, untold[one.connector.custodian.id], by_mother=by_mother) for one in gathered.asked)
    candidates = tuple(_candidates(gathered.asked))
    if any(one.same for one in gathered.asked):
        return _view(gathered, sources, candidates)
    if candidates:
        return PossibleMatches(candidates, sources)
    return NoMatch(sources)


def _view(gathered: Gathered, sources: tuple[Source, ...], candidates: tuple[CandidateLine, ...]) -> JoinedView:
    whole = [line for one in gathered.decided if one.released is None for line in one.lines]
    labelled = (
        one.connector.custodian for one in gathered.asked if one.same and one.same.candidate.identity.restricted
    )
    return JoinedView(
        matches=tuple(
            MatchLine(one.connector.custodian, one.same.basis.value, _pairs(one.same))
            for one in gathered.asked
            if one.same
        ),
        sources=sources,
        candidates=candidates,
        records=tuple(one.released for one in gathered.decided if one.released is not None),
        withheld=(*whole, *_look_back(gathered)),
        out_of_scope=gathered.out_of_scope,
        restricted=gathered.restricted,
        restricted_by=next(labelled, None) if gathered.restricted else None,
        searched_with=tuple(searched_with(gathered.search.stated)),
        checked_at=gathered.at,
    )


def _look_back(gathered: Gathered) -> Iterable[Withheld]:
    """One line for each custodian that was looked into: what is older is not here, whether or not there is any."""
    if gathered.since is None:
        return
    said = f"Only what happened since {gathered.since.isoformat()} is here. {gathered.since_next_step}"
    for one in gathered.asked:
        if one.same is not None and one.found is not None:
            custodian = one.connector.custodian
            yield Withheld(("*",), Outcome.OUT_OF_SCOPE, None, custodian.contact, said, custodian=custodian)


def source_of(asked: Asked, untold: int = 0, *, by_mother: bool = False) -> Source:
    """The custodian's line in the answer.

    ``untold`` records of it are out of scope as a whole: held and not held are one answer, so they are not counted.
    ``by_mother``: it was searched by the NHS number of an unborn child's mother.
    """
    state = asked.state
    detail = None
    if asked.no_answer is not None and state is SourceState.NO_ANSWER:
        detail = asked.no_answer.detail
    elif asked.not_asked is not None:
        detail = _NOT_ASKED.get(asked.not_asked)
    elif isinstance(asked.resolution, Review):
        detail = f"somebody here may be the child: {asked.resolution.candidates[0].doubt.value}"
    elif isinstance(asked.resolution, NotHeld) and asked.resolution.dropped:
        detail = f"somebody like the child is on file here: {asked.resolution.dropped[0].shown}"
    elif isinstance(asked.resolution, NotHeld) and by_mother:
        detail = _BY_MOTHER
    elif isinstance(asked.resolution, Same) and asked.resolution.others:
        detail = "it may hold further records of this child under another number: ask the contact"
    elif asked.found is not None and asked.same is not None and asked.same.candidate.is_mother:
        detail = _GOING_ON
    answered = state is SourceState.ANSWERED and asked.found is not None
    return Source(
        custodian=asked.connector.custodian,
        state=state,
        detail=detail,
        no_answer=asked.no_answer if state is SourceState.NO_ANSWER else None,
        not_asked=asked.not_asked,
        as_of=asked.found.as_of if asked.found is not None and answered else None,
        answered_in_ms=asked.milliseconds,
        records=len(asked.found.pointers) - untold if asked.found is not None and answered else None,
    )


def searched_with(stated: Identity) -> Iterable[str]:
    """What the search used, by name, never the values."""
    if stated.unborn is not None:
        yield "mother's NHS number"
        yield "expected date of birth"
    if stated.nhs_number is not None:
        yield "NHS number"
    if stated.given_names or stated.family_names:
        yield "name"
    if stated.birth_date is not None:
        yield "date of birth"
    if stated.sex is not None:
        yield "sex"
    if stated.postcode is not None:
        yield "postcode"


def _candidates(asked: Sequence[Asked]) -> Iterable[CandidateLine]:
    ordinal = 0
    for one in asked:
        for candidate in one.unsure:
            ordinal += 1
            yield CandidateLine(one.connector.custodian, f"c{ordinal}", _pairs(candidate), candidate.next_step)


def _pairs(match: Same | ScoredCandidate) -> tuple[tuple[str, str], ...]:
    """What was compared, and what a person said of it."""
    said = () if match.word is None else (("a person said", match.word.shown),)
    return tuple((line.compared.value, line.outcome.value) for line in match.evidence) + said

"""Match over GraphQL: what to ask of each search, and candidates read from an answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hub.connectors.base import UpstreamFault
from hub.connectors.graphql.mapping import About, GraphqlMapping, Search
from hub.connectors.graphql.reading import Hidden, hidden, look, sure, without_hidden
from hub.connectors.rest_values import malformed
from hub.connectors.rest_who import QUESTIONS_MAX, candidate_in, questions
from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.domain.sources import NoAnswerReason
from hub.errors import BadRequest

Asked = tuple[Search, dict[str, str]]
"""A search, and what its variables or its entity's keys are given."""

WRONG = "it answered about somebody else: all of it was thrown away"


def asked_of(search: ChildSearch, ways: Sequence[Search]) -> list[Asked]:
    """Every question that what is known of the child allows, by every way to search, each once.

    Raises:
        UpstreamFault: REFUSED when nothing known can be asked with; TOO_LARGE over ``QUESTIONS_MAX``.
    """
    found: list[Asked] = []
    for way in ways:
        found += [(way, question) for question in _questions(search, way.ask)]
    if not found:
        words = sorted({word.replace("_", " ") for way in ways for word in way.ask.values()})
        detail = f"it is searched by {', '.join(words)}, and too little of these is known"
        raise UpstreamFault(NoAnswerReason.REFUSED, detail)
    if len(found) > QUESTIONS_MAX:
        detail = f"more than {QUESTIONS_MAX} names are known to search it with"
        raise UpstreamFault(NoAnswerReason.TOO_LARGE, detail)
    return found


def _questions(search: ChildSearch, ask: Mapping[str, str]) -> list[dict[str, str]]:
    numbers = dict.fromkeys(one.nhs_number.value for one in search.identities if one.nhs_number is not None)
    by_number = next((theirs for theirs, ours in ask.items() if ours == "nhs_number"), None)
    rest = {theirs: ours for theirs, ours in ask.items() if theirs != by_number}
    if not rest:
        return [{by_number: number} for number in numbers] if by_number is not None else []
    if not search.has_demographics:
        return []
    try:
        named = questions(search, rest)
    except UpstreamFault as fault:
        if fault.no_answer.reason is NoAnswerReason.REFUSED:  # this way cannot be asked; another may
            return []
        raise
    if by_number is None:
        return named
    return [{**question, by_number: number} for question in named for number in numbers]


def candidate_of(row: Any, mapping: GraphqlMapping, custodian: str, asked: Mapping[str, str]) -> Candidate:
    """The candidate that ``row`` describes, if it is one the question was about.

    Raises:
        UpstreamFault: WRONG_PERSON for another NHS number than was asked for; REFUSED for somebody whom the system
            does not show: whoever that is may be the child, so "not held" would be a guess.
    """
    if isinstance(row, Hidden):
        raise hidden(row)
    reading = mapping.candidate
    sure(row, reading.id)
    number = _number(sure(row, mapping.candidate_number)) if mapping.candidate_number else None
    sought = asked.get("nhs_number")
    if sought is not None and (number is None or number.value != sought):
        raise UpstreamFault(NoAnswerReason.WRONG_PERSON, WRONG)
    if number is None:
        for steps in (*reading.given_names, *reading.family_names, reading.birth_date):
            sure(row, steps)
    verified = sure(row, mapping.candidate_number_verified) if mapping.candidate_number_verified else None
    if verified is not None and not isinstance(verified, bool):
        raise malformed("a candidate's NHS number is neither traced nor not")
    found = candidate_in(without_hidden(row), reading, custodian)
    identity = replace(found.identity, nhs_number=number, nhs_number_verified=bool(verified and number))
    return replace(found, identity=identity)


def check_about(body: Any, about: About, who: Candidate) -> None:
    """Pass an answer about ``who``: the id it was asked for, and the number and birth date Match gave, where stated.

    Raises:
        UpstreamFault: WRONG_PERSON otherwise.
    """
    same_person(body, about.id, who)
    if about.nhs_number is not None and who.identity.nhs_number is not None:
        number = _number(sure(body, about.nhs_number))
        if number is not None and number != who.identity.nhs_number:
            raise UpstreamFault(NoAnswerReason.WRONG_PERSON, WRONG)
    if about.birth_date is not None and who.identity.birth_date is not None:
        born = sure(body, about.birth_date)
        if born is not None and not _day(born).overlaps(who.identity.birth_date):
            raise UpstreamFault(NoAnswerReason.WRONG_PERSON, WRONG)


def same_person(body: Any, steps: Sequence[str], who: Candidate) -> None:
    """Pass what says that it is about ``who``; WRONG_PERSON or MALFORMED otherwise."""
    stated = look(body, steps)
    if isinstance(stated, Hidden):
        raise hidden(stated)
    if isinstance(stated, int) and not isinstance(stated, bool):
        stated = str(stated)
    if not isinstance(stated, str) or not stated:
        raise malformed("its answer lacks whom it is about")
    if stated != who.local_id:
        raise UpstreamFault(NoAnswerReason.WRONG_PERSON, WRONG)


def identity_known(identity: Identity) -> bool:
    """Whether there is anything in it that could be compared."""
    return identity.nhs_number is not None or bool(identity.given_names and identity.birth_date is not None)


def _number(value: object) -> NHSNumber | None:
    if value is None or value == "":
        return None
    try:
        return NHSNumber.parse(value) if isinstance(value, str) else NHSNumber.parse(str(value))
    except BadRequest:
        raise malformed("its answer has an NHS number that is none") from None


def _day(value: object) -> PartialDate:
    try:
        return PartialDate.parse(value if isinstance(value, str) else "")
    except BadRequest:
        raise malformed("a birth date in its answer cannot be read") from None

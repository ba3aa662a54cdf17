"""Match over REST: what to ask of a search, and a candidate read from an answer. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC

from hub.connectors.base import UpstreamFault
from hub.connectors.rest_mapping import CandidateReading
from hub.connectors.rest_values import at, malformed, text_at, texts_at, value_at
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.domain.sources import NoAnswerReason
from hub.errors import BadRequest

QUESTIONS_MAX = 8
"""Names and birth dates one child is searched with. More is not cut short in silence: it is no answer."""


def questions(search: ChildSearch, ask: Mapping[str, str]) -> list[dict[str, str]]:
    """One question for every name and birth date known of the child, as the system takes them, each once.

    Args:
        search: every identity with a given name, a family name and a birth date is asked with.
        ask: the system's word to the hub's, from the mapping.

    Raises:
        UpstreamFault: REFUSED when nothing known can be asked with; TOO_LARGE over ``QUESTIONS_MAX``.
    """
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for identity in search.identities:
        for given_name, family_name in _names(identity):
            known = {"given_name": given_name, "family_name": family_name, **_dates(identity.birth_date)}
            if all(word in known for word in ask.values()):
                question = {theirs: known[ours] for theirs, ours in ask.items()}
                found.setdefault(tuple(value.casefold() for value in question.values()), question)
    if not found:
        detail = "it is searched by name and birth date, and too little of these is known"
        raise UpstreamFault(NoAnswerReason.REFUSED, detail)
    if len(found) > QUESTIONS_MAX:
        detail = f"more than {QUESTIONS_MAX} names are known to search it with"
        raise UpstreamFault(NoAnswerReason.TOO_LARGE, detail)
    return list(found.values())


def candidate_in(row: object, reading: CandidateReading, custodian: str) -> Candidate:
    """The candidate that ``row`` of a search's answer describes.

    Raises:
        UpstreamFault: MALFORMED for a row without an id, or with a birth date that is none.
    """
    born = at(row, reading.birth_date)
    try:
        birth_date = PartialDate.parse(born) if born else None
    except (BadRequest, TypeError, AttributeError):
        raise malformed("a candidate's birth date cannot be read") from None
    postcode = texts_at(row, [reading.postcode] if reading.postcode else [])
    return Candidate(
        custodian=custodian,
        local_id=text_at(row, reading.id, "a candidate's id"),
        identity=Identity(
            given_names=texts_at(row, reading.given_names, parts=True),
            family_names=texts_at(row, reading.family_names),
            birth_date=birth_date,
            sex=None if reading.sex is None else value_at(row, reading.sex, UTC, "candidate"),
            postcode=postcode[0] if postcode else None,
        ),
    )


def _names(identity: Identity) -> Iterator[tuple[str, str]]:
    """The current given name with every family name, then the other given names with the current family name."""
    given, family = identity.given_names[:1], identity.family_names[:1]
    yield from ((first, last) for first in given for last in identity.family_names)
    yield from ((first, last) for first in identity.given_names[1:] for last in family)


def _dates(birth_date: PartialDate | None) -> dict[str, str]:
    if birth_date is None:
        return {}
    days = {"birth_date_earliest": birth_date.earliest, "birth_date_latest": birth_date.latest}
    if birth_date.is_exact:
        days["birth_date"] = birth_date.earliest
    return {word: day.isoformat() for word, day in days.items()}

"""From rows to pointers, records and candidates, each row checked to be about the person asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from hub.connectors.base import RECORDS_MAX, UpstreamFault
from hub.connectors.ssd import sql, values
from hub.connectors.ssd.published import ASSESSED
from hub.connectors.ssd.source import Source
from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, Identity, PartialDate, Unborn
from hub.domain.records import HeldRecord, RecordPointer, Value
from hub.domain.sources import NoAnswerReason
from hub.errors import BadRequest

UNASSESSED = frozenset(
    {
        "adoption_s56",
        "court_order",
        "court_order_sealed",
        "ehc_plan",
        "family_court_document",
        "originator_condition",
        "privileged",
    }
)
"""Words that nobody said yes or no to, on a document that was never assessed: any of them may be true of it.

These are the least there are. The hub gives the connector every word that bars by the policies in force.
"""

WHEREABOUTS = frozenset({"confidential_address_c8", "restricted", "safe_address"})
"""Words that nobody says yes or no to any more about an address in a copy that is too old: a move to a refuge since
then is not in it, and neither is the mark that hides where the refuge is.
"""

Row = Sequence[Any]


def record_id(source: Source, key: str) -> str:
    """The id of a record within this custodian."""
    return f"{source.table}/{key}"


def checked(rows: Iterable[Row], who: Candidate, zone: tzinfo) -> tuple[datetime, Iterator[Row]]:
    """When the copy was taken, and the rows after the header.

    Raises:
        UpstreamFault: ``WRONG_PERSON`` if any row is about somebody else, or the person's birth date is not the one
            they were matched with; ``MALFORMED`` if the person is gone or the time of the copy is not known.
    """
    header: Row | None = None
    others = []
    for row in rows:
        if (row[2] or "").strip() != who.local_id:
            raise UpstreamFault(NoAnswerReason.WRONG_PERSON, "it answered about somebody else")
        if row[0] == sql.HEADER:
            header = row
        else:
            others.append(row)
    if header is None:
        raise UpstreamFault(NoAnswerReason.MALFORMED, "the person it was matched to is no longer in its extract")
    born = _birth_date(header[3])
    if who.identity.unborn is not None and _whenever_born(header[3]) is not None:
        raise UpstreamFault(NoAnswerReason.MALFORMED, "the child has been born meanwhile: ask again")
    if born and who.identity.birth_date and not born.overlaps(who.identity.birth_date):
        raise UpstreamFault(NoAnswerReason.WRONG_PERSON, "it answered about somebody else")
    return _copied_at(header[1], zone), iter(others)


def _copied_at(text: str | None, zone: tzinfo) -> datetime:
    try:
        if text:
            return values.moment(text, zone)
    except ValueError:
        pass
    raise UpstreamFault(NoAnswerReason.MALFORMED, "its table ssd_version_log does not say when the copy was taken")


def pointers(
    custodian: str,
    sources: Sequence[Source],
    rows: Iterable[Row],
    unassessed: frozenset[str] = UNASSESSED,
    *,
    stale: bool = False,
) -> tuple[RecordPointer, ...]:
    """One pointer for each record of ``rows`` (tag, id, person, label), in order of source and id.

    ``stale``: the copy is too old for what it leaves unsaid to count as said; what it states still holds.

    Raises:
        UpstreamFault: ``TOO_LARGE`` over :data:`RECORDS_MAX` records.
    """
    labels: dict[tuple[int, str], set[str]] = {}
    for tag, key, _person, label in rows:
        held = labels.setdefault((int(tag), (key or "").strip()), set())
        if label and label.strip():
            held.add(label.strip().lower())
    if len(labels) > RECORDS_MAX:
        raise UpstreamFault(NoAnswerReason.TOO_LARGE, f"it holds more than {RECORDS_MAX} records of this person")
    return tuple(
        _pointer(custodian, sources[number], key, frozenset(labels[number, key]), unassessed, stale=stale)
        for number, key in sorted(labels)
    )


def _pointer(
    custodian: str, source: Source, key: str, labels: frozenset[str], unassessed: frozenset[str], *, stale: bool
) -> RecordPointer:
    stated = labels - {ASSESSED}
    unsaid: frozenset[str] = frozenset()
    if source.needs_assessment and (stale or ASSESSED not in labels):
        unsaid |= unassessed
    if stale and source.tells_where:
        unsaid |= WHEREABOUTS
    return RecordPointer(
        custodian=custodian,
        kind=source.kind,
        record_id=record_id(source, key),
        labels=stated,
        undetermined=unsaid - stated,
    )


def records(
    wanted: Sequence[RecordPointer], sources: Sequence[Source], rows: Iterable[Row], as_of: datetime
) -> tuple[HeldRecord, ...]:
    """The records of ``wanted``, in their order, from rows (tag, id, person, texts...).

    Raises:
        UpstreamFault: ``MALFORMED`` when one that was found a moment ago is no longer there.
    """
    by_id: dict[tuple[str, str], tuple[Source, list[Row]]] = {}
    for row in rows:
        source = sources[int(row[0])]
        by_id.setdefault((source.kind, record_id(source, (row[1] or "").strip())), (source, []))[1].append(row[3:])
    try:
        return tuple(HeldRecord(each, as_of, _values(*by_id[each.kind, each.record_id])) for each in wanted)
    except KeyError:
        raise UpstreamFault(NoAnswerReason.MALFORMED, "a record it pointed to is no longer there") from None


def _values(source: Source, rows: Sequence[Row]) -> Mapping[str, Value]:
    found: dict[str, Value] = {}
    at = 0
    for read in source.reads:
        texts = [tuple(row[at : at + len(read.columns)]) for row in rows]
        at += len(read.columns)
        if read.always is not None:
            found[read.field] = read.always
        elif read.merges:
            found[read.field] = tuple(dict.fromkeys(each for one in texts for each in read.how(one) or ())) or None
        else:
            found[read.field] = _value(read.how, texts[0])
    return found


def _value(how: values.Reader, texts: tuple[str | None, ...]) -> Value:
    """The value; or, where it cannot be read, the text itself, whose wrong type makes the field a gap downstream.

    Leaving it out would say that the council holds nothing there, and failing would lose every other field.
    """
    try:
        return how(texts)
    except ValueError:
        return texts[0]


def candidates(custodian: str, rows: Iterable[Row], *, verified: bool) -> tuple[Candidate, ...]:
    """Candidates from rows (person, forename, surname, birth date, sex, NHS number, postcode), each person once."""
    found: dict[str, Candidate] = {}
    for person, forename, surname, born, sex, number, postcode in rows:
        local_id = (person or "").strip()
        parsed = _nhs_number(number)
        identity = Identity(
            nhs_number=parsed,
            nhs_number_verified=verified and parsed is not None,
            given_names=_names(forename),
            family_names=_names(surname),
            birth_date=_birth_date(born),
            sex=values.plain((sex,)),
            postcode=values.plain((postcode,)),
        )
        found.setdefault(local_id, Candidate(custodian, local_id, identity))
    return tuple(found[local_id] for local_id in sorted(found))


def unborn_candidates(custodian: str, rows: Iterable[Row]) -> tuple[Candidate, ...]:
    """Candidates from rows (person, surname, birth date, expected date, mother's NHS number, mother's birth date).

    Each person once. Of a child who is not born yet the given name is what somebody called the record: none is taken.
    """
    found: dict[str, Candidate] = {}
    for person, surname, born, expected, number, mother_born in rows:
        mother, local_id = _nhs_number(number), (person or "").strip()
        if mother is None:
            raise UpstreamFault(NoAnswerReason.WRONG_PERSON, "it answered about somebody else")
        unborn = Unborn(mother, _birth_date(expected), _birth_date(mother_born))
        identity = Identity(family_names=_names(surname), birth_date=_whenever_born(born), unborn=unborn)
        found.setdefault(local_id, Candidate(custodian, local_id, identity))
    return tuple(found[local_id] for local_id in sorted(found))


def _whenever_born(text: str | None) -> PartialDate | None:
    """The birth date; one that cannot be read is of a child who has been born all the same, nobody knows when."""
    try:
        day = values.day((text,))
    except ValueError:
        return PartialDate(date.min, date.max)
    return PartialDate.exactly(day) if day else None


def _names(text: str | None) -> tuple[str, ...]:
    said = values.plain((text,))
    return (said,) if said else ()


def _birth_date(text: str | None) -> PartialDate | None:
    try:
        day = values.day((text,))
    except ValueError:
        return None
    return PartialDate.exactly(day) if day else None


def _nhs_number(text: str | None) -> NHSNumber | None:
    try:
        return NHSNumber.parse(text) if text and text.strip() else None
    except BadRequest:
        return None

"""What people have said of possible matches: somebody a custodian holds is the child, or is not. Pure.

A confirmation is of two sides as they were: it counts until it expires, and only as long as neither side's match
fields have changed. The fields themselves are not kept. What is kept of them is salted digests, which recognise a
side again and cannot be read; whoever has the salt could still try likely values, so rows are personal data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b

from hub.domain.dates_asked import LATE_DAYS_MAX
from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, ChildSearch, Identity
from hub.errors import BadRequest
from hub.matching.compare import Prepared
from hub.matching.resolution import Agreement, Compared, Doubt, Lapse, Said, ScoredCandidate, Word

SALT_BYTES = 16
DIGEST_BYTES = 16
DAYS_MAX = 365
"""A confirmation holds for so long at most; then a person looks again."""

Side = dict[str, frozenset[str]]
"""What was known of one side: field to the salted digests of its values. A field without values is not in it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One possible match as an answer showed it: enough to recognise both sides again.

    Attributes:
        custodian, local_id: who was shown; the custodian's own id.
        salt: random, of this one only.
        child: the child's match fields, by everybody's word in that answer.
        held: the custodian's match fields, whole.
        stated: digests of name and birth date together, one for each way the child was known.
        number_agreed: the NHS numbers were equal.
        contradictions: what spoke against it then, by the names of :class:`~hub.matching.resolution.Doubt`.
        next_step: where no person's word settles it, what to do instead.
    """

    custodian: str
    local_id: str = field(repr=False)
    salt: bytes = field(repr=False)
    child: Side = field(repr=False)
    held: Side = field(repr=False)
    stated: frozenset[str] = field(repr=False)
    number_agreed: bool
    contradictions: frozenset[str]
    next_step: str | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A person's word on one possible match. Made by :func:`new`, which checks it.

    Attributes:
        id: a random reference, 32 hex digits.
        by: a person's name.
        at, expires_at: aware, UTC.
        reasons: what was compared, and with whom.
    """

    id: str
    said: Said
    seen: Seen
    by: str = field(repr=False)
    at: datetime
    expires_at: datetime
    reasons: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """That somebody took a confirmation back, and why. ``at``: aware, UTC."""

    by: str = field(repr=False)
    at: datetime
    reasons: str = field(repr=False)


def new(
    seen: Seen, said: Said, *, by: str, reasons: str, at: datetime, expires_at: datetime, reference: str
) -> Confirmation:
    """A confirmation said ``at`` a moment (aware) of what was ``seen``.

    Raises:
        BadRequest: ``CONFIRMATION_EXPIRY_INVALID``: no end ahead, or one too far. ``CANDIDATE_NOT_CONFIRMABLE``: no
            person's word settles this one.
    """
    if seen.next_step is not None:
        raise BadRequest(seen.next_step, code="CANDIDATE_NOT_CONFIRMABLE")
    if not at < expires_at <= at + timedelta(days=DAYS_MAX):
        raise BadRequest(
            f"A confirmation must end: after now, and within {DAYS_MAX} days. A person looks again then.",
            code="CONFIRMATION_EXPIRY_INVALID",
        )
    return Confirmation(reference, said, seen, by, at, expires_at, reasons)


def see(search: ChildSearch, shown: ScoredCandidate, salt: bytes) -> Seen:
    """What to keep of one possible match, so that a person can confirm it.

    Args:
        search: who was asked about, with what custodians sure of the child say as aliases.
        shown: the possible match.
        salt: ``SALT_BYTES`` random bytes, used for nothing else.
    """
    number = next((line.outcome for line in shown.evidence if line.compared is Compared.NHS_NUMBER), None)
    return Seen(
        custodian=shown.candidate.custodian,
        local_id=shown.candidate.local_id,
        salt=salt,
        child=_child(search.identities, salt),
        held=_held(shown.candidate.identity, salt, is_unborn=search.unborn is not None),
        stated=_stated(search.identities, salt),
        number_agreed=number not in (None, Agreement.DIFFER, Agreement.MISSING),  # a number it superseded agrees too
        contradictions=frozenset(doubt.name for doubt in shown.contradictions),
        next_step=shown.next_step,
    )


class Book:
    """Confirmations that were not withdrawn, by custodian and its own id. Immutable; safe to share."""

    __slots__ = ("_by_person",)

    def __init__(self, confirmations: Iterable[Confirmation] = ()) -> None:
        """Index ``confirmations``; of two about one child and one record the one said later counts."""
        by_person: dict[tuple[str, str], list[Confirmation]] = {}
        for each in sorted(confirmations, key=lambda each: each.at, reverse=True):
            by_person.setdefault((each.seen.custodian, each.seen.local_id), []).append(each)
        self._by_person: Mapping[tuple[str, str], list[Confirmation]] = by_person

    def about(self, search: ChildSearch, candidate: Candidate, at: datetime) -> Word | None:
        """What people last said on whether ``candidate`` is the child of ``search``, and whether it counts ``at`` a
        moment (aware).
        """
        for each in self._by_person.get((candidate.custodian, candidate.local_id), ()):
            if is_about(each.seen, search):
                seen = each.seen
                lapse = _lapse(each, search, candidate, at)
                known = frozenset(doubt for doubt in Doubt if doubt.name in seen.contradictions)
                return Word(each.id, each.said, each.at, lapse, seen.number_agreed, known)
        return None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The confirmations, as they count ``at`` one moment (aware): what a question is resolved with."""

    book: Book
    at: datetime

    def about(self, search: ChildSearch, candidate: Candidate) -> Word | None:
        """See :meth:`Book.about`."""
        return self.book.about(search, candidate, self.at)


def is_about(seen: Seen, search: ChildSearch) -> bool:
    """Whether the child of ``search`` is the one it was about: by number, or without one by name and birth date.

    An unborn child is the one it was about by the mother's number and the expected date, to the letter: another date
    may be another pregnancy.
    """
    before = seen.child.get(_Field.NHS_NUMBER)
    numbers = _child(search.identities, seen.salt).get(_Field.NHS_NUMBER)
    if before and numbers:
        return not before.isdisjoint(numbers)
    return not seen.stated.isdisjoint(_stated(search.identities, seen.salt))


def is_by_mother(seen: Seen, numbers: Iterable[NHSNumber]) -> bool:
    """Whether it was about an unborn child of a mother who has one of ``numbers``."""
    mother = seen.child.get(_Field.MOTHER, frozenset())
    return any(_digest(seen.salt, _Field.MOTHER, each.value) in mother for each in numbers)


def _lapse(each: Confirmation, search: ChildSearch, candidate: Candidate, at: datetime) -> Lapse | None:
    seen = each.seen
    if at >= each.expires_at or _is_past_birth(search, at):
        return Lapse.EXPIRED
    if _held(candidate.identity, seen.salt, is_unborn=search.unborn is not None) != seen.held:
        return Lapse.RECORD_CHANGED
    now = _child(search.identities, seen.salt)
    # A question states as much of the child as its searcher knows: only what was known then and is known now can
    # have changed, and it has if no value is left.
    if any(name in now and values.isdisjoint(now[name]) for name, values in seen.child.items()):
        return Lapse.CHILD_CHANGED
    return None


def _is_past_birth(search: ChildSearch, at: datetime) -> bool:
    """Whether the unborn child of ``search`` must have been born. ``expires_at`` stands in the log and is no later for
    it: an entry must not tell when a birth is expected.
    """
    due = search.unborn.expected if search.unborn is not None else None
    return due is not None and at.date() > due.latest + timedelta(days=LATE_DAYS_MAX)


class _Field(StrEnum):
    NHS_NUMBER = "nhs_number"
    VERIFIED = "verified"
    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    BIRTH_DATE = "birth_date"
    SEX = "sex"
    POSTCODE = "postcode"
    RESTRICTED = "restricted"
    MOTHER = "mother"
    EXPECTED_DATE = "expected_date"


def _child(identities: Iterable[Identity], salt: bytes) -> Side:
    """The child, by everybody's word together. Of given names the one they go by: middle names come and go."""
    known: dict[str, set[str]] = {}
    for identity in identities:
        who = Prepared.of(identity)
        for name, values in (_values(who, tuple(given.lead for given in who.given)) | _before_birth(identity)).items():
            known.setdefault(name, set()).update(_digest(salt, name, value) for value in values)
    return {name: frozenset(values) for name, values in known.items() if values}


def _held(identity: Identity, salt: bytes, *, is_unborn: bool) -> Side:
    """The custodian's record, whole: any difference in it is a change. What was known before a birth is a part of it in
    a question about an unborn child alone: a record of a child who has been born may lose it.
    """
    who = Prepared.of(identity)
    values = _values(who, tuple(given.joined for given in who.given)) | (_before_birth(identity) if is_unborn else {})
    values |= {_Field.VERIFIED: (str(who.verified),), _Field.RESTRICTED: (str(who.restricted),)}
    return {str(name): frozenset(_digest(salt, name, one) for one in each) for name, each in values.items() if each}


def _values(who: Prepared, given: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    birth_date = who.birth_date.isoformat() if who.birth_date else None
    single = {
        _Field.NHS_NUMBER: who.nhs_number,
        _Field.BIRTH_DATE: birth_date,
        _Field.SEX: who.sex,
        _Field.POSTCODE: who.postcode,
    }
    known: dict[str, tuple[str, ...]] = {str(name): (value,) for name, value in single.items() if value}
    known[_Field.GIVEN_NAME] = given
    known[_Field.FAMILY_NAME] = tuple(family.joined for family in who.family)
    return known


def _before_birth(identity: Identity) -> dict[str, tuple[str, ...]]:
    if identity.unborn is None:
        return {}
    due = identity.unborn.expected
    return {
        _Field.MOTHER: (identity.unborn.mother.value,),
        _Field.EXPECTED_DATE: (due.isoformat(),) if due is not None else (),
    }


def _stated(identities: Iterable[Identity], salt: bytes) -> frozenset[str]:
    every = list(identities)
    unborn = (each.unborn for each in every if each.unborn is not None and each.unborn.expected is not None)
    expected = frozenset(
        _digest(salt, "unborn", f"{one.mother.value}\0{one.expected.isoformat()}") for one in unborn if one.expected
    )
    return expected | frozenset(
        _digest(salt, "stated", f"{given.lead}\0{family.joined}\0{who.birth_date.isoformat()}")
        for who in map(Prepared.of, every)
        if who.birth_date is not None and who.birth_date.is_exact
        for given in who.given
        for family in who.family
    )


def _digest(salt: bytes, name: str, value: str) -> str:
    return blake2b(f"{name}\0{value}".encode(), key=salt, digest_size=DIGEST_BYTES).hexdigest()

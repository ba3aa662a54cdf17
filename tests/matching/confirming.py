"""A question, a person who is shown what was unsure of it and says which it is, and the question asked again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hub.domain.people import Candidate, ChildSearch, Identity
from hub.matching.confirmations import Book, Confirmation, Confirmed, Said, new, see
from hub.matching.resolution import Resolution, Review, ScoredCandidate
from hub.matching.resolve import resolve
from tests.matching.people import held

AT = datetime(2026, 2, 3, 9, 30, tzinfo=UTC)
LATER = AT + timedelta(days=30)
EXPIRES = AT + timedelta(days=90)
SALT = b"0123456789abcdef"


def word(
    search: ChildSearch, shown: ScoredCandidate, said: Said = Said.SAME, *, at: datetime = AT, reference: str = "1" * 32
) -> Confirmation:
    """What a person says of a possible match she was shown."""
    seen = see(search, shown, SALT)
    ends = at + (EXPIRES - AT)
    return new(seen, said, by="Amina Yusuf", reasons="Rang the desk.", at=at, expires_at=ends, reference=reference)


def shown(search: ChildSearch, *identities: Identity, place: int = 0) -> ScoredCandidate:
    """One of the possible matches of a question whose answer must be a review."""
    found = resolve(search, held(*identities))
    assert isinstance(found, Review), found
    return next(one for one in found.candidates if one.candidate.local_id == f"p{place}")


def asked_again(
    search: ChildSearch, candidates: Sequence[Candidate], *words: Confirmation, at: datetime = LATER
) -> Resolution:
    """The question's resolution with what people have said."""
    return resolve(search, candidates, Confirmed(Book(words), at))

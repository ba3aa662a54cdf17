"""What somebody says when she asks, checked once for every way of asking: whom about, on whose decision, how far back.

The codes of what is wrong are those of ``docs/codes.md``; no message repeats what was sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hub.domain.enquiry import LookBack, RecordedDecision
from hub.domain.identifiers import NHSNumber
from hub.domain.people import ChildSearch, Identity, PartialDate, Unborn
from hub.errors import BadRequest

NAME_MAX = 100
LOOK_BACK_YEARS_MAX = 25
SEXES = ("female", "male", "other", "unknown")


def recorded_decision(by: str, at: datetime) -> RecordedDecision:
    """The decision a purpose rests on.

    Raises:
        BadRequest: ``PURPOSE_DECISION_INVALID``: no post, or a time without its offset.
    """
    post = by.strip()
    if not post or len(post) > NAME_MAX or not post.isprintable():
        raise BadRequest(
            f"Give the post of the manager who decided, as plain text of at most {NAME_MAX} characters.",
            code="PURPOSE_DECISION_INVALID",
        )
    if at.tzinfo is None:
        raise BadRequest("Give the time of the decision with its offset.", code="PURPOSE_DECISION_INVALID")
    return RecordedDecision(post, at.astimezone(UTC))


def look_back(years: int | None, reason: str) -> LookBack:
    """That older records are needed; ``years`` is None for the whole life.

    Raises:
        BadRequest: ``LOOK_BACK_INVALID``.
    """
    if years is not None and not 1 <= years <= LOOK_BACK_YEARS_MAX:
        raise BadRequest(f"`years` is between 1 and {LOOK_BACK_YEARS_MAX}.", code="LOOK_BACK_INVALID")
    return LookBack(years, reason)


def check_plain(text: str) -> None:
    """Check a name or a postcode.

    Raises:
        BadRequest: ``SEARCH_INVALID``.
    """
    if len(text) > NAME_MAX or not text.isprintable():
        raise BadRequest(f"Names and postcode are plain text of at most {NAME_MAX} characters.", code="SEARCH_INVALID")


def child_search(
    *,
    nhs_number: str | None = None,
    given_name: str | None = None,
    family_name: str | None = None,
    date_of_birth: str | None = None,
    sex: str | None = None,
    postcode: str | None = None,
) -> ChildSearch:
    """Whom the question is about; ``date_of_birth`` may be partial (:meth:`PartialDate.parse`).

    Raises:
        BadRequest: ``SEARCH_INVALID``, ``NHS_NUMBER_INVALID``, ``DATE_INVALID``, ``SEARCH_TOO_LITTLE``.
    """
    for text in (given_name, family_name, postcode):
        if text is not None:
            check_plain(text)
    if sex is not None and sex not in SEXES:
        raise BadRequest(f"`sex` is one of {', '.join(SEXES)}.", code="SEARCH_INVALID")
    stated = Identity(
        nhs_number=NHSNumber.parse(nhs_number) if nhs_number else None,
        given_names=(given_name,) if given_name else (),
        family_names=(family_name,) if family_name else (),
        birth_date=PartialDate.parse(date_of_birth) if date_of_birth else None,
        sex=sex,
        postcode=postcode,
    )
    search = ChildSearch(stated)
    if stated.nhs_number is None and not search.has_demographics:
        raise BadRequest(
            "Give an NHS number, or a given name, a family name and a date of birth.", code="SEARCH_TOO_LITTLE"
        )
    return search


def unborn_search(*, mother: str, expected: str, beside: Iterable[str | None] = ()) -> ChildSearch:
    """A question about a child not yet born: the ``mother``'s NHS number, and when the birth is ``expected``.

    Args:
        mother: ten digits, however grouped.
        expected: ``YYYY-MM-DD`` or ``YYYY-MM``.
        beside: what else was said of the child; there must be nothing, since a child who has a name, a number or a
            birth date of their own has been born, and the two questions are answered from different records.

    Raises:
        BadRequest: ``SEARCH_INVALID``, ``NHS_NUMBER_INVALID``, ``DATE_INVALID``.
    """
    if any(each is not None for each in beside):
        raise BadRequest(
            "Ask about an unborn child by the mother's NHS number and the expected date of birth alone: leave the "
            "child's own number, names, date of birth, sex and postcode out. A child who has been born is asked about "
            "by those, without `unborn`.",
            code="SEARCH_INVALID",
        )
    due = PartialDate.parse(expected)
    if due.latest - due.earliest >= timedelta(days=31):
        raise BadRequest(
            "Write the expected date of birth as YYYY-MM-DD, or YYYY-MM when the day is not known.", code="DATE_INVALID"
        )
    return ChildSearch(Identity(unborn=Unborn(NHSNumber.parse(mother), due)))

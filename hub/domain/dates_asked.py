"""Whether the dates somebody asks with can be meant: what is refused, and of what the searcher is told.

A question may be about somebody who has grown up, so an adult's birth date is never refused. It is also what a mistyped
year looks like, so the searcher is told how old that makes the person. Pure: ``today`` is given.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from hub.domain.people import ChildSearch, PartialDate
from hub.errors import BadRequest

ADULT_YEARS = 18
"""Whoever is younger is a child."""

YEARS_MAX = 120
"""Nobody who is asked about was born longer ago."""

EXPECTED_AHEAD_DAYS_MAX = 300
"""How far ahead a birth may be expected: the ten lunar months of a pregnancy, and three weeks for the date."""

EXPECTED_PAST_DAYS_MAX = 182
"""How long ago a birth may have been expected. A child whose birth nobody knows of is still asked about as unborn: the
pre-birth record may be all there is. Longer ago than half a year, a mistyped year is likelier.
"""

LATE_DAYS_MAX = 21
"""By so many days after the expected date the child has been born."""

FUTURE = (
    "The date of birth is in the future. A child who is not born yet is asked about by the mother's NHS number and the "
    "expected date of birth instead (`unborn`)."
)
TOO_OLD = f"The date of birth is more than {YEARS_MAX} years ago. Check the year."
TOO_FAR = "The expected date of birth is more than ten months from now. Check the month and the year."
LONG_PAST = (
    "The expected date of birth is more than half a year ago. Check the year. If it is right, the child has been born: "
    "ask by the child's own NHS number, or name and date of birth."
)
BORN_BY_NOW = (
    "By the expected date you gave, this child has been born. Records of a child who has been born are not looked for "
    "here: ask by the child's own NHS number, or name and date of birth, as well."
)


def birth_date_problem(born: PartialDate, today: date) -> str | None:
    """What is wrong with a date of birth, in words that repeat nothing of it; None when it can be meant."""
    if born.earliest > today:
        return FUTURE
    return TOO_OLD if born.latest < _years_before(today, YEARS_MAX) else None


def expected_date_problem(expected: PartialDate, today: date) -> str | None:
    """What is wrong with an expected date of birth, as :func:`birth_date_problem`."""
    if expected.earliest > today + timedelta(days=EXPECTED_AHEAD_DAYS_MAX):
        return TOO_FAR
    return LONG_PAST if expected.latest < today - timedelta(days=EXPECTED_PAST_DAYS_MAX) else None


def check_dates(search: ChildSearch, today: date) -> None:
    """Check the dates of a question.

    Raises:
        BadRequest: ``DATE_INVALID``.
    """
    born = search.stated.birth_date
    problem = birth_date_problem(born, today) if born is not None else None
    if search.unborn is not None and search.unborn.expected is not None:
        problem = expected_date_problem(search.unborn.expected, today)
    if problem is not None:
        raise BadRequest(problem, code="DATE_INVALID")


def notices(search: ChildSearch, today: date) -> Iterator[str]:
    """What the searcher should look at again in what she asked with, in words for her alone.

    An age says something of a person: it belongs beside the answer, and in no log line, entry or metric.
    """
    due = search.unborn.expected if search.unborn is not None else None
    if due is not None and due.latest < today - timedelta(days=LATE_DAYS_MAX):
        yield BORN_BY_NOW
    born = search.stated.birth_date
    if born is None or (youngest := _years(born.latest, today)) < ADULT_YEARS:
        return
    oldest = _years(born.earliest, today)
    age = f"{youngest}" if youngest == oldest else f"{youngest} or {oldest}"
    yield f"By the date of birth you gave, this person is {age} years old. Check the year if you meant a child."


def _years(born: date, today: date) -> int:
    """Whole years from ``born`` to ``today``."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _years_before(today: date, years: int) -> date:
    year = today.year - years
    return date(year, today.month, min(today.day, monthrange(year, today.month)[1]))

"""The periods of the sharing report: calendar months and quarters of UK time. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

MONTHS_BACK_MAX = 24
_NAMES = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Period:
    """A month (``2026-03``) or a quarter (``2026-q1``); ``is_over`` says that no more can come."""

    key: str
    title: str
    months: tuple[str, ...]
    is_over: bool


def periods(first: str | None, today: date) -> tuple[Period, ...]:
    """What can be asked for, newest first, quarters before their months: from the month ``first`` (``YYYY-MM``), two
    years back at most, to the month of ``today``, which is not over.
    """
    now = today.year * 12 + today.month - 1
    begun = now if first is None else int(first[:4]) * 12 + int(first[5:]) - 1
    return tuple(_periods(max(min(begun, now), now - MONTHS_BACK_MAX), now))


def usual(every: tuple[Period, ...]) -> Period:
    """The newest period that is over, or the newest."""
    return next((each for each in every if each.is_over), every[0])


def _periods(begun: int, now: int) -> Iterator[Period]:
    for month in range(now, begun - 1, -1):
        ends = month - month % 3 + 2
        if month == ends and ends < now:
            yield _quarter(ends)
        yield Period(_key(month), _title(month), (_key(month),), month < now)


def _quarter(ends: int) -> Period:
    months = tuple(range(ends - 2, ends + 1))
    year, first, last = ends // 12, _NAMES[months[0] % 12], _NAMES[ends % 12]
    return Period(f"{year}-q{ends % 12 // 3 + 1}", f"{first} to {last} {year}", tuple(map(_key, months)), is_over=True)


def _key(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}"


def _title(month: int) -> str:
    return f"{_NAMES[month % 12]} {month // 12}"

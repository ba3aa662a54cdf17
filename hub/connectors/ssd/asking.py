"""The parameters of Match: what to ask with, from the identities of the child. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from hub.connectors.ssd.statements import Parameters, json_array
from hub.domain.people import ChildSearch, PartialDate, Unborn

RANGES_MAX = 16
"""Different birth dates of one child that are asked with; more than the agencies of any partnership disagree in."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one search asks this database with."""

    numbers: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]
    days: tuple[PartialDate, ...]

    @classmethod
    def of(cls, search: ChildSearch) -> Asked:
        """Every identity of ``search``: all NHS numbers, and the names of those that have a name and a birth date."""
        named = [who for who in search.identities if who.birth_date and (who.given_names or who.family_names)]
        days = dict.fromkeys(who.birth_date for who in named if who.birth_date)
        return cls(
            numbers=tuple({who.nhs_number.value: None for who in search.identities if who.nhs_number}),
            given=tuple({name.strip().lower(): None for who in named for name in who.given_names}),
            family=tuple({name.strip().lower(): None for who in named for name in who.family_names}),
            days=tuple(days)[:RANGES_MAX],
        )

    def parameters(self, *, dates_as_text: bool) -> Parameters:
        """The parameters of the statement. ``dates_as_text``: the driver wants days as ISO text."""
        asked: dict[str, object] = {
            "numbers": json_array(way for number in self.numbers for way in _ways_of_writing(number)),
            "given": json_array(self.given),
            "family": json_array(self.family),
            "written": json_array(way for each in self.days if each.is_exact for way in _days_written(each.earliest)),
        }
        for place, each in enumerate(self.days):
            asked[f"from{place}"] = _parameter(each.earliest, as_text=dates_as_text)
            asked[f"before{place}"] = _parameter(each.latest + timedelta(days=1), as_text=dates_as_text)
        return asked


def by_mother(unborn: Unborn) -> Parameters:
    """The parameter of the statement that looks for an unborn child by the mother."""
    return {"numbers": json_array(_ways_of_writing(unborn.mother.value))}


def _ways_of_writing(number: str) -> Sequence[str]:
    first, second, third = number[:3], number[3:6], number[6:]
    return number, f"{first} {second} {third}", f"{first}-{second}-{third}"


def _days_written(day: date) -> Sequence[str]:
    british = day.strftime("%d/%m/%Y")
    return british, f"{british} 00:00", f"{british} 00:00:00", day.strftime("%Y%m%d")


def _parameter(day: date, *, as_text: bool) -> object:
    return day.isoformat() if as_text else datetime.combine(day, time())

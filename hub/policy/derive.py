"""What the hub works out of a held value so that less is shared: an age of a birth date, an area of a postcode."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from hub.domain.catalogue import DerivedAs
from hub.domain.records import Value

_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?) *[0-9][A-Z]{2}", re.ASCII | re.IGNORECASE)
AGE_YEARS_MAX = 130


def derive(how: DerivedAs, value: Value, at: datetime) -> Any:
    """``value`` reduced as ``how`` says, or None when it is not what it should be.

    An age is whole years on the day of ``at``. An area is the outward half of a postcode (``ZZ1`` of ``ZZ1 2AB``).

    >>> derive(DerivedAs.AREA, "zz1 2ab", datetime(2026, 11, 20))
    'ZZ1'
    """
    match how:
        case DerivedAs.AREA:
            found = _POSTCODE.fullmatch(value.strip()) if type(value) is str else None
            return found[1].upper() if found else None
        case DerivedAs.AGE:
            if type(value) is not date:
                return None
            today = at.date()
            years = today.year - value.year - ((today.month, today.day) < (value.month, value.day))
            return years if 0 <= years <= AGE_YEARS_MAX else None

"""Values of a custodian API payload. Pure; every fault is told in the hub's own words.

Keys are found whatever their case (published records mix ``registeredGPName`` with ``RegisteredGPSurgery``). A flag is
``true`` or ``null``, and null is not "no".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.connectors.rest_values import malformed

_ZONE = ZoneInfo("Europe/London")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_SHARE = re.compile(r"\d{1,3}(?:\.\d{1,9})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_YEARS = range(1900, 2101)
_ITEMS_MAX = 1_000

Payload = Mapping[str, Any]
"""A JSON object with its keys in lower case."""


def folded(value: object) -> Payload:
    """A JSON object with its keys in lower case; MALFORMED when it is none, or two keys differ in case alone."""
    if not isinstance(value, dict):
        raise malformed("its record is not shaped as published")
    made = {key.lower(): each for key, each in value.items()}
    if len(made) != len(value):
        raise malformed("its record has one key twice")
    return made


def texts(body: Payload, key: str) -> tuple[str, ...]:
    """The texts of the list at ``key``, each once; a text that stands alone is a list of one."""
    value = body.get(key.lower())
    listed = value if isinstance(value, list) else [value]
    found = (_clean(each, key) for each in _few(listed))
    return tuple(dict.fromkeys(each for each in found if each is not None))


def text(body: Payload, key: str) -> str | None:
    """The text at ``key``, without control characters and blanks around it; None when empty."""
    return _clean(body.get(key.lower()), key)


def objects(body: Payload, key: str) -> tuple[Payload, ...] | None:
    """The objects of the list at ``key``; None when nothing is said, which an empty list is not."""
    value = body.get(key.lower())
    if value is None:
        return None
    if not isinstance(value, list):
        raise _unreadable(key)
    return tuple(folded(each) for each in _few(value))


def flag(body: Payload, key: str) -> bool | None:
    """True or false as stated; None when nothing is said."""
    value = body.get(key.lower())
    if value is None or isinstance(value, bool):
        return value
    raise _unreadable(key)


def whole(body: Payload, key: str) -> int | None:
    """A whole number, published as a number or as text."""
    value = body.get(key.lower())
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise _unreadable(key)


def share(body: Payload, key: str) -> str | None:
    """A percentage between 0 and 100, published as a number or as text, as it is written."""
    value = body.get(key.lower())
    if value is None:
        return None
    written = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if not isinstance(written, str) or _SHARE.fullmatch(written) is None or float(written) > 100:
        raise _unreadable(key)
    return written.removesuffix(".0")


def year(body: Payload, key: str) -> int | None:
    """A calendar year."""
    found = whole(body, key)
    if found is not None and found not in _YEARS:
        raise _unreadable(key)
    return found


def day(body: Payload, key: str) -> date | None:
    """A date; of a moment, the day it was in England."""
    found = text(body, key)
    if found is None:
        return None
    try:
        if _DAY.fullmatch(found):
            return date.fromisoformat(found)
        return _moment(found, key).astimezone(_ZONE).date()
    except (ValueError, OverflowError):
        raise _unreadable(key) from None


def moment(body: Payload, key: str) -> datetime | None:
    """A moment (aware); a date without a time is its first moment in England."""
    found = text(body, key)
    if found is None:
        return None
    try:
        return _moment(f"{found}T00:00" if _DAY.fullmatch(found) else found, key)
    except (ValueError, OverflowError):
        raise _unreadable(key) from None


def address(body: Payload, key: str) -> tuple[str | None, str | None] | None:
    """An address in one line, and its postcode; None when there is neither."""
    if body.get(key.lower()) is None:
        return None
    parts = folded(body[key.lower()])
    lines = [text(parts, name) for name in ("line1", "line2", "townOrCity", "county")]
    joined = ", ".join(line for line in lines if line) or None
    postcode = text(parts, "postcode")
    return (joined, postcode) if joined or postcode else None


def _moment(written: str, key: str) -> datetime:
    if _MOMENT.fullmatch(written) is None:
        raise _unreadable(key)
    found = datetime.fromisoformat(written)
    return found if found.tzinfo is not None else found.replace(tzinfo=_ZONE)


def _clean(value: object, key: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _unreadable(key)
    return _CONTROL.sub("", value).strip() or None


def _few(values: list[Any]) -> list[Any]:
    if len(values) > _ITEMS_MAX:
        raise malformed("its record has a list that is too long to be one child's")
    return values


def _unreadable(key: str) -> Exception:
    return malformed(f"the field {key} of its record cannot be read")

"""From what a column holds to what the catalogue promises. Pure.

Builds of the dataset differ: dates are dates or text, flags are Y, 1, True or Yes, numbers are text, JSON is text that
may be an array, an object or not JSON at all. The connector asks for every column as text, so each reader here takes
the texts of its columns (``None`` for a null) and gives the value, or ``None`` where the column holds nothing.
A text that cannot be what the field is raises :class:`ValueError`, which names neither text nor person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from hub.connectors.ssd import codes
from hub.domain.records import Value

Reader = Callable[[tuple[str | None, ...]], Value]

_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T].*)?", re.ASCII)
_BRITISH_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: .*)?", re.ASCII)
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_PARTIAL_DAY = re.compile(r"zz/(zz|\d{2})/(\d{4})", re.ASCII | re.IGNORECASE)
_TRUE = frozenset({"y", "yes", "1", "true", "t"})
_FALSE = frozenset({"n", "no", "0", "false", "f"})
_UNSAID = frozenset({"", "null", "na", "n/a", "not applicable", "placeholder_data", "z"})
"""Words that say nothing was recorded; the published dataset fills columns not yet built with ``PLACEHOLDER_DATA``."""

_ADDRESS_KEYS = ("ROOM", "FLOOR", "FLAT", "BUILDING", "HOUSE", "STREET", "TOWN")


def _said(text: str | None) -> str | None:
    stripped = (text or "").strip()
    return None if stripped.casefold() in _UNSAID else stripped


def plain(texts: tuple[str | None, ...]) -> str | None:
    """The first column that says something."""
    return next((said for text in texts if (said := _said(text))), None)


def joined(texts: tuple[str | None, ...]) -> str | None:
    """The columns with a space between, such as a forename and a surname."""
    return " ".join(said for text in texts if (said := _said(text))) or None


def day(texts: tuple[str | None, ...]) -> date | None:
    """A date, from ``YYYY-MM-DD``, ``DD/MM/YYYY`` or ``YYYYMMDD`` with or without a time of day after it."""
    said = _said(texts[0])
    if said is None:
        return None
    if found := _ISO_DAY.fullmatch(said) or _COMPACT_DAY.fullmatch(said):
        year, month, number = (int(part) for part in found.groups())
        return date(year, month, number)
    if found := _BRITISH_DAY.fullmatch(said):
        number, month, year = (int(part) for part in found.groups())
        return date(year, month, number)
    raise ValueError("a date column holds something that is not a date")


def partial_day(texts: tuple[str | None, ...]) -> str | None:
    """A date of which the day or the month may not be known (``zz/05/2020``): what is known of it, as ISO text."""
    said = _said(texts[0])
    found = _PARTIAL_DAY.fullmatch(said) if said else None
    if found is None:
        held = None if said is None or said.casefold().startswith("zz/zz/zz") else day((said,))
        return held.isoformat() if held else None
    month, year = found.groups()
    return year if month.casefold() == "zz" else f"{year}-{month}"


def answer(texts: tuple[str | None, ...]) -> str | None:
    """A child's answer to a question: in a word where it is yes or no, as it was recorded where it is not."""
    said = _said(texts[0])
    if said is None:
        return None
    return "Yes" if said.casefold() in _TRUE else "No" if said.casefold() in _FALSE else said


def flag(texts: tuple[str | None, ...]) -> bool | None:
    """Yes or no, from any of the ways extracts write it."""
    said = _said(texts[0])
    if said is None:
        return None
    if said.casefold() in _TRUE:
        return True
    if said.casefold() in _FALSE:
        return False
    raise ValueError("a yes-or-no column holds something else")


def moment(text: str, zone: tzinfo) -> datetime:
    """An aware time (UTC), from ISO text; a time without an offset is in ``zone``, the database's own."""
    said = datetime.fromisoformat(text.strip())
    return (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(UTC)


def coded(code_set: Mapping[str, str]) -> Reader:
    """Words of a published code; the second column, where there is one, is the extract's own description."""

    def read(texts: tuple[str | None, ...]) -> str | None:
        code = _said(texts[0])
        described = _said(texts[1]) if len(texts) > 1 else None
        if code is None:
            return described
        if code.upper() not in code_set and described:
            return f"{described} ({code})"
        return codes.words(code_set, code)

    return read


def outcome(texts: tuple[str | None, ...]) -> str | None:
    """The outcomes an outcome column flags: ``{"NFA_FLAG": "N", "SINGLE_ASSESSMENT_FLAG": "Y"}`` is ``Assessment``."""
    said = _said(texts[0])
    flags = _json(said)
    if not isinstance(flags, dict):
        return said
    found = [
        codes.OUTCOMES.get(key, key.replace("_", " ").capitalize())
        for name, value in flags.items()
        if name.upper().endswith("_FLAG") and str(value).strip().casefold() in _TRUE
        for key in (name.upper().removesuffix("_FLAG"),)
    ]
    return "; ".join(found) or None


def coded_list(code_set: Mapping[str, str]) -> Reader:
    """Words of several codes: a JSON array of codes, a JSON object of code to yes or no, or one code."""

    def read(texts: tuple[str | None, ...]) -> tuple[str, ...] | None:
        said = _said(texts[0])
        held = _json(said)
        if isinstance(held, dict):
            held = [code for code, value in held.items() if str(value).strip().casefold() in _TRUE]
        if not isinstance(held, list):
            held = [] if said is None else said.split(",")
        return tuple(word for code in held if (word := codes.words(code_set, str(code)))) or None

    return read


def ticked(code_set: Mapping[str, str]) -> Reader:
    """Words of the keys that are ticked: an object with every code as a key, whose value is yes or says how much."""

    def read(texts: tuple[str | None, ...]) -> Value:
        held = _json(_said(texts[0]))
        if not isinstance(held, dict):
            return coded_list(code_set)(texts)
        found = []
        for code, value in held.items():
            much = _said(None if value is None else str(value))
            if much is None or much.casefold() in _FALSE:
                continue
            word = codes.words(code_set, str(code)) or ""
            found.append(word if much.casefold() in _TRUE else f"{word}: {much}")
        return tuple(found) or None

    return read


def address(texts: tuple[str | None, ...]) -> str | None:
    """One line, from the address object; its postcode is a field of its own."""
    said = _said(texts[0])
    parts = _json(said)
    if not isinstance(parts, dict):
        return said
    by_key = {str(key).upper(): _said(str(value)) for key, value in parts.items() if value is not None}
    return _line([word for key in _ADDRESS_KEYS if (word := by_key.get(key))])


def _line(parts: list[str]) -> str | None:
    """Parts with commas between, but for a house number, which takes a space: ``14 Tannery Lane, Testshire``."""
    line = ""
    for part in parts:
        line += part + (" " if re.fullmatch(r"\d+[A-Za-z]?", part, re.ASCII) else ", ")
    return line.rstrip(", ") or None


def _json(text: str | None) -> Any:
    """What ``text`` says in JSON, or ``None`` when it is not JSON: then the text itself is what was recorded."""
    if text is None or text[:1] not in "{[":
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None

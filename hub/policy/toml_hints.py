"""What to write instead where a policy file is not TOML: the mistakes that people make who do not write TOML daily."""

from __future__ import annotations

import re
from collections.abc import Callable

_DATE = "Write a date with the year first and without quotes, such as 2026-11-01."
_DATES = re.compile(
    r"=\s*(?:\d{1,2}[/.\- ]\d{1,2}[/.\- ]\d{2,4}|\d{4}[/.\-]\d{1,2}[/.\-]\d{1,2}|\d{1,2}(?:st|nd|rd|th)? [A-Z])"
)
_TRUTH = re.compile(r"=\s*(?:yes|no|true|false)\b", re.IGNORECASE)
_COLON = re.compile(r"\s*[\w-]+\s*:")
_BARE = re.compile(r"=\s*\[?\s*[A-Za-z]")
_TYPOGRAPHIC = re.compile("[\u2018\u2019\u201c\u201d\u00ab\u00bb]")
_MERGED = ("<<<<<<<", "=======", ">>>>>>>")
_TWO = 2


def instead(problem: str, line: str) -> str:
    """What to write instead of ``line``, where TOML ends for the reason ``problem``; empty where nothing is surer."""
    return next((said for said, fits in _HINTS if fits(problem, line)), "")


def _quotes(line: str) -> int:
    """How many quotation marks stand in ``line`` that a backslash does not make part of a text."""
    return len(re.findall(r'(?<!\\)"', line))


_HINTS: tuple[tuple[str, Callable[[str, str], bool]], ...] = (
    (
        "Two people's changes to this file were never joined: keep one of the two, and take out the marks.",
        lambda _, line: line.startswith(_MERGED),
    ),
    (
        "A word processor saved this file: write it with a plain text editor.",
        lambda _, line: line.startswith(("{\\rtf", "<html", "<!DOCTYPE", "PK\x03\x04")),
    ),
    ("This key stands twice in its table: take one out.", lambda problem, _: "overwrite" in problem),
    (
        "This table stands twice: take one out, or write it in [[two brackets]] where there may be several.",
        lambda problem, _: "Cannot declare" in problem,
    ),
    (_DATE, lambda problem, line: _DATES.search(line) is not None or "Invalid date" in problem),
    (
        'The quotation marks are typographic: write straight ones, such as "word".',
        lambda _, line: _TYPOGRAPHIC.search(line) is not None and not _quotes(line),
    ),
    ("Write = between a key and its value, and no colon.", lambda _, line: _COLON.match(line) is not None),
    (
        "Write true or false, in small letters.",
        lambda _, line: _TRUTH.search(line) is not None,
    ),
    (
        'A quotation mark is missing: a text begins with one and ends with one, on the same line, as in "word".',
        lambda _, line: _quotes(line) % _TWO == 1,
    ),
    (
        'Within a text write \\" for a quotation mark, and \\\\ for a backslash.',
        lambda _, line: "\\" in line or (_quotes(line) > _TWO and not set("[{") & set(line)),
    ),
    (
        "Write a comma between two words of a list, and ] after the last.",
        lambda problem, line: "array" in problem or ("[" in line and _quotes(line) > _TWO),
    ),
    ('Write a text in quotation marks, such as "word".', lambda _, line: _BARE.search(line) is not None),
)
"""Each with what it fits, by the problem and the line; the first that fits is told."""

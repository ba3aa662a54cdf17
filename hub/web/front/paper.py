"""A chronology as PDF, tagged for people who have it read to them (PDF/UA-1).

Typst sets it: it needs no library of the system and brings its fonts, and the values come in as data, never as markup.
A character that those fonts have not would make it fail; it is then written as its number, and the paper says so.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import typst

from hub.domain.sources import Source
from hub.web.front.chronology import Chronology
from hub.web.front.records import Shown
from hub.web.front.sheet import chronology_limits, details, held_in_words, ring_in_words, source_in_words
from hub.web.rendering import TEMPLATES, uk_time

_TEMPLATE: Path = TEMPLATES / "front" / "chronology.typ"
_SCRIPTS = ("LATIN ", "GREEK ", "CYRILLIC ", "COMBINING ")
"""How the names of the characters begin that the fonts have, nearly all."""


_CANNOT = (typst.TypstError, UnicodeEncodeError)
_GAPS = "Do not read a gap in it as “nothing known”."


def as_pdf(chronology: Chronology, asked: str) -> bytes:
    """The file. ``asked`` is the sentence that says under what it was asked. Takes a tenth of a second or so."""
    given = _given(chronology, asked)
    try:
        return _set(json.dumps(given, ensure_ascii=False))
    except _CANNOT:
        given["limits"].append(
            "Some characters cannot be printed here and are written as their numbers, such as (U+0041). They are as "
            "the agency wrote them on the page and in the CSV file."
        )
    try:
        return _set(json.dumps(_spelt(given, _SCRIPTS), ensure_ascii=False))
    except _CANNOT:
        return _set(json.dumps(_spelt(given, ()), ensure_ascii=False))


def _set(given: str) -> bytes:
    made = typst.compile(
        _TEMPLATE,
        root=_TEMPLATE.parent,
        font_paths=_fonts(),
        sys_inputs={"given": given},
        format="pdf",
        pdf_standards="ua-1",
    )
    assert isinstance(made, bytes)
    return made


@cache
def _fonts() -> typst.Fonts:
    """Its own alone, so that a paper looks alike on every machine."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)


def _given(chronology: Chronology, asked: str) -> dict[str, Any]:
    silent = ", ".join(each.custodian.name for each in chronology.silent)
    warning = f"{silent}: not said. What follows is not the whole picture. {_GAPS}" if silent else ""
    who = " / ".join(chronology.names) or "Name not shared"
    return {
        "title": f"Chronology: {who}",
        "about": f"{chronology.born}.",
        "asked": asked,
        "warnings": [*chronology.notices, *([warning] if warning else [])],
        "limits": [*chronology.not_before, *chronology_limits(chronology)],
        "sources": [_source(each, chronology) for each in chronology.sources],
        "rows": [{"day": row.day, "what": row.title, **_cells(row.record)} for row in chronology.rows],
        "undated": [{"what": record.title, **_cells(record)} for record in chronology.undated],
        "held": [held_in_words(line) for line in chronology.held],
        "footer": f"Log entry {chronology.log_entry:,}, {uk_time(chronology.at)}. Handling conditions go with it.",
    }


def _source(source: Source, chronology: Chronology) -> list[str]:
    as_of = uk_time(source.as_of) if source.as_of else "–"
    ring = f" {ring_in_words(source)}" if source in chronology.silent else ""
    return [source.custodian.name, f"{source_in_words(source)}.{ring}", as_of]


def _cells(record: Shown) -> dict[str, list[str]]:
    handling = [
        f"Handling{f' ({each.about})' if each.about else ''}: {each.notice} {each.law}" for each in record.notices
    ]
    return {
        "details": details(record).split("\n"),
        "by": [record.custodian.name, uk_time(record.as_of)],
        "held": [*handling, *(held_in_words(line) for line in record.held)],
    }


def _spelt(value: Any, scripts: Iterable[str]) -> Any:
    """``value`` with every character that is of none of ``scripts`` written as its number; plain ASCII stays."""
    if isinstance(value, str):
        return "".join(each if _is_plain(each, tuple(scripts)) else f"(U+{ord(each):04X})" for each in value)
    if isinstance(value, dict):
        return {name: _spelt(each, scripts) for name, each in value.items()}
    return [_spelt(each, scripts) for each in value] if isinstance(value, list) else value


def _is_plain(each: str, scripts: tuple[str, ...]) -> bool:
    return " " <= each <= "~" or each in "\n–—‘’“”…·" or unicodedata.name(each, "").startswith(scripts)

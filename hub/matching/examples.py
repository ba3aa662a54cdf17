"""Pairs of records to train weights on, read from rows of text. Pure.

A row holds two records, and may say whether they are one child. Names of columns: ``a_`` and ``b_`` before each of
``given_names``, ``family_names``, ``birth_date``, ``sex``, ``postcode``, ``nhs_number``; and ``same`` (1, 0 or empty).
Columns may be left out; several versions of a name are written with a ``/`` between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from hub.domain.identifiers import NHSNumber
from hub.domain.people import Identity, PartialDate
from hub.errors import BadRequest
from hub.matching.compare import Prepared

PAIRS_MAX = 1_000_000
FIELDS = ("given_names", "family_names", "birth_date", "sex", "postcode", "nhs_number")
COLUMNS = frozenset({"same", *(f"{side}_{name}" for side in "ab" for name in FIELDS)})
_SAME = {"1": True, "0": False, "": None}


@dataclass(frozen=True, slots=True)
class Example:
    """Two records; ``same`` is what people say of them, None when nobody has said."""

    a: Prepared = field(repr=False)
    b: Prepared = field(repr=False)
    same: bool | None


def read(rows: Iterable[Sequence[str]], name: str) -> list[Example]:
    """The pairs in ``rows``, of which the first names the columns.

    Args:
        name: what to call the source of the rows in an error.

    Raises:
        BadRequest: ``PAIRS_INVALID``; names line and column, never a value.
    """
    lines = iter(rows)
    header = [column.strip() for column in next(lines, [])]
    unknown = [number for number, column in enumerate(header, 1) if column not in COLUMNS]
    if unknown or len(set(header)) != len(header) or not any(column.startswith("a_") for column in header):
        where = (
            f"column {unknown[0]} is not"
            if unknown
            else "the first line must name the columns, each once; they are not all"
        )
        raise _invalid(name, 1, f"{where} one of {', '.join(sorted(COLUMNS))}")
    pairs: list[Example] = []
    for line, row in islice(enumerate(lines, 2), PAIRS_MAX + 1):
        if len(row) != len(header):
            raise _invalid(name, line, "not as many columns as the first line")
        if len(pairs) == PAIRS_MAX:
            raise _invalid(name, line, f"more than {PAIRS_MAX} pairs")
        pairs.append(_example(dict(zip(header, row, strict=True)), name, line))
    return pairs


def _example(row: dict[str, str], name: str, line: int) -> Example:
    same = row.get("same", "").strip()
    if same not in _SAME:
        raise _invalid(name, line, "same must be 1, 0 or empty")
    a, b = (_record({field: row.get(f"{side}_{field}", "").strip() for field in FIELDS}, name, line) for side in "ab")
    return Example(a, b, _SAME[same])


def _record(stated: dict[str, str], name: str, line: int) -> Prepared:
    try:
        birth_date = PartialDate.parse(stated["birth_date"]) if stated["birth_date"] else None
    except BadRequest:
        raise _invalid(name, line, "a birth_date is not written as YYYY-MM-DD, YYYY-MM or YYYY") from None
    try:
        number = NHSNumber.parse(stated["nhs_number"]) if stated["nhs_number"] else None
    except BadRequest:
        raise _invalid(name, line, "an nhs_number is none") from None
    identity = Identity(
        nhs_number=number,
        given_names=tuple(filter(None, stated["given_names"].split("/"))),
        family_names=tuple(filter(None, stated["family_names"].split("/"))),
        birth_date=birth_date,
        sex=stated["sex"] or None,
        postcode=stated["postcode"] or None,
    )
    return Prepared.of(identity)


def _invalid(name: str, line: int, problem: str) -> BadRequest:
    return BadRequest(f"{name}, line {line}: {problem}.", code="PAIRS_INVALID")

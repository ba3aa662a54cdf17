"""The key facts: what each agency says of who the child is, side by side; where they differ, the page says so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from hub.domain.catalogue import Catalogue
from hub.domain.disclosure import Outcome, Withheld
from hub.domain.identifiers import NHSNumber
from hub.domain.view import IDENTITY_FIELDS, Attributed, JoinedView, identity_of
from hub.errors import BadRequest
from hub.web.front.records import WHOLE, Held, Notice, held, notice, text
from hub.web.rendering import uk_date

LABELS = {
    "names": "Name",
    "date_of_birth": "Date of birth",
    "expected_date_of_birth": "Expected date of birth",
    "date_of_death": "Date of death",
    "nhs_number": "NHS number",
    "addresses": "Address",
    "telephones": "Telephone",
    "schools": "School",
    "sex": "Sex",
    "gender": "Gender",
    "ethnicity": "Ethnicity",
    "nationality": "Nationality",
    "identifiers": "Other numbers",
}
"""What people call the entries of an identity, in the order of the page."""

_CODE = re.compile(r"\s*\([A-Z0-9]{1,4}\)$", re.ASCII)
_MANY = frozenset({"telephones", "identifiers"})
"""Entries of which an agency may well hold others than its neighbour without the two disagreeing."""


@dataclass(frozen=True, slots=True)
class Says:
    """One agency that says it. ``since`` is the dates it held, as text."""

    custodian: str
    as_of: object
    since: str
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a fact, with everybody who says it."""

    value: str = field(repr=False)
    says: tuple[Says, ...]


@dataclass(frozen=True, slots=True)
class KeyFact:
    """One fact: its versions side by side, and what of it was held back. ``differs``: the agencies do not agree."""

    label: str
    versions: tuple[Version, ...]
    differs: bool
    held: tuple[Held, ...]
    unneeded: bool = False


def key_facts(view: JoinedView, catalogue: Catalogue) -> tuple[KeyFact, ...]:
    """Every fact of which something was shared or held back."""
    known = identity_of(view, catalogue)
    lines = _in_place(known.withheld)
    made = []
    for entry, label in LABELS.items():
        stated = known.stated.get(entry, ())
        here = lines.get(entry, ())
        if stated or here:
            made.append(
                KeyFact(
                    label,
                    _versions(entry, stated),
                    _differs(entry, stated),
                    tuple(_named(line, label, view.log_entry) for line in here if _is_held(line)),
                    any(not _is_held(line) for line in here),
                )
            )
    whole = [line for line in known.withheld if WHOLE in line.fields and _is_held(line)]
    if whole:
        made.append(
            KeyFact(
                "Who the child is", (), differs=False, held=tuple(held(line, view.log_entry, None) for line in whole)
            )
        )
    return tuple(made)


def names(view: JoinedView, catalogue: Catalogue) -> tuple[str, ...]:
    """The child's names, each version once."""
    return _each_once(known.value for known in identity_of(view, catalogue).stated.get("names", ()))


def births(view: JoinedView, catalogue: Catalogue) -> tuple[str, ...]:
    """The child's dates of birth, each version once."""
    return _each_once(known.value for known in identity_of(view, catalogue).stated.get("date_of_birth", ()))


def expected_births(view: JoinedView, catalogue: Catalogue) -> tuple[str, ...]:
    """When the child is expected, each version once."""
    return _each_once(known.value for known in identity_of(view, catalogue).stated.get("expected_date_of_birth", ()))


def _each_once(values: Iterable[object]) -> tuple[str, ...]:
    return tuple({_alike(value): text(value) for value in reversed(list(values))}.values())[::-1]


def _is_held(line: Withheld) -> bool:
    return line.outcome is not Outcome.OUT_OF_SCOPE


def _in_place(lines: Iterable[Withheld]) -> dict[str, list[Withheld]]:
    """Each line under every fact it is about."""
    placed: dict[str, list[Withheld]] = {}
    for line in lines:
        for entry in dict.fromkeys(IDENTITY_FIELDS[name] for name in line.fields if name in IDENTITY_FIELDS):
            placed.setdefault(entry, []).append(line)
    return placed


def _named(line: Withheld, label: str, log_entry: int) -> Held:
    made = held(line, log_entry, None)
    parts = [LABELS[IDENTITY_FIELDS[name]] for name in line.fields if name in IDENTITY_FIELDS]
    about = ", ".join(dict.fromkeys(parts)) or label
    return Held(
        made.reference, made.entry, made.ordinal, made.outcome, about, made.impediment, made.title, made.law,
        made.contact, made.next_step, made.reply_by, made.custodian,
    )  # fmt: skip


def _versions(entry: str, stated: Iterable[Attributed]) -> tuple[Version, ...]:
    made: dict[object, tuple[str, list[Says]]] = {}
    for one in stated:
        said = Says(one.custodian.name, one.as_of, _dates(one.from_date, one.to_date), tuple(map(notice, one.handling)))
        made.setdefault(_alike(one.value), (_written(entry, one.value), []))[1].append(said)
    return tuple(Version(value, tuple(says)) for value, says in made.values())


def _differs(entry: str, stated: Iterable[Attributed]) -> bool:
    """Whether two agencies say different things of the same; what an agency itself says ended does not count."""
    if entry in _MANY:
        return False
    by_agency: dict[str, set[object]] = {}
    for one in stated:
        if one.to_date is None:
            by_agency.setdefault(one.custodian.id, set()).add(_alike(_without_code(one.value)))
    versions = list(by_agency.values())
    return any(each != versions[0] for each in versions[1:])


def _alike(value: object) -> object:
    return " ".join(value.replace(",", " ").split()).casefold() if isinstance(value, str) else value


def _without_code(value: object) -> object:
    """``Female (2)`` says what ``Female`` says: the digit is the agency's code for it."""
    return _CODE.sub("", value) if isinstance(value, str) else value


def _written(entry: str, value: object) -> str:
    if entry == "nhs_number" and isinstance(value, str):
        try:
            return NHSNumber.parse(value).grouped()
        except BadRequest:  # as the agency has it, right or wrong
            return value
    return text(value)


def _dates(since: date | None, until: date | None) -> str:
    if since is None and until is None:
        return ""
    if since is None:
        assert until is not None
        return f"until {uk_date(until)}"
    return f"from {uk_date(since)} until {uk_date(until)}" if until is not None else f"since {uk_date(since)}"

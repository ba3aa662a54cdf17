"""The pretend PDS: its documented search and read rules over the invented patients.

Source: NHS England, Personal Demographics Service FHIR API, ``search-patient`` and ``get-patient``. Kept where they
matter to a caller: the least a search needs, unknown parameters refused, ``TOO_MANY_MATCHES`` as a 200, restricted
patients left out of any search by postcode or practice, what each label strips, superseded and invalidated numbers.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from nhs_number.validate import is_valid

from hub.demo.nhs_resources import Holdings, Patient, Resource

MATCHES_MAX = 50
NAME_LENGTH_MAX = 35

_SPINE = "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode"
_PARAMETERS = frozenset({
    "_fuzzy-match", "_exact-match", "_history", "_max-results", "family", "given", "gender", "birthdate", "death-date",
    "address-postalcode", "address-postcode", "general-practitioner", "email", "phone",
})  # fmt: skip
_REPEATABLE = frozenset({"given", "birthdate", "death-date"})
_LOCATING = frozenset({"address-postalcode", "address-postcode", "general-practitioner"})
_DATE = re.compile(r"(eq|ge|le)?(\d{4}-\d{2}-\d{2})", re.ASCII)
_ISSUE_CODES = {
    "TOO_MANY_MATCHES": ("multiple-matches", "Too Many Matches"),
    "RESOURCE_NOT_FOUND": ("not-found", "Resource not found"),
    "INVALIDATED_RESOURCE": (
        "processing",
        "Resource that has been marked as invalid was requested - invalid resources cannot be retrieved",
    ),
    "INVALID_RESOURCE_ID": ("value", "Resource Id is invalid"),
    "INVALID_SEARCH_DATA": ("value", "Search data is invalid"),
    "INVALID_VALUE": ("value", "Provided value is invalid"),
    "MISSING_VALUE": ("required", "Required value is missing"),
    "ADDITIONAL_PROPERTIES": ("invariant", "Additional properties should not be included"),
    "UNSUPPORTED_SERVICE": ("processing", "Unsupported Service"),
    "ACCESS_DENIED": ("forbidden", "Access Denied - Unauthorised"),
}
_INFORMATION = frozenset({"TOO_MANY_MATCHES", "RESOURCE_NOT_FOUND"})

Params = list[tuple[str, str]]


class Refusal(Exception):
    """An answer that is an OperationOutcome, with its HTTP status."""

    def __init__(self, status: int, code: str, diagnostics: str | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.outcome = outcome(code, diagnostics)


def outcome(code: str, diagnostics: str | None = None) -> Resource:
    """The OperationOutcome PDS sends for one of its error codes."""
    kind, display = _ISSUE_CODES[code]
    coding = {"system": _SPINE, "version": "1", "code": code, "display": display}
    issue: Resource = {
        "severity": "information" if code in _INFORMATION else "error",
        "code": kind,
        "details": {"coding": [coding]},
    }
    if diagnostics:
        issue["diagnostics"] = diagnostics
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def read(held: Holdings, number: str) -> Resource:
    """The patient with this NHS number, or the one who superseded it; what their label hides is left out.

    Raises:
        Refusal: 400 for a number that cannot be one, 404 for one nobody has.
    """
    if re.fullmatch(r"\d{10}", number, re.ASCII) is None or not is_valid(number):
        raise Refusal(400, "INVALID_RESOURCE_ID")
    if number in held.invalidated:
        raise Refusal(404, "INVALIDATED_RESOURCE")
    patient = held.patients.get(held.superseded.get(number, number))
    if patient is None:
        raise Refusal(404, "RESOURCE_NOT_FOUND")
    return visible(patient)


def visible(patient: Patient) -> Resource:
    """The Patient as PDS shows it: R loses everything that says where the person is, V the name and birth date too."""
    hidden: set[str] = set()
    if patient.label in ("R", "V"):
        hidden |= {"address", "telecom", "generalPractitioner", "contact", "managingOrganization"}
    if patient.label == "V":
        hidden |= {"name", "birthDate"}
    return {key: value for key, value in patient.resource.items() if key not in hidden}


def search(held: Holdings, params: Params) -> list[tuple[Resource, float]]:
    """Patients who fit, best first, with PDS's score (1.0 is exact).

    Raises:
        Refusal: as documented; ``TOO_MANY_MATCHES`` has status 200.
    """
    asked = _Asked.parse(params)
    found = [(patient, asked.score(patient)) for patient in held.patients.values()]
    fitting = sorted(
        ((patient, score) for patient, score in found if score > 0.0), key=lambda item: (-item[1], item[0].number)
    )
    if len(fitting) > asked.results_max:
        raise Refusal(200, "TOO_MANY_MATCHES")
    return [(_without_old_names(visible(patient)), score) for patient, score in fitting]


def _without_old_names(resource: Resource) -> Resource:
    """PDS search results carry usual, nickname and temporary names only."""
    if "name" not in resource:
        return resource
    return {**resource, "name": [name for name in resource["name"] if name["use"] != "old"]}


@dataclass(frozen=True, slots=True)
class _Asked:
    """One search, checked."""

    one: dict[str, str]
    given: tuple[str, ...]
    born: tuple[tuple[str, date], ...]
    died: tuple[tuple[str, date], ...]
    results_max: int

    @classmethod
    def parse(cls, params: Params) -> _Asked:
        if not params:
            raise Refusal(400, "UNSUPPORTED_SERVICE")
        for name, _ in params:
            if name not in _PARAMETERS:
                raise Refusal(400, "ADDITIONAL_PROPERTIES", f"Additional properties are not allowed ('{name}')")
        one = {name: value.strip() for name, value in params if name not in _REPEATABLE}
        many = {name: [value for key, value in params if key == name] for name in _REPEATABLE}
        if len(one) < sum(name not in _REPEATABLE for name, _ in params):
            raise Refusal(400, "INVALID_SEARCH_DATA", "a parameter was given twice")
        asked = cls(
            one=one,
            given=tuple(name.strip() for name in many["given"]),
            born=tuple(_dates("birthdate", many["birthdate"])),
            died=tuple(_dates("death-date", many["death-date"])),
            results_max=_results_max(one.get("_max-results", str(MATCHES_MAX))),
        )
        asked._check()
        return asked

    def _check(self) -> None:
        for flag in ("_fuzzy-match", "_exact-match", "_history"):
            if self.one.get(flag, "false") not in ("true", "false"):
                raise Refusal(400, "INVALID_VALUE", f"Invalid value in field '{flag}'")
        if self.one.get("gender", "male") not in ("male", "female", "other", "unknown"):
            raise Refusal(400, "INVALID_VALUE", "Invalid value in field 'gender'")
        if "address-postcode" in self.one and "address-postalcode" in self.one:
            raise Refusal(400, "INVALID_SEARCH_DATA", "address-postcode and address-postalcode")
        for text in (self.one.get("family", ""), self.one.get("address-postalcode", ""), *self.given):
            if len(text) > NAME_LENGTH_MAX or "*" in text[:2] or (self.fuzzy and "*" in text):
                raise Refusal(400, "INVALID_SEARCH_DATA", "a name is too long or a wildcard is not allowed here")
        if not self.one.get("family") or not self.born:
            raise Refusal(400, "INVALID_SEARCH_DATA", "family and birthdate are needed")
        if self.fuzzy and not self.given and not ({"gender", "address-postalcode"} <= set(self.one)):
            raise Refusal(400, "INVALID_SEARCH_DATA", "a fuzzy search needs given, or gender and postcode")

    @property
    def fuzzy(self) -> bool:
        return self.one.get("_fuzzy-match") == "true"

    def score(self, patient: Patient) -> float:
        """How well the patient fits, from 0.0 (not at all) to 1.0 (exactly)."""
        if patient.label in ("R", "V") and _LOCATING & set(self.one):
            return 0.0  # the documented trap: a search by location never returns restricted patients
        if not self._fits_details(patient.resource):
            return 0.0
        score = self._name_score(patient)
        return 0.0 if self.one.get("_exact-match") == "true" and score < 1.0 else score

    def _fits_details(self, resource: Resource) -> bool:
        one = self.one
        postcode = one.get("address-postalcode") or one.get("address-postcode")
        postcodes = [_squeezed(address["postalCode"]) for address in resource.get("address", [])]
        practices = [gp["identifier"]["value"] for gp in resource.get("generalPractitioner", [])]
        reached = {(way["system"], way["value"].lower()) for way in resource.get("telecom", [])}
        return (
            _within(date.fromisoformat(resource["birthDate"]), self.born)
            and not self.died  # nobody in the invented world has died
            and one.get("gender") in (None, resource["gender"])
            and (postcode is None or any(_like(_squeezed(postcode), held) for held in postcodes))
            and (self.fuzzy or one.get("general-practitioner") in (None, *practices))
            and all(
                (way, one[key].lower()) in reached
                for key, way in (("phone", "phone"), ("email", "email"))
                if key in one
            )
        )

    def _name_score(self, patient: Patient) -> float:
        current = patient.resource["name"][0]
        family, given = self.one["family"], self.given
        if all(_like(name, held) for name, held in _pairs(given, current["given"])) and _like(
            family, current["family"]
        ):
            return 0.95 if "*" in family or any("*" in name for name in given) else 1.0
        history = self.fuzzy or self.one.get("_history") == "true"
        families = [current["family"], *(patient.previous if history else ())]
        if any(_like(family, held) for held in families) and _all_given(given, current["given"], fuzzy=False):
            return 0.9
        if not self.fuzzy:
            return 0.0
        sounds = any(_soundex(family) == _soundex(held) for held in families)
        if sounds and _all_given(given, current["given"], fuzzy=True):
            return 0.8
        swapped = bool(given) and _like(given[0], current["family"]) and _like(family, current["given"][0])
        return 0.75 if swapped else 0.0


def _pairs(asked: tuple[str, ...], held: list[str]) -> Iterator[tuple[str, str]]:
    """Each asked name beside the held one in its place; a name too many is beside nothing."""
    for place, name in enumerate(asked):
        yield name, held[place] if place < len(held) else ""


def _all_given(asked: tuple[str, ...], held: list[str], *, fuzzy: bool) -> bool:
    """Whether every asked given name is among those held; a wildcard looks at the first of them only."""
    return all(
        any(
            _like(name, candidate) or (fuzzy and _soundex(name) == _soundex(candidate))
            for candidate in (held[:1] if "*" in name else held)
        )
        for name in asked
    )


def _like(pattern: str, text: str) -> bool:
    literal = pattern.casefold().replace("[", "[[]").replace("?", "[?]")
    return fnmatch.fnmatchcase(text.casefold(), literal)


def _squeezed(postcode: str) -> str:
    return postcode.replace(" ", "").casefold()


def _results_max(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MATCHES_MAX:
        raise Refusal(400, "INVALID_VALUE", "Invalid value in field '_max-results'")
    return int(text)


def _dates(name: str, values: list[str]) -> Iterator[tuple[str, date]]:
    for value in values:
        found = _DATE.fullmatch(value)
        try:
            if found is None:
                raise ValueError
            yield found[1] or "eq", date.fromisoformat(found[2])
        except ValueError:
            raise Refusal(400, "INVALID_SEARCH_DATA", f"Invalid value in field '{name}'") from None


def _within(day: date, bounds: tuple[tuple[str, date], ...]) -> bool:
    tests: dict[str, Any] = {"eq": day.__eq__, "ge": day.__ge__, "le": day.__le__}
    return all(tests[bound](limit) for bound, limit in bounds)


_SOUNDEX = {
    letter: digit for digit, group in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), 1) for letter in group
}


def _soundex(name: str) -> str:
    """American Soundex, the algorithm PDS names for its fuzzy search: ``Smith`` and ``Smythe`` are both S530."""
    letters = [letter for letter in name.casefold() if letter.isalpha()]
    if not letters:
        return ""
    code, last = letters[0].upper(), _SOUNDEX.get(letters[0])
    for letter in letters[1:]:
        digit = _SOUNDEX.get(letter)
        if digit is not None and digit != last:
            code += str(digit)
        if letter not in "hw":
            last = digit
    return code[:4].ljust(4, "0")

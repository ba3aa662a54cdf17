"""Mapping files: the one that is shipped is whole, and every mistake in one is told with its key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from hub.connectors.rest_mapping import build, load, shipped
from hub.domain.catalogue import Catalogue
from hub.domain.organisations import Sector
from hub.errors import ConfigurationError
from hub.policy.load import default_policies_directory, load_bundle

POLE = Path(__file__).resolve().parents[2] / "hub" / "connectors" / "mappings" / "pole-demo.toml"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_bundle(default_policies_directory(), date(2026, 11, 20)).catalogue


@pytest.fixture(scope="module")
def vocabulary() -> frozenset[str]:
    return frozenset(load_bundle(default_policies_directory(), date(2026, 11, 20)).vocabulary.labels)


def test_the_shipped_mapping_covers_every_police_kind(catalogue: Catalogue, vocabulary: frozenset[str]) -> None:
    mapping = shipped("pole-demo", catalogue, vocabulary)
    assert mapping.readings.keys() == catalogue.of_sector(Sector.POLICE)
    for kind, readings in mapping.readings.items():
        held = {field.name for field in catalogue[kind].fields if field.derived is None}
        assert {reading.name for reading in readings} == held


def test_a_mapping_is_read_from_a_path(catalogue: Catalogue) -> None:
    assert load(POLE, catalogue) == shipped("pole-demo", catalogue)


def swap(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


def add(line: str) -> Callable[[str], str]:
    return lambda text: f"{text}\n{line}\n"


BAD = {
    "not TOML": (add("= 1"), "not TOML"),
    "a key twice": (add("[system]"), "not TOML"),
    "unknown section": (add("[sytem]"), "the file: Object contains unknown field `sytem`"),
    "unknown key": (
        swap('truncated = "truncated"', 'truncatd = "x"'),
        "match: Object contains unknown field `truncatd`",
    ),
    "missing key": (swap('as_of = "asOf"\n', ""), "find: Object missing required field `as_of`"),
    "wrong type": (swap("batch_max = 200", 'batch_max = "200"'), "fetch.batch_max: Expected `int`"),
    "batch of none": (swap("batch_max = 200", "batch_max = 0"), "fetch.batch_max: Expected `int` >= 1"),
    "batch over the limit": (swap("batch_max = 200", "batch_max = 1001"), "fetch.batch_max: Expected `int` <= 1000"),
    "not a path": (swap('"event.summary"', '"event..summary"'), "kinds.incident.fields.summary: Expected"),
    "an expression for a path": (
        swap('"event.summary"', '"event[0].summary"'),
        "kinds.incident.fields.summary: Expected",
    ),
    "an address for an endpoint": (swap('"/v1/persons/search"', '"https://evil.example"'), "match.path"),
    "a query in an endpoint": (swap('"/v1/persons/search"', '"/v1/search?x=1"'), "match.path"),
    "dots in an endpoint": (swap('"/v1/persons/search"', '"/v1/../search"'), "match.path: must not hold"),
    "a person in a search": (swap('"/v1/persons/search"', '"/v1/{person}"'), "match.path: must hold {person} nowhere"),
    "no person in find": (swap("{person}/records/index", "records/index"), "find.path: must hold {person} once"),
    "two persons in find": (swap("{person}/records/index", "{person}/{person}"), "find.path: must hold {person} once"),
    "another brace": (swap("{person}/records/index", "{person}/{who}"), "find.path: must hold {person} once"),
    "search without a surname": (swap('surname = "family_name"\n', ""), "match.ask: a search is asked with"),
    "search with half a range": (
        swap('dateOfBirthTo = "birth_date_latest"\n', ""),
        "match.ask: a search is asked with",
    ),
    "search by sex": (swap('surname = "family_name"', 'surname = "sex"'), "match.ask"),
    "search by NHS number": (swap('surname = "family_name"', 'x = "nhs_number"'), "match.ask"),
    "unknown time zone": (swap("Europe/London", "Europe/Testshire"), "system.timezone: not a time zone"),
    "time zone by path": (swap("Europe/London", "/etc/passwd"), "system.timezone: not a time zone"),
    "unknown kind": (add('[kinds.burglary]\ntypes = ["B"]\nfields = {}'), "kinds.burglary: the field catalogue has no"),
    "unknown field": (
        swap('summary = "event.summary"', 'colour = "x"'),
        "kinds.incident.fields.colour: the field catalogue has no such field",
    ),
    "missing field": (
        swap('outcome = "event.outcome"\n', ""),
        "kinds.incident.fields.outcome: missing; where the system holds nothing like it, list it in kinds.incident.not_held",
    ),
    "held and not held": (
        swap('types = ["OCCURRENCE"]', 'types = ["OCCURRENCE"]\nnot_held = ["on"]'),
        "kinds.incident.not_held: on is mapped too",
    ),
    "unknown field not held": (
        swap('types = ["OCCURRENCE"]', 'types = ["OCCURRENCE"]\nnot_held = ["colour"]'),
        "kinds.incident.fields.colour: the field catalogue has no such field",
    ),
    "a type for two kinds": (swap('["DOMESTIC_ABUSE"]', '["OCCURRENCE"]'), "OCCURRENCE is mapped already, to incident"),
    "a type twice": (swap('["OCCURRENCE"]', '["OCCURRENCE", "OCCURRENCE"]'), "OCCURRENCE is mapped already"),
    "no types": (swap('types = ["OCCURRENCE"]', "types = []"), "kinds.incident.types: Expected `array` of length >= 1"),
    "no table of words": (swap('words = "gender" }\nadd', 'words = "sex" }\nadd'), "there is no table words.sex"),
    "no table of words for candidates": (
        swap('words = "gender" }\npost', 'words = "x" }\npost'),
        "match.candidate.sex",
    ),
    "a kind that is no table": (add("[kinds]\nx = 1"), "kinds.x: Expected `object`, got `int`"),
    "unknown key of a kind": (
        swap('types = ["PERSON"]', 'typ = []\ntypes = ["PERSON"]'),
        "kinds.police_person: Object",
    ),
    "unknown key of a field": (swap('words = "gender" }\nadd', 'wods = "x" }\nadd'), "kinds.police_person.fields.sex"),
    "words for a date": (
        swap('since = "flag.from"', 'since = { path = "flag.from", words = "gender" }'),
        "kinds.exploitation_marker.fields.since.words: only for text, and this is date",
    ),
    "a date format for text": (
        swap('words = "exploitation" }', 'format = "%d" }'),
        "kinds.exploitation_marker.fields.marker.format: only for dates, and this is text",
    ),
    "a word outside the vocabulary": (
        swap('"court_order"', '"court_ordr"'),
        "labels[4] (markings).words: court_ordr is not in the policies' vocabulary",
    ),
    "required for no such kind": (
        swap('required_for = ["intelligence"]', 'required_for = ["intel"]'),
        "labels[1] (handling.code).required_for: intel is not mapped in this file",
    ),
    "required, deciding nothing": (
        add('[[labels]]\npath = "x"\nwords = {}\nrequired_for = ["*"]'),
        "labels[5] (x).words: what is required must say what it decides",
    ),
    "secret, and to be ignored": (
        swap('"OFFICIAL",', '"OFFICIAL", "Top Secret",'),
        "labels[4] (markings): Top Secret is above OFFICIAL-SENSITIVE and never connected",
    ),
    "secret, with a word": (
        swap("COURT-ORDER =", "UK-SECRET ="),
        "labels[4] (markings): UK-SECRET is above OFFICIAL-SENSITIVE and never connected",
    ),
    "ignored and worded": (swap('"OFFICIAL"', '"LPP"'), "labels[4] (markings).ignore: LPP has a word too"),
}


@pytest.mark.parametrize(("change", "told"), BAD.values(), ids=BAD.keys())
def test_a_mistake_is_told_with_file_and_key(
    change: Callable[[str], str], told: str, catalogue: Catalogue, vocabulary: frozenset[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build("ours.toml", change(POLE.read_text(encoding="utf-8")), catalogue, vocabulary)
    assert caught.value.code == "MAPPING_INVALID"
    assert caught.value.message.startswith("ours.toml: ")
    assert told in caught.value.message


def test_all_mistakes_are_told_at_once(catalogue: Catalogue) -> None:
    text = POLE.read_text(encoding="utf-8").replace('summary = "event.summary"\n', "").replace("Europe/London", "x")
    with pytest.raises(ConfigurationError) as caught:
        build("ours.toml", text, catalogue)
    assert len(caught.value.message.splitlines()) == 4  # the zone, and three kinds without their summary


@pytest.mark.parametrize("path", ["nowhere.toml", "."], ids=["no such file", "a directory"])
def test_a_file_that_cannot_be_read(path: str, tmp_path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path / path, catalogue)


def test_a_name_that_is_not_shipped_lists_those_that_are(catalogue: Catalogue) -> None:
    with pytest.raises(ConfigurationError, match=r"there are: .*pole-demo"):
        shipped("../pole-demo", catalogue)
